"""Clocks that jump."""

from tests.faults.clocks import leaning, notice
from tests.support.dashboard import REPOSITORY


def test_a_catalogue_is_read_anew_whatever_its_time(tmp_path):
    """Two traces, and one more with each catalogue: of an hour ago, of next year, of 1970."""
    assert notice(tmp_path / "traces") == [2, 3, 4, 5]


def test_nothing_but_the_age_of_an_abandoned_folder_leans_on_the_time_of_day():
    found = leaning(REPOSITORY / "app", REPOSITORY / "svc_core")
    assert found == ["writing.py: return time.time() - partial.stat().st_mtime < ABANDONED_S"]
