"""What a vocoder is to everybody else, and how one is chosen: mel in, sound out, and a name to record.

A vocoder hears the mel and nothing else. Its sound stands on the time grid: frame i of the mel is
heard around sample 256 i + 128. A vocoder that was trained on another mel or another grid is
refused, or its input is converted and its output moved (see vocos.py); it never sounds a little wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from svc_core.config import GridConfig

if TYPE_CHECKING:
    import torch  # Griffin-Lim and the light vocoder do without

LOUDEST_LN = 3.0  # +26 dB; noise beyond the scale would otherwise deafen everything else
SHIPPED = "vocoder.safetensors"  # beside the shipped models
SPECS = "griffin-lim, istft:FILE, bigvgan:NAME, vocos:NAME (NAME: on a hub, or a folder)"


class VocoderError(ValueError):
    """A vocoder that cannot be used; the message says which, why, and what to do."""


class Vocoder(Protocol):
    """``name`` is written down beside every sound that the vocoder makes: kind and, if trained, its checkpoint."""

    name: str

    def synthesize(self, mel: np.ndarray) -> np.ndarray:
        """Natural-log mel (mel, frame) float32 -> samples (hop * frame,) float32; the same mel sounds the same."""
        ...


def clip_mel(mel: np.ndarray, grid: GridConfig) -> np.ndarray:
    """A mel (mel, frame) within the scale, float32: a noisy state may hold any value. Raises VocoderError on a shape
    that is no mel of this grid."""
    if mel.ndim != 2 or mel.shape[0] != grid.n_mels or mel.shape[1] == 0:
        raise VocoderError(f"a mel has the shape ({grid.n_mels}, frames) with at least one frame, not {mel.shape}.")
    return np.clip(mel, np.log(grid.log_floor), LOUDEST_LN).astype(np.float32)


def vocoder_beside(model: Path) -> str:
    """What is chosen where nothing is asked for: the vocoder that lies beside ``model``, a file; else Griffin-Lim."""
    shipped = model.parent / SHIPPED
    return f"istft:{shipped}" if shipped.is_file() else "griffin-lim"


def open_vocoder(spec: str, grid: GridConfig, device: torch.device | str = "cpu") -> Vocoder:
    """The vocoder that ``spec`` names (see SPECS). Raises VocoderError."""
    kind, _, where = spec.partition(":")
    if spec == "griffin-lim":
        from svc_core.vocoders.griffin_lim import GriffinLim

        return GriffinLim(grid)
    if not where or kind not in ("istft", "bigvgan", "vocos"):
        raise VocoderError(f"'{spec}' is no vocoder; choose one of {SPECS}.")
    # the packages of other vocoders are big and not everybody's: each is imported when it is asked for
    if kind == "istft":
        from svc_core.vocoders.istft import load_istft

        return load_istft(Path(where), grid, device)
    if kind == "bigvgan":
        from svc_core.vocoders.bigvgan import load_bigvgan

        return load_bigvgan(where, grid, device)
    from svc_core.vocoders.vocos import load_vocos

    return load_vocos(where, grid, device)
