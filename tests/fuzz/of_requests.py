"""What browsers send: requests for one's own voice, and the conversion that an address asks for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from hypothesis import strategies as st
from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest

from app.own import routes
from app.own.limits import STUDENT, Limits
from app.own.routes import OWN_PATH, own_routes
from app.own.takes import Takes
from tests.fuzz.of_traces import PRECOMPUTED
from tests.fuzz.reader import Reader
from tests.fuzz.tables import CELLS
from tests.fuzz.values import TEXTS, bent_json

ASKED = {"method": STUDENT, "target": "alto", "key_shift": 3, "start_s": 0.5, "end_s": 2.0, "seed": 7}
MOST_BYTES = 10_000
CHOOSING = f"""
from pathlib import Path
from app.parts.choice import choose_trace
from svc_core.traces.catalogue import read_catalogue
choose_trace(read_catalogue(Path({str(PRECOMPUTED)!r})))
"""


class _Desk:
    """Takes every job, and says what it would hand to the worker: a line of JSON."""

    def submit(self, kind: str, visitor: str, take: str, folder: Path, asked: dict[str, object]) -> SimpleNamespace:
        json.dumps(asked).encode()
        return SimpleNamespace(id="j" * 22, take=take, state="waiting", share=0.0, words="", problem="", result=None)

    def find(self, job: str) -> None:
        return None

    def forget(self, take: str) -> None:
        pass


def requests(folder: Path) -> Reader:
    """Every address of one's own voice, with bodies and headers of anybody's making: answered, and never by a 500."""
    limits = Limits(most_bytes=MOST_BYTES, most_takes=1 << 30, most_stored_bytes=1 << 50)
    takes = Takes(limits, folder)
    key, at = takes.create()
    (at / "made.wav").write_bytes(b"x" * 100)
    studio = SimpleNamespace(limits=limits, takes=takes, desk=_Desk(), forget=lambda take: take == key)
    routes.methods = lambda: (STUDENT,)
    app = Starlette(routes=own_routes(lambda: studio))
    name = st.sampled_from([*TEXTS, key, "sent", "made.wav", "..%2f..%2fsent", "../../x", "made.wav/.", "%ff"]).map(
        lambda text: text.encode("utf-8", "surrogatepass").decode("latin-1")
    )
    addresses = st.one_of(
        st.just(("POST", f"/takes/{key}/conversions")),
        st.just(("POST", f"/takes/{key}/conversions")),
        st.just(("POST", "/takes")),
        st.tuples(st.sampled_from(["GET", "POST", "DELETE"]), name.map(lambda text: f"/takes/{text}")),
        name.map(lambda text: ("GET", f"/takes/{key}/files/{text}")),
        name.map(lambda text: ("GET", f"/jobs/{text}")),
    )
    visitors = st.sampled_from([b"a" * 22] * 8 + [b"", b"\xff" * 22, b"a" * 22 + b"\n", b"a b"])
    lengths = st.sampled_from(
        [None] * 6 + [b"", b"0", b"-1", b"9" * 30, b"1_0", b"\xb2", b" 5", b"x", b"9" * 5_000, b"1e3"]
    )
    bodies = st.one_of(bent_json(ASKED), bent_json(ASKED), st.binary(max_size=30), st.just(b"x" * (2 * MOST_BYTES)))
    laid: list[tuple] = []

    def read() -> None:
        status = asyncio.run(_asked(app, *laid))
        assert status < 500, status

    inputs = st.tuples(addresses, visitors, lengths, bodies, st.sampled_from([1, 1, 7]))
    return Reader(inputs, lambda given: laid.__setitem__(slice(None), given), read, ())


async def _asked(
    app: Callable, address: tuple[str, str], visitor: bytes, length: bytes | None, body: bytes, parts: int
) -> int:
    """The status that the server answers with. What the application raises a real server would answer by a 500."""
    method, path = address
    size = -(-len(body) // parts)
    pieces = [body[at : at + size] for at in range(0, len(body), size or 1)] or [b""]
    told: list[int] = []

    async def receive() -> dict:
        piece = pieces.pop(0) if pieces else b""
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: dict) -> None:
        if message["type"] == "http.response.start":
            told.append(message["status"])

    headers = [(b"x-visitor", visitor)] + ([] if length is None else [(b"content-length", length)])
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "path": f"{OWN_PATH}{path}",
        "raw_path": b"", "root_path": "", "scheme": "http", "query_string": b"", "headers": headers,
        "client": ("c", 1), "server": ("s", 2),
    }  # fmt: skip
    await app(scope, receive, send)
    return told[0]


def choice(_: Path) -> Reader:
    """The conversion that the page's address asks for: one is shown, whatever it says."""
    test = AppTest.from_string(CHOOSING, default_timeout=10)
    # half a character cannot stand in an address
    texts = (st.sampled_from(CELLS) | st.text(max_size=30)).map(lambda text: text.encode("utf-8", "replace").decode())
    usual = [path.name for path in PRECOMPUTED.iterdir() if path.is_dir()][:5]
    names = st.sampled_from(["trace", "trace", "step", "filter_words"]) | st.text(
        st.characters(codec="utf-8"), max_size=4
    )
    inputs = st.dictionaries(names, texts | st.sampled_from(usual), min_size=1, max_size=3)

    def lay(params: dict[str, str]) -> None:
        test.query_params.clear()
        test.session_state.clear() if hasattr(test.session_state, "clear") else None
        for name, text in params.items():
            test.query_params[name] = text

    def read() -> None:
        test.run()
        assert not test.exception, test.exception[0].message
        assert test.selectbox[0].value in test.selectbox[0].options or test.selectbox[0].value

    return Reader(inputs, lay, read, ())
