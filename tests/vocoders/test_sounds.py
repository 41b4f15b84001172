"""Crops of sound: where their frames stand, at any speed, and what is measured once."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import soundfile
import torch

from svc_core.config import VocoderTrainConfig
from svc_core.sound.audio import AudioError
from svc_core.sound.features import extract_features
from svc_core.sound.loudness import a_weighted_loudness, normal_gain_db
from svc_core.vocoders import sounds
from svc_core.vocoders.sounds import Sound, SoundCrops, load_sound, measure_sound
from svc_core.vocoders.spectrum import frames_of, to_mel
from tests.conftest import is_sentence, voice
from tests.vocoders.conftest import GRID

TRAIN = VocoderTrainConfig(batch=4, crop_frames=16)


def glide(seconds: float = 3.0) -> Sound:
    """A sine that rises an octave a second from 100 Hz: its pitch tells the time."""
    time_s = np.arange(round(seconds * 24_000)) / 24_000
    samples = 0.3 * np.sin(2 * np.pi * 100 / np.log(2) * (2**time_s - 1))
    centres_s = (np.arange(len(samples) // 256) + 0.5) * 256 / 24_000
    return Sound(samples.astype(np.float32), (100 * 2**centres_s).astype(np.float32))


def brightest_hz(samples: torch.Tensor) -> np.ndarray:
    """Frequency of the strongest bin of every frame (frame,), by parabola between bins of the log magnitude."""
    magnitude = frames_of(samples[None], GRID).abs()[0].clamp(min=1e-9).log().numpy()
    best = magnitude.argmax(axis=0)
    low, middle, high = (magnitude[best + offset, np.arange(len(best))] for offset in (-1, 0, 1))
    return (best + 0.5 * (low - high) / (low - 2 * middle + high)) * 24_000 / 1024


@pytest.mark.parametrize("speed", [Fraction(1), Fraction(2), Fraction(3, 2), Fraction(2, 3)])
def test_the_f0_of_a_crop_is_the_pitch_of_its_frames(speed, monkeypatch):
    """Within a hop's worth of glide: a frame off would be 0.7 %, and a wrong speed far more."""
    monkeypatch.setattr(sounds, "SPEEDS", (speed,))
    batch = SoundCrops([glide()], GRID, TRAIN).draw(0)
    assert batch.samples.shape == (4, 16 * 256 + 768)
    assert batch.f0_hz.shape == batch.voiced.shape == (4, 16)
    for samples, f0_hz in zip(batch.samples, batch.f0_hz, strict=True):
        np.testing.assert_allclose(brightest_hz(samples), f0_hz, rtol=4e-3, atol=1.5)


def test_a_crop_as_it_is_has_the_mel_of_the_recording():
    sound = glide()
    batch = SoundCrops([sound], GRID, TRAIN, varied=False).draw(3)
    start = int(np.argmin(np.abs(sound.f0_hz - float(batch.f0_hz[0, 0]))))
    expected = sound.samples[start * 256 - 384 : (start + 16) * 256 + 384]
    np.testing.assert_array_equal(batch.samples[0], expected)
    assert to_mel(frames_of(batch.samples, GRID).abs() ** 2, GRID).shape == (4, 100, 16)


def test_a_batch_is_a_function_of_seed_and_step():
    crops = SoundCrops([glide()], GRID, TRAIN)
    assert torch.equal(crops.draw(5).samples, SoundCrops([glide()], GRID, TRAIN).draw(5).samples)
    assert not torch.equal(crops.draw(5).samples, crops.draw(6).samples)
    other = SoundCrops([glide()], GRID, replace(TRAIN, seed=1))
    assert not torch.equal(crops.draw(5).samples, other.draw(5).samples)


def test_processes_share_a_batch_and_draw_differently():
    first, second = (SoundCrops([glide()], GRID, TRAIN, rank, 2).draw(0) for rank in (0, 1))
    assert len(first.samples) == len(second.samples) == 2
    assert not torch.equal(first.samples, second.samples)
    with pytest.raises(ValueError, match="shared evenly") as caught:
        SoundCrops([glide()], GRID, TRAIN, 0, 3)
    assert is_sentence(str(caught.value))


def test_unvoiced_frames_are_marked_and_their_f0_is_bridged():
    sound = glide()
    silent = Sound(sound.samples, np.where(np.arange(len(sound.f0_hz)) % 2, sound.f0_hz, 0))
    batch = SoundCrops([silent], GRID, TRAIN, varied=False).draw(0)
    assert 0.4 < batch.voiced.mean() < 0.6
    assert (batch.f0_hz > 90).all()


def test_recordings_too_short_for_a_crop_are_left_out():
    long, short = glide(), Sound(np.ones(256 * 10, np.float32), np.full(10, 999.0, np.float32))
    assert SoundCrops([short, long], GRID, TRAIN).sounds == [long]
    with pytest.raises(ValueError, match="no recording") as caught:
        SoundCrops([short], GRID, TRAIN)
    assert is_sentence(str(caught.value))


def test_the_level_is_moved_within_its_bounds_and_only_where_varied(monkeypatch):
    monkeypatch.setattr(sounds, "SPEEDS", (Fraction(1),))
    gain_db = [
        20 * torch.log10(samples.std() / (0.3 / 2**0.5)).item()
        for step in range(10)
        for samples in SoundCrops([glide()], GRID, TRAIN).draw(step).samples
    ]
    assert min(gain_db) > -12.5 and max(gain_db) < 6.5
    assert np.ptp(gain_db) > 6


def test_a_recording_is_measured_as_the_model_measures_it(tmp_path, tiny_config):
    samples = 0.1 * voice(np.full(24_000, 220.0))
    soundfile.write(tmp_path / "a.wav", samples, 24_000, subtype="FLOAT")
    assert measure_sound(tmp_path / "a.wav", tmp_path / "cache" / "a.npz", GRID) is None
    sound = load_sound(tmp_path / "a.wav", tmp_path / "cache" / "a.npz", GRID)
    np.testing.assert_allclose(sound.f0_hz, extract_features(samples, tiny_config).f0_hz, atol=0.1)
    assert abs(normal_gain_db(a_weighted_loudness(sound.samples, GRID), GRID)) < 0.1
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["a.npz"]


def test_a_recording_that_cannot_be_used_is_told_and_leaves_nothing(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"no sound")
    assert is_sentence(measure_sound(tmp_path / "a.wav", tmp_path / "a.npz", GRID))
    assert not (tmp_path / "a.npz").exists()
    np.savez(tmp_path / "a.npz", gain_db=0.0, f0_hz=np.ones(3))
    with pytest.raises(AudioError):
        load_sound(tmp_path / "a.wav", tmp_path / "a.npz", GRID)
