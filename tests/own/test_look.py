"""What is seen of a recording: range, keys, remarks, and the files that the page draws."""

import json

import numpy as np
import pytest

from svc_core.own.look import look
from svc_core.own.take import Origin, Take
from svc_core.sound.audio import AudioError
from svc_core.sound.loudness import a_weighted_loudness, normal_gain_db
from svc_core.sound.mel import log_mel
from svc_core.traces.scale import to_levels
from tests.conftest import is_sentence
from tests.own.conftest import FRAMES, GRID, made_features, send, sung

DB_PER_LN = 20 / np.log(10)


def melody() -> np.ndarray:
    """101 voiced frames of 200, 202, ... 400 Hz in a row, and unvoiced ones: percentiles 210, 300 and 390 Hz."""
    return np.concatenate([np.zeros(20), np.linspace(200, 400, 101), np.zeros(19)])


def looked_at(folder, singers: dict[str, float], f0_hz: np.ndarray | None = None, gain_db: float = 0.0) -> dict:
    send(folder, sung())
    features = made_features(melody() if f0_hz is None else f0_hz, gain_db)
    return look(folder, Origin(), GRID, singers, lambda samples: features)


def test_the_range_is_that_of_nine_tenths_of_the_melody(tmp_path):
    told = looked_at(tmp_path, {})
    assert told["f0"] == pytest.approx({"low_hz": 210.0, "median_hz": 300.0, "high_hz": 390.0})
    assert told["targets"] == []
    assert (told["seconds"], told["frames"]) == (1.5, FRAMES)


@pytest.mark.parametrize(
    ("median_hz", "key_shift"),
    [(300.0, 0), (600.0, 12), (150.0, -12), (300 * 2 ** (5 / 12), 5), (300 * 2 ** (0.49 / 12), 0), (310.0, 1)],
)
def test_the_key_takes_the_middle_to_the_voices(tmp_path, median_hz, key_shift):
    (target,) = looked_at(tmp_path, {"tenor": median_hz})["targets"]
    moved = 2 ** (key_shift / 12)
    assert target == {
        "name": "tenor",
        "median_hz": median_hz,
        "key_shift": key_shift,
        "problem": "",
        "low_hz": pytest.approx(210.0 * moved),
        "high_hz": pytest.approx(390.0 * moved),
    }


@pytest.mark.parametrize("median_hz", [900.0, 60.0])
def test_a_voice_in_whose_range_it_does_not_fit_is_told(tmp_path, median_hz):
    """390 Hz an octave and a fifth or so higher are 1170, over 1100; 210 Hz so much lower under 50."""
    near, far = looked_at(tmp_path, {"near": 300.0, "far": median_hz})["targets"]
    assert near["problem"] == ""
    assert far["problem"].startswith("In this voice's own range your melody does not fit: a key shift of")
    assert is_sentence(far["problem"])
    assert (far["key_shift"], set(far)) == (0, {"name", "median_hz", "key_shift", "problem"})


def test_it_can_be_sent_as_json(looked):
    _, told = looked
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_a_voice_is_seen_as_it_is(looked, light_voices):
    """A voice of 220 Hz with a vibrato of 20 cents, at the project's level."""
    _, told = looked
    assert set(told) == {
        "seconds",
        "frames",
        "grid",
        "floor_db",
        "db_per_level",
        "gain_db",
        "f0",
        "remarks",
        "targets",
    }
    assert (told["seconds"], told["frames"], told["remarks"]) == (1.5, FRAMES, [])
    assert (told["floor_db"], told["db_per_level"]) == (-110.0, 0.5)
    assert told["grid"] == {
        "sample_rate_hz": 24_000,
        "hop": 256,
        "n_fft": 1024,
        "n_mels": 100,
        "mel_low_hz": 0.0,
        "mel_high_hz": 12_000.0,
    }
    assert told["f0"]["median_hz"] == pytest.approx(220, rel=0.003)
    assert 215 < told["f0"]["low_hz"] < told["f0"]["median_hz"] < told["f0"]["high_hz"] < 225
    singers = light_voices.singers
    assert [target["name"] for target in told["targets"]] == list(singers)
    for target in told["targets"]:
        expected = round(12 * np.log2(singers[target["name"]] / told["f0"]["median_hz"]))
        assert (target["key_shift"], target["problem"]) == (expected, "")


def test_what_is_drawn_is_what_is_told(looked):
    take, told = looked
    assert sorted(path.name for path in take.folder.iterdir() if path.is_file()) == [
        "f0.bin",
        "features.npz",
        "mel.bin",
        "origin.json",
        "recording.flac",
        "samples.npy",
    ]
    levels = np.frombuffer((take.folder / "mel.bin").read_bytes(), np.uint8).reshape(100, told["frames"])
    samples = take.source().samples
    np.testing.assert_array_equal(levels, to_levels(log_mel(samples, GRID) * DB_PER_LN))
    f0_hz = np.frombuffer((take.folder / "f0.bin").read_bytes(), "<u2") / 10
    assert f0_hz.shape == (told["frames"],)
    assert np.median(f0_hz[f0_hz > 0]) == pytest.approx(told["f0"]["median_hz"], abs=0.06)
    assert (f0_hz > 0).mean() > 0.9


def test_what_is_kept_is_at_the_projects_level(looked):
    take, told = looked
    gain_db = normal_gain_db(a_weighted_loudness(sung(), GRID), GRID)
    assert told["gain_db"] == round(gain_db, 2)
    np.testing.assert_allclose(take.source().samples, sung() * 10 ** (gain_db / 20), atol=1e-3)


def test_a_softer_recording_looks_the_same(looked, light_voices, tmp_path):
    """Twenty decibels, of 24 bits: only the gain is another."""
    take, loud = looked
    send(tmp_path, sung() / 10, subtype="PCM_24")
    soft = look(tmp_path, Origin(), GRID, light_voices.singers, light_voices.measure)
    assert soft["gain_db"] == pytest.approx(loud["gain_db"] + 20, abs=0.02)
    loud_levels, soft_levels = (
        np.frombuffer((folder / "mel.bin").read_bytes(), np.uint8).astype(int) for folder in (take.folder, tmp_path)
    )
    heard = loud_levels > 100  # -60 dB: below lies what 16 bits were rounded by
    assert heard.mean() > 0.3
    assert np.abs(loud_levels - soft_levels)[heard].max() <= 2
    assert [target["key_shift"] for target in soft["targets"]] == [target["key_shift"] for target in loud["targets"]]


def test_remarks_are_of_what_was_sent(tmp_path, light_voices):
    """Clipped as it came, though what is kept is turned down."""
    send(tmp_path, np.clip(8 * sung(), -1, 1))
    told = look(tmp_path, Origin(), GRID, {}, light_voices.measure)
    assert told["gain_db"] < 0
    assert any("It is clipped" in remark for remark in told["remarks"])
    send(tmp_path, sung() / 100, subtype="PCM_24")
    assert any("very quiet" in said for said in look(tmp_path, Origin(), GRID, {}, light_voices.measure)["remarks"])


@pytest.mark.parametrize(
    "samples",
    [
        (0.1 * np.random.default_rng(0).standard_normal(72_000)).astype(np.float32),
        np.full(36_000, 0.2, np.float32),
        np.where(np.arange(36_000) == 18_000, 0.9, 0).astype(np.float32),
        np.full(36_000, 1e30, np.float32),
        (1e30 * sung()).astype(np.float32),
    ],
    ids=["noise", "direct current", "a click", "huge direct current", "huge"],
)
def test_what_is_no_singing_is_refused_and_nothing_kept(tmp_path, light_voices, samples):
    send(tmp_path, samples, subtype="FLOAT")
    with pytest.raises(AudioError) as caught:
        look(tmp_path, Origin(), GRID, light_voices.singers, light_voices.measure)
    assert is_sentence(str(caught.value))
    assert list(tmp_path.iterdir()) == []  # what was sent is not kept, either


def test_a_take_that_is_looked_at_again_is_the_later_one(tmp_path, light_voices):
    for f0_hz in (220.0, 330.0):
        send(tmp_path, sung(f0_hz=f0_hz))
        told = look(tmp_path, Origin(), GRID, {}, light_voices.measure)
        assert told["f0"]["median_hz"] == pytest.approx(f0_hz, rel=0.01)
        f0 = Take(tmp_path).source().features.f0_hz
        assert np.median(f0[f0 > 0]) == pytest.approx(f0_hz, rel=0.01)
