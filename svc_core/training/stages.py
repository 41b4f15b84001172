"""Draft, denoiser and student: the three runs that make a model, each resumable by itself.

A run's folder holds ``draft.state.safetensors``, ``denoiser.state.safetensors`` or
``distill.state.safetensors`` (all that resuming needs) and the models themselves, with averaged
weights, as of the last checkpoint. Each run draws its own curves, below ``tensorboard``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn
from torch.utils.tensorboard import SummaryWriter

from svc_core.config import Config
from svc_core.model.checkpoint import save_model
from svc_core.model.system import VoiceConverter
from svc_core.training.crops import Batch, Crops
from svc_core.training.objectives import (
    DenoiserObjective,
    DistillObjective,
    DraftObjective,
    GuidedObjective,
    as_student,
    measure_residual_std,
)
from svc_core.training.processes import Processes
from svc_core.training.trainer import Objective, Trainer

HELD_OUT_BATCHES = 8  # 8 x 16 crops of test phrases: enough for a steady curve, cheap enough to draw often
SPREAD_BATCHES = 16  # for sigma_data: 16 x 16 crops settle it to the second digit

Preview = Callable[[VoiceConverter, SummaryWriter, int], None]  # draws and sounds what the model can do by now


def train_teacher(
    model: VoiceConverter,
    crops: Crops,
    held_out: Crops,
    folder: Path,
    processes: Processes,
    preview: Preview | None = None,
    start: VoiceConverter | None = None,
) -> Path:
    """Train draft and denoiser of a new model, or go on where ``folder`` stands; returns the model's path.

    A model that has the weights of a trained one, ``start`` (see :func:`begun_model`), keeps its draft, and
    only its denoiser is trained on: by recordings, or by what ``start`` says when it is guided, if the
    configuration has weights for that. Raises ValueError where there is nobody to guide.
    """
    train = model.config.train
    path = folder / "model.safetensors"
    identity = _identity(model, start or model.conditions.encoder)
    new_draft = model.draft is not None and start is None
    if train.guidance and start is None:
        raise ValueError("guidance is learnt from a trained model: give one to start from, or no weights.")
    stages: list[tuple[str, Callable[[VoiceConverter], Objective], int]] = []
    if new_draft:
        stages.append(("draft", DraftObjective, train.draft_steps))
    denoising = DenoiserObjective if start is None or not train.guidance else partial(GuidedObjective, teacher=start)
    stages.append(("denoiser", denoising, train.denoiser_steps))
    for name, objective_of, steps in stages:
        if name == "denoiser" and new_draft:
            batches = [processes.place(crops.draw(train.draft_steps + i)) for i in range(SPREAD_BATCHES)]
            torch.manual_seed(train.seed)  # a resumed run measures the same
            model.residual_std.fill_(processes.mean(measure_residual_std(model.eval(), batches)))
        objective = objective_of(model)
        trainer = Trainer(objective, train, steps, folder / f"{name}.state.safetensors", identity, processes)
        _fit(trainer, model, crops, held_out, path, preview)
    _finish(model, path, processes)
    return path


def train_student(
    teacher: VoiceConverter,
    crops: Crops,
    held_out: Crops,
    folder: Path,
    processes: Processes,
    preview: Preview | None = None,
) -> Path:
    """Distill a student from ``teacher``, or go on where ``folder`` stands; returns the student's path.

    Raises ValueError where the teacher is a student itself, or predicts noise: the student's boundary
    condition needs EDM's preconditioning.
    """
    if teacher.config.model.consistency:
        raise ValueError("this model is a student already; give the teacher it was distilled from.")
    if teacher.config.model.prediction != "edm":
        raise ValueError("only a model with EDM's preconditioning can be distilled; train one with --preset small.")
    student = VoiceConverter(as_student(teacher.config), teacher.singers)
    student.load_state_dict(teacher.state_dict())
    config = student.config.distill
    path = folder / "student.safetensors"
    objective = DistillObjective(student, teacher.to(processes.device))
    identity = _identity(student, teacher)
    trainer = Trainer(objective, config, config.steps, folder / "distill.state.safetensors", identity, processes)
    _fit(trainer, student, crops, held_out, path, preview)
    _finish(student, path, processes)
    return path


def _fit(
    trainer: Trainer,
    model: VoiceConverter,
    crops: Crops,
    held_out: Crops,
    path: Path,
    preview: Preview | None,
) -> None:
    log = path.parent / "tensorboard" / trainer.state_path.name.split(".")[0]
    with SummaryWriter(log) if trainer.processes.first else nullcontext() as curves:

        def on_checkpoint() -> dict[str, float]:
            save_model(path, model, model.state_dict())
            if preview is not None and curves is not None:
                preview(model, curves, trainer.step)
            return {"held_out": held_out_loss(trainer.objective, held_out, trainer.processes)}

        trainer.fit(crops.draw, curves, on_checkpoint)


def _finish(model: VoiceConverter, path: Path, processes: Processes) -> None:
    """Only now, when all stages are done: before, what an earlier stage made would take the place of a later one's."""
    if processes.first:
        save_model(path, model.eval(), model.state_dict())
    processes.wait()


@torch.no_grad()
def held_out_loss(objective: Objective, crops: Crops, processes: Processes) -> float:
    """The objective on fixed crops of the test phrases with fixed noise, nothing dropped."""
    torch.manual_seed(0)
    batches: list[Batch] = [processes.place(crops.draw(index)) for index in range(HELD_OUT_BATCHES)]
    return float(torch.stack([objective(batch) for batch in batches]).mean())


def _identity(model: VoiceConverter, given: nn.Module | None) -> dict[str, str]:
    """What must be the same for a state to be resumed; a singer's id is the singer's place in the list.

    ``given`` is the trained network that the run builds on: a content encoder, a model, or the teacher.
    """
    weights = b"" if given is None else save(given.state_dict())
    return {
        "config": model.config.to_json(),
        "singers": json.dumps(model.singers),
        "given": hashlib.sha256(weights).hexdigest()[:12],
    }


def new_model(config: Config, singers: tuple[str, ...], crops: Crops) -> VoiceConverter:
    """Weights of the configuration's seed, and what is measured of the corpus: mel statistics, singers' F0."""
    torch.manual_seed(config.train.seed)
    model = VoiceConverter(config, singers)
    mean, std = crops.mel_statistics()
    model.mel_mean.fill_(mean)
    model.mel_std.fill_(std)
    model.singer_f0_hz.copy_(torch.tensor([crops.median_f0_hz(singer) for singer in range(len(singers))]))
    return model


def begun_model(config: Config, singers: tuple[str, ...], start: VoiceConverter) -> VoiceConverter:
    """A model of ``config`` with the weights of ``start``: the two differ in ``config.train`` alone.

    Raises ValueError where ``start`` is a student, or knows other singers.
    """
    if start.config.model.consistency:
        raise ValueError("this model is a student; start from the teacher it was distilled from.")
    if start.singers != singers:
        raise ValueError(
            f"the model to start from knows {', '.join(start.singers)}, and the corpus's singers are "
            f"{', '.join(singers)}; give the corpus that it was trained on."
        )
    model = VoiceConverter(config, singers)
    model.load_state_dict(start.state_dict())
    return model
