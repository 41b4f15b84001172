"""Reading recordings: the kinds that are read, and one sentence for each that cannot be."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svc_core.config import GridConfig
from svc_core.sound.audio import AudioError, check_audio, load_audio
from tests.conftest import contour, is_sentence, voice

GRID = GridConfig()


def sine(seconds: float, hz: float, rate_hz: int) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(np.float32)


def refusal(path: Path, start_s: float = 0.0, end_s: float | None = None) -> str:
    """The message that ``path`` is refused with: one sentence that names the file."""
    with pytest.raises(AudioError) as caught:
        load_audio(path, GRID, start_s, end_s)
    message = str(caught.value)
    assert is_sentence(message)
    assert message.startswith(f"{path}: ")
    return message


@pytest.fixture(scope="module")
def sung() -> np.ndarray:
    return voice(contour(1.0, 220.0))


def written(folder: Path, samples: np.ndarray, name: str = "sung.wav", rate_hz: int = 24_000, **how) -> Path:
    soundfile.write(folder / name, samples, rate_hz, **how)
    return folder / name


def cut_in_half(path: Path) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


# what is read


@pytest.mark.parametrize("name", ["sung.wav", "sung.flac"])
def test_lossless_files_come_back_sample_by_sample(tmp_path, sung, name):
    read = load_audio(written(tmp_path, sung, name), GRID)
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, sung, atol=1 / 32_768)


@pytest.mark.parametrize("name", ["sung.ogg", "sung.mp3"])
def test_lossy_files_come_back_as_long_and_in_time(tmp_path, sung, name):
    read = load_audio(written(tmp_path, sung, name), GRID)
    assert read.shape == sung.shape
    lags = range(-3, 4)
    alike = [np.dot(read[100:-100], np.roll(sung, lag)[100:-100]) for lag in lags]
    assert lags[int(np.argmax(alike))] == 0
    assert np.corrcoef(read, sung)[0, 1] > 0.98


@pytest.mark.parametrize("kind", ["PCM_U8", "PCM_24", "FLOAT", "DOUBLE"])
def test_every_width_of_sample_is_read_at_the_same_level(tmp_path, sung, kind):
    read = load_audio(written(tmp_path, sung, subtype=kind), GRID)
    np.testing.assert_allclose(read, sung, atol=1 / 100)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
def test_other_rates_are_resampled_in_place(tmp_path, rate_hz):
    read = load_audio(written(tmp_path, sine(1.0, 440, rate_hz), rate_hz=rate_hz), GRID)
    assert len(read) == pytest.approx(24_000, abs=1)
    inner = slice(1_000, 23_000)
    np.testing.assert_allclose(read[inner], sine(1.0, 440, 24_000)[inner], atol=1e-3)


def test_resampling_folds_nothing_back(tmp_path):
    """A sine at 15 kHz has no place at 24 kHz; without a filter it would sound at 9 kHz."""
    path = written(tmp_path, sine(1.0, 15_000, 44_100) + sine(1.0, 440, 44_100), rate_hz=44_100)
    spectrum = np.abs(np.fft.rfft(load_audio(path, GRID)[:24_000] * np.hanning(24_000)))
    assert spectrum[9_000] < 1e-4 * spectrum[440]


def test_channels_are_averaged(tmp_path, sung):
    silent = np.zeros_like(sung)
    np.testing.assert_allclose(
        load_audio(written(tmp_path, np.stack([sung, silent], axis=1)), GRID), sung / 2, atol=1 / 32_768
    )


def test_eight_channels_are_read(tmp_path, sung):
    read = load_audio(written(tmp_path, np.stack([sung] * 8, axis=1)), GRID)
    np.testing.assert_allclose(read, sung, atol=1 / 32_768)


@pytest.mark.parametrize("name", ["sung.wav", "sung.flac"])
def test_a_part_is_cut_at_its_times(tmp_path, sung, name):
    part = load_audio(written(tmp_path, sung, name), GRID, 0.25, 0.75)
    np.testing.assert_allclose(part, sung[6_000:18_000], atol=1 / 32_768)


def test_a_part_of_another_rate_is_cut_in_seconds(tmp_path):
    path = written(tmp_path, sine(1.0, 440, 48_000), rate_hz=48_000)
    assert len(load_audio(path, GRID, 0.5, 0.75)) == pytest.approx(6_000, abs=1)


def test_an_end_behind_the_recordings_own_means_its_end(tmp_path, sung):
    assert len(load_audio(written(tmp_path, sung), GRID, 0.5, 60.0)) == 12_000


def test_a_path_may_be_text(tmp_path, sung):
    assert len(load_audio(str(written(tmp_path, sung)), GRID)) == 24_000


def test_a_wav_written_as_a_stream_is_read(tmp_path, sung):
    """Its writer could not know the length and put the largest number: nothing is cut off."""
    path = written(tmp_path, sung)
    data = bytearray(path.read_bytes())
    place = data.index(b"data") + 4
    data[place : place + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert len(load_audio(path, GRID)) == 24_000


def test_the_shortest_singing_is_a_fifth_of_a_second(tmp_path, sung):
    assert len(load_audio(written(tmp_path, sung[:4_800]), GRID)) == 4_800
    assert "too short" in refusal(written(tmp_path, sung[:4_799]))


# what is refused


def test_a_missing_file_is_refused(tmp_path):
    assert "no such file" in refusal(tmp_path / "nowhere.wav")


def test_a_folder_is_refused(tmp_path):
    refusal(tmp_path)


@pytest.mark.parametrize("name", ["empty.wav", "empty.flac", "empty.ogg", "empty.mp3"])
def test_an_empty_file_is_refused(tmp_path, name):
    (tmp_path / name).touch()
    assert "use WAV, FLAC, OGG or MP3" in refusal(tmp_path / name)


def test_text_under_a_sounds_name_is_refused(tmp_path):
    (tmp_path / "song.wav").write_text("la la la " * 100)
    assert "Format not recognised" in refusal(tmp_path / "song.wav")


def test_a_sound_file_of_no_samples_is_refused(tmp_path):
    assert "too short" in refusal(written(tmp_path, np.zeros(0, np.float32)))


def test_two_samples_are_refused(tmp_path):
    assert "too short" in refusal(written(tmp_path, np.full(2, 0.3, np.float32)))


def test_silence_is_refused(tmp_path):
    assert "silent" in refusal(written(tmp_path, np.zeros(24_000, np.float32)))


def test_the_limit_of_silence_is_minus_sixty_decibels(tmp_path, sung):
    peak = sung / np.abs(sung).max()
    assert "silent" in refusal(written(tmp_path, peak * np.float32(0.00099), subtype="FLOAT"))
    assert len(load_audio(written(tmp_path, peak * np.float32(0.00101), subtype="FLOAT"), GRID)) == 24_000


def test_channels_that_cancel_are_silent(tmp_path, sung):
    assert "silent" in refusal(written(tmp_path, np.stack([sung, -sung], axis=1)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers_are_refused_and_counted(tmp_path, sung, bad):
    broken = sung.copy()
    broken[[5, 17, 400]] = bad
    assert "3 samples that are not numbers" in refusal(written(tmp_path, broken, subtype="FLOAT"))


@pytest.mark.parametrize("name", ["sung.wav", "sung.flac", "sung.ogg", "sung.mp3"])
def test_a_file_cut_in_half_is_refused(tmp_path, sung, name):
    """As a broken download leaves it: half a recording must not pass for a whole one."""
    refusal(cut_in_half(written(tmp_path, sung, name)))


@pytest.mark.parametrize("name", ["sung.wav", "sung.flac", "sung.ogg", "sung.mp3"])
def test_a_file_cut_within_its_header_is_refused(tmp_path, sung, name):
    path = written(tmp_path, sung, name)
    path.write_bytes(path.read_bytes()[:20])
    refusal(path)


def test_a_part_behind_the_end_is_refused(tmp_path, sung):
    path = written(tmp_path, sung)
    assert "behind its end (1.00 s)" in refusal(path, 1.0)
    assert "behind its end (1.00 s)" in refusal(path, 60.0, 61.0)


def test_a_part_of_no_length_is_refused(tmp_path, sung):
    refusal(written(tmp_path, sung), 0.5, 0.5)


def test_a_part_that_ends_before_it_starts_is_refused(tmp_path, sung):
    refusal(written(tmp_path, sung), 0.5, 0.25)


def test_a_part_from_before_the_beginning_is_refused_for_that_reason(tmp_path, sung):
    """It must not be said of a healthy file that it cannot be read."""
    assert not re.search("cannot|can be read", refusal(written(tmp_path, sung), -1.0))


@pytest.mark.parametrize("start_s", [float("nan"), float("inf")])
def test_times_that_are_no_numbers_are_refused(tmp_path, sung, start_s):
    refusal(written(tmp_path, sung), start_s)


def test_samples_from_elsewhere_are_checked_alike():
    with pytest.raises(AudioError, match=r"^microphone: .*too short"):
        check_audio(np.ones(10, np.float32), 24_000, GRID, "microphone")
    assert len(check_audio(sine(1.0, 440, 8_000), 8_000, GRID, "microphone")) == 24_000
