"""What a model can do by now, for TensorBoard: a held-out clip sung by two singers, seen and heard."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch.utils.tensorboard import SummaryWriter

from svc_core.conversion.convert import convert_features, place_inputs
from svc_core.conversion.sampling import choose_sampling
from svc_core.model.conditions import condition_inputs, keep_all
from svc_core.model.system import VoiceConverter
from svc_core.sound.features import Features
from svc_core.vocoders.griffin_lim import griffin_lim

PREVIEW_FRAMES = 300  # 3.2 s: enough to hear a phrase, little enough to be made at each checkpoint
PREVIEW_STEPS = 10  # of Euler or DDIM: rough, but the same at every checkpoint
LOUDEST_LN = 2.0  # +17 dB: with the grid's floor one scale for all pictures


class Preview:
    """Call it with (model, curves, step). ``clip`` is sung by its own ``singer`` and by the next one.

    ``plain`` is the variant of the clip's content that conversion hears; features for training have others.
    """

    def __init__(self, clip: Features, singer: int, plain: int) -> None:
        self.clip = replace(
            clip,
            mel=clip.mel[:, :PREVIEW_FRAMES],
            f0_hz=clip.f0_hz[:PREVIEW_FRAMES],
            loudness_db=clip.loudness_db[:PREVIEW_FRAMES],
            content=clip.content[plain : plain + 1, :, :PREVIEW_FRAMES],
        )
        self.singer = singer

    @torch.no_grad()
    def __call__(self, model: VoiceConverter, curves: SummaryWriter, step: int) -> None:
        model.eval()
        grid = model.config.grid
        low = np.log(grid.log_floor)

        def show(name: str, mel: np.ndarray) -> None:
            picture = np.clip((mel[::-1] - low) / (LOUDEST_LN - low), 0, 1)
            curves.add_image(name, picture, step, dataformats="HW")

        show("recording", self.clip.mel)
        if model.draft is not None:
            inputs = place_inputs(condition_inputs(self.clip, self.singer), model.mel_mean.device)
            draft = model.gather(inputs, keep_all(1)).draft
            show("draft", model.denormalise(draft)[0].cpu().numpy())
        sampling = choose_sampling(model, steps=None if model.config.model.consistency else PREVIEW_STEPS)
        for singer in dict.fromkeys([self.singer, (self.singer + 1) % len(model.singers)]):
            name = f"{model.singers[self.singer]} as {model.singers[singer]}"
            mel = convert_features(self.clip, model, singer, 0, sampling).numpy()
            show(name, mel)
            sound = griffin_lim(mel, grid)
            peak = max(1.0, float(np.abs(sound).max()))
            curves.add_audio(name, torch.from_numpy(sound / peak)[None], step, grid.sample_rate_hz)
