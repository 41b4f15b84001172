"""What the denoiser makes of each step inside: seven hidden features, as SingVisio shows them.

The step's embedding; and at the first, middle and last layer the noisy signal once the step's embedding
was added, and again once the condition was. Each is averaged over the clip's frames: one vector a step.
Forward hooks read them, so the network does not know that it is watched.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from svc_core.model.denoiser import BiDilConv, DilatedLayer

NAMES = ("step", "noise_first", "noise_middle", "noise_last", "condition_first", "condition_middle", "condition_last")


class HiddenWatch:
    """Use it as a context around a sampler; :meth:`take` after each evaluation. ``frames``: of each clip."""

    def __init__(self, denoiser: BiDilConv, frames: list[int]) -> None:
        last = len(denoiser.layers) - 1
        self._layers = dict(zip(("first", "middle", "last"), (0, last // 2, last), strict=True))
        self._denoiser, self._frames = denoiser, frames
        self._seen: dict[str, Tensor] = {}
        self._handles: list[torch.utils.hooks.RemovableHandle] = []
        longest = max(frames)
        self._weights = torch.zeros(len(frames), longest, 1)
        for row, length in zip(self._weights, frames, strict=True):
            row[:length] = 1 / length

    def __enter__(self) -> HiddenWatch:
        def see_step(module: nn.Module, given: tuple, embedded: Tensor) -> None:
            self._seen["step"] = embedded[: len(self._frames)]

        self._handles.append(self._denoiser.step.register_forward_hook(see_step))
        for name, index in self._layers.items():
            self._handles += self._watch(cast(DilatedLayer, self._denoiser.layers[index]), name)
        return self

    def _watch(self, layer: DilatedLayer, name: str) -> list[torch.utils.hooks.RemovableHandle]:
        def see_noise(module: nn.Module, given: tuple[Tensor]) -> None:
            self._seen[f"noise_{name}"] = self._mean(given[0])

        def see_dilated(module: nn.Module, given: tuple, dilated: Tensor) -> None:
            self._seen[f"condition_{name}"] = self._mean(dilated)

        def add_condition(module: nn.Module, given: tuple, left: object) -> None:
            self._seen[f"condition_{name}"] = self._seen[f"condition_{name}"] + self._mean(given[2])

        return [
            layer.dilated.register_forward_pre_hook(see_noise),
            layer.dilated.register_forward_hook(see_dilated),
            layer.register_forward_hook(add_condition),
        ]

    def _mean(self, values: Tensor) -> Tensor:
        """(row, channel, frame) -> (clip, channel), over each clip's own frames, without guidance's further rows."""
        if self._weights.device != values.device:
            self._weights = self._weights.to(values.device)
        return (values[: len(self._frames)].float() @ self._weights)[..., 0]

    def __exit__(self, *error: object) -> None:
        for handle in self._handles:
            handle.remove()

    def take(self) -> list[list[np.ndarray]]:
        """Of the last evaluation: for each clip the features in the order of NAMES, each (dimension,) float32."""
        found = [self._seen[name].cpu().numpy() for name in NAMES]
        return [[feature[min(clip, len(feature) - 1)] for feature in found] for clip in range(len(self._frames))]
