"""The command that adds noise to a trace's source: what it writes, how loud, and what a stopped run leaves."""

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svc_core.config import DB_PER_LN, GridConfig
from svc_core.diffusion.schedule import Schedule
from svc_core.noising import NoisingError, choose_times, common_gain, main, make_noising, schedule_of
from svc_core.traces.noised import INDEX, noised, read_noising
from svc_core.traces.trace import Trace
from svc_core.traces.writing import write_trace
from svc_core.vocoders.vocoder import clip_mel
from tests.conftest import is_sentence
from tests.support.hand_traces import SEED, hand_files, hand_manifest

FRAMES = 40


class Tones:
    """A vocoder of one line: each frame is a buzz of the mel's mean level, so that loudness can be reckoned."""

    name = "tones"

    def __init__(self) -> None:
        self.heard: list[np.ndarray] = []

    def synthesize(self, mel: np.ndarray) -> np.ndarray:
        self.heard.append(mel)
        level = np.exp(clip_mel(mel, GridConfig()).mean()) * 1000
        return (level * np.sin(2 * np.pi * 500 * np.arange(FRAMES * 256) / 24_000)).astype(np.float32)


@pytest.fixture(scope="module")
def long_trace(tmp_path_factory) -> Trace:
    """A trace made by hand, of DDPM's thousand steps and the usual hundred bands."""
    manifest = hand_manifest(steps=1000, bands=100, frames=FRAMES, pictures=4)
    return write_trace(tmp_path_factory.mktemp("traces"), manifest, hand_files(manifest))


def test_times_are_spread_evenly_in_decibels_from_the_first_to_the_last():
    schedule = Schedule()
    times = choose_times(schedule, 12)
    assert times == [0, 3, 13, 39, 98, 219, 391, 554, 691, 807, 908, 999]
    assert np.diff(schedule.snr_db[times]) == pytest.approx(np.full(11, -83.94 / 11), abs=0.6)


def test_no_time_is_there_twice_where_more_are_asked_for_than_the_schedule_tells_apart():
    assert choose_times(Schedule(3, 0.1, 0.9), 50) == [0, 1, 2]
    assert choose_times(Schedule(), 1) == [0]


def test_all_sounds_are_turned_down_by_what_the_loudest_needs():
    quiet, loud = np.array([0.2, -0.3]), np.array([1.0, -3.0])
    assert common_gain([quiet, loud]) == pytest.approx(0.3)
    assert common_gain([quiet, quiet]) == 1.0
    assert common_gain([np.zeros(3)]) == 1.0


def test_the_vocoder_hears_what_the_page_shows(long_trace, tmp_path):
    vocoder = Tones()
    made = make_noising(long_trace, vocoder, 3, tmp_path / "noising")
    scale = long_trace.manifest.scale
    for sound, mel in zip(made.sounds, vocoder.heard, strict=True):
        shown = noised(long_trace.source_levels(), sound.t, made, scale)
        assert mel.dtype == np.float32
        assert mel * DB_PER_LN == pytest.approx(shown * 20.0 - 50.0, abs=1e-3)  # the scale of traces made by hand
    assert vocoder.heard[-1] * DB_PER_LN != pytest.approx(vocoder.heard[0] * DB_PER_LN, abs=10)


def test_sounds_keep_their_loudness_beside_each_other(long_trace, tmp_path):
    vocoder = Tones()
    made = make_noising(long_trace, vocoder, 4, tmp_path)
    wanted = [np.exp(clip_mel(mel, GridConfig()).mean()) * 1000 for mel in vocoder.heard]
    heard = [np.abs(soundfile.read(tmp_path / sound.file)[0]).max() for sound in made.sounds]
    assert made.gain_db == pytest.approx(20 * np.log10(0.9 / max(wanted)), abs=0.01)
    assert 20 * np.log10(max(wanted) / min(wanted)) > 6
    assert 20 * np.log10(np.divide(heard, wanted)) == pytest.approx(
        np.full(4, made.gain_db), abs=1.0
    )  # of a lossy coder


def test_command_writes_sounds_and_an_index_that_names_them(long_trace, tmp_path, capsys):
    out = tmp_path / "lessons" / "noising"
    assert main(["--trace", str(long_trace.folder), "--sounds", "3", "--out", str(out)]) == 0
    made = read_noising(out)
    assert (made.trace, made.seed, made.address) == (long_trace.id, SEED, 1000)
    assert (made.schedule.steps, made.schedule.beta_start, made.schedule.beta_end) == (1000, 1e-4, 0.02)
    assert (made.licence, made.attribution) == ("CC0", ["Made for tests"])
    assert [sound.t for sound in made.sounds] == [0, 302, 999]
    assert {path.name for path in out.iterdir()} == {INDEX, *(sound.file for sound in made.sounds)}
    for sound in made.sounds:
        data = (out / sound.file).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (sound.bytes, sound.sha256)
        samples, rate_hz = soundfile.read(io.BytesIO(data), always_2d=True)
        assert (rate_hz, samples.shape[1]) == (24_000, 1)
        assert len(samples) / rate_hz == pytest.approx(FRAMES * 256 / 24_000, abs=0.06)
    assert "3 sounds" in capsys.readouterr().out


def test_the_same_again_gives_the_same_and_what_is_no_longer_named_goes(long_trace, tmp_path):
    make_noising(long_trace, Tones(), 3, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    (tmp_path / "notes.txt").write_text("somebody's own")
    make_noising(long_trace, Tones(), 3, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before | {"notes.txt": b"somebody's own"}
    two = make_noising(long_trace, Tones(), 2, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {INDEX, "notes.txt", *(sound.file for sound in two.sounds)}


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_run_that_is_stopped_leaves_what_was_there_whole(long_trace, tmp_path, monkeypatch, after):
    """Stopped at the first sound, at the second, and at the index."""
    old = make_noising(long_trace, Tones(), 2, tmp_path)
    manifest = replace(long_trace.manifest, sampler=replace(long_trace.manifest.sampler, seed=12))
    other = write_trace(tmp_path / "traces", manifest, hand_files(manifest))
    replace_file, put = Path.replace, []

    def stop(self, target):
        if len(put) == after:
            raise OSError(28, "No space left on device", str(target))
        put.append(target)
        return replace_file(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", stop)
        with pytest.raises(OSError, match="No space"):
            make_noising(other, Tones(), 3, tmp_path)
    assert read_noising(tmp_path) == old
    for sound in old.sounds:
        assert hashlib.sha256((tmp_path / sound.file).read_bytes()).hexdigest() == sound.sha256
    assert not list(tmp_path.glob(".*"))
    new = make_noising(other, Tones(), 3, tmp_path)
    assert read_noising(tmp_path) == new != old
    assert {path.name for path in tmp_path.glob("*.mp3")} == {sound.file for sound in new.sounds}


def trace_of(parent: Path, **wanted) -> Trace:
    manifest = hand_manifest(**{"bands": 100, "frames": FRAMES, "pictures": 4} | wanted)
    return write_trace(parent, manifest, hand_files(manifest))


@pytest.mark.parametrize(
    "wanted", [{"steps": 8}, {"sampler": "euler", "steps": 1000}, {"sampler": "ddim", "steps": 40}]
)
def test_a_trace_of_another_walk_is_refused(tmp_path, wanted):
    trace = trace_of(tmp_path, **wanted)
    with pytest.raises(NoisingError) as caught:
        schedule_of(trace)
    assert is_sentence(str(caught.value))
    assert trace.id in str(caught.value)


def refusal(capsys, arguments: list[str]) -> str:
    assert main(arguments) == 2
    said = capsys.readouterr().err.strip()
    assert is_sentence(said)
    return said


def test_bad_input_is_told_in_a_sentence(long_trace, tmp_path, capsys):
    folder, out = str(long_trace.folder), str(tmp_path / "out")
    assert "nowhere" in refusal(capsys, ["--trace", str(tmp_path / "nowhere"), "--out", out])
    assert "'flute' is no vocoder" in refusal(capsys, ["--trace", folder, "--vocoder", "flute", "--out", out])
    assert "none.safetensors" in refusal(
        capsys, ["--trace", folder, "--vocoder", f"istft:{tmp_path / 'none.safetensors'}", "--out", out]
    )
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").write_text("no folder")
    assert "file" in refusal(capsys, ["--trace", folder, "--sounds", "2", "--out", str(tmp_path / "file")])


def test_no_sounds_at_all_cannot_be_asked_for(long_trace, capsys):
    with pytest.raises(SystemExit):
        main(["--trace", str(long_trace.folder), "--sounds", "0"])
    assert "'0' is not a whole number above 0" in capsys.readouterr().err
