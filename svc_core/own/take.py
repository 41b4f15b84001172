"""A take's folder: one recording as it was measured, kept there so that any worker can go on with it."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from svc_core.config import DB_PER_LN, GridConfig
from svc_core.conversion.hearing import encode_sound
from svc_core.conversion.job import Credit, Excerpt
from svc_core.conversion.material import Source
from svc_core.own.room import whole_or_gone
from svc_core.sound.audio import AudioError
from svc_core.sound.features import FeatureError, load_features, save_features
from svc_core.traces.scale import to_levels

SENT = "sent"  # the recording as it came
FEATURES, SAMPLES, ORIGIN = "features.npz", "samples.npy", "origin.json"
RECORDING, MEL, F0 = "recording.flac", "mel.bin", "f0.bin"


@dataclass(frozen=True)
class Origin:
    """Who sang what, and whose it is. What a visitor sends is the visitor's own; only an example is known by name."""

    singer: str = "you"
    phrase: str = "own-recording"
    song: str = ""
    licence: str = "all rights reserved"
    attribution: str = "whoever sang it"


@dataclass(frozen=True)
class Take:
    """``folder`` is the take's own: whatever is written there goes when the take is forgotten."""

    folder: Path

    @property
    def sent(self) -> Path:
        """The recording as it came."""
        return self.folder / SENT

    def keep(self, source: Source, origin: Origin, grid: GridConfig) -> None:
        """Write what was measured of a recording, and where it comes from."""
        samples = io.BytesIO()
        np.save(samples, source.samples)  # into a file it would not say why it fails
        with whole_or_gone(*(self.folder / name for name in (SAMPLES, RECORDING, ORIGIN, MEL, F0))):
            (self.folder / SAMPLES).write_bytes(samples.getvalue())
            (self.folder / RECORDING).write_bytes(encode_sound(source.samples, grid, None))
            (self.folder / ORIGIN).write_text(json.dumps(asdict(origin)), encoding="utf-8")
            write_pictures(self.folder, source.features.mel, source.features.f0_hz)
            save_features(self.folder / FEATURES, source.features)

    def source(self) -> Source:
        """What :meth:`keep` wrote. Raises AudioError where it is not there."""
        try:
            features = load_features(self.folder / FEATURES)
            return Source(np.load(self.folder / SAMPLES, allow_pickle=False), features)
        except (
            FeatureError,
            OSError,
            EOFError,
            ValueError,
        ) as error:  # their sentences name the folder, which is the key to it
            raise AudioError("Your recording is not on the server any more; choose or record it again.") from error

    def excerpt(self) -> Excerpt:
        """The recording as a trace names it."""
        origin = Origin(**json.loads((self.folder / ORIGIN).read_text(encoding="utf-8")))
        credit = Credit(origin.singer, origin.licence, origin.attribution)
        return Excerpt(self.folder / RECORDING, 0.0, None, origin.singer, origin.phrase, origin.song, credit)


def write_pictures(folder: Path, mel: np.ndarray, f0_hz: np.ndarray) -> None:
    """A mel (mel, frame), natural log, as bytes of the fixed scale, and F0 (frame,) in tenths of Hz, plain files."""
    with whole_or_gone(folder / MEL, folder / F0):
        (folder / MEL).write_bytes(to_levels(mel * DB_PER_LN).tobytes())
        (folder / F0).write_bytes(np.rint(f0_hz * 10).astype("<u2").tobytes())
