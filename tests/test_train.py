"""The command that trains: a run that is killed and resumed, what it leaves behind, and what it refuses."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from svc_core.config import PRESETS, AugmentConfig
from svc_core.conversion.convert import convert_features
from svc_core.conversion.sampling import choose_sampling
from svc_core.corpora.cache import feature_path, load_cached
from svc_core.corpora.corpus import Corpus, read_corpus
from svc_core.model.checkpoint import load_model, read_tensors
from svc_core.model.content_encoder import ContentEncoder
from svc_core.phones.encoder_file import Recogniser, load_content_encoder, save_content_encoder
from svc_core.phones.inventory import Inventory
from svc_core.phones.learning import PhoneHead
from svc_core.phones.symbols import SILENCE
from svc_core.sound.pitch import median_f0_hz
from svc_core.train import load_material, load_split, main, make_crops, measured_clips, train_model
from svc_core.training.processes import Processes
from tests.conftest import SINGERS, is_sentence, write_rows
from tests.support.dashboard import REPOSITORY, free_port
from tests.support.killed import LIMIT_S, Ended

TINY = PRESETS["tiny"]


@pytest.fixture(scope="module")
def whole(tiny_runs) -> Ended:
    return tiny_runs[1]


@pytest.fixture
def base(tiny_corpus, feature_cache, tmp_path) -> list[str]:
    """A training of four steps a stage in an empty folder."""
    paths = {"--corpus": tiny_corpus.root, "--cache": feature_cache, "--run": tmp_path / "run"}
    return [*(str(part) for pair in paths.items() for part in pair), "--preset", "tiny"]


def refusal(capsys, arguments: list[str]) -> str:
    """What the command says on its way out with status 2."""
    assert main(arguments) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("train: ")
    assert is_sentence(message)
    return message


def same_tensors(first: Path, second: Path) -> bool:
    """The same tensors to the last bit, and the same metadata."""
    (tensors, metadata), (others, other_metadata) = read_tensors(first), read_tensors(second)
    equal = [torch.equal(tensor, others[name]) for name, tensor in tensors.items()]
    return tensors.keys() == others.keys() and metadata == other_metadata and all(equal)


# killed and resumed


@pytest.mark.parametrize("name", ["model", "draft.state", "denoiser.state"])
def test_a_run_that_was_killed_in_each_stage_ends_with_exactly_the_weights_of_one_that_was_not(tiny_runs, name):
    """SIGKILL: no chance to save or to tidy up."""
    killed, whole = tiny_runs
    assert killed.killed_at == {"draft": 4, "denoiser": 4}  # of 8 steps each
    assert same_tensors(killed.folder / f"{name}.safetensors", whole.folder / f"{name}.safetensors")


def test_and_with_exactly_the_losses(tiny_runs):
    killed, whole = tiny_runs
    assert killed.losses == whole.losses
    assert set(whole.losses) == {f"{kind}/{stage}" for kind in ("train", "held_out") for stage in ("draft", "denoiser")}
    assert all(0 < loss < 10 for loss in whole.losses.values())


def test_a_run_leaves_a_model_its_states_and_curves_and_nothing_half_written(whole):
    names = {path.name for path in whole.folder.iterdir()}
    assert names == {"model.safetensors", "draft.state.safetensors", "denoiser.state.safetensors", "tensorboard"}
    for stage in ("draft", "denoiser"):
        assert read_tensors(whole.folder / f"{stage}.state.safetensors")[1]["step"] == "8"


def test_training_again_in_a_finished_folder_changes_nothing(whole, tiny_corpus, feature_cache, tmp_path):
    folder = shutil.copytree(whole.folder, tmp_path / "again")
    config = replace(TINY, train=replace(TINY.train, draft_steps=8, denoiser_steps=8))
    assert train_model(tiny_corpus, config, folder, feature_cache, None) == folder / "model.safetensors"
    for path in whole.folder.glob("*.safetensors"):
        assert (folder / path.name).read_bytes() == path.read_bytes()


def test_a_model_is_never_that_of_an_earlier_stage(whole, tiny_corpus, feature_cache, tmp_path, monkeypatch):
    """Resumed in the denoiser, the draft's stage has nothing to do; the last checkpoint's model stays meanwhile."""
    folder = shutil.copytree(whole.folder, tmp_path / "again")
    seen = []
    monkeypatch.setattr(
        "svc_core.training.stages.DenoiserObjective",
        lambda model: seen.append((folder / "model.safetensors").read_bytes()) or pytest.fail("far enough"),
    )
    config = replace(TINY, train=replace(TINY.train, draft_steps=8, denoiser_steps=8))
    with pytest.raises(pytest.fail.Exception, match="far enough"):
        train_model(tiny_corpus, config, folder, feature_cache, None)
    assert seen == [(whole.folder / "model.safetensors").read_bytes()]


def test_a_trained_model_can_be_trained_on_for_other_noise(base, whole):
    arguments = ["--start-from", str(whole.folder / "model.safetensors"), "--denoiser-steps", "2"]
    assert main([*base, *arguments, "--preset", "small-ddpm", "--batch", "2"]) == 0
    folder = Path(base[base.index("--run") + 1])
    first, then = (load_model(path / "model.safetensors") for path in (whole.folder, folder))
    assert not (folder / "draft.state.safetensors").exists()
    assert then.config.model == first.config.model
    assert (first.config.train.noise, then.config.train.noise) == ("log-normal", "uniform")
    changed = {
        name.split(".")[0]
        for name, value in then.state_dict().items()
        if not torch.equal(value, first.state_dict()[name])
    }
    assert changed == {"denoiser"}


def test_it_can_learn_what_it_says_when_it_is_guided(base, whole):
    arguments = ["--start-from", str(whole.folder / "model.safetensors"), "--denoiser-steps", "2", "--batch", "2"]
    assert main([*base, *arguments, "--guide-content", "1", "--guide-singer", "0.5"]) == 0
    folder = Path(base[base.index("--run") + 1])
    assert load_model(folder / "model.safetensors").config.train.guidance == (1.0, 0.0, 0.0, 0.5)
    assert load_model(whole.folder / "model.safetensors").config.train.guidance == ()


def test_guidance_without_a_model_to_guide_is_refused(base, capsys):
    assert main([*base, "--guide-melody", "1"]) == 2
    assert is_sentence(capsys.readouterr().err.removeprefix("train: ").strip())


# what a model is made of


def test_the_model_knows_its_singers_and_the_corpus_statistics(whole, tiny_corpus, feature_cache):
    model = load_model(whole.folder / "model.safetensors")
    crops, _, _ = load_material(tiny_corpus, TINY, TINY.train, feature_cache, Processes())
    assert model.singers == SINGERS
    for number, clip in enumerate(crops.clips):
        assert model.singer_f0_hz[number].item() == pytest.approx(median_f0_hz(clip.f0_hz), rel=1e-5)
    assert (model.mel_mean.item(), model.mel_std.item()) == pytest.approx(crops.mel_statistics(), rel=1e-4)
    assert 0.1 < model.residual_std.item() < 3
    assert model.residual_std.item() != 1.0


def test_the_guest_is_no_singer_of_the_model(tiny_corpus):
    assert read_corpus(tiny_corpus.root).trained_singers == SINGERS


def test_each_split_has_its_own_recordings_of_trained_singers(tiny_corpus, feature_cache):
    clips = measured_clips(tiny_corpus, TINY, feature_cache, Processes())
    for split in ("train", "test"):
        loaded = load_split(clips, split, TINY, feature_cache)
        assert [clip.file for clip, _ in loaded] == [f"{singer}/{split}.wav" for singer in SINGERS]
        for clip, features in loaded:
            assert np.array_equal(features.mel, load_cached(feature_cache, clip, TINY).mel)
        assert make_crops(loaded, tiny_corpus, TINY.train, Processes()).singers.tolist() == [0, 1]


def test_augmented_copies_are_trained_on_and_not_measured_with(tiny_corpus, monkeypatch):
    """Each stands beside the recording it was made of, whose singer is its own."""
    monkeypatch.setattr("svc_core.train.load_cached", lambda cache, clip, config, copy: f"{clip.file} {copy}")
    config, clips = replace(TINY, augment=AugmentConfig(copies=2)), list(tiny_corpus.clips)
    trained = load_split(clips, "train", config, Path("cache"))
    assert [features for _, features in trained] == [f"{s}/train.wav {copy}" for s in SINGERS for copy in range(3)]
    assert [clip.singer for clip, _ in trained] == ["alto"] * 3 + ["bass"] * 3
    tested = load_split(clips, "test", config, Path("cache"))
    assert [features for _, features in tested] == ["alto/test.wav 0", "bass/test.wav 0"]


def test_the_preview_hears_the_plain_variant_of_a_held_out_clip(tiny_corpus, feature_cache):
    """Training features have warped variants first; conversion never hears those."""
    _, _, preview = load_material(tiny_corpus, TINY, TINY.train, feature_cache, Processes())
    (clip, features), *_ = load_split(list(tiny_corpus.clips_of("test")), "test", TINY, feature_cache)
    assert TINY.content.warps.index(1.0) == 1
    assert np.array_equal(preview.clip.content[0], features.content[1])
    assert SINGERS[preview.singer] == clip.singer


# pictures and sound


@pytest.mark.parametrize("stage", ["draft", "denoiser"])
def test_pictures_and_sound_of_every_checkpoint_are_in_the_curves(whole, tiny_corpus, stage):
    events = EventAccumulator(
        str(whole.folder / "tensorboard" / stage), size_guidance={"images": 0, "audio": 0}
    ).Reload()
    assert events.Tags()["images"] == ["recording", "draft", "alto as alto", "alto as bass"]
    assert events.Tags()["audio"] == ["alto as alto", "alto as bass"]
    for tag in events.Tags()["images"]:
        pictures = events.Images(tag)
        assert [picture.step for picture in pictures] == [4, 8]
        assert {(picture.height, picture.width) for picture in pictures} == {(100, 140)}  # bands, frames
        assert all(picture.encoded_image_string.startswith(b"\x89PNG") for picture in pictures)
    sounds = events.Audio("alto as bass")
    assert [sound.step for sound in sounds] == [4, 8]
    assert {sound.sample_rate for sound in sounds} == {24_000.0}
    assert {sound.length_frames for sound in sounds} == {140 * 256}
    assert all(len(sound.encoded_audio_string) > 140 * 256 for sound in sounds)
    recordings = {picture.encoded_image_string for picture in events.Images("recording")}
    assert len(recordings) == 1  # on one scale at every checkpoint
    assert (
        events.Images("alto as alto")[-1].encoded_image_string != events.Images("alto as bass")[-1].encoded_image_string
    )


# several processes


@pytest.fixture(scope="module")
def together(tiny_corpus, feature_cache, tmp_path_factory) -> tuple[Path, str]:
    """A run of two CPU processes, and what they said."""
    folder = tmp_path_factory.mktemp("together")
    port = str(free_port())
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", port]
    command += ["-m", "--", "svc_core.train", "--corpus", str(tiny_corpus.root), "--cache", str(feature_cache)]
    command += ["--preset", "tiny", "--run", str(folder / "run"), "--export", str(folder / "shipped.safetensors")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_two_processes_make_one_model_and_say_so_once(together, sung_features):
    folder, said = together
    assert said.splitlines() == [
        f"model: {folder / 'run' / 'model.safetensors'}",
        f"exported: {folder / 'shipped.safetensors'}",
    ]
    model = load_model(folder / "run" / "model.safetensors")
    assert (model.singers, model.config.train) == (SINGERS, TINY.train)
    mel = convert_features(sung_features, model, 0, 0, choose_sampling(model, steps=2))
    assert torch.isfinite(mel).all()


def test_one_of_them_alone_writes(together):
    names = sorted(str(path.relative_to(together[0])) for path in together[0].rglob("*") if path.is_file())
    logs = [name for name in names if "tensorboard" in name]
    assert [Path(name).parent.name for name in logs] == ["denoiser", "draft"]
    assert [name for name in names if name not in logs] == [
        "run/denoiser.state.safetensors",
        "run/draft.state.safetensors",
        "run/model.safetensors",
        "shipped.safetensors",
    ]


# a content encoder of our own


@pytest.fixture
def encoder_path(tmp_path) -> Path:
    torch.manual_seed(5)
    config = replace(TINY, code=replace(TINY.code, code=5, width=8))
    inventory = Inventory((SILENCE, "a", "m"))
    recogniser = Recogniser(ContentEncoder(config), PhoneHead(5, len(inventory)), inventory)
    save_content_encoder(tmp_path / "content.safetensors", recogniser)
    return tmp_path / "content.safetensors"


def test_a_content_encoder_becomes_a_part_of_the_model_and_is_not_changed(base, encoder_path, tmp_path, capsys):
    arguments = [*base, "--content-encoder", str(encoder_path), "--draft-steps", "2", "--denoiser-steps", "1"]
    assert main(arguments) == 0
    model, encoder = load_model(tmp_path / "run" / "model.safetensors"), load_content_encoder(encoder_path)
    assert model.config.model.content_encoder
    assert model.config.code.code == 5  # the encoder's own, not the preset's
    for name, weight in encoder.state_dict().items():
        assert torch.equal(model.conditions.encoder.state_dict()[name], weight)
    torch.manual_seed(6)
    other = Recogniser(ContentEncoder(encoder.config), PhoneHead(5, 3), Inventory((SILENCE, "a", "m")))
    save_content_encoder(encoder_path, other)
    assert "another encoder" in refusal(capsys, arguments)


def test_a_model_to_start_from_brings_its_own(base, encoder_path, tiny_model_path, capsys):
    message = refusal(capsys, [*base, "--content-encoder", str(encoder_path), "--start-from", str(tiny_model_path)])
    assert "leave out --content-encoder" in message


def test_it_hears_cepstra_alone(base, encoder_path, capsys):
    message = refusal(capsys, [*base, "--content-encoder", str(encoder_path), "--encoders", "cepstra", "hubert:X"])
    assert "leave out --encoders" in message


def test_a_file_that_is_no_content_encoder_is_refused(base, tiny_model_path, tmp_path, capsys):
    assert "not a content encoder" in refusal(capsys, [*base, "--content-encoder", str(tiny_model_path)])
    assert "learn_content" in refusal(capsys, [*base, "--content-encoder", str(tmp_path / "gone")])


# the command


def test_the_command_trains_exports_and_then_refuses_another_configuration(base, tmp_path, capsys):
    arguments = [*base, "--draft-steps", "1", "--denoiser-steps", "1", "--batch", "1", "--learning-rate", "1e-3"]
    exported = tmp_path / "ship" / "model.safetensors"
    assert main([*arguments, "--seed", "4", "--export", str(exported)]) == 0
    path = tmp_path / "run" / "model.safetensors"
    assert capsys.readouterr().out.splitlines() == [f"model: {path}", f"exported: {exported}"]
    model = load_model(path)
    asked = {"draft_steps": 1, "denoiser_steps": 1, "batch": 1, "learning_rate": 1e-3, "seed": 4}
    assert model.config == replace(TINY, train=replace(TINY.train, **asked))
    assert load_model(exported).config == model.config
    assert exported.stat().st_size < 0.6 * path.stat().st_size
    assert "another configuration" in refusal(capsys, [*arguments, "--seed", "5"])
    assert load_model(path).config == model.config


def test_a_folder_that_is_no_corpus_is_refused(tmp_path, capsys):
    assert "metadata.csv" in refusal(capsys, ["--corpus", str(tmp_path), "--run", str(tmp_path / "run")])
    assert not (tmp_path / "run").exists()


def test_a_corpus_without_a_readable_recording_is_refused_after_naming_it(tmp_path, capsys):
    write_rows(
        tmp_path / "metadata.csv",
        "file,singer,song,section,split,may_ship,licence",
        ["gone.wav,alto,Hymn,verse,train,yes,CC0"],
    )
    folders = ["--corpus", str(tmp_path), "--run", str(tmp_path / "run"), "--cache", str(tmp_path / "cache")]
    assert main(folders) == 2
    said = capsys.readouterr().err.splitlines()
    assert sum("skipped: " in line and "gone.wav: there is no such file" in line for line in said) == 1
    assert "no recording of the split 'train' can be used" in said[-1]
    assert is_sentence(said[-1])
    assert not (tmp_path / "run").exists()


def copied_corpus(corpus: Corpus, root: Path, without: str) -> Corpus:
    """The corpus less the lines that hold a text."""
    lines = (corpus.root / "metadata.csv").read_text().splitlines()
    shutil.copytree(corpus.root, root)
    write_rows(root / "metadata.csv", lines[0], [line for line in lines[1:] if without not in line])
    (root / "phrases.csv").unlink()
    return read_corpus(root)


def test_a_corpus_without_a_held_out_recording_is_refused_in_its_own_words(tiny_corpus, tmp_path):
    corpus = copied_corpus(tiny_corpus, tmp_path / "corpus", ",test,")
    with pytest.raises(ValueError, match="no recording of the split 'test' can be used") as caught:
        load_material(corpus, TINY, TINY.train, tmp_path / "cache", Processes())
    assert is_sentence(str(caught.value))


def test_features_are_measured_once(tiny_runs, tiny_corpus, feature_cache):
    """The runs before have filled the cache; nobody writes into it again."""
    paths = [feature_path(feature_cache, clip, TINY) for clip in tiny_corpus.clips if clip.split != "unseen"]
    before = [path.stat().st_mtime_ns for path in paths]
    load_material(tiny_corpus, TINY, TINY.train, feature_cache, Processes())
    assert [path.stat().st_mtime_ns for path in paths] == before


@pytest.mark.parametrize("option", ["--batch", "--draft-steps", "--denoiser-steps", "--learning-rate"])
@pytest.mark.parametrize("value", ["0", "-1", "nan"])
def test_less_than_nothing_is_refused_by_name(base, capsys, option, value):
    """It must not surface as an error of some library, or as a run without a model."""
    with pytest.raises(SystemExit) as caught:
        main([*base, option, value])
    assert caught.value.code == 2
    assert option in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("missing", ["--corpus", "--run"])
def test_a_corpus_and_a_folder_are_asked_for(capsys, missing):
    with pytest.raises(SystemExit) as caught:
        main([text for option in ("--corpus", "--run") if option != missing for text in (option, "here")])
    assert caught.value.code == 2
    assert missing in capsys.readouterr().err
