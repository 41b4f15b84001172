"""A small iSTFT-head vocoder with a harmonic source: mel -> F0, magnitude and phase -> sound.

Backbone and head follow Vocos (Siuzdak 2024, arXiv 2306.00814): ConvNeXt blocks at the frame rate,
then one inverse STFT. But phases are what minutes of training on a CPU cannot teach, so they are
not asked of the network. As in harmonic-plus-noise synthesis (Serra & Smith 1990; in networks Wang
et al. 2019, arXiv 1904.12088) they come from a source whose F0 is heard in the mel itself:

    mel -> Pitch  -> F0 and voicing -> pulses E_h and noise E_n, as spectra
    mel -> Filters, which know where the harmonics lie -> magnitude M and harmonic share s of every bin
    phase of sqrt(s) E_h / |E_h| + sqrt(1 - s) E_n, M fitted to the mel, a few rounds of Griffin-Lim, overlap-add

Nothing but the mel goes in: the sound of a noisy step tells what that mel tells.
Axis order (batch, mel, frame), natural log; F0 in Hz.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from svc_core.config import GridConfig, VocoderConfig
from svc_core.model.conditions import COMB_RESOLUTION_CENTS, harmonic_combs
from svc_core.model.draft import ConvNeXtBlock
from svc_core.sound.pitch import fill_f0
from svc_core.vocoders.excitation import noise_like, pulse_train
from svc_core.vocoders.spectrum import direction, fit_to_mel, frames_of, refine_phase, spread_mel
from svc_core.vocoders.vocoder import LOUDEST_LN

MEL_MEAN, MEL_STD = -6.0, 2.7  # of singing on this grid, in ln: brings the input to unit spread
PITCH_LAYERS = 4  # F0 of a frame hangs on its neighbours' within 0.13 s
AROUND = 5  # rows, 50 cents to either side of the likeliest, over which F0 is averaged
SHALLOWEST = 0.03  # -30 dB: a Hann window's sidelobes lie there, and reverberation
FIT_UPDATES = 10  # as Griffin-Lim takes
ITERATIONS = 8  # of Griffin-Lim, from phases that nearly fit: log-mel error .79 dB; .94 with 4, 1.91 with none


@dataclass(frozen=True)
class Heard:
    """What the mel tells of pitch: logits of F0 (batch, row, frame), one row every 10 cents, and of voicing
    (batch, frame)."""

    pitch: Tensor
    voicing: Tensor


class Pitch(nn.Module):
    """Mel -> :class:`Heard`. Draws a picture of harmonics alone and compares it with the combs of all F0s.

    The combs are fixed, so an F0 that no training singer reached is still recognised.
    """

    combs: Tensor

    def __init__(self, grid: GridConfig, width: int) -> None:
        super().__init__()
        self.low_hz = grid.f0_low_hz
        self.enter = nn.Conv1d(grid.n_mels, width, 3, padding=1)
        self.blocks = nn.ModuleList(ConvNeXtBlock(width, 0.0) for _ in range(PITCH_LAYERS))
        self.leave = nn.Conv1d(width, grid.n_mels + 1, 1)
        self.register_buffer("combs", torch.from_numpy(harmonic_combs(grid)), persistent=False)

    def forward(self, mel: Tensor) -> Heard:
        """mel (batch, mel, frame), normalised."""
        x = self.enter(mel)
        for block in self.blocks:
            x = block(x)
        picture = self.leave(x)
        return Heard(self.combs @ picture[:, :-1], picture[:, -1])

    def rows(self, f0_hz: Tensor) -> Tensor:
        """F0 in Hz -> its place among the combs, a fraction; beyond the first and last, those."""
        rows = torch.log2(f0_hz.clamp(min=self.low_hz) / self.low_hz) * (1200 / COMB_RESOLUTION_CENTS)
        return rows.clamp(max=len(self.combs) - 1)

    def likeliest(self, heard: Heard) -> tuple[Tensor, Tensor]:
        """Row of the combs where F0 lies, were every frame voiced, and voicing (0 or 1), both (batch, frame).

        The row is the mean around the likeliest, in 64 bits: a clip's phases add up all of its F0, and with 32 they
        would hang on the machine's rounding.
        """
        best = heard.pitch.argmax(dim=1, keepdim=True)
        away = torch.arange(heard.pitch.shape[1], device=best.device)[:, None] - best
        weights = heard.pitch.masked_fill(away.abs() > AROUND, -torch.inf).softmax(dim=1)
        row = best[:, 0].double() + (weights * away).sum(dim=1).double()
        return row, (heard.voicing > 0).to(weights.dtype)

    def f0_hz(self, heard: Heard) -> tuple[Tensor, Tensor]:
        """F0 without gaps in Hz, in 64 bits, and voicing (0 or 1), both (batch, frame)."""
        row, voiced = self.likeliest(heard)
        found = (self.low_hz * 2 ** (row * (COMB_RESOLUTION_CENTS / 1200)) * voiced).detach().cpu().numpy()
        filled = torch.from_numpy(np.stack([fill_f0(clip) for clip in found]))
        return filled.to(voiced.device), voiced


@dataclass(frozen=True)
class Parts:
    """What the spectrum is made of, each (batch, bin, frame).

    log_magnitude  natural log
    share_logit    of the share of the power that runs along with the pulses; the rest is noise
    pulses         complex spectrum of the source, harmonics' peaks at 1, 0 where unvoiced
    """

    log_magnitude: Tensor
    share_logit: Tensor
    pulses: Tensor


class Filters(nn.Module):
    """Mel, and where its harmonics lie -> :class:`Parts`' magnitude and share.

    log magnitude = the bands' own + a correction + depth x the pulses' log magnitude: the network says
    how deep the valleys between harmonics are, not where they are.
    """

    def __init__(self, grid: GridConfig, vocoder: VocoderConfig) -> None:
        super().__init__()
        self.enter = nn.Conv1d(2 * grid.n_mels + 2, vocoder.width, 3, padding=1)
        self.blocks = nn.ModuleList(ConvNeXtBlock(vocoder.width, 0.0) for _ in range(vocoder.layers))
        self.leave = nn.Conv1d(vocoder.width, 3 * (grid.n_fft // 2 + 1), 1)
        for weights in self.leave.parameters():  # the magnitude starts as the bands' own
            nn.init.zeros_(weights)

    def forward(self, normal_mel: Tensor, comb: Tensor, pitch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """normal_mel, comb (batch, mel, frame), pitch (batch, 2, frame) -> correction, depth, share (b, bin, frame)."""
        x = self.enter(torch.cat([normal_mel, comb, pitch], dim=1))
        for block in self.blocks:
            x = block(x)
        correction, depth, share = self.leave(x).chunk(3, dim=1)
        return correction, depth, share


class IstftNetwork(nn.Module):
    """Mel (batch, mel, frame), natural log -> samples (batch, hop * frame)."""

    def __init__(self, grid: GridConfig, vocoder: VocoderConfig) -> None:
        super().__init__()
        self.grid = grid
        self.pitch = Pitch(grid, vocoder.width)
        self.filters = Filters(grid, vocoder)

    @staticmethod
    def normalise(mel: Tensor) -> Tensor:
        """Mel in natural log, any shape -> about zero mean and unit spread; what is impossibly loud is cut off."""
        return (mel.clamp(max=LOUDEST_LN) - MEL_MEAN) / MEL_STD

    def hear_f0(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """F0 without gaps in Hz, in 64 bits, and voicing (0 or 1), both (batch, frame)."""
        return self.pitch.f0_hz(self.pitch(self.normalise(mel)))

    def source(self, f0_hz: Tensor, voiced: Tensor) -> Tensor:
        """Spectrum of the pulses, harmonics' peaks at 1: complex (batch, bin, frame)."""
        return frames_of(pulse_train(f0_hz, voiced, self.grid, self.grid.edge_pad), self.grid)

    def filtered(self, mel: Tensor, f0_hz: Tensor, voiced: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What :class:`Filters` say where F0 (batch, frame) is already known."""
        row = self.pitch.rows(f0_hz.to(mel.dtype))
        comb = (self.pitch.combs[row.round().long()] * voiced.unsqueeze(-1)).transpose(1, 2)
        octaves = row * (COMB_RESOLUTION_CENTS / 1200) - 2
        return self.filters(self.normalise(mel), comb, torch.stack([octaves * voiced, voiced], dim=1))

    def parts(self, mel: Tensor, f0_hz: Tensor, voiced: Tensor) -> Parts:
        """What the spectrum is made of where F0 is already known."""
        correction, depth, share_logit = self.filtered(mel, f0_hz, voiced)
        pulses = self.source(f0_hz, voiced)
        ripple = pulses.abs().clamp(min=SHALLOWEST).log() * voiced.unsqueeze(1)
        return Parts(spread_mel(mel, self.grid) + correction + depth * ripple, share_logit, pulses)

    def forward(self, mel: Tensor, generator: torch.Generator | None = None, iterations: int = ITERATIONS) -> Tensor:
        parts = self.parts(mel, *self.hear_f0(mel))
        silence = mel.new_zeros(len(mel), self.grid.hop * mel.shape[-1] + 2 * self.grid.edge_pad)
        noise = frames_of(noise_like(silence, self.grid, generator), self.grid)
        share = parts.share_logit.sigmoid()
        start = share.sqrt() * direction(parts.pulses) + (1 - share).sqrt() * noise
        magnitude = fit_to_mel(parts.log_magnitude.exp(), mel, self.grid, FIT_UPDATES)
        return refine_phase(start, magnitude, self.grid, iterations)
