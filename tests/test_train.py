"""The command that trains: a run that is killed and resumed, and what it refuses."""

import inspect
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from svc_core.corpora.cache import feature_path
from svc_core.corpora.corpus import read_corpus
from svc_core.model.checkpoint import load_model, read_tensors
from svc_core.sound.audio import load_audio
from svc_core.sound.features import extract_features, save_features
from svc_core.sound.pitch import median_f0_hz
from svc_core.train import main, make_crops, train_model
from tests.conftest import SINGERS, is_sentence, write_rows

ROOT = Path(inspect.getfile(train_model)).parents[1]
TRAIN = """
import sys
from pathlib import Path
from svc_core.config import Config
from svc_core.corpora.corpus import read_corpus
from svc_core.train import train_model
if __name__ == "__main__":
    corpus, config, run, cache = sys.argv[1:]
    train_model(read_corpus(corpus), Config.from_json(config), Path(run), Path(cache))
"""  # what the command does, with a configuration small enough for a test


@pytest.fixture(scope="module")
def cache(tiny_corpus, tiny_config, tmp_path_factory) -> Path:
    """Features of the tiny corpus, measured once for all runs."""
    folder = tmp_path_factory.mktemp("features")
    for clip in (*tiny_corpus.clips_of("train"), *tiny_corpus.clips_of("test")):
        features = extract_features(load_audio(clip.path, tiny_config.grid), tiny_config, tiny_config.content.warps)
        save_features(feature_path(folder, clip, tiny_config), features)
    return folder


@pytest.fixture(scope="module")
def finished(tiny_corpus, tiny_config, cache, tmp_path_factory) -> Path:
    """The folder of a run of 12 steps that nothing stopped."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    train_model(tiny_corpus, tiny_config, folder, cache)
    return folder


def refusal(capsys, *arguments) -> str:
    """What the command says on its way out with status 2."""
    assert main([str(argument) for argument in arguments]) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("train: ")
    assert is_sentence(message)
    return message


def test_a_run_leaves_a_model_a_state_and_curves(finished):
    assert {path.name for path in finished.iterdir()} == {"model.safetensors", "state.safetensors", "tensorboard"}
    assert read_tensors(finished / "state.safetensors")[1]["step"] == "12"
    assert list((finished / "tensorboard").glob("events.*"))


def test_the_model_knows_its_singers_and_the_corpus_statistics(finished, tiny_corpus, tiny_config, cache):
    model = load_model(finished / "model.safetensors")
    crops = make_crops(tiny_corpus, "train", tiny_config, cache)
    assert model.singers == SINGERS
    for number, clip in enumerate(crops.clips):
        assert model.singer_f0_hz[number].item() == pytest.approx(median_f0_hz(clip.f0_hz), rel=1e-5)
    assert (model.mel_mean.item(), model.mel_std.item()) == pytest.approx(crops.mel_statistics(), rel=1e-4)
    assert model.residual_std.item() != 1.0


def test_training_again_in_a_finished_folder_changes_nothing(finished, tiny_corpus, tiny_config, cache):
    before = {path: path.stat().st_mtime_ns for path in finished.glob("*.safetensors")}
    assert train_model(tiny_corpus, tiny_config, finished, cache) == finished / "model.safetensors"
    assert {path: path.stat().st_mtime_ns for path in finished.glob("*.safetensors")} == before


def test_a_run_that_was_killed_ends_with_exactly_the_weights_of_one_that_was_not(
    tmp_path, tiny_corpus, tiny_config, cache
):
    """SIGKILL after the first checkpoint: no chance to save or to tidy up."""
    train = replace(tiny_config.train, draft_steps=20, denoiser_steps=20, checkpoint_every=10)
    config = replace(tiny_config, train=train)
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    command = [sys.executable, "-c", TRAIN, str(tiny_corpus.root), config.to_json(), str(killed), str(cache)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 60
        while not (killed / "state.safetensors").is_file() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    reached = int(read_tensors(killed / "state.safetensors")[1]["step"])
    assert 0 < reached < 40
    for folder in (killed, whole):
        train_model(tiny_corpus, config, folder, cache)
    for name in ("model.safetensors", "state.safetensors"):
        (tensors, metadata), (others, other_metadata) = read_tensors(killed / name), read_tensors(whole / name)
        assert metadata == other_metadata
        assert tensors.keys() == others.keys()
        assert all(torch.equal(tensor, others[key]) for key, tensor in tensors.items())


def test_the_command_trains_exports_and_then_refuses_another_configuration(tmp_path, tiny_corpus, cache, capsys):
    paths = ["--corpus", tiny_corpus.root, "--run", tmp_path / "run", "--cache", cache, "--batch", 1]
    arguments = [str(part) for part in (*paths, "--draft-steps", 1, "--denoiser-steps", 1, "--seed", 4)]
    exported = tmp_path / "ship" / "model.safetensors"
    assert main([*arguments, "--export", str(exported)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"model: {tmp_path / 'run' / 'model.safetensors'}"
    model = load_model(tmp_path / "run" / "model.safetensors")
    assert model.config.train.seed == 4
    assert load_model(exported).config == model.config
    assert exported.stat().st_size < 0.55 * (tmp_path / "run" / "model.safetensors").stat().st_size
    message = refusal(capsys, *paths, "--draft-steps", 2, "--denoiser-steps", 1, "--seed", 4)
    assert "another configuration" in message
    assert load_model(tmp_path / "run" / "model.safetensors").config == model.config


def test_a_folder_that_is_no_corpus_is_refused(tmp_path, capsys):
    assert "metadata.csv" in refusal(capsys, "--corpus", tmp_path, "--run", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_corpus_without_a_readable_recording_is_refused_after_naming_it(tmp_path, capsys):
    write_rows(
        tmp_path / "metadata.csv",
        "file,singer,song,section,split,may_ship,licence",
        ["gone.wav,alto,Hymn,verse,train,yes,CC0"],
    )
    assert main(["--corpus", str(tmp_path), "--run", str(tmp_path / "run"), "--cache", str(tmp_path / "cache")]) == 2
    said = capsys.readouterr().err
    assert "skipped: " in said
    assert "gone.wav: there is no such file" in said


def test_the_guest_is_no_singer_of_the_model(tiny_corpus):
    assert read_corpus(tiny_corpus.root).trained_singers == SINGERS


@pytest.mark.parametrize("option", ["--batch", "--draft-steps", "--denoiser-steps"])
def test_less_than_nothing_is_refused_by_name(tmp_path, tiny_corpus, cache, capsys, option):
    """It must not surface as an error of some library, or as a run without a model."""
    given = {"--batch": "1", "--draft-steps": "1", "--denoiser-steps": "1"} | {option: "-1"}
    given |= {"--corpus": str(tiny_corpus.root), "--run": str(tmp_path / "run"), "--cache": str(cache)}
    with pytest.raises(SystemExit) as caught:
        main([text for pair in given.items() for text in pair])
    assert caught.value.code == 2
    assert option in capsys.readouterr().err.splitlines()[-1]


def test_a_corpus_is_asked_for(capsys):
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "--corpus" in capsys.readouterr().err
