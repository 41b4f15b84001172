"""Windows of a long song: where they are cut, and that joining them leaves no trace of it."""

from itertools import pairwise

import numpy as np
import pytest

from svc_core.conversion.windows import cut_windows, join_windows

CUTS = [(10, 4, 1), (11, 4, 1), (12, 4, 1), (13, 4, 2), (19, 10, 2), (100, 10, 0), (101, 10, 9), (999, 64, 16)]


def parts_of(song: np.ndarray, windows: list[slice]) -> list[np.ndarray]:
    return [song[:, window] for window in windows]


def in_frames(windows: list[slice]) -> list[tuple[int, int]]:
    return [(window.start, window.stop) for window in windows]


# where they are cut


def test_windows_of_four_frames_overlap_by_one():
    assert in_frames(cut_windows(10, 4, 1)) == [(0, 4), (3, 7), (6, 10)]


def test_the_last_window_is_as_long_as_the_others_and_overlaps_by_more():
    assert in_frames(cut_windows(11, 4, 1)) == [(0, 4), (3, 7), (6, 10), (7, 11)]


@pytest.mark.parametrize("frames", [1, 3, 4])
def test_a_clip_no_longer_than_a_window_is_one(frames):
    assert in_frames(cut_windows(frames, 4, 1)) == [(0, frames)]


def test_windows_may_stand_side_by_side():
    assert in_frames(cut_windows(8, 4, 0)) == [(0, 4), (4, 8)]


@pytest.mark.parametrize("cut", CUTS)
def test_every_frame_is_in_a_window_and_no_overlap_is_shorter_than_asked(cut):
    frames, length, overlap = cut
    windows = cut_windows(*cut)
    assert windows[0].start == 0
    assert windows[-1].stop == frames
    assert {window.stop - window.start for window in windows} == {length}
    shared = [before.stop - after.start for before, after in pairwise(windows)]
    assert all(part == overlap for part in shared[:-1])
    assert overlap <= shared[-1] < length


@pytest.mark.parametrize(("window", "overlap"), [(4, 4), (4, 5), (4, -1), (0, 0)])
def test_an_impossible_overlap_is_refused(window, overlap):
    with pytest.raises(ValueError, match=f"windows of {window} frames cannot overlap by {overlap}"):
        cut_windows(10, window, overlap)


# how they are joined


def test_a_cross_fade_is_a_straight_line():
    """Two windows of four frames, zeros and ones, that share two: a quarter of the way in, then three quarters."""
    joined = join_windows([np.zeros((1, 4)), np.ones((1, 4))], [slice(0, 4), slice(2, 6)])
    assert joined.tolist() == [[0.0, 0.0, 0.25, 0.75, 1.0, 1.0]]


def test_where_three_windows_meet_each_has_its_share():
    """0-4, 3-7 and 4-8: frame 4 is at the end of the second's fade in, which is whole, and of the third's, a sixth."""
    windows = [slice(0, 4), slice(3, 7), slice(4, 8)]
    ones = [np.full((1, 4), float(index == 2)) for index in range(3)]
    fading = np.array([1, 3, 5]) / 6
    expected = [0, 0, 0, 0, *(fading / (fading + fading[::-1])), 1]
    np.testing.assert_allclose(join_windows(ones, windows)[0], expected, atol=1e-6)


@pytest.mark.parametrize("cut", CUTS)
def test_weights_sum_to_one_so_a_song_that_all_windows_agree_on_comes_back_exactly(cut):
    song = np.random.default_rng(0).normal(-5, 3, (7, cut[0])).astype(np.float32)
    windows = cut_windows(*cut)
    np.testing.assert_allclose(join_windows(parts_of(song, windows), windows), song, rtol=0, atol=2e-6)


@pytest.mark.parametrize("cut", CUTS)
def test_a_constant_stays_constant(cut):
    windows = cut_windows(*cut)
    joined = join_windows([np.full((3, window.stop - window.start), -4.5) for window in windows], windows)
    assert joined.shape == (3, cut[0])
    assert joined.dtype == np.float32
    np.testing.assert_allclose(joined, -4.5, rtol=1e-6)


def test_windows_that_differ_never_make_a_jump():
    """No step is higher than one frame's share of the fade between the two windows that lie furthest apart."""
    windows = cut_windows(211, 50, 20)
    levels = np.random.default_rng(1).uniform(-1, 1, len(windows))
    joined = join_windows([np.full((1, 50), level) for level in levels], windows)
    assert np.abs(np.diff(joined[0])).max() <= 2 / 20 + 1e-6
    alone = [slice(0, 30), slice(50, 60)]  # frames of one window only
    assert [set(joined[0, part].tolist()) for part in alone] == [{np.float32(levels[0])}, {np.float32(levels[1])}]


def test_three_windows_over_one_frame_are_mixed_smoothly():
    """An overlap of more than half a window: every frame inside is in two or three of them."""
    windows = cut_windows(60, 20, 14)
    held = np.zeros(60)
    for window in windows:
        held[window] += 1
    assert held.max() >= 3
    levels = np.resize([0.0, 1.0], len(windows))
    joined = join_windows([np.full((1, 20), level) for level in levels], windows)[0]
    assert (joined >= 0).all()
    assert (joined <= 1).all()
    assert np.abs(np.diff(joined)).max() < 0.15
