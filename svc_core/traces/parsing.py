"""JSON of unknown origin -> frozen dataclasses, every value checked against its type.

Known to be: dataclasses, str, int, float, bool, list[T], dict[str, T], T | None. What a newer version
may have added is passed over; what is missing and has no default is an error.
"""

from __future__ import annotations

import math
from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

LONGEST_TEXT = 2_000  # characters; an attribution has 200
LARGEST_WHOLE = 1 << 40


class ParseError(ValueError):
    """A value that is not what it must be; the message names the field."""


def parse(kind: Any, value: Any, where: str) -> Any:
    """``value`` as ``kind``; ``where`` is how the message calls it. Raises ParseError."""
    if is_dataclass(kind):
        return _parse_fields(kind, value, where)
    origin = get_origin(kind)
    if origin in (UnionType,) or NoneType in get_args(kind):
        (inner,) = [part for part in get_args(kind) if part is not NoneType]
        return None if value is None else parse(inner, value, where)
    if origin is list:
        _must(isinstance(value, list), "a list", where)
        (inner,) = get_args(kind)
        return [parse(inner, part, f"{where}[{index}]") for index, part in enumerate(value)]
    if origin is dict:
        _must(isinstance(value, dict), "an object", where)
        inner = get_args(kind)[1]
        return {parse(str, name, where): parse(inner, part, f"{where}.{name}") for name, part in value.items()}
    return _parse_plain(kind, value, where)


def _parse_fields(kind: Any, value: Any, where: str) -> Any:
    _must(isinstance(value, dict), "an object", where)
    hints, parsed = _hints(kind), {}
    for field in fields(kind):
        name = f"{where}.{field.name}" if where else field.name
        if field.name in value:
            parsed[field.name] = parse(hints[field.name], value[field.name], name)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ParseError(f"'{name}' is missing")
    return kind(**parsed)


@lru_cache(maxsize=32)
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _parse_plain(kind: Any, value: Any, where: str) -> Any:
    if kind is str:
        _must(isinstance(value, str), "text", where)
        line = len(value) <= LONGEST_TEXT and value.isprintable()
        _must(line, f"one line of at most {LONGEST_TEXT} characters", where)
        return value
    if kind is bool:
        _must(isinstance(value, bool), "true or false", where)
        return value
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_WHOLE
    if kind is int:
        _must(whole, "a whole number", where)
        return value
    _must(whole or (isinstance(value, float) and math.isfinite(value)), "a number", where)
    return float(value)


def _must(holds: bool, wanted: str, where: str) -> None:
    if not holds:
        raise ParseError(f"'{where}' must be {wanted}")
