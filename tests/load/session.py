"""One WebSocket to the server: asks for a page and waits until its script has finished."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.load.measured import Measured
from tests.load.protocol import (
    AGAIN,
    BROKEN,
    KEPT_RUNS,
    STREAM,
    SUBPROTOCOL,
    Element,
    ProtocolError,
    read_element,
    read_frame,
    rerun,
)

RUN_LIMIT_S = 60.0


class SessionProblem(Exception):
    """What kept a page from being shown; the message is its kind, the same for all of that kind."""


class Session:
    """A page's session. ``understood`` is shared by learners: hashes of messages that have been parsed, with what
    problem they told ("" mostly)."""

    def __init__(self, address: str, measured: Measured, understood: dict[str, str] | None = None) -> None:
        self.address = address
        self.measured = measured
        self.understood = {} if understood is None else understood
        self._shown: dict[str, int] = {}  # hash of what may be kept -> the run that showed it last
        self._runs = 0

    async def __aenter__(self) -> Session:
        try:
            self._socket = await connect(
                self.address.replace("http", "ws", 1) + STREAM,
                origin=self.address,
                subprotocols=[SUBPROTOCOL],
                compression=None,  # Streamlit's server offers none unless it is configured
                max_size=None,
                ping_interval=None,
                open_timeout=RUN_LIMIT_S,
                proxy=None,
            )
        except (OSError, WebSocketException, TimeoutError) as error:
            raise SessionProblem(f"WebSocket cannot be opened: {type(error).__name__}") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._socket.close()

    async def run(
        self, path: str, hash: str = "", chosen: dict[str, str] | None = None, found: list[Element] | None = None
    ) -> float:
        """Have a page run; seconds until it had finished. Raises SessionProblem.

        ``hash`` names the page; without it the page is opened at its path. ``found``: is given all elements.
        """
        self._runs += 1
        known = [name for name, last in self._shown.items() if self._runs - last <= KEPT_RUNS]
        name = "" if hash else path
        began = time.perf_counter()
        try:
            async with asyncio.timeout(RUN_LIMIT_S):
                await self._socket.send(rerun(f"{self.address}/{path}", name, hash, known, chosen))
                await self._until_finished(found)
        except TimeoutError:
            raise SessionProblem(f"script not finished within {RUN_LIMIT_S:.0f} s") from None
        except ConnectionClosed as error:
            code = error.rcvd.code if error.rcvd else 1006
            raise SessionProblem(f"WebSocket closed by the server ({code})") from error
        except ProtocolError as error:
            raise SessionProblem(f"protocol: {error}") from error
        return time.perf_counter() - began

    async def look(self, path: str) -> list[Element]:
        """Open a page and take all of it apart."""
        found: list[Element] = []
        await self.run(path, found=found)
        return found

    async def _until_finished(self, found: list[Element] | None) -> None:
        while True:
            data = await self._socket.recv()
            frame = read_frame(data)
            self.measured.frames += 1
            self.measured.socket_bytes += len(data)
            if frame.kind == "script_finished" and frame.value != AGAIN:
                if frame.value == BROKEN:
                    raise SessionProblem("script does not compile")
                return
            if frame.kind == "page_not_found":
                raise SessionProblem("page not found")
            if frame.kind == "ref_hash":
                if frame.value not in self._shown:
                    raise SessionProblem("reference to a message that was never sent")
                self._shown[frame.value] = self._runs
            elif frame.cacheable:
                self._shown[frame.hash] = self._runs
            if found is not None and frame.kind in ("delta", "navigation"):
                found.append(read_element(data))
            elif frame.kind == "delta":
                self._understand(frame.hash, data)

    def _understand(self, hash: str, data: bytes) -> None:
        if hash not in self.understood:
            self.understood[hash] = read_element(data).problem
        if self.understood[hash]:
            self.measured.fail("exception on the page", self.understood[hash])
