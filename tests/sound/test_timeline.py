"""The figures behind a picture of everything on one time grid."""

import json

import numpy as np
import pytest

from svc_core.config import GridConfig
from svc_core.sound.align import Stream, align_stream
from svc_core.sound.timeline import box_offset_ms, time_grid

GRID = GridConfig()
STREAMS = {"whisper": Stream(np.zeros((1, 50)), 0.0, 0.02), "contentvec": Stream(np.zeros((1, 49)), 0.0125, 0.02)}


@pytest.fixture(scope="module")
def figures() -> dict:
    """A tenth of a second of a clip of one second, as a page would get it."""
    return json.loads(json.dumps(time_grid(STREAMS, 93, GRID, 0.4, 0.5)))


def test_only_what_stands_in_the_window_is_listed(figures):
    """Frame 37 is centred at 9600 samples = 0.4 s, frame 46 at 11904; label 20 stands at 0.4 s, label 24 at 0.48."""
    assert figures["mel"]["numbers"] == list(range(37, 47))
    assert figures["mel"]["centres_s"][0] == pytest.approx(0.4)
    assert figures["streams"]["whisper"]["numbers"] == [20, 21, 22, 23, 24]
    assert figures["streams"]["contentvec"]["centres_s"] == pytest.approx([0.4125, 0.4325, 0.4525, 0.4725, 0.4925])


def test_cells_are_a_hop_wide_about_their_centres(figures):
    for cells, hop_s in ((figures["mel"], 256 / 24_000), (figures["streams"]["whisper"], 0.02)):
        starts, ends, centres = (np.array(cells[name]) for name in ("starts_s", "ends_s", "centres_s"))
        np.testing.assert_allclose(ends - starts, hop_s)
        np.testing.assert_allclose((ends + starts) / 2, centres)
        np.testing.assert_allclose(starts[1:], ends[:-1])


def test_labels_and_weights_are_those_that_align(figures):
    values = np.random.default_rng(0).standard_normal((1, 50))
    stream = STREAMS["whisper"]._replace(values=values)
    for alignment in ("linear", "box"):
        drawn = figures["streams"]["whisper"][alignment]
        by_hand = [float(np.dot(w, values[0, n])) for n, w in zip(drawn["labels"], drawn["weights"], strict=True)]
        np.testing.assert_allclose(by_hand, align_stream(stream, 93, GRID, alignment)[0, 37:47], atol=1e-6)


def test_the_box_commits_an_offset_of_its_own_for_every_stream(figures):
    assert figures["streams"]["whisper"]["box_offset_ms"] == pytest.approx(10.0)
    assert figures["streams"]["contentvec"]["box_offset_ms"] == pytest.approx(-2.5)
    assert box_offset_ms(160 / 24_000, 320 / 24_000) == pytest.approx(0.0)  # a codec's cell is where the box puts it
    assert figures["streams"]["whisper"]["box_ratio"] == [15, 8]
    assert figures["streams"]["whisper"]["rate_hz"] == pytest.approx(50.0)


def test_interpolation_makes_no_error_and_the_box_makes_its_offset(figures):
    for stream, offset_ms in (("whisper", 10.0), ("contentvec", -2.5)):
        np.testing.assert_allclose(figures["streams"][stream]["linear"]["error_ms"], 0.0, atol=1e-9)
        assert np.mean(figures["streams"][stream]["box"]["error_ms"]) == pytest.approx(-offset_ms, abs=1.5)


def test_at_the_end_a_held_label_is_an_error_that_shows():
    """ContentVec's last label stands at 972.5 ms, the last frame at 986.7 ms."""
    figures = time_grid(STREAMS, 93, GRID, 0.9, 1.0)
    assert figures["streams"]["contentvec"]["linear"]["error_ms"][-1] == pytest.approx(972.5 - 986.6667, abs=1e-3)
