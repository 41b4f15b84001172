"""What the model is told: the melody's comb, and each condition taken away on its own."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from svc_core.config import Config, GridConfig
from svc_core.model.conditions import (
    CONDITION_NAMES,
    ConditionInputs,
    Conditions,
    condition_inputs,
    harmonic_combs,
    join_inputs,
    keep_all,
)
from svc_core.sound.features import Features
from svc_core.sound.mel import band_centres_hz, log_mel
from tests.conftest import RATE_HZ, contour
from tests.model.clips import LENGTHS, ragged_batch, random_clip, random_clips, small_config

GRID = GridConfig()


@pytest.fixture(scope="module")
def conditions(tiny_config: Config) -> Conditions:
    torch.manual_seed(0)
    return Conditions(tiny_config, singers=2).eval()


def inputs_of(f0_hz, voiced=1.0, frames: int = 12, singer: int = 0) -> ConditionInputs:
    generator = torch.Generator().manual_seed(1)
    return ConditionInputs(
        content=torch.randn(1, 20, frames, generator=generator),
        f0_hz=torch.full((1, frames), float(f0_hz)),
        voiced=torch.full((1, frames), voiced),
        loudness_db=torch.full((1, frames), -25.0),
        singer=torch.tensor([singer]),
    )


def comb_of(conditions: Conditions, f0_hz: float, voiced: float = 1.0) -> np.ndarray:
    told = conditions.melody_features(torch.tensor([[f0_hz]]), torch.tensor([[voiced]]))
    return told[0, :, 0].numpy()


@pytest.mark.parametrize("f0_hz", [220.0, 440.0, 880.0])
def test_the_comb_has_a_summit_at_every_harmonic_that_bands_can_tell_apart(conditions, f0_hz):
    comb = comb_of(conditions, f0_hz)[:100]
    centres_hz = band_centres_hz(GRID)
    harmonics_hz = [k * f0_hz for k in range(1, 9) if k * f0_hz < 4_000]
    for harmonic_hz in harmonics_hz:
        band = int(np.abs(centres_hz - harmonic_hz).argmin())
        summit = band - 1 + int(comb[band - 1 : band + 2].argmax())
        assert comb[summit] >= comb[summit - 1]
        assert comb[summit] >= comb[summit + 1]
        valley = int(np.abs(centres_hz - (harmonic_hz + f0_hz / 2)).argmin())
        assert comb[summit] > comb[valley]


def test_the_comb_resembles_the_mel_of_a_buzz(conditions):
    """Equal harmonics, made as sound and measured: the arithmetic and the measurement agree."""
    hz = 330.0
    time_s = np.arange(12_000) / RATE_HZ
    buzz = sum(np.cos(2 * np.pi * k * hz * time_s) for k in range(1, int(12_000 / hz)))
    mel = log_mel(buzz.astype(np.float32), GRID)[:, 20]
    assert np.corrcoef(mel, comb_of(conditions, hz)[:100])[0, 1] > 0.9


def test_combs_stand_every_ten_cents_from_the_lowest_to_the_highest_pitch():
    """1100 / 50 Hz are 5351 cents: 536 rows from the lowest, and one to interpolate towards."""
    combs = harmonic_combs(GRID)
    assert combs.shape == (537, 100)
    assert combs.dtype == np.float32
    np.testing.assert_allclose(combs.mean(axis=1), 0.0, atol=1e-5)
    assert combs.std() == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("low_hz", [1e-9, 2_000.0])
def test_a_range_of_f0_that_is_none_has_no_combs(low_hz):
    with pytest.raises(ValueError, match="octaves"):
        harmonic_combs(replace(GRID, f0_low_hz=low_hz))


def test_between_two_rows_the_comb_is_interpolated(conditions):
    combs = harmonic_combs(GRID)
    f0_hz = 50 * 2 ** (1_002.5 / 1_200)  # a quarter of the way from row 100 to row 101
    np.testing.assert_allclose(comb_of(conditions, f0_hz)[:100], 0.75 * combs[100] + 0.25 * combs[101], atol=1e-3)


def test_pitch_is_told_in_octaves_around_two_hundred_hertz(conditions):
    assert comb_of(conditions, 200.0)[100] == pytest.approx(0.0, abs=1e-6)
    assert comb_of(conditions, 400.0)[100] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(("beyond_hz", "limit_hz"), [(20.0, 50.0), (4_000.0, 1_100.0)])
def test_pitch_beyond_the_range_is_told_as_its_limit(conditions, beyond_hz, limit_hz):
    np.testing.assert_allclose(comb_of(conditions, beyond_hz), comb_of(conditions, limit_hz), atol=1e-6)


def test_an_unvoiced_frame_has_no_comb(conditions):
    told = comb_of(conditions, 440.0, voiced=0.0)
    assert (told[:100] == 0).all()
    assert told[101] == 0.0
    assert comb_of(conditions, 440.0)[101] == 1.0


def test_there_is_one_vector_a_frame(conditions):
    assert conditions(inputs_of(220.0), keep_all(1)).shape == (1, 16, 12)


def test_all_sixteen_coalitions_differ(conditions):
    torch.nn.init.normal_(conditions.absent)
    inputs = inputs_of(220.0)
    coalitions = [torch.tensor([keep]) for keep in itertools.product([True, False], repeat=4)]
    with torch.no_grad():
        vectors = [conditions(inputs, keep) for keep in coalitions]
    for first, second in itertools.combinations(vectors, 2):
        assert (first - second).abs().max() > 1e-2


@pytest.mark.parametrize("index", range(4))
def test_what_is_not_told_does_not_matter(conditions, index):
    """With a condition taken away, no other value of it changes anything."""
    first = inputs_of(220.0)
    other = ConditionInputs(
        first.content + 1, first.f0_hz * 1.5, 1 - first.voiced, first.loudness_db + 9, 1 - first.singer
    )
    fields = [("content",), ("f0_hz", "voiced"), ("loudness_db",), ("singer",)][index]
    changed = ConditionInputs(
        **{name: getattr(other if name in fields else first, name) for name in ConditionInputs.__dataclass_fields__}
    )
    without = keep_all(1)
    without[0, index] = False
    with torch.no_grad():
        assert torch.equal(conditions(first, without), conditions(changed, without))
        assert not torch.equal(conditions(first, keep_all(1)), conditions(changed, keep_all(1)))


def test_each_of_a_batch_keeps_its_own_conditions(conditions):
    low, high = inputs_of(220.0), inputs_of(330.0, singer=1)
    keep = torch.tensor([[True, False, True, True], [False, True, True, False]])
    with torch.no_grad():
        together = conditions(join_inputs([low, high]), keep)
        torch.testing.assert_close(together[:1], conditions(low, keep[:1]))
        torch.testing.assert_close(together[1:], conditions(high, keep[1:]))


def test_each_clip_of_a_padded_batch_keeps_its_own_vectors(conditions):
    clips = random_clips()
    keep = torch.tensor([[True, True, True, True], [False, True, False, True], [True, False, True, False]])
    with torch.no_grad():
        together = conditions(ragged_batch(clips), keep)
        for row, clip in enumerate(clips):
            alone = conditions(clip, keep[row : row + 1])
            torch.testing.assert_close(together[row : row + 1, :, : LENGTHS[row]], alone, rtol=0, atol=1e-5)
        unmasked = conditions(replace(ragged_batch(clips), mask=None), keep)
    assert (unmasked - together)[0, :, : LENGTHS[0]].abs().max() > 1e-2  # what the mask is for


@pytest.fixture
def encoding() -> Conditions:
    """Conditions whose content goes through an encoder of our own."""
    torch.manual_seed(0)
    config = small_config(content_encoder=True)
    return Conditions(replace(config, code=replace(config.code, width=8, layers=1, code=5)), singers=2)


def test_an_encoder_of_our_own_is_frozen_and_never_drops_anything(encoding):
    encoding.train()
    inputs = random_clip(20)
    first, again = (encoding(inputs, keep_all(1)) for _ in range(2))
    assert torch.equal(first, again)
    first.sum().backward()
    assert all(weight.grad is None for weight in encoding.encoder.parameters())
    assert encoding.content[0].weight.grad.shape == (4, 5, 1)  # 5 numbers of code where 20 cepstra were


@torch.no_grad()
def test_an_encoder_of_our_own_hears_no_padding(encoding):
    clips = random_clips()
    together = encoding(ragged_batch(clips), keep_all(3))
    for row, clip in enumerate(clips):
        alone = encoding(clip, keep_all(1))
        torch.testing.assert_close(together[row : row + 1, :, : LENGTHS[row]], alone, rtol=0, atol=1e-5)


def test_clips_of_one_length_need_no_mask():
    joined = join_inputs([inputs_of(220.0), inputs_of(330.0, singer=1)])
    assert joined.mask is None
    assert joined.content.shape == (2, 20, 12)
    assert joined.f0_hz[:, 0].tolist() == [220.0, 330.0]
    assert joined.singer.tolist() == [0, 1]


def test_shorter_clips_are_padded_at_their_ends():
    joined = join_inputs([inputs_of(220.0, frames=2), inputs_of(330.0, frames=5)])
    assert joined.mask.tolist() == [[True, True, False, False, False], [True] * 5]
    assert joined.f0_hz[0].tolist() == [220.0, 220.0, 200.0, 200.0, 200.0]  # a pitch that the model knows
    assert joined.voiced[0].tolist() == [1.0, 1.0, 0.0, 0.0, 0.0]
    assert joined.loudness_db[0].tolist() == [-25.0, -25.0, 0.0, 0.0, 0.0]
    assert (joined.content[0, :, 2:] == 0).all()
    assert torch.equal(joined.content[1:], inputs_of(330.0, frames=5).content)


def test_names_are_in_the_order_of_the_columns_of_keep():
    assert CONDITION_NAMES == ("content", "melody", "loudness", "singer")
    assert keep_all(3).shape == (3, 4)
    assert keep_all(3).all()


def hand_made_features() -> Features:
    return Features(
        mel=np.zeros((100, 4), np.float32),
        f0_hz=np.array([0, 100, 0, 400], np.float32),
        loudness_db=np.array([-40, -20, -30, -25], np.float32),
        content=np.stack([np.full((20, 4), w, np.float32) for w in (0, 1, 2)]),
        gain_db=0.0,
    )


def test_inputs_of_a_clip_are_a_batch_of_one():
    inputs = condition_inputs(hand_made_features(), singer=1)
    assert inputs.content.shape == (1, 20, 4)
    assert inputs.voiced.tolist() == [[0.0, 1.0, 0.0, 1.0]]
    assert inputs.loudness_db.tolist() == [[-40.0, -20.0, -30.0, -25.0]]
    assert inputs.singer.tolist() == [1]
    np.testing.assert_allclose(inputs.f0_hz[0], [100, 100, 200, 400])


def test_a_key_shift_moves_the_melody_alone():
    plain, shifted = condition_inputs(hand_made_features(), 0), condition_inputs(hand_made_features(), 0, key_shift=-12)
    torch.testing.assert_close(shifted.f0_hz, plain.f0_hz / 2)
    assert torch.equal(shifted.content, plain.content)
    assert torch.equal(shifted.voiced, plain.voiced)


def test_a_semitone_is_a_twelfth_of_an_octave():
    shifted = condition_inputs(hand_made_features(), 0, key_shift=1)
    assert shifted.f0_hz[0, 1].item() == pytest.approx(105.946, abs=1e-3)


def test_a_glide_is_told_without_steps(conditions):
    """Interpolated rows: a pitch one cent higher never changes the comb by a leap."""
    f0_hz = torch.from_numpy(contour(0.05, 200.0, 220.0).astype(np.float32))[None]
    combs = conditions.melody_features(f0_hz, torch.ones_like(f0_hz))[0, :100]
    assert (combs[:, 1:] - combs[:, :-1]).abs().max() < 0.1
