"""Writing traces: a folder appears under its name whole or not at all, whoever else is writing beside.

Each writer works in a hidden folder of its own, which is renamed when it is whole. The rename, and
the tidying up after writers that were killed, are done by one at a time (a lock file in the parent).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import time
import uuid
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from svc_core.traces.manifest import MANIFEST, FileFacts, Manifest, parse_manifest
from svc_core.traces.trace import Trace, open_trace

LOCK = ".lock"
LOCK_S = 60.0  # a rename takes milliseconds; a lock held for a minute is a dead network disk's
PARTIAL, OLD = ".partial-", ".old-"
ABANDONED_S = 24 * 3600.0  # of a writer on another machine, which cannot be asked whether it lives


class WritingError(OSError):
    """A trace that could not be written; the message says why and what to do. Nothing else was touched."""


def hold_folder(parent: Path) -> FileLock:
    """The lock of a folder of traces, as a context; Timeout, an OSError, is raised where it cannot be had."""
    return FileLock(parent / LOCK, timeout=LOCK_S)


def write_trace(parent: str | Path, manifest: Manifest, files: dict[str, bytes]) -> Trace:
    """Write a trace folder ``parent``/id; one that is there already is replaced.

    Raises WritingError where it cannot be, and ValueError for a manifest that could not be read again.
    """
    parent = Path(parent)
    facts = {name: FileFacts(len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()}
    manifest = parse_manifest(replace(manifest, files=facts).to_json())  # nothing is written that could not be read
    folder = parent / manifest.id
    partial = parent / f"{PARTIAL}{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
    try:
        partial.mkdir(parents=True)
        for name, data in files.items():
            path = partial / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        (partial / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
        with hold_folder(parent):
            _put_in_place(partial, folder)
            return open_trace(folder)
    except OSError as error:
        raise WritingError(
            f"trace '{manifest.id}' could not be written to {parent} ({error}); "
            "see to it that there is room and that it may be written, and run the same command again."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _put_in_place(partial: Path, folder: Path) -> None:
    old = folder.with_name(f"{OLD}{folder.name}")  # sweep_unfinished puts it back, if this ends right here
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    try:
        partial.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def sweep_unfinished(parent: str | Path) -> None:
    """Tidy up after killed writers: what was half-made goes, what was just being replaced comes back.

    Folders of writers that are at work are left alone.
    """
    parent = Path(parent)
    if not parent.is_dir():
        return
    with hold_folder(parent):
        for leftover in parent.glob(f"{PARTIAL}*"):
            if not _is_at_work(leftover):
                shutil.rmtree(leftover, ignore_errors=True)
        for leftover in parent.glob(f"{OLD}*"):
            folder = leftover.with_name(leftover.name.removeprefix(OLD))
            if folder.exists():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.rename(folder)


def _is_at_work(partial: Path) -> bool:
    host, _, process = partial.name.removeprefix(PARTIAL).rsplit("-", 1)[0].rpartition("-")
    if host != socket.gethostname() or not process.isdecimal():
        return time.time() - partial.stat().st_mtime < ABANDONED_S
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
