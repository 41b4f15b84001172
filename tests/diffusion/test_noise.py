"""Seeded noise: the same numbers everywhere, and numbers that are normal and independent."""

import numpy as np
import pytest
from scipy import stats

from svc_core.diffusion.noise import hash32, normal_table, seeded_noise


def lowbias32(value: int) -> int:
    """C. Wellons' finaliser in whole numbers of any size, cut to 32 bits by hand."""
    value ^= value >> 16
    value = value * 0x7FEB352D % 2**32
    value ^= value >> 15
    value = value * 0x846CA68B % 2**32
    return value ^ value >> 16


def noise_at(seed: int, step: int, band: int, frame: int) -> float:
    """One number of the noise, by the recipe of the module's docstring and SciPy's quantiles."""
    base = lowbias32((lowbias32(seed % 2**32) + step * 0x9E3779B9) % 2**32)
    index = lowbias32((base + (band * 2**16 + frame) * 0x9E3779B9) % 2**32) >> 16
    return stats.norm.ppf((index + 0.5) / 65_536)


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def test_hash_is_lowbias32():
    values = [0, 1, 2, 255, 65_536, 123_456_789, 2**31, 2**32 - 1]
    assert hash32(np.array(values, np.uint32)).tolist() == [lowbias32(value) for value in values]


def test_hashes_of_zero_and_one_are_known():
    """1 becomes 0x7feb352d, with its upper half folded in 0x7febcafb, times the second constant 0x6889f849; fold."""
    assert hash32(np.array([0, 1], np.uint32)).tolist() == [0, 0x688990C0]


def test_hash_leaves_its_argument_alone():
    values = np.arange(5, dtype=np.uint32)
    hash32(values)
    assert values.tolist() == [0, 1, 2, 3, 4]


def test_table_holds_the_middle_quantiles_of_the_normal_distribution():
    expected = stats.norm.ppf((np.arange(65_536) + 0.5) / 65_536)
    np.testing.assert_allclose(normal_table(), expected, atol=1e-6)


def test_table_is_symmetrical_rising_and_bounded():
    table = normal_table()
    np.testing.assert_array_equal(table, -table[::-1])
    assert (np.diff(table) > 0).all()
    assert table.max() == pytest.approx(4.3249, abs=1e-4)
    assert np.var(table.astype(np.float64)) == pytest.approx(0.99997, abs=1e-5)


@pytest.mark.parametrize("address", [(0, 0, 0, 0), (3, 999, 99, 467), (2**32 - 1, 1000, 7, 65_000), (-1, 5, 1, 1)])
def test_every_number_can_be_had_from_its_address(address):
    seed, step, band, frame = address
    assert seeded_noise(seed, step, 100, frame + 1)[band, frame] == pytest.approx(noise_at(*address), abs=1e-6)


def test_noise_is_band_by_frame_in_single_precision():
    noise = seeded_noise(0, 0, 100, 37)
    assert noise.shape == (100, 37)
    assert noise.dtype == np.float32


def test_noise_has_the_moments_of_the_normal_distribution():
    noise = seeded_noise(7, 500, 100, 2_000).astype(np.float64)
    count = noise.size
    assert abs(noise.mean()) < 4 / np.sqrt(count)
    assert noise.var() == pytest.approx(1.0, abs=4 * np.sqrt(2 / count))
    assert (noise**3).mean() == pytest.approx(0.0, abs=4 * np.sqrt(15 / count))
    assert (noise**4).mean() == pytest.approx(3.0, abs=4 * np.sqrt(96 / count))


def test_noise_passes_a_test_of_its_distribution():
    assert stats.kstest(seeded_noise(11, 3, 100, 500).ravel(), "norm").pvalue > 0.01


def test_neighbouring_steps_and_seeds_have_nothing_in_common():
    noise = seeded_noise(5, 300, 100, 400)
    others = [seeded_noise(5, 301, 100, 400), seeded_noise(5, 299, 100, 400), seeded_noise(6, 300, 100, 400)]
    limit = 4 / np.sqrt(noise.size)
    assert max(abs(correlation(noise, other)) for other in others) < limit


def test_neighbouring_frames_and_bands_have_nothing_in_common():
    noise = seeded_noise(5, 300, 100, 400)
    limit = 4 / np.sqrt(noise.size)
    for lag in (1, 2, 3, 8):
        assert abs(correlation(noise[:, lag:], noise[:, :-lag])) < limit
        assert abs(correlation(noise[lag:], noise[:-lag])) < limit
    assert abs(correlation(noise[1:, 1:], noise[:-1, :-1])) < limit


def test_noise_is_white_along_time():
    power = np.abs(np.fft.rfft(seeded_noise(1, 1, 100, 512), axis=1)[:, 1:-1]) ** 2 / 512
    assert power.mean(axis=0).min() > 0.5
    assert power.mean(axis=0).max() < 1.6


def test_a_longer_clip_has_the_same_beginning():
    np.testing.assert_array_equal(seeded_noise(9, 42, 100, 800)[:, :300], seeded_noise(9, 42, 100, 300))


@pytest.mark.parametrize(("first", "frames"), [(0, 800), (1, 799), (300, 500), (799, 1)])
def test_a_part_of_a_song_has_the_songs_noise(first, frames):
    song = seeded_noise(9, 42, 100, 800)
    np.testing.assert_array_equal(seeded_noise(9, 42, 100, frames, first), song[:, first:])


def test_noise_comes_again_after_65536_frames_and_not_before():
    """The frame's number takes 16 bits: one more would be the next band's number."""
    beginning = seeded_noise(9, 42, 100, 50)
    np.testing.assert_array_equal(seeded_noise(9, 42, 100, 50, first=65_536), beginning)
    np.testing.assert_array_equal(seeded_noise(9, 42, 100, 60, first=65_526)[:, 10:], beginning)
    assert seeded_noise(9, 42, 100, 1, first=65_535)[7, 0] == pytest.approx(noise_at(9, 42, 7, 65_535), abs=1e-6)


def test_fewer_bands_are_the_first_of_more():
    np.testing.assert_array_equal(seeded_noise(9, 42, 100, 50)[:10], seeded_noise(9, 42, 10, 50))


def test_noise_of_a_step_does_not_depend_on_what_was_drawn_before():
    first = seeded_noise(1, 10, 5, 5)
    seeded_noise(1, 11, 50, 50)
    np.testing.assert_array_equal(seeded_noise(1, 10, 5, 5), first)


def test_a_clip_of_too_many_frames_is_refused():
    assert seeded_noise(0, 0, 1, 65_535).shape == (1, 65_535)
    with pytest.raises(ValueError, match="65536 frames are too many"):
        seeded_noise(0, 0, 1, 65_536)
