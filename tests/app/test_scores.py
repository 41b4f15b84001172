"""Names and directions of scores."""

import pytest

from app.parts.glossary import glossary
from app.parts.scores import ScoresError, for_browser, scores
from app.serving.library import REPOSITORY
from svc_core.traces.catalogue import read_catalogue

GOOD = '[rpa]\nname = "Pitch"\nunit = "%"\nscale = 100\ndigits = 1\nbetter = "high"\nterm = "rpa"\n'


def test_every_score_of_the_shipped_traces_has_a_name():
    assert set(read_catalogue(REPOSITORY / "precomputed").scores) <= set(scores())


def test_every_term_is_in_the_glossary():
    assert {score.term for score in scores().values()} <= set(glossary())


def test_browser_gets_plain_values(tmp_path):
    assert for_browser()["f0_rmse_cents"] == {
        "name": "F0 error (RMSE)", "unit": "cents", "scale": 1.0, "digits": 0, "better": "low", "term": "f0rmse",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("high", "up"), "'better' of rpa must be one of"),
        (GOOD.replace("digits = 1", 'digits = "1"'), "'score.rpa.digits' must be a whole number"),
        (GOOD.replace('name = "Pitch"\n', ""), "'score.rpa.name' is missing"),
        (GOOD + "[", "cannot be used"),
    ],
)
def test_bad_file_is_said(tmp_path, text, said):
    path = tmp_path / "scores.toml"
    path.write_text(text)
    with pytest.raises(ScoresError, match=r"scores\.toml") as error:
        scores(path)
    assert said in str(error.value)


def test_missing_file_is_said(tmp_path):
    with pytest.raises(ScoresError, match=r"none\.toml"):
        scores(tmp_path / "none.toml")
