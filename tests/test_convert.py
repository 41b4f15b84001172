"""The command that converts: what lies in the folder afterwards, how loud it is, and what is passed over."""

import io
import json
import shutil
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svc_core.config import DB_PER_LN, GridConfig
from svc_core.conversion.convert import convert_song
from svc_core.conversion.sampling import Sampling
from svc_core.conversion.sets import read_conversion
from svc_core.convert import FULL_SCALE, main
from svc_core.model.checkpoint import load_model, model_hash, save_model
from svc_core.sound.audio import load_audio
from svc_core.sound.features import extract_features
from svc_core.sound.loudness import a_weighted_loudness
from svc_core.vocoders.griffin_lim import griffin_lim
from tests.conftest import SINGERS, contour, is_sentence, voice
from tests.support.models import telling_model

GRID = GridConfig()
RATE_HZ = GRID.sample_rate_hz
FACTS = (
    *("source", "start_s", "end_s", "source_singer", "phrase", "target"),
    *("key_shift_semitones", "gain_db", "turned_down_db"),
    *("sampler", "steps", "seed", "guidance", "model", "vocoder", "seconds", "real_time_factor"),
)


@pytest.fixture
def base(tiny_model_path, tmp_path) -> list[str]:
    """Arguments to which only sources are missing: one step of Euler is enough for most questions."""
    options = {"--model": tiny_model_path, "--target": "alto", "--out": tmp_path / "out", "--sampler": "euler"}
    return [*(str(part) for pair in options.items() for part in pair), "--steps", "1"]


@pytest.fixture(scope="module")
def sung(tmp_path_factory) -> Path:
    """Half a second of a voice."""
    path = tmp_path_factory.mktemp("sung") / "la la.wav"
    soundfile.write(path, voice(contour(0.5, 220.0, 260.0)), RATE_HZ)
    return path


def facts_of(folder: Path) -> dict[str, dict]:
    """Every description in a folder, by what its sound is called."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def the_facts(folder: Path) -> dict:
    (facts,) = facts_of(folder).values()
    return facts


def the_sound(folder: Path) -> np.ndarray:
    (path,) = folder.glob("*.wav")
    samples, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == RATE_HZ
    return samples


def sentences(said: str) -> list[str]:
    """What was said beside the progress bar."""
    return [line for line in said.replace("\r", "\n").splitlines() if "skipped" in line or line.startswith("convert:")]


# a folder with good and bad recordings


@dataclass(frozen=True)
class Converted:
    """One call of the command on a folder."""

    sources: Path
    out: Path
    status: int
    printed: str
    skipped: list[str]


@pytest.fixture(scope="module")
def converted(tiny_model_path, tmp_path_factory) -> Converted:
    root = tmp_path_factory.mktemp("takes")
    sources, out = root / "sources", root / "out"
    (sources / "deep").mkdir(parents=True)
    sound = voice(contour(0.5, 220.0, 260.0))
    soundfile.write(sources / "a.wav", sound, RATE_HZ)
    (sources / "b broken.wav").write_bytes(b"RIFF, but no more of it")
    soundfile.write(sources / "c.mp3", sound, RATE_HZ, format="MP3")
    soundfile.write(sources / "d click.wav", np.eye(1, 12_000, 6_000)[0] * 0.5, RATE_HZ)
    soundfile.write(sources / "deep" / "e.flac", sound, RATE_HZ)
    soundfile.write(sources / "f silent.wav", np.zeros(12_000), RATE_HZ)
    with redirect_stdout(io.StringIO()) as printed, redirect_stderr(io.StringIO()) as said:
        status = main([str(sources), "--model", str(tiny_model_path), "--target", "bass", "--out", str(out)])
    return Converted(sources, out, status, printed.getvalue().splitlines()[-1], sentences(said.getvalue()))


def test_what_can_be_converted_is_and_what_cannot_is_listed(converted):
    """Bad ones stand between good ones; the exit status says that there were some."""
    assert converted.status == 1
    assert converted.printed == f"3 of 6 converted into {converted.out}"
    made = [f"{name}--bass--ddim20" for name in ("a", "c", "e")]
    assert sorted(path.name for path in converted.out.iterdir()) == [
        f"{m}.{end}" for m in made for end in ("json", "wav")
    ]


def test_each_is_passed_over_with_its_name_and_the_reason(converted):
    broken, click, silent = converted.skipped
    assert all(is_sentence(sentence) for sentence in converted.skipped)
    assert f"{converted.sources / 'b broken.wav'}: not a sound file" in broken
    assert f"{converted.sources / 'd click.wav'}: no voiced frame" in click
    assert f"{converted.sources / 'f silent.wav'}: silent" in silent


def test_a_description_says_how_the_sound_was_made(converted, tiny_model_path):
    described = facts_of(converted.out)
    for name, path in (("a", "a.wav"), ("c", "c.mp3"), ("e", "deep/e.flac")):
        facts = described[f"{name}--bass--ddim20"]
        assert tuple(facts) == FACTS
        assert facts["source"] == str(converted.sources / path)
        assert (facts["start_s"], facts["end_s"]) == (0.0, None)
        assert facts["source_singer"] is facts["phrase"] is None
        assert facts["target"] == "bass"
        assert facts["key_shift_semitones"] == round(12 * np.log2(130 / 240))
        assert (facts["sampler"], facts["steps"], facts["seed"]) == ("ddim", 20, 0)
        assert facts["guidance"] == {"content": 0.0, "melody": 0.0, "loudness": 0.0, "singer": 0.0}
        assert facts["model"] == model_hash(tiny_model_path)
        assert facts["vocoder"] == "Griffin-Lim"
        assert facts["seconds"] == pytest.approx(0.5, abs=0.06)  # MP3 pads
        assert set(facts["real_time_factor"]) == {"features", "sampling", "vocoder"}
        assert all(factor > 0 for factor in facts["real_time_factor"].values())


def test_a_sound_is_as_long_as_its_source(converted):
    for path in converted.out.glob("*.wav"):
        facts = soundfile.info(path)
        assert (facts.samplerate, facts.channels, facts.subtype) == (RATE_HZ, 1, "PCM_24")
        source_s = json.loads(path.with_suffix(".json").read_text())["seconds"]
        assert source_s - 256 / RATE_HZ <= facts.duration <= source_s + 1e-3  # whole frames


def test_the_set_can_be_read_by_those_who_score_it(converted):
    conversion = read_conversion(converted.out / "e--bass--ddim20.json")
    assert conversion.source == converted.sources / "deep" / "e.flac"
    assert conversion.converted == converted.out / "e--bass--ddim20.wav"
    assert conversion.made_by["sampler"] == "ddim"


# what is asked for


@pytest.mark.parametrize(
    ("option", "value", "fact", "expected"),
    [
        ("--key-shift", "3", "key_shift_semitones", 3),
        ("--key-shift", "auto", "key_shift_semitones", 6),  # from about 240 to 330 Hz
        ("--seed", "9", "seed", 9),
        ("--steps", "3", "steps", 3),
        ("--sampler", "heun", "sampler", "heun"),
        ("--start", "0.2", "seconds", 0.3),
        ("--end", "0.3", "end_s", 0.3),
        ("--guide-singer", "-1", "guidance", {"content": 0.0, "melody": 0.0, "loudness": 0.0, "singer": -1.0}),
    ],
)
def test_options_are_taken_and_told(base, sung, tmp_path, option, value, fact, expected):
    assert main([*base, str(sung), option, value]) == 0
    assert the_facts(tmp_path / "out")[fact] == expected


@pytest.mark.parametrize(
    "option", [["--seed", "9"], ["--target", "bass"], ["--key-shift", "0"], ["--guide-content", "2"]]
)
def test_options_can_be_heard(base, sung, tmp_path, option):
    assert main([*base, str(sung), "--key-shift", "2"]) == 0
    plain = the_sound(tmp_path / "out")
    assert main([*base, str(sung), "--key-shift", "2", *option, "--out", str(tmp_path / "other")]) == 0
    assert np.abs(the_sound(tmp_path / "other") - plain).max() > 1e-3


def test_a_list_and_a_name_that_two_share(base, sung, tmp_path):
    for folder in ("ayse", "bob"):
        (tmp_path / folder).mkdir()
        shutil.copy(sung, tmp_path / folder / "gel.wav")
    (tmp_path / "songs.txt").write_text("ayse/gel.wav\nbob/gel.wav\n")
    assert main([*base, str(tmp_path / "songs.txt")]) == 0
    assert list(facts_of(tmp_path / "out")) == ["ayse-gel--alto--euler1", "bob-gel--alto--euler1"]


# phrases of a corpus


@dataclass(frozen=True)
class Phrases:
    """The phrases of a corpus into all voices of a model, and how often a recording was measured for it."""

    facts: dict[str, dict]
    folder: Path
    measured: int


@pytest.fixture(scope="module")
def phrases(tiny_corpus, tiny_model_path, tmp_path_factory) -> Phrases:
    out = tmp_path_factory.mktemp("phrases")
    asked = ["--corpus", str(tiny_corpus.root), "--targets", "alto", "bass", "--self", "--model", str(tiny_model_path)]
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as printed:
        measured = []
        patch.setattr(
            "svc_core.convert.extract_features",
            lambda *given, **named: measured.append(named["name"]) or extract_features(*given, **named),
        )
        assert main([*asked, "--sampler", "euler", "--steps", "1", "--out", str(out)]) == 0
    assert printed.getvalue().splitlines()[-1] == f"6 of 6 converted into {out}"
    return Phrases(facts_of(out), out, len(measured))


def test_held_out_phrases_go_into_every_voice_and_into_the_own_one_in_the_same_key(phrases):
    """The guest's voice is not the model's, and so has no voice of its own to go into."""
    told = {name: (facts["source_singer"], facts["target"]) for name, facts in phrases.facts.items()}
    assert told == {
        "hymn--alto--alto--euler1": ("alto", "alto"),
        "hymn--alto--bass--euler1": ("alto", "bass"),
        "hymn--bass--alto--euler1": ("bass", "alto"),
        "hymn--bass--bass--euler1": ("bass", "bass"),
        "secret--guest--alto--euler1": ("guest", "alto"),
        "secret--guest--bass--euler1": ("guest", "bass"),
    }
    keys = {name: facts["key_shift_semitones"] for name, facts in phrases.facts.items()}
    assert keys["hymn--alto--alto--euler1"] == keys["hymn--bass--bass--euler1"] == 0
    assert keys["hymn--bass--alto--euler1"] == round(
        12 * np.log2(330 / (130 * 0.9**0.5))
    )  # as in the middle of a glide


def test_a_phrase_is_measured_once_and_told_where_it_lies(phrases, tiny_corpus):
    assert phrases.measured == 3
    facts = phrases.facts["hymn--alto--bass--euler1"]
    assert facts["source"] == str(tiny_corpus.root / "alto/test.wav") and facts["phrase"] == "hymn"
    assert (facts["start_s"], facts["end_s"], facts["seconds"]) == (0.1, 1.3, 1.2)


def test_a_phrase_of_a_corpus_is_converted_as_the_same_part_of_a_recording_is(phrases, base, tiny_corpus, tmp_path):
    source = str(tiny_corpus.root / "bass/test.wav")
    assert main([*base, source, "--start", "0", "--end", "1.2"]) == 0
    alone, _ = soundfile.read(phrases.folder / "hymn--bass--alto--euler1.wav", dtype="float32")
    np.testing.assert_array_equal(the_sound(tmp_path / "out"), alone)


def test_a_set_of_phrases_can_be_scored_group_by_group(phrases):
    made = [read_conversion(path) for path in sorted(phrases.folder.glob("*.json"))]
    assert [conversion.group == "self-conversion" for conversion in made] == [True, False, False, True, False, False]
    assert len({conversion.clip for conversion in made}) == 3


@pytest.mark.parametrize(
    ("option", "made"),
    [
        (["--phrases", "hymn:alto", "--targets", "alto", "bass"], ["hymn--alto--bass--euler1"]),
        (["--phrases", "scale", "--splits", "train", "--self"], ["scale--alto--alto--euler1"]),
    ],
)
def test_phrases_and_splits_are_chosen(tiny_model_path, tiny_corpus, tmp_path, option, made):
    asked = ["--model", str(tiny_model_path), "--corpus", str(tiny_corpus.root), "--out", str(tmp_path)]
    assert main([*asked, "--sampler", "euler", "--steps", "1", *option]) == 0
    assert list(facts_of(tmp_path)) == made


# the level


@pytest.fixture(scope="module")
def two_halves(tmp_path_factory) -> Path:
    """Two seconds of a voice, then the same 20 dB softer."""
    sound = voice(contour(2.0, 220.0, 260.0))
    path = tmp_path_factory.mktemp("halves") / "song.wav"
    soundfile.write(path, np.concatenate([sound, 0.1 * sound]), RATE_HZ, subtype="FLOAT")
    return path


@pytest.fixture
def telling(tiny_config, tmp_path) -> Callable[[float], str]:
    """Path of a model that sings as loud as it is told, or by some dB louder."""

    def write(above_db: float = 0.0) -> str:
        model = telling_model(tiny_config, SINGERS, above_db)
        save_model(tmp_path / "telling.safetensors", model, model.state_dict())
        return str(tmp_path / "telling.safetensors")

    return write


def halves_db(samples: np.ndarray) -> tuple[float, float]:
    """Mean loudness of the inside of either half, in dB."""
    loudness_db = a_weighted_loudness(samples, GRID)
    quarter = len(loudness_db) // 4
    inside = [loudness_db[at - quarter // 2 : at + quarter // 2] for at in (quarter, 3 * quarter)]
    return float(inside[0].mean()), float(inside[1].mean())


@pytest.mark.parametrize("window", ["1", "20"])
def test_a_song_keeps_its_dynamics_and_its_level(base, two_halves, telling, tmp_path, window):
    """Level is normalised once and given back: a half that is 20 dB softer is 20 dB softer afterwards."""
    assert main([*base, "--model", telling(), "--key-shift", "0", "--window", window, str(two_halves)]) == 0
    source, made = halves_db(load_audio(two_halves, GRID)), halves_db(the_sound(tmp_path / "out"))
    assert source[0] - source[1] == pytest.approx(20, abs=0.1)
    assert made[0] - made[1] == pytest.approx(20, abs=0.5)
    assert made[0] == pytest.approx(source[0], abs=2)  # a flat mel is 0.9 dB louder than its bands


def test_the_gain_of_the_whole_recording_comes_back(base, two_halves, telling, tmp_path):
    soft = tmp_path / "soft.wav"
    soundfile.write(soft, 0.05 * load_audio(two_halves, GRID), RATE_HZ, subtype="FLOAT")
    model, made = telling(), []
    for source in (two_halves, soft):
        out = tmp_path / source.stem
        assert main([*base, "--model", model, "--key-shift", "0", str(source), "--out", str(out)]) == 0
        made.append((the_facts(out)["gain_db"], *halves_db(the_sound(out))))
    loud, soft = made
    assert soft[0] - loud[0] == pytest.approx(26.02, abs=0.01)
    assert (loud[1] - soft[1], loud[2] - soft[2]) == (pytest.approx(26.02, abs=0.1), pytest.approx(26.02, abs=0.1))


def test_the_gain_of_the_whole_recording_does_not_matter_to_what_is_sampled(two_halves, tiny_model):
    samples = load_audio(two_halves, GRID, end_s=1.0)
    mels = [
        convert_song(extract_features(gain * samples, tiny_model.config), tiny_model, 0, 0, Sampling("euler", 4))
        for gain in (np.float32(1.0), np.float32(0.05))
    ]
    assert DB_PER_LN * np.abs(mels[0] - mels[1]).max() < 0.1


def test_a_sound_beyond_full_scale_is_turned_down_and_says_by_how_much(base, sung, telling, tmp_path):
    """The sound is the vocoder's, less the gain that normalised the source, less what is told."""
    path = telling(30.0)
    assert main([*base, "--model", path, "--key-shift", "0", str(sung)]) == 0
    facts, sound = the_facts(tmp_path / "out"), the_sound(tmp_path / "out")
    assert np.abs(sound).max() == pytest.approx(FULL_SCALE, abs=1e-4)
    features = extract_features(load_audio(sung, GRID), load_model(path).config)
    vocoded = griffin_lim(convert_song(features, load_model(path), 0, 0, Sampling("euler", 1)), GRID)
    assert facts["turned_down_db"] < -10
    expected = vocoded * 10 ** ((facts["turned_down_db"] - facts["gain_db"]) / 20)
    np.testing.assert_allclose(sound, expected, atol=1e-3)


def test_a_sound_within_full_scale_is_left_as_it_is(base, sung, telling, tmp_path):
    assert main([*base, "--model", telling(), "--key-shift", "0", str(sung)]) == 0
    assert the_facts(tmp_path / "out")["turned_down_db"] == 0
    assert np.abs(the_sound(tmp_path / "out")).max() < FULL_SCALE


# nothing half written


@pytest.mark.parametrize("whole", [0, 1])
def test_what_has_a_description_is_whole(base, sung, tmp_path, monkeypatch, whole):
    """Stopped before the sound or before the description gets its name, over an earlier result of that name."""
    out = tmp_path / "out"
    assert main([*base, "--key-shift", "1", str(sung)]) == 0
    before = the_sound(out)
    replace, done = Path.replace, []

    def stop(partial: Path, target: Path) -> Path:
        if len(done) == whole:
            raise KeyboardInterrupt
        done.append(target)
        return replace(partial, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            main([*base, "--key-shift", "2", str(sung)])
    assert not list(out.glob("*.json"))  # neither sound can be taken for the other
    assert np.array_equal(the_sound(out), before) == (whole == 0)
    assert main([*base, "--key-shift", "2", str(sung)]) == 0
    assert the_facts(out)["key_shift_semitones"] == 2
    assert len(list(out.iterdir())) == 2


def test_stopped_in_the_middle_of_a_sound_it_has_no_name(base, sung, tmp_path, monkeypatch):
    def write_half(path: Path, data: bytes) -> None:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", write_half)
        with pytest.raises(KeyboardInterrupt):
            main([*base, str(sung)])
    assert not [path for path in (tmp_path / "out").iterdir() if not path.name.startswith(".")]


# what is refused


def refusal(capsys, arguments: list[str]) -> str:
    """The one sentence that is said on the way out with status 2; nothing is made."""
    assert main(arguments) == 2
    (message,) = capsys.readouterr().err.splitlines()
    assert message.startswith("convert: ")
    assert is_sentence(message)
    return message


def skipped(capsys, arguments: list[str]) -> str:
    """The one sentence about a recording that could not be converted; others would have been."""
    assert main(arguments) == 1
    (message,) = sentences(capsys.readouterr().err)
    assert is_sentence(message)
    return message


def test_an_unknown_singer_is_refused_with_those_there_are(base, sung, tmp_path, capsys):
    assert "no singer 'tenor'; it knows alto, bass." in refusal(capsys, [*base, str(sung), "--target", "tenor"])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "reason"), [(b"\x80\x04pickled", "pickled checkpoints are refused"), (None, "train a model first")]
)
def test_what_is_no_model_is_refused(base, sung, tmp_path, capsys, content, reason):
    path = tmp_path / "model.pt"
    if content is not None:
        path.write_bytes(content)
    assert reason in refusal(capsys, [*base, str(sung), "--model", str(path)])


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        (["--sampler", "consistency"], "distill it first"),
        (["--sampler", "ddpm", "--steps", "7"], "choose 'ddim'"),
        (["--steps", "21"], "21 steps are outside 1 to 20"),
        (["--window", "0.5"], "a window of 0.5 s is not between 1 and 600 s"),
        (["--window", "1000"], "a window of 1000 s is not between 1 and 600 s"),
        (["--vocoder", "radio"], "griffin-lim"),
        (["--vocoder", "istft:gone"], "gone"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(base, sung, capsys, option, reason):
    assert reason in refusal(capsys, [*base, str(sung), *option])


def test_a_folder_without_recordings_is_refused(base, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert "no recording in this folder" in refusal(capsys, [*base, str(tmp_path / "empty")])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--target", "alto"], "give recordings to convert, or --corpus"),
        (["--target", "alto", "--corpus", "{corpus}", "{corpus}/bass"], "and not both"),
        (["--corpus", "{corpus}"], "no singer to convert into"),
        (["{corpus}/bass", "--target", "alto", "--self"], "--self needs --corpus"),
        (["--self", "--corpus", "{corpus}", "--start", "1"], "where its phrases begin and end"),
        (["--self", "--corpus", "{corpus}", "--end", "0"], "where its phrases begin and end"),
        (["--self", "--corpus", "{corpus}", "--phrases", "scale"], "no phrase 'scale' in the split test or unseen"),
        (["--self", "--corpus", "{corpus}/bass"], "metadata.csv"),
        (["--corpus", "{corpus}", "--targets", "alto", "tenor"], "no singer 'tenor'"),
    ],
)
def test_what_does_not_go_together_is_refused(tiny_model_path, tiny_corpus, tmp_path, capsys, arguments, reason):
    asked = [argument.format(corpus=tiny_corpus.root) for argument in arguments]
    said = refusal(capsys, ["--model", str(tiny_model_path), "--out", str(tmp_path / "out"), *asked])
    assert reason in said and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "option", ["--steps", "--batch", "--seed", "--key-shift", "--start", "--window", "--guide-singer"]
)
def test_nonsense_is_refused_by_name(base, sung, capsys, option):
    with pytest.raises(SystemExit) as caught:
        main([*base, str(sung), option, "nan"])
    assert caught.value.code == 2
    assert option in capsys.readouterr().err.splitlines()[-1]


def test_a_key_that_leaves_the_range_is_passed_over(base, sung, capsys):
    message = skipped(capsys, [*base, str(sung), "--key-shift", "36"])
    assert f"{sung}: a key shift of +36 semitones" in message
    assert "outside 50-1100 Hz" in message


def test_a_missing_recording_is_passed_over(base, tmp_path, capsys):
    assert "gone.wav: there is no such file" in skipped(capsys, [*base, str(tmp_path / "gone.wav")])


def test_a_part_behind_the_end_is_passed_over(base, sung, capsys):
    assert "lies behind its end" in skipped(capsys, [*base, str(sung), "--start", "2"])
    assert "not from 0.0 s to -1.0 s" in skipped(capsys, [*base, str(sung), "--end", "-1"])


def test_the_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    options = (
        "model",
        "target",
        "targets",
        "corpus",
        "phrases",
        "splits",
        "self",
        "out",
        "key-shift",
        "start",
        "end",
        "sampler",
        "steps",
        "seed",
        "vocoder",
        "window",
        "batch",
    )
    assert all(f"--{option}" in said for option in options)
    assert all(f"--guide-{name}" in said for name in ("content", "melody", "loudness", "singer"))
    assert "griffin-lim" in said
