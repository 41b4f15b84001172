"""Label files: both formats, both forms of the second, and one sentence with file and line for each fault."""

from dataclasses import replace
from pathlib import Path

import pytest

from svc_core.corpora.labels import (
    Interval,
    LabelError,
    Labels,
    labels_of_durations,
    read_lab,
    read_labels,
    read_textgrid,
    write_lab,
)
from tests.conftest import is_sentence
from tests.corpora.conftest import TEXTGRID, clip_of, write

SHORT = """File type = "ooTextFile"
Object class = "TextGrid"

0
0.5
<exists>
3
"TextTier"
"beats"
0
0.5
1
0.25
"1"
"IntervalTier"
"phrases"
0
0.5
1
0
0.5
"bu akşam"
"IntervalTier"
"words"
0
0.5
2
0
0.2
""
0.2
0.5
"akşam ""gün"" 2
batarken"
"""


def refused(read, path: Path) -> str:
    with pytest.raises(LabelError) as caught:
        read(path)
    message = str(caught.value)
    assert is_sentence(message)
    assert message.startswith(str(path))
    return message


def test_lab_times_are_in_units_of_100_ns(tmp_path):
    path = write(tmp_path / "a.lab", "0 33740000 pau\n33740000 34260000 m\n\n34260000 36633333 a -12.5\n")
    assert read_lab(path) == Labels(
        "phones", (Interval(0.0, 3.374, "pau"), Interval(3.374, 3.426, "m"), Interval(3.426, 3.6633333, "a"))
    )


def test_a_lab_with_windows_lines_and_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "a.lab"
    path.write_bytes(b"\xef\xbb\xbf0 10000000 pau\r\n10000000 20000000 a\r\n")
    assert [part.text for part in read_lab(path).intervals] == ["pau", "a"]


def test_a_lab_is_what_was_written(tmp_path):
    labels = Labels(
        "phones", (Interval(0.0, 0.1234567, "SP"), Interval(0.1234567, 2.5, "iang"), Interval(3.0, 4.0, ""))
    )
    write_lab(tmp_path / "deep/folder/a.lab", labels)
    assert read_lab(tmp_path / "deep/folder/a.lab") == labels
    assert [path.name for path in (tmp_path / "deep/folder").iterdir()] == ["a.lab"]


def test_a_long_textgrid_gives_words_with_their_letters(tmp_path):
    labels = read_textgrid(write(tmp_path / "a.TextGrid", TEXTGRID))
    assert labels == Labels("words", (Interval(0.0, 0.2, ""), Interval(0.2, 0.5, "akşam")))


def test_a_short_textgrid_gives_the_tier_of_its_kind_and_quotes_as_they_were_typed(tmp_path):
    """The first tier is of points, the second of phrases; a number inside a text is no time."""
    labels = read_textgrid(write(tmp_path / "a.TextGrid", SHORT))
    assert labels.intervals == (Interval(0.0, 0.2, ""), Interval(0.2, 0.5, 'akşam "gün" 2 batarken'))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_a_textgrid_is_read_in_every_encoding_that_praat_writes(tmp_path, encoding):
    path = tmp_path / "a.TextGrid"
    path.write_bytes((b"\xfe\xff" if encoding == "utf-16-be" else b"") + TEXTGRID.encode(encoding))
    assert read_textgrid(path).intervals[1].text == "akşam"


@pytest.mark.parametrize(
    ("tiers", "kind", "text"),
    [
        ((("phonemes", "a"), ("words", "ah")), "words", "ah"),
        ((("phonemes", "a"), ("words", "ah")), "phones", "a"),
        (((".wordAligned", "machine"), (".phrases", "ah ah")), "words", "ah ah"),
        ((("Words", "first"), ("words", "second")), "words", "first"),
        ((("a script's path", ""), ("notes", "la")), "words", "la"),
    ],
)
def test_the_tier_is_found_by_name_and_else_the_first_that_says_anything_is(tmp_path, tiers, kind, text):
    head = f'"ooTextFile" "TextGrid" 0 1 <exists> {len(tiers)}'
    body = " ".join(f'"IntervalTier" "{name}" 0 1 1 0 1 "{said}"' for name, said in tiers)
    path = write(tmp_path / "a.TextGrid", f"{head}\n{body}\n")
    assert [part.text for part in read_textgrid(path, kind).intervals] == [text]


def test_a_clip_leads_to_its_labels(tmp_path):
    clip = clip_of("alto", "Hymn")
    assert read_labels(clip) is None
    grid, lab = write(tmp_path / "a.TextGrid", TEXTGRID), write(tmp_path / "a.lab", "0 10000000 a")
    assert read_labels(replace(clip, label_kind="words", label_file=grid)).intervals[1].text == "akşam"
    assert read_labels(replace(clip, label_kind="phones", label_file=lab)).kind == "phones"


def test_durations_follow_each_other_from_the_start():
    labels = labels_of_durations(["SP", "m", "ei"], [0.5, 0.25, 1.0])
    assert labels == Labels("phones", (Interval(0.0, 0.5, "SP"), Interval(0.5, 0.75, "m"), Interval(0.75, 1.75, "ei")))


@pytest.mark.parametrize("durations_s", [[0.5], [0.5, -0.1], [0.5, float("nan")]])
def test_durations_that_cannot_be_are_refused(durations_s):
    with pytest.raises(ValueError, match="phone"):
        labels_of_durations(["m", "a"], durations_s)


# what is refused


def test_a_missing_label_file_is_refused(tmp_path):
    refused(read_lab, tmp_path / "nowhere.lab")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("0 10000000 a\nguang nian", "line 2"),
        ("0 10000000 a\n10000000", "line 2"),
        ("0 10000000 a\n\n5000000 20000000 b", "line 3"),
        ("10000000 0 a", "line 1"),
        ("nan nan a", "line 1"),
    ],
)
def test_a_lab_that_is_wrong_is_refused_with_its_line(tmp_path, text, line):
    assert line in refused(read_lab, write(tmp_path / "a.lab", text))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"TextGrid"', '"Sound"', "line 1"),
        ("xmax = 0.2", "xmax = soon", "line 18: a number should stand here, not ''"),
        ("xmax = 0.2", "xmax = 0.3", "line 22"),
        ("intervals: size = 2", "intervals: size = 3", "ends in the middle"),
        ('name = "words"', "name = 7", "line 11: a text in quotes should stand here, not '7.0'"),
    ],
)
def test_a_textgrid_that_is_wrong_is_refused_with_its_line(tmp_path, old, new, said):
    text = TEXTGRID.replace(old, new, 1)
    assert said in refused(read_textgrid, write(tmp_path / "a.TextGrid", text))


def test_a_textgrid_in_which_no_tier_says_anything_is_refused(tmp_path):
    silent = TEXTGRID.replace("akşam", "").replace('"words"', '"notes"')
    assert "holds any text" in refused(read_textgrid, write(tmp_path / "a.TextGrid", silent))


def test_bytes_of_another_encoding_are_refused_with_their_line(tmp_path):
    path = tmp_path / "a.TextGrid"
    path.write_bytes(TEXTGRID.encode("iso8859-9"))
    assert "line 22" in refused(read_textgrid, path)
