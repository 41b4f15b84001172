"""Quantiles by hand, and the table's words."""

import math

from tests.load.crowd import Plan, Used
from tests.load.measured import Measured, quantile
from tests.load.report import compared, errors, rows, times


def test_quantile_is_a_time_that_was_measured():
    ten = [10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    assert [quantile(ten, share) for share in (0.0, 0.1, 0.5, 0.95, 1.0)] == [1.0, 1.0, 5.0, 10.0, 10.0]
    twenty = [float(number) for number in range(1, 21)]
    assert quantile(twenty, 0.95) == 19.0
    assert quantile([7.0], 0.5) == 7.0
    assert math.isnan(quantile([], 0.5))


def test_times_are_told_in_milliseconds():
    assert times([0.1, 0.2]) == "n = 2, p50 100 ms, p95 200 ms, max 200 ms"
    assert times([]) == "none"


def test_errors_are_told_by_kind_and_where_one_was_first():
    measured = Measured()
    assert errors(measured) == "0"
    measured.fail("HTTP 404", "/a")
    measured.fail("HTTP 404", "/b")
    measured.fail("page not found", "/c")
    assert errors(measured) == "2 × HTTP 404 (/a); 1 × page not found (/c)"


def test_slowest_pages_are_named_and_what_was_not_ours_to_see_is_nan():
    measured = Measured()
    for page, seconds in (("a", 0.1), ("b", 0.4), ("c", 0.2), ("d", 0.3)):
        measured.note("next page", page, seconds)
    told = dict((what, found) for what, found, _ in rows(Plan(4, 10, 5, 5), measured, Used()))
    assert [what for what in told if what.startswith("slowest")] == [f"slowest pages: /{page}" for page in "bdc"]
    assert told["of these, opened"] == "none"
    assert "nan" in told["5 s after they left"]


def test_memory_is_held_against_what_it_was_before():
    used = Used(started_mb=100, warm_mb=150, peak_mb=300, left_mb=280, rested_mb=165, cpu_s=1, threads=9)
    told = dict((what, found) for what, found, _ in rows(Plan(4, 10, 5, 180), Measured(), used))
    assert told["180 s after they left"] == "165 MB, +10 %"


def test_ours_is_told_as_a_multiple_of_hello():
    ours, hello = Measured(), Measured()
    ours.note("opened", "", 0.3)
    hello.note("opened", "", 0.2)
    assert compared(ours, hello)[1] == "1.50 times"
