"""Vocos (Siuzdak 2024, arXiv 2306.00814), through its author's own package: pip install vocos.

Its 24 kHz model hears another mel on the same frame length, so the mel is converted:

* its bands lie on HTK's scale, without area norm, of the plain magnitude, ln clamped at 1e-7. The
  magnitudes of all bins are sought that have our mel (as for Griffin-Lim) and go through its filters;
* with "center" padding its frame i is centred on sample 256 i, ours on 256 i + 128. Its sound is
  moved by half a hop; a copy of the first and last frame beyond the ends fills them. With "same"
  padding its frames stand where ours do.

Checkpoints whose input is not such a mel (codec tokens) are refused. A checkpoint is config.yaml and
pytorch_model.bin.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from svc_core.config import GridConfig
from svc_core.vocoders.checkpoints import (
    check_frame,
    checkpoint_name,
    fill_network,
    find_files,
    import_package,
    load_tensors,
)
from svc_core.vocoders.griffin_lim import mel_to_magnitude
from svc_core.vocoders.vocoder import VocoderError, clip_mel

KIND = "Vocos"
LOWEST = 1e-7  # its own clamp
# The package builds whatever class a configuration names; only these are let through.
PARTS = {
    "feature_extractor": "vocos.feature_extractors.MelSpectrogramFeatures",
    "backbone": "vocos.models.VocosBackbone",
    "head": "vocos.heads.ISTFTHead",
}


@dataclass
class Vocos:
    """See vocoder.Vocoder."""

    name: str
    network: Any  # of the package, which has no types
    grid: GridConfig

    @torch.inference_mode()
    def synthesize(self, mel: np.ndarray) -> np.ndarray:
        extractor = self.network.feature_extractor
        given = self.convert_mel(mel).to(extractor.mel_spec.mel_scale.fb.device)
        if extractor.padding == "center":
            given = torch.cat([given[..., :1], given, given[..., -1:]], dim=-1)
        samples = self.network.decode(given)[0].cpu().numpy()
        if extractor.padding == "center":
            half = self.grid.hop // 2
            samples = samples[half : half + self.grid.hop * mel.shape[1]]
        return np.ascontiguousarray(samples, dtype=np.float32)

    def convert_mel(self, mel: np.ndarray) -> Tensor:
        """Our mel (mel, frame) -> the mel that Vocos hears (1, mel, frame), at the same instants."""
        magnitude = torch.from_numpy(mel_to_magnitude(clip_mel(mel, self.grid), self.grid).astype(np.float32))
        filters = self.network.feature_extractor.mel_spec.mel_scale.fb.cpu()
        return torch.log((filters.T @ magnitude).clamp(min=LOWEST))[None]


def load_vocos(where: str, grid: GridConfig, device: torch.device | str = "cpu") -> Vocos:
    """The model in a folder, or of that name on the hub. Raises VocoderError."""
    package = import_package("vocos", KIND)
    config_path, weights_path = find_files(where, ("config.yaml", "pytorch_model.bin"), KIND)
    _check(config_path, where, grid)
    try:
        network = package.Vocos.from_hparams(str(config_path))
    except (TypeError, ValueError, RuntimeError) as error:
        raise VocoderError(f"{config_path}: not a configuration of {KIND} ({error}).") from error
    fill_network(network, load_tensors(weights_path), weights_path)
    return Vocos(f"{KIND} {checkpoint_name(where, weights_path)}", network.to(device).eval(), grid)


def _check(config_path: Path, where: str, grid: GridConfig) -> None:
    """Raises VocoderError for a model of other parts than PARTS, or of another frame than the grid's."""
    import yaml  # Vocos' package brings it

    try:
        config = yaml.safe_load(config_path.read_text(encoding="utf-8"))
        named = {part: config[part]["class_path"] for part in PARTS}
        extractor, head = (config[part].get("init_args") or {} for part in ("feature_extractor", "head"))
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise VocoderError(f"{config_path}: not a configuration of {KIND} ({type(error).__name__}).") from error
    for part, wanted in PARTS.items():
        if named[part] != wanted:
            raise VocoderError(f"{KIND} '{where}': its {part} is {named[part]}; only {wanted} can be used here.")
    usual = {"sample_rate": 24000, "n_fft": 1024, "hop_length": 256, "n_mels": 100, "padding": "center"}
    frame = {"n_mels": grid.n_mels, "sample_rate": grid.sample_rate_hz, "n_fft": grid.n_fft, "hop_length": grid.hop}
    check_frame(f"{KIND} '{where}'", usual | extractor, frame)
    if grid.mel_low_hz != 0 or grid.mel_high_hz != grid.sample_rate_hz / 2:
        raise VocoderError(f"{KIND} hears from 0 Hz to half the sample rate; this project's mel is set to less.")
    padding = (usual | extractor)["padding"]
    of_head = {"n_fft": 0, "hop_length": 0, "padding": "same"} | head
    check_frame(f"{KIND} '{where}' (head)", of_head, {"n_fft": grid.n_fft, "hop_length": grid.hop, "padding": padding})
