"""What lies there and what does not, by any name."""

from pathlib import Path

import pytest

from svc_core.paths import is_file, is_folder


def test_files_and_folders_are_told_apart(tmp_path):
    (tmp_path / "one").touch()
    assert (is_file(tmp_path / "one"), is_folder(tmp_path / "one")) == (True, False)
    assert (is_file(tmp_path), is_folder(tmp_path)) == (False, True)


@pytest.mark.parametrize("name", ["gone", "x" * 5_000, "a\0b", "one/two", "\ud800"])
def test_what_cannot_be_there_is_not(tmp_path, name):
    (tmp_path / "one").touch()
    assert not is_file(tmp_path / name) and not is_folder(Path(name))
