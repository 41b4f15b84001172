"""Another server, on another port, that holds traces: with the header that lets a page read them, or without."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Foreign:
    address: str
    asked: list[tuple[str, str]] = field(default_factory=list)  # path, and the page's origin ("" if no browser asked)

    def by_browser(self) -> list[str]:
        return [path for path, origin in self.asked if origin]


@contextmanager
def serve_folder(folder: Path, cors: bool) -> Iterator[Foreign]:
    """Python's own file server on a free port; it ends with the context."""
    found = Foreign("")

    class Handler(SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            if cors:
                self.send_header("Access-Control-Allow-Origin", "*")
            super().end_headers()

        def do_GET(self) -> None:
            found.asked.append((self.path, self.headers.get("Origin", "")))
            super().do_GET()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    found.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
