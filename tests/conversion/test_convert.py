"""Conversion itself: the key it chooses, and that the same question has the same answer."""

import numpy as np
import pytest
import torch

from svc_core.conversion.convert import ConversionError, choose_key_shift, convert_features
from svc_core.model.checkpoint import load_model
from svc_core.model.conditions import condition_inputs, keep_all
from svc_core.sound.features import Features
from tests.conftest import is_sentence

ALTO, BASS = 0, 1  # of the tiny model: median F0 330 and 130 Hz


def sung_at(*f0_hz: float) -> Features:
    """Features of a clip with this contour; nothing else of it is looked at."""
    frames = len(f0_hz)
    nothing = np.zeros(frames, np.float32)
    return Features(np.zeros((100, frames), np.float32), np.array(f0_hz, np.float32), nothing, nothing[None, None], 0.0)


def first_frames(features: Features, frames: int) -> Features:
    return Features(
        features.mel[:, :frames],
        features.f0_hz[:frames],
        features.loudness_db[:frames],
        features.content[..., :frames],
        features.gain_db,
    )


# the key


@pytest.mark.parametrize(
    ("median_hz", "singer", "semitones"),
    [(165.0, ALTO, 12), (330.0, ALTO, 0), (260.0, BASS, -12), (130.0, BASS, 0), (294.0, ALTO, 2), (180.0, BASS, -6)],
)
def test_the_key_takes_one_median_to_the_other_in_whole_semitones(tiny_model, median_hz, singer, semitones):
    features = sung_at(0, median_hz * 0.9, median_hz, median_hz, median_hz * 1.1, 0, 0)
    assert choose_key_shift(features, tiny_model, singer, None) == semitones


def test_unvoiced_frames_have_no_say(tiny_model):
    assert choose_key_shift(sung_at(*[0] * 50, 165, 165), tiny_model, ALTO, None) == 12


def test_a_key_that_is_asked_for_is_taken(tiny_model):
    assert choose_key_shift(sung_at(220), tiny_model, ALTO, -3) == -3
    assert choose_key_shift(sung_at(220), tiny_model, ALTO, 0) == 0


def test_the_ends_of_the_range_are_inside(tiny_model):
    assert choose_key_shift(sung_at(550, 550), tiny_model, ALTO, 12) == 12
    assert choose_key_shift(sung_at(100, 100), tiny_model, ALTO, -12) == -12


@pytest.mark.parametrize(
    ("f0_hz", "asked", "range_hz"),
    [((551, 551), 12, "1102-1102"), ((99, 99), -12, "50-50"), ((100,) * 9 + (1_000,) * 9, 2, "112-1122")],
)
def test_a_melody_that_would_leave_the_range_is_refused(tiny_model, f0_hz, asked, range_hz):
    with pytest.raises(ConversionError) as caught:
        choose_key_shift(sung_at(*f0_hz), tiny_model, ALTO, asked)
    message = str(caught.value)
    assert is_sentence(message)
    assert f"{asked:+d} semitones takes the melody to {range_hz} Hz, outside 50-1100 Hz" in message


def test_a_trackers_few_octave_errors_are_no_part_of_the_melody(tiny_model):
    assert choose_key_shift(sung_at(*[300] * 96, 1_050, 1_050, 60, 60), tiny_model, ALTO, 12) == 12


@pytest.mark.parametrize("asked", [100_000, -100_000])
def test_no_key_is_too_absurd_for_a_sentence(tiny_model, asked):
    with pytest.raises(ConversionError) as caught:
        choose_key_shift(sung_at(220), tiny_model, ALTO, asked)
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize("asked", [None, 3])
def test_nothing_sung_is_refused(tiny_model, asked):
    with pytest.raises(ConversionError, match="no voiced frame") as caught:
        choose_key_shift(sung_at(0, 0, 0), tiny_model, ALTO, asked)
    assert is_sentence(str(caught.value))


# the sound


@pytest.fixture(scope="module")
def converted(tiny_model_path, sung_features) -> torch.Tensor:
    return convert_features(sung_features, load_model(tiny_model_path), ALTO, 0, seed=5)


def test_a_mel_in_natural_logarithm_comes_out(converted, sung_features):
    assert converted.shape == sung_features.mel.shape
    assert torch.isfinite(converted).all()
    assert abs(converted.mean().item() - sung_features.mel.mean()) < 5


def test_the_same_seed_gives_the_same_result_bit_by_bit(converted, tiny_model, sung_features):
    assert torch.equal(convert_features(sung_features, tiny_model, ALTO, 0, seed=5), converted)


@pytest.mark.parametrize("change", [{"singer": BASS}, {"key_shift": 7}, {"seed": 6}])
def test_singer_key_and_seed_all_matter(converted, tiny_model, sung_features, change):
    asked = {"singer": ALTO, "key_shift": 0, "seed": 5} | change
    other = convert_features(sung_features, tiny_model, **asked)
    assert (other - converted).abs().max() > 1e-2


def test_watching_changes_nothing_and_shows_every_step(converted, tiny_model, sung_features):
    steps = []
    watched = convert_features(sung_features, tiny_model, ALTO, 0, 5, lambda t, state, predicted: steps.append(t))
    assert torch.equal(watched, converted)
    assert steps == list(range(19, -1, -1))


def test_a_clip_cut_short_is_converted_alike_up_to_there(converted, tiny_model, sung_features):
    """Same noise, same conditions; the network sees 8 frames ahead at each of 20 steps' predictions.

    The end is heard further and further from step to step, 3 frames each, so the first frames stay.
    """
    part = convert_features(first_frames(sung_features, 120), tiny_model, ALTO, 0, seed=5)
    torch.testing.assert_close(part[:, :50], converted[:, :50], rtol=1e-3, atol=1e-3)
    assert not torch.allclose(part[:, -3:], converted[:, 117:120], atol=1e-3)


@torch.no_grad()
def test_a_decoder_with_nothing_to_refine_gives_the_draft(tiny_model, sung_features):
    """If the draft never missed (spread 0), the answer is the draft, brought back to natural logarithm."""
    tiny_model.residual_std.fill_(1e-7)
    draft = tiny_model.condition(condition_inputs(sung_features, BASS, 2), keep_all(1)).draft[0]
    expected = draft * tiny_model.mel_std + tiny_model.mel_mean
    torch.testing.assert_close(
        convert_features(sung_features, tiny_model, BASS, 2, seed=0), expected, rtol=0, atol=1e-4
    )
