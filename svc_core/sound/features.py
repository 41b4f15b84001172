"""All that the model is given of a clip, gathered on the one time grid, and its file on disk.

Content may come from several encoders: their channels are stacked. A Linear on the stack is the sum
of a Linear each, which is how the seed system joins its encoders.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from svc_core.config import Config
from svc_core.sound.align import align_stream
from svc_core.sound.content import encode_content
from svc_core.sound.encoders import CEPSTRA, check_specs, open_encoder
from svc_core.sound.loudness import a_weighted_loudness, normal_gain_db
from svc_core.sound.mel import log_mel
from svc_core.sound.pitch import track_f0
from svc_core.whole import write_whole


class FeatureError(ValueError):
    """A file of features that cannot be used; the message says which, why and what to do."""


class DamagedFeaturesError(FeatureError):
    """A file of features that is missing, cut off or broken: measuring again mends it."""


@dataclass(frozen=True)
class Features:
    """One clip. Every array's last axis is the frame; all have the same number of frames.

    mel          (mel, frame)              natural log
    f0_hz        (frame,)                  0 where unvoiced
    loudness_db  (frame,)                  A-weighted, after the clip's gain
    content      (variant, channel, frame) cepstra have unit variance; outside training the plain variant alone
    gain_db      ()                        applied to the recording before anything was measured
    """

    mel: np.ndarray
    f0_hz: np.ndarray
    loudness_db: np.ndarray
    content: np.ndarray
    gain_db: float

    @property
    def frames(self) -> int:
        """Mel frames of the clip."""
        return self.mel.shape[1]


def extract_features(
    samples: np.ndarray,
    config: Config,
    warps: tuple[float, ...] = (1.0,),
    pitches: tuple[float, ...] = (),
    name: str = "clip",
    device: str = "cpu",
    threads: int = 1,
) -> Features:
    """Measure a clip (samples,) at the grid's rate; its level is normalised once, as a whole.

    ``warps`` and ``pitches`` are the variants of its content (see encode_content); ``name`` stands in
    messages; pretrained encoders run on ``device``; ``threads`` as for track_f0. Raises EncoderError and
    AlignmentError.
    """
    grid = config.grid
    check_specs(config.content.encoders)
    gain_db = normal_gain_db(a_weighted_loudness(samples, grid), grid)
    samples = samples * np.float32(10 ** (gain_db / 20))
    f0_hz = track_f0(samples, grid, threads=threads)
    loudness_db = a_weighted_loudness(samples, grid)
    mel = log_mel(samples, grid)
    encoded = []
    for spec in config.content.encoders:
        if spec == CEPSTRA:
            encoded.append(encode_content(samples, f0_hz, loudness_db, grid, config.content, warps, pitches))
        else:
            encoder = open_encoder(spec, grid, device)
            stream = encoder.encode(samples)
            labels = align_stream(stream, mel.shape[1], grid, config.content.alignment, encoder.tolerance, name)
            encoded.append(labels[None])
    return Features(mel, f0_hz.astype(np.float32), loudness_db, _stack(encoded), gain_db)


def _stack(encoded: list[np.ndarray]) -> np.ndarray:
    """Stack encoders' channels: [(variant, channel, frame)] -> (variant, channel, frame).

    A pretrained encoder has one variant, which beside cepstra is repeated in each of theirs. It is not
    asked again for a warped or repitched sound: it has heard thousands of voices, so it needs the
    perturbation least, and it is by far the slowest to ask. Without cepstra there is one variant.
    """
    variants = max(len(part) for part in encoded)
    return np.concatenate([np.broadcast_to(part, (variants, *part.shape[1:])) for part in encoded], axis=1)


def save_features(path: Path, features: Features, key: str = "", source: str = "") -> None:
    """Write one .npz; it appears under its name only when it is whole.

    ``key`` tells which configuration measured it, ``source`` which recording was measured. Raises
    FeatureError where it cannot be written.
    """
    arrays = {f.name: getattr(features, f.name) for f in fields(Features)}
    file = io.BytesIO()
    np.savez(file, **arrays, key=np.array(key), source=np.array(source))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, file.getvalue())
    except OSError as error:
        raise FeatureError(
            f"{path}: features cannot be written here ({error.strerror}); make room or choose another cache."
        ) from error


def load_features(path: Path, key: str | None = None) -> Features:
    """Read one .npz; with ``key``, only if that configuration measured it.

    Raises DamagedFeaturesError where it cannot be read, FeatureError where it is of another configuration.
    """
    arrays = _read(path, tuple(f.name for f in fields(Features)), key)
    gain_db = float(arrays.pop("gain_db"))
    return Features(**arrays, gain_db=gain_db)


def read_source(path: Path, key: str) -> str:
    """Which recording the features at ``path`` were measured from; raises as load_features does.

    Only the file's directory and two short texts are read: this is the quick check of a whole cache.
    """
    return str(_read(path, ("source",), key)["source"])


def _read(path: Path, names: tuple[str, ...], key: str | None) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            found = str(file["key"]) if "key" in file else ""
            arrays = {name: file[name] for name in names}
            whole = all(f.name in file for f in fields(Features))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DamagedFeaturesError(f"{path}: not a whole file of features; delete it and measure again.") from error
    if not whole:
        raise DamagedFeaturesError(f"{path}: not a whole file of features; delete it and measure again.")
    if key is not None and found != key:
        raise FeatureError(
            f"{path}: measured with another configuration ({found or 'unknown'}, wanted {key}); "
            "measure again with python -m svc_core.extract."
        )
    return arrays
