"""BigVGAN (Lee et al. 2023, arXiv 2206.04658), through NVIDIA's own package: pip install bigvgan.

Its 24 kHz, 100-band models hear exactly this project's mel (Slaney bands, sqrt(re^2 + im^2 + 1e-9),
ln of the value clamped at 1e-5, 384 reflected samples at each end), on this time grid. Other models
are refused. A checkpoint is config.json and bigvgan_generator.pt.
"""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from svc_core.config import GridConfig
from svc_core.vocoders.checkpoints import (
    check_frame,
    checkpoint_name,
    fill_network,
    find_files,
    import_package,
    load_tensors,
)
from svc_core.vocoders.vocoder import VocoderError, clip_mel

KIND = "BigVGAN"


@dataclass
class BigVgan:
    """See vocoder.Vocoder."""

    name: str
    network: torch.nn.Module
    grid: GridConfig

    @torch.inference_mode()
    def synthesize(self, mel: np.ndarray) -> np.ndarray:
        given = torch.from_numpy(clip_mel(mel, self.grid))[None]
        return self.network(given.to(next(self.network.parameters()).device))[0, 0].cpu().numpy()


def load_bigvgan(where: str, grid: GridConfig, device: torch.device | str = "cpu") -> BigVgan:
    """The model in a folder, or of that name on the hub. Raises VocoderError."""
    package = import_package("bigvgan.bigvgan", KIND)
    config_path, weights_path = find_files(where, ("config.json", "bigvgan_generator.pt"), KIND)
    try:
        parameters = package.AttrDict(json.loads(config_path.read_text(encoding="utf-8")))
        check_frame(f"{KIND} '{where}'", _frame_of(parameters), _frame_of_grid(grid))
        network = package.BigVGAN(parameters)
    except (json.JSONDecodeError, AttributeError, KeyError, TypeError, NotImplementedError) as error:
        raise VocoderError(f"{config_path}: not a configuration of {KIND} ({error}).") from error
    tensors = load_tensors(weights_path)
    if not isinstance(tensors, dict) or "generator" not in tensors:
        raise VocoderError(f"{weights_path}: holds no 'generator'; it is not a checkpoint of {KIND}.")
    folded = not any(name.endswith("weight_g") for name in tensors["generator"])
    if folded:  # before it was stored
        _fold_norm(network)
    fill_network(network, tensors["generator"], weights_path)
    if not folded:
        _fold_norm(network)
    name = f"{KIND} {checkpoint_name(where, weights_path)}"
    return BigVgan(name, network.to(device).eval(), grid)


def _fold_norm(network: Any) -> None:
    """Weight normalisation is for training: folded into the weights, inference is faster."""
    with redirect_stdout(io.StringIO()):  # the package prints a line
        network.remove_weight_norm()


def _frame_of(parameters: dict) -> dict[str, object]:
    names = ("sampling_rate", "n_fft", "win_size", "hop_size", "num_mels", "fmin", "fmax")
    frame = {name: parameters[name] for name in names}
    if frame["fmax"] is None:
        frame["fmax"] = frame["sampling_rate"] / 2
    return frame | {"samples a frame": int(np.prod(parameters["upsample_rates"]))}


def _frame_of_grid(grid: GridConfig) -> dict[str, object]:
    return {
        "sampling_rate": grid.sample_rate_hz,
        "n_fft": grid.n_fft,
        "win_size": grid.n_fft,
        "hop_size": grid.hop,
        "num_mels": grid.n_mels,
        "fmin": grid.mel_low_hz,
        "fmax": grid.mel_high_hz,
        "samples a frame": grid.hop,
    }
