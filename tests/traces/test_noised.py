"""The forward process: a picture reckoned by hand, and an index that may come from anywhere."""

import json

import numpy as np
import pytest

from svc_core.diffusion.noise import seeded_noise
from svc_core.traces.manifest import Scale
from svc_core.traces.noised import (
    FORMAT,
    INDEX,
    LinearBetas,
    Noising,
    NoisingError,
    noised,
    parse_noising,
    read_noising,
)
from svc_core.traces.parsing import ParseError
from tests.conftest import is_sentence

SCALE = Scale(-50.0, 20.0)
SOUND = {"t": 0, "snr_db": 0.0, "file": "t0000-01234567.mp3", "bytes": 7, "sha256": "0" * 64}


def index(**changes) -> dict:
    """Half the power is noise at t = 0, three quarters at t = 1: beta is 1/2 both times."""
    return {
        "format": FORMAT,
        "trace": "amen--bass--alto",
        "seed": 11,
        "address": 1000,
        "schedule": {"steps": 2, "beta_start": 0.5, "beta_end": 0.5},
        "vocoder": "Griffin-Lim",
        "gain_db": -6.0,
        "sounds": [SOUND, {**SOUND, "t": 1, "snr_db": -4.771, "file": "t0001-01234567.mp3"}],
        "licence": "CC BY 4.0",
        "attribution": ["Made for tests"],
    } | changes


def parsed(**changes) -> Noising:
    return parse_noising(json.dumps(index(**changes)))


def test_a_picture_is_what_is_left_of_the_source_and_its_share_of_noise():
    levels = np.array([[120, 160], [200, 40]], np.uint8)  # -50, -30, -10, -90 dB: 0, 1, 2, -2 in units of 20 dB
    z = seeded_noise(11, 1000, 2, 2)
    clean = np.array([[0, 1], [2, -2]])
    at_0, at_1 = (noised(levels, t, parsed(), SCALE) for t in (0, 1))
    assert at_0 == pytest.approx(0.5**0.5 * clean + 0.5**0.5 * z, abs=1e-6)
    assert at_1 == pytest.approx(0.5 * clean + 0.75**0.5 * z, abs=1e-6)
    assert at_0.dtype == np.float32


def test_the_noise_is_one_picture_for_all_times_and_another_for_each_seed_and_address():
    levels = np.full((3, 4), 120, np.uint8)  # 0 in normalised units: nothing but noise is left
    at_0, at_1 = (noised(levels, t, parsed(), SCALE) for t in (0, 1))
    assert at_1 / at_0 == pytest.approx(np.full((3, 4), 1.5**0.5), abs=1e-5)
    for changed in ({"seed": 12}, {"address": 999}):
        assert not np.allclose(noised(levels, 0, parsed(**changed), SCALE), at_0, atol=0.1)


def test_the_usual_schedule_begins_at_40_db_and_ends_in_noise():
    schedule = LinearBetas(1000, 1e-4, 0.02).schedule()
    assert schedule.snr_db[[0, -1]] == pytest.approx([40.0, -43.94], abs=0.01)
    assert schedule.alpha_bar[1] == pytest.approx((1 - 1e-4) * (1 - 1e-4 - 0.0199 / 999), abs=1e-12)


@pytest.mark.parametrize("t", [-1, 2, 1000])
def test_a_time_that_the_schedule_does_not_have_is_refused(t):
    with pytest.raises(IndexError) as caught:
        noised(np.zeros((2, 2), np.uint8), t, parsed(), SCALE)
    assert is_sentence(str(caught.value))


def test_what_is_written_can_be_read_again(tmp_path):
    (tmp_path / INDEX).write_text(parsed().to_json(), encoding="utf-8")
    assert read_noising(tmp_path) == parsed()
    assert json.loads(parsed().to_json()) == index()


def test_an_index_is_read_from_an_address_too(tmp_path, serve_folder):
    (tmp_path / INDEX).write_text(parsed().to_json(), encoding="utf-8")
    assert read_noising(serve_folder(tmp_path)) == parsed()


def test_what_a_newer_version_may_add_is_passed_over():
    assert parsed(later=1) == parsed()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"format": "singsteps-noising-2"}, "singsteps-noising-2"),
        ({"trace": "../secret"}, "'trace'"),
        ({"seed": -1}, "'seed'"),
        ({"seed": 1.5}, "'seed'"),
        ({"address": 1 << 32}, "'address'"),
        ({"schedule": {"steps": 0, "beta_start": 0.1, "beta_end": 0.2}}, "'schedule.steps'"),
        ({"schedule": {"steps": 1 << 30, "beta_start": 0.1, "beta_end": 0.2}}, "'schedule.steps'"),
        ({"schedule": {"steps": 2, "beta_start": 0.2, "beta_end": 0.1}}, "'schedule.beta_end'"),
        ({"schedule": {"steps": 2, "beta_start": 0.1, "beta_end": 1.0}}, "'schedule.beta_end'"),
        ({"schedule": {"steps": 2, "beta_start": 0.1}}, "'schedule.beta_end' is missing"),
        ({"gain_db": "loud"}, "'gain_db'"),
        ({"attribution": "Made for tests"}, "'attribution'"),
        ({"sounds": []}, "'sounds'"),
        ({"sounds": [{**SOUND, "t": 2}]}, "'sounds'"),
        ({"sounds": [{**SOUND, "t": -1}]}, "'sounds'"),
        ({"sounds": [SOUND, SOUND]}, "'sounds'"),
        ({"sounds": [SOUND, {**SOUND, "t": 1, "snr_db": -4.771}]}, "'sounds.file'"),
        ({"sounds": [{**SOUND, "snr_db": 1.0}]}, "'sounds[0].snr_db'"),
        ({"sounds": [{**SOUND, "file": "../t0000.mp3"}]}, "'sounds[0].file'"),
        ({"sounds": [{**SOUND, "file": "more/t0000.mp3"}]}, "'sounds[0].file'"),
        ({"sounds": [{**SOUND, "bytes": 0}]}, "'sounds.bytes'"),
        ({"sounds": [{**SOUND, "sha256": "0" * 63}]}, "'sounds.sha256'"),
    ],
)
def test_an_index_that_cannot_be_is_refused_by_the_field(changes, named):
    with pytest.raises(ParseError) as caught:
        parsed(**changes)
    assert named in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, "\0"])
def test_what_is_no_index_is_told_in_a_sentence(tmp_path, text):
    (tmp_path / INDEX).write_text(text)
    with pytest.raises(NoisingError) as caught:
        read_noising(tmp_path)
    assert is_sentence(str(caught.value))
    assert INDEX in str(caught.value)


def test_a_missing_index_is_told_in_a_sentence(tmp_path):
    with pytest.raises(NoisingError) as caught:
        read_noising(tmp_path)
    assert is_sentence(str(caught.value))
    assert f"{INDEX} is missing" in str(caught.value)
