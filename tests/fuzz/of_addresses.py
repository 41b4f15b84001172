"""Addresses as the page's own JavaScript reads them, in the Node.js that Playwright brings."""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import playwright
from hypothesis import strategies as st

from tests.fuzz.of_traces import PRECOMPUTED
from tests.fuzz.reader import Reader
from tests.fuzz.tables import CELLS, bent_table
from tests.fuzz.values import bent_json

WEB = Path(__file__).parents[2] / "app" / "web"
PROGRAM = Path(__file__).with_name("addresses.mjs")
NAMES = (
    "step",
    "phrase",
    "layer",
    "at",
    "t",
    "seed",
    "look",
    "rpa",
    "source",
    "target",
    "sampler",
    "without",
    "key",
    "swap",
)


RUNNING: list[subprocess.Popen] = []  # the script, or none


class ScriptError(Exception):
    """What a module of the page threw, or gave back that it must not."""


def _node() -> str:
    own = Path(playwright.__file__).parent / "driver" / "node"
    return str(own) if own.is_file() else shutil.which("node") or "node"


def _asker(folder: Path) -> Callable[[dict[str, Any]], None]:
    """A function that hands an input to the script and raises ScriptError where that throws."""
    shutil.copytree(WEB, folder / "web", ignore=lambda _, names: [name for name in names if not name.endswith(".js")])
    shutil.copy(PROGRAM, folder / "web" / PROGRAM.name)
    (folder / "web" / "package.json").write_text('{"type": "module"}')
    _end()  # of the reader before

    def ask(given: dict[str, Any]) -> None:
        if not RUNNING:
            RUNNING.append(_start(folder / "web" / PROGRAM.name))
        try:
            RUNNING[0].stdin.write(json.dumps(given) + "\n")
            RUNNING[0].stdin.flush()
            answer = RUNNING[0].stdout.readline()
        except BaseException:  # given up: its answer, if one comes, is not the next one's
            _end()
            raise
        if not answer:
            _end()
            raise ScriptError("the script ended")
        if problem := json.loads(answer)["problem"]:
            raise ScriptError(problem)

    return ask


@atexit.register
def _end() -> None:
    for node in RUNNING:
        node.kill()
        node.wait()
    RUNNING.clear()


def _start(program: Path) -> subprocess.Popen:
    # a script that takes more memory than this ends, and its reader sees that
    command = [_node(), "--max-old-space-size=200", str(program)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def addresses(folder: Path) -> Reader:
    """Steps, moments, choices and the whole view of a page, out of whatever stands behind the question mark."""
    ask = _asker(folder)
    ends = st.sampled_from([*CELLS, "0.9", "5", "1:2:3", "%", "%zz", "%ff", "+", "&", "#"])
    texts = st.one_of(ends, st.tuples(ends, ends).map(":".join), st.text(max_size=20), st.integers(-5, 1_005).map(str))
    pairs = st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=5), texts), max_size=6)
    plain = pairs.map(lambda pairs: "?" + "&".join(f"{name}={text}" for name, text in pairs))
    inputs = st.tuples(
        plain | st.text().map(lambda text: f"?{text}"), st.sampled_from([[0], list(range(999, -1, -1)), [0, 25, 50]])
    )
    laid: list[dict[str, Any]] = []

    def lay(given: tuple[str, list[int]]) -> None:
        laid[:] = [{"do": "address", "search": given[0], "steps": given[1]}]

    return Reader(inputs, lay, lambda: ask(laid[0]), ())


def listing(folder: Path) -> Reader:
    """The catalogue as the page's script reads it, and what is kept in the browser."""
    ask = _asker(folder)
    few = "".join((PRECOMPUTED / "catalogue.csv").read_text(encoding="utf-8").splitlines(keepends=True)[:8])
    # what browsers keep for a site has five million characters at most
    kept = bent_json({"lesson": {"one": {"answer": 1, "right": True}, "two": {"answer": 0, "right": False}}})
    tables = bent_table(few).map(lambda data: {"do": "listing", "text": data.decode("utf-8", "replace")})
    inputs = st.one_of(
        tables, tables, kept.map(lambda data: {"do": "memory", "text": data.decode("utf-8", "replace")[: 5 << 20]})
    )
    laid: list[dict[str, Any]] = []
    return Reader(inputs, lambda given: laid.__setitem__(slice(None), [given]), lambda: ask(laid[0]), ())


def manifest(folder: Path) -> Reader:
    """trace.json as the page's script checks it."""
    ask = _asker(folder)
    name = next(path.parent.name for path in sorted(PRECOMPUTED.glob("*euler*/trace.json")))
    whole = json.loads((PRECOMPUTED / name / "trace.json").read_text(encoding="utf-8"))
    laid: list[dict[str, Any]] = []

    def lay(data: bytes) -> None:
        laid[:] = [{"do": "manifest", "text": data.decode("utf-8", "replace"), "id": name}]

    return Reader(bent_json(whole), lay, lambda: ask(laid[0]), ())
