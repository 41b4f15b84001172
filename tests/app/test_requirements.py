"""The hosted page installs app/requirements.txt alone: it must name what the page imports, and no torch."""

import ast
import re
import subprocess
import sys
from pathlib import Path

from tests.app.test_imports import REPOSITORY, imported

BY_UVICORN = {"uvloop", "httptools"}  # it imports them where they are there
WRITING = ("writing.py", "register.py", "recorder.py")  # what only a recording command imports


def required(path: Path) -> set[str]:
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    names = (re.match(r"[\w-]+", line)[0] for line in lines if line and not line.startswith("-"))
    return {name.replace("-", "_") for name in names}


def test_app_requirements_name_what_the_page_imports():
    files = [*(REPOSITORY / "app").rglob("*.py"), *(REPOSITORY / "svc_core" / "traces").glob("*.py")]
    files = [path for path in files if path.name not in WRITING]
    files += [REPOSITORY / "svc_core" / "diffusion" / name for name in ("noise.py", "schedule.py", "walk.py")]
    names = {name.split(".")[0] for path in files for name in imported(path)}
    foreign = names - {"app", "svc_core", "__future__"} - set(sys.stdlib_module_names)
    assert foreign | BY_UVICORN == required(REPOSITORY / "app" / "requirements.txt")


def test_full_requirements_contain_the_app_s():
    assert "-r app/requirements.txt" in (REPOSITORY / "requirements.txt").read_text().splitlines()


# What converts one's own singing without torch, as far as it is loaded before the first request.
LOADED = """
import sys
class Hidden:
    def find_spec(self, name, *rest):
        if name.split(".")[0] in {"torch", "torchaudio", "sklearn", "resemblyzer", "safetensors"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hidden())
import svc_core.own_voice, svc_core.own.without_torch
print(*(module.__file__ for name, module in list(sys.modules.items()) if name.split(".")[0] == "svc_core"), sep="\\n")
"""
LATER = {"onnxruntime", "setuptools"}  # imported by the first conversion, and by pyworld


def test_a_host_that_converts_needs_no_torch():
    own = REPOSITORY / "app" / "requirements-own.txt"
    assert "-r requirements.txt" in own.read_text().splitlines()
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    files = [Path(line) for line in done.stdout.split()]
    names = {name.split(".")[0] for path in files for name in imported_at_once(path)}
    foreign = names - {"svc_core", "__future__"} - set(sys.stdlib_module_names)
    assert foreign | LATER == required(own) | (foreign & required(REPOSITORY / "app" / "requirements.txt"))


def imported_at_once(path: Path) -> set[str]:
    """Full names of the modules that a file imports when it is loaded, not first in one of its functions."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names
