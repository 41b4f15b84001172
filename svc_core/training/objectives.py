"""What draft, teacher and student are trained for.

The draft comes first; then it is held fixed, with the conditions it has learnt from, and the
denoiser learns to refine it. (The seed trains both at once. The draft changes fastest at the
beginning, just when the denoiser would need something steady to refine; and the spread of what it
misses, sigma_data, can be measured only when it stands still.) A model without a draft trains
conditions and denoiser together.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
from torch import Tensor, nn

from svc_core.config import Config, EdmConfig
from svc_core.diffusion.edm import heun_step, karras_sigmas
from svc_core.model.conditions import CONDITION_NAMES, ConditionInputs
from svc_core.model.frames import masked_mean
from svc_core.model.guidance import guided
from svc_core.model.spread import spread_loss
from svc_core.model.system import VoiceConverter
from svc_core.model.weights import Guidance
from svc_core.training.crops import Batch
from svc_core.training.losses import l1, prior_loss, pseudo_huber, squared
from svc_core.training.trainer import Objective

OTHER_SINGER = 0.5  # share of the crops of a guided teacher that are told another singer


def drop_conditions(inputs: ConditionInputs, chance: float) -> Tensor:
    """Which conditions are told, (batch, 4) bool: each is dropped on its own with ``chance``."""
    return torch.rand(len(inputs.singer), len(CONDITION_NAMES), device=inputs.f0_hz.device) >= chance


class DraftObjective(Objective):
    """Conditions and draft: distance of the draft from the mel, in standard deviations; and how far it misses."""

    def __init__(self, model: VoiceConverter) -> None:
        super().__init__()
        self.model = model.requires_grad_(False)
        for module in self.trained():
            module.requires_grad_(True)
        if model.conditions.encoder is not None:
            model.conditions.encoder.requires_grad_(False)
        losses = {"l1": l1, "ssim+l2": prior_loss}
        if model.config.train.draft_loss not in losses:
            raise ValueError(
                f"there is no draft loss '{model.config.train.draft_loss}'; there are {', '.join(losses)}."
            )
        self.distance = losses[model.config.train.draft_loss]

    def trained(self) -> list[nn.Module]:
        modules = [self.model.conditions, self.model.draft, self.model.spread]
        return [module for module in modules if module is not None]

    def forward(self, batch: Batch) -> Tensor:
        model, mask = self.model, batch.inputs.mask
        keep = drop_conditions(batch.inputs, model.config.model.condition_dropout if self.training else 0.0)
        clean = model.normalise(batch.mel)
        vector = model.conditions(batch.inputs, keep)
        assert model.draft is not None  # only a model with a draft has this lesson
        draft = model.draft(vector, mask).float()
        loss = self.distance(draft, clean, mask)
        if model.spread is not None:  # learns alongside, and changes nothing of the draft
            loss = loss + spread_loss(model.spread(vector, draft, mask).float(), clean - draft, mask)
        return loss


class DenoiserObjective(Objective):
    """The decoder: squared error of the predicted clean mel, weighted so that each noise level counts alike."""

    def __init__(self, model: VoiceConverter) -> None:
        super().__init__()
        self.model = model.requires_grad_(False)
        for module in self.trained():
            module.requires_grad_(True)
        if model.conditions.encoder is not None:
            model.conditions.encoder.requires_grad_(False)
        if model.config.train.noise not in ("uniform", "log-normal"):
            raise ValueError(f"noise is drawn 'uniform' or 'log-normal', not '{model.config.train.noise}'.")

    def trained(self) -> list[nn.Module]:
        if self.model.draft is None:
            return [self.model.conditions, self.model.denoiser]
        return [self.model.denoiser]

    def forward(self, batch: Batch) -> Tensor:
        clean = self.model.normalise(batch.mel)
        keep = drop_conditions(batch.inputs, self.model.config.model.condition_dropout if self.training else 0.0)
        sigma = self.draw_sigma(len(clean), clean.device)
        noisy = clean + sigma.reshape(-1, 1, 1) * torch.randn_like(clean)
        return self.distance(noisy, sigma, batch.inputs, keep, clean)

    def distance(self, noisy: Tensor, sigma: Tensor, inputs: ConditionInputs, keep: Tensor, wanted: Tensor) -> Tensor:
        conditioned = self.model.condition(inputs, keep)
        error = self.model.denoise(noisy, sigma, conditioned) - wanted
        return masked_mean(self.model.prediction_weight(sigma, conditioned.spread) * error**2, inputs.mask)

    def draw_sigma(self, batch: int, device: torch.device) -> Tensor:
        """Noise levels (batch,): of uniform DDPM steps, or log-normal as EDM's."""
        if self.model.config.train.noise == "uniform":
            return self.model.log_sigma[torch.randint(self.model.schedule.steps, (batch,), device=device)].exp()
        return log_normal_sigma(torch.randn(batch, device=device), self.model.config.edm)


class GuidedObjective(DenoiserObjective):
    """The decoder learns to say at once what a guided teacher says (Meng et al. 2023, arXiv 2210.03142, stage one).

    Guidance costs one more evaluation for each condition that has a weight; here they are paid once, in
    training. No recording is needed to compare with, so in training half of the crops are told a singer
    other than the one who sings, which is what conversions are told.
    """

    def __init__(self, model: VoiceConverter, teacher: VoiceConverter) -> None:
        super().__init__(model)
        self.teacher = teacher.requires_grad_(False)
        self.guidance = Guidance(*model.config.train.guidance)

    def distance(self, noisy: Tensor, sigma: Tensor, inputs: ConditionInputs, keep: Tensor, wanted: Tensor) -> Tensor:
        if self.training:
            others = torch.randint(len(self.model.singers), inputs.singer.shape, device=inputs.singer.device)
            told = torch.where(torch.rand(len(others), device=others.device) < OTHER_SINGER, others, inputs.singer)
            inputs = replace(inputs, singer=told)
        with torch.no_grad():
            denoise, _ = guided(self.teacher, inputs, self.guidance, keep)
            wanted = denoise(noisy, sigma)
        return super().distance(noisy, sigma, inputs, keep, wanted)


def log_normal_sigma(normal: Tensor, edm: EdmConfig) -> Tensor:
    """ln sigma ~ N(p_mean, p_std^2) from N(0, 1), kept within the range that samplers use."""
    return (edm.p_mean + edm.p_std * normal).exp().clamp(edm.sigma_min, edm.sigma_max)


class DistillObjective(Objective):
    """Consistency distillation (Song et al. 2023, arXiv 2303.01469, algorithm 2).

    A clean mel gets noise of level sigma_{n+1}; the frozen teacher takes one Heun step down to
    sigma_n; where the student leads the first should be where its slow-moving copy leads the second.
    Conditions and draft are the teacher's, frozen and in evaluation mode.
    """

    sigmas: Tensor

    def __init__(self, student: VoiceConverter, teacher: VoiceConverter) -> None:
        super().__init__()
        self.student, self.teacher = student.requires_grad_(False), teacher.requires_grad_(False)
        self.target = copy.deepcopy(student.denoiser)
        student.denoiser.requires_grad_(True)
        self.distill, edm = student.config.distill, student.config.edm
        grid = karras_sigmas(self.distill.grid_steps, edm.sigma_min, edm.sigma_max, edm.rho)
        self.register_buffer("sigmas", torch.tensor(grid[:-1], dtype=torch.float32), persistent=False)
        losses = {"pseudo-huber": pseudo_huber, "l2": squared}
        if self.distill.loss not in losses:
            raise ValueError(f"there is no distillation loss '{self.distill.loss}'; there are {', '.join(losses)}.")
        self.distance = losses[self.distill.loss]

    def trained(self) -> list[nn.Module]:
        return [self.student.denoiser]

    def forward(self, batch: Batch) -> Tensor:
        student, teacher = self.student, self.teacher
        clean = student.normalise(batch.mel)
        with torch.no_grad():
            keep = drop_conditions(batch.inputs, student.config.model.condition_dropout if self.training else 0.0)
            gathered = teacher.gather(batch.inputs, keep)
            of_teacher, of_target = gathered.projected_by(teacher.denoiser), gathered.projected_by(self.target)
            level = torch.randint(len(self.sigmas) - 1, (len(clean),), device=clean.device)
            upper, lower = self.sigmas[level].reshape(-1, 1, 1), self.sigmas[level + 1].reshape(-1, 1, 1)
            noisy = clean + upper * torch.randn_like(clean)

            def denoise(x: Tensor, sigma: Tensor) -> Tensor:
                return teacher.denoise(x, sigma.flatten(), of_teacher)

            nearer = heun_step(denoise, noisy, denoise(noisy, upper), upper, lower)
            wanted = student.denoise(nearer, lower.flatten(), of_target, self.target)
        reached = student.denoise(noisy, upper.flatten(), gathered.projected_by(student.denoiser))
        return self.distance(reached, wanted, batch.inputs.mask)

    @torch.no_grad()
    def after_step(self) -> None:
        for slow, quick in zip(self.target.parameters(), self.student.denoiser.parameters(), strict=True):
            slow.lerp_(quick, 1 - self.distill.target_decay)


@torch.no_grad()
def measure_residual_std(model: VoiceConverter, batches: list[Batch]) -> float:
    """Spread of what the draft misses, over some training batches: sigma_data of the decoder.

    Where a local spread is foretold, in units of it: then about 1.
    """
    squares = []
    for batch in batches:
        keep = drop_conditions(batch.inputs, model.config.model.condition_dropout)
        gathered = model.gather(batch.inputs, keep)
        error = ((model.normalise(batch.mel) - gathered.draft) / (gathered.spread / model.residual_std)) ** 2
        squares.append(masked_mean(error, batch.inputs.mask))
    return float(torch.stack(squares).mean().sqrt())


def as_student(config: Config) -> Config:
    """The configuration of a student of a model of ``config``."""
    return replace(config, model=replace(config.model, consistency=True))
