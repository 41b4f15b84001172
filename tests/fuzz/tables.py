"""Tables of comma-separated values, and TOML: a whole text with cells or values replaced."""

from __future__ import annotations

import csv
import io
import re

from hypothesis import strategies as st

from tests.fuzz.damage import bent
from tests.fuzz.values import FLOATS, TEXTS, WHOLES

CELLS = (*TEXTS, *map(str, WHOLES), *map(repr, FLOATS), "NaN", "None", "yes", "1_0", "0x10", " 1", "1;2", "9" * 5_000)
# a value of a key in TOML
LITERALS = (
    '""', '"x"', '"\\u0000"', "'''\na\nb'''", '"' + "x" * 300 + '"', '"' + "z" * 70_000 + '"', '"../../x"', '"/"', "0",
    "-1", "1_000_000", "9" * 4_000, "9" * 5_000, "0x" + "f" * 9_000, "nan", "-inf", 
    "1e400", "1e-400", "true", "[]", "{}", "[[]]",
    "[{}]", "1979-05-27", "12:00:00", "[" * 5_000, "[" * 150 + "]" * 150, "{a=" * 5_000, '["*"]', '["auto", "auto"]',
    "[" + ", ".join(map(str, range(3_000))) + "]", '["ddpm:1", "euler:40", "heun:2", "consistency:9999999"]',
    '["ddpm:' + "9" * 5_000 + '"]', '["euler:0"]', "[{singer = 2.0, melody = 1e300}]", '[{singer = "alto", at = 3}]',
    '[{singer = "alto", at = ' + "9" * 30 + "}]", '"coalitions"', '[["singer", "singer"], ["x"]]',
    "[" + "[], " * 3_000 + "]",
    '["' + "n" * 5_000 + '"]', '["hymn:bass", "hymn:alto", "scale"]', '["\\u0000"]', '["list.json", "list.txt"]',
)  # fmt: skip
MOST_CELLS, MOST_CHARACTERS = 2 << 20, 32 << 20  # of a table that is made; readers refuse less
KEY = re.compile(r"^(\w+)( *= *)(.*)$", re.MULTILINE)


def bent_table(text: str) -> st.SearchStrategy[bytes]:
    """A table with one to four changes of cells, rows, columns or line ends; some of it bent byte by byte."""
    rows = list(csv.reader(io.StringIO(text)))
    row, column = st.integers(0, len(rows) - 1), st.integers(0, len(rows[0]) - 1)
    change = st.one_of(
        st.tuples(st.just("cell"), row, column, st.sampled_from(CELLS)),
        st.tuples(st.just("cell"), row, column, st.sampled_from(CELLS)),
        st.tuples(st.just("cell"), row, column, st.text(max_size=8)),
        st.tuples(st.just("drop row"), row),
        st.tuples(st.just("repeat row"), row, st.sampled_from([2, 300, 20_000])),
        st.tuples(st.just("drop cell"), row, column),
        st.tuples(st.just("more cells"), row, st.sampled_from([1, 2, 50, 20_000])),
        st.tuples(st.just("drop column"), column),
        st.tuples(st.just("add column"), st.sampled_from(CELLS), st.sampled_from([1, 2, 90, 3_000])),
    )
    how = st.tuples(st.lists(change, min_size=1, max_size=4), st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\n\n"]))
    changed = how.map(lambda how: _written(_changed(rows, how[0]), how[1]))
    return st.one_of(changed, changed, changed, bent(text.encode()))


def _changed(rows: list[list[str]], changes: list[tuple]) -> list[list[str]]:
    for kind, at, *how in changes:
        if kind.endswith("column"):
            if kind == "add column":
                if len(rows) * how[0] <= MOST_CELLS and len(at) * how[0] <= MOST_CHARACTERS:
                    rows = [[*row, *([at if number == 0 else "0.5"] * how[0])] for number, row in enumerate(rows)]
            else:
                rows = [row[:at] + row[at + 1 :] for row in rows]
        elif at < len(rows):
            row = rows[at]
            if kind == "cell":
                new = [[*row[: how[0]], how[1], *row[how[0] + 1 :]]]
            elif kind == "drop row":
                new = []
            elif kind == "repeat row":
                new = [row] * how[0]
            elif kind == "drop cell":
                new = [row[: how[0]] + row[how[0] + 1 :]]
            else:
                new = [row + ["x"] * how[0]]
            longer = [*rows[:at], *new, *rows[at + 1 :]]
            rows = longer if _is_makeable(longer) else rows
    return rows


def _is_makeable(rows: list[list[str]]) -> bool:
    """Rows that are 20 000 times the same one of 20 000 cells would be this machine's end, not the reader's."""
    return sum(map(len, rows)) <= MOST_CELLS and sum(len(cell) for row in rows for cell in row) <= MOST_CHARACTERS


def _written(rows: list[list[str]], end: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_MINIMAL, escapechar="\\").writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


def bent_toml(text: str) -> st.SearchStrategy[bytes]:
    """TOML with one to four values replaced, keys renamed or taken away; some of it bent byte by byte."""
    keys = len(KEY.findall(text))
    change = st.one_of(
        st.tuples(st.just("value"), st.integers(0, keys - 1), st.sampled_from(LITERALS)),
        st.tuples(st.just("value"), st.integers(0, keys - 1), st.sampled_from(LITERALS)),
        st.tuples(
            st.just("key"),
            st.integers(0, keys - 1),
            st.sampled_from(["", "k" * 50_000, '"\\u0000"', "a.b.c", "modell", "self"]),
        ),
        st.tuples(st.just("drop"), st.integers(0, keys - 1)),
    )
    changed = st.lists(change, min_size=1, max_size=4).map(lambda changes: _other_toml(text, changes))
    return st.one_of(changed, changed, changed, bent(text.encode()))


def _other_toml(text: str, changes: list[tuple]) -> bytes:
    found = list(KEY.finditer(text))
    new = {}
    for kind, at, *how in changes:
        key, between, value = new.get(at, found[at].groups())
        if kind == "value":
            new[at] = (key, between, how[0])
        elif kind == "key":
            new[at] = (how[0], between, value)
        else:
            new[at] = ("", "", "")
    for at, parts in sorted(new.items(), reverse=True):
        text = text[: found[at].start()] + "".join(parts) + text[found[at].end() :]
    return text.encode("utf-8", "surrogatepass")
