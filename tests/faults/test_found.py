"""The table of faults."""

from tests.faults.found import Found, table


def test_a_fault_is_survived_within_ten_seconds_and_without_a_loss():
    assert Found("a", "b", 10.0, 0, "c").is_survived
    assert Found("a", "b", None, 0, "").is_survived
    assert not Found("a", "b", 10.1, 0, "c").is_survived
    assert not Found("a", "b", 1.0, 1, "c").is_survived
    assert not Found("a", "b", 1.0, 0, "c", goes_on=False).is_survived


def test_the_table_marks_what_was_not_survived():
    rows = table([Found("a", "b", None, 0, ""), Found("d", "e", 11.0, 2, "f")]).splitlines()
    assert rows[2:] == ["| a | b | never away | 0 | – |", "| d | e **not survived** | 11.0 | 2 | f |"]
