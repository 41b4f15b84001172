"""Conversion itself: features of a clip, a target singer, a key shift -> the target's mel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from svc_core.config import GridConfig
from svc_core.conversion.key import ConversionError, key_shift_towards
from svc_core.conversion.sampling import Sampling, sample
from svc_core.conversion.windows import cut_windows, join_windows
from svc_core.diffusion.ddpm import StepCallback
from svc_core.diffusion.noise import seeded_noise
from svc_core.model.conditions import ConditionInputs, condition_inputs, join_inputs
from svc_core.model.memory import is_out_of_memory
from svc_core.model.system import VoiceConverter
from svc_core.sound.features import Features

WINDOW_S = 20.0  # a verse: longer than any phrase, so that seams fall into rests as often as not
OVERLAP_S = 1.0  # three times what the denoiser sees to one side


def choose_key_shift(features: Features, model: VoiceConverter, singer: int, asked: int | None) -> int:
    """Whole semitones to move the melody by: ``asked``, or from the singers' median F0 where it is None (see key.py).

    Raises ConversionError where that cannot be.
    """
    return key_shift_towards(float(model.singer_f0_hz[singer]), features.f0_hz, model.config.grid, asked)


def convert_features(
    features: Features,
    model: VoiceConverter,
    singer: int,
    key_shift: int,
    sampling: Sampling,
    callback: StepCallback | None = None,
) -> torch.Tensor:
    """Convert one clip in one piece; returns the mel in natural log, (mel, frame)."""
    return convert_batch(
        [condition_inputs(features, singer, key_shift)], [0], [sampling.seed], model, sampling, callback
    )[0]


def convert_batch(
    clips: Sequence[ConditionInputs],
    firsts: Sequence[int],
    seeds: Sequence[int],
    model: VoiceConverter,
    sampling: Sampling,
    callback: StepCallback | None = None,
    keep: torch.Tensor | None = None,
    others: Sequence[int] | None = None,
) -> list[torch.Tensor]:
    """Convert clips of any lengths together; returns their mels in natural log, each (mel, frame).

    Each has its own seed, and the frame of its song at which it begins: its noise, and so its result,
    is that of the clip alone. ``keep`` (batch, 4) takes conditions away; ``others`` are the singers from
    ``sampling.swap_at`` on. Raises ConversionError where memory does not suffice.
    """
    device = model.mel_mean.device
    frames = [clip.f0_hz.shape[-1] for clip in clips]
    inputs = place_inputs(join_inputs(clips), device)
    bands, longest = model.config.grid.n_mels, max(frames)
    then = None if others is None else torch.tensor(others, device=device)

    def noise(step: int) -> torch.Tensor:
        rows = [seeded_noise(seed, step, bands, longest, first) for seed, first in zip(seeds, firsts, strict=True)]
        return torch.from_numpy(np.stack(rows)).to(device)

    try:
        mels = model.denormalise(sample(model, inputs, noise, sampling, keep, callback, then)).cpu()
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise ConversionError(
            f"out of memory with {len(clips)} clips of up to {longest} frames; try --batch {max(1, len(clips) // 2)}"
            + ("." if len(clips) > 1 else " and a shorter --window.")
        ) from error
    return [mel[:, :length] for mel, length in zip(mels, frames, strict=True)]


def convert_song(
    features: Features,
    model: VoiceConverter,
    singer: int,
    key_shift: int,
    sampling: Sampling,
    window_s: float = WINDOW_S,
    batch: int = 1,
    told: Callable[[int], object] | None = None,
) -> np.ndarray:
    """Convert a clip of any length in overlapping windows; returns the mel in natural log, (mel, frame).

    ``told(frames)`` is called as frames are done, for a progress bar.
    """
    grid = model.config.grid
    windows = cut_windows(features.frames, _in_frames(window_s, grid), _in_frames(min(OVERLAP_S, window_s / 4), grid))
    whole = condition_inputs(features, singer, key_shift)
    parts: list[np.ndarray] = []
    for start in range(0, len(windows), batch):
        group = windows[start : start + batch]
        clips = [_part(whole, window) for window in group]
        firsts = [window.start for window in group]
        mels = convert_batch(clips, firsts, [sampling.seed] * len(group), model, sampling)
        parts += [mel.numpy() for mel in mels]
        if told is not None:
            told(group[-1].stop - (0 if start == 0 else windows[start - 1].stop))
    return join_windows(parts, windows)


def place_inputs(inputs: ConditionInputs, device: torch.device) -> ConditionInputs:
    """The same on ``device``."""
    moved = {name: part.to(device) for name, part in vars(inputs).items() if part is not None}
    return replace(inputs, **moved)


def _in_frames(seconds: float, grid: GridConfig) -> int:
    return max(1, round(1000 * seconds / grid.hop_ms))


def _part(inputs: ConditionInputs, window: slice) -> ConditionInputs:
    return replace(
        inputs,
        content=inputs.content[:, :, window],
        f0_hz=inputs.f0_hz[:, window],
        voiced=inputs.voiced[:, window],
        loudness_db=inputs.loudness_db[:, window],
    )
