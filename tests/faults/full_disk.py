"""A full disk, a tmpfs of 2 MB, below the folder of traces, and below the server's temporary files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.own import routes, studio
from app.own.limits import STUDENT, Limits
from app.own.routes import own_routes
from app.own.studio import Studio
from svc_core.traces.catalogue import read_catalogue
from svc_core.traces.register import register_traces
from svc_core.traces.writing import WritingError, write_trace
from tests.faults.found import Found
from tests.faults.traces import NAMES, make_traces, manifest_of, not_whole
from tests.support.hand_traces import hand_files

SIZE = "2m"
FILLING = "filling"
BLOCK = 4096
WAITS = [sys.executable, "-c", "import sys; sys.stdin.read()"]  # a worker that does nothing


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A tmpfs of 2 MB. Raises PermissionError where this user may mount none."""
    place.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(mounted, capture_output=True, check=False).returncode:
        raise PermissionError("a small disk cannot be mounted here: it takes root, outside of most containers.")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(place: Path) -> Path:
    """Take all the room there is; the file that has it."""
    path = place / FILLING
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(BLOCK)):
                pass
        except OSError:
            return path
    raise AssertionError("a file never takes nothing")


def write_on(disk: Path) -> tuple[str, str]:
    """What is said of a trace, and of a catalogue, that find no room; both succeed when there is some again."""
    make_traces(disk, NAMES[:1])
    manifest = manifest_of("too-much")
    files = hand_files(manifest) | {"sound/long.flac": os.urandom(4 << 20)}
    said_of_trace = refusal(lambda: write_trace(disk, manifest, files))
    full = manifest_of(NAMES[1])
    written = write_trace(disk, full, hand_files(full))
    filling = fill(disk)
    said_of_catalogue = refusal(lambda: register_traces(disk, [written]))
    assert [entry.id for entry in read_catalogue(disk)] == list(NAMES[:1])  # the old one, whole
    filling.unlink()
    register_traces(disk, [written])
    assert [entry.id for entry in read_catalogue(disk)] == list(NAMES)
    return said_of_trace, said_of_catalogue


def refusal(act) -> str:
    try:
        act()
    except WritingError as error:
        return str(error)
    raise AssertionError("a full disk took what was written")


def fill_traces(folder: Path) -> Found:
    with small_disk(folder / "disk") as disk:
        said, of_catalogue = write_on(disk)
        left = not_whole(disk)
    happened = "neither trace nor catalogue is touched; with room again, the same call goes on"
    goes_on = "No space left" in said and "No space left" in of_catalogue
    return Found("full disk, traces", happened, None, len(left), said.replace(str(folder), "…"), goes_on)


def send_into(disk: Path) -> tuple[int, str, int, int]:
    """A recording without room: status, sentence, how many files it leaves; and the status with room again."""
    before = routes.methods, studio.methods
    routes.methods = studio.methods = lambda: (STUDENT,)
    opened = Studio(Limits(), WAITS, disk)
    try:
        client = TestClient(Starlette(routes=own_routes(lambda: opened)), raise_server_exceptions=False)
        filling = fill(disk)
        answer = client.post("/own/takes", content=os.urandom(300_000), headers={"X-Visitor": "a" * 22})
        left = len(list(opened.takes.root.iterdir()))
        filling.unlink()
        again = client.post("/own/takes", content=os.urandom(300_000), headers={"X-Visitor": "a" * 22})
        return answer.status_code, answer.json().get("problem", ""), left, again.status_code
    finally:
        opened.close()
        routes.methods, studio.methods = before


def fill_temporary(folder: Path) -> Found:
    with small_disk(folder / "disk") as disk:
        status, said, left, again = send_into(disk)
    happened = f"a recording is answered {status}, nothing of it stays; with room again {again}"
    return Found("full disk, own voice", happened, None, left, said, (status, again) == (503, 201))
