"""Three defects of the seed systems, put in on purpose: the bug gallery shows what each does to a conversion.

All three are from Amphion's singing voice conversion (the public repository, commit d3de90f):

    clamp      its DDPM sampler clamps x_t to [-1, 1] after every step (diffusion_inference_pipeline.py).
               Unit noise so has a spread of 0.72 after the first and 0.57 after a hundred, which no
               network was trained on. Its mels lie between -1 and 1 by their extrema; ours have unit
               variance, so that here a third of the clean mel is cut off as well.
    early-f0   its F0 is some 27 ms early: the tracker's first frame starts about 32 ms in, and only the
               tail is padded. Here the model is told the F0 of two and a half frames later; the melody
               that is asked for, and that the result is measured by, stays the right one.
    sigma-max  its Karras grid begins at sigma = 80, where training drew under 1 % of its noise. Our
               models are told no level above the highest that training covered; with the defect they
               walk from 80 and are told 80. A model with a draft is hardly led astray by it, but a third
               of 40 steps is then spent where nothing is decided.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np

from svc_core.model.system import VoiceConverter
from svc_core.sound.pitch import fill_f0

CLAMP, EARLY_F0, SIGMA_MAX = DEFECTS = ("clamp", "early-f0", "sigma-max")
CLAMP_AT = 1.0  # of x_t at unit variance
EARLY_FRAMES = 2.5  # of 10.67 ms: 27 ms
SEED_SIGMA_MAX = 80.0
ON_A_KARRAS_GRID = ("euler", "heun", "consistency")


def misfit(model: VoiceConverter, sampler: str, defect: str) -> str:
    """Why this sampler of this model cannot have the defect, as a sentence; empty where it can."""
    if defect == CLAMP and sampler != "ddpm":
        return f"'{CLAMP}' is a defect of DDPM's sampler; choose 'ddpm'."
    if defect == SIGMA_MAX and sampler not in ON_A_KARRAS_GRID:
        return f"'{SIGMA_MAX}' is a defect of the Karras grid; choose {', '.join(ON_A_KARRAS_GRID)}."
    if defect == SIGMA_MAX and highest_sigma(model) >= SEED_SIGMA_MAX:
        return (
            f"'{SIGMA_MAX}' shows nothing: this model's training covered noise up to sigma = "
            f"{highest_sigma(model):.0f}; choose a model of EDM's noise."
        )
    return ""


def highest_sigma(model: VoiceConverter) -> float:
    """The noisiest level that training covered, in EDM's scale (see VoiceConverter.step_of)."""
    log_normal = model.config.train.noise == "log-normal"
    return model.config.edm.sigma_max if log_normal else float(model.schedule.sigma[-1])


def clamp_of(defect: str) -> float | None:
    """What x_t is clamped to, to either side; None: it is not."""
    return CLAMP_AT if defect == CLAMP else None


def early_f0(f0_hz: np.ndarray, frames: float = EARLY_FRAMES) -> np.ndarray:
    """F0 (frame,) in Hz, 0 where unvoiced -> the same, ``frames`` frames early; its end is held.

    Between two frames F0 is interpolated in its logarithm, over bridged gaps, and a frame is voiced where
    at least half of what lies between its two neighbours is.
    """
    there = np.arange(len(f0_hz))
    ahead = there + frames
    moved_hz = np.exp(np.interp(ahead, there, np.log(fill_f0(f0_hz))))
    voiced = np.interp(ahead, there, (f0_hz > 0).astype(float)) >= 0.5
    return np.where(voiced, moved_hz, 0.0).astype(f0_hz.dtype)


def from_sigma_max(model: VoiceConverter) -> VoiceConverter:
    """The same model, its weights shared, with the seed's sigma_max: it walks from there and is told so."""
    uncovered = copy.copy(model)
    uncovered.config = replace(model.config, edm=replace(model.config.edm, sigma_max=SEED_SIGMA_MAX))
    return uncovered
