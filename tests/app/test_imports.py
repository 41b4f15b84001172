"""The page stays light, and imports run one way."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
HEAVY = {"torch", "torchaudio", "sklearn", "librosa", "pyworld", "scipy", "soundfile"}


def imported(path: Path) -> set[str]:
    """Full names of the modules that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_importing_the_app_loads_nothing_heavy():
    """All of it but the pages' scripts, which run in a session only; what they import is looked at below."""
    modules = [f"app.{path.parent.name}.{path.stem}" for path in (REPOSITORY / "app").glob("*/*.py")]
    modules = sorted(name for name in modules if ".lessons." not in name and not name.endswith("__init__"))
    assert {"app.parts.lesson", "app.figures.component"} <= set(modules)
    code = f"import sys, app.main, {', '.join(modules)}\nprint(sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


@pytest.mark.parametrize("path", sorted((REPOSITORY / "app").rglob("*.py")), ids=lambda path: path.stem)
def test_app_imports_nothing_heavy_itself(path):
    assert not {name.split(".")[0] for name in imported(path)} & HEAVY


@pytest.mark.parametrize("path", sorted((REPOSITORY / "app").rglob("*.py")), ids=lambda path: path.stem)
def test_app_reads_traces_and_nothing_else_of_the_engine(path):
    engine = {name for name in imported(path) if name.split(".")[0] == "svc_core"}
    assert all(name.startswith("svc_core.traces") for name in engine), engine


@pytest.mark.parametrize("path", sorted((REPOSITORY / "svc_core").rglob("*.py")), ids=lambda path: path.stem)
def test_engine_knows_nothing_of_the_page(path):
    assert not {name for name in imported(path) if name.split(".")[0] in {"streamlit", "app"}}


ALLOWED = {  # from the recording up to the page
    "sound": set(),
    "corpora": {"sound"},
    "diffusion": set(),
    "model": {"diffusion", "sound"},
    "training": {"model", "diffusion", "sound"},
    "phones": {"training", "model", "corpora"},
    "vocoders": {"training", "model", "sound"},
    "metrics": {"sound"},
    "traces": {"diffusion"},
    "conversion": {"traces", "metrics", "vocoders", "model", "diffusion", "corpora", "sound"},
    "light": {"conversion", "vocoders", "diffusion", "sound"},
    "exporting": {"model", "vocoders"},
    "own": {"light", "conversion", "traces", "metrics", "vocoders", "sound"},
}


def test_every_folder_of_the_engine_has_its_place():
    folders = {path.parent.name for path in (REPOSITORY / "svc_core").glob("*/*.py")}
    assert folders == set(ALLOWED)


@pytest.mark.parametrize("folder", ALLOWED)
def test_engine_folders_import_one_way(folder):
    found = set()
    for path in (REPOSITORY / "svc_core" / folder).glob("*.py"):
        found |= {name.split(".")[1] for name in imported(path) if name.startswith("svc_core.")}
    assert found - {folder, "config", "paths", "rows", "whole", "workers"} <= ALLOWED[folder]
