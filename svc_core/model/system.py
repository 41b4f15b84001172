"""Conditions, draft and denoiser as one: the singing voice converter.

The decoder predicts the clean mel. Let mu be the draft, r = x_0 - mu what it misses, and sigma the
noise level in EDM's scale. Then y = x_t / sqrt(abar_t) - mu = r + sigma eps, and (Karras et al.
2022, arXiv 2206.00364, eq. 7, with the spread of r as sigma_data)

    x0_hat = mu + c_skip y + c_out F(c_in y, t, condition).

With F = 0 that is the draft and the best linear guess of what it misses, so the network has only
the rest to learn; predicting eps from nothing learns far more slowly at this size. The predicted
noise follows: eps_hat = (x_t - sqrt(abar_t) x0_hat) / sqrt(1 - abar_t).

Mels are normalised to zero mean and unit variance by two numbers for the whole corpus, not per
band: unit noise then means the same number of dB everywhere in the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from svc_core.config import Config
from svc_core.diffusion.schedule import Schedule
from svc_core.model.conditions import ConditionInputs, Conditions
from svc_core.model.denoiser import BiDilConv
from svc_core.model.draft import Draft


@dataclass(frozen=True)
class Conditioned:
    """What the decoder is given: vector (batch, width + mel, frame), draft (batch, mel, frame)."""

    vector: Tensor
    draft: Tensor


class VoiceConverter(nn.Module):
    """The whole system. ``singers`` are names; a singer's index is its id."""

    def __init__(self, config: Config, singers: tuple[str, ...]) -> None:
        super().__init__()
        model = config.model
        n_mels = config.grid.n_mels
        self.config = config
        self.singers = tuple(singers)
        self.conditions = Conditions(config, len(singers))
        self.draft = Draft(model.width, model.draft_width, model.draft_layers, n_mels, model.draft_dropout)
        self.denoiser = BiDilConv(
            n_mels,
            model.width,
            model.denoiser_layers,
            model.dilation_cycle,
            model.width + n_mels,
            model.step_embedding,
        )
        schedule = Schedule(config.diffusion.steps, config.diffusion.beta_first, config.diffusion.beta_last)
        self.schedule = schedule
        self.register_buffer("mel_mean", torch.tensor(0.0))  # natural log, measured on the training split
        self.register_buffer("mel_std", torch.tensor(1.0))
        self.register_buffer("residual_std", torch.tensor(1.0))  # of r, measured when the draft is trained
        self.register_buffer("singer_f0_hz", torch.full((len(singers),), 220.0))  # median; decides the key shift
        self.register_buffer("sigma", torch.tensor(schedule.sigma, dtype=torch.float32), persistent=False)
        self.register_buffer("alpha_bar", torch.tensor(schedule.alpha_bar, dtype=torch.float32), persistent=False)

    def singer_id(self, name: str) -> int:
        """Raises ValueError, naming the singers there are, for an unknown one."""
        if name not in self.singers:
            raise ValueError(f"this model knows no singer '{name}'; it knows {', '.join(self.singers)}.")
        return self.singers.index(name)

    def normalise(self, mel: Tensor) -> Tensor:
        return (mel - self.mel_mean) / self.mel_std

    def denormalise(self, x: Tensor) -> Tensor:
        return x * self.mel_std + self.mel_mean

    def condition(self, inputs: ConditionInputs, keep: Tensor) -> Conditioned:
        """Gather the conditions that ``keep`` (batch, 4) leaves, and draw the draft from them."""
        vector = self.conditions(inputs, keep)
        draft = self.draft(vector)
        return Conditioned(torch.cat([vector, draft], dim=1), draft)

    def predict(self, state: Tensor, step: Tensor, conditioned: Conditioned) -> Tensor:
        """x_t (batch, mel, frame) and t (batch,) -> predicted clean mel x0_hat, normalised."""
        sigma = self.sigma[step].reshape(-1, 1, 1)
        spread = self.residual_std
        y = state / self.alpha_bar[step].sqrt().reshape(-1, 1, 1) - conditioned.draft
        c_in = (sigma**2 + spread**2).rsqrt()
        c_skip = spread**2 * c_in**2
        c_out = sigma * spread * c_in
        return conditioned.draft + c_skip * y + c_out * self.denoiser(c_in * y, step, conditioned.vector)

    def prediction_weight(self, step: Tensor) -> Tensor:
        """1 / c_out^2 (batch, 1, 1): makes every step's loss start at 1 (EDM, section 5)."""
        sigma2 = self.sigma[step].reshape(-1, 1, 1) ** 2
        return (sigma2 + self.residual_std**2) / (sigma2 * self.residual_std**2)
