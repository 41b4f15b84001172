"""Crops of clips as batches: cut at one place, drawn fairly, a function of (seed, step) alone."""

import numpy as np
import pytest
import torch

from svc_core.sound.features import Features
from svc_core.training.crops import Batch, Crops
from tests.conftest import is_sentence


def marked_clip(number: int, frames: int, f0_hz: float = 200.0) -> Features:
    """A clip whose every value says where it stands: 1000 times the clip's number, plus the frame."""
    place = 1000 * number + np.arange(frames, dtype=np.float32)
    f0 = np.full(frames, f0_hz, np.float32)
    f0[::2] = 0.0  # every other frame unvoiced
    content = np.stack([np.tile(place + 0.25 * warp, (20, 1)) for warp in range(2)])
    return Features(np.tile(place, (100, 1)), f0, place, content, 0.0)


def same(first: Batch, second: Batch) -> bool:
    tensors = [(first.mel, second.mel)]
    names = ("content", "f0_hz", "voiced", "loudness_db", "singer")
    tensors += [(getattr(first.inputs, name), getattr(second.inputs, name)) for name in names]
    return all(torch.equal(a, b) for a, b in tensors)


@pytest.fixture
def crops() -> Crops:
    return Crops([marked_clip(1, 50), marked_clip(2, 80)], [0, 1], frames=16, batch=8, balance=0.5, seed=7)


def test_a_batch_has_the_shapes_of_the_model(crops):
    batch = crops.draw(0)
    assert batch.mel.shape == (8, 100, 16)
    assert batch.inputs.content.shape == (8, 20, 16)
    for name in ("f0_hz", "voiced", "loudness_db"):
        assert getattr(batch.inputs, name).shape == (8, 16)
        assert getattr(batch.inputs, name).dtype == torch.float32
    assert batch.inputs.singer.shape == (8,)


def test_all_features_of_a_crop_come_from_one_place(crops):
    batch = crops.draw(3)
    for row in range(8):
        place = batch.mel[row, 0]
        assert torch.equal(place, place[0] + torch.arange(16))
        assert torch.equal(batch.inputs.loudness_db[row], place)
        assert torch.all((batch.inputs.content[row] - place).abs() <= 0.25)
        assert batch.inputs.singer[row] == place[0] // 1000 - 1
        assert torch.equal(batch.inputs.voiced[row], place % 2)
        np.testing.assert_allclose(batch.inputs.f0_hz[row], 200.0, rtol=1e-5)  # gaps are bridged


def test_every_start_and_every_warp_is_drawn():
    crops = Crops([marked_clip(0, 20)], [0], frames=16, batch=64, balance=0.0, seed=0)
    batch = crops.draw(0)
    assert set(batch.mel[:, 0, 0].tolist()) == {0.0, 1.0, 2.0, 3.0, 4.0}
    assert set((batch.inputs.content[:, 0, 0] - batch.mel[:, 0, 0]).tolist()) == {0.0, 0.25}


def test_a_batch_depends_on_the_step_alone_not_on_what_was_drawn_before(crops):
    forwards = [crops.draw(step) for step in range(4)]
    backwards = [crops.draw(step) for step in reversed(range(4))][::-1]
    assert all(same(first, second) for first, second in zip(forwards, backwards, strict=True))
    assert not same(forwards[0], forwards[1])


def test_another_seed_draws_other_batches(crops):
    other = Crops(crops.clips, [0, 1], frames=16, batch=8, balance=0.5, seed=8)
    assert not same(crops.draw(0), other.draw(0))


@pytest.mark.parametrize(
    ("balance", "share"),
    [(0.0, 0.75), (1.0, 0.5), (0.5, 3**0.5 / (3**0.5 + 1))],  # of the singer with 300 of 400 frames
)
def test_balance_goes_from_minutes_to_equal_shares(balance, share):
    clips = [marked_clip(1, 100), marked_clip(2, 200), marked_clip(3, 100)]
    crops = Crops(clips, [0, 0, 1], frames=16, batch=4_000, balance=balance, seed=0)
    np.testing.assert_allclose(crops.chances, [share / 3, share * 2 / 3, 1 - share])
    drawn = (crops.draw(0).inputs.singer == 0).float().mean().item()
    assert drawn == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 4_000))


def test_singers_without_clips_leave_a_gap_in_the_numbers():
    crops = Crops([marked_clip(1, 50)], [3], frames=16, batch=2, balance=0.5, seed=0)
    assert crops.draw(0).inputs.singer.tolist() == [3, 3]


def test_statistics_weigh_clips_as_they_are_drawn():
    clips = [marked_clip(0, 20), marked_clip(0, 20)]
    clips[0].mel[:] = 1.0
    clips[1].mel[:] = 4.0
    crops = Crops([clips[0], clips[1], clips[1]], [0, 1, 1], frames=16, batch=1, balance=1.0, seed=0)
    assert crops.mel_statistics() == (pytest.approx(2.5), pytest.approx(1.5))
    by_minutes = Crops([clips[0], clips[1], clips[1]], [0, 1, 1], frames=16, batch=1, balance=0.0, seed=0)
    assert by_minutes.mel_statistics() == (pytest.approx(3.0), pytest.approx(2**0.5))


def test_median_f0_is_of_one_singers_voiced_frames():
    clips = [marked_clip(1, 20, 100.0), marked_clip(2, 60, 150.0), marked_clip(3, 90, 400.0)]
    crops = Crops(clips, [0, 0, 1], frames=16, batch=1, balance=0.5, seed=0)
    assert crops.median_f0_hz(0) == 150.0
    assert crops.median_f0_hz(1) == 400.0


def test_median_f0_of_a_singer_without_clips_is_refused(crops):
    with pytest.raises(ValueError, match="no voiced frame"):
        crops.median_f0_hz(2)


def test_a_clip_shorter_than_a_crop_is_padded_and_masked():
    crops = Crops([marked_clip(1, 10), marked_clip(2, 40)], [0, 1], frames=16, batch=32, balance=1.0, seed=0)
    batch = crops.draw(0)
    assert batch.mel.shape == (32, 100, 16)
    assert set(batch.inputs.singer.tolist()) == {0, 1}
    for row, singer in enumerate(batch.inputs.singer.tolist()):
        frames = (10, 16)[singer]
        assert batch.inputs.mask[row].tolist() == [True] * frames + [False] * (16 - frames)
        place = batch.mel[row, 0, :frames]
        assert torch.equal(place, place[0] + torch.arange(frames))
        assert torch.equal(batch.inputs.loudness_db[row, :frames], place)
        assert (batch.mel[row, :, frames:] == 0).all()
        assert (batch.inputs.voiced[row, frames:] == 0).all()
    assert (batch.mel[batch.inputs.singer == 0, 0, 0] == 1000).all()  # a short clip is taken whole


def test_a_batch_of_whole_crops_has_no_mask(crops):
    assert crops.draw(0).inputs.mask is None


def test_a_batch_is_no_longer_than_its_longest_clip():
    batch = Crops([marked_clip(1, 10), marked_clip(2, 7)], [0, 1], 16, 16, balance=1.0, seed=0).draw(0)
    assert batch.mel.shape == (16, 100, 10)
    assert batch.inputs.content.shape == (16, 20, 10)
    assert batch.inputs.mask.sum(dim=1).unique().tolist() == [7, 10]
    assert Crops([marked_clip(1, 10)], [0], 16, 2, balance=1.0, seed=0).draw(0).inputs.mask is None


def test_a_clip_of_exactly_a_crops_length_is_taken_whole():
    batch = Crops([marked_clip(1, 16)], [0], frames=16, batch=4, balance=0.0, seed=0).draw(0)
    assert batch.mel[:, 0, 0].tolist() == [1000.0] * 4
    assert batch.inputs.mask is None


def test_no_clip_at_all_is_refused():
    with pytest.raises(ValueError, match="no clip to train on") as caught:
        Crops([], [], frames=16, batch=1, balance=0.5, seed=0)
    assert is_sentence(str(caught.value))


# several processes


def shares(processes: int, batch: int = 8) -> list[Crops]:
    clips = [marked_clip(1, 5_000), marked_clip(2, 5_000)]
    return [Crops(clips, [0, 1], 16, batch, 0.5, seed=7, rank=rank, processes=processes) for rank in range(processes)]


@pytest.mark.parametrize("processes", [1, 2, 4, 8])
def test_processes_share_a_batch_evenly(processes):
    assert [len(crops.draw(0).mel) for crops in shares(processes)] == [8 // processes] * processes


def test_processes_draw_different_crops():
    """Of ten thousand places 4 x 100 are drawn: hardly any twice, and never the same ones in the same order."""
    batches = [crops.draw(5) for crops in shares(4, batch=400)]
    places = [batch.mel[:, 0, 0].tolist() for batch in batches]
    for rank, own in enumerate(places):
        others = {place for other in places[:rank] + places[rank + 1 :] for place in other}
        assert len(set(own) & others) < 20
    assert not same(batches[0], batches[1])


def test_each_process_draws_the_same_share_again(crops):
    for first, again in zip(shares(2), shares(2), strict=True):
        assert same(first.draw(3), again.draw(3))


def test_all_processes_measure_the_same_statistics():
    statistics = {(crops.mel_statistics(), crops.median_f0_hz(0)) for crops in shares(4)}
    assert len(statistics) == 1


def test_a_batch_that_cannot_be_shared_evenly_is_refused():
    with pytest.raises(ValueError, match="batch of 8 cannot be shared evenly by 3 processes") as caught:
        shares(3)
    assert is_sentence(str(caught.value))


def test_a_clip_without_its_singer_is_refused():
    with pytest.raises(ValueError):
        Crops([marked_clip(1, 50)], [0, 1], frames=16, batch=1, balance=0.5, seed=0)
