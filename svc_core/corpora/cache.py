"""Features of a corpus, measured once, in parallel, and kept on disk.

Files lie in ``<cache>/<key>/``; the key is a hash of all that decides their values: the time grid, the
content encoders, the bytes of local checkpoints, and EDITION, which grows when the way of measuring
changes. The key stands inside each file too, and beside it a mark of the recording, so that features
of another configuration, or of a recording that has been exchanged since, are never taken for these.
Each file appears whole or not at all, so an interrupted run goes on where it stopped.

Augmented copies of training recordings lie under a key of their own, as ``<file>.copy1.npz`` and so on.
How many there are is not part of it: more copies are measured in addition.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from svc_core.config import AugmentConfig, Config, feature_key
from svc_core.corpora.corpus import Clip
from svc_core.sound.audio import AudioError, load_audio
from svc_core.sound.augment import change_recording, draw_change
from svc_core.sound.encoders import CEPSTRA, check_specs, fingerprint
from svc_core.sound.features import (
    DamagedFeaturesError,
    FeatureError,
    Features,
    extract_features,
    load_features,
    read_source,
    save_features,
)
from svc_core.workers import worker_pool

EDITION = 2  # of the way features are measured; 2 hears notes under 71 Hz


@dataclass(frozen=True)
class CacheReport:
    """What measuring a corpus came to."""

    usable: list[Clip]  # in their given order
    skipped: list[str]  # one sentence for each recording that cannot be used
    files: int  # files of features that were measured now, copies included
    kept: int  # that were there already
    audio_s: float  # of sound measured now
    work_s: float  # that all workers together spent on it
    wall_s: float


def cache_key(config: Config, copy: int = 0) -> str:
    """Twelve digits that name the folder of these features; copies have one of their own."""
    augment = replace(config.augment, copies=0) if copy else AugmentConfig()
    marks = [fingerprint(spec) for spec in config.content.encoders]
    return _short_hash("\n".join([str(EDITION), feature_key(replace(config, augment=augment)), *marks]))


def feature_path(cache: Path, clip: Clip, config: Config, copy: int = 0) -> Path:
    """Where the features of a clip, or of one of its copies, lie once they are measured."""
    return _path(cache, clip, cache_key(config, copy), copy)


def copies_of(clip: Clip, config: Config) -> range:
    """Numbers of a clip's copies: 0, the recording itself, and for a training clip the augmented ones."""
    return range(1 + config.augment.copies if clip.split == "train" else 1)


def cache_features(
    clips: Sequence[Clip], config: Config, cache: Path, jobs: int | None = None
) -> tuple[list[Clip], list[str]]:
    """Measure every clip that is not yet in the cache.

    Returns the usable clips in their given order, and one sentence for each that was skipped. Raises
    EncoderError, AlignmentError and FeatureError, which would come again with every clip.
    """
    measured = measure_clips(clips, config, cache, jobs)
    return measured.usable, measured.skipped


def load_cached(cache: Path, clip: Clip, config: Config, copy: int = 0) -> Features:
    """Features of a clip, or of one of its copies; measured anew where the file is damaged or missing.

    Raises FeatureError where the file is of another configuration, AudioError where it must be measured
    and cannot be.
    """
    key = cache_key(config, copy)
    path = _path(cache, clip, key, copy)
    try:
        return load_features(path, key)
    except DamagedFeaturesError:
        _measure_copies(clip, [copy], config, cache, "cpu")
        return load_features(path, key)


def measure_clips(
    clips: Sequence[Clip], config: Config, cache: Path, jobs: int | None = None, device: str = "cpu"
) -> CacheReport:
    """As :func:`cache_features`, with what it came to. Pretrained encoders run on ``device``, once a worker."""
    check_specs(config.content.encoders)
    began = time.perf_counter()
    keys = [cache_key(config, copy) for copy in range(1 + config.augment.copies)]
    todo: list[tuple[Clip, list[int]]] = []
    kept = 0
    for clip in clips:
        missing = [n for n in copies_of(clip, config) if not _is_fresh(_path(cache, clip, keys[n], n), keys[n], clip)]
        kept += len(copies_of(clip, config)) - len(missing)
        if missing:
            todo.append((clip, missing))
    skipped: dict[str, str] = {}
    files, audio_s, work_s = 0, 0.0, 0.0
    if todo:
        pool = worker_pool(min(jobs, len(todo)) if jobs else None)
        try:
            running: dict[Future, tuple[Clip, list[int]]] = {
                pool.submit(_measure, clip, missing, config, cache, device): (clip, missing) for clip, missing in todo
            }
            for done in tqdm(as_completed(running), total=len(todo), desc="features", unit="file"):
                clip, missing = running[done]
                problem, heard_s, spent_s = done.result()
                audio_s, work_s = audio_s + heard_s, work_s + spent_s
                if problem:
                    skipped[clip.file] = problem
                else:
                    files += len(missing)
        except BrokenProcessPool as error:
            raise FeatureError(
                "a worker was ended from outside, most likely because memory ran out; try fewer with --jobs."
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)  # after an error the rest would be measured in vain
    usable = [clip for clip in clips if clip.file not in skipped]
    return CacheReport(usable, list(skipped.values()), files, kept, audio_s, work_s, time.perf_counter() - began)


def _path(cache: Path, clip: Clip, key: str, copy: int) -> Path:
    return cache / key / f"{clip.file}{f'.copy{copy}' if copy else ''}.npz"


def _measure(
    clip: Clip, copies: list[int], config: Config, cache: Path, device: str
) -> tuple[str | None, float, float]:
    """In a worker: what is wrong with the recording, if anything, seconds of sound, and seconds it took."""
    if config.content.encoders != (CEPSTRA,):
        import torch  # only where an encoder needs it, see encoders.py

        torch.set_num_threads(1)  # there is a worker for each core already
    began = time.perf_counter()
    try:
        heard_s = _measure_copies(clip, copies, config, cache, device)
    except AudioError as error:
        return str(error), 0.0, time.perf_counter() - began
    return None, heard_s, time.perf_counter() - began


def _measure_copies(clip: Clip, copies: Sequence[int], config: Config, cache: Path, device: str) -> float:
    """Measure the recording and its copies, those that are asked for; returns how many seconds of sound."""
    grid, content = config.grid, config.content
    samples, source = load_audio(clip.path, grid), _mark(clip.path)
    heard = 0
    for copy in sorted(copies):
        key = cache_key(config, copy)
        changed = samples
        if copy:  # its F0 is known by then, and to track it would be most of the work
            f0_hz = load_cached(cache, clip, config).f0_hz
            changed = change_recording(samples, draw_change(clip.file, copy, config.augment), grid, f0_hz)
        features = extract_features(changed, config, content.warps, content.pitches, str(clip.path), device)
        save_features(_path(cache, clip, key, copy), features, key, source)
        heard += len(changed)
    return heard / grid.sample_rate_hz


def _is_fresh(path: Path, key: str, clip: Clip) -> bool:
    """Whether there are whole features of this configuration and of the recording as it is now.

    Where the recording is no longer there, as on a machine that was given the cache alone, they count.
    """
    try:
        source = read_source(path, key)
    except FeatureError:
        return False
    if not clip.path.is_file():
        return True
    facts = clip.path.stat()
    return source.split()[:2] == [str(facts.st_size), str(facts.st_mtime_ns)] or (
        source.split()[2:] == _mark(clip.path).split()[2:]
    )


def _mark(recording: Path) -> str:
    """Size, time of the last change, and hash of a recording: the hash is asked only where the others differ."""
    facts = recording.stat()
    with recording.open("rb") as file:
        return f"{facts.st_size} {facts.st_mtime_ns} {hashlib.file_digest(file, 'sha256').hexdigest()[:12]}"


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
