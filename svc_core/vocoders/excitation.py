"""What a throat starts from: a train of pulses at F0, and noise.

The pulses are a sum of cosines of one height, all harmonics up to half the sample rate, in closed
form (Dirichlet's kernel): sum over k <= K of cos(k x) = (sin((K + 1/2) x) / sin(x / 2) - 1) / 2.
So the phases of all harmonics hang together from frame to frame, which is what neither Griffin-Lim
nor a small network finds by itself. They are counted in 64 bits: a rounding error would be carried on to
the end of a song, forty times as large for the fortieth harmonic. Shapes (batch, frame) and (batch, sample).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from svc_core.config import GridConfig


def to_sample_rate(values: Tensor, grid: GridConfig, beyond: int = 0) -> Tensor:
    """Values at frame centres (batch, frame) -> at every sample (batch, hop * frame + 2 * beyond), linearly between."""
    edge = beyond // grid.hop + 1
    held = functional.pad(values.unsqueeze(1), (edge, edge), mode="replicate")
    # align_corners=False stretches so that value i stands in the middle of its hop: the time grid's own centre
    dense = functional.interpolate(held, scale_factor=grid.hop, mode="linear", align_corners=False)[:, 0]
    cut = edge * grid.hop - beyond
    return dense[:, cut : dense.shape[-1] - cut]


def pulse_train(f0_hz: Tensor, voiced: Tensor, grid: GridConfig, beyond: int = 0) -> Tensor:
    """Pulses at F0 (batch, frame), no gaps, where ``voiced`` (batch, frame, 0..1): -> (batch, hop * frame + 2 beyond).

    Every harmonic has the same height: its peak in the spectrum is 1 (pulses grow with F0 no more than that).
    """
    dense_hz = to_sample_rate(f0_hz.double().log(), grid, beyond).exp()
    cycles = (dense_hz / grid.sample_rate_hz).cumsum(dim=-1)
    x = 2 * torch.pi * (cycles - cycles.round())
    limit = 0.5 * grid.sample_rate_hz / dense_hz
    harmonics = limit.floor()
    half = torch.sin(x / 2)
    at_pulse = half.abs() < 1e-5
    kernel = torch.where(
        at_pulse, 2 * harmonics + 1, torch.sin((harmonics + 0.5) * x) / torch.where(at_pulse, 1.0, half)
    )
    # the highest harmonic fades in and out where a glide moves it over half the sample rate
    pulses = (0.5 * (kernel - 1) + (limit - harmonics) * torch.cos((harmonics + 1) * x)).to(voiced.dtype)
    return pulses * to_sample_rate(voiced, grid, beyond) * (4 / grid.n_fft)  # a cosine's peak under Hann is n_fft / 4


def noise_like(samples: Tensor, grid: GridConfig, generator: torch.Generator | None = None) -> Tensor:
    """White noise of the same shape, whose mean power in every bin of the spectrum is 1."""
    noise = torch.randn(samples.shape, generator=generator).to(samples.device)  # drawn alike for every device
    return noise / (3 / 8 * grid.n_fft) ** 0.5  # the energy of a Hann window
