"""Which two conversions are judged, which of them is good, and what misleads: by hand-made scores, then the shipped."""

from dataclasses import asdict, replace
from zlib import crc32

import pandas as pd
import pytest

from app.parts.exhibits import WALK
from app.parts.verdicts import BY_ID, MEASURES, pair_of, verdicts, written
from app.serving.library import library
from svc_core.traces.catalogue import Catalogue, entry_of
from tests.support.hand_traces import hand_manifest

SCORES = {"rpa": 0.9, "f0_rmse_cents": 20.0, "f0_corr": 0.95, "mcd_db": 8.0, "loudness_rmse_db": 2.0}
SCORES |= {"similarity_to_target": 0.9}


def row(id: str, exhibit=None, **changes) -> dict[str, object]:
    """A line of a catalogue; ``changes`` are fields of Entry or scores."""
    scores = {name: changes.pop(name, value) for name, value in SCORES.items()}
    entry = replace(entry_of(hand_manifest()), id=id, **(asdict(exhibit) if exhibit else {}), **changes)
    return asdict(entry) | scores


def catalogue(*rows: dict[str, object]) -> Catalogue:
    return Catalogue(pd.DataFrame(list(rows)))


def ids(found) -> list[str] | None:
    return found and [entry.id for entry in found]


@pytest.mark.parametrize(
    ("measure", "value", "text"),
    [
        ("rpa", 0.98765, "98.8 %"),
        ("f0-rmse", 19.6, "20 cents"),
        ("f0-corr", -0.4018, "−0.402"),
        ("mcd", 8.6248, "8.62 dB"),
    ],
)
def test_a_number_is_written_with_its_unit(measure, value, text):
    assert written(value, BY_ID[measure]) == text


def test_the_score_says_which_of_the_two_is_good():
    told, deaf = row("told", WALK), row("deaf", replace(WALK, without="melody"), rpa=0.1)
    assert ids(pair_of(catalogue(told, deaf), BY_ID["rpa"])) == ["told", "deaf"]
    deaf["rpa"] = 0.95  # whatever was taken away: the better score is the better score
    assert ids(pair_of(catalogue(told, deaf), BY_ID["rpa"])) == ["deaf", "told"]


def test_less_is_better_of_an_error():
    measure = BY_ID["mcd"]
    told = row("told", measure.heard, mcd_db=7.0)
    without = row("without", replace(measure.heard, without=measure.lacking), mcd_db=9.0)
    assert ids(pair_of(catalogue(without, told), measure)) == ["told", "without"]


def test_another_set_shows_the_best_and_the_worst_of_its_plain_conversions():
    rows = [row(name, rpa=rpa) for name, rpa in (("a", 0.7), ("b", 0.9), ("c", 0.5), ("d", float("nan")))]
    rows += [row("guided", rpa=1.0, guidance="singer=2"), row("broken", rpa=0.0, defect="clamp")]
    assert ids(pair_of(catalogue(*rows), BY_ID["rpa"])) == ["b", "c"]
    rows = [row(name, mcd_db=mcd) for name, mcd in (("a", 9.0), ("b", 7.5))]
    assert ids(pair_of(catalogue(*rows), BY_ID["mcd"])) == ["b", "a"]


def test_where_nothing_can_be_told_apart_there_is_no_pair():
    assert pair_of(catalogue(row("a"), row("b")), BY_ID["rpa"]) is None
    scoreless = Catalogue(catalogue(row("a"), row("b")).table.drop(columns="rpa"))
    assert pair_of(scoreless, BY_ID["rpa"]) is None
    assert pair_of(catalogue(row("a"), row("b", rpa=0.1)), BY_ID["phones"]) is None
    assert verdicts(catalogue(row("a"))) == []


def test_without_a_score_the_one_that_was_told_is_good():
    lacking = row("lacking", replace(WALK, without="content"))
    assert ids(pair_of(catalogue(lacking, row("told", WALK)), BY_ID["phones"])) == ["told", "lacking"]


def test_the_order_is_fixed_and_best_points_at_the_good_one():
    found = verdicts(library().catalogue())
    assert [verdict["id"] for verdict in found] == [measure.id for measure in MEASURES]
    for verdict in found:
        good, _ = pair_of(library().catalogue(), BY_ID[verdict["id"]])
        assert verdict["best"] == crc32(verdict["id"].encode()) % 2
        assert verdict["cards"][verdict["best"]]["trace"] == good.id
    assert {verdict["best"] for verdict in found} == {0, 1}


def test_what_misleads_is_told_with_its_numbers_and_only_where_it_is_there():
    told, deaf = row("told", WALK), row("deaf", replace(WALK, without="melody"), rpa=0.1)
    wordless = row("wordless", replace(WALK, without="content"), rpa=0.991)
    (verdict,) = [one for one in verdicts(catalogue(told, deaf, wordless)) if one["id"] == "rpa"]
    assert verdict["trap"]["trace"] == "wordless"
    assert "RPA gives it 99.1 %, beside 90.0 %" in verdict["trap"]["text"]
    (verdict,) = [one for one in verdicts(catalogue(told, deaf)) if one["id"] == "rpa"]
    assert verdict["trap"] is None
    wordless["rpa"] = float("nan")
    (verdict,) = [one for one in verdicts(catalogue(told, deaf, wordless)) if one["id"] == "rpa"]
    assert verdict["trap"] is None


def test_the_shipped_conversions_bear_out_what_the_texts_say():
    scores = library().catalogue().table.set_index("id")
    found = {verdict["id"]: verdict for verdict in verdicts(library().catalogue())}

    def score(id: str, which: str, name: str) -> float:
        verdict = found[id]
        cards = {"good": verdict["cards"][verdict["best"]], "bad": verdict["cards"][1 - verdict["best"]]}
        return scores.loc[{**cards, "trap": verdict["trap"]}[which]["trace"], name]

    assert score("rpa", "trap", "rpa") > score("rpa", "good", "rpa")  # without words
    assert score("f0-rmse", "trap", "f0_rmse_cents") < score("f0-rmse", "good", "f0_rmse_cents") / 3
    assert score("f0-rmse", "trap", "rpa") == pytest.approx(score("f0-rmse", "good", "rpa"), abs=0.01)
    assert score("mcd", "trap", "mcd_db") < score("mcd", "good", "mcd_db")  # without a singer
    assert score("loudness", "trap", "loudness_rmse_db") < score("loudness", "bad", "loudness_rmse_db") / 2
    assert score("similarity", "trap", "similarity_to_target") < score("similarity", "bad", "similarity_to_target")
    for measure in MEASURES:  # the good one is the one that was told everything
        good, bad = pair_of(library().catalogue(), measure)
        assert (good.without, bad.without) == ("", measure.lacking)
