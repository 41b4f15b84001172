"""The table of where voices sing: read, and refused where it is none."""

import pytest

from svc_core.traces.ranges import RANGES, Range, RangesError, read_ranges

HEADER = "singer,low_hz,median_hz,high_hz\n"


def test_each_singer_has_a_range(tmp_path):
    (tmp_path / RANGES).write_text(f"{HEADER}alto,196.0,300.5,400\nbass,80,80,80\n")
    assert read_ranges(tmp_path) == {"alto": Range(196.0, 300.5, 400.0), "bass": Range(80.0, 80.0, 80.0)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "singer,low_hz\nalto,100\n",
        f"{HEADER}alto,low,100,200\n",
        f"{HEADER}alto,200,100,300\n",
        f"{HEADER}alto,-1,100,300\n",
        f"{HEADER}alto,100,,300\n",
        f"{HEADER}alto,100,200,inf\n",
        f"{HEADER}alto,100\n",
        f'{HEADER}"alto,100,200,300\n',
        "\0\0\0",
    ],
    ids=["empty", "columns", "words", "order", "negative", "hole", "endless", "short", "quoted", "binary"],
)
def test_what_is_no_table_of_ranges_is_refused_with_a_sentence(tmp_path, text):
    (tmp_path / RANGES).write_text(text)
    with pytest.raises(RangesError, match=f"^{RANGES}"):
        read_ranges(tmp_path)


def test_a_missing_table_names_its_folder(tmp_path):
    with pytest.raises(RangesError, match=f"{RANGES} is missing in "):
        read_ranges(tmp_path)


def test_columns_of_others_are_passed_over(tmp_path):
    more = 20_000
    (tmp_path / RANGES).write_text(f"{HEADER.strip()}{',x' * more}\nalto,100,200,300{',word' * more}\n")
    assert read_ranges(tmp_path) == {"alto": Range(100.0, 200.0, 300.0)}
