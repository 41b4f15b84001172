"""A run of the content encoder: crops, steps, and words cut into phones anew as it learns.

Words begin with their phones spread over their time. Every ``realign_every`` steps the recogniser as
it stands cuts them again (Viterbi training, as in HTK's forced alignment); phones that are timed by
hand stay where they are and keep the others honest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.tensorboard import SummaryWriter

from svc_core.config import CodeTrainConfig, Config
from svc_core.model.content_encoder import ContentEncoder
from svc_core.phones.alignment import align_words
from svc_core.phones.inventory import NO_PHONE, Inventory
from svc_core.phones.learning import CodeCrops, CodeObjective, PhoneHead
from svc_core.phones.transcript import Transcript, spread_phones
from svc_core.training.processes import Processes
from svc_core.training.trainer import Trainer


@dataclass(frozen=True)
class Lesson:
    """A clip to learn from: content (variant, cepstrum, frame), its singer's number, and what is sung, if known."""

    content: np.ndarray
    singer: int
    transcript: Transcript | None


def first_alignment(lessons: Sequence[Lesson], inventory: Inventory) -> list[np.ndarray]:
    """Phone numbers (frame,) of every clip before anything is learnt."""
    return [
        np.full(lesson.content.shape[2], NO_PHONE, dtype=np.int64)
        if lesson.transcript is None
        else spread_phones(lesson.transcript, inventory)
        for lesson in lessons
    ]


@torch.no_grad()
def log_posteriors(encoder: ContentEncoder, head: PhoneHead, cepstra: np.ndarray) -> np.ndarray:
    """cepstra (cepstrum, frame) of one clip -> (phone, frame)."""
    device = next(encoder.parameters()).device
    return head(encoder(torch.from_numpy(np.ascontiguousarray(cepstra)).to(device)[None]))[0].cpu().numpy()


def realign(
    encoder: ContentEncoder,
    head: PhoneHead,
    lessons: Sequence[Lesson],
    plain: int,
    inventory: Inventory,
    present: Sequence[np.ndarray],
) -> list[np.ndarray]:
    """Cut the words of every clip into phones by what encoder and head hear; other clips stay as in ``present``."""
    counts = np.ones(len(inventory))
    for numbers in present:
        counts += np.bincount(numbers[numbers != NO_PHONE], minlength=len(inventory))
    log_prior = np.log(counts / counts.sum())
    aligned = []
    for lesson, numbers in zip(lessons, present, strict=True):
        if lesson.transcript is not None and not lesson.transcript.timed:
            heard = log_posteriors(encoder, head, lesson.content[plain])
            cut = align_words(lesson.transcript, inventory, heard, log_prior)
            numbers = numbers if cut is None else cut
        aligned.append(numbers)
    return aligned


def learn_code(
    lessons: Sequence[Lesson],
    singers: Sequence[str],
    inventory: Inventory,
    plain: int,
    config: Config,
    train: CodeTrainConfig,
    folder: Path,
    processes: Processes,
    on_checkpoint: Callable[[ContentEncoder, PhoneHead], dict[str, float]] | None = None,
) -> tuple[ContentEncoder, PhoneHead]:
    """Run or resume in ``folder``; returns encoder and head with their averaged weights, in evaluation mode.

    ``plain`` is the unperturbed variant of the content. Raises CheckpointError where ``folder`` holds a
    run of another configuration or other singers, TrainingError, and ValueError where there is no clip.
    """
    crops = CodeCrops(
        [lesson.content for lesson in lessons],
        [lesson.singer for lesson in lessons],
        plain,
        train,
        processes.rank,
        processes.count,
    )
    torch.manual_seed(train.seed)
    encoder, head = ContentEncoder(config), PhoneHead(config.code.code, len(inventory))
    alignment = first_alignment(lessons, inventory)
    objective = CodeObjective(encoder, head, np.concatenate(alignment), crops.singer_chances())
    identity = {
        "config": config.to_json(),
        "train": repr(train),
        "singers": " ".join(singers),
        "phones": " ".join(inventory.symbols),
    }
    trainer = Trainer(objective, train, train.steps, folder / "code.state.safetensors", identity, processes)
    lengths = np.cumsum([len(numbers) for numbers in alignment])[:-1]

    def draw(step: int):  # the only place that knows which step comes next, before it is taken
        if step > 0 and step % train.realign_every == 0:
            present = trainer.take_average()
            objective.eval()
            numbers = np.split(objective.alignment.cpu().numpy(), lengths)
            numbers = realign(encoder, head, lessons, plain, inventory, numbers)
            objective.alignment.copy_(torch.from_numpy(np.concatenate(numbers)))
            trainer.put_back(present)
        return crops.draw(step)

    with SummaryWriter(folder / "tensorboard") as curves:
        trainer.fit(draw, curves, None if on_checkpoint is None else lambda: on_checkpoint(encoder, head))
    return encoder.eval(), head.eval()
