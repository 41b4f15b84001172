"""Conditions, draft and denoiser as one: the singing voice converter.

The decoder predicts the clean mel x_0 from y = x_0 + sigma n. Let mu be the draft and r = x_0 - mu
what it misses. Then (Karras et al. 2022, arXiv 2206.00364, equation 7, with the spread of r,
measured, as sigma_data)

    x0_hat = mu + c_skip (y - mu) + c_out F(c_in (y - mu), sigma, condition).

With F = 0 that is the draft and the best linear guess of what it misses, so the network has only
the rest to learn; predicting the noise from nothing learns far more slowly at this size. The noise
has zero mean: the seed adds mu to it, and its sampler then starts from noise it never saw.

How far the draft misses differs from place to place: little on a harmonic, much in a breath. With
``local_spread`` sigma_data is a picture, foretold for every band and frame (spread.py). One number for
all would let the best linear guess keep as much noise on the harmonics as in a breath, and a small
network unlearns that roughness slowly. The noise itself stays the same everywhere, so no sampler knows.

The same formula says what the seed's DiffWaveNetSVC does (``prediction = "epsilon"``): no draft,
c_skip = 1, c_out = -sigma, c_in = 1 / sqrt(1 + sigma^2), so that F is the noise. And with the
boundary of a consistency model in c_skip and c_out it is the one-step student.

Any sampler may be used with any of these, since a noise level is told to the network as the DDPM
step of the same signal-to-noise ratio: ln(sigma) / 4, as in EDM, changes too little over the whole
range for sinusoids of these periods. Beyond the levels that training covered the nearest of them is
told: above, y is all noise either way.

Mels are normalised to zero mean and unit variance by two numbers for the whole corpus, not per
band: unit noise then means the same number of dB everywhere in the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from svc_core.config import Config, ModelConfig
from svc_core.diffusion.edm import precondition
from svc_core.diffusion.schedule import Schedule
from svc_core.model.conditions import ConditionInputs, Conditions
from svc_core.model.conformer import ConformerDraft
from svc_core.model.denoiser import BiDilConv
from svc_core.model.draft import Draft
from svc_core.model.spread import Spread


@dataclass(frozen=True)
class Conditioned:
    """What the decoder is given at every step of a sampler: computed once.

    projected: a condition for each layer of the denoiser; draft (batch, mel, frame), normalised;
    spread: sigma_data, a scalar or (batch, mel, frame); mask (batch, frame) or None.
    """

    projected: list[Tensor]
    draft: Tensor
    spread: Tensor
    mask: Tensor | None


@dataclass(frozen=True)
class Gathered:
    """Conditions and draft, before the denoiser projects them for its layers.

    seen (batch, channel, frame): what the decoder is told; draft (batch, mel, frame), normalised: 0, the mean
    of all mels, where the model has none; spread and mask as in Conditioned.
    """

    seen: Tensor
    draft: Tensor
    spread: Tensor
    mask: Tensor | None

    def projected_by(self, denoiser: BiDilConv) -> Conditioned:
        """The same as every layer of the denoiser wants it, once for all steps."""
        return Conditioned(denoiser.project(self.seen), self.draft, self.spread, self.mask)


class VoiceConverter(nn.Module):
    """The whole system. ``singers`` are names; a singer's index is its id."""

    mel_mean: Tensor
    mel_std: Tensor
    residual_std: Tensor
    singer_f0_hz: Tensor
    log_sigma: Tensor

    def __init__(self, config: Config, singers: tuple[str, ...]) -> None:
        super().__init__()
        model, n_mels = config.model, config.grid.n_mels
        self.config = config
        self.singers = tuple(singers)
        self.conditions = Conditions(config, len(singers))
        self.draft = make_draft(model, n_mels)
        widths = {"conditions": model.width, "draft": n_mels, "both": model.width + n_mels}
        if model.decoder_sees not in widths or (self.draft is None and model.decoder_sees != "conditions"):
            raise ValueError(f"a decoder cannot see '{model.decoder_sees}' where the draft is '{model.draft}'.")
        if model.local_spread and (self.draft is None or model.prediction != "edm"):
            raise ValueError("a local spread is of what a draft misses, and a part of EDM's preconditioning.")
        self.spread = Spread(model.width + n_mels, n_mels) if model.local_spread else None
        if model.consistency and model.prediction != "edm":
            raise ValueError("a student needs EDM's preconditioning: its boundary condition is a part of it.")
        self.denoiser = BiDilConv(
            n_mels,
            model.width,
            model.denoiser_layers,
            model.dilation_cycle,
            widths[model.decoder_sees] + (n_mels if model.local_spread else 0),
            model.step_embedding,
            model.texture_width,
        )
        diffusion = config.diffusion
        self.schedule = Schedule(diffusion.steps, diffusion.beta_first, diffusion.beta_last)
        self.register_buffer("mel_mean", torch.tensor(0.0))  # natural log, measured on the training split
        self.register_buffer("mel_std", torch.tensor(1.0))
        # of r, or of r in units of the spread foretold for its place; measured when the draft is trained
        self.register_buffer("residual_std", torch.tensor(1.0))
        self.register_buffer("singer_f0_hz", torch.full((len(singers),), 220.0))  # median; decides the key shift
        log_sigma = torch.tensor(self.schedule.sigma).log()
        self.register_buffer("log_sigma", log_sigma.to(torch.float32), persistent=False)

    def singer_id(self, name: str) -> int:
        """Raises ValueError, naming the singers there are, for an unknown one."""
        if name not in self.singers:
            raise ValueError(f"this model knows no singer '{name}'; it knows {', '.join(self.singers)}.")
        return self.singers.index(name)

    def normalise(self, mel: Tensor) -> Tensor:
        """Mel in natural log -> zero mean and unit spread over the training set; any shape."""
        return (mel - self.mel_mean) / self.mel_std

    def denormalise(self, x: Tensor) -> Tensor:
        """Inverse of :meth:`normalise`."""
        return x * self.mel_std + self.mel_mean

    def gather(self, inputs: ConditionInputs, keep: Tensor) -> Gathered:
        """The conditions that ``keep`` (batch, 4) leaves, as the decoder sees them, and the draft."""
        vector = self.conditions(inputs, keep.to(inputs.f0_hz.device))
        if self.draft is None:
            draft = vector.new_zeros(len(vector), self.config.grid.n_mels, vector.shape[2])
        else:
            draft = self.draft(vector, inputs.mask)
        seen = {"conditions": [vector], "draft": [draft], "both": [vector, draft]}[self.config.model.decoder_sees]
        spread = self.residual_std
        if self.spread is not None:
            log_spread = self.spread(vector, draft, inputs.mask)
            seen, spread = [*seen, log_spread], spread * log_spread.exp()
        return Gathered(torch.cat(seen, dim=1), draft, spread, inputs.mask)

    def condition(self, inputs: ConditionInputs, keep: Tensor) -> Conditioned:
        """All that is computed once for all steps of a sampler; ``keep`` (batch, 4) as in :meth:`gather`."""
        return self.gather(inputs, keep).projected_by(self.denoiser)

    def told_log_sigma(self, sigma: Tensor) -> Tensor:
        """ln sigma (batch,) as the network is told it: kept within what training covered."""
        if self.config.train.noise == "log-normal":
            edm = self.config.edm
            return sigma.log().clamp(math.log(edm.sigma_min), math.log(edm.sigma_max))
        return sigma.log().clamp(self.log_sigma[0], self.log_sigma[-1])

    def step_of(self, sigma: Tensor) -> Tensor:
        """The DDPM step (batch,), in general between two, at which the noise level is ``sigma`` (batch,)."""
        log_sigma = self.told_log_sigma(sigma)
        upper = torch.searchsorted(self.log_sigma, log_sigma).clamp(1, len(self.log_sigma) - 1)
        low, high = self.log_sigma[upper - 1], self.log_sigma[upper]
        return upper - 1 + (log_sigma - low) / (high - low)  # below the first step the line goes on

    def preconditioning(self, sigma: Tensor, spread: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """c_skip, c_out and c_in for ``sigma`` (batch,), each (batch, 1, 1), or (batch, mel, frame) as ``spread``."""
        sigma = sigma.reshape(-1, 1, 1)
        if self.config.model.prediction == "epsilon":
            return torch.ones_like(sigma), -sigma, (1 + sigma**2).rsqrt()
        boundary = self.config.edm.sigma_min if self.config.model.consistency else 0.0
        return precondition(sigma, spread, boundary)

    def denoise(
        self, noisy: Tensor, sigma: Tensor, conditioned: Conditioned, denoiser: BiDilConv | None = None
    ) -> Tensor:
        """y = x_0 + sigma n (batch, mel, frame), normalised, and sigma (batch,) -> predicted clean mel x0_hat.

        ``denoiser`` takes the place of the model's own: in distillation, its slow-moving copy.
        """
        c_skip, c_out, c_in = self.preconditioning(sigma, conditioned.spread)
        y = noisy - conditioned.draft
        beside = None
        if self.config.model.texture_width:
            level = self.told_log_sigma(sigma).reshape(-1, 1, 1)
            noisiness = 0.5 * (level - conditioned.spread.log())  # for its place; within about -2 and 2
            beside = torch.stack([conditioned.draft, noisiness.expand_as(y)], dim=1)
        guess = (denoiser or self.denoiser)(
            c_in * y, self.step_of(sigma), conditioned.projected, conditioned.mask, beside
        )
        return conditioned.draft + c_skip * y + c_out * guess.float()

    def predict(self, state: Tensor, step: Tensor, conditioned: Conditioned) -> Tensor:
        """DDPM's x_t (batch, mel, frame), of unit variance, and t (batch,) -> predicted clean mel x0_hat."""
        sigma = self.log_sigma[step].exp()
        return self.denoise(state * (1 + sigma**2).sqrt().reshape(-1, 1, 1), sigma, conditioned)

    def prediction_weight(self, sigma: Tensor, spread: Tensor) -> Tensor:
        """1 / c_out^2, shaped as c_out: makes every noise level's loss start at 1 (EDM, section 5)."""
        return self.preconditioning(sigma, spread)[1] ** -2


def make_draft(model: ModelConfig, n_mels: int) -> nn.Module | None:
    """Raises ValueError for a draft of an unknown kind."""
    if model.draft == "none":
        return None
    if model.draft == "convnext":
        return Draft(model.width, model.draft_width, model.draft_layers, n_mels, model.draft_dropout)
    if model.draft == "conformer":
        return ConformerDraft(
            model.width,
            model.draft_width,
            model.draft_layers,
            model.draft_heads,
            model.draft_filter,
            n_mels,
            model.draft_dropout,
        )
    raise ValueError(f"there is no draft '{model.draft}'; there are convnext, conformer and none.")
