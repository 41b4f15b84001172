"""The vocoder of our own on disk and in use: safetensors with configuration and grid in the header."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from svc_core.config import GridConfig, VocoderConfig, from_parts
from svc_core.model.checkpoint import CheckpointError, model_hash, read_tensors, save_tensors
from svc_core.vocoders.checkpoints import check_frame
from svc_core.vocoders.network import IstftNetwork
from svc_core.vocoders.vocoder import VocoderError, clip_mel

FORMAT = "singsteps-vocoder-1"
NOISE_SEED = 0  # the same mel sounds the same
# What of the grid the weights were learnt for; the rest of it does not reach the vocoder.
FRAME = (
    "sample_rate_hz",
    "n_fft",
    "hop",
    "n_mels",
    "mel_low_hz",
    "mel_high_hz",
    "log_floor",
    "f0_low_hz",
    "f0_high_hz",
)


@dataclass
class IstftVocoder:
    """See vocoder.Vocoder."""

    name: str
    network: IstftNetwork

    @torch.inference_mode()
    def synthesize(self, mel: np.ndarray) -> np.ndarray:
        given = torch.from_numpy(clip_mel(mel, self.network.grid))[None].to(self.network.pitch.combs.device)
        return self.network(given, torch.Generator().manual_seed(NOISE_SEED))[0].cpu().numpy()


def save_istft(path: Path, weights: dict[str, Tensor], vocoder: VocoderConfig, grid: GridConfig) -> None:
    """Write the weights of an :class:`IstftNetwork`; the file appears when it is whole."""
    metadata = {
        "format": FORMAT,
        "vocoder": json.dumps(asdict(vocoder), sort_keys=True),
        "grid": json.dumps(asdict(grid), sort_keys=True),
    }
    save_tensors(path, weights, metadata)


def load_istft(path: Path, grid: GridConfig, device: torch.device | str = "cpu") -> IstftVocoder:
    """The vocoder in ``path``. Raises VocoderError where it cannot be used on this grid."""
    if not path.is_file():
        raise VocoderError(f"{path}: there is no such vocoder; train one first (python -m svc_core.train_vocoder).")
    try:
        tensors, metadata = read_tensors(path)
    except CheckpointError as error:
        raise VocoderError(str(error)) from error
    if metadata.get("format") != FORMAT:
        raise VocoderError(f"{path}: not a vocoder of format {FORMAT}.")
    try:
        learnt_on = json.loads(metadata["grid"])
        check_frame(str(path), learnt_on, {name: getattr(grid, name) for name in FRAME})
        wished = from_parts(VocoderConfig, json.loads(metadata["vocoder"]))
        if wished.layers > len(tensors):
            raise TypeError(f"{wished.layers} layers of {len(tensors)} tensors")
        with torch.device("meta"):  # whether all fits, before memory is taken for it
            IstftNetwork(grid, wished).load_state_dict(tensors, assign=True)
        network = IstftNetwork(grid, wished)
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (KeyError, TypeError, AttributeError, RuntimeError, ValueError, RecursionError) as error:
        reason = str(error).strip().splitlines()[-1].strip()  # torch lists every tensor, a line each
        raise VocoderError(f"{path}: its weights do not fit its own configuration ({reason}).") from error
    return IstftVocoder(f"istft-head {model_hash(path)}", network.to(device).eval())
