"""What is read out of JavaScript and manifests in place of running it."""

import json

from app.parts.preload import modules_of
from app.serving.library import REPOSITORY
from tests.load.survey import imported, read_manifest


def test_imports_of_a_module_are_found_and_those_for_later_are_not():
    text = """import{a as b}from"./one.A1.js";import "./two.js";
    export { c } from "./three-b.js";
    const later = () => import("./four.js"), far = import.meta.url;
    const worker = new Worker(new URL("./five.js", import.meta.url));
    import { d } from "./one.A1.js";"""
    assert imported(text) == ["./one.A1.js", "./two.js", "./three-b.js", "./five.js"]


def test_every_import_that_the_page_names_ahead_is_found():
    web = REPOSITORY / "app" / "web"
    ahead = modules_of(("scrubber", "curves"))
    wanted, found = ["scrubber.js", "curves.js"], set()
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            wanted += [each.removeprefix("./") for each in imported((web / name).read_text(encoding="utf-8"))]
    assert set(ahead) <= found


def test_manifest_tells_what_opening_fetches_and_what_can_be_heard():
    names = ("walk.npy.gz", "maps.npy.gz", "f0.npy.gz", "sound/a.mp3", "metrics.csv")
    data = {"files": {name: {"sha256": "0123456789abcdef"} for name in names}}
    trace = read_manifest("/traces/one/", json.dumps(data).encode())
    assert trace.opening == ("/traces/one/walk.npy.gz?v=01234567", "/traces/one/f0.npy.gz?v=01234567")
    assert trace.beside["metrics.csv"] == "/traces/one/metrics.csv?v=01234567"
    assert trace.sounds == ("/traces/one/sound/a.mp3?v=01234567",)
