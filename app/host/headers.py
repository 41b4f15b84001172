"""What browsers are told to refuse: every answer's security headers, and the page's Content-Security-Policy.

As strict as Streamlit allows (measured with 1.60): its styles are written by scripts (Emotion), its components' code
comes as a blob, and one script stands in its page, which is let in by its hash. Lessons may be shown in frames of any
site, for classes embed them; a site that wants to be embedded by one place alone says so in SINGSTEPS_FRAMED_BY.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

INLINE = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
FRAMED_BY = "SINGSTEPS_FRAMED_BY"  # sources as frame-ancestors takes them, such as "'self' https://school.example"
# of answers of every kind
ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"permissions-policy": b"microphone=(self), camera=(), geolocation=(), payment=(), usb=()",
    b"cross-origin-opener-policy": b"same-origin-allow-popups",
}


def policy(page: bytes, public: str = "", framed_by: str = "*") -> str:
    """Content-Security-Policy of a page of HTML.

    ``public``: address from which browsers fetch traces themselves, if there is one. ``framed_by``: who may embed it.
    """
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'" for text in INLINE.findall(page)]
    elsewhere = [f"{parts.scheme}://{parts.netloc}"] if (parts := urlsplit(public)).netloc else []
    rules = {
        "default-src": ["'self'"],
        "script-src": ["'self'", "blob:", "'wasm-unsafe-eval'", *hashes],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "media-src": ["'self'", "data:", "blob:", *elsewhere],
        "connect-src": ["'self'", *elsewhere],
        "worker-src": ["'self'", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": [framed_by],
    }
    return "; ".join(" ".join([name, *sources]) for name, sources in rules.items())


class SafeHeaders:
    """Middleware. ``public`` as :func:`policy` takes it. It comes inside of what changes pages (see parts.preload)."""

    def __init__(self, app: ASGIApp, public: str = "") -> None:
        self.app, self.public = app, public
        self.framed_by = os.environ.get(FRAMED_BY) or "*"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message | None = None  # of a page: held back until its scripts are known
        page = b""

        async def send_safely(message: Message) -> None:
            nonlocal start, page
            if message["type"] == "http.response.start":
                message = {**message, "headers": _with(message["headers"], ALWAYS)}
                if _is_page(message):
                    start = message
                    return
            elif start is not None and message["type"] == "http.response.body":
                page += message.get("body", b"")
                if message.get("more_body", False):
                    return
                allowed = {b"content-security-policy": policy(page, self.public, self.framed_by).encode()}
                await send({**start, "headers": _with(start["headers"], allowed)})
                await send({"type": "http.response.body", "body": page})
                return
            await send(message)

        await self.app(scope, receive, send_safely if scope["type"] == "http" else send)


def _is_page(start: Message) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in start["headers"])


def _with(headers: list[tuple[bytes, bytes]], more: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Headers in which ``more`` stand once."""
    return [(name, value) for name, value in headers if name.lower() not in more] + list(more.items())
