"""What the iSTFT-head vocoder minimises. No discriminator: a CPU has no time for one, and phases come from the source.

* pitch: cross entropy against the F0 of the recording, blurred by 20 cents (as CREPE, Kim et al. 2018,
  arXiv 1802.06182), and of voicing;
* magnitude: distance of log magnitudes in every bin, and of magnitudes (spectral convergence), as in
  the STFT loss of Parallel WaveGAN (Yamamoto et al. 2020, arXiv 1910.11480), at the one resolution of
  the grid; the mel's own distance, so that the bands' sums are right;
* what of each bin is harmonic: magnitudes do not tell, phases do. Where the recording is sung, the phases
  of its spectrum run along with those of the pulses; their coherence over a few neighbouring cells
  is the share that the pulses should have. (Where magnitudes alone decided it, noise drowned the
  pulses: low harmonics were half noise, where 95 % of the recording ran along.)

The mel that is heard is measured from the crop; on some crops noise is laid over it, as a sampler's
noisy states have it. Noise deeper than the harmonics' own ripple hides the pitch: such crops count as unvoiced.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from svc_core.config import GridConfig
from svc_core.training.trainer import Objective
from svc_core.vocoders.network import IstftNetwork
from svc_core.vocoders.sounds import SoundBatch
from svc_core.vocoders.spectrum import frames_of, to_mel

BLUR_ROWS = 2.0  # 20 cents: about how far two pitch trackers differ
NOISY_SHARE = 0.25  # of the crops
NOISE_LN = (0.05, 4.0)  # 0.4 dB to 35 dB, log-uniform
HIDING_LN = 1.0  # 8.7 dB, about the ripple between a low voice's harmonics
FLOOR = 1e-3  # of magnitudes: about -100 dB of a full-scale harmonic
PITCH_WEIGHT = 0.2  # its cross entropy over 536 rows would outweigh all else
CONVERGENCE_WEIGHT = 1.0
MEL_WEIGHT = 1.0
CELLS = (5, 3)  # bins and frames: one harmonic's main lobe, and its neighbours in time
CHANCE = 0.15  # coherence of white noise with pulses over so few cells: .06 (700 Hz) to .19 (90 Hz) were measured


class VocoderObjective(Objective):
    """forward(SoundBatch) -> loss, a scalar."""

    def __init__(self, network: IstftNetwork) -> None:
        super().__init__()
        self.network = network
        self.grid: GridConfig = network.grid

    def trained(self) -> list[nn.Module]:
        return [self.network]

    def forward(self, batch: SoundBatch) -> Tensor:
        # F0 and spectra need 32 bits, and the network is small: bfloat16 has nothing to gain here
        with torch.autocast(batch.samples.device.type, enabled=False):
            return torch.stack(list(self.losses(batch).values())).sum()

    def losses(self, batch: SoundBatch, noisy_share: float = NOISY_SHARE) -> dict[str, Tensor]:
        """Each part of the loss, by name, already weighted."""
        network = self.network
        spectrum = frames_of(batch.samples, self.grid)
        power = spectrum.real**2 + spectrum.imag**2
        clean_mel = to_mel(power, self.grid)
        noise = _noise_levels(len(batch.samples), noisy_share, batch.samples.device)
        voiced = batch.voiced * (noise < HIDING_LN)[:, None]
        heard = network.pitch(network.normalise(clean_mel + noise[:, None, None] * torch.randn_like(clean_mel)))
        rows = torch.arange(heard.pitch.shape[1], device=batch.f0_hz.device)[:, None]
        wanted = torch.exp(-(((rows - network.pitch.rows(batch.f0_hz)[:, None]) / BLUR_ROWS) ** 2) / 2)
        wanted = wanted / wanted.sum(dim=1, keepdim=True)
        in_range = voiced * (batch.f0_hz < self.grid.f0_high_hz)
        miss = -(wanted * heard.pitch.log_softmax(dim=1)).sum(dim=1)
        # magnitudes are learnt with the F0 that the network itself hears, errors and all, in mels that tell it
        told = (noise < HIDING_LN)[:, None]
        f0_hz, on = network.pitch.f0_hz(heard)
        parts = network.parts(
            clean_mel, torch.where(told, f0_hz, batch.f0_hz).detach(), torch.where(told, on, batch.voiced)
        )
        magnitude = parts.log_magnitude.exp()
        true_pulses = network.source(batch.f0_hz, batch.voiced)  # F0 a few cents off would make high harmonics noise
        real = torch.sqrt(power + 1e-12)
        return {
            "pitch": PITCH_WEIGHT * (miss * in_range).sum() / in_range.sum().clamp(min=1),
            "voicing": functional.binary_cross_entropy_with_logits(heard.voicing, voiced),
            "log_magnitude": (_log(magnitude) - _log(real)).abs().mean(),
            "convergence": CONVERGENCE_WEIGHT
            * ((magnitude - real).square().sum((1, 2)) / (real.square().sum((1, 2)) + 1e-3)).sqrt().mean(),
            "share": functional.binary_cross_entropy_with_logits(
                parts.share_logit, harmonic_share(spectrum, true_pulses)
            ),
            "mel": MEL_WEIGHT * (to_mel(magnitude**2, self.grid) - clean_mel).abs().mean(),
        }


def harmonic_share(spectrum: Tensor, pulses: Tensor) -> Tensor:
    """How much of each bin's power runs along with the pulses, 0 to 1: complex spectra -> (batch, bin, frame)."""
    cross = spectrum * pulses.conj()
    along = _nearby(cross.real) ** 2 + _nearby(cross.imag) ** 2
    coherence = along / (_nearby(spectrum.abs() ** 2) * _nearby(pulses.abs() ** 2) + 1e-12)
    return ((coherence - CHANCE) / (1 - CHANCE)).clamp(0, 1)


def _nearby(values: Tensor) -> Tensor:
    """Mean over the cells around each cell."""
    around = (CELLS[0] // 2, CELLS[1] // 2)
    return functional.avg_pool2d(values.unsqueeze(1), CELLS, 1, around, count_include_pad=False)[:, 0]


def _log(magnitude: Tensor) -> Tensor:
    return torch.log(magnitude.clamp(min=FLOOR))


def _noise_levels(batch: int, share: float, device: torch.device) -> Tensor:
    """Standard deviation in ln of the noise on each crop's mel, (batch,); 0 on most."""
    low, high = (math.log(level) for level in NOISE_LN)
    levels = torch.exp(low + (high - low) * torch.rand(batch, device=device))
    return torch.where(torch.rand(batch, device=device) < share, levels, 0.0)
