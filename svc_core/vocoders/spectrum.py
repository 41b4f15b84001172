"""Complex spectra on the time grid, and magnitudes that fit a mel.

Frame i of a spectrum is centred on sample 256 i + 128, as every feature is. torch.istft can only
centre frame i on 256 i, so the overlap-add is written out here, with Vocos' "same" padding:
n frames give exactly 256 n samples. Axis order (batch, bin, frame); samples (batch, sample).
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from svc_core.config import GridConfig
from svc_core.sound.mel import mel_filters
from svc_core.vocoders.vocoder import LOUDEST_LN

MOMENTUM = 0.99  # of the fast form; the value that its authors found best


def frames_of(padded: Tensor, grid: GridConfig) -> Tensor:
    """Spectrum of samples that reach ``grid.edge_pad`` beyond their first and last frame's hop.

    (batch, hop * frame + 2 * edge_pad) -> complex (batch, bin, frame).
    """
    window = torch.hann_window(grid.n_fft, device=padded.device)
    return torch.stft(padded, grid.n_fft, grid.hop, window=window, center=False, return_complex=True)


def to_spectrum(samples: Tensor, grid: GridConfig) -> Tensor:
    """(batch, hop * frame) -> complex (batch, bin, frame); the ends are reflected as in sound.mel.

    A clip under two hops is too short to reflect: zeros stand beyond its ends.
    """
    mode = "reflect" if samples.shape[-1] > grid.edge_pad else "constant"
    return frames_of(functional.pad(samples, (grid.edge_pad, grid.edge_pad), mode=mode), grid)


def to_samples(spectrum: Tensor, grid: GridConfig) -> Tensor:
    """Inverse of :func:`to_spectrum` by windowed overlap-add: (batch, bin, frame) -> (batch, hop * frame)."""
    window = torch.hann_window(grid.n_fft, device=spectrum.device)
    pieces = torch.fft.irfft(spectrum, grid.n_fft, dim=1) * window[:, None]
    energy = (window**2)[None, :, None].expand(1, -1, spectrum.shape[-1])
    return _overlap_add(pieces, grid) / _overlap_add(energy, grid)


def _overlap_add(pieces: Tensor, grid: GridConfig) -> Tensor:
    """(batch, n_fft, frame) -> (batch, hop * frame): what lies before the first and after the last hop is cut."""
    size = grid.hop * (pieces.shape[-1] - 1) + grid.n_fft
    added = functional.fold(pieces, (1, size), (1, grid.n_fft), stride=(1, grid.hop))
    return added[:, 0, 0, grid.edge_pad : size - grid.edge_pad]


@lru_cache(maxsize=4)
def _filters(grid: GridConfig, device: torch.device) -> Tensor:
    with torch.inference_mode(False):  # kept for all callers: some train, some do not
        return torch.from_numpy(mel_filters(grid)).to(device)


def to_mel(power: Tensor, grid: GridConfig) -> Tensor:
    """Natural-log mel, as sound.mel measures it, of |spectrum|^2: (batch, bin, frame) -> (batch, mel, frame)."""
    magnitude = torch.sqrt(power + 1e-9)
    return torch.log((_filters(grid, power.device) @ magnitude).clamp(min=grid.log_floor))


def spread_mel(mel: Tensor, grid: GridConfig) -> Tensor:
    """Log magnitude of each bin, as far as its mel bands tell: (batch, mel, frame) -> (batch, bin, frame).

    A bin takes the average of the bands that cover it, weighted by how much they do.
    """
    filters = _filters(grid, mel.device)
    loudness = mel.clamp(max=LOUDEST_LN) - torch.log(filters.sum(dim=1))[:, None]
    covered = filters.sum(dim=0)
    nearest = torch.where(covered > 0, torch.arange(len(covered), device=mel.device), 1)  # 0 Hz lies in no band
    shares = (filters / covered.clamp(min=1e-12)).T
    return (shares @ loudness)[:, nearest.clamp(max=len(covered) - 2)]


def fit_to_mel(magnitude: Tensor, mel: Tensor, grid: GridConfig, updates: int) -> Tensor:
    """Scale magnitudes (batch, bin, frame) until their mel is ``mel``: multiplicative updates (Lee & Seung 2001).

    What the mel leaves open, the fine structure inside a band, stays as it was.
    """
    filters = _filters(grid, mel.device)
    wanted = mel.clamp(math.log(grid.log_floor), LOUDEST_LN).exp()
    covered = filters.sum(dim=0)[:, None] + 1e-8
    for _ in range(updates):
        magnitude = magnitude * ((filters.T @ (wanted / (filters @ magnitude + 1e-8))) / covered)
    return magnitude


def refine_phase(start: Tensor, magnitude: Tensor, grid: GridConfig, iterations: int) -> Tensor:
    """Samples whose spectrum has ``magnitude``, from the phases of ``start``: fast Griffin-Lim (Perraudin et al. 2013).

    start complex, magnitude, both (batch, bin, frame) -> (batch, hop * frame).
    """
    spectrum = magnitude * direction(start)
    before = None
    for _ in range(iterations):
        found = to_spectrum(to_samples(spectrum, grid), grid)
        ahead = found if before is None else found + MOMENTUM * (found - before)
        before = found
        spectrum = magnitude * direction(ahead)
    return to_samples(spectrum, grid)


def direction(spectrum: Tensor) -> Tensor:
    """Numbers of the same phase on the unit circle; 0 stays 0."""
    return spectrum / spectrum.abs().clamp(min=1e-12)
