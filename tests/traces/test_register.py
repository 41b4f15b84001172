"""Writing the catalogue: rebuilt from folders, or added to; by several writers at once."""

import subprocess
import sys

import pytest

from svc_core.traces.catalogue import CATALOGUE, CatalogueError, entry_of, read_catalogue
from svc_core.traces.manifest import MANIFEST
from svc_core.traces.register import rebuild_catalogue, register_traces
from svc_core.traces.writing import LOCK, WritingError, write_trace
from tests.conftest import is_sentence
from tests.support.dashboard import REPOSITORY
from tests.support.hand_traces import hand_files, hand_manifest

NAMES = ["amen", "kyrie", "şarkı"]


def record(parent, name: str, **changes):
    return write_trace(parent, hand_manifest(name, sounds=2, **changes), hand_files(hand_manifest(name, sounds=2)))


@pytest.fixture
def parent(tmp_path):
    for name in reversed(NAMES):
        record(tmp_path, name)
    return tmp_path


def ids(parent) -> list[str]:
    return [entry.id for entry in read_catalogue(parent)]


def test_what_is_rebuilt_is_what_can_be_read_in_the_order_of_names(parent):
    catalogue, problems = rebuild_catalogue(str(parent))
    assert problems == []
    assert [entry.id for entry in catalogue] == ids(parent) == NAMES
    assert list(catalogue) == list(read_catalogue(parent))


def test_rebuilding_twice_gives_the_same_bytes_and_leaves_nothing_else_behind(parent):
    rebuild_catalogue(parent)
    first = (parent / CATALOGUE).read_bytes()
    rebuild_catalogue(parent)
    assert (parent / CATALOGUE).read_bytes() == first
    assert sorted(path.name for path in parent.iterdir() if path.name != LOCK) == sorted([*NAMES, CATALOGUE])


def test_a_broken_folder_is_reported_and_the_others_are_listed(parent):
    (parent / NAMES[1] / "f0.npy.gz").unlink()
    (parent / NAMES[2] / MANIFEST).write_text('{"format": "singsteps-trace-2", "id": null}')
    _, problems = rebuild_catalogue(parent)
    assert ids(parent) == [NAMES[0]]
    assert [name in problem and is_sentence(problem) for name, problem in zip(NAMES[1:], problems, strict=True)] == [
        True,
        True,
    ]


def test_material_of_the_lessons_is_no_broken_trace(parent):
    (parent / "lessons" / "noising").mkdir(parents=True)
    _, problems = rebuild_catalogue(parent)
    assert problems == []
    assert ids(parent) == NAMES


def test_unfinished_traces_and_plain_files_are_passed_over(parent):
    (parent / ".partial-amen-123").mkdir()
    (parent / "credits.csv").touch()
    catalogue, problems = rebuild_catalogue(parent)
    assert (len(catalogue), problems) == (3, [])


def test_an_empty_folder_has_an_empty_catalogue(tmp_path):
    catalogue, problems = rebuild_catalogue(tmp_path)
    assert (len(catalogue), problems) == (0, [])
    assert ids(tmp_path) == []


def test_a_missing_parent_is_refused(tmp_path):
    with pytest.raises(CatalogueError):
        rebuild_catalogue(tmp_path / "nowhere")


def test_traces_are_added_and_replaced_and_no_folder_is_looked_at_again(parent):
    rebuild_catalogue(parent)
    (parent / NAMES[0] / MANIFEST).unlink()  # rebuilding would notice
    register_traces(parent, [record(parent, "gloria"), record(parent, NAMES[1], target="tenor")])
    assert ids(parent) == ["amen", "gloria", "kyrie", "şarkı"]
    assert read_catalogue(parent).find(NAMES[1]).target == "tenor"


@pytest.mark.parametrize("text", [None, "la la la\n"])
def test_adding_to_a_catalogue_that_is_missing_or_damaged_rebuilds_it(parent, text):
    if text is not None:
        (parent / CATALOGUE).write_text(text)
    register_traces(parent, [record(parent, "gloria")])
    assert ids(parent) == ["amen", "gloria", "kyrie", "şarkı"]


def test_nothing_to_add_changes_nothing(tmp_path):
    register_traces(tmp_path, [])
    assert list(tmp_path.iterdir()) == []


def test_a_score_of_a_name_that_no_column_can_have_is_refused_and_the_catalogue_stays(parent):
    rebuild_catalogue(parent)
    before = (parent / CATALOGUE).read_bytes()
    with pytest.raises(CatalogueError, match="cannot be written"):
        register_traces(parent, [record(parent, "gloria", scores={"<b>": 1.0})])
    assert (parent / CATALOGUE).read_bytes() == before


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    trace = record(tmp_path, "amen")
    (tmp_path / "file").touch()
    with pytest.raises(WritingError) as caught:
        register_traces(tmp_path / "file", [trace])
    assert is_sentence(str(caught.value))


WRITER = """
import sys
from svc_core.traces.register import register_traces
from svc_core.traces.trace import open_trace
parent, *names = sys.argv[1:]
for name in names:
    register_traces(parent, [open_trace(f"{parent}/{name}")])
"""


def test_writers_at_once_lose_nothing_of_each_other(tmp_path):
    names = [f"t{number:02d}" for number in range(12)]
    expected = [entry_of(record(tmp_path, name).manifest) for name in names]
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*command, *names[first::3]], cwd=REPOSITORY) for first in range(3)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    assert list(read_catalogue(tmp_path)) == expected
