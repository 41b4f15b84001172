"""A whole file with its bytes bent: cut off, flipped, overwritten, spliced, repeated."""

from __future__ import annotations

from hypothesis import strategies as st

MOST_CHANGES = 4
# what a length, a count or an offset is overwritten with
NUMBERS = tuple(
    number.to_bytes(size, order)
    for size in (1, 2, 4, 8)
    for number in (0, 1, 1 << (8 * size - 1), (1 << (8 * size - 1)) - 1, (1 << 8 * size) - 1)
    for order in ("little", "big")
)
BYTES = (
    b"",
    b"\0",
    b"\n",
    b"\xff" * 4,
    b'"',
    b",",
    b"{",
    b"[" * 2_000,
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\0" * 5_000,
)


def bent(data: bytes, begin: int = 0) -> st.SearchStrategy[bytes]:
    """``data`` with one to four changes behind ``begin``; most of them where headers lie, in the first 200 bytes."""
    return st.lists(_change(len(data), begin), min_size=1, max_size=MOST_CHANGES).map(
        lambda changes: _changed(data, changes)
    )


def _change(length: int, begin: int) -> st.SearchStrategy[tuple]:
    last = max(length - 1, begin)
    place = st.integers(begin, min(begin + 200, last)) | st.integers(begin, last)
    span = st.integers(1, 64) | st.integers(1, max(length, 1))
    return st.one_of(
        st.tuples(st.just("cut"), place),
        st.tuples(st.just("flip"), place, st.integers(0, 7)),
        st.tuples(st.just("number"), place, st.sampled_from(NUMBERS)),
        st.tuples(st.just("put"), place, st.sampled_from(BYTES)),
        st.tuples(st.just("drop"), place, span),
        st.tuples(st.just("copy"), place, place, span),
        st.tuples(st.just("repeat"), place, st.integers(1, 64), st.integers(2, 300)),
    )


def _changed(data: bytes, changes: list[tuple]) -> bytes:
    found = bytearray(data)
    for kind, at, *how in changes:
        if kind == "cut":
            del found[at:]
        elif kind == "flip" and at < len(found):
            found[at] ^= 1 << how[0]
        elif kind == "number":
            found[at : at + len(how[0])] = how[0]
        elif kind == "put":
            found[at:at] = how[0]
        elif kind == "drop":
            del found[at : at + how[0]]
        elif kind == "copy":
            found[at:at] = found[how[0] : how[0] + how[1]]
        elif kind == "repeat":
            found[at:at] = found[at : at + how[0]] * how[1]
    return bytes(found)
