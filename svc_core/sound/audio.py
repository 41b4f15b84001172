"""Reading a recording: any file libsndfile reads -> mono float32 at the project's rate.

Anything that cannot be singing is refused here, with a sentence, so that no later stage has to
wonder. Conventions: samples are float32 in [-1, 1], one channel.
"""

from __future__ import annotations

import re
from pathlib import Path

import librosa
import numpy as np
import soundfile

from svc_core.config import GridConfig

SHORTEST_S = 0.2  # two syllables a second is slow singing; below this there is no frame context
UNKNOWN_BYTES = 0xFFFF0000  # a WAV written as a stream promises about this much: its writer could not know better
SILENCE_PEAK = 10 ** (-60 / 20)  # a recording whose peak is under -60 dBFS holds no voice


class AudioError(ValueError):
    """A recording that cannot be used; the message says which, why, and what to do."""


def load_audio(path: str | Path, grid: GridConfig, start_s: float = 0.0, end_s: float | None = None) -> np.ndarray:
    """Read ``path`` (or the part from ``start_s`` to ``end_s``) as mono float32 at the grid's rate.

    Returns shape (samples,). Channels are averaged. Raises AudioError for a missing, unreadable,
    truncated, empty, too short, silent or non-finite recording.
    """
    path = Path(path)
    if not path.is_file():
        raise AudioError(f"{path}: there is no such file; check the path.")
    if not (0 <= start_s < float("inf") and (end_s is None or end_s > start_s)):
        raise AudioError(
            f"{path}: a part begins at 0 s or later and ends after it begins, not from {start_s} s to {end_s} s."
        )
    try:
        with soundfile.SoundFile(path) as file:
            _check_whole(file, path)
            rate_hz, promised = file.samplerate, file.frames
            first = round(start_s * rate_hz)
            last = promised if end_s is None else round(min(end_s * rate_hz, promised))
            if first >= promised and promised > 0:
                raise AudioError(
                    f"{path}: the part from {start_s:g} s lies behind its end ({promised / rate_hz:.2f} s)."
                )
            file.seek(first)
            samples = file.read(last - first, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AudioError(
            f"{path}: not a sound file that can be read ({error.error_string.rstrip('.')}); "
            "use WAV, FLAC, OGG or MP3, or export it again."
        ) from error
    if len(samples) < last - first:
        raise AudioError(
            f"{path}: the file is cut off: {last - first} samples promised, {len(samples)} there; export it again."
        )
    return check_audio(samples.mean(axis=1), rate_hz, grid, str(path))


def _check_whole(file: soundfile.SoundFile, path: Path) -> None:
    """Refuse a cut-off WAV or AIFF: libsndfile reads what there is and mentions only in its log what was promised."""
    found = re.search(r"^\s*(?:data|SSND) : (\d+) \(should be (\d+)\)", file.extra_info, re.MULTILINE)
    if found and int(found[2]) < int(found[1]) < UNKNOWN_BYTES:
        raise AudioError(f"{path}: the file is cut off: {found[1]} bytes promised, {found[2]} there; export it again.")


def check_audio(samples: np.ndarray, rate_hz: int, grid: GridConfig, name: str) -> np.ndarray:
    """Validate mono ``samples`` (n,) of ``rate_hz`` and resample them to the grid's rate."""
    seconds = len(samples) / rate_hz
    if seconds < SHORTEST_S:
        raise AudioError(f"{name}: {seconds:.3f} s is too short; at least {SHORTEST_S} s of singing are needed.")
    if not np.isfinite(samples).all():
        raise AudioError(
            f"{name}: holds {int((~np.isfinite(samples)).sum())} samples that are not numbers; export it again."
        )
    if np.abs(samples).max() < SILENCE_PEAK:
        raise AudioError(f"{name}: silent (peak under -60 dBFS); record it louder or choose another part.")
    if rate_hz == grid.sample_rate_hz:
        return samples.astype(np.float32)
    return librosa.resample(samples, orig_sr=rate_hz, target_sr=grid.sample_rate_hz, res_type="soxr_hq").astype(
        np.float32
    )
