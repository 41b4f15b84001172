"""JSON of unknown origin: values of the right type pass, all others are named."""

import json
import math
from dataclasses import dataclass, field

import pytest

from svc_core.traces.parsing import LARGEST_WHOLE, LONGEST_TEXT, ParseError, parse


@dataclass(frozen=True)
class Inner:
    word: str
    numbers: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Outer:
    count: int
    share: float
    sure: bool
    inner: Inner
    more: list[Inner]
    table: dict[str, Inner]
    maybe: Inner | None
    name: str | None = None


GOOD = {
    "count": 3,
    "share": 0.5,
    "sure": True,
    "inner": {"word": "la", "numbers": [1, 2]},
    "more": [{"word": "a"}, {"word": "b"}],
    "table": {"x": {"word": "c"}},
    "maybe": None,
}


def refusal(kind, value, where="it") -> str:
    with pytest.raises(ParseError) as caught:
        parse(kind, value, where)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_good_value_is_read_with_all_that_it_holds():
    assert parse(Outer, GOOD, "") == Outer(
        count=3,
        share=0.5,
        sure=True,
        inner=Inner("la", [1, 2]),
        more=[Inner("a"), Inner("b")],
        table={"x": Inner("c")},
        maybe=None,
    )
    assert parse(Outer, GOOD | {"maybe": {"word": "d"}, "name": "e"}, "").maybe == Inner("d")


def test_what_a_later_version_added_is_passed_over():
    later = GOOD | {"colour": "red", "inner": {"word": "la", "pitch": [None, {}]}}
    assert parse(Outer, later, "").inner == Inner("la")


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_field_is_named(name):
    assert refusal(Outer, {key: GOOD[key] for key in GOOD if key != name}, "") == f"'{name}' is missing"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"inner": {}}, "'inner.word' is missing"),
        ({"inner": {"word": 3}}, "'inner.word' must be text"),
        ({"inner": []}, "'inner' must be an object"),
        ({"inner": None}, "'inner' must be an object"),
        ({"inner": {"word": "a", "numbers": [1, "b"]}}, "'inner.numbers[1]' must be a whole number"),
        ({"more": {}}, "'more' must be a list"),
        ({"more": [{"word": "a"}, {}]}, "'more[1].word' is missing"),
        ({"table": []}, "'table' must be an object"),
        ({"table": {"x": {"word": None}}}, "'table.x.word' must be text"),
        ({"maybe": "none"}, "'maybe' must be an object"),
        ({"maybe": {}}, "'maybe.word' is missing"),
        ({"name": 5}, "'name' must be text"),
        ({"count": None}, "'count' must be a whole number"),
    ],
)
def test_a_wrong_value_is_named_by_its_way(change, named):
    assert refusal(Outer, GOOD | change, "") == named


@pytest.mark.parametrize("value", [0, -3, LARGEST_WHOLE - 1, 1 - LARGEST_WHOLE])
def test_whole_numbers(value):
    assert parse(int, value, "it") == value


@pytest.mark.parametrize("value", [True, False, 1.0, "1", None, [], LARGEST_WHOLE, -LARGEST_WHOLE, 10**400, math.nan])
def test_what_is_no_whole_number(value):
    assert refusal(int, value) == "'it' must be a whole number"


@pytest.mark.parametrize("value", [0, -3, 0.5, 1e300, -1e-300])
def test_numbers(value):
    assert parse(float, value, "it") == value
    assert isinstance(parse(float, value, "it"), float)


@pytest.mark.parametrize(
    "value", [True, "0.5", None, {}, math.nan, math.inf, -math.inf, json.loads("1e999"), 10**400, LARGEST_WHOLE]
)
def test_what_is_no_number(value):
    assert refusal(float, value) == "'it' must be a number"


@pytest.mark.parametrize("value", [0, 1, "true", None, []])
def test_what_is_neither_true_nor_false(value):
    assert refusal(bool, value) == "'it' must be true or false"


@pytest.mark.parametrize(
    "value", ["", "la la", "şarkı", "聲", 'a "b" \\', "x" * LONGEST_TEXT], ids=lambda text: repr(text)[:20]
)
def test_text(value):
    assert parse(str, value, "it") == value


@pytest.mark.parametrize(
    "value",
    ["a\nb", "a\rb", "a\tb", "\0", "\x1b[2J", "\x7f", "\u2028", "\u202e", "\ufeff", "\ud800", "x" * (LONGEST_TEXT + 1)],
    ids=lambda text: repr(text)[:20],
)
def test_text_is_a_line_that_can_be_shown(value):
    assert "must be one line" in refusal(str, value)


def test_names_of_a_table_are_text_too():
    assert "'it' must be one line" in refusal(dict[str, int], {"a\nb": 1})
