"""Speech models that read the waveform itself, as content encoders: what HuBERT and ContentVec share.

Both begin with seven strided convolutions: label i hears samples 320 i to 320 i + 399 at 16 kHz, so its
centre is 20 i + 12.5 ms, and the last window that fits ends the labels: floor((n - 400) / 320) + 1 of
them for n samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import accumulate
from operator import mul

import numpy as np
import torch
from torch import Tensor, nn

from svc_core.config import GridConfig
from svc_core.sound.align import Stream
from svc_core.sound.pretrained import encode_windows, resample

RATE_HZ = 16_000


class SpeechEncoder:
    """A model that turns a waveform (1, samples) into states (1, label, width). See encoders.Encoder.

    ``normalised`` says whether it was trained on waveforms of zero mean and unit variance.
    """

    tolerance = 2.0  # the last windows do not fit: 1.25 labels at most

    def __init__(
        self,
        model: nn.Module,
        states: Callable[[Tensor], Tensor],
        width: int,
        convolutions: Sequence[tuple[int, int]],
        normalised: bool,
        grid: GridConfig,
        device: str,
    ) -> None:
        self.model, self.states = model.to(device).eval(), states
        self.width, self.normalised, self.grid = width, normalised, grid
        self.field, self.hop = receptive_field(convolutions)
        self.hop_s = self.hop / RATE_HZ

    def encode(self, samples: np.ndarray) -> Stream:
        """(samples,) at the grid's rate -> Stream of (width, label); a label for every whole window."""
        sound = resample(samples, self.grid.sample_rate_hz, RATE_HZ)
        sound = np.pad(sound, (0, max(0, self.field - len(sound))))
        if self.normalised:
            sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-5)
        labels = (len(sound) - self.field) // self.hop + 1

        def encode_part(heard: slice) -> np.ndarray:
            # the rest behind the last label belongs to it: normalisation over time counts it in
            end = len(sound) if heard.stop == labels else (heard.stop - 1) * self.hop + self.field
            return self._encode(sound[heard.start * self.hop : end])

        return Stream(encode_windows(labels, self.hop_s, encode_part), self.field / 2 / RATE_HZ, self.hop_s)

    @torch.inference_mode()
    def _encode(self, sound: np.ndarray) -> np.ndarray:
        device = next(self.model.parameters()).device
        return self.states(torch.from_numpy(sound).to(device)[None])[0].T.cpu().numpy()


def receptive_field(convolutions: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Samples that a label hears, and its hop in samples, of convolutions given as (kernel, stride)."""
    kernels, strides = zip(*convolutions, strict=True)
    reach = ((kernel - 1) * before for kernel, before in zip(kernels, accumulate((1, *strides[:-1]), mul), strict=True))
    return 1 + sum(reach), math.prod(strides)
