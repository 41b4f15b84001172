"""What is sung, told apart from who sings it and how loud."""

import numpy as np
import pytest
from scipy.fft import idct

from svc_core.config import Config, ContentConfig, GridConfig
from svc_core.sound.content import (
    ENVELOPE_BANDS,
    OUTLIER,
    encode_content,
    envelope_cepstra,
    repitched_envelope,
    spectral_envelope,
)
from svc_core.sound.features import extract_features
from svc_core.sound.loudness import a_weighted_loudness
from svc_core.sound.pitch import track_f0
from tests.conftest import contour, voice
from tests.sound.test_mel import slaney_hz

GRID = GridConfig()
ALL = ContentConfig(cepstra=ENVELOPE_BANDS - 1)  # every cepstrum but the level: the envelope can be had back
MELODY_HZ = contour(1.2, 200.0, 300.0)


def content_of(samples: np.ndarray, warps: tuple[float, ...] = (1.0,), pitches: tuple[float, ...] = ()) -> np.ndarray:
    f0_hz, loudness_db = track_f0(samples, GRID), a_weighted_loudness(samples, GRID)
    return encode_content(samples, f0_hz, loudness_db, GRID, ContentConfig(), warps, pitches)


@pytest.fixture(scope="module")
def content() -> np.ndarray:
    return content_of(voice(MELODY_HZ), (0.84, 1.0, 1.19))


def band_hz() -> np.ndarray:
    """Centres of the 48 bands, 60 Hz to 12 kHz, evenly spaced on Slaney's scale."""
    return slaney_hz(np.linspace(60 / (200 / 3), 15 + 27 * np.log(12) / np.log(6.4), ENVELOPE_BANDS))


def envelope_with_peak(at_hz: float) -> np.ndarray:
    """Two frames of a power envelope with one smooth resonance, (frame, bin)."""
    bins_hz = np.arange(513) * 24_000 / 1024
    return np.tile(0.001 + np.exp(-0.5 * ((bins_hz - at_hz) / 300) ** 2), (2, 1))


def peak_hz(cepstra: np.ndarray) -> float:
    """Where the log envelope of these cepstra is highest: the summit of a parabola through three bands."""
    bands = idct(np.concatenate([[0.0], cepstra[:, 0]]), norm="ortho")
    top = bands.argmax()
    rise, bend = np.polyfit([-1, 0, 1], bands[top - 1 : top + 2], 2)[[1, 0]]
    return float(np.interp(top - rise / (2 * bend), range(ENVELOPE_BANDS), band_hz()))


def test_a_flat_envelope_has_no_shape():
    cepstra = envelope_cepstra(np.full((3, 513), 0.7), 1.0, GRID, ContentConfig())
    assert cepstra.shape == (20, 3)
    np.testing.assert_allclose(cepstra, 0.0, atol=1e-12)


def test_level_is_left_out():
    envelope = envelope_with_peak(2_000)
    np.testing.assert_allclose(
        envelope_cepstra(envelope, 1.0, GRID, ALL), envelope_cepstra(100 * envelope, 1.0, GRID, ALL), atol=1e-9
    )


def test_cepstra_are_the_cosine_transform_of_the_log_envelope_over_the_bands():
    """A straight line in Hz is interpolated exactly, so bands and transform can be written out by hand."""
    bins_hz = np.arange(513) * 24_000 / 1024
    cepstra = envelope_cepstra(np.exp(bins_hz / 1000)[None], 1.0, GRID, ContentConfig())
    place = (np.arange(48) + 0.5) / 48
    for order in (1, 2, 20):
        expected = np.sqrt(2 / 48) * np.sum(band_hz() / 1000 * np.cos(np.pi * order * place))
        assert cepstra[order - 1, 0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("warp", [0.84, 1.0, 1.19])
def test_a_warp_moves_a_resonance_up_by_its_factor(warp):
    moved_hz = peak_hz(envelope_cepstra(envelope_with_peak(3_000), warp, GRID, ALL))
    assert moved_hz == pytest.approx(3_000 * warp, rel=0.015)  # bands stand 7 % apart there


def test_a_warp_below_one_reads_no_further_than_the_highest_frequency():
    bins_hz = np.arange(513) * 24_000 / 1024
    cepstra = envelope_cepstra(np.exp(bins_hz / 1000)[None], 0.84, GRID, ALL)
    bands = idct(np.concatenate([[0.0], cepstra[:, 0]]), norm="ortho")
    expected = np.minimum(band_hz() / 0.84, 12_000) / 1000
    np.testing.assert_allclose(bands, expected - expected.mean(), atol=1e-6)


def test_the_envelope_of_a_voice_has_no_harmonics():
    """CheapTrick: between two harmonics the envelope is as high as on them."""
    samples = voice(contour(1.0, 300.0), vowel_s=100.0)
    envelope_db = 10 * np.log10(spectral_envelope(samples, np.full(93, 300.0), GRID)[40])
    on, between = np.arange(2, 6) * 300, np.arange(2, 6) * 300 + 150
    at = [np.interp(hz, np.arange(513) * 24_000 / 1024, envelope_db) for hz in (on, between)]
    neighbours = (at[0][:-1] + at[0][1:]) / 2
    assert np.abs(at[1][:-1] - neighbours).max() < 3.0


def test_a_bass_under_the_ffts_three_periods_has_no_harmonics_either():
    """At 60 Hz three periods are 50 ms, longer than the FFT: WORLD would take such a frame for unvoiced."""
    samples = voice(contour(0.6, 60.0), vowel_s=100.0)
    envelope_db = 10 * np.log10(spectral_envelope(samples, np.full(56, 60.0), GRID)[20:36])
    fine_hz = np.arange(513) * 24_000 / 1024
    between = [np.interp(np.arange(8, 30) * 60 + part * 60, fine_hz, envelope_db.mean(axis=0)) for part in (0, 0.5)]
    assert np.abs((between[0][:-1] + between[0][1:]) / 2 - between[1][:-1]).max() < 2.0


def test_a_note_below_leaves_the_notes_above_as_they_are():
    samples = voice(contour(0.4, 100.0))
    high = np.full(37, 100.0)
    mixed = np.where(np.arange(37) < 10, 65.0, high)
    plain, beside = spectral_envelope(samples, high, GRID), spectral_envelope(samples, mixed, GRID)
    np.testing.assert_allclose(beside[10:], plain[10:], rtol=1e-5)  # WORLD adds a noise of -240 dB to each frame


def test_repitching_reads_the_envelope_at_the_harmonics_of_the_other_pitch():
    """A peak at 1500 Hz stands on the fifth harmonic of 300 Hz, and between the third and fourth of 400 Hz."""
    envelope = envelope_with_peak(1_500)
    bins_hz = np.arange(513) * 24_000 / 1024
    repitched = repitched_envelope(envelope, np.full(2, 300.0), 12 * np.log2(4 / 3), GRID)[0]

    def level(row: np.ndarray, hz: float) -> float:
        return float(np.interp(hz, bins_hz, np.log(row)))

    for harmonic_hz in (1_200, 1_600):
        assert level(repitched, harmonic_hz) == pytest.approx(level(envelope[0], harmonic_hz), abs=0.05)
    quarter = (3 * level(envelope[0], 1_200) + level(envelope[0], 1_600)) / 4
    assert level(repitched, 1_300) == pytest.approx(quarter, abs=0.05)
    assert level(repitched, 100) == pytest.approx(level(envelope[0], 400), abs=0.02)  # under the first it is held
    assert level(repitched, 1_500) < level(envelope[0], 1_500) - 0.1


def test_repitching_leaves_unvoiced_frames_and_a_straight_slope_alone():
    slope = np.tile(np.exp(-np.arange(513) / 100), (3, 1))
    repitched = repitched_envelope(slope, np.array([0.0, 200.0, 0.0]), 5.0, GRID)
    np.testing.assert_array_equal(repitched[[0, 2]], slope[[0, 2]])
    np.testing.assert_allclose(repitched[1, 12:500], slope[1, 12:500], rtol=1e-6)


def test_an_envelope_without_any_voice_stays_as_it_is():
    envelope = envelope_with_peak(1_000)
    np.testing.assert_array_equal(repitched_envelope(envelope, np.zeros(2), 4.0, GRID), envelope)


def test_repitched_content_is_closer_to_that_of_the_higher_voice():
    """The same vowels sung eight semitones higher: what training hears is more like it than the plain content is."""
    melody_hz = contour(0.8, 330.0, vibrato_cents=40)
    higher = content_of(voice(melody_hz * 2 ** (8 / 12)))[0]
    plain, repitched = content_of(voice(melody_hz), (1.0,), (8.0,))
    distance = [np.sqrt(np.mean((part - higher) ** 2)) for part in (plain, repitched)]
    assert distance[1] < 0.85 * distance[0]


def test_warps_come_first_and_then_a_variant_for_each_pitch():
    samples = voice(contour(0.5, 250.0))
    variants = content_of(samples, (0.9, 1.0), (-4.0, 0.0, 4.0))
    assert variants.shape == (5, 20, 46)
    np.testing.assert_array_equal(variants[:2], content_of(samples, (0.9, 1.0)))
    np.testing.assert_allclose(variants[2:].mean(axis=2), 0.0, atol=1e-2)
    lower, _, higher = (np.abs(variant - variants[1]).mean() for variant in variants[2:])
    assert 0 < lower < higher  # more harmonics show more of the envelope


def test_one_encoding_for_each_warp(content):
    assert content.shape == (3, 20, len(MELODY_HZ) // 256)
    assert content.dtype == np.float32


def test_every_coefficient_has_zero_mean_and_unit_spread(content):
    """The whole of this clip sounds, so mean and spread run over all its frames."""
    np.testing.assert_allclose(content.mean(axis=2), 0.0, atol=1e-5)
    np.testing.assert_allclose(content.std(axis=2), 1.0, atol=5e-3)


def test_silence_has_no_say_in_mean_and_spread(content):
    sung = voice(MELODY_HZ)
    inner = slice(4, len(sung) // 256 - 4)
    longer = np.concatenate([sung, np.zeros(256 * 50, np.float32)])
    with_silence = content_of(longer)[0]
    assert np.abs(content[1][:, inner] - with_silence[:, inner]).mean() < 0.06
    assert np.abs(with_silence).max() <= OUTLIER


def test_gain_changes_nothing():
    config, sung = Config(), voice(MELODY_HZ)
    whole, quiet = extract_features(sung, config), extract_features(sung * np.float32(0.1), config)
    np.testing.assert_allclose(quiet.content, whole.content, atol=1e-3)


def test_another_throat_is_heard(content):
    """Resonances a fifth higher are not taken for the same sounds: hence the warps in training."""
    higher = content_of(voice(MELODY_HZ, tract=1.19))[0]
    assert np.abs(higher - content[1]).mean() > 0.4


def test_warping_brings_two_throats_together(content):
    """The plain voice warped by 1.19 is closer to the throat that is 1.19 shorter than unwarped."""
    higher = content_of(voice(MELODY_HZ, tract=1.19))[0]
    warped, plain = (np.corrcoef(higher.ravel(), part.ravel())[0, 1] for part in (content[2], content[1]))
    assert warped > plain + 0.2


def test_other_vowels_are_other_content(content):
    order = voice(MELODY_HZ, vowel_s=0.4)
    assert np.corrcoef(content_of(order)[0].ravel(), content[1].ravel())[0, 1] < 0.5


def test_another_melody_is_nearly_the_same_content(content):
    """What is sung stays when the tune changes: closer than with other vowels by far."""
    lower = content_of(voice(MELODY_HZ * 0.75))[0]
    assert np.corrcoef(lower.ravel(), content[1].ravel())[0, 1] > 0.6


def test_a_constant_sound_stays_finite():
    buzz = np.sin(2 * np.pi * 200 * np.arange(12_000) / 24_000).astype(np.float32)
    encoded = content_of(buzz)
    assert np.isfinite(encoded).all()
    assert np.abs(encoded).max() <= OUTLIER
