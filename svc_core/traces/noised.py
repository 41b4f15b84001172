"""DDPM's forward process on the source of a trace: what is shipped of it, and the noisy picture at every t.

x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) z (Ho et al. 2020, arXiv 2006.11239, equation 4). x_0 is the trace's
own source.npy.gz, byte for byte, in the trace's normalised units; z is one picture of seeded noise, the
same for all t, so that from one t to another nothing changes but the two weights. A page makes every
picture from these numbers; the sounds of a few t lie beside their index.json. NumPy alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass

import numpy as np

from svc_core.diffusion.noise import seeded_noise
from svc_core.diffusion.schedule import Schedule
from svc_core.traces.manifest import MOST_FILE_BYTES, MOST_STEPS, SAFE_FILE, SAFE_ID, Scale
from svc_core.traces.parsing import ParseError, parse
from svc_core.traces.place import Place, PlaceError, place_of
from svc_core.traces.scale import to_db

FORMAT = "singsteps-noising-1"
INDEX = "index.json"
LONGEST_INDEX = 1 << 20  # bytes; that of a dozen sounds has 4 kB
SNR_TOLERANCE_DB = 0.01  # snr_db is told to three digits
_SHA256 = re.compile(r"[0-9a-f]{64}")


class NoisingError(ValueError):
    """A forward process that cannot be made or read; the message says why and what to do."""


@dataclass(frozen=True)
class LinearBetas:
    """beta_t rises evenly from ``beta_start`` at t = 0 to ``beta_end``; abar_t is the product of 1 - beta up to t."""

    steps: int
    beta_start: float
    beta_end: float

    def schedule(self) -> Schedule:
        return Schedule(self.steps, self.beta_start, self.beta_end)


@dataclass(frozen=True)
class NoisedSound:
    """x_t made audible; ``snr_db`` is that of a signal of unit variance at t."""

    t: int
    snr_db: float
    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Noising:
    """index.json. z is the seeded noise of ``seed`` and ``address``; ``gain_db`` was applied to all sounds alike."""

    format: str
    trace: str
    seed: int
    address: int
    schedule: LinearBetas
    vocoder: str
    gain_db: float
    sounds: list[NoisedSound]
    licence: str
    attribution: list[str]

    def to_json(self) -> str:
        """As it is written; :func:`read_noising` reads it."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def noised(levels: np.ndarray, t: int, noising: Noising, scale: Scale) -> np.ndarray:
    """x_t of a mel (mel, frame) in bytes of the fixed scale: (mel, frame) float32 in normalised units.

    ``scale`` is the trace's. Raises IndexError where the schedule has no such t.
    """
    betas = noising.schedule
    if not 0 <= t < betas.steps:
        raise IndexError(f"t runs from 0 to {betas.steps - 1}; there is no t = {t}.")
    kept = betas.schedule().alpha_bar[t]
    clean = (to_db(levels) - np.float32(scale.mel_mean_db)) / np.float32(scale.mel_std_db)
    noise = seeded_noise(noising.seed, noising.address, *levels.shape)
    return np.float32(np.sqrt(kept)) * clean + np.float32(np.sqrt(1 - kept)) * noise


def read_noising(folder: str | Place) -> Noising:
    """The index of a folder, or of any address that fsspec opens, of unknown origin. Raises NoisingError."""
    try:
        return parse_noising(place_of(folder).read(INDEX, LONGEST_INDEX))
    except PlaceError as error:
        raise NoisingError(f"the forward process cannot be read: {error}") from error
    except ParseError as error:
        raise NoisingError(
            f"{INDEX} in {place_of(folder).address} cannot be used: {error}; run svc_core.noising again."
        ) from error


def parse_noising(text: str | bytes) -> Noising:
    """Raises ParseError saying which field is wrong and how: the rest of a sentence."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"it is damaged ({type(error).__name__}: {str(error)[:80]})") from error
    if not isinstance(value, dict):
        raise ParseError("it is no object")
    if value.get("format") != FORMAT:
        raise ParseError(f"it is of format {str(value.get('format'))[:80]!r}, not {FORMAT}")
    noising = parse(Noising, value, "")
    for holds, what in _claims(noising):
        if not holds:
            raise ParseError(f"'{what}' is out of range")
    snr_db = noising.schedule.schedule().snr_db
    for index, sound in enumerate(noising.sounds):
        if not SAFE_FILE.fullmatch(sound.file) or "/" in sound.file:
            raise ParseError(f"'sounds[{index}].file' is no name of a sound: {sound.file[:80]!r}")
        if not abs(sound.snr_db - snr_db[sound.t]) <= SNR_TOLERANCE_DB:
            raise ParseError(f"'sounds[{index}].snr_db' is not what the schedule has at t = {sound.t}")
    return noising


def _claims(found: Noising) -> list[tuple[bool, str]]:
    betas, sounds = found.schedule, found.sounds
    times = [sound.t for sound in sounds]
    return [
        (bool(SAFE_ID.fullmatch(found.trace)), "trace"),
        (0 <= found.seed < 1 << 32, "seed"),
        (0 <= found.address < 1 << 32, "address"),
        (1 <= betas.steps <= MOST_STEPS, "schedule.steps"),
        (0 < betas.beta_start <= betas.beta_end < 1, "schedule.beta_end"),
        (bool(times) and times == sorted(set(times)) and times[0] >= 0 and times[-1] < betas.steps, "sounds"),
        (len({sound.file for sound in sounds}) == len(sounds), "sounds.file"),
        (all(0 < sound.bytes <= MOST_FILE_BYTES for sound in sounds), "sounds.bytes"),
        (all(_SHA256.fullmatch(sound.sha256) for sound in sounds), "sounds.sha256"),
    ]
