"""A trace that is deleted, cut off or changed in a byte while it is on the screen, another one beside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from svc_core.traces.manifest import MANIFEST
from tests.faults.found import Found
from tests.faults.pages import heard, listen, open_lesson, problem, scrubs
from tests.faults.server import Server
from tests.faults.traces import NAMES, lesson, make_traces
from tests.support.chromium import open_browser

SOUND = "sound/converted.flac"


def delete(trace: Path, name: str = "") -> None:
    """The whole folder, or a file of it."""
    if name:
        (trace / name).unlink()
    else:
        shutil.rmtree(trace)


def cut_off(trace: Path, name: str = SOUND) -> None:
    data = (trace / name).read_bytes()
    (trace / name).write_bytes(data[: len(data) // 2])


def flip(trace: Path, name: str = SOUND) -> None:
    """One byte: of a sound, a player would play it, with a crack."""
    data = bytearray((trace / name).read_bytes())
    data[len(data) // 2] ^= 1
    (trace / name).write_bytes(data)


def damage_shown(folder: Path, fault: str, damage: Callable[[Path], None]) -> Found:
    traces = make_traces(folder / "traces")
    with Server(traces, folder / "log") as server, open_browser() as browser:
        page = open_lesson(browser, server.address)
        damage(traces / NAMES[0])
        listen(page, "converted")
        said = problem(page)
        goes_on = SOUND in said and NAMES[0] in said and scrubs(page)
        page.goto(lesson(server.address, NAMES[1]))
        page.wait_for_selector(".scrubber[data-step]", timeout=30_000)
        listen(page, "converted")
        heard(page, "converted")
        if not (traces / NAMES[0] / MANIFEST).exists():
            page.goto(lesson(server.address, NAMES[0]))
            page.get_by_text("cannot be").first.wait_for(timeout=15_000)
        goes_on &= server.says_no_error()
    return Found(fault, "its steps go on; the other trace is shown and heard", None, 0, said, goes_on)


def delete_shown(folder: Path) -> Found:
    return damage_shown(folder, "trace deleted on the screen", delete)


def cut_off_shown(folder: Path) -> Found:
    return damage_shown(folder, "trace cut off on the screen", cut_off)


def flip_shown(folder: Path) -> Found:
    return damage_shown(folder, "a byte flipped on the screen", flip)
