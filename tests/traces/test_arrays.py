"""Arrays in gzip: what was packed comes back, and nothing that a stranger wrote costs more than it should."""

import gzip
import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest

from svc_core.traces.arrays import pack_array, unpack_array

pytestmark = pytest.mark.filterwarnings("ignore:Reading `.npy`:UserWarning")  # NumPy's, of headers of Python 2

KINDS = ["|u1", "<u2", "<i2", "<f4"]


def an_array(kind: str = "<u2", shape: tuple[int, ...] = (3, 4)) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 100, shape).astype(kind)


def plain_npy(array: np.ndarray, version: tuple[int, int] | None = None) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version)
    return stream.getvalue()


def with_header(header: str | bytes, data: bytes = b"", version: int = 1, length: int | None = None) -> bytes:
    """A packed .npy with that header, whatever it says, even of its own length."""
    text = header.encode("latin-1") if isinstance(header, str) else header
    size = struct.pack("<H" if version == 1 else "<I", len(text) if length is None else length)
    return gzip.compress(b"\x93NUMPY" + bytes([version, 0]) + size + text + data)


def header(descr: str = "'<u2'", order: str = "False", shape: str = "(3, 4)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


def refusal(data: bytes, kind: str = "<u2", shape: tuple[int, ...] = (3, 4), first: int | None = None) -> str:
    with pytest.raises(ValueError) as caught:
        unpack_array(data, kind, shape, first)
    message = str(caught.value)
    assert message.startswith("it ")
    assert "\n" not in message
    assert len(message) < 300
    return message


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1,), (7,), (3, 4), (2, 3, 5), (1, 0), (300, 40)])
def test_what_was_packed_comes_back(kind, shape):
    array = an_array(kind, shape)
    again = unpack_array(pack_array(array), kind, shape)
    np.testing.assert_array_equal(again, array)
    assert (again.dtype, again.shape) == (array.dtype, shape)


def test_a_packed_array_is_plain_numpy_in_plain_gzip():
    array = an_array()
    np.testing.assert_array_equal(np.load(io.BytesIO(gzip.decompress(pack_array(array)))), array)
    np.testing.assert_array_equal(unpack_array(gzip.compress(plain_npy(array)), "<u2", (3, 4)), array)


def test_packing_gives_the_same_bytes_and_has_no_time_stamp():
    packed = pack_array(an_array())
    assert packed == pack_array(an_array().copy())
    assert packed == pack_array(np.asfortranarray(an_array()))
    assert packed[4:8] == b"\0\0\0\0"  # gzip's field for the time of writing


def test_both_noise_and_silence_are_packed_small():
    noise = np.random.default_rng(0).normal(0, 2, 100_000).round().astype(np.int8).view(np.uint8)
    assert len(pack_array(noise)) < 0.45 * noise.size  # the entropy is 3.05 bits a value
    assert len(pack_array(np.zeros(100_000, np.uint8))) < 500


def test_an_array_of_objects_is_not_packed():
    with pytest.raises(ValueError):
        pack_array(np.array([{"a": 1}], dtype=object))


@pytest.mark.parametrize(("first", "got"), [(1, 1), (2, 2), (5, 5), (9, 5)])
def test_the_first_entries_can_be_had_alone(first, got):
    array = an_array("|u1", (5, 30, 40))
    np.testing.assert_array_equal(unpack_array(pack_array(array), "|u1", (5, 30, 40), first), array[:got])


def test_the_first_entries_are_had_though_the_rest_is_cut_off():
    packed = pack_array(an_array("|u1", (50, 30, 40)))
    found = unpack_array(packed[: len(packed) // 2], "|u1", (50, 30, 40), first=2)
    np.testing.assert_array_equal(found, an_array("|u1", (50, 30, 40))[:2])
    refusal(packed[:100], "|u1", (50, 30, 40), first=2)


@pytest.mark.parametrize("version", [(2, 0), (3, 0)])
def test_later_versions_of_the_header_are_read(version):
    packed = gzip.compress(plain_npy(an_array(), version))
    np.testing.assert_array_equal(unpack_array(packed, "<u2", (3, 4)), an_array())


@pytest.mark.parametrize(
    ("kind", "shape"),
    [("<i2", (3, 4)), ("|u1", (3, 4)), ("<f4", (3, 4)), (">u2", (3, 4)), ("<u2", (4, 3)), ("<u2", (12,))],
)
def test_another_kind_or_shape_is_refused_by_both_names(kind, shape):
    message = refusal(pack_array(an_array()), kind, shape)
    assert "uint16 of shape (3, 4)" in message
    assert str(shape) in message


@pytest.mark.parametrize(
    "shape", ["(10000000000,)", "(3, 4, 10**9)", "(99999999999999999999, 4)", "(-3, 4)", "(3, -4)"]
)
def test_a_shape_that_is_claimed_costs_nothing(shape):
    tracemalloc.start()
    refusal(with_header(header(shape=shape), bytes(24)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_an_array_of_objects_is_not_unpickled():
    stream = io.BytesIO()
    np.save(stream, np.array([[{"a": 1}] * 4] * 3, dtype=object), allow_pickle=True)
    assert "object" in refusal(gzip.compress(stream.getvalue()))
    with pytest.raises(ValueError):
        unpack_array(gzip.compress(stream.getvalue()), "<u8", (3, 4))


def test_columns_first_is_refused():
    refusal(gzip.compress(plain_npy(np.asfortranarray(an_array()))))


@pytest.mark.parametrize(
    "bad",
    [
        with_header(header(), bytes(24), length=65_000),
        with_header(header(), bytes(24), version=2, length=1 << 31),
        with_header(header() + " " * 20_000, bytes(24), version=2),
        with_header(header(descr="'|O'"), bytes(96)),
        with_header(header(descr="[('a', '<u2')]"), bytes(24)),
        with_header(header(descr="[]"), bytes(24)),
        with_header(header(descr="()"), bytes(24)),
        with_header(header(descr="{}"), bytes(24)),
        with_header(header(descr="('<u2', (2,))"), bytes(24)),
        with_header(header(descr="'no such type'"), bytes(24)),
        with_header(header(descr="7"), bytes(24)),
        with_header(header(order="'no'"), bytes(24)),
        with_header(header(shape="[3, 4]"), bytes(24)),
        with_header(header(shape="(3.0, 4)"), bytes(24)),
        with_header(header(shape="None"), bytes(24)),
        with_header("{}\n"),
        with_header("{[]: 1}\n"),
        with_header("(((((\n"),
        with_header("'''\n"),
        with_header("\n  a\n b\n"),
        with_header("[" * 300 + "\n"),
        with_header("-" * 490 + "1\n"),
        with_header("__import__('os').abort()\n"),
        with_header(b"\xff\xfe\0\0\n"),
        with_header(""),
        gzip.compress(b"\x93NUMPY\x09\x09" + bytes(200)),
        gzip.compress(b"\x93NUMPY"),
        gzip.compress(b"no array at all"),
        gzip.compress(b""),
        b"no gzip at all",
        b"",
        plain_npy(an_array()),  # right, but for the gzip
        zlib.compress(plain_npy(an_array())),
    ],
    ids=lambda bad: f"{len(bad)} bytes",
)
def test_nonsense_is_refused_in_a_line(bad):
    refusal(bad)


def test_an_array_cut_off_anywhere_is_refused():
    packed = pack_array(an_array())
    for size in range(len(packed)):
        refusal(packed[:size])


def test_what_follows_an_array_is_refused():
    refusal(gzip.compress(plain_npy(an_array()) + b"\0"))
    refusal(pack_array(an_array()) + b"\0")
    refusal(pack_array(an_array()) * 2)


def test_an_array_too_short_for_its_header_is_refused():
    assert "2 bytes too early" in refusal(with_header(header(), bytes(22)))


def test_a_flipped_byte_is_refused_unless_gzip_does_not_care():
    """The bytes of gzip's own header beyond its mark (time, system) mean nothing; all others are summed."""
    packed = pack_array(an_array("|u1", (5, 40)))
    for place in range(len(packed)):
        damaged = bytearray(packed)
        damaged[place] ^= 0x55
        if 4 <= place < 10:
            np.testing.assert_array_equal(unpack_array(bytes(damaged), "|u1", (5, 40)), an_array("|u1", (5, 40)))
        else:
            refusal(bytes(damaged), "|u1", (5, 40))


def test_a_bomb_is_unpacked_no_further_than_the_shape_can_need():
    """Thirty megabytes of zeros in thirty kilobytes."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    bomb = packer.compress(plain_npy(np.zeros((3, 4), "<u2")))
    for _ in range(30):
        bomb += packer.compress(bytes(1 << 20))
    bomb += packer.flush()
    assert len(bomb) < 1 << 18
    tracemalloc.start()
    refusal(bomb)
    refusal(bomb, "|u1", (100, 100))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_a_large_array_is_held_twice_at_most():
    """32 MB; zlib joins its blocks, which takes as much again. A third copy would be 96."""
    packed = pack_array(np.zeros((1 << 25,), np.uint8))
    tracemalloc.start()
    try:
        unpack_array(packed, "|u1", (1 << 25,))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 80 << 20
