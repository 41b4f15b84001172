"""Models on disk: safetensors with the configuration and the singers in the header. Never pickle.

A model file holds the weights that sound best (their moving average); a run's state holds what
resuming needs as well: the raw weights, the average and the optimiser's moments.

Student and DDPM model share conditions and draft with their teacher. A shipped file may leave out what is
in another one, its base, which lies beside it and is named in its header with its hash.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from svc_core.config import Config
from svc_core.model.system import VoiceConverter
from svc_core.whole import write_whole

FORMAT = "singsteps-model-1"
MOST_METADATA = 1 << 20  # characters of all it says of itself: a thousand singers and every constant, many times over


class CheckpointError(ValueError):
    """A model file that cannot be used; the message says why and what to do."""


def save_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write a safetensors file that appears under its name only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    held = {name: tensor.contiguous() for name, tensor in tensors.items()}
    write_whole(path, _in_fixed_order(save(held, metadata)))


def _in_fixed_order(data: bytes) -> bytes:
    """The same safetensors with its header sorted: the library writes metadata in an order that changes by chance."""
    size = 8 + int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8:size]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[size:]


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a safetensors file. Raises CheckpointError."""
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file; train a model first (python -m svc_core.train).")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
        if sum(map(len, metadata.values())) > MOST_METADATA:
            raise CheckpointError(
                f"{path}: its description has more than {MOST_METADATA:,} characters; none of ours has."
            )
        return load_file(path), metadata
    except SafetensorError as error:
        raise CheckpointError(
            f"{path}: not a whole safetensors file ({error}); pickled checkpoints are refused."
        ) from error


def save_model(
    path: Path, model: VoiceConverter, weights: dict[str, Tensor], half: bool = False, base: Path | None = None
) -> None:
    """Write ``weights`` as a model file; ``half`` stores them in 16 bits, for shipping.

    What ``base``, a model file in the same folder, holds as well is left out. Raises CheckpointError where that
    is no model by itself, or lies elsewhere.
    """
    if half:
        weights = {name: tensor.half() if tensor.dim() > 0 else tensor for name, tensor in weights.items()}
    metadata = {"format": FORMAT, "config": model.config.to_json(), "singers": json.dumps(model.singers)}
    if base is not None:
        known, of_base = read_tensors(base)
        if base.resolve().parent != path.resolve().parent or of_base.get("format") != FORMAT or "base" in of_base:
            raise CheckpointError(f"{base}: a base must be a whole model file in the folder of {path.name}.")
        weights = {name: tensor for name, tensor in weights.items() if not _same(tensor, known.get(name))}
        metadata |= {"base": base.name, "base_hash": model_hash(base)}
    save_tensors(path, weights, metadata)


def load_model(path: str | Path) -> VoiceConverter:
    """The model in ``path``, in evaluation mode, in 32 bits. Raises CheckpointError."""
    path = Path(path)
    tensors, metadata = read_tensors(path)
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path}: not a SingSteps model of format {FORMAT}.")
    if "base" in metadata:
        tensors = _base_tensors(path, metadata) | tensors
    try:
        model = VoiceConverter(Config.from_json(metadata["config"]), tuple(json.loads(metadata["singers"])))
        model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (TypeError, KeyError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[-1].strip()  # torch lists every tensor, a line each
        raise CheckpointError(f"{path}: its weights do not fit its own configuration ({reason}).") from error
    return model.eval()


def _same(tensor: Tensor, other: Tensor | None) -> bool:
    return other is not None and tensor.dtype == other.dtype and torch.equal(tensor, other)


def _base_tensors(path: Path, metadata: dict[str, str]) -> dict[str, Tensor]:
    """What the file in ``path`` leaves out. A base is a name in the same folder, never a path."""
    if len(metadata["base"].encode("utf-8", "replace")) > 255:
        raise CheckpointError(f"{path}: its base has a name that no file can have.")
    base = path.parent / Path(metadata["base"]).name
    if not base.is_file():
        raise CheckpointError(f"{path}: a part of it is in {base.name}, which must lie beside it.")
    if model_hash(base) != metadata.get("base_hash"):
        raise CheckpointError(f"{path}: a part of it is in {base.name}, and the one beside it is another; fetch both.")
    tensors, _ = read_tensors(base)
    return tensors


def model_hash(path: str | Path) -> str:
    """First 12 digits of the file's SHA-256: which model made a trace."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]
