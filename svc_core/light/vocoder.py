"""The vocoder without torch: its two networks run by onnxruntime, all around them in NumPy.

Stage by stage it is vocoders/network.py, from the same noise: the same mel gives the same sound to within 1e-3 of
full scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from svc_core.light.excitation import pulse_train, white_noise
from svc_core.light.files import FILTERS, PITCH, Description, open_graph
from svc_core.light.spectrum import direction, fit_to_mel, frames_of, refine_phase, spread_mel
from svc_core.sound.pitch import fill_f0
from svc_core.vocoders.vocoder import clip_mel

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


@dataclass(frozen=True)
class LightVocoder:
    """See vocoders.vocoder.Vocoder. Made by :func:`open_light_vocoder`.

    pitch    mel (1, mel, frame), natural log -> row, where F0 lies among the combs, and voiced, 0 or 1, (1, frame)
    filters  mel, f0_hz without gaps, voiced -> correction, depth and share_logit, each (1, bin, frame)
    """

    name: str
    description: Description
    pitch: InferenceSession
    filters: InferenceSession

    def hear_f0(self, mel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """F0 without gaps in Hz, in 64 bits, and voicing (0 or 1), both (frame,), of a mel (mel, frame)."""
        row, voiced = self.pitch.run(["row", "voiced"], {"mel": mel[None]})
        octaves = row[0] * (self.description.refinement.row_cents / 1200)
        f0_hz = self.description.config.grid.f0_low_hz * 2**octaves
        return fill_f0(f0_hz * voiced[0]), voiced[0]

    def synthesize(self, mel: np.ndarray) -> np.ndarray:
        """Natural-log mel (mel, frame) -> samples (hop * frame,) float32. Raises VocoderError on what is no mel."""
        grid, numbers = self.description.config.grid, self.description.refinement
        mel = clip_mel(mel, grid)
        f0_hz, voiced = self.hear_f0(mel)
        told = {"mel": mel[None], "f0_hz": f0_hz.astype(np.float32)[None], "voiced": voiced[None]}
        parts = self.filters.run(["correction", "depth", "share_logit"], told)
        correction, depth, share_logit = (part[0].T for part in parts)
        pulses = frames_of(pulse_train(f0_hz, voiced, grid, grid.edge_pad), grid)
        ripple = np.log(np.maximum(np.abs(pulses), np.float32(numbers.shallowest))) * voiced[:, None]
        bands = mel.T
        log_magnitude = spread_mel(bands, grid) + correction + depth * ripple
        samples = grid.hop * len(bands) + 2 * grid.edge_pad
        noise = frames_of(white_noise(samples, grid, numbers.noise_seed), grid)
        share = expit(share_logit)
        start = np.sqrt(share) * direction(pulses) + np.sqrt(1 - share) * noise
        magnitude = fit_to_mel(np.exp(log_magnitude), bands, grid, numbers.fit_updates)
        return refine_phase(start, magnitude, grid, numbers.iterations, numbers.momentum)


def open_light_vocoder(folder: str | Path, description: Description, threads: int) -> LightVocoder:
    """The vocoder of the export in ``folder``. Raises LightError."""
    return LightVocoder(
        f"istft-head {description.vocoder_hash}",  # as vocoders/istft.py calls it: the weights are the same
        description,
        open_graph(folder, PITCH, description, threads),
        open_graph(folder, FILTERS, description, threads),
    )
