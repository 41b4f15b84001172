"""A training run: what it holds, how it takes a step, and how it is stopped and resumed.

The draft is trained first (L1); then it is fixed and the diffusion decoder learns to refine it.
Batch, noise and dropout are functions of (seed, step), so a resumed run on a CPU arrives at the
same weights as an uninterrupted one.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch

from svc_core.config import TrainConfig
from svc_core.model.checkpoint import CheckpointError, read_tensors, save_model, save_tensors
from svc_core.model.conditions import keep_all
from svc_core.model.system import VoiceConverter
from svc_core.training.crops import Crops
from svc_core.training.losses import denoiser_loss, draft_loss, drop_conditions, measure_residual_std

HELD_OUT_BATCHES = 8  # 8 x 16 crops of test phrases: enough for a steady curve, cheap enough to draw often


class Run:
    """A training run: weights, their moving average, optimiser moments, and the step it has reached."""

    def __init__(self, model: VoiceConverter, train: TrainConfig) -> None:
        self.model, self.train, self.step = model, train, 0
        self.average = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
        self.parts = {"draft": [model.conditions, model.draft], "denoiser": [model.denoiser]}
        self.optimiser = {
            part: torch.optim.AdamW(
                [weight for module in modules for weight in module.parameters()],
                lr=train.learning_rate,
                betas=(0.9, 0.99),
                weight_decay=train.weight_decay,
            )
            for part, modules in self.parts.items()
        }

    @property
    def total_steps(self) -> int:
        return self.train.draft_steps + self.train.denoiser_steps

    def part_of(self, step: int) -> str:
        return "draft" if step < self.train.draft_steps else "denoiser"

    def learning_rate(self, step: int) -> float:
        """Linear warm-up, then half a cosine down to a twentieth, for each part on its own."""
        if self.part_of(step) == "draft":
            done, steps = step, self.train.draft_steps
        else:
            done, steps = step - self.train.draft_steps, self.train.denoiser_steps
        warm = min(1.0, (done + 1) / self.train.warmup_steps)
        return self.train.learning_rate * warm * (0.05 + 0.95 * (0.5 + 0.5 * math.cos(math.pi * done / steps)))

    def advance(self, crops: Crops) -> float:
        """One step; returns its loss."""
        part = self.part_of(self.step)
        torch.manual_seed(self.train.seed * 1_000_003 + self.step)  # dropout and noise of this step
        batch = crops.draw(self.step)
        keep = drop_conditions(len(batch.mel), self.model.config.model.condition_dropout)
        self.model.eval()
        for module in self.parts[part]:
            module.train()
        loss_of = draft_loss if part == "draft" else denoiser_loss
        loss = loss_of(self.model, batch.mel, batch.inputs, keep)
        optimiser = self.optimiser[part]
        for group in optimiser.param_groups:
            group["lr"] = self.learning_rate(self.step)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(optimiser.param_groups[0]["params"], self.train.clip_norm)
        optimiser.step()
        self._average()
        self.step += 1
        if self.step == self.train.draft_steps:
            self._fix_draft(crops)
        return loss.item()

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(self.train.ema_decay, (1 + self.step) / (10 + self.step))  # short memory at first
        for name, tensor in self.model.state_dict().items():
            self.average[name].lerp_(tensor, 1 - keep)

    def _fix_draft(self, crops: Crops) -> None:
        """Go on with the averaged draft, and measure what it misses."""
        self.model.load_state_dict(self.average)
        batches = [crops.draw(self.total_steps + i) for i in range(16)]
        spread = measure_residual_std(
            self.model.eval(), [(b.mel, b.inputs) for b in batches], self.model.config.model.condition_dropout
        )
        self.model.residual_std.fill_(spread)
        self.average["residual_std"].fill_(spread)

    def _identity(self) -> dict[str, str]:
        """What must be the same for a state to be resumed; a singer's id is the singer's place in the list."""
        return {"config": self.model.config.to_json(), "singers": json.dumps(self.model.singers)}

    def save(self, folder: Path) -> None:
        state = {f"weight/{name}": tensor for name, tensor in self.model.state_dict().items()}
        state |= {f"average/{name}": tensor for name, tensor in self.average.items()}
        for part, optimiser in self.optimiser.items():
            for index, moments in optimiser.state_dict()["state"].items():
                state |= {f"optimiser/{part}/{index}/{name}": tensor for name, tensor in moments.items()}
        metadata = {"step": str(self.step), **self._identity()}
        save_model(folder / "model.safetensors", self.model, self.average)
        save_tensors(folder / "state.safetensors", state, metadata)

    def resume(self, path: Path) -> None:
        """Raises CheckpointError where the state is of another configuration or of other singers."""
        tensors, metadata = read_tensors(path)
        if any(metadata.get(name) != value for name, value in self._identity().items()):
            raise CheckpointError(
                f"{path}: this run was started with another configuration or other singers; give --run another folder."
            )
        parts: dict[str, dict] = {"weight": {}, "average": {}, "optimiser": {}}
        for key, tensor in tensors.items():
            kind, name = key.split("/", 1)
            parts[kind][name] = tensor
        self.model.load_state_dict(parts["weight"])
        self.average = parts["average"]
        for part, optimiser in self.optimiser.items():
            moments: dict[int, dict] = {}
            for key, tensor in parts["optimiser"].items():
                owner, index, name = key.split("/")
                if owner == part:
                    moments.setdefault(int(index), {})[name] = tensor
            optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
        self.step = int(metadata["step"])


@torch.no_grad()
def held_out_loss(run: Run, crops: Crops) -> float:
    """Loss of the averaged weights on fixed crops of the test phrases, nothing dropped."""
    present = {name: tensor.clone() for name, tensor in run.model.state_dict().items()}
    run.model.load_state_dict(run.average)
    run.model.eval()
    loss_of = draft_loss if run.part_of(run.step - 1) == "draft" else denoiser_loss  # of the step just taken
    torch.manual_seed(0)
    losses = []
    for index in range(HELD_OUT_BATCHES):
        batch = crops.draw(index)
        losses.append(loss_of(run.model, batch.mel, batch.inputs, keep_all(len(batch.mel))))
    run.model.load_state_dict(present)
    return float(torch.stack(losses).mean())
