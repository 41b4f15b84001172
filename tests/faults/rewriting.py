"""python -m tests.faults.rewriting FOLDER: writes its traces and catalogue anew until it is killed.

Each time with another sound and another seed, so that a file of one trace cannot pass for one of the next.
"""

from __future__ import annotations

import io
import itertools
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from svc_core.traces.register import rebuild_catalogue, register_traces
from svc_core.traces.writing import write_trace
from tests.faults.traces import NAMES, manifest_of
from tests.support.hand_traces import hand_files

RATE_HZ = 24_000
REBUILD_EVERY = 5
PAUSE_S = 0.4  # the quickest conversion takes longer


def sound(turn: int) -> bytes:
    """Two seconds of a tone of its own, of varying length."""
    time_s = np.arange(2 * RATE_HZ + 100 * (turn % 50)) / RATE_HZ
    file = io.BytesIO()
    soundfile.write(file, 0.2 * np.sin(2 * np.pi * (200 + turn % 300) * time_s), RATE_HZ, format="FLAC")
    return file.getvalue()


def rewrite(parent: Path) -> None:
    for turn in itertools.count():
        for name in NAMES:
            manifest = manifest_of(name)
            manifest = replace(manifest, sampler=replace(manifest.sampler, seed=turn), fingerprint=f"{turn:016x}")
            trace = write_trace(parent, manifest, hand_files(manifest) | {"sound/converted.flac": sound(turn)})
            register_traces(parent, [trace])
            print("first" if turn == 0 and name == NAMES[0] else turn, flush=True)
            time.sleep(PAUSE_S)
        if turn % REBUILD_EVERY == 0:
            rebuild_catalogue(parent)


if __name__ == "__main__":
    rewrite(Path(sys.argv[1]))
