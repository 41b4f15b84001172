"""The catalogue as it is read: what a row says, and what is believed of a file from anywhere."""

from dataclasses import replace

import numpy as np
import pytest

from svc_core.traces.catalogue import (
    CATALOGUE,
    CatalogueError,
    Entry,
    entry_of,
    join_rows,
    parse_rows,
    read_catalogue,
    rows_of,
    write_rows,
)
from svc_core.traces.manifest import Manifest, Recording, Sampler, Swap
from svc_core.traces.place import Place
from svc_core.traces.trace import Trace
from tests.conftest import is_sentence
from tests.support.hand_traces import hand_manifest


def listed(*manifests: Manifest) -> bytes:
    return write_rows(rows_of([Trace(Place("nowhere"), manifest) for manifest in manifests]))


@pytest.fixture
def parent(tmp_path):
    manifests = [hand_manifest(name, scores={"rpa": 0.5}) for name in ("amen", "kyrie", "şarkı")]
    (tmp_path / CATALOGUE).write_bytes(listed(*manifests))
    return tmp_path


def test_an_entry_says_what_the_manifest_says():
    sampler = Sampler("heun", 20, 7, "lowbias32", 1.0, 1000, {"singer": 1.5, "melody": -1.0}, ["loudness", "content"])
    sampler = replace(sampler, swap=Swap("tenor", 12), defect="sigma-max")
    manifest = hand_manifest("amen--bass--alto", label="mine", note="A failure, named as such.")
    entry = entry_of(replace(manifest, sampler=sampler))
    assert entry == Entry(
        id="amen--bass--alto",
        detail="full",
        song="Hymn 7",
        phrase="amen",
        source="bass",
        target="alto",
        key_shift_semitones=12,
        sampler="heun",
        steps=20,
        seed=7,
        guidance="melody=-1 singer=1.5",
        without="content loudness",
        swap="tenor",
        swap_at=12,
        defect="sigma-max",
        label="mine",
        note="A failure, named as such.",
        seconds=0.13,  # 12 frames of 10.67 ms
        bytes=0,
        fingerprint="0123456789abcdef",
    )


def test_entries_are_found_by_row_and_by_id(parent):
    catalogue = read_catalogue(str(parent))
    assert [entry.id for entry in catalogue] == ["amen", "kyrie", "şarkı"]
    assert catalogue.find("kyrie") == catalogue.entry(1) == entry_of(hand_manifest("kyrie"))
    assert "kyrie" in catalogue
    assert "gloria" not in catalogue
    assert None not in catalogue
    assert isinstance(catalogue.entry(1).steps, int)


def test_a_catalogue_from_before_there_were_swaps_and_defects_says_that_there_are_none(parent):
    path = parent / CATALOGUE
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("swap,swap_at,defect,label,note,", "").replace(",,0,,,,0.13", ",0.13"), encoding="utf-8"
    )
    older = path.read_bytes()
    assert "swap" not in path.read_text(encoding="utf-8")
    assert [entry.id for entry in read_catalogue(parent)] == ["amen", "kyrie", "şarkı"]
    assert read_catalogue(parent).find("kyrie") == entry_of(hand_manifest("kyrie"))
    path.write_bytes(write_rows(join_rows(parse_rows(older), parse_rows(listed(hand_manifest("new", note="New."))))))
    assert [entry.note for entry in read_catalogue(parent)] == ["", "", "New.", ""]


def test_every_score_is_a_column_and_what_was_not_measured_is_empty(tmp_path):
    first, second = hand_manifest("a", scores={"rpa": 0.5, "mcd_db": 7.25}), hand_manifest("b", scores={"rpa": 1 / 3})
    (tmp_path / CATALOGUE).write_bytes(listed(first, second))
    catalogue = read_catalogue(tmp_path)
    assert catalogue.scores == ["mcd_db", "rpa"]
    np.testing.assert_allclose(catalogue.table["rpa"], [0.5, 1 / 3], atol=1e-6)
    np.testing.assert_array_equal(catalogue.table["mcd_db"], [7.25, np.nan])


def test_a_score_cannot_take_the_place_of_a_column(tmp_path):
    (tmp_path / CATALOGUE).write_bytes(listed(hand_manifest("a", scores={"seconds": 99.0})))
    assert read_catalogue(tmp_path).entry(0).seconds == 0.13


def test_the_same_rows_give_the_same_bytes_when_read_and_written():
    text = listed(*(hand_manifest(f"t{n}", scores={"rpa": n / 7}) for n in range(20)))
    assert write_rows(parse_rows(text)) == text
    assert b"\r" not in text


def test_fields_with_commas_quotes_and_words_that_pandas_takes_for_nothing_survive(tmp_path):
    source = Recording("NA", "null", 'Ah, "vous" dirai-je', "a.wav", 0, None, "", "")
    (tmp_path / CATALOGUE).write_bytes(listed(hand_manifest(source=source)))
    (entry,) = read_catalogue(tmp_path)
    assert (entry.source, entry.phrase, entry.song) == ("NA", "null", 'Ah, "vous" dirai-je')


def test_an_empty_catalogue_is_one(tmp_path):
    (tmp_path / CATALOGUE).write_bytes(listed())
    catalogue = read_catalogue(tmp_path)
    assert len(catalogue) == 0
    assert list(catalogue) == []


def test_new_rows_replace_those_of_the_same_id_and_stand_in_order():
    old = parse_rows(listed(hand_manifest("b", scores={"rpa": 0.1}), hand_manifest("a", scores={"rpa": 0.1})))
    new = parse_rows(listed(hand_manifest("b", scores={"mcd_db": 5.0}), hand_manifest("aa")))
    joined = join_rows(old, new)
    assert joined["id"].tolist() == ["a", "aa", "b"]
    np.testing.assert_array_equal(joined["rpa"], [0.1, 0.9, np.nan])
    np.testing.assert_array_equal(joined["mcd_db"], [np.nan, np.nan, 5.0])


def test_ten_thousand_rows_take_few_bytes():
    text = listed(*(hand_manifest(f"amen--{n:05d}", scores={"rpa": n / 1e4}) for n in range(200)))
    header, *lines = text.splitlines(keepends=True)
    many = header + b"".join(line.replace(b"amen--", f"amen--{n}-".encode()) for n in range(50) for line in lines)
    table = parse_rows(many)
    assert len(table) == 10_000
    assert table.memory_usage(deep=True).sum() < 5e6


def refusal(parent) -> str:
    with pytest.raises(CatalogueError) as caught:
        read_catalogue(parent)
    message = str(caught.value)
    assert is_sentence(message)
    assert len(message) < 600
    return message


def test_a_missing_catalogue_is_refused_with_what_to_do(tmp_path):
    assert "svc_core.precompute" in refusal(tmp_path)


def test_a_catalogue_out_of_reach_is_refused():
    assert "cannot be read" in refusal("http://127.0.0.1:9/traces")


DAMAGES = {
    "a column is missing": lambda text: text.replace("key_shift_semitones", "key"),
    "a column twice": lambda text: text.replace(",seed,", ",steps,"),
    "a column more than its rows": lambda text: text.replace("id,", "id,more,", 1),
    "a row longer than its columns": lambda text: text.replace(",12,", ",12,12,"),
    "a word for a number": lambda text: text.replace(",12,", ",twelve,"),
    "no number": lambda text: text.replace(",12,", ",,"),
    "half a number": lambda text: text.replace(",12,", ",1.5,"),
    "a number too large": lambda text: text.replace(",12,", f",{10**30},"),
    "a key out of range": lambda text: text.replace(",12,", ",100,"),
    "no number of seconds": lambda text: text.replace(",0.13,", ",nan,"),
    "endless": lambda text: text.replace(",0.13,", ",inf,"),
    "an infinite score": lambda text: text.replace(",0.5,", ",inf,"),
    "a row cut off": lambda text: text[:-30] + "\n",
    "a line cut off": lambda text: text[:-5],
    "nothing": lambda text: "",
    "a song": lambda text: "la la la\n",
    "no UTF-8": lambda text: text + "\xff\xfe\n",
    "no text": lambda text: text + "\0\n",
    "a way out of the folder": lambda text: text.replace("kyrie", "../../etc"),
    "a hidden folder": lambda text: text.replace("kyrie", ".partial-x"),
    "an address": lambda text: text.replace("kyrie", "http://evil"),
    "no id": lambda text: text.replace("kyrie", ""),
    "an id twice": lambda text: text.replace("kyrie", "amen"),
    "a detail there is not": lambda text: text.replace(",full,", ",some,"),
    "a name without end": lambda text: text.replace("Hymn 7", "x" * 5_000),
    "a name that is no line": lambda text: text.replace("Hymn 7", '"Hymn\n7"'),
    "a score's name from a page": lambda text: text.replace("rpa", "<script>"),
    "a million columns": lambda text: text.replace("rpa", ",".join(f"s{n}" for n in range(1_000_000))),
    "columns without end": lambda text: "id," * 1_000_000,
    "a line of thousands of cells": lambda text: text[:-1] + "," * 20_000 + "\n",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_catalogue_is_refused_with_what_to_do(parent, damage):
    path = parent / CATALOGUE
    text = path.read_text(encoding="utf-8").replace("şarkı", "sarki")
    assert DAMAGES[damage](text) != text
    path.write_bytes(DAMAGES[damage](text).encode("latin-1"))
    assert "--rebuild-catalogue" in refusal(parent)


def test_a_catalogue_of_many_gigabytes_is_refused_unread(tmp_path):
    with (tmp_path / CATALOGUE).open("wb") as file:
        file.truncate(10 << 30)  # a hole: no disk is needed
    assert "longer than" in refusal(tmp_path)
