"""A training run: how it takes a step, averages its weights, and is stopped and resumed.

What is minimised is an :class:`Objective`; the trainer knows nothing of singing. Batch, noise and
dropout of a step are functions of (seed, step, process), so a run that was killed and resumed
arrives on a CPU at the same weights, to the last bit, as one that was not.

Several processes (torchrun) each take their share of the batch and average their gradients
(DistributedDataParallel); the first one alone writes and draws curves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from svc_core.config import OptimiserConfig
from svc_core.model.checkpoint import CheckpointError, read_tensors, save_tensors
from svc_core.model.memory import is_out_of_memory
from svc_core.training.processes import Processes

LOWEST_RATE = 0.05  # share of the learning rate that is left at the end of the cosine


class TrainingError(RuntimeError):
    """A run that cannot go on; the message says at which step, why, and what to do."""


class Objective(nn.Module):
    """What a run minimises: ``forward(batch)`` returns the loss, a scalar.

    Weights that take part but are not trained must not require gradients.
    """

    def trained(self) -> list[nn.Module]:
        """Modules in training mode (dropout and the like); all others stay in evaluation mode."""
        raise NotImplementedError

    def after_step(self) -> None:
        """Called when the weights have changed."""


class Trainer:
    """Takes an objective's weights from their first values to the end of ``steps``.

    ``identity`` is what must be the same for a saved state to be resumed: configuration, singers.
    """

    def __init__(
        self,
        objective: Objective,
        optimiser: OptimiserConfig,
        steps: int,
        state_path: Path,
        identity: dict[str, str],
        processes: Processes | None = None,
    ) -> None:
        self.processes = processes or Processes()
        self.objective = objective.to(self.processes.device)
        self.config, self.steps, self.step = optimiser, steps, 0
        self.state_path, self.identity = state_path, identity
        self.weights = {name: weight for name, weight in objective.named_parameters() if weight.requires_grad}
        self.average = {name: weight.detach().clone() for name, weight in self.weights.items()}
        self.optimiser = torch.optim.AdamW(
            self.weights.values(),
            lr=optimiser.learning_rate,
            betas=(0.9, 0.99),  # a shorter memory of squared gradients than usual: runs are short
            weight_decay=optimiser.weight_decay,
        )
        self._loss_of: Callable[[Any], Tensor] = self.objective
        if self.processes.on_gpu:
            self._loss_of = torch.compile(self.objective)
        if self.processes.count > 1:
            self._loss_of = DistributedDataParallel(self._loss_of, broadcast_buffers=False)

    def learning_rate(self, step: int) -> float:
        """Linear warm-up, then half a cosine down to a twentieth."""
        warm = min(1.0, (step + 1) / self.config.warmup_steps)
        wave = 0.5 + 0.5 * math.cos(math.pi * step / self.steps)
        return self.config.learning_rate * warm * (LOWEST_RATE + (1 - LOWEST_RATE) * wave)

    def advance(self, batch: Any) -> float:
        """One step on this process's share of a batch; returns its loss. Raises TrainingError."""
        torch.manual_seed((self.config.seed * 1_000_003 + self.step) * 1_009 + self.processes.rank)
        self.objective.eval()
        self.objective.training = True  # the objective's own flag (it drops conditions), not that of frozen parts
        for module in self.objective.trained():
            module.train()
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate(self.step)
        try:
            with self.processes.autocast():
                loss = self._loss_of(batch)
            self.optimiser.zero_grad()
            loss.backward()
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise TrainingError(
                f"out of memory at step {self.step} with a batch of {self.config.batch} crops; "
                f"try --batch {max(1, self.config.batch // 2)}."
            ) from error
        norm = torch.nn.utils.clip_grad_norm_(self.weights.values(), self.config.clip_norm)
        if not torch.isfinite(loss + norm):  # the gradient is all processes': they stop together
            raise TrainingError(
                f"the loss is {loss.item()} and its gradient's norm {norm.item()} at step {self.step}: resume from the "
                "last checkpoint with a lower learning rate, and look for recordings that are not singing."
            )
        self.optimiser.step()
        self.step += 1
        self._follow()
        self.objective.after_step()
        return loss.item()

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(self.config.ema_decay, (1 + self.step) / (10 + self.step))  # short memory at first
        for name, weight in self.weights.items():
            self.average[name].lerp_(weight, 1 - keep)

    @torch.no_grad()
    def take_average(self) -> dict[str, Tensor]:
        """Put the averaged weights into the objective; returns the ones that stood there, for :meth:`put_back`."""
        present = {name: weight.detach().clone() for name, weight in self.weights.items()}
        self.put_back(self.average)
        return present

    @torch.no_grad()
    def put_back(self, weights: dict[str, Tensor]) -> None:
        for name, weight in self.weights.items():
            weight.copy_(weights[name])

    def fit(
        self,
        draw: Callable[[int], Any],
        curves: SummaryWriter | None = None,
        on_checkpoint: Callable[[], dict[str, float]] | None = None,
    ) -> None:
        """Resume where there is a state, go on to the last step, and leave the averaged weights in the objective.

        ``draw(step)`` gives this process's share of a batch. ``on_checkpoint`` is called with the
        averaged weights in place, at every checkpoint and at the end; what it returns is drawn as curves.
        """
        name = self.state_path.name.split(".")[0]
        if self.state_path.is_file():
            self.resume()
        bar = tqdm(
            total=self.steps, initial=self.step, desc=name, unit="step", mininterval=5, disable=not self.processes.first
        )
        with bar:
            while self.step < self.steps:
                loss = self.advance(self.processes.place(draw(self.step)))
                bar.update()
                if self.step % self.config.log_every == 0:
                    bar.set_postfix_str(f"loss {loss:.4f}")
                    if curves is not None and self.processes.first:
                        curves.add_scalar(f"train/{name}", loss, self.step)
                if self.step % self.config.checkpoint_every == 0 or self.step == self.steps:
                    self._checkpoint(name, curves, on_checkpoint)
        self.take_average()

    def _checkpoint(
        self, name: str, curves: SummaryWriter | None, on_checkpoint: Callable[[], dict[str, float]] | None
    ) -> None:
        if not self.processes.first:
            return
        if on_checkpoint is not None:
            present = self.take_average()
            self.objective.eval()
            with torch.no_grad():
                figures = on_checkpoint()
            self.put_back(present)
            for figure, value in figures.items():
                if curves is not None:
                    curves.add_scalar(f"{figure}/{name}", value, self.step)
        self.save()

    def save(self) -> None:
        """Write the state; it appears under its name only when it is whole."""
        state = {f"objective/{name}": tensor for name, tensor in self.objective.state_dict().items()}
        state |= {f"average/{name}": tensor for name, tensor in self.average.items()}
        for index, moments in self.optimiser.state_dict()["state"].items():
            state |= {f"optimiser/{index}/{name}": tensor for name, tensor in moments.items()}
        save_tensors(self.state_path, state, {"step": str(self.step), **self.identity})

    def resume(self) -> None:
        """Raises CheckpointError where the state is of another ``identity``."""
        tensors, metadata = read_tensors(self.state_path)
        if any(metadata.get(name) != value for name, value in self.identity.items()):
            raise CheckpointError(
                f"{self.state_path}: this run was started with another configuration, other singers, "
                "or another encoder or teacher; give --run another folder."
            )
        parts: dict[str, dict[str, Tensor]] = {"objective": {}, "average": {}, "optimiser": {}}
        for key, tensor in tensors.items():
            kind, name = key.split("/", 1)
            parts[kind][name] = tensor
        self.objective.load_state_dict(parts["objective"])
        self.average = {name: tensor.to(self.processes.device) for name, tensor in parts["average"].items()}
        moments: dict[int, dict[str, Tensor]] = {}
        for key, tensor in parts["optimiser"].items():
            index, name = key.split("/")
            moments.setdefault(int(index), {})[name] = tensor
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": moments})
        self.step = int(metadata["step"])
