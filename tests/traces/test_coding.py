"""Pictures in few bytes: by hand, within their bound, and always the same."""

import hashlib

import numpy as np
import pytest

from svc_core.traces.coding import coding_order, decode_pictures, encode_pictures


def column(*levels: int) -> np.ndarray:
    """Pictures of one cell each, (picture, 1, 1)."""
    return np.array(levels, np.uint8).reshape(-1, 1, 1)


def test_the_order_is_last_first_and_then_the_middles_from_everywhere():
    assert list(coding_order(1)) == [(0, None, None)]
    assert list(coding_order(2)) == [(1, None, None), (0, None, None)]
    assert list(coding_order(6)) == [
        (5, None, None),
        (0, None, None),
        (2, 0, 5),
        (1, 0, 2),
        (3, 2, 5),
        (4, 3, 5),
    ]


@pytest.mark.parametrize("pictures", [*range(1, 20), 100, 1000])
def test_every_picture_is_coded_once_and_after_its_neighbours(pictures):
    known = set()
    for picture, low, high in coding_order(pictures):
        assert picture not in known
        if low is not None:
            assert {low, high} <= known
            assert low < picture < high
        known.add(picture)
    assert known == set(range(pictures))


def test_three_pictures_by_hand():
    """At places 0, 3 and 4, quantum 2. The last, [200 203 100], as differences along time: 200 3 -103.
    The first, [11 20 30], in units of two (halves to even): 6 10 15, so 6 4 5, known as 12 20 30.
    The middle one is guessed at 3/4 of the way: (12 + 600 + 2) // 4 = 153, (20 + 609 + 2) // 4 = 157, 83;
    of [150 157 90] it lacks -3 0 7, in twos (to even) -2 0 4, so it is known as 149 157 91.
    """
    levels = np.array([[[11, 20, 30]], [[150, 157, 90]], [[200, 203, 100]]], np.uint8)
    coded = encode_pictures(levels, [0, 3, 4], 2)
    assert coded.dtype == np.uint8
    assert coded.tolist() == [[[200, 3, 153]], [[6, 4, 5]], [[254, 0, 4]]]
    assert decode_pictures(coded, [0, 3, 4], 2).tolist() == [[[12, 20, 30]], [[149, 157, 91]], [[200, 203, 100]]]


@pytest.mark.parametrize("quantum", [1, 2, 3, 4, 5, 16])
@pytest.mark.parametrize("pictures", range(1, 10))
def test_no_value_is_further_off_than_half_a_quantum_and_the_last_picture_is_exact(pictures, quantum):
    rng = np.random.default_rng(100 * pictures + quantum)
    wandering = np.cumsum(rng.integers(-40, 41, (pictures, 6, 9)), axis=0) + 128
    kinds = [
        rng.integers(0, 256, (pictures, 6, 9)),
        np.clip(wandering, 0, 255),
        rng.choice([0, 1, 2, 253, 254, 255], (pictures, 6, 9)),  # where a correction would leave the scale
    ]
    places = np.sort(rng.choice(40, pictures, replace=False)).tolist()
    for levels in kinds:
        levels = levels.astype(np.uint8)
        decoded = decode_pictures(encode_pictures(levels, places, quantum), places, quantum)
        assert decoded.dtype == np.uint8
        assert np.abs(decoded.astype(int) - levels).max() <= quantum / 2
        np.testing.assert_array_equal(decoded[-1], levels[-1])


@pytest.mark.parametrize("quantum", [1, 2, 3, 5])
def test_every_way_from_one_level_to_another_is_within_the_bound(quantum):
    """The middle picture takes all 256 levels, whatever its neighbours let guess: all ways around the byte."""
    guessed, wanted = np.meshgrid(np.arange(256), np.arange(256))
    levels = np.stack([guessed, wanted, guessed]).astype(np.uint8)
    decoded = decode_pictures(encode_pictures(levels, [0, 1, 2], quantum), [0, 1, 2], quantum)
    assert np.abs(decoded.astype(int) - levels).max() <= quantum / 2


def test_single_levels_are_kept_without_loss():
    levels = np.random.default_rng(0).integers(0, 256, (30, 5, 8)).astype(np.uint8)
    places = list(range(0, 90, 3))
    np.testing.assert_array_equal(decode_pictures(encode_pictures(levels, places, 1), places, 1), levels)


def test_differences_along_time_wrap_around():
    """From 255 to 0 and back is one step of a byte."""
    levels = np.array([[[255, 0, 255, 1]]], np.uint8)
    coded = encode_pictures(levels, [0], 1)
    assert coded.tolist() == [[[255, 1, 255, 2]]]
    np.testing.assert_array_equal(decode_pictures(coded, [0], 1), levels)


def test_differences_from_a_guess_wrap_around_where_levels_are_single():
    """255 where 0 was guessed is one byte less, and comes back."""
    coded = encode_pictures(column(0, 255, 0), [0, 1, 2], 1)
    assert coded.ravel().tolist() == [0, 0, 255]
    assert decode_pictures(coded, [0, 1, 2], 1).ravel().tolist() == [0, 255, 0]


def test_errors_do_not_add_up():
    """A ramp that rounding would lag behind, if each picture were taken from the one before it as it was."""
    levels = np.arange(0, 250, 1, dtype=np.uint8).reshape(-1, 1, 1)
    places = list(range(250))
    decoded = decode_pictures(encode_pictures(levels, places, 3), places, 3).astype(int)
    assert np.abs(decoded - levels).max() <= 1


def test_pictures_on_a_line_cost_nothing():
    """However uneven their places."""
    places = [0, 1, 5, 20, 21]
    coded = encode_pictures(column(*(10 * np.array(places))), places, 1)
    assert coded.ravel().tolist() == [210, 0, 0, 0, 0]


def test_no_picture_is_changed_by_what_it_costs_to_know():
    levels = np.random.default_rng(0).integers(0, 256, (4, 3, 5)).astype(np.uint8)
    before = levels.copy()
    coded = encode_pictures(levels, [0, 1, 2, 3], 2)
    coded_before = coded.copy()
    coded.setflags(write=False)  # as unpack_array hands it out
    decode_pictures(coded, [0, 1, 2, 3], 2)
    np.testing.assert_array_equal(levels, before)
    np.testing.assert_array_equal(coded, coded_before)


def test_the_first_coded_picture_is_the_last_by_itself():
    """So the result of a conversion can be had without the rest."""
    levels = np.random.default_rng(1).integers(0, 256, (5, 3, 4)).astype(np.uint8)
    coded = encode_pictures(levels, [0, 2, 5, 6, 9], 3)
    np.testing.assert_array_equal(decode_pictures(coded[:1], [9], 3)[0], levels[-1])


def test_a_picture_without_cells_is_none():
    assert encode_pictures(np.zeros((2, 0, 3), np.uint8), [0, 1], 1).shape == (2, 0, 3)


def test_the_format_has_not_changed():
    """Traces that were written are read for ever: these bytes may only change with the number of the format."""
    band, frame, picture = np.mgrid[:3, :4, :4]
    levels = ((37 * band + 11 * frame + 90 * picture + 5 * band * frame * picture) % 256).astype(np.uint8)
    levels = levels.transpose(2, 0, 1)
    coded = encode_pictures(levels, [0, 2, 3, 7], 3)
    assert coded.tobytes().hex() == GOLDEN
    assert hashlib.sha256(decode_pictures(coded, [0, 2, 3, 7], 3).tobytes()).hexdigest()[:16] == GOLDEN_DECODED


GOLDEN = "0e0b0b0b331a1a1a58292929000403040c040403190304041d1c1d1d1d1d1d1e1c1d1e1e232323232324d0d023d0d1d4"
GOLDEN_DECODED = "6845f34d4d683f45"
