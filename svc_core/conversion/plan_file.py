"""A plan file in TOML, one ``[[conversions]]`` a block; ``precomputed/plan.toml`` is one.

A path in it is relative to the plan's own folder; where nothing of that name lies there, to the working
directory.

    model        a model file
    sources      phrases of the corpus, as in phrases.csv; NAME:SINGER where one singer's is meant;
                 "*" for every phrase that may be published
    recordings   files, folders or lists of one's own, with ``licence``, ``attribution``, and ``start_s``
                 and ``end_s`` where a part is meant
    targets      singers of the model; "*" for all of them
    keys         "auto" or whole semitones                                             ["auto"]
    samplers     NAME or NAME:STEPS; "auto" for the model's own                        ["auto"]
    seeds        of the noise                                                          [0]
    without      lists of conditions taken away; "coalitions" for all 16 such lists    [[]]
    guidance     tables of weights by condition                                        [{}]
    swaps        tables of another ``singer`` and the place ``at`` which it takes      [{}]
                 over from the target; places count from 0, the noisiest, and the
                 key stays the target's
    defect       one of a seed system's, on purpose (see conversion/defects.py):       ""
                 "clamp" (ddpm alone), "early-f0", or "sigma-max" (euler, heun or
                 consistency, by a model of EDM's noise)
    detail       "full" or "light": how much of the walk is kept; both asked for: full   "full"
    label        tells apart what would else have one name                             ""
    note         a sentence that readers are shown with each of these                  ""
    self         whether singers are also converted into themselves                    false
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from svc_core.conversion.job import JobError, Swap, offer
from svc_core.conversion.plan import COALITIONS, Block, Plan
from svc_core.model.conditions import CONDITION_NAMES
from svc_core.model.weights import Guidance


class _Misread(ValueError):
    """What a value is not; one sentence an argument, to go behind the key."""


def read_plan(path: str | Path) -> Plan:
    """The plan in a TOML file. What is wrong with its contents is kept for :func:`plan_jobs` to tell with the rest.

    Raises JobError where there is no such file or it is not TOML.
    """
    path = Path(path)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Windows' editors begin with a byte order mark
    except OSError as error:
        raise JobError(f"{path}: the plan cannot be read ({error.strerror}).") from error
    except RecursionError as error:
        raise JobError(f"{path}: not a plan in TOML (lists within lists without end).") from error
    except ValueError as error:  # not UTF-8, not TOML, or a number of thousands of digits
        raise JobError(f"{path}: not a plan in TOML ({error}).") from error
    problems = [_unknown_key(key, ["conversions"]) for key in tables if key != "conversions"]
    asked = tables.get("conversions", [])
    if not isinstance(asked, list) or not all(isinstance(table, dict) for table in asked):
        problems.append("'conversions' must be tables: write [[conversions]] above each, in two pairs of brackets.")
        asked = []
    elif not asked:
        problems.append("it asks for nothing: write [[conversions]] and below it a model, sources and targets.")
    blocks = tuple(_read_block(table, f"block {number}", path.parent) for number, table in enumerate(asked, start=1))
    return Plan(blocks, tuple(f"{path}: {line}" for line in problems))


def _read_block(table: dict[str, Any], name: str, folder: Path) -> Block:
    values: dict[str, Any] = {"model": "", "targets": ()}
    problems = []
    for key, value in table.items():
        if key not in READERS:
            problems.append(_unknown_key(key, list(READERS)))
            continue
        try:
            values[FIELDS.get(key, key)] = READERS[key](value)
        except _Misread as error:
            problems += [f"'{key}' {line}" for line in error.args]
    problems += [f"'{key}' is missing." for key in ("model", "targets") if key not in table]
    if "sources" not in table and "recordings" not in table:
        problems.append("'sources' or 'recordings' is missing.")
    if "recordings" not in table:
        of_recordings = ("licence", "attribution", "start_s", "end_s")
        problems += [f"'{key}' is of recordings, and none are asked for." for key in of_recordings if key in table]
    if values["model"]:
        values["model"] = str(_found(folder, values["model"]))
    values["recordings"] = tuple(_found(folder, given) for given in values.get("recordings", ()))
    return Block(**values, name=name, problems=tuple(problems))


def _found(folder: Path, given: str) -> Path:
    """Beside the plan, else as seen from the working directory."""
    beside = folder / given
    try:
        return beside if beside.exists() else Path(given)
    except (OSError, ValueError):  # no name that any file can have
        return Path(given)


def _unknown_key(key: str, known: list[str]) -> str:
    (nearest,) = difflib.get_close_matches(key, known, 1, 0.0)
    return f"there is no key '{key}'; the nearest is '{nearest}'."


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63


def _is_number(value: Any) -> bool:
    return (_is_whole(value) or isinstance(value, float)) and math.isfinite(value)


def _one(value: Any, is_right: bool, wanted: str) -> Any:
    if not is_right:
        shown = "a number of thousands of digits" if isinstance(value, int) and abs(value) >= 1 << 63 else repr(value)
        raise _Misread(f"must be {wanted}, not {shown}.")
    return value


def _text(value: Any) -> str:
    return _one(value, _is_text(value), 'a text, like "this"')


def _seconds(value: Any) -> float:
    return float(_one(value, _is_number(value), "a number of seconds"))


def _list(value: Any, is_right: Callable[[Any], bool], wanted: str) -> list:
    """``value``, if it is a list of at least one, all of them right; else every wrong one is named."""
    _one(value, isinstance(value, list), f"a list of {wanted}")
    if not value:
        raise _Misread("is an empty list, so nothing would be made.")
    if wrong := [f"must be a list of {wanted}, and {entry!r} is none." for entry in value if not is_right(entry)]:
        raise _Misread(*wrong)
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_list(value, _is_text, 'texts, like ["this"]'))


def _keys(value: Any) -> tuple[int | None, ...]:
    entries = _list(value, lambda entry: entry == "auto" or _is_whole(entry), 'whole semitones or "auto"')
    return tuple(None if entry == "auto" else entry for entry in entries)


def _seeds(value: Any) -> tuple[int, ...]:
    return tuple(_list(value, _is_whole, "whole numbers"))


def _without(value: Any) -> tuple[tuple[str, ...], ...]:
    if value == "coalitions":
        return COALITIONS

    def is_names(entry: Any) -> bool:
        return isinstance(entry, list) and all(isinstance(name, str) for name in entry)

    return tuple(map(tuple, _list(value, is_names, 'lists of conditions, like [[], ["singer"]], or "coalitions"')))


def _guidance(value: Any) -> tuple[Guidance, ...]:
    entries = _list(value, lambda entry: isinstance(entry, dict), "tables, like [{}, {singer = 2.0}]")
    named = [(name, weight) for entry in entries for name, weight in entry.items()]
    wrong = [
        f"must name conditions: there is no '{name}'; {offer(name, CONDITION_NAMES)}."
        if name not in CONDITION_NAMES
        else f"must give each condition a number, and '{name}' has {weight!r}."
        for name, weight in named
        if name not in CONDITION_NAMES or not _is_number(weight)
    ]
    if wrong:
        raise _Misread(*wrong)
    return tuple(Guidance(**{name: float(weight) for name, weight in entry.items()}) for entry in entries)


def _swaps(value: Any) -> tuple[Swap | None, ...]:
    def is_swap(entry: Any) -> bool:
        if not isinstance(entry, dict) or set(entry) not in (set(), {"singer", "at"}):
            return False
        return entry == {} or (_is_text(entry["singer"]) and _is_whole(entry["at"]))

    entries = _list(value, is_swap, 'tables, like [{}, {singer = "alto", at = 300}]')
    return tuple(Swap(entry["singer"], entry["at"]) if entry else None for entry in entries)


def _text_or_none(value: Any) -> str:
    return value if value == "" else _text(value)


READERS: dict[str, Callable[[Any], Any]] = {
    "model": _text,
    "sources": _texts,
    "recordings": _texts,
    "start_s": _seconds,
    "end_s": _seconds,
    "licence": _text,
    "attribution": _text,
    "targets": _texts,
    "keys": _keys,
    "samplers": _texts,
    "seeds": _seeds,
    "without": _without,
    "guidance": _guidance,
    "swaps": _swaps,
    "defect": _text_or_none,
    "detail": _text,
    "label": _text_or_none,
    "note": _text_or_none,
    "self": lambda value: _one(value, isinstance(value, bool), "true or false"),
}
FIELDS = {"self": "into_self"}  # where a key cannot be the name of a Block's field
