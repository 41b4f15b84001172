"""JSON of unknown origin: a whole value with parts replaced by what no writer of ours writes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.damage import bent

TEXTS = (
    "", " ", "\0", "\n", "a\tb", "../../etc/passwd", "/", ".", "..", "a/b", "C:\\x", "-", "*", "nan", "inf", "1e999",
    "١٢", "ａｂ", "é", "é", "\u202eabc", "\ufeffx", "👩‍🎤" * 20, "\ud800", "x" * 300, "x" * 3_000,
    "y" * 70_000,
    "=1+1", '"', "'", ",", "%00", "%s%n", "<script>", "__proto__", "constructor",
)  # fmt: skip
WHOLES = (
    -(1 << 63), -(1 << 31), -1, 0, 1, 2, 3, 255, 256, 4_096, 65_535, 65_536, 100_000, 1_000_000, (1 << 31) - 1, 1 << 31,
    1 << 32, 1 << 40, 1 << 53, 1 << 63, 1 << 64, 10**400,
)  # fmt: skip
FLOATS = (-0.0, 0.5, -1.5, 1e-320, 1e-9, 1e9, 1e300, 1.7976931348623157e308, float("nan"), float("inf"), -float("inf"))
# texts of JSON that json.dumps does not write, or not in time; the first is a number of 5000 digits
RAW = (
    "9" * 5_000,
    "[" * 50_000,
    "[" * 900 + "]" * 900,
    '{"a":' * 50_000,
    "{" * 3,
    "1e999",
    "-",
    "[1,]",
    "[0" + ",0" * 100_000 + "]",
)
MARK = "@raw-{}@"
MOST_RAW = 20  # raw texts of a kind in one value: a list may repeat its mark a hundred thousand times
MOST_PARTS = 200_000  # of a list, or signs of a text

hostile = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from(WHOLES),
    st.sampled_from(FLOATS),
    st.sampled_from(
        [None, True, False, [], {}, [[]], [{}], {"": {}}, [None] * 1_000, {str(n): n for n in range(1_000)}]
    ),
    st.sampled_from([MARK.format(number) for number in range(len(RAW))]),
    st.integers(-(1 << 66), 1 << 66),
    st.integers(-20, 2_000),
    st.floats(),
    st.text(max_size=20),
)


def written(value: Any) -> bytes:
    """JSON of ``value``, with the raw texts in place of their marks."""
    text = json.dumps(value)
    for number, raw in enumerate(RAW):
        text = text.replace(f'"{MARK.format(number)}"', raw, MOST_RAW)
    return text.encode("utf-8", "surrogatepass")


def bent_json(value: Any, most: int = 3) -> st.SearchStrategy[bytes]:
    """JSON of ``value`` with up to ``most`` parts replaced, taken away, repeated or renamed; some of it bent."""
    changed = bent_value(value, most).map(written)
    return st.one_of(changed, changed, changed, bent(written(value)))


def bent_value(value: Any, most: int = 3) -> st.SearchStrategy[Any]:
    """``value``, lists and dicts, with parts replaced, taken away, repeated or renamed."""
    paths = list(_paths(value))
    named = [path for path in paths if not any(isinstance(part, int) for part in path)]  # a long list is one thing
    change = st.one_of(
        st.tuples(st.just("put"), st.sampled_from(named) | st.sampled_from(paths), hostile),
        st.tuples(st.just("put"), st.sampled_from(paths), hostile),
        st.tuples(st.just("drop"), st.sampled_from(paths)),
        st.tuples(st.just("repeat"), st.sampled_from(named), st.sampled_from([2, 3, 50, 5_000])),
        st.tuples(st.just("name"), st.sampled_from(named), st.sampled_from(TEXTS)),
        st.tuples(st.just("swap"), st.sampled_from(named), st.sampled_from(named)),
    )
    return st.lists(change, min_size=1, max_size=most).map(lambda changes: _all_changed(value, changes))


def _all_changed(value: Any, changes: list[tuple]) -> Any:
    for kind, path, *how in changes:
        if kind == "swap":
            other = _at(value, how[0])
            value = _replaced(value, path, lambda _, other=other: other)
        elif kind == "put":
            value = _replaced(value, path, lambda _, new=how[0]: new)
        elif kind == "repeat":
            value = _replaced(value, path, lambda old, times=how[0]: _repeated(old, times))
        elif path:
            parent, last = path[:-1], path[-1]
            new = how[0] if kind == "name" else None
            value = _replaced(value, parent, lambda old, last=last, new=new: _without(old, last, new))
    return value


def _repeated(old: Any, times: int) -> Any:
    if isinstance(old, list | str):
        return (old * min(times, MOST_PARTS // max(len(old), 1) + 1))[:MOST_PARTS]
    if isinstance(old, dict) and old:
        name, part = next(iter(old.items()))
        return old | {f"{name}{number}": part for number in range(times)}
    return [old] * times


def _without(old: Any, part: Any, new: str | None) -> Any:
    if isinstance(old, dict):
        return {
            (new if name == part else name): value for name, value in old.items() if new is not None or name != part
        }
    return [value for index, value in enumerate(old) if index != part] if isinstance(old, list) else old


def _replaced(value: Any, path: tuple, change) -> Any:
    """A copy in which ``change`` was made to the part at ``path``; as it was where there is no such part any more."""
    if not path:
        return change(value)
    first, *rest = path
    if isinstance(value, dict) and first in value:
        return value | {first: _replaced(value[first], tuple(rest), change)}
    if isinstance(value, list) and isinstance(first, int) and first < len(value):
        return [*value[:first], _replaced(value[first], tuple(rest), change), *value[first + 1 :]]
    return value


def _at(value: Any, path: tuple) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _paths(value: Any, path: tuple = ()):
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from _paths(part, (*path, name))
