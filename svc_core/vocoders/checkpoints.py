"""Files of other people's vocoders: found in a folder or fetched from Hugging Face's hub, and never unpickled.

Raises VocoderError, a sentence, for whatever stands in the way: no package, no network, no such file,
a checkpoint that holds more than tensors.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pickletools import genops
from types import ModuleType
from typing import BinaryIO

import torch
from torch import Tensor

from svc_core.vocoders.vocoder import VocoderError

LONGEST_NAME = 200  # characters of a module and what is called of it
PICKLES_OF_OLD = 5  # number, protocol, machine, object, names of its tensors


def import_package(name: str, kind: str) -> ModuleType:
    """A package that only this kind of vocoder needs."""
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise VocoderError(
            f"{kind} needs the package {package}, which is not there ({error}); pip install {package}."
        ) from error


def find_files(where: str, names: tuple[str, ...], kind: str) -> tuple[Path, ...]:
    """``names`` in the folder ``where``, or, if there is no such folder, of that name on the hub."""
    if Path(where).is_dir():
        for name in names:
            if not (Path(where) / name).is_file():
                raise VocoderError(f"{where}: a folder of {kind} holds {' and '.join(names)}; {name} is not there.")
        return tuple(Path(where) / name for name in names)
    hub = import_package("huggingface_hub", kind)
    try:
        return tuple(Path(hub.hf_hub_download(where, name)) for name in names)
    except (OSError, ValueError) as error:  # all of the hub's own errors are one or the other
        raise VocoderError(
            f"{kind} '{where}' is neither a folder here nor can it be fetched from huggingface.co "
            f"({type(error).__name__}); check the name and the network, or give a folder with {' and '.join(names)}."
        ) from error


def load_tensors(path: Path) -> dict:
    """What a .pt or .bin file holds, provided that it is tensors and nothing that runs. Raises VocoderError."""
    refused = f"{path}: not a whole file of tensors and nothing else; fetch it again."
    try:
        # torch stores; what is packed may unpack into a thousand times its size
        if _unpacks(path) or _has_long_names(path):
            raise VocoderError(refused)
        held = torch.load(path, map_location="cpu", weights_only=True)
    except VocoderError:
        raise
    except Exception as error:  # torch believes what the bytes say, and fails by whatever error that leads to
        raise VocoderError(refused) from error
    if not isinstance(held, dict):
        raise VocoderError(refused)
    return held


def _unpacks(path: Path) -> bool:
    """Whether the file is an archive of torch's with an entry that is larger than what is there of it."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    stored = all(entry.compress_type == zipfile.ZIP_STORED for entry in entries)
    return not stored or sum(entry.file_size for entry in entries) > path.stat().st_size


def _has_long_names(path: Path) -> bool:
    """Whether it names something to call that is longer than any name.

    Torch (2.11) refuses it too, but searches what it says of that in quadratic time: 3.4 s where 14 kB are names.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            pickles = [io.BytesIO(archive.read(name)) for name in archive.namelist() if name.endswith(".pkl")]
        return any(map(_next_has_long_names, pickles))
    with path.open("rb") as file:  # the older format: a few, one after another, and then the numbers
        return any(_next_has_long_names(file) for _ in range(PICKLES_OF_OLD))


def _next_has_long_names(file: BinaryIO) -> bool:
    return any("GLOBAL" in code.name and len(str(name)) > LONGEST_NAME for code, name, _ in genops(file))


def fill_network(network: torch.nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    """Raises VocoderError where the weights are not those of the network that the configuration describes."""
    try:
        network.load_state_dict(tensors)
    except (RuntimeError, TypeError, AttributeError, NotImplementedError) as error:  # a name or a tensor is none
        reason = str(error).strip().splitlines()[-1].strip()  # torch lists every tensor, a line each
        raise VocoderError(f"{path}: its weights do not fit the configuration beside it ({reason}).") from error


def checkpoint_name(where: str, weights: Path) -> str:
    """A hub's name as it is; a folder by its own name and the hash of its weights, whatever machine it lies on."""
    if not Path(where).is_dir():
        return where
    return f"{Path(where).resolve().name} {hashlib.sha256(weights.read_bytes()).hexdigest()[:12]}"


def check_frame(kind: str, theirs: Mapping[str, object], ours: Mapping[str, object]) -> None:
    """Raises VocoderError, naming the first difference, where a vocoder hears another mel than this project's."""
    for name, value in ours.items():
        if theirs.get(name) != value:
            raise VocoderError(
                f"{kind}: its mel has {name} {theirs.get(name)}, this project's has {value}; "
                "take a checkpoint for 24 kHz, 100 bands and a hop of 256."
            )
