"""The content encoder and its phone recogniser on disk: one safetensors file.

Configuration and phones are in its header.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from svc_core.config import Config
from svc_core.model.checkpoint import CheckpointError, read_tensors, save_tensors
from svc_core.model.content_encoder import ContentEncoder
from svc_core.phones.inventory import Inventory
from svc_core.phones.learning import PhoneHead

FORMAT = "singsteps-content-1"


@dataclass(frozen=True)
class Recogniser:
    """Encoder, phone head and the names of the head's phones, in evaluation mode."""

    encoder: ContentEncoder
    head: PhoneHead
    inventory: Inventory


def save_content_encoder(path: Path, recogniser: Recogniser) -> None:
    """Write all that :func:`load_recogniser` needs; the file appears under its name only when it is whole."""
    tensors = {f"encoder/{name}": tensor for name, tensor in recogniser.encoder.state_dict().items()}
    tensors |= {f"head/{name}": tensor for name, tensor in recogniser.head.state_dict().items()}
    metadata = {
        "format": FORMAT,
        "config": recogniser.encoder.config.to_json(),
        "phones": json.dumps(recogniser.inventory.symbols),
    }
    save_tensors(path, tensors, metadata)


def load_recogniser(path: str | Path) -> Recogniser:
    """Raises CheckpointError where ``path`` is no content encoder, or not a whole one."""
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file; make one first (python -m svc_core.learn_content).")
    tensors, metadata = read_tensors(path)
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path}: not a content encoder of format {FORMAT}.")
    try:
        inventory = Inventory(tuple(json.loads(metadata["phones"])))
        encoder = ContentEncoder(Config.from_json(metadata["config"]))
        head = PhoneHead(encoder.config.code.code, len(inventory))
        for name, module in (("encoder/", encoder), ("head/", head)):
            part = {key.removeprefix(name): value.float() for key, value in tensors.items() if key.startswith(name)}
            module.load_state_dict(part)
    except (TypeError, KeyError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[-1].strip()  # torch lists every tensor, a line each
        raise CheckpointError(f"{path}: its weights do not fit its own configuration ({reason}).") from error
    return Recogniser(encoder.eval(), head.eval(), inventory)


def load_content_encoder(path: str | Path) -> ContentEncoder:
    """The encoder alone, as a voice converter takes it in. Raises CheckpointError."""
    return load_recogniser(path).encoder
