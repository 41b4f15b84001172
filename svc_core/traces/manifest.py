"""trace.json: what a trace says of itself. Every field is checked before anything believes it.

The format is described as a table in precomputed/README.md.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field

from svc_core.traces.parsing import ParseError, parse
from svc_core.traces.scale import DB_PER_LEVEL, F0_HIGH_HZ, F0_LOW_HZ, FLOOR_DB

FORMAT, VERSION = "singsteps-trace", 3
OLDEST = 2  # lacks swap, defect, clamp, label and note; a reader of 2 would pass over a clamp and replay other states
MANIFEST = "trace.json"
DETAILS = ("full", "light", "own")  # see conversion.detail; what a visitor sang is in no list
LONGEST_MANIFEST = 2 << 20  # bytes; a full trace's has 30 kB
MOST_FRAMES = 8_192  # 87 s of sound; a trace is a phrase
MOST_BANDS = 512
MOST_STEPS = 10_000
MOST_VALUES = 1 << 26  # of one array: 64 MB of bytes, far from what would hurt
MOST_HIDDEN_VALUES = 1 << 23  # of reduced hidden features, which unpack to 13 bytes each; a full trace has 350 000
MOST_FILE_BYTES = 1 << 26  # 64 MB; the largest of a shipped trace has 2 MB
FORMAT_NAME = re.compile(FORMAT + r"-([1-9][0-9]{0,5})")
SAFE_ID = re.compile(r"(?![.\-])[^/\\:*?\"<>|\x00-\x1f\x7f]{1,200}(?<![. ])")
SAFE_FILE = re.compile(r"(?:[a-z0-9][a-z0-9_-]*/)?[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9]+){1,2}")


@dataclass(frozen=True)
class Recording:
    """Where a sound comes from; ``gain_db`` was applied to it."""

    singer: str
    phrase: str
    song: str
    file: str
    start_s: float
    end_s: float | None
    licence: str
    attribution: str
    gain_db: float = 0.0


@dataclass(frozen=True)
class Swap:
    """From place ``at`` of the walk on the sampler was told this singer."""

    singer: str
    at: int


@dataclass(frozen=True)
class Sampler:
    """``noise`` names the generator; v_0 is ``start_weight`` times the noise of ``start_address``."""

    name: str
    steps: int
    seed: int
    noise: str
    start_weight: float
    start_address: int
    guidance: dict[str, float] = field(default_factory=dict)  # condition -> weight, those that are not 0
    without: list[str] = field(default_factory=list)  # conditions taken away
    swap: Swap | None = None
    defect: str = ""  # what is broken on purpose (see conversion.defects)
    clamp: float | None = None  # every state but the first was kept within this much on either side of 0


@dataclass(frozen=True)
class Model:
    """What made the conversion: its file, its size, and whose singing it learnt from."""

    sha256_12: str  # the first 12 digits of the file's SHA-256
    parameters: int
    attribution: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Scale:
    """A normalised value x is mel_mean_db + mel_std_db * x dB; the rest is the same in all traces."""

    mel_mean_db: float
    mel_std_db: float
    floor_db: float = FLOOR_DB
    db_per_level: float = DB_PER_LEVEL
    f0_low_hz: float = F0_LOW_HZ
    f0_high_hz: float = F0_HIGH_HZ


@dataclass(frozen=True)
class Grid:
    """The time grid and the mel's bands, as in svc_core.config.GridConfig."""

    sample_rate_hz: int
    hop: int
    n_fft: int
    n_mels: int
    mel_low_hz: float
    mel_high_hz: float


@dataclass(frozen=True)
class Pictures:
    """predicted.npy.gz: at which places of the walk (0: the noisiest), and how coarsely."""

    places: list[int]
    quantum: int


@dataclass(frozen=True)
class StepSound:
    """Sound of the prediction, and of the noisy state where it was kept, at one place of the walk."""

    place: int
    predicted: str
    state: str | None = None


@dataclass(frozen=True)
class Hidden:
    """hidden.npy.gz: value = whole number * scale; every ``every``-th place of the walk, the last among them."""

    names: list[str]
    scales: list[float]
    components: int
    every: int


@dataclass(frozen=True)
class Contours:
    """Rows of f0.npy.gz beyond the first two, source and asked: places, of prediction and of state."""

    predicted: list[int]
    state: list[int]


@dataclass(frozen=True)
class FileFacts:
    """Of a file beside the manifest: how long it must be, and what it must hold."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """See precomputed/README.md for each field."""

    format: str
    id: str
    fingerprint: str
    detail: str
    source: Recording
    target: str
    reference: Recording | None
    key_shift_semitones: int
    sampler: Sampler
    model: Model
    vocoder: str
    scale: Scale
    grid: Grid
    frames: int
    reference_frames: int
    pictures: Pictures
    sounds: list[StepSound]
    contours: Contours
    hidden: Hidden | None
    scores: dict[str, float]
    embedding: str
    notes: list[str]
    state_error_db: float
    predicted_error_db: float
    licence: str
    attribution: list[str]
    label: str = ""  # tells apart what else would have one name
    note: str = ""  # a sentence for the reader
    files: dict[str, FileFacts] = field(default_factory=dict)

    def to_json(self) -> str:
        """As it is written; :func:`parse_manifest` reads it."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    @property
    def seconds(self) -> float:
        """Of sound, by whole frames."""
        return self.frames * self.grid.hop / self.grid.sample_rate_hz

    @property
    def bytes(self) -> int:
        """Of all files together, the manifest itself left out."""
        return sum(facts.bytes for facts in self.files.values())


def format_name(version: int = VERSION) -> str:
    return f"{FORMAT}-{version}"


def parse_manifest(text: str | bytes) -> Manifest:
    """Raises ParseError saying which field is wrong and how: the rest of a sentence that the caller begins and ends."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"it is damaged ({type(error).__name__}: {str(error)[:80]})") from error
    if not isinstance(value, dict):
        raise ParseError("it is no object")
    _check_format(value.get("format"))
    manifest = parse(Manifest, value, "")
    for holds, what in _claims(manifest):
        if not holds:
            raise ParseError(f"'{what}' is out of range")
    for name in manifest.files:
        if not SAFE_FILE.fullmatch(name):
            raise ParseError(f"a file of the name {name[:80]!r} is no part of a trace")
    named = [sound.predicted for sound in manifest.sounds] + [s.state for s in manifest.sounds if s.state is not None]
    for name in named:
        if name not in manifest.files:
            raise ParseError(f"the sound {name[:80]!r} is not among its files")
    return manifest


def _check_format(found: object) -> None:
    known = FORMAT_NAME.fullmatch(found) if isinstance(found, str) else None
    if known is None:
        raise ParseError(f"it is of format {str(found)[:80]!r}, which is none of SingSteps")
    version = int(known[1])
    if version > VERSION:
        raise ParseError(f"a newer SingSteps wrote it ({found}; this one reads {format_name()}): update SingSteps")
    if version < OLDEST:
        raise ParseError(f"an older SingSteps wrote it ({found}; this one reads {format_name()}): record it again")


def _claims(m: Manifest) -> list[tuple[bool, str]]:
    steps, places = m.sampler.steps, m.pictures.places
    inside = range(steps)
    heard = [sound.place for sound in m.sounds]
    hidden = m.hidden
    return [
        (bool(SAFE_ID.fullmatch(m.id)) and len(m.id.encode()) <= 200, "id"),
        (m.detail in DETAILS, "detail"),
        (1 <= steps <= MOST_STEPS, "sampler.steps"),
        (0 <= m.sampler.seed < 1 << 32, "sampler.seed"),
        (0 <= m.sampler.start_address < 1 << 32, "sampler.start_address"),
        (m.sampler.swap is None or 1 <= m.sampler.swap.at < steps, "sampler.swap"),
        (m.sampler.clamp is None or m.sampler.clamp > 0, "sampler.clamp"),
        (0 < m.frames <= MOST_FRAMES, "frames"),
        (0 <= m.reference_frames <= MOST_FRAMES, "reference_frames"),
        (0 < m.grid.n_mels <= MOST_BANDS, "grid.n_mels"),
        (0 < m.grid.hop <= 1 << 16, "grid.hop"),
        (0 < m.grid.sample_rate_hz <= 1 << 20, "grid.sample_rate_hz"),
        (0 <= m.grid.mel_low_hz < m.grid.mel_high_hz <= m.grid.sample_rate_hz / 2, "grid.mel_high_hz"),
        (m.scale == Scale(m.scale.mel_mean_db, m.scale.mel_std_db) and m.scale.mel_std_db > 0, "scale"),
        (_ascend_in(inside, places) and {0, steps - 1} <= set(places), "pictures.places"),
        (1 <= m.pictures.quantum <= 16, "pictures.quantum"),
        (len(places) * m.grid.n_mels * m.frames <= MOST_VALUES, "pictures"),
        (bool(heard) and _ascend_in(inside, heard), "sounds"),
        (all(_ascend_in(inside, kept) for kept in (m.contours.predicted, m.contours.state)), "contours"),
        (
            hidden is None
            or (
                0 < hidden.components <= 4_096
                and 0 < hidden.every <= steps
                and 0 < len(set(hidden.names)) == len(hidden.names) == len(hidden.scales)
                and len(hidden.names) * hidden.components * -(-steps // hidden.every) <= MOST_HIDDEN_VALUES
            ),
            "hidden",
        ),
        (all(0 <= facts.bytes <= MOST_FILE_BYTES for facts in m.files.values()), "files"),
    ]


def _ascend_in(inside: range, places: list[int]) -> bool:
    return places == sorted(set(places)) and all(place in inside for place in places)
