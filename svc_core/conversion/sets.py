"""Conversions on disk, as a set: where each lies, what it was made from, and how.

svc_core.convert leaves NAME.wav with a NAME.json beside it, svc_core.precompute leaves traces. In the
JSON file, source (path of the recording, from the JSON file's folder or the working directory), target
(the singer) and key_shift_semitones are needed; start_s and end_s are the part of the source (null:
all of it); source_singer says whose singing it is; sampler, steps, seed, vocoder and model are taken
along where they are there.

A set falls into groups whose figures mean different things and are never mixed: a *conversion* goes
into another's voice (or its source's singer is not known), a *self-conversion* into the singer's own. One
that was *altered on purpose* (a condition guided or taken away, the singer swapped, a defect put in) says
nothing of how good the system is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from svc_core.paths import is_file
from svc_core.traces.trace import MANIFEST, TraceError, open_trace

SOUNDS = (".wav", ".flac")

CONVERSION, SELF, SELF_MOVED = "conversion", "self-conversion", "self-conversion, other key"
ALTERED = "altered on purpose"


class ConversionSetError(ValueError):
    """A description of a conversion that cannot be used; the message says which and what to do."""


@dataclass(frozen=True)
class Conversion:
    """Where one conversion lies, what it was made from, and how."""

    name: str
    converted: Path
    source: Path
    start_s: float
    end_s: float | None
    target: str
    key_shift_semitones: float
    made_by: dict[str, object]  # sampler, steps, seed, vocoder, model
    clip: str  # names the part of a recording that is the source: the same for all of its conversions
    source_singer: str = ""  # nothing where it is not known
    altered: bool = False

    @property
    def group(self) -> str:
        """Which of the groups that are never mixed it belongs to."""
        if self.altered:
            return ALTERED
        if not self.source_singer or self.source_singer != self.target:
            return CONVERSION
        return SELF if self.key_shift_semitones == 0 else SELF_MOVED


def find_conversions(folders: Iterable[Path], trace_folders: Iterable[Path]) -> tuple[list[Conversion], list[str]]:
    """All conversions in the folders (or JSON files), and one sentence for each that cannot be read."""
    found: list[Conversion] = []
    problems: list[str] = []
    for folder in folders:
        described = [folder] if folder.suffix == ".json" else sorted(folder.glob("*.json"))
        sounds = sorted(path for ending in SOUNDS for path in folder.glob(f"*{ending}")) if folder.is_dir() else []
        problems += [
            f"{path}: skipped; there is no {path.stem}.json beside it that says what it is."
            for path in sounds
            if not path.with_suffix(".json").is_file()
        ]
        if not described:
            problems.append(f"{folder}: no conversions are there; give a folder of NAME.wav with NAME.json.")
        _collect(described, read_conversion, found, problems)
    for folder in trace_folders:
        traces = [folder] if (folder / MANIFEST).is_file() else traces_in(folder)
        if not traces:
            problems.append(f"{folder}: no traces are there; give a folder as svc_core.precompute leaves it.")
        _collect(traces, conversion_of_trace, found, problems)
    return found, problems


def traces_in(folder: Path) -> list[Path]:
    """Folders of traces in ``folder``; hidden ones are unfinished and passed over."""
    return sorted(path.parent for path in folder.glob(f"*/{MANIFEST}") if not path.parent.name.startswith("."))


def _collect(
    paths: list[Path], read: Callable[[Path], Conversion], found: list[Conversion], problems: list[str]
) -> None:
    for path in paths:
        try:
            found.append(read(path))
        except (ConversionSetError, TraceError) as error:
            problems.append(f"{path.name}: skipped; {error}")


def read_conversion(path: Path) -> Conversion:
    """The conversion that a NAME.json describes. Raises ConversionSetError."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConversionSetError(f"{path} cannot be read as JSON ({error}); convert again.") from error
    if not isinstance(facts, dict):
        raise ConversionSetError(
            f"{path} is no description of a conversion; it must hold source, target and key shift."
        )
    for field, kinds in (("source", str), ("target", str), ("key_shift_semitones", (int, float))):
        if not isinstance(facts.get(field), kinds) or isinstance(facts[field], bool):
            raise ConversionSetError(f"{path}: '{field}' is missing or malformed; convert again.")
    part = [facts.get("start_s"), facts.get("end_s")]
    if any(isinstance(at, bool) or not isinstance(at, (int, float, type(None))) for at in part):
        raise ConversionSetError(f"{path}: 'start_s' and 'end_s' must be seconds or null, not {part}.")
    if not isinstance(facts.get("source_singer"), (str, type(None))):
        raise ConversionSetError(f"{path}: 'source_singer' must be a name or null, not {facts['source_singer']}.")
    sounds = [path.with_suffix(ending) for ending in SOUNDS if path.with_suffix(ending).is_file()]
    if not sounds:
        raise ConversionSetError(f"{path}: there is no {path.stem}.wav or .flac beside it; convert again.")
    if len(sounds) > 1:
        raise ConversionSetError(f"{path}: both {path.stem}.wav and .flac lie beside it; leave the one that is meant.")
    source = Path(facts["source"])
    beside = path.parent / source  # the set may have been moved together with its sources
    if is_file(beside):
        source = beside
    start_s, end_s = float(part[0] or 0.0), None if part[1] is None else float(part[1])
    return Conversion(
        name=path.stem,
        converted=sounds[0],
        source=source,
        start_s=start_s,
        end_s=end_s,
        target=facts["target"],
        key_shift_semitones=float(facts["key_shift_semitones"]),
        made_by={name: facts.get(name) for name in ("sampler", "steps", "seed", "vocoder", "model")},
        clip=_clip(str(source), start_s, end_s),
        source_singer=facts.get("source_singer") or "",
    )


def _clip(recording: str, start_s: float, end_s: float | None) -> str:
    return (
        recording
        if (start_s, end_s) == (0.0, None)
        else f"{recording} {start_s:g}-{'' if end_s is None else f'{end_s:g}'} s"
    )


def conversion_of_trace(folder: Path) -> Conversion:
    """The conversion that a trace recorded, from the two sounds in it. Raises TraceError."""
    trace = open_trace(folder)
    manifest, sampler = trace.manifest, trace.manifest.sampler
    kind = "flac" if "sound/converted.flac" in manifest.files else "mp3"
    return Conversion(
        name=manifest.id,
        converted=folder / "sound" / f"converted.{kind}",
        source=folder / "sound" / f"source.{kind}",
        start_s=0.0,
        end_s=None,
        target=manifest.target,
        key_shift_semitones=float(manifest.key_shift_semitones),
        made_by={
            "sampler": sampler.name,
            "steps": sampler.steps,
            "seed": sampler.seed,
            "vocoder": manifest.vocoder,
            "model": manifest.model.sha256_12,
        },
        clip=_clip(f"{manifest.source.singer}/{manifest.source.file}", manifest.source.start_s, manifest.source.end_s),
        source_singer=manifest.source.singer,
        altered=bool(sampler.without or sampler.guidance or sampler.swap or sampler.defect),
    )
