"""Phrases measured once: at their level, cut where they are cut, and refused by name."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from svc_core.config import GridConfig
from svc_core.conversion.material import LONGEST_S, measure_reference, measure_source, seconds_of
from svc_core.sound.audio import AudioError
from svc_core.sound.loudness import a_weighted_loudness, normal_gain_db
from svc_core.sound.mel import log_mel
from tests.conftest import RATE_HZ, contour, is_sentence, voice
from tests.conversion.conftest import own_excerpt

GRID = GridConfig()


def test_a_source_has_the_level_of_its_features(own_source, own_path):
    """What is heard and compared with is what the picture shows."""
    recorded, _ = soundfile.read(own_path)
    gain = 10 ** (own_source.features.gain_db / 20)
    assert abs(own_source.features.gain_db) > 1
    np.testing.assert_allclose(own_source.samples, recorded * gain, atol=1e-4)
    np.testing.assert_allclose(own_source.features.mel, log_mel(own_source.samples, GRID), atol=2e-3)
    assert own_source.features.frames == GRID.frame_count(len(recorded)) == 46


def test_a_part_is_measured_as_that_part(own_path, own_source, tiny_config):
    part = measure_source(own_excerpt(own_path, 0.4), tiny_config)
    assert len(part.samples) == round(0.4 * RATE_HZ)
    change = 10 ** ((part.features.gain_db - own_source.features.gain_db) / 20)
    np.testing.assert_allclose(part.samples, own_source.samples[: len(part.samples)] * change, atol=1e-5)


def test_a_reference_is_at_the_same_level_as_sources(own_path, own_source):
    reference = measure_reference(own_excerpt(own_path), GRID)
    assert reference.gain_db == pytest.approx(own_source.features.gain_db, abs=0.01)
    assert normal_gain_db(a_weighted_loudness(reference.samples, GRID), GRID) == pytest.approx(0, abs=0.05)
    np.testing.assert_allclose(reference.samples, own_source.samples, atol=1e-4)
    np.testing.assert_array_equal(reference.mel, log_mel(reference.samples, GRID))
    np.testing.assert_allclose(reference.f0_hz, own_source.features.f0_hz, atol=0.5)
    assert np.median(reference.f0_hz[reference.f0_hz > 0]) == pytest.approx(220, rel=0.02)


def refusals(path, tiny_config) -> list[str]:
    found = []
    for measure in (lambda e: measure_source(e, tiny_config), lambda e: measure_reference(e, GRID)):
        with pytest.raises(AudioError) as caught:
            measure(own_excerpt(path))
        assert is_sentence(str(caught.value))
        found.append(str(caught.value))
    return found


def test_a_song_is_too_long(tmp_path, tiny_config):
    path = tmp_path / "song.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(31 * 8_000), 8_000)
    for message in refusals(path, tiny_config):
        assert "song.wav: 31 s are too long for a trace (at most 30 s)" in message
    assert LONGEST_S == 30


def test_a_part_of_a_song_is_not(tmp_path, tiny_config):
    path = tmp_path / "song.wav"
    soundfile.write(path, np.tile(voice(contour(1.0, 220.0)), 31), RATE_HZ)
    assert measure_source(own_excerpt(path, 0.3), tiny_config).features.frames == 28


def test_what_cannot_be_measured_is_refused_by_name(tmp_path, tiny_config):
    soundfile.write(tmp_path / "rest.wav", np.zeros(RATE_HZ), RATE_HZ)
    (tmp_path / "text.wav").write_text("la la la")
    for name in ("rest.wav", "text.wav", "nothing.wav"):
        assert all(name in message for message in refusals(tmp_path / name, tiny_config))


def test_seconds_are_those_of_the_part_that_there_is(own_path, tmp_path):
    assert seconds_of(own_excerpt(own_path)) == pytest.approx(0.5)
    assert seconds_of(own_excerpt(own_path, 0.2)) == pytest.approx(0.2)
    assert seconds_of(own_excerpt(own_path, 9.0)) == pytest.approx(0.5)
    late = own_excerpt(own_path)
    assert seconds_of(replace(late, start_s=0.3)) == pytest.approx(0.2)
    assert seconds_of(replace(late, start_s=7.0)) == 0
    assert seconds_of(own_excerpt(tmp_path / "nothing.wav")) == 0
    (tmp_path / "text.wav").write_text("la la la")
    assert seconds_of(own_excerpt(tmp_path / "text.wav")) == 0
