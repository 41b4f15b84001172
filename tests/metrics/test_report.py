"""The table: means, intervals and counts by hand, and files that are whole or not there."""

import csv
import math

import numpy as np
import pytest

from svc_core.metrics.distribution import SetDistance
from svc_core.metrics.report import FIGURES, confidence_interval, markdown, summarise, summary_rows, write_csv

NAN = math.nan
DISTANCE = SetDistance("FAD", 0.5, "Resemblyzer", 256, 30, 4, 20, 3, "Few rows.")


def row(**known: float) -> dict[str, float]:
    return {figure.name: known.get(figure.name, NAN) for figure in FIGURES}


def test_a_figure_that_a_clip_lacks_is_left_out_of_its_mean():
    lines = {line.figure.name: line for line in summarise([row(rpa=0.5, mcd_db=6.0), row(rpa=1.0), row(rpa=0.9)])}
    assert set(lines) == {"rpa", "mcd_db"}
    assert lines["rpa"].mean == pytest.approx(0.8) and lines["rpa"].n == 3
    assert lines["mcd_db"].mean == 6 and lines["mcd_db"].n == 1
    assert math.isnan(lines["mcd_db"].low)


def test_the_interval_of_many_clips_is_the_normal_one():
    values = np.random.default_rng(1).normal(5.0, 2.0, 400)
    low, high = confidence_interval(values)
    half = 1.96 * values.std() / math.sqrt(400)
    assert low == pytest.approx(values.mean() - half, abs=0.03)
    assert high == pytest.approx(values.mean() + half, abs=0.03)
    assert confidence_interval(values) == (low, high)  # the same at every call


def test_the_interval_of_equal_clips_has_no_width():
    assert confidence_interval(np.full(5, 3.0)) == (3, 3)


def test_every_figure_says_its_unit_and_what_it_stands_on():
    for figure in FIGURES:
        assert figure.better in ("high", "low", "")
        assert figure.basis and ("aligned" in figure.basis or "Resemblyzer" in figure.basis or "median" in figure.basis)
        if figure.name.endswith(("_db", "_cents")):
            assert figure.unit.lower() == figure.name.split("_")[-1]


def test_the_markdown_table_has_a_line_a_clip_and_three_at_its_foot():
    rows = [{"name": "one", "target": "alto", **row(rpa=0.5)}, {"name": "two", "target": "bass", **row(rpa=1.0)}]
    text = markdown(rows, summarise(rows), [DISTANCE])
    assert text.splitlines()[:7] == [
        "| name | target | RPA (share) |",
        "| --- | --- | --- |",
        "| one | alto | 0.500 |",
        "| two | bass | 1.000 |",
        "| **mean** |  | 0.750 |",
        "| **95 % of means** |  | 0.500…1.000 |",
        "| **n** |  | 2 |",
    ]
    assert "FAD 0.500 (Resemblyzer, 256 dimensions; 20 windows of 3 conversions, 30 windows of 4 recordings" in text
    assert text.endswith("Few rows.")


def test_a_clip_without_a_figure_gets_a_dash():
    rows = [{"name": "one", **row(rpa=0.5, mcd_db=5.0)}, {"name": "two", **row(rpa=1.0)}]
    assert "| two | 1.000 | – |" in markdown(rows, summarise(rows), [])


def test_the_summary_names_unit_interval_count_and_basis():
    rows = summary_rows(summarise([row(mcd_db=6.0), row(mcd_db=8.0)]), [DISTANCE])
    assert rows[0]["figure"] == "mcd_db" and rows[0]["mean"] == 7 and rows[0]["n"] == 2 and rows[0]["unit"] == "dB"
    assert rows[0]["ci95_low"] == 6 and rows[0]["ci95_high"] == 8
    assert "mel-cepstra 1-24" in rows[0]["basis"]
    assert rows[1]["figure"] == "fad" and rows[1]["n"] == 3
    assert "30 windows of 4 recordings" in rows[1]["basis"] and rows[1]["basis"].endswith("Few rows.")
    assert rows[0].keys() == rows[1].keys()


def test_csv_has_empty_cells_where_there_is_no_number(tmp_path):
    write_csv(tmp_path / "deep" / "table.csv", [{"name": "a, b", "rpa": NAN}, {"name": "c", "rpa": 0.25}])
    with (tmp_path / "deep" / "table.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["name", "rpa"], ["a, b", ""], ["c", "0.25"]]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["table.csv"]


def test_a_table_that_cannot_be_finished_leaves_the_old_one(tmp_path):
    path = tmp_path / "table.csv"
    write_csv(path, [{"name": "old"}])
    with pytest.raises(ValueError, match="fieldnames"):
        write_csv(path, [{"name": "new"}, {"name": "new", "other": 1}])
    assert path.read_text(encoding="utf-8") == "name\nold\n"
