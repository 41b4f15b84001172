"""Content encoders by name, behind one small interface.

A spec is what ContentConfig.encoders lists: "cepstra", which needs no download and is measured in
content.py, or a kind and a checkpoint: "whisper:NAME", "contentvec:NAME", "encodec:NAME" with a
Hugging Face name or a folder, "hubert:NAME" with a pipeline of torchaudio or a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from svc_core.config import GridConfig
from svc_core.sound.align import Stream

CEPSTRA = "cepstra"
KINDS = ("whisper", "contentvec", "hubert", "encodec")
WEIGHT_FILES = (".json", ".safetensors", ".bin")  # of a folder: what decides an encoder's values


class EncoderError(ValueError):
    """An encoder that cannot be had; the message says which and what to do."""


class Encoder(Protocol):
    """A pretrained content encoder."""

    width: int  # channels
    tolerance: float  # labels by which its count may differ from the clip's length (see align_stream)

    def encode(self, samples: np.ndarray) -> Stream:
        """Labels of a clip (samples,) at the grid's rate; what the encoder needs to be resampled, it resamples."""


def check_specs(specs: Sequence[str]) -> None:
    """Raise EncoderError for a list of encoders that cannot be meant, before anything is loaded."""
    if not specs:
        raise EncoderError("no content encoder is named; choose at least one, such as cepstra.")
    for spec in specs:
        if spec != CEPSTRA:
            _split(spec)
        if list(specs).count(spec) > 1:
            raise EncoderError(f"the content encoder {spec} is named twice.")


def open_encoder(spec: str, grid: GridConfig, device: str = "cpu") -> Encoder:
    """The encoder of ``spec``, loaded once a process. Raises EncoderError."""
    return _load(*_split(spec), grid, device, fingerprint(spec))


def fingerprint(spec: str) -> str:
    """First 12 digits of a SHA-256 over a local checkpoint's files; empty where nothing local is named.

    Another checkpoint at the same path is so another encoder, and its features are others.
    """
    if spec == CEPSTRA:
        return ""
    path = Path(_split(spec)[1]).expanduser()
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.suffix in WEIGHT_FILES and f.is_file())
    if not files:
        return ""
    digest = hashlib.sha256()
    for file in files:
        facts = file.stat()
        digest.update(f"{file.relative_to(path)}\0{_file_digest(file, facts.st_size, facts.st_mtime_ns)}\n".encode())
    return digest.hexdigest()[:12]


@lru_cache(maxsize=64)
def _file_digest(file: Path, size: int, changed_ns: int) -> str:
    """Read again only when size or time have changed: a key is asked for once a recording."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _split(spec: str) -> tuple[str, str]:
    kind, _, name = spec.partition(":")
    if kind not in KINDS or not name:
        raise EncoderError(
            f"'{spec}' names no content encoder; choose {CEPSTRA}, or {', '.join(KINDS)} with a checkpoint, "
            "as in whisper:openai/whisper-medium."
        )
    return kind, name


@lru_cache(maxsize=4)
def _load(kind: str, name: str, grid: GridConfig, device: str, mark: str) -> Encoder:
    """``mark`` is the checkpoint's fingerprint: a file that was exchanged is loaded anew."""
    # Imported only here: torch and transformers take seconds and half a gigabyte, which cepstra do not need.
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise EncoderError(f"this machine has no device '{device}' for {kind}:{name}; choose cpu.") from error
    try:
        if kind == "whisper":
            from svc_core.sound.whisper import Whisper

            return Whisper(name, grid, device)
        if kind == "encodec":
            from svc_core.sound.encodec import Encodec

            return Encodec(name, grid, device)
        if kind == "contentvec":
            from svc_core.sound.contentvec import open_contentvec

            return open_contentvec(name, grid, device)
        from svc_core.sound.hubert import open_hubert

        return open_hubert(name, grid, device)
    except ModuleNotFoundError as error:
        raise EncoderError(f"{kind}:{name} needs the package {error.name}; install it with pip.") from error
