"""What a site has, looked up once before the learners come: its pages, and the files that each of them wants.

A browser finds them by running the page's JavaScript. Here they are read out of it: what a module imports, which
module of Streamlit's draws an element, which files a trace's manifest names.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath

from tests.load.fetching import Browser, HttpProblem
from tests.load.measured import Measured
from tests.load.protocol import Choice, Element
from tests.load.session import Session, SessionProblem

HTML = "text/html,application/xhtml+xml"
TRACES = "/traces/"
MANIFEST = "trace.json"
IN_PAGE = re.compile(r'(?:href|src)="\./(static/[^"]+)"')
IN_MODULE = re.compile(r"""(?:from|import|new URL\()\s*["'`](\./[\w.-]+\.js)["'`]""")
LINKED = re.compile(r"<\.([^>]+)>")
# what conversion.js opens, what a figure wants beside it, and material of the lessons' own
FIRST = ("walk", "predicted", "second", "f0", "source", "target", "target_f0")
BESIDE = {
    "curves": ("metrics.csv",),
    "noising": ("metrics.csv",),
    "trends": ("metrics.csv",),
    "maps": ("maps.npy.gz",),
    "picks": ("hidden.npy.gz",),
}
ALSO = {
    "explorer": ("/traces/catalogue.csv",),
    "layers": ("/material/words.json",),
    "noising": ("/material/noising/index.json",),
}
OPTIONS = 6  # of a select box are tried


@dataclass
class Trace:
    """Paths of a trace's files."""

    opening: tuple[str, ...]
    beside: Mapping[str, str]
    sounds: tuple[str, ...]


@dataclass
class Page:
    """``files`` and ``traces`` are fetched when it is shown, ``others`` at a press; ``choice`` is its select box."""

    path: str
    hash: str
    files: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    choice: Choice | None = None


@dataclass
class Site:
    address: str
    static: tuple[str, ...]  # Streamlit's own, which index.html loads
    pages: dict[str, Page] = field(default_factory=dict)
    catalogue: tuple[str, ...] = ()
    traces: dict[str, Trace] = field(default_factory=dict)

    async def trace_files(self, browser: Browser, name: str, figures: tuple[str, ...] = ()) -> list[str]:
        """Paths that showing a trace asks for; its manifest is fetched for it, and read by the first learner only."""
        folder = f"{TRACES}{name}/"
        answer = await browser.get(folder + MANIFEST, body=name not in self.traces)
        if name not in self.traces:
            self.traces[name] = read_manifest(folder, answer.body)
        trace = self.traces[name]
        wanted = (file for figure in figures for file in BESIDE.get(figure, ()))
        return [*trace.opening, *(trace.beside[file] for file in wanted if file in trace.beside)]


def read_manifest(folder: str, data: bytes) -> Trace:
    """The files that a manifest names, below ``folder``."""
    paths = {name: f"{folder}{name}?v={about['sha256'][:8]}" for name, about in json.loads(data)["files"].items()}
    opening = tuple(paths[f"{name}.npy.gz"] for name in FIRST if f"{name}.npy.gz" in paths)
    return Trace(opening, paths, tuple(path for name, path in paths.items() if name.startswith("sound/")))


async def survey(address: str, only: tuple[str, ...] | None = None) -> Site:
    """Look at every page once, or at some. Raises HttpProblem and SessionProblem where the site does not work."""
    browser = Browser(address, Measured())
    text = (await browser.get("/", HTML, body=True)).body.decode()
    modules = Modules(browser)
    index = ["/" + path for path in IN_PAGE.findall(text)]
    site = Site(address, tuple(await modules.with_imports(index)))
    site.catalogue = await _catalogue(browser)
    async with Session(address, Measured()) as session:
        found = await session.look("")
        hashes = next((element.pages for element in found if element.pages), {"": ""})
    for path in hashes if only is None else only:
        async with Session(address, Measured()) as session:
            elements = await session.look(path)
        problems = [element.problem for element in elements if element.problem]
        if problems:
            raise SessionProblem(f"/{path} shows {problems[0]}")
        site.pages[path] = await _page(path, hashes[path], elements, site, modules)
    browser.close()
    return site


async def _catalogue(browser: Browser) -> tuple[str, ...]:
    """Ids of the listed traces; none where the site has no traces."""
    try:
        answer = await browser.get(TRACES + "catalogue.csv", body=True)
    except HttpProblem:
        return ()
    if "csv" not in answer.headers.get("content-type", ""):  # Streamlit answers with a page where there is nothing
        return ()
    return tuple(row["id"] for row in csv.DictReader(io.StringIO(answer.body.decode())))


async def _page(path: str, hash: str, elements: list[Element], site: Site, modules: Modules) -> Page:
    data = [element.data for element in elements if element.data]
    own = ["/" + normpath(str(each["module"])) for each in data if "module" in each]
    drawn = [modules.drawing(kind) for kind in dict.fromkeys(element.kind for element in elements)]
    files = [file for file in await modules.with_imports([*filter(None, drawn), *own]) if file not in site.static]
    figures = tuple(file.rpartition("/")[2].removesuffix(".js") for file in own)
    files += [file for figure in figures for file in ALSO.get(figure, ())]
    listed = set(site.catalogue)
    first = next(([each["trace"]] for each in data if each.get("trace") in listed), [])
    first += next((each["example"] for each in data if each.get("example")), [])  # of Compare's workbench
    others = [text for each in data for text in _texts(each) if text in listed and text not in first]
    choice = next((element.choice for element in elements if element.choice), None)
    return Page(path, hash, tuple(files), figures, tuple(first), tuple(dict.fromkeys(others)), choice)


def _texts(value: object) -> Iterator[str]:
    """All texts in something that came as JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


class Modules:
    """JavaScript files of a site and what they import, each read once."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.imports: dict[str, list[str]] = {}
        self.lazy: set[str] = set()  # what index.js can load when an element asks for it

    async def with_imports(self, paths: list[str]) -> list[str]:
        """These and all that they import, each once, in the order in which a browser meets them."""
        wanted, found = list(paths), []
        while wanted:
            path = wanted.pop(0)
            if path in found:
                continue
            found.append(path)
            if path.endswith(".js"):
                wanted += await self._imports(path)
        return found

    async def _imports(self, path: str) -> list[str]:
        if path not in self.imports:
            text = (await self.browser.get(path, body=True)).body.decode()
            self.lazy |= {join(dirname(path), name) for name in re.findall(r"import\([\"'`](\./[\w.-]+\.js)", text)}
            self.imports[path] = [normpath(join(dirname(path), name)) for name in imported(text)]
        return self.imports[path]

    def drawing(self, kind: str) -> str | None:
        """Streamlit's module that draws an element: BidiComponent.HASH.js a bidi_component; None: index.js does."""
        name = "".join(word.capitalize() for word in kind.split("_"))
        return next((normpath(path) for path in self.lazy if path.rpartition("/")[2].split(".")[0] == name), None)


def imported(text: str) -> list[str]:
    """What a module imports when it is loaded, workers included; not what it may import later."""
    return list(dict.fromkeys(IN_MODULE.findall(text)))
