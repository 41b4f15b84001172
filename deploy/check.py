"""Asks a hosted site for one of everything and says what does not come as it should. Standard library only.

python3 deploy/check.py https://singsteps.example.org/singsteps/      (--insecure: with a certificate of one's own)

Pages and their scripts, a trace with its caching and its checksum, WebSocket, an upload with its limit, and what
must not be answered. It leaves nothing behind. Ends with 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import http.client
import io
import json
import math
import re
import ssl
import struct
import sys
import time
import wave
from collections.abc import Callable
from urllib.parse import quote, urljoin, urlsplit

MOST_BYTES = 32 << 20  # of a recording (app/own/limits.py); a test holds the two together
VISITOR = {"X-Visitor": "hosting-check-00"}
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
}
LONGEST_S = 180.0  # for looking at a second of sound, by a worker that may have to be started


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = b"" if response.status == 101 else response.read()

    def json(self) -> dict:
        return json.loads(self.body)


class Site:
    """``address`` ends with a slash. One connection a request: a proxy may send each elsewhere."""

    def __init__(self, address: str, insecure: bool) -> None:
        self.address = address
        self.parts = urlsplit(address)
        self.tls = ssl.create_default_context()
        if insecure:
            self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """The answer to ``path``, which is relative to the site; header names with _ for -."""
        where = urlsplit(urljoin(self.address, path)) if not path.startswith("raw:") else None
        asked = path[4:] if where is None else where.path + (f"?{where.query}" if where.query else "")
        if self.parts.scheme == "https":
            connection = http.client.HTTPSConnection(self.parts.netloc, timeout=30, context=self.tls)
        else:
            connection = http.client.HTTPConnection(self.parts.netloc, timeout=30)
        try:
            connection.request(method, asked, body, {name.replace("_", "-"): text for name, text in headers.items()})
            return Answer(connection.getresponse())
        finally:
            connection.close()


def expect(truth: bool, what: str) -> None:
    if not truth:
        raise AssertionError(what)


def is_healthy(site: Site) -> str:
    answer = site.ask("_stcore/health")
    expect(answer.status == 200 and answer.body == b"ok", f"health answers {answer.status}: {answer.body[:40]!r}")
    return "ok"


def shows_pages(site: Site) -> str:
    for page in ("", "denoising", "denoising?step=500", "own"):
        answer = site.ask(page, Accept="text/html")
        expect(answer.status == 200 and b"<title>" in answer.body, f"page {page!r} answers {answer.status}")
    modules = re.findall(r"<([^>]*)>; rel=modulepreload", answer.headers.get("Link", ""))
    expect(len(modules) > 0, "a page names no modules: is another program answering?")
    for module in modules[:3]:
        script = site.ask(module)
        expect("javascript" in script.headers.get("Content-Type", ""), f"{module} is no script ({script.status})")
        expect("immutable" in script.headers.get("Cache-Control", ""), f"{module} may not be kept")
    return f"4 pages, 3 of {len(modules)} modules"


def serves_a_trace(site: Site) -> str:
    listed = site.ask("traces/catalogue.csv")
    expect(listed.status == 200, f"the list of traces answers {listed.status}")
    rows = list(csv.DictReader(io.StringIO(listed.body.decode())))
    expect(len(rows) > 0 and "id" in rows[0], "the list of traces holds none (an HTML page in its place?)")
    folder = f"traces/{quote(rows[0]['id'])}/"
    manifest = site.ask(f"{folder}trace.json")
    expect(manifest.headers.get("Cache-Control") == "no-cache", "a manifest may be kept without asking")
    name, facts = next((name, facts) for name, facts in manifest.json()["files"].items() if name.endswith(".npy.gz"))
    versioned = f"{folder}{name}?v={facts['sha256'][:8]}"
    for _ in range(2):  # the second may come from a cache
        answer = site.ask(versioned, Accept_Encoding="gzip")
        expect("immutable" in answer.headers.get("Cache-Control", ""), f"{name} may not be kept")
        twice = answer.headers.get("Content-Encoding") == "gzip"
        data = gzip.decompress(answer.body) if twice else answer.body
        expect(hashlib.sha256(data).hexdigest() == facts["sha256"], f"{name} arrives changed")
    part = site.ask(versioned, Range="bytes=0-9")
    whole = part.status == 200 and part.body == data  # traces handed on from elsewhere: the pages ask for no parts
    expect(whole or (part.status == 206 and part.body == data[:10]), f"a part of {name} answers {part.status}")
    return f"1 of {len(rows)} traces, {name}: checksum, caching{', compressed twice' if twice else ''}"


def asks_again(site: Site) -> str:
    first = site.ask("material/words.json")
    expect(first.status == 200, f"the lessons' material answers {first.status}")
    again = site.ask("material/words.json", If_None_Match=first.headers["ETag"])
    expect(again.status == 304, f"what has not changed is sent again ({again.status})")
    return "304 where nothing changed"


def upgrades(site: Site) -> str:
    own = f"{site.parts.scheme}://{site.parts.netloc}"
    answer = site.ask("_stcore/stream", Origin=own, **{name.replace("-", "_"): v for name, v in HANDSHAKE.items()})
    expect(answer.status == 101, f"WebSocket answers {answer.status}: Upgrade or Host does not arrive")
    foreign = {**HANDSHAKE, "Origin": "https://elsewhere.invalid"}
    answer = site.ask("_stcore/stream", **{name.replace("-", "_"): v for name, v in foreign.items()})
    expect(answer.status == 403, f"WebSocket from another site's page answers {answer.status}, not 403")
    return "101 for its own pages, 403 for others'"


def keeps_to_itself(site: Site) -> str:
    root = site.parts.path
    for path in ("traces/../app/main.py", "traces/%2e%2e/%2e%2e/app/main.py", "traces/.keep", "material//etc/passwd"):
        answer = site.ask(f"raw:{root}{path}")
        expect(
            answer.status >= 300 or b"<title>" in answer.body[:5000],
            f"{path} answers {answer.status} with {answer.body[:30]!r}",
        )
    for folder in ("traces/", "material/", "web/"):
        expect(b"Index of" not in site.ask(folder).body, f"{folder} is listed")
    if site.parts.scheme == "https":
        answer = site.ask("metrics")
        expect(answer.status == 404, f"metrics answer {answer.status} to everybody")
        return "no traversal, no listing, no metrics"
    return "no traversal, no listing"


def takes_recordings(site: Site) -> str:
    able = site.ask("own/able", **{"X_Visitor": VISITOR["X-Visitor"]})
    expect(able.status == 200, f"own/able answers {able.status}")
    if not able.json()["methods"]:
        return "not installed here (light); the page says so"
    visitor = {"X_Visitor": VISITOR["X-Visitor"]}
    # announced, not sent: the answer comes before the body would
    large = site.ask("own/takes", "POST", b"", Content_Length=str(MOST_BYTES + (4 << 20)), **visitor)
    expect(large.status == 413 and "problem" in large.json(), f"a recording too large answers {large.status}")
    sent = site.ask("own/takes", "POST", _a_note(), Content_Type="audio/wav", **visitor)
    expect(sent.status == 201, f"a recording answers {sent.status}: {sent.body[:80]!r}")
    take, job = sent.json()["take"], sent.json()["job"]
    try:
        until_s, state = time.monotonic() + LONGEST_S, "waiting"
        while state in ("waiting", "running") and time.monotonic() < until_s:
            time.sleep(0.3)
            told = site.ask(f"own/jobs/{job}", **visitor)
            expect(told.status == 200, f"the job answers {told.status}: another replica, without stickiness?")
            state = told.json()["state"]
        expect(state == "done", f"looking at a recording ended as {state}: {told.body[:120]!r}")
        expect("no-store" in told.headers.get("Cache-Control", ""), "what is said of a recording may be kept")
    finally:
        gone = site.ask(f"own/takes/{take}", "DELETE", **visitor).status
    expect(gone == 204, f"forgetting answers {gone}")
    return "32 MB at most; a note is taken, looked at and forgotten"


def is_strict(site: Site) -> str:
    if site.parts.scheme != "https":
        return "no TLS at this address"
    expect("Strict-Transport-Security" in site.ask("").headers, "browsers are not told to stay with https")
    return "https for good"


def _a_note(rate_hz: int = 16000, f0_hz: float = 220.0) -> bytes:
    """1.5 seconds of a sung-like note, as WAV."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        times_s = (index / rate_hz for index in range(int(1.5 * rate_hz)))
        waves = (sum(math.sin(2 * math.pi * f0_hz * k * t) / k for k in range(1, 9)) for t in times_s)
        file.writeframes(b"".join(struct.pack("<h", int(6000 * value)) for value in waves))
    return out.getvalue()


CHECKS: tuple[Callable[[Site], str], ...] = (
    is_healthy,
    shows_pages,
    serves_a_trace,
    asks_again,
    upgrades,
    keeps_to_itself,
    takes_recordings,
    is_strict,
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address")
    parser.add_argument("--insecure", action="store_true", help="take any certificate")
    asked = parser.parse_args()
    site = Site(asked.address.rstrip("/") + "/", asked.insecure)
    wrong = 0
    for check in CHECKS:
        try:
            result, mark = check(site), "ok  "
        except (AssertionError, OSError, http.client.HTTPException, ValueError, KeyError, StopIteration) as error:
            result, mark, wrong = f"{error or type(error).__name__}", "WRONG", wrong + 1
        print(f"{mark} {check.__name__.replace('_', ' ')}: {result}", flush=True)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
