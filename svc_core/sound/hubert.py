"""HuBERT as a content encoder (Hsu et al. 2021, arXiv 2106.07447), from torchaudio or from a file of its weights.

It learnt by predicting hidden parts of speech; its upper layers tell phones apart.
"""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError

import torch
import torchaudio
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from svc_core.config import GridConfig
from svc_core.sound.encoders import EncoderError
from svc_core.sound.speech import SpeechEncoder

DEPTH = 0.75  # of HuBERT's layers: the 9th of 12 is what HuBERT's authors took to teach their larger models
HEAD_WIDTH = 64  # of HuBERT Base and Large; a file of weights does not say how many heads there are
XLARGE = (1280, 16)  # the X-Large model's width and heads
STRIDES = (5, 2, 2, 2, 2, 2, 2)  # of every HuBERT; nor do weights say these


def open_hubert(name: str, grid: GridConfig, device: str = "cpu") -> SpeechEncoder:
    """HuBERT by the name of torchaudio's pipeline (HUBERT_BASE, ...) or from a file of its weights.

    Raises EncoderError.
    """
    path = Path(name).expanduser()
    if path.is_file():
        model, normalised = _read_hubert(path)
    elif path.is_dir():
        raise EncoderError(f"hubert:{name}: a folder; give the file of weights in it, or say contentvec:{name}.")
    else:
        model, normalised = _fetch_hubert(name)
    depth = max(1, round(DEPTH * len(model.encoder.transformer.layers)))
    return SpeechEncoder(
        model,
        lambda sound: model.extract_features(sound, num_layers=depth)[0][-1],
        model.encoder.feature_projection.projection.out_features,
        [(layer.kernel_size, layer.stride) for layer in model.feature_extractor.conv_layers],
        normalised,
        grid,
        device,
    )


def _fetch_hubert(name: str) -> tuple[torchaudio.models.Wav2Vec2Model, bool]:
    bundle = getattr(torchaudio.pipelines, name, None) if name.startswith("HUBERT_") else None
    if bundle is None:
        raise EncoderError(
            f"hubert:{name}: neither a file nor a pipeline of torchaudio; try HUBERT_BASE or HUBERT_LARGE."
        )
    try:
        model = bundle.get_model()
    except (OSError, RuntimeError) as error:
        raise EncoderError(
            f"hubert:{name}: its weights are not on this machine and cannot be downloaded; fetch "
            f"https://download.pytorch.org/torchaudio/models/{bundle._path} where there is a network "
            "and say hubert:FILE."
        ) from error
    wrapped = getattr(model, "model", model)  # torchaudio wraps the models that want normalised sound
    return wrapped, wrapped is not model


def _read_hubert(path: Path) -> tuple[torchaudio.models.Wav2Vec2Model, bool]:
    """A model whose sizes are read off its own weights."""
    try:
        if path.suffix == ".safetensors":
            weights = load_file(path)
        else:
            weights = torch.load(path, map_location="cpu", weights_only=True)  # runs no code of the file's
        sizes = _sizes(weights)
        model = torchaudio.models.wav2vec2_model(**sizes)
        model.load_state_dict(weights)
    except (UnpicklingError, SafetensorError, RuntimeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise EncoderError(
            f"hubert:{path}: not a file of weights as torchaudio publishes them (hubert_fairseq_base_ls960.pth and "
            "the like); a fairseq checkpoint must be converted first."
        ) from error
    return model, sizes["extractor_mode"] == "layer_norm"


def _sizes(weights: dict[str, Tensor]) -> dict[str, object]:
    """Arguments of torchaudio's wav2vec2_model for these weights; nothing is dropped out."""
    width = weights["encoder.feature_projection.projection.weight"].shape[0]
    layers = sum(name.endswith("attention.q_proj.weight") for name in weights)
    kernels = [weights[f"feature_extractor.conv_layers.{number}.conv.weight"].shape for number in range(len(STRIDES))]
    position = "encoder.transformer.pos_conv_embed.conv."
    (positions,) = {
        weights[name].shape
        for name in (
            f"{position}weight_v",
            f"{position}parametrizations.weight.original1",
        )  # torch's older and newer name
        if name in weights
    }
    every_layer_normed = "feature_extractor.conv_layers.1.layer_norm.weight" in weights
    return {
        "extractor_mode": "layer_norm" if every_layer_normed else "group_norm",
        "extractor_conv_layer_config": [(k[0], k[2], stride) for k, stride in zip(kernels, STRIDES, strict=True)],
        "extractor_conv_bias": "feature_extractor.conv_layers.0.conv.bias" in weights,
        "encoder_embed_dim": width,
        "encoder_projection_dropout": 0.0,
        "encoder_pos_conv_kernel": positions[2],
        "encoder_pos_conv_groups": width // positions[1],
        "encoder_num_layers": layers,
        "encoder_num_heads": XLARGE[1] if width == XLARGE[0] else width // HEAD_WIDTH,
        "encoder_attention_dropout": 0.0,
        "encoder_ff_interm_features": weights[
            "encoder.transformer.layers.0.feed_forward.intermediate_dense.weight"
        ].shape[0],
        "encoder_ff_interm_dropout": 0.0,
        "encoder_dropout": 0.0,
        "encoder_layer_norm_first": every_layer_normed,
        "encoder_layer_drop": 0.0,
        "aux_num_out": weights["aux.weight"].shape[0] if "aux.weight" in weights else None,
    }
