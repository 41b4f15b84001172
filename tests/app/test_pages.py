"""Choosing a conversion, on the page where it is chosen: among few and many, good and broken ones."""

import re
import shutil
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.parts.choice import FEW, MOST_OFFERED
from app.parts.names import as_text
from svc_core.traces.catalogue import CATALOGUE, entry_of, read_catalogue, write_rows
from svc_core.traces.manifest import Swap, parse_manifest
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.writing import write_trace
from tests.app.conftest import NAMES
from tests.support.hand_traces import hand_files, hand_manifest
from tests.support.page_runs import SITE, open_script

open_page = partial(open_script, "lessons/denoising.py")  # its address holds the choice of a conversion


def plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def said(page: AppTest) -> str:
    """What the page says of conversions, but for the figure that has traces of its own."""
    texts = [plain(element.value) for kind in (page.error, page.warning, page.info) for element in kind]
    return " ".join(text for text in texts if "differ only in their noise" not in text)


def conversion(page: AppTest):
    return next(box for box in page.selectbox if box.key == "trace")


def test_denoising_opens_and_offers_every_trace(own_traces):
    page = open_page()
    assert not page.exception
    assert page.title[0].value == "Taking noise away"
    assert len(conversion(page).options) == len(NAMES)
    assert len(page.selectbox) == 1  # few need no filters
    assert said(page) == ""


def test_address_chooses_the_trace(own_traces):
    assert conversion(open_page(trace=NAMES[1])).value == NAMES[1]


def test_wrong_address_is_said_and_the_first_trace_shown(own_traces):
    page = open_page(trace="<b>no</b>" * 30)
    assert not page.exception
    assert "There is no conversion" in said(page)
    assert len(said(page)) < 250
    assert conversion(page).value == NAMES[0]


def test_without_an_address_the_full_trace_nearest_to_its_target_is_shown(own_traces):
    rows = read_catalogue(own_traces).table
    rows["similarity_to_target"] = [0.7, 0.8, 0.9]
    rows["detail"] = ["full", "full", "light"]
    (own_traces / CATALOGUE).write_bytes(write_rows(rows))
    assert conversion(open_page()).value == NAMES[1]
    rows["similarity_to_target"] = float("nan")
    (own_traces / CATALOGUE).write_bytes(write_rows(rows))
    assert conversion(open_page()).value == NAMES[0]
    rows["detail"] = "light"
    (own_traces / CATALOGUE).write_bytes(write_rows(rows.drop(columns="similarity_to_target")))
    assert conversion(open_page()).value == NAMES[0]


def test_the_page_of_the_cards_opens(own_traces):
    page = AppTest.from_file(str(Path(SITE).parent / "lessons" / "about.py"), default_timeout=60).run()
    assert not page.exception
    assert [header.value for header in page.header] == ["How good are they?", "The models", "The recordings"]
    assert len(page.table) == 1
    assert said(page) == ""


def test_choosing_another_trace_shows_its_facts(own_traces):
    page = open_page()
    for name in NAMES:
        conversion(page).select(name).run()
        manifest = parse_manifest((own_traces / name / "trace.json").read_bytes())
        text = " ".join(element.value for element in page.markdown)
        assert as_text(manifest.licence) in text
        assert all(as_text(line) in text for line in manifest.attribution)


@pytest.mark.parametrize(
    ("sampler", "steps", "words"),
    [
        ("ddpm", 8, ("in **8 steps**", "**DDPM**")),
        ("ddim", 8, ("**DDIM** leaps",)),
        ("euler", 8, ("Euler's method",)),
        ("heun", 8, ("Heun's method",)),
        ("consistency", 1, ("in **1 step**", "Its only step", "consistency model")),
    ],
)
def test_texts_follow_the_sampler(own_traces, sampler, steps, words):
    manifest = hand_manifest("a", sampler, steps)
    write_trace(own_traces, manifest, hand_files(manifest))
    rebuild_catalogue(own_traces)
    page = open_page(trace="a")
    assert not page.exception
    text = " ".join(element.value for element in page.markdown)
    assert all(word in text for word in words)
    assert "1000" not in text and "thousand" not in text


def test_what_is_unusual_and_the_note_are_said(own_traces):
    manifest = hand_manifest("a", note="A **failure**, named as such.")
    sampler = replace(manifest.sampler, swap=Swap("s-m2", 3), defect="clamp", clamp=1.0, without=["loudness"])
    manifest = replace(manifest, sampler=sampler)
    write_trace(own_traces, manifest, hand_files(manifest))
    rebuild_catalogue(own_traces)
    page = open_page(trace="a")
    assert not page.exception
    text = plain(" ".join(element.value for element in page.markdown))
    unusual = "without loudness; singer swapped for man s-m2 after 3 steps; bug: every noisy state clamped to ±1"
    assert f"What is unusual here: **{unusual}**." in text
    assert said(page) == "A **failure**, named as such."
    conversion(page).select(NAMES[0]).run()
    assert "unusual" not in " ".join(element.value for element in page.markdown)
    assert said(page) == ""


EVIL = "![x](http://evil/a.png) <script>x</script> **b** $x$ :red[y]"


def test_names_from_data_are_escaped_wherever_they_are_written(own_traces):
    recording = replace(hand_manifest().source, singer=EVIL, song=EVIL, phrase=EVIL)
    facts = {"source": recording, "target": EVIL, "note": EVIL, "vocoder": EVIL, "licence": EVIL, "attribution": [EVIL]}
    manifest = hand_manifest("a", **facts)
    write_trace(own_traces, manifest, hand_files(manifest))
    rebuild_catalogue(own_traces)
    page = open_page(trace="a")
    assert not page.exception
    written = [element.value for kind in (page.markdown, page.error, page.info) for element in kind]
    assert sum("evil" in text for text in written) >= 3
    unescaped = re.compile(r"(?<!\\)(\[x|<script|\*\*b|:red|\$x)")
    assert [text for text in written if unescaped.search(text)] == []


# --- many traces


@pytest.fixture
def many_traces(own_traces):
    """Ten thousand rows; only the first three have a folder."""
    first = entry_of(hand_manifest())
    rows = [
        replace(
            first,
            id=NAMES[n] if n < len(NAMES) else f"trace {n:05d}",
            source=f"s-f{n % 10}",
            target=f"t-m{n % 7}",
            phrase=f"phrase_{n % 100}",
            song=f"Song {n % 20}",
            sampler=("ddpm", "euler")[n % 2],
        )
        for n in range(10_000)
    ]
    (own_traces / CATALOGUE).write_bytes(write_rows(pd.DataFrame(map(asdict, rows))))
    return own_traces


def filters(page: AppTest) -> dict:
    return {box.label: box for box in page.selectbox if box.key != "trace"}


def test_many_traces_are_narrowed_by_filters(many_traces):
    page = open_page()
    assert not page.exception
    assert conversion(page).label == f"Conversion (10,000 of 10,000 fit, the first {MOST_OFFERED} listed)"
    assert len(conversion(page).options) == MOST_OFFERED
    assert set(filters(page)) == {"Source", "Target", "Sampler"}
    filters(page)["Source"].select("s-f3").run()
    assert conversion(page).label.startswith("Conversion (1,000 of 10,000 fit")
    filters(page)["Target"].select("t-m0").run()
    filters(page)["Sampler"].select(("euler", 8)).run()
    page.text_input[0].input("SONG phrase-63").run()
    assert conversion(page).label == "Conversion (15 of 10,000 fit)"
    assert len(conversion(page).options) == 15
    assert all("woman s-f3 → man t-m0 · “phrase 63”" in option for option in conversion(page).options)


def test_choice_stays_while_it_fits_even_when_it_is_not_among_the_first(many_traces):
    page = open_page(trace="trace 09003")
    assert conversion(page).value == "trace 09003"
    assert len(conversion(page).options) == MOST_OFFERED + 1
    filters(page)["Source"].select("s-f3").run()
    assert conversion(page).value == "trace 09003"
    filters(page)["Source"].select("s-f4").run()
    assert conversion(page).value == "trace 00004"


def test_nothing_that_fits_is_said_and_a_filter_can_be_taken_back(many_traces):
    page = open_page()
    page.text_input[0].input("no such song").run()
    assert not page.exception
    assert "No conversion fits all of that" in said(page)
    page.text_input[0].input("").run()
    assert said(page) == ""
    assert conversion(page).value == NAMES[0]


def test_traces_of_one_label_can_both_be_chosen(own_traces):
    for name in ("a", "b"):
        manifest = hand_manifest(name, licence=f"licence of {name}")
        write_trace(own_traces, manifest, hand_files(manifest))
    rebuild_catalogue(own_traces)
    page = open_page()
    for name in ("b", "a"):
        conversion(page).select(name).run()
        assert f"licence of {name}" in " ".join(element.value for element in page.markdown)
    assert len(set(conversion(page).options)) == 5


def test_filters_come_with_numbers(own_traces):
    rows = [replace(entry_of(hand_manifest()), id=f"t{n:02d}") for n in range(FEW + 1)]
    (own_traces / CATALOGUE).write_bytes(write_rows(pd.DataFrame(map(asdict, rows[:FEW]))))
    assert filters(open_page()) == {}
    (own_traces / CATALOGUE).write_bytes(write_rows(pd.DataFrame(map(asdict, rows))))
    assert len(filters(open_page())) == 3


# --- broken traces


def missing(folder: Path) -> None:
    (folder / "predicted.npy.gz").unlink()


def truncated(folder: Path) -> None:
    path = folder / "predicted.npy.gz"
    path.write_bytes(path.read_bytes()[:100])


def damaged_manifest(folder: Path) -> None:
    (folder / "trace.json").write_text('{"format": "singsteps-tr')


def future_format(folder: Path) -> None:
    (folder / "trace.json").write_text('{"format": "singsteps-trace-99"}')


def foreign_folder(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "holiday.jpg").write_bytes(b"not a trace")


@pytest.mark.parametrize("damage", [missing, truncated, damaged_manifest, future_format, foreign_folder])
def test_broken_trace_is_said_in_a_sentence_and_the_others_work(own_traces, damage):
    broken, whole = (own_traces / name for name in NAMES[:2])
    damage(broken)
    page = open_page(trace=broken.name)
    assert not page.exception
    assert "This conversion cannot be shown" in said(page)
    assert broken.name in said(page)
    conversion(page).select(whole.name).run()
    assert not page.exception
    assert said(page) == ""


def test_no_catalogue_is_said(own_traces):
    (own_traces / "catalogue.csv").unlink()
    page = open_page()
    assert not page.exception
    assert "There are no traces here" in said(page)


def test_damaged_catalogue_is_said(own_traces):
    (own_traces / "catalogue.csv").write_text("id,seed\nx,one\n")
    page = open_page()
    assert not page.exception
    assert "is damaged" in said(page)


def test_empty_catalogue_is_said(own_traces):
    path = own_traces / "catalogue.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    assert "No conversion has been recorded yet" in said(open_page())


def test_changed_catalogue_is_seen_at_the_next_run(own_traces):
    page = open_page()
    path = own_traces / "catalogue.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:2]) + "\n")
    page.run()
    assert len(conversion(page).options) == 1
