"""A conversion's folder and how it is told, without a model."""

import re
from dataclasses import asdict, replace

import numpy as np
import pytest
import soundfile

from svc_core.conversion.hearing import PEAK, SYNTHETIC
from svc_core.own.made import STUDENT, TEACHER, Wanted, begin, go_on
from svc_core.own.take import Take
from tests.own.conftest import GRID, Ear, sung

WANTED = Wanted(STUDENT, "makam-f3", None, 7)


def test_each_has_a_folder_of_its_own(tmp_path):
    makings = [begin(Take(tmp_path), WANTED, 5) for _ in range(20)]
    assert {making.folder for making in makings} == set((tmp_path / "made").iterdir())
    assert len({making.name for making in makings}) == 20
    assert all(re.fullmatch("[0-9a-f]{8}", making.name) for making in makings)


def test_what_was_asked_is_told_with_the_key_that_was_taken(tmp_path):
    making = begin(Take(tmp_path), WANTED, 5)
    assert making.facts() == {
        "method": "student",
        "target": "makam-f3",
        "key_shift": 5,
        "seed": 7,
        "sound": f"made/{making.name}/converted.flac",
    }
    assert asdict(WANTED)["key_shift"] is None


def test_the_sound_can_be_heard_when_it_is_told(tmp_path):
    making, ear = begin(Take(tmp_path), WANTED, -3), Ear()
    ear.at_early = lambda facts: soundfile.info(tmp_path / facts["sound"])  # or it raises
    making.sound(sung(), GRID, ear.telling)
    assert ear.told == [("early", making.facts())]


def test_the_sound_is_a_flac_that_says_it_is_synthetic(tmp_path):
    making = begin(Take(tmp_path), WANTED, -3)
    making.sound(4 * sung(), GRID, Ear().telling)
    with soundfile.SoundFile(making.folder / "converted.flac") as file:
        assert (file.format, file.samplerate, file.channels, file.comment) == ("FLAC", 24_000, 1, SYNTHETIC)
        heard = file.read()
    np.testing.assert_allclose(heard, 4 * sung() * PEAK / 1.2, atol=1e-4)


def test_the_result_is_all_that_the_page_shows(tmp_path):
    making = begin(Take(tmp_path), WANTED, 5)
    mel, f0_hz = np.zeros((2, 3), np.float32), np.array([0.0, 220.0, 440.0])
    result = making.result(mel, f0_hz, {"rpa": 0.9}, ["A note."])
    assert result == making.facts() | {
        "mel": f"made/{making.name}/mel.bin",
        "f0": f"made/{making.name}/f0.bin",
        "frames": 3,
        "scores": {"rpa": 0.9},
        "notes": ["A note."],
        "trace": None,
    }
    assert (tmp_path / result["mel"]).read_bytes() == bytes([220]) * 6  # 0 dB
    assert np.frombuffer((tmp_path / result["f0"]).read_bytes(), "<u2").tolist() == [0, 2200, 4400]


def test_a_trace_is_told_by_its_id_and_steps(tmp_path):
    making = begin(Take(tmp_path), Wanted(TEACHER, "pjs-m1", 2, 0), 2)
    result = making.result(np.zeros((2, 3)), np.zeros(3), {}, [], "a--trace", 40)
    assert result["trace"] == {"id": "a--trace", "steps": 40}
    assert (result["method"], result["key_shift"]) == ("teacher", 2)


def test_what_was_begun_is_gone_on_with_by_another_worker(tmp_path):
    begun = begin(Take(tmp_path), WANTED, 5)
    again = go_on(Take(tmp_path), begun.name, replace(WANTED, key_shift=5))
    assert again.folder == begun.folder and again.facts() == begun.facts()


@pytest.mark.parametrize("name", ["", "..", "../../../../etc", "0a1b2c3", "0A1B2C3D", "0a1b2c3d\n", "0a1b2c3d/.."])
def test_no_other_folder_is_gone_on_with(tmp_path, name):
    with pytest.raises(ValueError, match="no conversion"):
        go_on(Take(tmp_path), name, replace(WANTED, key_shift=5))
