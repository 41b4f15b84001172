"""The command: only this machine is visited."""

import pytest

from tests.load.__main__ import read_arguments


def test_usual_crowd_is_two_hundred_for_five_minutes():
    asked = read_arguments([])
    assert (asked.learners, asked.seconds, asked.rest, asked.url) == (200, 300, 180, None)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8501", "http://localhost:8501/", "http://[::1]:8501"])
def test_server_of_this_machine_may_be_visited(url):
    assert read_arguments(["--url", url]).url == url


@pytest.mark.parametrize("url", ["http://example.org", "http://127.0.0.1.example.org:80", "127.0.0.1:8501"])
def test_no_other_is(url, capsys):
    with pytest.raises(SystemExit):
        read_arguments(["--url", url])
    assert "this machine only" in capsys.readouterr().err
