"""ContentVec as a content encoder (Qian et al. 2022, arXiv 2204.09224): HuBERT, trained further to ignore the singer.

In its training a voice changed into another one's had to give the same labels. Of the published
checkpoint ("legacy 500": 500 clusters as targets), so-vits-svc and Amphion take the last, 12th layer
through the linear layer final_proj, 256 channels; a checkpoint without it gives the layer itself, 768.
"""

from __future__ import annotations

from torch import nn
from transformers import HubertConfig, HubertModel

from svc_core.config import GridConfig
from svc_core.sound.pretrained import load_checkpoint
from svc_core.sound.speech import SpeechEncoder


class ProjectedHubert(HubertModel):
    """HuBERT with the linear layer behind it that ContentVec was trained through (768 to 256 in legacy-500)."""

    def __init__(self, config: HubertConfig) -> None:
        super().__init__(config)
        self.final_proj: nn.Module = nn.Linear(config.hidden_size, config.classifier_proj_size)


def open_contentvec(name: str, grid: GridConfig, device: str = "cpu") -> SpeechEncoder:
    """ContentVec in Hugging Face's format: the last (12th) layer, through final_proj where the checkpoint has it.

    Raises EncoderError.
    """
    unused = ("masked_spec_embed", "final_proj.")  # the first stands for hidden parts, in training alone
    model, missing = load_checkpoint(ProjectedHubert, "contentvec", name, lambda weight: not weight.startswith(unused))
    config = model.config
    width = config.classifier_proj_size
    if "final_proj.weight" in missing:
        model.final_proj, width = nn.Identity(), config.hidden_size
    return SpeechEncoder(
        model,
        lambda sound: model.final_proj(model(sound).last_hidden_state),
        width,
        list(zip(config.conv_kernel, config.conv_stride, strict=True)),
        config.feat_extract_norm == "layer",  # models with it were trained on normalised sound, the others not
        grid,
        device,
    )
