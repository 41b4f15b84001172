"""A take converted by the ONNX export alone, as a small host does."""

import json

import numpy as np
import pytest
import soundfile

from svc_core.conversion.hearing import SYNTHETIC
from svc_core.conversion.key import ConversionError
from svc_core.light.files import LightError
from svc_core.metrics.scores import measure_conversion
from svc_core.own.made import STUDENT, Wanted
from svc_core.own.take import Take
from svc_core.own.without_torch import LightVoices
from svc_core.sound.audio import AudioError
from svc_core.traces.scale import to_levels
from tests.conftest import is_sentence
from tests.own.conftest import FRAMES, GRID, Ear, make

WANTED = Wanted(STUDENT, "makam-f3", None, 3)


@pytest.fixture(scope="module")
def made(looked, light_voices):
    """The take, what came in the end, and all that was told on the way."""
    take, ear = looked[0], Ear()
    ear.at_early = lambda facts: soundfile.info(take.folder / facts["sound"])
    return take, make(light_voices, take, WANTED, ear), ear


def test_it_knows_the_students_voices(light_voices):
    assert light_voices.methods == ("student",)
    assert light_voices.singers == {
        singer.name: singer.median_f0_hz for singer in light_voices.light.description.singers
    }
    assert light_voices.grid == GRID


def test_the_sound_comes_early_and_the_figures_after(made):
    _, result, ear = made
    assert ear.kinds == ["early", "share"]
    assert {name: result[name] for name in ear.early()} == ear.early()


def test_the_result_is_whole(made, looked):
    take, result, _ = made
    proposed = {target["name"]: target["key_shift"] for target in looked[1]["targets"]}
    assert (result["method"], result["target"], result["seed"]) == ("student", "makam-f3", 3)
    assert result["key_shift"] == proposed["makam-f3"]
    assert result["trace"] is None and result["frames"] == FRAMES
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    folder = (take.folder / result["sound"]).parent
    assert sorted(path.name for path in folder.iterdir()) == ["converted.flac", "f0.bin", "mel.bin"]


def test_its_files_are_the_conversion(made, light_voices):
    take, result, _ = made
    converted = light_voices.light.convert(take.source().features, "makam-f3", None, 3)
    levels = np.frombuffer((take.folder / result["mel"]).read_bytes(), np.uint8).reshape(100, FRAMES)
    np.testing.assert_array_equal(levels, to_levels(converted.mel * 20 / np.log(10)))
    with soundfile.SoundFile(take.folder / result["sound"]) as file:
        assert (file.samplerate, file.frames, file.comment) == (24_000, FRAMES * 256, SYNTHETIC)
        heard = file.read()
    assert np.corrcoef(heard, light_voices.light.sound(converted.mel))[0, 1] > 0.9999


def test_it_sings_the_melody_in_the_key_that_was_told(made):
    take, result, _ = made
    f0_hz = np.frombuffer((take.folder / result["f0"]).read_bytes(), "<u2") / 10
    asked_hz = take.source().features.f0_hz * 2 ** (result["key_shift"] / 12)
    both = (f0_hz > 0) & (asked_hz > 0)
    assert both.mean() > 0.8
    assert np.median(np.abs(1200 * np.log2(f0_hz[both] / asked_hz[both]))) < 20


def test_scores_are_those_of_the_metrics(made, light_voices):
    """Of the sound before it was written: measured of the file they are the same to the coder's rounding."""
    take, result, _ = made
    heard, _ = soundfile.read(take.folder / result["sound"])
    scored = measure_conversion(take.source().samples, heard, result["key_shift"], GRID)
    assert result["scores"]["rpa"] == pytest.approx(scored.melody.rpa, abs=0.01) and result["scores"]["rpa"] > 0.8
    assert result["scores"]["mcd_db"] == pytest.approx(scored.spectrum.mcd_db, abs=0.05)
    assert not [name for name in result["scores"] if "similarity" in name]
    assert all(np.isfinite(score) for score in result["scores"].values())


def test_what_cannot_be_measured_is_told(made):
    notes = made[1]["notes"]
    assert "PyTorch" in notes[0] and all(is_sentence(note) for note in notes)


def test_the_same_wish_makes_the_same_sound_in_another_folder(made, light_voices):
    take, result, _ = made
    again = make(light_voices, take, WANTED, Ear())
    assert again["sound"] != result["sound"] and again["scores"] == result["scores"]
    for name in ("sound", "mel", "f0"):
        assert (take.folder / again[name]).read_bytes() == (take.folder / result[name]).read_bytes()


@pytest.mark.parametrize("other", [Wanted(STUDENT, "makam-f3", None, 4), Wanted(STUDENT, "pjs-m1", None, 3)])
def test_another_wish_makes_another_sound(made, light_voices, other):
    take, result, _ = made
    again = make(light_voices, take, other, Ear())
    assert (take.folder / again["sound"]).read_bytes() != (take.folder / result["sound"]).read_bytes()


def test_a_key_that_is_asked_for_is_taken(take, light_voices):
    result = make(light_voices, take, Wanted(STUDENT, "makam-m2", -4, 0), Ear())
    assert result["key_shift"] == -4
    f0_hz = np.frombuffer((take.folder / result["f0"]).read_bytes(), "<u2") / 10
    assert np.median(f0_hz[f0_hz > 0]) == pytest.approx(220 * 2 ** (-4 / 12), rel=0.02)


@pytest.mark.parametrize(
    ("wanted", "error", "said"),
    [
        (Wanted(STUDENT, "nobody", None, 0), LightError, "knows no singer 'nobody'"),
        (Wanted(STUDENT, "makam-f3", 36, 0), ConversionError, "choose a smaller one"),
    ],
)
def test_what_cannot_be_made_leaves_nothing(take, light_voices, wanted, error, said):
    ear = Ear()
    with pytest.raises(error, match=said) as caught:
        make(light_voices, take, wanted, ear)
    assert is_sentence(str(caught.value)) and ear.told == []
    assert not (take.folder / "made").exists()


def test_a_take_that_is_gone_is_told(tmp_path, light_voices):
    with pytest.raises(AudioError, match="not on the server any more"):
        make(light_voices, Take(tmp_path), WANTED, Ear())


def test_without_an_export_it_is_told_what_to_do(tmp_path):
    with pytest.raises(LightError, match="export"):
        LightVoices(tmp_path, threads=1)
