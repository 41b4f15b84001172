import pytest

from app.parts.names import key_label, singer_label, trace_label
from svc_core.traces.catalogue import Entry


@pytest.mark.parametrize(
    ("semitones", "label"),
    [
        (0, "same key"),
        (1, "1 semitone higher"),
        (-1, "1 semitone lower"),
        (-9, "9 semitones lower"),
        (12, "12 semitones higher"),
    ],
)
def test_key(semitones, label):
    assert key_label(semitones) == label


@pytest.mark.parametrize(
    ("singer", "label"), [("makam-f2", "woman makam-f2"), ("pjs-m1", "man pjs-m1"), ("own-voice", "own voice")]
)
def test_singer(singer, label):
    assert singer_label(singer) == label


def test_trace_in_one_line():
    entry = Entry("x", "gel-guzelim", "gel_zemin", "makam-m1", "makam-f4", 7, "ddpm", 1000, 0, 4.9)
    assert trace_label(entry) == "man makam-m1 → woman makam-f4 · “gel zemin” · 7 semitones higher"
