"""What hosts install: of one version each, with hashes, and all that the app asks for."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[1]
LOCKED = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)")


def asked(path: Path) -> list[Requirement]:
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        line = line.partition("#")[0].strip()
        if line.startswith("-r "):
            found += asked(path.parent / line[3:])
        elif line:
            found.append(Requirement(line))
    return found


def locked(path: Path) -> dict[str, list[tuple[str, int]]]:
    """Version and number of hashes of each package; several where Pythons differ."""
    found: dict[str, list[tuple[str, int]]] = {}
    for entry in re.split(r"\n(?=\S)", path.read_text(encoding="utf-8").strip()):
        name, version = LOCKED.match(entry).groups()
        found.setdefault(canonicalize_name(name), []).append((version, entry.count("--hash=sha256:")))
    return found


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-own.txt"])
def test_hosts_install_what_the_app_asks_for_and_know_it_by_its_hash(name):
    found = locked(REPOSITORY / "deploy" / name)
    for wanted in asked(REPOSITORY / "app" / name):
        versions = [version for version, _ in found[canonicalize_name(wanted.name)]]
        assert versions and all(wanted.specifier.contains(version) for version in versions), wanted
    assert all(hashes for entries in found.values() for _, hashes in entries)
    assert not {"torch", "torchaudio"} & set(found)


def test_own_voices_add_to_the_light_ones_and_change_none():
    light, own = (locked(REPOSITORY / "deploy" / name) for name in ("requirements.txt", "requirements-own.txt"))
    assert {name: own.get(name) for name in light} == light
