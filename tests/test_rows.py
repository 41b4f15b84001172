"""Rows of tables that anybody may have written."""

import pytest

from svc_core.rows import TableError, read_rows


@pytest.fixture
def rows_of(tmp_path):
    def read(data: bytes, *columns: str, **how) -> list:
        (tmp_path / "table.csv").write_bytes(data)
        return list(read_rows(tmp_path / "table.csv", columns, **how))

    return read


def test_rows_are_told_by_column_and_line(rows_of):
    """Empty lines are passed over; a quoted cell may have several lines."""
    found = rows_of(b'a,b,c\n1,2,3\n\n"4\n5",6,7\n', "c", "a")
    assert found == [(2, {"c": "3", "a": "1"}), (5, {"c": "7", "a": "4\n5"})]


def test_what_is_cut_short_says_nothing_and_what_is_too_long_is_left_out(rows_of):
    assert rows_of(b"a,b\n1\n1,2,3\n", "a", "b") == [(2, {"a": "1", "b": ""}), (3, {"a": "1", "b": "2"})]


def test_further_columns_are_told_where_they_are(rows_of):
    assert rows_of(b"a,b\n1,2\n", "a", further=("b", "c")) == [(2, {"a": "1", "b": "2"})]


def test_a_byte_order_mark_and_foreign_line_ends_are_no_matter(rows_of):
    assert rows_of(b"\xef\xbb\xbfa,b\r\n1,2\r\n", "a") == [(2, {"a": "1"})]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "column(s) 'a' are missing"),
        (b"b,c\n", "column(s) 'a' are missing"),
        (b"a\n\xff\n", "not a table"),
        (b"a\n" + b"x" * 200_000 + b"\n", "not a table"),
        (b"a\n" + b"x\n" * (1 << 19), "larger than 1 MiB"),
    ],
    ids=["empty", "another", "no text", "a cell without end", "large"],
)
def test_what_is_no_such_table_is_refused(rows_of, data, said):
    with pytest.raises(TableError) as caught:
        rows_of(data, "a")
    assert said in str(caught.value)


def test_a_line_that_is_refused_is_met_before_the_rest_is_read(tmp_path):
    (tmp_path / "table.csv").write_bytes(b"a\n1\n" + b"2\n" * 100_000 + b"\xff\n")
    rows = read_rows(tmp_path / "table.csv", ("a",))
    assert next(rows) == (2, {"a": "1"})
