"""The table: means, intervals and counts by hand, and files that are whole or not there."""

import csv
import math
from dataclasses import fields

import numpy as np
import pytest

from svc_core.metrics.distribution import SetDistance
from svc_core.metrics.melody import MelodyScores
from svc_core.metrics.report import FIGURES, confidence_interval, markdown, summarise, summary_rows, write_csv

NAN = math.nan
DISTANCE = SetDistance("FAD", 0.5, "Resemblyzer", 256, 30, 4, 20, 3, "Few rows.")


def row(**known: float) -> dict[str, float]:
    return {figure.name: known.get(figure.name, NAN) for figure in FIGURES}


def test_a_figure_that_a_clip_lacks_is_left_out_of_its_mean():
    rows = [row(rpa=0.5, mcd_db=6.0), row(rpa=1.0), row(rpa=0.9)]
    lines = {line.figure.name: line for line in summarise(rows, ["a", "b", "b"], "conversion")}
    assert set(lines) == {"rpa", "mcd_db"}
    assert lines["rpa"].mean == pytest.approx(0.8) and (lines["rpa"].n, lines["rpa"].clips) == (3, 2)
    assert lines["mcd_db"].mean == 6 and (lines["mcd_db"].n, lines["mcd_db"].clips) == (1, 1)
    assert math.isnan(lines["mcd_db"].low) and lines["rpa"].group == "conversion"


def test_the_interval_of_many_clips_is_the_normal_one():
    values = np.random.default_rng(1).normal(5.0, 2.0, 400)
    clips = [str(number) for number in range(400)]
    low, high = confidence_interval(values, clips)
    half = 1.96 * values.std() / math.sqrt(400)
    assert low == pytest.approx(values.mean() - half, abs=0.03)
    assert high == pytest.approx(values.mean() + half, abs=0.03)
    assert confidence_interval(values, clips) == (low, high)  # the same at every call


def test_conversions_of_one_clip_are_drawn_together():
    """Four equal conversions of each of 100 clips know no more than one of each does."""
    values = np.random.default_rng(1).normal(5.0, 2.0, 100)
    clips = [str(number) for number in range(100)]
    alone = confidence_interval(values, clips)
    assert confidence_interval(np.repeat(values, 4), np.repeat(clips, 4)) == pytest.approx(alone)
    # of a clip with three conversions and one with a single one: the means of a, of b, and of both
    low, high = confidence_interval(np.array([1.0, 2, 3, 10]), ["a", "a", "a", "b"])
    assert (low, high) == (2, 10)


def test_the_interval_of_equal_clips_has_no_width_and_of_one_clip_there_is_none():
    assert confidence_interval(np.full(5, 3.0), list("abcde")) == (3, 3)
    assert np.isnan(confidence_interval(np.array([3.0, 4.0]), ["a", "a"])).all()


def test_every_figure_says_its_unit_and_what_it_stands_on():
    for figure in FIGURES:
        assert figure.better in ("high", "low", "")
        assert figure.basis and ("aligned" in figure.basis or "Resemblyzer" in figure.basis or "median" in figure.basis)
        if figure.name.endswith(("_db", "_cents")):
            assert figure.unit.lower() == figure.name.split("_")[-1]


def test_every_figure_of_the_melody_names_its_tracker():
    names = {field.name for field in fields(MelodyScores)}
    bases = {figure.name: figure.basis for figure in FIGURES if figure.name in names}
    assert len(bases) == 8 and all("F0 by {tracker}" in basis for basis in bases.values())
    (mcd,) = (figure.basis for figure in FIGURES if figure.name == "mcd_db")
    assert "F0 by Harvest" in mcd  # CheapTrick's, whoever judges the melody


def test_the_markdown_has_a_line_a_clip_and_then_the_groups_side_by_side():
    rows = [
        {"group": "conversion", "name": "one", **row(rpa=0.5)},
        {"group": "conversion", "name": "two", **row(rpa=1.0)},
        {"group": "source", "name": "three", **row(rpa=1.0, mcd_db=0.0)},
    ]
    summaries = summarise(rows[:2], ["a", "b"], "conversion") + summarise(rows[2:], ["a"], "source")
    text = markdown(rows, summaries, {"conversion": [DISTANCE]})
    assert text.splitlines()[:10] == [
        "| group | name | RPA (share) | MCD (dB) |",
        "| --- | --- | --- | --- |",
        "| conversion | one | 0.500 | – |",
        "| conversion | two | 1.000 | – |",
        "| source | three | 1.000 | 0.00 |",
        "",
        "| mean (95 % interval; n) | conversion | source |",
        "| --- | --- | --- |",
        "| RPA (share) | 0.750 (0.500…1.000; 2) | 1.000 (1) |",
        "| MCD (dB) | – | 0.00 (1) |",
    ]
    assert "conversion: FAD 0.500 (Resemblyzer, 256 dimensions; 20 windows of 3 sounds, 30 windows of 4" in text
    assert text.endswith("Few rows.")


def test_the_summary_names_group_unit_interval_count_and_basis():
    summaries = summarise([row(mcd_db=6.0, rpa=0.5), row(mcd_db=8.0)], ["a", "b"], "conversion")
    rows = summary_rows(summaries, {"conversion": [DISTANCE]}, "Harvest")
    assert [(line["figure"], line["group"]) for line in rows] == [(f, "conversion") for f in ("rpa", "mcd_db", "fad")]
    rpa, mcd, fad = rows
    assert (mcd["mean"], mcd["n"], mcd["source_clips"], mcd["unit"]) == (7, 2, 2, "dB")
    assert mcd["ci95_low"] == 6 and mcd["ci95_high"] == 8
    assert "mel-cepstra 1-24" in mcd["basis"] and rpa["basis"].startswith("F0 by Harvest, mir_eval")
    assert fad["n"] == 3
    assert "30 windows of 4 recordings" in fad["basis"] and fad["basis"].endswith("Few rows.")
    assert mcd.keys() == fad.keys()


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
