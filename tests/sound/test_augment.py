"""Augmentation: what is asked for is what is heard, and nothing asked for changes nothing."""

import numpy as np
import pytest
from scipy.signal import sosfreqz

from svc_core.config import AugmentConfig, GridConfig
from svc_core.sound.augment import Change, EqBand, change_recording, draw_change, move_formants, peaking_filter
from svc_core.sound.content import spectral_envelope
from svc_core.sound.pitch import track_f0
from tests.conftest import contour, voice

GRID = GridConfig()
BOUNDS = AugmentConfig(copies=3, pitch_semitones=3.0, formant_ratio=1.06, eq_db=6.0, stretch_ratio=1.2)


def cents_off(samples: np.ndarray, asked_hz: np.ndarray, stretch: float = 1.0) -> np.ndarray:
    """Measured F0 against the contour (samples,) that was asked for, at the inner frames, in cents."""
    tracked_hz = track_f0(samples, GRID)[8:-8]
    at = ((np.arange(8, 8 + len(tracked_hz)) * 256 + 128) / stretch).astype(int)
    assert (tracked_hz > 0).all()
    return 1200 * np.log2(tracked_hz / asked_hz[at])


def formant_hz(samples: np.ndarray, f0_hz: np.ndarray) -> float:
    """The second formant of a held "ah", 1220 Hz: the summit of the mean envelope between 900 and 1700 Hz.

    A gliding f0_hz (samples,) lets the harmonics sweep over it: a held note would show it at one of them.
    """
    centres_hz = f0_hz[128::256][: len(samples) // 256].copy()
    envelope_db = 10 * np.log10(spectral_envelope(samples, centres_hz, GRID)[8:-8]).mean(axis=0)
    bins_hz = np.arange(513) * 24_000 / 1024
    near = np.flatnonzero((bins_hz > 900) & (bins_hz < 1_700))
    top = near[envelope_db[near].argmax()]
    rise, bend = np.polyfit([-1, 0, 1], envelope_db[top - 1 : top + 2], 2)[[1, 0]]
    return float((top - rise / (2 * bend)) * 24_000 / 1024)


def test_nothing_asked_for_returns_the_very_samples():
    sung = voice(contour(0.3, 220.0))
    assert change_recording(sung, Change(), GRID) is sung
    assert change_recording(sung, Change(eq=(EqBand(1_000.0, 0.0),)), GRID) is sung


@pytest.mark.parametrize("semitones", [-3.0, 2.0])
def test_pitch_moves_by_the_semitones_asked_for(semitones):
    sung_hz = contour(0.5, 220.0, 280.0)
    changed = change_recording(voice(sung_hz, vowel_s=100.0), Change(pitch_semitones=semitones), GRID)
    assert len(changed) == len(sung_hz)
    assert changed.dtype == np.float32
    assert np.abs(cents_off(changed, sung_hz * 2 ** (semitones / 12))).max() < 10


@pytest.mark.parametrize("ratio", [0.9, 1.06])
def test_a_formant_moves_by_its_ratio_and_the_pitch_stays(ratio):
    sung_hz = contour(0.5, 80.0, 130.0)
    sung = voice(sung_hz, vowel_s=100.0)
    changed = change_recording(sung, Change(formant_ratio=ratio), GRID)
    assert formant_hz(changed, sung_hz) / formant_hz(sung, sung_hz) == pytest.approx(ratio, abs=0.012)
    assert np.abs(cents_off(changed, sung_hz)).max() < 10


def test_pitch_alone_leaves_formants_where_they_are():
    sung_hz = contour(0.5, 80.0, 130.0)
    sung = voice(sung_hz, vowel_s=100.0)
    changed = change_recording(sung, Change(pitch_semitones=3.0), GRID)
    assert formant_hz(changed, sung_hz * 2 ** (3 / 12)) == pytest.approx(formant_hz(sung, sung_hz), rel=0.012)


@pytest.mark.parametrize("stretch", [0.85, 1.2])
def test_a_stretch_changes_the_duration_and_not_the_pitch(stretch):
    sung_hz = contour(0.5, 220.0, 280.0)
    changed = change_recording(voice(sung_hz, vowel_s=100.0), Change(stretch_ratio=stretch), GRID)
    assert len(changed) == round(len(sung_hz) * stretch)
    assert np.abs(cents_off(changed, sung_hz, stretch)).max() < 10


def test_what_is_sung_stays_in_its_place():
    """Sung again without a change of tempo, the syllables come at the same time: loudness lines up at lag 0."""
    sung = voice(contour(0.5, 200.0), vowel_s=100.0)
    swell = (0.6 + 0.4 * np.sin(2 * np.pi * 6 * np.arange(len(sung)) / 24_000)).astype(np.float32)
    changed = change_recording(sung * swell, Change(pitch_semitones=2.0), GRID)
    loudness = [np.sqrt(np.mean(part[: 46 * 256].reshape(-1, 256) ** 2, axis=1)) for part in (sung * swell, changed)]
    inner = np.arange(8, 38)
    match = {lag: np.corrcoef(loudness[0][inner], loudness[1][inner + lag])[0, 1] for lag in range(-3, 4)}
    assert max(match, key=match.get) == 0


def test_f0_that_is_known_is_not_tracked_again():
    """An F0 that is an octave off is taken at its word."""
    sung = voice(contour(0.3, 300.0))
    found = change_recording(sung, Change(pitch_semitones=2.0), GRID)
    given = change_recording(sung, Change(pitch_semitones=2.0), GRID, track_f0(sung, GRID))
    np.testing.assert_array_equal(given, found)
    halved = change_recording(sung, Change(pitch_semitones=2.0), GRID, np.full(28, 150.0))
    assert np.abs(halved - found).max() > 0.01


@pytest.mark.parametrize("gain_db", [-6.0, 4.0])
def test_an_equaliser_has_its_gain_at_its_centre_and_none_far_away(gain_db):
    click = np.zeros(24_000, np.float32)
    click[100] = 0.5
    changed = change_recording(click, Change(eq=(EqBand(1_000.0, gain_db),)), GRID)
    measured_db = 20 * np.log10(np.abs(np.fft.rfft(changed)) / 0.5)  # a bin a hertz
    assert measured_db[1_000] == pytest.approx(gain_db, abs=0.01)
    assert np.abs(measured_db[[10, 11_900]]).max() < 0.05
    assert np.abs(measured_db).max() <= abs(gain_db) + 0.01


def test_bands_add_up_and_nothing_is_clipped():
    loud = np.sin(2 * np.pi * 1_000 * np.arange(24_000) / 24_000).astype(np.float32)
    changed = change_recording(loud, Change(eq=(EqBand(1_000.0, 6.0), EqBand(1_000.0, 6.0))), GRID)
    assert np.abs(changed[12_000:]).max() == pytest.approx(10 ** (12 / 20), rel=1e-3)


def test_a_filter_is_as_broad_as_its_q():
    """The Cookbook's Q: half the gain in dB at the band edges, which lie centre / Q apart."""
    section = peaking_filter(EqBand(1_000.0, 6.0, q=2.0), 24_000)
    hz = np.linspace(500, 2_000, 30_001)
    gains_db = 20 * np.log10(np.abs(sosfreqz(section[None], hz, fs=24_000)[1]))
    edges = hz[gains_db >= 3.0][[0, -1]]
    assert edges[1] - edges[0] == pytest.approx(1_000 / 2.0, rel=0.05)


def test_formants_move_along_frequency_by_hand():
    row = np.exp(np.array([[0.0, 1.0, 2.0, 3.0, 4.0]]))
    np.testing.assert_allclose(np.log(move_formants(row, 2.0)), [[0.0, 0.5, 1.0, 1.5, 2.0]])
    np.testing.assert_allclose(np.log(move_formants(row, 0.5)), [[0.0, 2.0, 4.0, 4.0, 4.0]])


def test_a_draw_depends_on_file_and_copy_alone():
    first = draw_change("alto/hymn.wav", 1, BOUNDS)
    assert draw_change("alto/hymn.wav", 1, BOUNDS) == first
    assert draw_change("alto/hymn.wav", 2, BOUNDS) != first
    assert draw_change("alto/psalm.wav", 1, BOUNDS) != first


def test_a_draw_is_the_same_on_every_machine():
    """Golden: a cache that several machines fill must hold the same copies."""
    change = draw_change("alto/hymn.wav", 1, AugmentConfig(pitch_semitones=2.0, stretch_ratio=1.15))
    assert change.pitch_semitones == pytest.approx(-1.592617, abs=1e-6)
    assert change.stretch_ratio == pytest.approx(1.000102, abs=1e-6)


def test_draws_fill_their_bounds_and_lie_evenly_about_no_change():
    drawn = [draw_change("alto/hymn.wav", copy, BOUNDS) for copy in range(400)]
    for values, bound in (
        ([change.pitch_semitones for change in drawn], 3.0),
        ([np.log(change.formant_ratio) for change in drawn], np.log(1.06)),
        ([np.log(change.stretch_ratio) for change in drawn], np.log(1.2)),
        ([band.gain_db for change in drawn for band in change.eq], 6.0),
    ):
        assert 0.93 * bound < np.max(values) <= bound
        assert -bound <= np.min(values) < -0.93 * bound
        assert abs(np.mean(values)) < 0.1 * bound
    assert all(len(change.eq) == 3 for change in drawn)
    centres = np.array([[band.centre_hz for band in change.eq] for change in drawn])
    assert (np.diff(centres, axis=1) > 0).all()
    assert centres.min() >= 100
    assert centres.max() <= 9_000


def test_bounds_of_nothing_leave_a_recording_as_it_is():
    nothing = AugmentConfig(copies=1, pitch_semitones=0.0, formant_ratio=1.0, eq_db=0.0, stretch_ratio=1.0)
    sung = voice(contour(0.3, 220.0))
    assert change_recording(sung, draw_change("alto/hymn.wav", 1, nothing), GRID) is sung
