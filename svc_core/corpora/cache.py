"""Features of a corpus, measured once, in parallel, and kept on disk.

Files lie in ``<cache>/<feature key>/``; the key is a hash of the configuration that decides their
values, so features of another configuration are never picked up. Each file appears whole or not at
all, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import as_completed
from pathlib import Path

from tqdm import tqdm

from svc_core.config import Config, feature_key
from svc_core.corpora.corpus import Clip
from svc_core.sound.audio import AudioError, load_audio
from svc_core.sound.features import extract_features, save_features
from svc_core.workers import worker_pool


def feature_path(cache: Path, clip: Clip, config: Config) -> Path:
    return cache / feature_key(config) / f"{clip.file}.npz"


def cache_features(
    clips: Sequence[Clip], config: Config, cache: Path, jobs: int | None = None
) -> tuple[list[Clip], list[str]]:
    """Measure every clip that is not yet in the cache.

    Returns the usable clips in their given order, and one sentence for each that was skipped.
    """
    todo = [clip for clip in clips if not feature_path(cache, clip, config).is_file()]
    skipped: dict[str, str] = {}
    if todo:
        with worker_pool(jobs) as pool:
            running = {pool.submit(_measure, clip, config, cache): clip for clip in todo}
            for done in tqdm(as_completed(running), total=len(todo), desc="features", unit="file"):
                if problem := done.result():
                    skipped[running[done].file] = problem
    return [clip for clip in clips if clip.file not in skipped], list(skipped.values())


def _measure(clip: Clip, config: Config, cache: Path) -> str | None:
    try:
        samples = load_audio(clip.path, config.grid)
    except AudioError as error:
        return str(error)
    save_features(feature_path(cache, clip, config), extract_features(samples, config, config.content.warps))
    return None
