"""The hosted page installs app/requirements.txt alone: it must name what the page imports, and no torch."""

import re
import sys
from pathlib import Path

from tests.app.test_imports import REPOSITORY, imported

WRITING = ("writing.py", "register.py", "recorder.py")  # what only a recording command imports


def required(path: Path) -> set[str]:
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return {re.match(r"[\w-]+", line)[0] for line in lines if line and not line.startswith("-")}


def test_app_requirements_name_what_the_page_imports():
    files = [*(REPOSITORY / "app").rglob("*.py"), *(REPOSITORY / "svc_core" / "traces").glob("*.py")]
    files = [path for path in files if path.name not in WRITING]
    files += [REPOSITORY / "svc_core" / "diffusion" / name for name in ("noise.py", "schedule.py", "walk.py")]
    names = {name.split(".")[0] for path in files for name in imported(path)}
    foreign = names - {"app", "svc_core", "__future__"} - set(sys.stdlib_module_names)
    assert foreign == required(REPOSITORY / "app" / "requirements.txt")


def test_full_requirements_contain_the_app_s():
    assert "-r app/requirements.txt" in (REPOSITORY / "requirements.txt").read_text().splitlines()


def test_a_host_that_converts_needs_no_torch():
    """What svc_core/light and all that it imports of the engine import, found from its files."""
    own = REPOSITORY / "app" / "requirements-own.txt"
    assert "-r requirements.txt" in own.read_text().splitlines()
    files = {*(REPOSITORY / "svc_core" / "light").glob("*.py"), REPOSITORY / "svc_core" / "conversion" / "key.py"}
    sound = ("audio", "align", "content", "encoders", "features", "loudness", "mel", "pitch")
    files |= {REPOSITORY / "svc_core" / "sound" / f"{name}.py" for name in sound}
    names = {name.split(".")[0] for path in files for name in imported(path)}
    foreign = names - {"svc_core", "__future__", "torch"} - set(sys.stdlib_module_names)
    # encoders.py imports torch for those that want it, and only then; pyworld asks setuptools for its version
    assert foreign | {"setuptools"} == required(own) | {"numpy"}
