"""One more singer for a trained voice converter, from seconds to minutes of singing.

A singer is a row of the model's table: a vector that is added to the condition of every frame. The
new singer gets a row of their own, and only this row is learnt, as textual inversion learns one new
word for a picture's subject (Gal et al. 2022, arXiv 2208.01618). All other weights stay as they are,
so conversions into other singers stay the same to the last bit, and singers can be added one after
another.

The row begins as that of the singer with whom the model misses the new clips least. It is then
trained for what makes the model's timbre: the draft's loss where there is a draft, so that a student
learns singers too (a denoising loss would teach it to blur); else the denoiser's. Why no more is
trained stands at AdaptConfig.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.func import functional_call

from svc_core.config import AdaptConfig
from svc_core.model.system import VoiceConverter
from svc_core.sound.features import Features
from svc_core.training.crops import Batch, Crops
from svc_core.training.objectives import DenoiserObjective, DraftObjective
from svc_core.training.processes import Processes
from svc_core.training.trainer import Objective, Trainer

LISTENING_BATCHES = 2  # to find the nearest singer: singers differ by a tenth of the loss, and hear the same crops


class RowObjective(Objective):
    """The last row of the singer table; the model's other weights take part but do not change, its dropout is off."""

    known: Tensor

    def __init__(self, model: VoiceConverter) -> None:
        super().__init__()
        self.lesson = (DenoiserObjective if model.draft is None else DraftObjective)(model)
        model.requires_grad_(False)
        table = model.conditions.singer.weight
        self.register_buffer("known", table[:-1].clone())  # (singer, width)
        self.row = nn.Parameter(table[-1:].clone())  # (1, width)

    def trained(self) -> list[nn.Module]:
        return []

    def forward(self, batch: Batch) -> Tensor:
        table = torch.cat([self.known, self.row])
        return functional_call(self.lesson, {"model.conditions.singer.weight": table}, (batch,))

    @torch.no_grad()
    def start_as_nearest(self, batches: Sequence[Batch]) -> None:
        """The row becomes that of the singer as whom the model misses the batches least."""
        self.eval()
        losses = []
        for singer in range(len(self.known)):
            torch.manual_seed(0)  # a denoiser hears the same noise for each
            heard = [as_singer(batch, singer) for batch in batches]
            losses.append(sum(float(self.lesson(batch)) for batch in heard))
        self.row.copy_(self.known[min(range(len(losses)), key=losses.__getitem__)])


def as_singer(batch: Batch, singer: int) -> Batch:
    """The batch with every crop said to be sung by singer number ``singer``."""
    return replace(batch, inputs=replace(batch.inputs, singer=torch.full_like(batch.inputs.singer, singer)))


def adapt_singer(
    model: VoiceConverter,
    clips: Sequence[Features],
    name: str,
    adapt: AdaptConfig,
    told: Callable[[int], object] | None = None,
) -> VoiceConverter:
    """A new model, in evaluation mode, that knows the singer of ``clips`` as ``name``; ``model`` is not changed.

    Clips have the content that the model was trained with; whether its variants as well made no difference.
    ``told(steps)`` is called as steps are done, for a progress bar. On a CPU the same seed gives the
    same row. Raises ValueError where the name is taken, or where there is no clip or no voiced frame,
    and TrainingError.
    """
    if name in model.singers:
        raise ValueError(f"this model has a singer '{name}' already; choose another name.")
    processes, singer = Processes(), len(model.singers)
    crops = Crops(clips, [singer] * len(clips), adapt.crop_frames, adapt.batch, adapt.singer_balance, adapt.seed)
    f0_hz = crops.median_f0_hz(singer)
    unknown = torch.zeros_like(model.conditions.singer.weight[:1])
    objective = RowObjective(with_singer(model, name, unknown, f0_hz)).to(processes.device)
    objective.start_as_nearest([processes.place(crops.draw(step)) for step in range(LISTENING_BATCHES)])
    unsaved = Path(f"{name}.state.safetensors")  # a minute's work: nothing is kept to resume from
    trainer = Trainer(objective, adapt, adapt.steps, unsaved, {}, processes)
    for step in range(adapt.steps):
        trainer.advance(processes.place(crops.draw(step)))
        if told is not None:
            told(1)
    trainer.take_average()
    return with_singer(model, name, objective.row, f0_hz)


@torch.no_grad()
def with_singer(model: VoiceConverter, name: str, row: Tensor, f0_hz: float) -> VoiceConverter:
    """A copy of ``model``, in evaluation mode, with one more singer: ``row`` (1, width), median F0 in Hz."""
    device = model.mel_mean.device
    grown = VoiceConverter(model.config, (*model.singers, name)).to(device)
    weights = model.state_dict()
    weights["conditions.singer.weight"] = torch.cat([weights["conditions.singer.weight"], row.to(device)])
    weights["singer_f0_hz"] = torch.cat([weights["singer_f0_hz"], weights["singer_f0_hz"].new_tensor([f0_hz])])
    grown.load_state_dict(weights)
    return grown.eval()
