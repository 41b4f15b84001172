"""What was used last is kept, up to a limit."""

from app.serving.kept import Kept


def test_what_is_kept_stays_within_its_limit():
    kept: Kept[bytes] = Kept(100)
    for number in range(10):
        kept.put((str(number),), bytes(30))
    assert kept.bytes == 90
    assert kept.get(("6",)) is None
    assert kept.get(("7",)) == bytes(30)
    kept.put(("10",), bytes(30))  # 7 was used last, so 8 goes
    assert kept.get(("7",)) is not None
    assert kept.get(("8",)) is None


def test_what_is_put_again_counts_once():
    kept: Kept[bytes] = Kept(100)
    kept.put(("a",), bytes(60))
    kept.put(("a",), bytes(50))
    assert (kept.bytes, kept.get(("a",))) == (50, bytes(50))


def test_what_is_larger_than_the_limit_is_not_kept():
    kept: Kept[bytes] = Kept(100)
    kept.put(("huge",), bytes(101))
    assert (kept.bytes, kept.get(("huge",))) == (0, None)
