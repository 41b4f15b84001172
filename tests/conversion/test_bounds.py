"""The source itself and its copy-synthesis: at the source's level, in the source's key, into the source's singer."""

from pathlib import Path

import numpy as np
import pytest

from svc_core.config import GridConfig
from svc_core.conversion.bounds import bound_of, copy_synthesis
from svc_core.conversion.sets import Conversion
from svc_core.sound.loudness import a_weighted_loudness
from svc_core.sound.mel import log_mel
from tests.conftest import contour, voice

GRID = GridConfig()
SETTINGS = {"sampler": "euler", "steps": 40, "seed": 3, "vocoder": "Griffin-Lim", "model": "0123456789ab"}
MADE = Conversion("one", Path("c.wav"), Path("s.wav"), 0.5, 1.5, "alto", 7.0, SETTINGS, "s.wav 0.5-1.5 s", "bass")


class Tone:
    """A vocoder of one note, as loud as a normal recording: it writes down what it hears."""

    name = "tone"

    def synthesize(self, mel: np.ndarray) -> np.ndarray:
        self.heard = mel
        return (0.14 * np.sin(np.arange(mel.shape[1] * GRID.hop) / 4)).astype(np.float32)


@pytest.mark.parametrize("gain", [1.0, 0.03])
def test_the_vocoder_hears_the_normal_level_and_the_copy_has_the_sources(gain):
    sung, vocoder = (gain * voice(contour(1.0, 220.0)))[:-100], Tone()
    copy = copy_synthesis(sung, vocoder, GRID)
    assert len(copy) == 93 * 256 and copy.dtype == np.float32
    loud_db = np.percentile(a_weighted_loudness(sung, GRID), 90)
    normal = sung * np.float32(10 ** ((GRID.normal_loudness_db - loud_db) / 20))
    np.testing.assert_allclose(vocoder.heard, log_mel(normal, GRID), atol=1e-3)
    assert np.abs(copy).max() == pytest.approx(0.14 * 10 ** ((loud_db - GRID.normal_loudness_db) / 20), rel=1e-3)


def test_a_bound_is_of_the_same_part_into_the_own_singer_in_the_own_key():
    source, copy = bound_of(MADE), bound_of(MADE, "tone")
    assert source.name == copy.name == "s.wav 0.5-1.5 s" == source.clip
    assert (source.source, source.start_s, source.end_s) == (Path("s.wav"), 0.5, 1.5)
    assert (source.target, source.key_shift_semitones) == ("bass", 0)
    assert set(source.made_by.values()) == {None} and source.made_by.keys() == SETTINGS.keys()
    assert copy.made_by == dict.fromkeys(SETTINGS) | {"vocoder": "tone"}
