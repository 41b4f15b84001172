"""Small runs: batches of clips of different lengths, and what a trainer does, written out."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from svc_core.config import Config, OptimiserConfig
from svc_core.model.system import VoiceConverter
from svc_core.sound.features import Features
from svc_core.training.crops import Batch, Crops
from svc_core.training.trainer import Objective
from tests.model.clips import BANDS, ragged_batch, ragged_mels, random_clips


def ragged_data(model: VoiceConverter) -> tuple[list[Batch], Batch]:
    """Clips of different lengths, each alone and all in one padded batch with rubbish behind them."""
    clips = random_clips()
    mels, together = ragged_mels(seed=3)
    alone = [Batch(model.denormalise(mel), clip) for mel, clip in zip(mels, clips, strict=True)]
    return alone, Batch(model.denormalise(together), ragged_batch(clips))


def gradients(objective: Objective, batch: Batch) -> tuple[float, dict[str, Tensor]]:
    """Loss and gradients of the weights that have one."""
    objective.zero_grad()
    loss = objective(batch)
    loss.backward()
    weights = objective.named_parameters()
    return loss.item(), {name: weight.grad.clone() for name, weight in weights if weight.grad is not None}


def copied(objective: torch.nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in objective.state_dict().items()}


def changed_parts(before: dict[str, Tensor], after: dict[str, Tensor], depth: int = 2) -> set[str]:
    """Parts of which some weight is another: names cut after ``depth`` of their levels."""
    return {".".join(name.split(".")[:depth]) for name in before if not torch.equal(before[name], after[name])}


def with_optimiser(config: Config, **fields) -> Config:
    """The same short optimiser for every kind of training."""
    fields = {"batch": 4, "crop_frames": 16, "warmup_steps": 2, "checkpoint_every": 4, "log_every": 2} | fields
    return replace(config, train=replace(config.train, **fields), distill=replace(config.distill, **fields))


def random_features(frames: int, seed: int) -> Features:
    rng = np.random.default_rng(seed)
    f0_hz = np.where(rng.random(frames) > 0.3, rng.uniform(100, 400, frames), 0).astype(np.float32)
    f0_hz[0] = 200.0
    return Features(
        mel=(rng.standard_normal((BANDS, frames)) * 2 - 5).astype(np.float32),
        f0_hz=f0_hz,
        loudness_db=rng.uniform(-40, -20, frames).astype(np.float32),
        content=rng.standard_normal((2, 20, frames)).astype(np.float32),
        gain_db=0.0,
    )


def small_crops(optimiser: OptimiserConfig, rank: int = 0, processes: int = 1) -> Crops:
    """Of two singers; one clip is shorter than a crop."""
    clips = [random_features(60, 0), random_features(9, 1), random_features(40, 2)]
    return Crops(clips, [0, 1, 1], optimiser.crop_frames, optimiser.batch, 0.5, optimiser.seed, rank, processes)


def train_by_hand(objective: Objective, optimiser: OptimiserConfig, shares: list[Crops], steps: int) -> None:
    """What processes do together, in one: each share's gradient for itself, their mean, one step of AdamW."""
    weights = [weight for weight in objective.parameters() if weight.requires_grad]
    adam = torch.optim.AdamW(
        weights, lr=optimiser.learning_rate, betas=(0.9, 0.99), weight_decay=optimiser.weight_decay
    )
    for step in range(steps):
        total = [torch.zeros_like(weight) for weight in weights]
        for rank, crops in enumerate(shares):
            torch.manual_seed((optimiser.seed * 1_000_003 + step) * 1_009 + rank)
            objective.eval()
            objective.training = True
            for module in objective.trained():
                module.train()
            objective.zero_grad()
            objective(crops.draw(step)).backward()
            for part, weight in zip(total, weights, strict=True):
                part += weight.grad / len(shares)
        for part, weight in zip(total, weights, strict=True):
            weight.grad = part
        norm = torch.cat([part.flatten() for part in total]).norm()
        for part in total:
            part *= min(1.0, optimiser.clip_norm / (norm.item() + 1e-6))
        warm = min(1.0, (step + 1) / optimiser.warmup_steps)
        wave = 0.5 + 0.5 * np.cos(np.pi * step / steps)
        for group in adam.param_groups:
            group["lr"] = optimiser.learning_rate * warm * (0.05 + 0.95 * wave)
        adam.step()
        objective.after_step()
