""".npy.gz with a header that overstates, understates or lies; and gzip that unpacks into far more than it says."""

from __future__ import annotations

import gzip
import io
import zlib
from functools import cache

import numpy as np
from hypothesis import strategies as st
from numpy.lib import format as npy

from tests.fuzz.damage import bent

KINDS = (
    "|u1",
    "<u1",
    "<f4",
    ">f4",
    "<f8",
    "<i2",
    "<u2",
    "|O",
    "|S10",
    "<U5",
    "|V8",
    "<M8[s]",
    "[('a', '<f4')]",
    "f4, i2",
)
SHAPES = (
    (), (0,), (1,), (1 << 40,), (1 << 62, 4), (-1, 5), (10**30,), (7, 8, 1), (1,) * 40, (True, 2),
    (2.5,), "x", None, (1 << 31, 1 << 31),
)  # fmt: skip
HEADERS = (
    "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }" * 3, "{" * 200, "(" * 400, "__import__('os').getpid()",
    "{'descr': '|u1'}", "{'descr': '|u1', 'fortran_order': 0, 'shape': (5L, 12L)}", "'\\d'", "{'shape': ()}", "",
)  # fmt: skip
BOMB_BYTES = 300 << 20


def bent_array(array: np.ndarray) -> st.SearchStrategy[bytes]:
    """A .npy.gz of ``array`` with another header, another length, other packing, or bent."""
    body, whole = array.tobytes(), gzip.compress(_npy(array.dtype.str, array.shape, False, array.tobytes()), 1)
    # a NumPy header itself, its payload as it was or a bomb of zeros
    header = st.tuples(
        st.sampled_from(KINDS) | st.just(array.dtype.str),
        st.sampled_from(SHAPES) | st.just(array.shape) | st.just(array.shape[::-1]),
        st.sampled_from([False, True, 0, "no"]),
        st.sampled_from([body, body[:-1], body[: len(body) // 2], b"", body + b"\0", body * 50]),
        st.sampled_from([(1, 0), (1, 0), (2, 0), (3, 0), (9, 9)]),
    )
    lying = header.map(lambda parts: gzip.compress(_npy(*parts), 1))
    text = st.sampled_from(HEADERS).map(lambda header: gzip.compress(_with_header(header.encode(), (1, 0), body), 1))
    packed = st.sampled_from([bomb(), whole + whole, whole + b"junk", zlib.compress(body), b"\x1f\x8b", whole[:-8]])
    return st.one_of(lying, text, packed, bent(whole))


def _npy(kind: str, shape: object, fortran: object, body: bytes, version: tuple[int, int] = (1, 0)) -> bytes:
    descr = repr(kind) if not kind.startswith("[") else kind
    return _with_header(
        f"{{'descr': {descr}, 'fortran_order': {fortran!r}, 'shape': {shape!r}, }}\n".encode(), version, body
    )


def _with_header(header: bytes, version: tuple[int, int], body: bytes) -> bytes:
    length = len(header).to_bytes(2 if version[0] == 1 else 4, "little")
    return npy.MAGIC_PREFIX + bytes(version) + length + header + body


@cache
def bomb() -> bytes:
    """A gzip of zeros, a thousandth of what it unpacks into."""
    return _zeros(b"", BOMB_BYTES)


@cache
def huge_array(kind: str, shape: tuple[int, ...]) -> bytes:
    """A whole .npy.gz of zeros, however large."""
    stream = io.BytesIO()
    npy.write_array_header_1_0(stream, {"descr": kind, "fortran_order": False, "shape": shape})
    return _zeros(stream.getvalue(), int(np.prod(shape)) * np.dtype(kind).itemsize)


def _zeros(begin: bytes, size: int) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    parts, block = [packer.compress(begin)], bytes(1 << 20)
    parts += [packer.compress(block) for _ in range(size >> 20)]
    parts += [packer.compress(bytes(size & ((1 << 20) - 1))), packer.flush()]
    return b"".join(parts)
