"""Labels at any rate brought to the mel frames of the one time grid."""

import numpy as np
import pytest

from svc_core.config import GridConfig
from svc_core.sound.align import (
    AlignmentError,
    Stream,
    align_stream,
    box_draw,
    box_ratio,
    linear_draw,
    strided_hop_s,
)
from tests.conftest import is_sentence

GRID = GridConfig()
WHISPER, HUBERT = (0.0, 0.02), (0.0125, 0.02)  # first centre, hop


def amphions_way(values: np.ndarray, source_hop: int, frames: int) -> np.ndarray:
    """Repeat and average, written out as the seed does it."""
    shared = np.gcd(source_hop, GRID.hop)
    repeats, averaged = source_hop // shared, GRID.hop // shared
    used = min(frames * averaged // repeats + 1, values.shape[1])
    repeated = np.repeat(values[:, :used], repeats, axis=1)
    whole = used * repeats // averaged * averaged
    means = repeated[:, :whole].reshape(len(values), -1, averaged).mean(axis=2)
    held = np.repeat(means[:, -1:], max(0, frames - means.shape[1]), axis=1)
    return np.concatenate([means, held], axis=1)[:, :frames]


def times_of(first_s: float, hop_s: float, labels: int) -> Stream:
    """A stream that says of every label when it is: linear interpolation must give back the frames' own times."""
    return Stream((first_s + hop_s * np.arange(labels))[None], first_s, hop_s)


def test_a_label_rate_of_fifty_is_fifteen_to_eight():
    assert box_ratio(0.02, GRID) == (15, 8)


@pytest.mark.parametrize(
    ("rate_hz", "ratio"), [(25, (15, 4)), (75, (5, 4)), (93.75, (1, 1)), (44_100 / 512, (160, 147))]
)
def test_other_rates_reduce_to_their_own_ratio(rate_hz, ratio):
    assert box_ratio(1 / rate_hz, GRID) == ratio


def test_a_codecs_hop_is_the_product_of_its_strides():
    assert strided_hop_s((2, 4, 5, 8), 24_000) == pytest.approx(320 / 24_000)


@pytest.mark.parametrize(("seconds", "frames"), [(1.0, 93), (4.0, 375), (10.0, 937), (29.9, 2803)])
@pytest.mark.parametrize("alignment", ["linear", "box"])
def test_a_clip_has_the_seeds_number_of_mel_frames(seconds, frames, alignment):
    labels = int(seconds * 50)
    assert GRID.frame_count(round(seconds * 24_000)) == frames
    aligned = align_stream(Stream(np.ones((3, labels)), *WHISPER), frames, GRID, alignment)
    assert aligned.shape == (3, frames)
    assert aligned.dtype == np.float32
    np.testing.assert_array_equal(aligned, 1.0)


def test_the_first_box_means_by_hand():
    """15 times label 0 and 15 times label 1, in eights: 8 of 0; 7 of 0 and 1 of 1; 8 of 1; 6 of 1 and 2 of 2."""
    aligned = box_draw(10, 0.02, 18, GRID).of(np.arange(10.0)[None])[0]
    np.testing.assert_allclose(aligned[:4], [0, 1 / 8, 1, (6 * 1 + 2 * 2) / 8])


@pytest.mark.parametrize("source_hop", [480, 960, 320, 256, 160])
@pytest.mark.parametrize("labels_off", [-2, -1, 0, 1, 2])
def test_the_box_is_amphions_repeat_and_average(source_hop, labels_off):
    frames = 141
    labels = round(frames * 256 / source_hop) + labels_off
    values = np.random.default_rng(labels).standard_normal((4, labels))
    aligned = box_draw(labels, source_hop / 24_000, frames, GRID).of(values)
    np.testing.assert_allclose(aligned, amphions_way(values, source_hop, frames), atol=1e-6)


@pytest.mark.parametrize("hop_s", [0.02, 0.04, 320 / 24_000, 512 / 44_100, 0.005])
@pytest.mark.parametrize("draw", ["linear", "box"])
def test_weights_of_a_frame_sum_to_one_and_name_labels_that_are_there(hop_s, draw):
    labels, frames = round(1.5 / hop_s), 140
    drawn = (
        box_draw(labels, hop_s, frames, GRID) if draw == "box" else linear_draw(hop_s * np.arange(labels), frames, GRID)
    )
    np.testing.assert_allclose(drawn.weights.sum(axis=1), 1.0)
    assert drawn.weights.min() >= 0
    assert 0 <= drawn.labels.min() <= drawn.labels.max() < labels


@pytest.mark.parametrize(("first_s", "hop_s"), [WHISPER, HUBERT, (1 / 150, 1 / 75), (0.02, 0.04)])
def test_interpolation_hears_every_stream_at_the_frames_own_time(first_s, hop_s):
    aligned = align_stream(times_of(first_s, hop_s, round(2 / hop_s)), 187, GRID)[0]
    frames_s = (256 * np.arange(187) + 128) / 24_000
    inner = (frames_s >= first_s) & (frames_s <= first_s + hop_s * (round(2 / hop_s) - 1))
    assert inner.mean() > 0.95
    np.testing.assert_allclose(aligned[inner], frames_s[inner], atol=1e-6)


def test_interpolation_by_hand():
    """The frame at 128 / 24 000 = 5.333 ms lies 0.26667 of the way from a label at 0 ms to one at 20 ms."""
    aligned = align_stream(Stream(np.array([[0.0, 3.0]]), *WHISPER), 4, GRID)[0]
    np.testing.assert_allclose(aligned, [0.8, 2.4, 3.0, 3.0], atol=1e-6)


def test_interpolation_holds_the_ends():
    aligned = align_stream(Stream(np.array([[5.0, 1.0, 7.0]]), *HUBERT), 6, GRID)[0]
    assert aligned[0] == 5.0  # 5.3 ms, before the first centre at 12.5 ms
    assert aligned[-1] == 7.0  # 58.7 ms, behind the last at 52.5 ms


def test_interpolation_takes_centres_at_any_distances():
    draw = linear_draw(np.array([0.0, 0.005, 0.026]), 3, GRID)
    np.testing.assert_allclose(draw.of(np.array([[0.0, 5.0, 26.0]]))[0], [16 / 3, 16, 26], atol=1e-5)


def test_a_single_label_is_held_throughout():
    draw = linear_draw(np.array([0.0125]), 3, GRID)
    np.testing.assert_array_equal(draw.of(np.array([[4.0]])), [[4.0, 4.0, 4.0]])


def test_the_box_hears_whisper_ten_milliseconds_early_and_contentvec_two_and_a_half_late():
    """What is sung at t is heard in the frame at t + 10 ms, or t - 2.5 ms: the two streams are 12.5 ms apart."""
    frames_s = (256 * np.arange(900) + 128) / 24_000
    for (first_s, hop_s), offset_ms in ((WHISPER, 10.0), (HUBERT, -2.5)):
        heard_s = align_stream(times_of(first_s, hop_s, 480), 900, GRID, "box")[0]
        assert 1000 * np.mean((frames_s - heard_s)[:880]) == pytest.approx(offset_ms, abs=0.05)


def test_an_event_is_moved_by_the_box_and_not_by_interpolation():
    values = np.exp(-0.5 * ((np.arange(200) * 0.02 - 2.0) / 0.03) ** 2)[None]  # Whisper hears something at 2.0 s
    frames_s = (256 * np.arange(375) + 128) / 24_000
    centre_s = {}
    for alignment in ("linear", "box"):
        aligned = align_stream(Stream(values, *WHISPER), 375, GRID, alignment)[0]
        centre_s[alignment] = float((aligned * frames_s).sum() / aligned.sum())
    assert centre_s["linear"] == pytest.approx(2.0, abs=2e-4)
    assert centre_s["box"] == pytest.approx(2.01, abs=1e-3)


@pytest.mark.parametrize("labels", [0, 50, 197, 204, 1500])
def test_labels_that_cannot_be_the_clips_are_refused_with_the_file_both_lengths_and_the_rate(labels):
    with pytest.raises(AlignmentError) as refusal:
        align_stream(Stream(np.zeros((2, labels)), *WHISPER), 375, GRID, name="alto/hymn.wav")
    message = str(refusal.value)
    assert is_sentence(message)
    for said in ("alto/hymn.wav", f"{labels} labels", f"{labels * 0.02:.3f} s", "375 mel frames", "4.000 s", "50 Hz"):
        assert said in message


@pytest.mark.parametrize("labels", [198, 200, 202])
def test_labels_within_the_encoders_tolerance_pass(labels):
    assert align_stream(Stream(np.zeros((2, labels)), *WHISPER), 375, GRID).shape == (2, 375)


def test_a_smaller_tolerance_is_kept_to():
    with pytest.raises(AlignmentError):
        align_stream(Stream(np.zeros((2, 198)), *WHISPER), 375, GRID, tolerance=1.0)


def test_an_unknown_alignment_is_refused():
    with pytest.raises(AlignmentError, match="choose linear or box"):
        align_stream(Stream(np.zeros((2, 200)), *WHISPER), 375, GRID, "nearest")


def test_labels_too_few_for_a_single_mean_are_refused():
    with pytest.raises(AlignmentError, match="not enough"):
        box_draw(1, 0.005, 1, GRID)  # 120 : 256 = 15 : 32, and 15 are fewer than 32
