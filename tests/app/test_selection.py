"""Which conversions fit an address: by hand; a browser test holds the page's own JavaScript to the same."""

import numpy as np
import pytest

from app.expert.selection import PLAIN, fitting, read_range
from app.serving.library import REPOSITORY
from svc_core.traces.catalogue import Catalogue, read_catalogue


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return read_catalogue(REPOSITORY / "precomputed")


def test_nothing_asked_gives_everything(shipped):
    assert fitting(shipped, {}).tolist() == list(range(len(shipped)))


def test_facets_are_ored_inside_and_anded_between(shipped):
    rows = shipped.table.iloc[fitting(shipped, {"target": "makam-m2,pjs-m1", "sampler": "ddpm1000", "without": PLAIN})]
    assert set(rows["target"]) == {"makam-m2", "pjs-m1"}
    assert set(rows["sampler"]) == {"ddpm"} and set(rows["without"]) == {""}
    table = shipped.table
    by_hand = table["target"].isin(["makam-m2", "pjs-m1"]) & (table["sampler"] == "ddpm") & (table["without"] == "")
    assert len(rows) == by_hand.sum() > 10


def test_conditions_of_several_words_and_swaps(shipped):
    rows = shipped.table.iloc[fitting(shipped, {"without": "content+melody"})]
    assert set(rows["without"]) == {"content melody"}
    rows = shipped.table.iloc[fitting(shipped, {"swap": "pjs-m1@700"})]
    assert rows["swap_at"].tolist() == [700]


def test_ranges_include_their_ends_and_exclude_what_was_not_measured(shipped):
    table = shipped.table.copy()
    table.loc[0, "rpa"] = np.nan
    table.loc[1, "rpa"] = 0.95
    rows = fitting(Catalogue(table), {"rpa": "0.95:0.95"})
    assert 1 in rows and 0 not in rows
    assert 0 not in fitting(Catalogue(table), {"rpa": ":"})


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("0.5:1", (0.5, 1)),
        (":1", (-np.inf, 1)),
        ("0.5:", (0.5, np.inf)),
        ("1:0.5", None),
        ("0.5", None),
        ("a:b", None),
        ("", None),
        ("nan:1", None),
        ("1:2:3", None),
    ],
)
def test_ranges_are_read(text, ends):
    assert read_range(text) == ends


def test_what_cannot_be_understood_excludes_nothing(shipped):
    assert len(fitting(shipped, {"rpa": "high", "nonsense": "1"})) == len(shipped)


def test_an_unknown_value_fits_nothing(shipped):
    assert len(fitting(shipped, {"target": "nobody"})) == 0
