"""A trace on disk: one folder, a manifest and the files it names. Format in precomputed/README.md.

Reading needs NumPy alone. Every file is listed in the manifest with its size and SHA-256, and a
folder appears under its name only when it is whole: what is killed half-way leaves no trace.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FORMAT = "singsteps-trace-1"
MANIFEST = "trace.json"
NEEDED = {  # manifest field -> what it must be
    "id": str,
    "source": dict,
    "target": dict,
    "key_shift_semitones": int,
    "sampler": dict,
    "model": dict,
    "vocoder": str,
    "scale": dict,
    "grid": dict,
    "frames": int,
    "kept_steps": list,
    "sounds": list,
    "f0_rows": list,
    "licence": str,
    "attribution": list,
    "files": dict,
}


class TraceError(ValueError):
    """A folder that is no whole trace; the message says what is wrong with it and what to do."""


@dataclass(frozen=True)
class Trace:
    """An opened trace: its folder and its manifest. Arrays are read when asked for."""

    folder: Path
    manifest: dict

    @property
    def id(self) -> str:
        return self.manifest["id"]

    def array(self, name: str) -> np.ndarray:
        """A .npy.gz file of the trace. Raises TraceError."""
        try:
            with gzip.open(self.folder / name) as file:
                return np.load(io.BytesIO(file.read()), allow_pickle=False)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise TraceError(f"trace '{self.id}': {name} cannot be read ({error}); {REBUILD}") from error

    def predicted_levels(self) -> np.ndarray:
        """Predicted clean mels at the kept steps, (kept, mel, frame) bytes of the fixed scale."""
        # stored as differences from one kept step to the next, modulo 256: mostly zeros, packs well
        return np.cumsum(self.array("predicted.npy.gz"), axis=0, dtype=np.uint8)

    def f0_hz(self) -> dict[str, np.ndarray]:
        """F0 in Hz by what it was measured on, each (frame,), 0 where unvoiced."""
        rows = self.array("f0.npy.gz").astype(np.float32) / 10.0
        names = self.manifest["f0_rows"]
        if len(names) != len(rows):
            raise TraceError(f"trace '{self.id}': {len(rows)} contours under {len(names)} names; {REBUILD}")
        return dict(zip(names, rows, strict=True))

    def verify(self) -> None:
        """Read every file against its checksum. Raises TraceError naming the first that differs or is foreign."""
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if path.is_file() and name != MANIFEST and name not in self.manifest["files"]:
                raise TraceError(f"trace '{self.id}': the file {name} is no part of it; remove it.")
        for name, facts in self.manifest["files"].items():
            path = self.folder / name
            if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != facts.get("sha256"):
                raise TraceError(f"trace '{self.id}': {name} is not what was written; {REBUILD}")


REBUILD = "delete the folder and run svc_core.precompute again, or restore it from the repository."


def open_trace(folder: str | Path) -> Trace:
    """Open a trace folder; the manifest and the size of every file are checked. Raises TraceError."""
    folder = Path(folder)
    path = folder / MANIFEST
    if not path.is_file():
        raise TraceError(f"'{folder.name}' is not a trace: it holds no {MANIFEST}; {REBUILD}")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise TraceError(f"trace '{folder.name}': {MANIFEST} is damaged ({error}); {REBUILD}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise TraceError(f"'{folder.name}' is of format {found!r}; this version reads {FORMAT}: update SingSteps.")
    for field, kind in NEEDED.items():
        if not isinstance(manifest.get(field), kind):
            raise TraceError(f"trace '{folder.name}': '{field}' is missing from {MANIFEST} or malformed; {REBUILD}")
    if manifest["id"] != folder.name:
        raise TraceError(f"the folder '{folder.name}' holds the trace '{manifest['id']}': give it its own name back.")
    _check_files(folder, manifest["files"])
    return Trace(folder, manifest)


def _check_files(folder: Path, files: dict) -> None:
    inside = folder.resolve()
    for name, facts in files.items():
        path = folder / name
        if not path.resolve().is_relative_to(inside):
            raise TraceError(f"trace '{folder.name}': the file name '{name}' leads out of its folder; {REBUILD}")
        if not path.is_file():
            raise TraceError(f"trace '{folder.name}': {name} is missing; {REBUILD}")
        size = path.stat().st_size
        if not isinstance(facts, dict) or size != facts.get("bytes"):
            promised = facts.get("bytes") if isinstance(facts, dict) else None
            raise TraceError(f"trace '{folder.name}': {name} has {size} bytes, not {promised}; {REBUILD}")


def pack_array(array: np.ndarray) -> bytes:
    """Bytes of a .npy.gz; the same array gives the same bytes (no time stamp)."""
    plain = io.BytesIO()
    np.save(plain, array, allow_pickle=False)
    return gzip.compress(plain.getvalue(), compresslevel=9, mtime=0)


def pack_predicted(levels: np.ndarray) -> bytes:
    """Bytes of predicted.npy.gz from (kept, mel, frame) levels: first differences modulo 256."""
    return pack_array(np.diff(levels, axis=0, prepend=np.zeros_like(levels[:1])))


def write_trace(parent: str | Path, manifest: dict, files: dict[str, bytes]) -> Trace:
    """Write a trace folder ``parent``/id whole or not at all; one that is there already is replaced."""
    parent = Path(parent)
    facts = {name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}
    manifest = {"format": FORMAT, **manifest, "files": facts}
    folder, partial = parent / manifest["id"], parent / f".partial-{manifest['id']}-{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    for name, data in files.items():
        (partial / name).parent.mkdir(parents=True, exist_ok=True)
        (partial / name).write_bytes(data)
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    (partial / MANIFEST).write_text(text, encoding="utf-8")
    if folder.exists():
        old = parent / f".old-{manifest['id']}"  # sweep_unfinished puts it back, if this ends right here
        folder.rename(old)
        partial.rename(folder)
        shutil.rmtree(old)
    else:
        partial.rename(folder)
    return open_trace(folder)


def sweep_unfinished(parent: str | Path) -> None:
    """Tidy up after a killed write_trace: what was half-made goes, what was just being replaced comes back."""
    for leftover in Path(parent).glob(".partial-*"):
        shutil.rmtree(leftover)
    for leftover in Path(parent).glob(".old-*"):
        folder = leftover.with_name(leftover.name.removeprefix(".old-"))
        if folder.exists():
            shutil.rmtree(leftover)
        else:
            leftover.rename(folder)
