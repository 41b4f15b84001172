"""Recordings that stand for a singer: what similarity to a singer is measured against, their mean embeddings, and
where the singers mostly sing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from svc_core.config import GridConfig
from svc_core.conversion.sets import traces_in
from svc_core.corpora.corpus import Corpus
from svc_core.metrics.singer import EMBEDDING
from svc_core.sound.pitch import track_f0
from svc_core.traces.ranges import RANGES, Range
from svc_core.traces.trace import TraceError, open_trace
from svc_core.whole import write_whole

VOICES = "voices.npz"  # beside the traces whose scores were measured with it
REFERENCE_CLIPS = 8  # of a singer: their mean lies within .005 of the mean of twenty (cosine)
USUAL = (5, 50, 95)  # percentiles of the voiced frames: a tracker's slips lie beyond


def corpus_recordings(corpus: Corpus) -> dict[str, list[Path]]:
    """Up to 8 training recordings of each singer, spread over the corpus's order and so over its songs."""
    chosen = {}
    for singer in corpus.trained_singers:
        paths = [clip.path for clip in corpus.clips_of("train") if clip.singer == singer]
        places = np.linspace(0, len(paths) - 1, min(REFERENCE_CLIPS, len(paths)))
        chosen[singer] = [paths[round(place)] for place in places]
    return chosen


def trace_recordings(folders: Iterable[Path]) -> dict[str, list[Path]]:
    """The targets' recordings that lie in traces, each once (several traces may hold the same)."""
    chosen: dict[str, dict[bytes, Path]] = {}
    for folder in folders:
        for path in (folder, *traces_in(folder)):
            try:
                trace = open_trace(path)
            except TraceError:
                continue  # whoever needs this trace will tell what is wrong with it
            for name in trace.manifest.files:
                if name.startswith("sound/target."):
                    chosen.setdefault(trace.manifest.target, {}).setdefault(trace.read(name), trace.folder / name)
    return {singer: list(files.values()) for singer, files in chosen.items()}


def save_voices(folder: Path, voices: Mapping[str, np.ndarray]) -> None:
    """Write singers' mean embeddings (256,) for those who measure without the recordings; whole or not at all."""
    file = io.BytesIO()
    np.savez(file, embedding=np.array(EMBEDDING), singers=np.array(list(voices)), means=np.stack([*voices.values()]))
    write_whole(folder / VOICES, file.getvalue())


def load_voices(folder: Path) -> dict[str, np.ndarray]:
    """What :func:`save_voices` wrote; empty where there is nothing of this encoder's."""
    try:
        with np.load(folder / VOICES, allow_pickle=False) as file:
            if str(file["embedding"]) != EMBEDDING:
                return {}
            return dict(zip(file["singers"].tolist(), file["means"], strict=True))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}


def usual_ranges(sounds: Mapping[str, list[np.ndarray]], grid: GridConfig) -> dict[str, Range]:
    """Where each singer sings in recordings, each (samples,); singers without a voiced frame are left out."""
    found = {}
    for singer, recordings in sounds.items():
        f0_hz = np.concatenate([track_f0(samples, grid) for samples in recordings])
        if (f0_hz > 0).any():
            found[singer] = Range(*np.percentile(f0_hz[f0_hz > 0], USUAL).tolist())
    return found


def save_ranges(folder: Path, ranges: Mapping[str, Range]) -> None:
    """Write them for the pages; whole or not at all."""
    table = pd.DataFrame([{"singer": singer, **vars(found)} for singer, found in ranges.items()])
    text = table.to_csv(index=False, float_format="%.1f", lineterminator="\n")
    write_whole(folder / RANGES, text.encode())
