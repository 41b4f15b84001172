"""What Streamlit's page and its server say to one another over the WebSocket, as far as a learner must know it.

A message is one protobuf: BackMsg to the server, ForwardMsg from it. Hundreds of learners share two cores
with the server they measure, so of what arrives only the outermost fields are looked at (read_frame); a message is
parsed once for all learners, when its hash is first seen (read_element).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg, ForwardMsgMetadata

STREAM = "/_stcore/stream"
SUBPROTOCOL = "streamlit"
KEPT_RUNS = 2  # the page forgets a message that this many runs have not shown (global.maxCachedMessageAge)

_NUMBERS = {each.name: each.number for each in ForwardMsg.DESCRIPTOR.fields}
_KINDS = {number: name for name, number in _NUMBERS.items()}
_HASH, _METADATA = _NUMBERS["hash"], _NUMBERS["metadata"]
_CACHEABLE = ForwardMsgMetadata.DESCRIPTOR.fields_by_name["cacheable"].number
_VARINT, _EIGHT_BYTES, _WITH_LENGTH, _FOUR_BYTES = 0, 1, 2, 5  # wire types
AGAIN = ForwardMsg.ScriptFinishedStatus.Value("FINISHED_EARLY_FOR_RERUN")
BROKEN = ForwardMsg.ScriptFinishedStatus.Value("FINISHED_WITH_COMPILE_ERROR")


class ProtocolError(ValueError):
    """Bytes that are no message of Streamlit's."""


class Frame(NamedTuple):
    """A message from outside: ``kind`` as ForwardMsg names it; ``value`` of what is a number or a text, else ""."""

    kind: str
    hash: str
    cacheable: bool
    value: int | str


def read_frame(data: bytes) -> Frame:
    """The outermost fields of a ForwardMsg. Raises ProtocolError."""
    kind, name, cacheable, value = "", "", False, ""
    for number, found in _fields(data):
        if number == _HASH:
            name = _text(found)
        elif number == _METADATA:
            cacheable = any(inner == _CACHEABLE and bool(on) for inner, on in _fields(found))
        elif number in _KINDS:
            kind = _KINDS[number]
            if kind == "ref_hash":
                value = _text(found)
            elif isinstance(found, int):
                value = found
    if not kind:
        raise ProtocolError("a message without a type")
    return Frame(kind, name, cacheable, value)


def _text(found: int | memoryview) -> str:
    if isinstance(found, int):
        raise ProtocolError("a number where a text belongs")
    return str(found, "utf-8")


def _fields(data: bytes | memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Number and value of each field: an int, or the bytes, not copied."""
    view, at, end = memoryview(data), 0, len(data)
    try:
        while at < end:
            tag, at = _varint(view, at)
            number, wire = tag >> 3, tag & 7
            if wire == _VARINT:
                value, at = _varint(view, at)
                yield number, value
                continue
            if wire == _WITH_LENGTH:
                size, at = _varint(view, at)
            elif wire in (_EIGHT_BYTES, _FOUR_BYTES):
                size = 8 if wire == _EIGHT_BYTES else 4
            else:
                raise ProtocolError(f"wire type {wire}")
            if at + size > end:
                raise ProtocolError("a field that is longer than its message")
            yield number, view[at : at + size]
            at += size
    except (IndexError, TypeError) as error:
        raise ProtocolError("a message that ends too early") from error


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = view[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def rerun(
    address: str,
    page_name: str = "",
    page_hash: str = "",
    known: Iterable[str] = (),
    chosen: Mapping[str, str] | None = None,
) -> bytes:
    """The request that a page be run, as the browser makes it.

    A page is named by ``page_name`` when it is opened at its ``address``, afterwards by ``page_hash``.
    ``known``: hashes of messages that need not be sent again. ``chosen``: texts of select boxes by their ids.
    """
    message = BackMsg()
    state = message.rerun_script
    state.page_name, state.page_script_hash = page_name, page_hash
    state.cached_message_hashes.extend(known)
    state.widget_states.SetInParent()
    for widget, text in (chosen or {}).items():
        state.widget_states.widgets.add(id=widget, string_value=text)
    about = state.context_info
    about.timezone, about.timezone_offset, about.locale = "UTC", 0, "en-US"
    about.url, about.is_embedded, about.color_scheme = address, False, "light"
    return message.SerializeToString()


@dataclass(frozen=True)
class Choice:
    """A select box that always has one of its options chosen."""

    widget: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Element:
    """What one message puts on the page; ``kind`` as Streamlit names elements, "" where it puts nothing there."""

    kind: str = ""
    data: Mapping[str, object] = field(default_factory=dict)  # of a figure
    choice: Choice | None = None
    text: str = ""  # of plain text
    problem: str = ""  # the exception that the reader would see
    pages: Mapping[str, str] = field(default_factory=dict)  # hashes of the pages by their paths


def read_element(data: bytes) -> Element:
    """A whole ForwardMsg. Slow: once for each hash."""
    message = ForwardMsg.FromString(data)
    if message.HasField("navigation"):
        pages = message.navigation.app_pages
        return Element(pages={"" if page.is_default else page.url_pathname: page.page_script_hash for page in pages})
    if not message.HasField("delta") or not message.delta.HasField("new_element"):
        return Element()
    element = message.delta.new_element
    kind = element.WhichOneof("type") or ""
    if kind == "exception":
        return Element(kind, problem=f"{element.exception.type}: {element.exception.message}")
    if kind == "text":
        return Element(kind, text=element.text.body)
    if kind == "selectbox" and element.selectbox.HasField("default"):
        return Element(kind, choice=Choice(element.selectbox.id, tuple(element.selectbox.options)))
    if kind == "bidi_component":
        figure = element.bidi_component
        text = figure.mixed.json if figure.HasField("mixed") else figure.json
        return Element(kind, data=json.loads(text) if text else {})
    return Element(kind)
