"""F0 and voicing against a contour that is known because it was sung by arithmetic."""

from pathlib import Path

import mir_eval
import numpy as np
import pytest

from svc_core.config import GridConfig
from svc_core.sound import pitch
from svc_core.sound.audio import load_audio
from svc_core.sound.pitch import LEAST_PART_FRAMES, fill_f0, frame_times_s, median_f0_hz, track_f0
from tests.conftest import contour, voice

GRID = GridConfig()
SONGS = Path(__file__).resolve().parents[1] / "songs"


def at_centres(f0_hz: np.ndarray) -> np.ndarray:
    """A contour over samples, at the centres of the frames."""
    return f0_hz[128::256][: len(f0_hz) // 256]


def cents(measured_hz: np.ndarray, truth_hz: np.ndarray) -> np.ndarray:
    return 1200 * np.log2(measured_hz / truth_hz)


@pytest.fixture(scope="module")
def glide():
    """An octave up in two seconds, 200 to 400 Hz: truth at the frame centres, and what is tracked."""
    sung_hz = contour(2.0, 200.0, 400.0)
    return at_centres(sung_hz), track_f0(voice(sung_hz), GRID)


def test_frame_times_are_the_centres_of_the_hops():
    np.testing.assert_allclose(frame_times_s(3, GRID), [128 / 24_000, 384 / 24_000, 640 / 24_000])


def test_a_glide_is_tracked_within_five_cents(glide):
    truth_hz, tracked_hz = glide
    inner = slice(5, -5)
    assert (tracked_hz[inner] > 0).all()
    assert np.abs(cents(tracked_hz[inner], truth_hz[inner])).max() < 5


def test_a_glide_is_tracked_without_lag(glide):
    """A frame of lag would be 6.4 cents here; Amphion's contour is 27 ms (16 cents) early."""
    truth_hz, tracked_hz = glide
    inner = np.arange(5, len(truth_hz) - 5)
    error = {shift: np.abs(cents(tracked_hz[inner], truth_hz[inner + shift])).mean() for shift in range(-2, 3)}
    assert min(error, key=error.get) == 0
    assert np.abs(cents(tracked_hz[inner], truth_hz[inner]).mean()) < 0.5


def test_a_vibrato_is_right_by_mir_evals_raw_pitch_accuracy():
    sung_hz = contour(1.5, 440.0, vibrato_cents=80)
    truth_hz, tracked_hz = at_centres(sung_hz), track_f0(voice(sung_hz), GRID)
    times_s = frame_times_s(len(truth_hz), GRID)
    voicing, truth_cents, estimated_voicing, estimated_cents = mir_eval.melody.to_cent_voicing(
        times_s, truth_hz, times_s, tracked_hz
    )
    accuracy = mir_eval.melody.raw_pitch_accuracy(
        voicing, truth_cents, estimated_voicing, estimated_cents, cent_tolerance=10
    )
    assert accuracy > 0.97


def test_the_quick_tracker_agrees_on_a_clear_voice():
    sung_hz = contour(1.0, 300.0, 200.0)
    inner = slice(5, -5)
    quick = track_f0(voice(sung_hz), GRID, quick=True)[inner]
    assert (quick > 0).all()
    assert np.abs(cents(quick, at_centres(sung_hz)[inner])).max() < 5


@pytest.mark.parametrize("quick", [False, True])
def test_digital_silence_is_unvoiced(quick):
    assert (track_f0(np.zeros(24_000, np.float32), GRID, quick) == 0).all()


@pytest.mark.parametrize("quick", [False, True])
def test_noise_is_almost_unvoiced(quick):
    noise = (0.1 * np.random.default_rng(0).standard_normal(48_000)).astype(np.float32)
    assert (track_f0(noise, GRID, quick) > 0).mean() < 0.1


def test_voicing_begins_and_ends_with_the_voice():
    samples = np.zeros(28_800, np.float32)
    samples[9_600:19_200] = voice(contour(0.4, 220.0))
    samples += (1e-4 * np.random.default_rng(0).standard_normal(28_800)).astype(np.float32)
    unvoiced = np.flatnonzero(track_f0(samples, GRID) == 0)
    middle = 14_400 // 256
    assert unvoiced[unvoiced < middle][-1] == pytest.approx(9_600 / 256, abs=6)
    assert unvoiced[unvoiced > middle][0] == pytest.approx(19_200 / 256, abs=6)


def test_there_is_one_value_a_frame_even_in_the_shortest_clip():
    samples = voice(contour(0.2, 220.0))
    assert track_f0(samples, GRID).shape == (18,)


# in parts at once

OFF_SHARE = 0.01  # of frames that may differ by over 10 cents, or be voiced in one alone, where a sound is cut in two


def in_parts(samples: np.ndarray, threads: int) -> tuple[np.ndarray, np.ndarray]:
    """F0 of the whole, and of as many parts."""
    whole, parts = track_f0(samples, GRID), track_f0(samples, GRID, threads=threads)
    assert whole.shape == parts.shape == (len(samples) // 256,)
    return whole, parts


def share_off(whole: np.ndarray, parts: np.ndarray) -> float:
    both = (whole > 0) & (parts > 0)
    off = (whole > 0) != (parts > 0)
    off[both] = np.abs(cents(parts[both], whole[both])) > 10
    return float(off.mean())


@pytest.mark.parametrize("threads", [2, 3])
def test_parts_at_once_are_as_the_whole(threads):
    """Four seconds of voice with two rests in it, and an end that is no whole frame."""
    samples = voice(contour(4.0, 180.0, 320.0, vibrato_cents=60))[:-100]
    samples[30_000:36_000] = samples[60_000:64_000] = 0
    whole, parts = in_parts(samples, threads)
    assert (whole > 0).mean() > 0.7
    assert share_off(whole, parts) <= OFF_SHARE


def test_parts_of_a_sung_phrase_are_as_the_whole():
    """A singer's own vibrato and consonants."""
    samples = load_audio(SONGS / "makam-f3" / "kimseye_zemin1.flac", GRID, 0.0, 5.0)
    whole, parts = in_parts(samples, 2)
    assert (whole > 0).mean() > 0.5
    assert share_off(whole, parts) <= OFF_SHARE


def test_no_part_is_shorter_than_a_second(monkeypatch):
    """94 frames: of two seconds less a frame one part is made, of two seconds two, however many threads there are."""
    asked = []
    harvest = pitch._harvest
    monkeypatch.setattr(pitch, "_harvest", lambda *given: asked.append(given[-1]) or harvest(*given))
    samples = voice(contour(2.1, 220.0))
    for frames, threads in ((2 * LEAST_PART_FRAMES - 1, 2), (2 * LEAST_PART_FRAMES, 2), (196, 8), (18, 2), (196, 1)):
        track_f0(samples[: frames * 256], GRID, threads=threads)
    assert [max(parts, 1) for parts in asked] == [1, 2, 2, 1, 1]


@pytest.mark.parametrize("seconds", [0.2, 1.0, 2.0, 2.005])
def test_short_sounds_in_parts_have_a_value_a_frame(seconds):
    whole, parts = in_parts(voice(contour(seconds, 220.0)), 2)
    assert share_off(whole, parts) <= OFF_SHARE


def test_silence_in_parts_is_unvoiced():
    assert (track_f0(np.zeros(120_000, np.float32), GRID, threads=2) == 0).all()


def test_silence_in_one_part_alone_is_no_trouble():
    samples = np.zeros(120_000, np.float32)
    samples[80_000:] = voice(contour(40_000 / 24_000, 220.0))
    whole, parts = in_parts(samples, 2)
    assert (whole > 0).any() and share_off(whole, parts) <= OFF_SHARE


def test_gaps_are_bridged_along_a_straight_line_in_octaves():
    filled = fill_f0(np.array([0.0, 100.0, 0.0, 0.0, 0.0, 400.0, 0.0]))
    np.testing.assert_allclose(filled, [100, 100, 100 * 2**0.5, 200, 200 * 2**0.5, 400, 400])


def test_a_contour_without_gaps_stays_as_it_is():
    contour_hz = np.array([100.0, 150.0, 120.0])
    np.testing.assert_allclose(fill_f0(contour_hz), contour_hz)


def test_a_clip_without_any_voice_is_filled_with_two_hundred_hertz():
    np.testing.assert_array_equal(fill_f0(np.zeros(3)), [200.0, 200.0, 200.0])


def test_median_counts_voiced_frames_alone():
    assert median_f0_hz(np.array([0.0, 0.0, 0.0, 100.0, 300.0, 110.0])) == 110.0


def test_median_of_nothing_sung_is_refused():
    with pytest.raises(ValueError, match="no voiced frame"):
        median_f0_hz(np.zeros(5))
