"""Conversion itself: the key it chooses, that the same question has the same answer, and songs in windows."""

import numpy as np
import pytest
import torch

from svc_core.conversion.convert import (
    ConversionError,
    choose_key_shift,
    convert_batch,
    convert_features,
    convert_song,
    place_inputs,
)
from svc_core.conversion.sampling import Sampling, choose_sampling
from svc_core.model.checkpoint import load_model
from svc_core.model.conditions import condition_inputs, join_inputs, keep_all
from svc_core.model.system import VoiceConverter
from svc_core.sound.features import Features
from tests.conftest import is_sentence

ALTO, BASS = 0, 1  # of the tiny model: median F0 330 and 130 Hz
REACH = 8  # frames to one side that a prediction of the tiny model sees: conditions 2, draft 3, denoiser 3
REACH_A_STEP = 3  # more for each further step of a sampler: the denoiser's own


def sung_at(*f0_hz: float) -> Features:
    """Features of a clip with this contour; nothing else of it is looked at."""
    frames = len(f0_hz)
    nothing = np.zeros(frames, np.float32)
    return Features(np.zeros((100, frames), np.float32), np.array(f0_hz, np.float32), nothing, nothing[None, None], 0.0)


def frames_of(features: Features, part: slice) -> Features:
    return Features(
        features.mel[:, part],
        features.f0_hz[part],
        features.loudness_db[part],
        features.content[..., part],
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


def ddpm(seed: int) -> Sampling:
    return Sampling("ddpm", 20, seed)


@pytest.fixture(scope="module")
def converted(tiny_model_path, sung_features) -> torch.Tensor:
    return convert_features(sung_features, load_model(tiny_model_path), ALTO, 0, ddpm(5))


def test_a_mel_in_natural_logarithm_comes_out(converted, sung_features):
    assert converted.shape == sung_features.mel.shape
    assert torch.isfinite(converted).all()
    assert abs(converted.mean().item() - sung_features.mel.mean()) < 5


def test_the_same_seed_gives_the_same_result_bit_by_bit(converted, tiny_model, sung_features):
    assert torch.equal(convert_features(sung_features, tiny_model, ALTO, 0, ddpm(5)), converted)


@pytest.mark.parametrize("change", [{"singer": BASS}, {"key_shift": 7}, {"sampling": ddpm(6)}])
def test_singer_key_and_seed_all_matter(converted, tiny_model, sung_features, change):
    asked = {"singer": ALTO, "key_shift": 0, "sampling": ddpm(5)} | change
    other = convert_features(sung_features, tiny_model, **asked)
    assert (other - converted).abs().max() > 1e-2


def test_watching_changes_nothing_and_shows_every_step(converted, tiny_model, sung_features):
    steps = []
    watched = convert_features(sung_features, tiny_model, ALTO, 0, ddpm(5), lambda t, *_: steps.append(t))
    assert torch.equal(watched, converted)
    assert steps == list(range(19, -1, -1))


def test_a_clip_cut_short_is_converted_alike_up_to_there(converted, tiny_model, sung_features):
    """Same noise, same conditions; what lies behind the cut is seen from 8 + 19 x 3 frames before it at most."""
    part = convert_features(frames_of(sung_features, slice(0, 120)), tiny_model, ALTO, 0, ddpm(5))
    alike = 120 - REACH - 19 * REACH_A_STEP
    torch.testing.assert_close(part[:, :alike], converted[:, :alike], rtol=1e-3, atol=1e-3)
    assert not torch.allclose(part[:, -3:], converted[:, 117:120], atol=1e-3)


@torch.no_grad()
def test_a_decoder_with_nothing_to_refine_gives_the_draft(tiny_model, sung_features):
    """If the draft never missed (spread 0), the answer is the draft, brought back to natural logarithm."""
    tiny_model.residual_std.fill_(1e-7)
    draft = tiny_model.condition(condition_inputs(sung_features, BASS, 2), keep_all(1)).draft[0]
    expected = draft * tiny_model.mel_std + tiny_model.mel_mean
    torch.testing.assert_close(
        convert_features(sung_features, tiny_model, BASS, 2, ddpm(0)), expected, rtol=0, atol=1e-4
    )


# many clips at once


@pytest.mark.parametrize("sampler", ["ddpm", "euler"])
def test_a_clip_in_a_batch_is_converted_as_alone(tiny_model, sung_features, sampler):
    """Other lengths, other singers, other seeds, other places in the song: none of it is anybody else's business."""
    sampling = choose_sampling(tiny_model, sampler)
    parts = [slice(0, 40), slice(30, 120), slice(100, 107)]
    clips = [condition_inputs(frames_of(sung_features, part), number % 2, 1) for number, part in enumerate(parts)]
    firsts, seeds = [0, 5_000, 12], [3, 4, 3]
    together = convert_batch(clips, firsts, seeds, tiny_model, sampling)
    assert [mel.shape for mel in together] == [(100, 40), (100, 90), (100, 7)]
    for number, mel in enumerate(together):
        (alone,) = convert_batch(
            clips[number : number + 1], firsts[number : number + 1], seeds[number : number + 1], tiny_model, sampling
        )
        torch.testing.assert_close(mel, alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("change", [{"first": 1}, {"seed": 1}])
def test_seed_and_place_of_a_clip_matter(tiny_model, sung_features, change):
    clip, sampling = condition_inputs(frames_of(sung_features, slice(0, 30)), ALTO), Sampling("euler", 4)
    asked = {"first": 0, "seed": 0}
    mels = [
        convert_batch([clip], [of["first"]], [of["seed"]], tiny_model, sampling)[0] for of in (asked, asked | change)
    ]
    assert (mels[0] - mels[1]).abs().max() > 1e-2


def test_a_part_of_a_song_has_the_noise_of_its_place(tiny_model, sung_features):
    """Out of the part's ends' reach it is converted as in the whole; with the noise of another place it is not."""
    sampling = Sampling("euler", 2, seed=5)
    (whole,) = convert_batch([condition_inputs(sung_features, ALTO)], [700], [5], tiny_model, sampling)
    part = [condition_inputs(frames_of(sung_features, slice(40, 120)), ALTO)]
    reach = REACH + REACH_A_STEP
    inside, there = slice(reach, 80 - reach), slice(40 + reach, 120 - reach)
    (mel,) = convert_batch(part, [740], [5], tiny_model, sampling)
    torch.testing.assert_close(mel[:, inside], whole[:, there], rtol=1e-4, atol=1e-4)
    (mel,) = convert_batch(part, [0], [5], tiny_model, sampling)
    assert (mel[:, inside] - whole[:, there]).abs().mean() > 1e-2


def test_padding_and_masks_are_placed_with_the_rest(tiny_model, sung_features):
    """On "meta", which has shapes alone: what stays behind would be on the CPU."""
    clips = [condition_inputs(frames_of(sung_features, slice(0, frames)), ALTO) for frames in (3, 5)]
    placed = vars(place_inputs(join_inputs(clips), torch.device("meta")))
    assert {name: part.device.type for name, part in placed.items()} == dict.fromkeys(placed, "meta")
    assert place_inputs(clips[0], torch.device("cpu")).mask is None


# memory that does not suffice


def forget(model: VoiceConverter, monkeypatch: pytest.MonkeyPatch, error: Exception, rows: int = 1) -> None:
    """From now on the model's denoiser has no memory for that many clips of a batch."""
    denoise = model.denoise

    def starve(noisy, *others):
        if len(noisy) >= rows:
            raise error
        return denoise(noisy, *others)

    monkeypatch.setattr(model, "denoise", starve)


OUT_OF_MEMORY = (
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 90 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] . DefaultCPUAllocator: can't allocate memory: you tried"),
)


@pytest.mark.parametrize("error", OUT_OF_MEMORY)
def test_out_of_memory_half_as_many_clips_are_proposed(tiny_model, sung_features, monkeypatch, error):
    forget(tiny_model, monkeypatch, error, rows=3)
    clip = condition_inputs(frames_of(sung_features, slice(0, 9)), ALTO)
    with pytest.raises(ConversionError) as caught:
        convert_batch([clip] * 5, [0] * 5, [0] * 5, tiny_model, Sampling("euler", 2))
    assert str(caught.value) == "out of memory with 5 clips of up to 9 frames; try --batch 2."
    assert len(convert_batch([clip] * 2, [0] * 2, [0] * 2, tiny_model, Sampling("euler", 2))) == 2


def test_out_of_memory_with_one_clip_a_shorter_window_is_proposed(tiny_model, sung_features, monkeypatch):
    forget(tiny_model, monkeypatch, OUT_OF_MEMORY[0])
    with pytest.raises(ConversionError) as caught:
        convert_song(sung_features, tiny_model, ALTO, 0, Sampling("euler", 2))
    assert is_sentence(str(caught.value))
    assert str(caught.value).endswith("try --batch 1 and a shorter --window.")


def test_another_error_is_not_taken_for_it(tiny_model, sung_features, monkeypatch):
    forget(tiny_model, monkeypatch, RuntimeError("sizes do not match"))
    with pytest.raises(RuntimeError, match="sizes do not match"):
        convert_song(sung_features, tiny_model, ALTO, 0, Sampling("euler", 2))


# songs in windows


@pytest.fixture(scope="module")
def song(sung_features) -> Features:
    """Four times the clip: 6 s."""
    return Features(
        np.tile(sung_features.mel, 4),
        np.tile(sung_features.f0_hz, 4),
        np.tile(sung_features.loudness_db, 4),
        np.tile(sung_features.content, 4),
        sung_features.gain_db,
    )


def test_in_windows_a_song_is_converted_as_in_one_piece_but_for_the_reach_of_the_seams(tiny_model, song):
    """Windows of 1 s, 94 frames, with 23 shared: 0-94, 71-165, ... A frame is the whole song's where each window
    that it is in goes on for at least as far as two steps see."""
    sampling = Sampling("euler", 2, seed=5)
    whole = convert_features(song, tiny_model, BASS, 3, sampling).numpy()
    joined = convert_song(song, tiny_model, BASS, 3, sampling, window_s=1.0)
    assert joined.shape == whole.shape == (100, 560)
    starts = [*range(0, 560 - 94, 71), 560 - 94]
    undisturbed = np.ones(560, bool)
    for start in starts:
        if start > 0:
            undisturbed[start : start + REACH + REACH_A_STEP] = False
        if start + 94 < 560:
            undisturbed[start + 94 - REACH - REACH_A_STEP : start + 94] = False
    assert undisturbed.sum() > 350
    error = np.abs(joined - whole).max(axis=0)
    assert error[undisturbed].max() < 1e-4
    assert error[~undisturbed].max() > 1e-3  # there is a seam, or nothing was tested
    assert error.mean() < 0.05 * np.abs(whole - whole.mean()).mean()


@pytest.mark.parametrize("batch", [2, 3, 100])
def test_windows_may_be_converted_together(tiny_model, song, batch):
    sampling = Sampling("euler", 2, seed=5)
    one_by_one = convert_song(song, tiny_model, BASS, 0, sampling, window_s=1.0)
    together = convert_song(song, tiny_model, BASS, 0, sampling, window_s=1.0, batch=batch)
    np.testing.assert_allclose(together, one_by_one, rtol=1e-4, atol=1e-4)


def test_a_clip_no_longer_than_a_window_is_one_piece(tiny_model, sung_features):
    sampling = Sampling("euler", 4, seed=5)
    whole = convert_features(sung_features, tiny_model, ALTO, 0, sampling).numpy()
    assert np.array_equal(convert_song(sung_features, tiny_model, ALTO, 0, sampling, window_s=2.0), whole)


@pytest.mark.parametrize("batch", [1, 3])
def test_progress_is_told_in_frames_that_are_done(tiny_model, song, batch):
    told = []
    convert_song(song, tiny_model, ALTO, 0, Sampling("euler", 1), window_s=1.0, batch=batch, told=told.append)
    assert sum(told) == song.frames
    assert len(told) == -(-8 // batch)
    assert min(told) > 0
