"""What the recordings themselves say: which can be decoded, how long they are, how high each singer sings.

Every file is decoded once, at its own rate, in parallel; one that cannot be used costs a line in the list of
what was skipped and nothing else. A recording whose labels cannot be read stays, without them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from tqdm import tqdm

from svc_core.config import GridConfig
from svc_core.corpora.corpus import Clip
from svc_core.corpora.labels import LabelError, read_labels
from svc_core.corpora.layout import Skipped
from svc_core.corpora.splits import song_place
from svc_core.sound.audio import SHORTEST_S, AudioError, load_audio
from svc_core.sound.pitch import track_f0

CHUNK = 16  # files a worker takes at a time: a second's work
RANGE_PERCENT = (5, 95)  # of the held frames: single outbursts are no range
EXCERPT_S = 3.0  # of a recording at least: a phrase
HELD_FRAMES = 9  # 96 ms
HELD_RATIO = 2 ** (2 / 12)


def check_audio_files(
    clips: Sequence[Clip], grid: GridConfig, pool: Executor
) -> tuple[dict[str, float], list[Skipped]]:
    """Decode every clip: seconds by file of those that can be used, and the others with a sentence each."""
    answers = pool.map(partial(_seconds, grid=grid), [clip.path for clip in clips], chunksize=CHUNK)
    seconds, skipped = {}, []
    for clip, answer in zip(clips, tqdm(answers, total=len(clips), desc="checking", unit="file"), strict=True):
        if isinstance(answer, float):
            seconds[clip.file] = answer
        else:
            skipped.append(Skipped(clip.file, "audio that cannot be used", answer, clip.data_set))
    return seconds, skipped


def f0_ranges_hz(
    clips: Sequence[Clip], seconds: dict[str, float], budget_s: float, grid: GridConfig, pool: Executor
) -> dict[str, tuple[float, float]]:
    """5th and 95th percentile of the F0 that each singer holds, in Hz, from up to ``budget_s`` seconds a singer.

    A singer who holds no note in them is not in the answer.
    """
    excerpts = list(_excerpts(clips, seconds, budget_s))
    answers = pool.map(partial(_measured_f0_hz, grid=grid), [(clip.path, *part_s) for clip, *part_s in excerpts])
    held_hz = defaultdict(list)
    for (clip, *_), f0_hz in zip(excerpts, tqdm(answers, total=len(excerpts), desc="F0", unit="file"), strict=True):
        held_hz[clip.singer].append(f0_hz)
    pooled = {singer: np.concatenate(parts) for singer, parts in held_hz.items()}
    ranges_hz = {singer: np.percentile(f0_hz, RANGE_PERCENT) for singer, f0_hz in pooled.items() if len(f0_hz)}
    return {singer: (float(low_hz), float(high_hz)) for singer, (low_hz, high_hz) in ranges_hz.items()}


def check_label_files(clips: Iterable[Clip]) -> tuple[list[Clip], list[Skipped]]:
    """The clips, those whose label file cannot be read without it, and a sentence for each of these."""
    checked, skipped = [], []
    for clip in clips:
        try:
            read_labels(clip)
        except LabelError as error:
            clip = replace(clip, label_kind="", label_file=None)
            skipped.append(Skipped(clip.file, "labels that cannot be used", str(error), clip.data_set))
        checked.append(clip)
    return checked, skipped


def _excerpts(clips: Sequence[Clip], seconds: dict[str, float], budget_s: float) -> Iterator[tuple[Clip, float, float]]:
    """Middles of recordings (clip, start_s, end_s) from all over what each singer sings."""
    recordings = Counter(clip.singer for clip in clips)
    left_s: defaultdict[str, float] = defaultdict(lambda: budget_s)
    for clip in sorted(clips, key=lambda clip: song_place(clip.file)):
        length_s, share_s = seconds[clip.file], max(EXCERPT_S, budget_s / recordings[clip.singer])
        part_s = min(left_s[clip.singer], length_s, share_s)
        if part_s >= SHORTEST_S:
            left_s[clip.singer] -= part_s
            yield clip, (length_s - part_s) / 2, (length_s + part_s) / 2


def _seconds(path: Path, grid: GridConfig) -> float | str:
    try:
        rate_hz = soundfile.info(path).samplerate if path.is_file() else grid.sample_rate_hz
        return len(load_audio(path, replace(grid, sample_rate_hz=rate_hz))) / rate_hz
    except AudioError as error:
        return str(error)
    except (OSError, RuntimeError, ValueError) as error:  # nothing that a file may hold ends the run
        return f"{path}: not a sound file that can be read ({' '.join(str(error).split()).rstrip('.')})."


def _measured_f0_hz(excerpt: tuple[Path, float, float], grid: GridConfig) -> np.ndarray:
    path, start_s, end_s = excerpt
    try:
        return held_f0_hz(track_f0(load_audio(path, grid, start_s, end_s), grid, quick=True))
    except AudioError:  # a part of it may be silent
        return np.empty(0)


def held_f0_hz(f0_hz: np.ndarray) -> np.ndarray:
    """F0 (frame,) in the middle of every tenth of a second in which it moves by less than a whole tone.

    The quick tracker takes hiss and room for a voice an octave or two below the singer, but never holds it;
    most vibratos are narrower. Of eight singers tried, what is left agrees with Harvest within a semitone.
    """
    if len(f0_hz) < HELD_FRAMES:
        return np.empty(0)
    window = np.lib.stride_tricks.sliding_window_view(f0_hz, HELD_FRAMES)
    lowest, highest = window.min(axis=1), window.max(axis=1)
    return window[highest < lowest * HELD_RATIO, HELD_FRAMES // 2]  # never where a frame is 0
