"""The cards as the page shows them, and the measured table."""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.parts.cards import DATA_CARD, EVALUATION, MODEL_CARD, QUESTIONS, CardError, measured_table, read_card

COLUMNS = ["system", "group", "figure", "mean"]


@pytest.fixture
def table(tmp_path):
    """Two systems, of which the second was asked less, and what they lie between."""
    rows = [
        ("DDPM", "conversion", "rpa", 0.9712),
        ("DDPM", "conversion", "similarity_to_target", 0.8649),
        ("DDPM", "self-conversion", "mcd_db", 5.5),
        ("DDPM", "copy-synthesis", "rpa", 0.996),
        ("DDPM", "copy-synthesis", "similarity_to_target", 0.94),
        ("DDPM", "source", "rpa", 1.0),
        ("DDPM", "source", "similarity_to_target", 0.95),
        ("DDPM", "source", "nearest_is_target", 0.9),
        ("DDPM", "conversion", "source_to_target", 0.61),
        ("student", "conversion", "rpa", float("nan")),
        ("student", "conversion", "loudness_rmse_db", 2.0),
    ]
    path = tmp_path / "evaluation.csv"
    pd.DataFrame(rows, columns=COLUMNS).to_csv(path, index=False)
    return path


def test_a_figure_is_written_as_it_is_asked_for(table):
    shown = measured_table(table)
    assert list(shown.columns) == ["DDPM", "student", "real, through the vocoder", "the source, unchanged"]
    melody = shown[shown.index.str.contains("half a semitone")].iloc[0]
    assert list(melody) == ["97.1 %", "–", "99.6 %", "100.0 %"]
    loud = shown[shown.index.str.contains("loud")].iloc[0]
    assert list(loud)[:2] == ["–", "2.00 dB"]


def test_the_unchanged_source_is_as_close_to_the_target_as_it_is(table):
    """Not to its own singer: that is what its similarity says in the table of the engine."""
    close = measured_table(table)
    assert list(close[close.index.str.contains("Cosine")].iloc[0]) == ["0.865", "–", "0.940", "0.610"]
    named = measured_table(table)
    assert named[named.index.str.contains("Named")].iloc[0]["the source, unchanged"] == "–"


def test_every_question_has_a_row_and_says_which_way_is_better(table):
    shown = measured_table(table)
    assert len(shown) == len(QUESTIONS)
    assert all("is better)" in line for line in shown.index)


@pytest.mark.parametrize("content", [None, "", "a,b\n1,2\n", "system,group,figure,mean\nDDPM,conversion,rpa,much\n"])
def test_what_is_no_table_is_said(tmp_path, content):
    path = tmp_path / "precomputed" / "evaluation.csv"
    path.parent.mkdir()
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(CardError, match=r"precomputed/evaluation\.csv is no table of measured figures"):
        measured_table(path)


def test_the_shipped_table_answers_every_question():
    shown = measured_table(EVALUATION)
    assert not (shown.iloc[:, 0] == "–").any()
    assert len(shown.columns) >= 5  # DDPM, teacher, student, and the two to hold them against


def test_a_card_comes_in_sections_without_its_title(tmp_path):
    path = tmp_path / "card.md"
    path.write_text("# Title\n\nText with # a sign.\n\n## One\n\nFirst.\n\n### Deeper\n\n## Two\n", encoding="utf-8")
    assert read_card(path) == {"": "Text with # a sign.", "One": "First.\n\n### Deeper", "Two": ""}
    path.write_text("No title.\n", encoding="utf-8")
    assert read_card(path) == {"": "No title."}


def test_links_to_files_that_the_page_does_not_serve_are_plain_words(tmp_path):
    path = tmp_path / "card.md"
    path.write_text("[`a.csv`](../b/a.csv), [b](b.md#c) and [site](https://example.org/x)\n", encoding="utf-8")
    assert read_card(path)[""] == "`a.csv`, b and [site](https://example.org/x)"


def test_a_card_that_is_gone_is_named(tmp_path):
    with pytest.raises(CardError, match=r"card\.md cannot be read"):
        read_card(tmp_path / "card.md")


def test_the_shipped_cards_say_what_cards_must():
    models, data = read_card(MODEL_CARD), " ".join(read_card(DATA_CARD).values())
    assert {"What they cannot do", "Intended use", "Ethics", "How they were made"} <= set(models)
    assert "CC BY-SA 4.0" in models[""]
    assert "minutes" in models["What they learnt from"]
    assert "@" not in " ".join(models.values())
    for singer in ("makam-f1", "makam-f2", "makam-f3", "makam-f4", "makam-m1", "makam-m2", "pjs-m1"):
        assert singer in data
    for owner in ("Universitat Pompeu Fabra", "Koguchi", "Pardo"):
        assert owner in data


def test_the_page_of_the_cards_has_the_course_on_top_and_its_terms_explained():
    page = AppTest.from_file(str(Path(__file__).resolve().parents[2] / "app" / "lessons" / "about.py")).run(timeout=60)
    assert not page.exception
    shown = [element.proto.component_name.split(".")[-1] for element in page.get("bidi_component")]
    assert shown[0] == "course"
    assert shown[-1] == "terms"
    assert "(glossary#student)" in " ".join(element.value for element in page.markdown)
