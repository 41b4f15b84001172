"""A take converted by the shipped student and teacher, each recorded as a trace."""

import json
import re

import numpy as np
import pytest
import soundfile

from svc_core.conversion.detail import DETAIL
from svc_core.conversion.hearing import SYNTHETIC, embedding_name, singer_encoder
from svc_core.conversion.key import ConversionError
from svc_core.own.made import STUDENT, TEACHER, Wanted
from svc_core.own.take import Take
from svc_core.own.with_torch import SAMPLED, TRACES
from svc_core.sound.audio import AudioError
from svc_core.traces.replay import replay_of
from svc_core.traces.trace import Trace, open_trace
from tests.conftest import is_sentence
from tests.own.conftest import FRAMES, GRID, REPOSITORY, Ear, make

TARGET, SEED = "makam-f3", 3


def convert(torch_voices, take: Take, method: str, key_shift: int | None = None) -> tuple[dict, Ear, Trace]:
    ear = Ear()
    ear.at_early = lambda facts: soundfile.info(take.folder / facts["sound"])
    result = make(torch_voices, take, Wanted(method, TARGET, key_shift, SEED), ear)
    return result, ear, open_trace(take.folder / TRACES / result["trace"]["id"])


@pytest.fixture(scope="module")
def student(looked, torch_voices):
    return convert(torch_voices, looked[0], STUDENT)


@pytest.fixture(scope="module")
def teacher(looked, torch_voices):
    return convert(torch_voices, looked[0], TEACHER)


@pytest.fixture(params=["student", "teacher"])
def made(request):
    return request.getfixturevalue(request.param)


def test_it_knows_the_voices_of_the_models_and_a_reference_of_each(torch_voices, light_voices):
    assert torch_voices.methods == ("student", "teacher")
    assert torch_voices.singers == pytest.approx(light_voices.singers)
    assert set(torch_voices.references) <= set(torch_voices.singers)
    assert set(torch_voices.voices) == set(torch_voices.singers)
    assert torch_voices.grid == GRID


# what is told


def test_the_sound_comes_before_its_figures(made):
    """After the sampler's steps, and before the first step is measured."""
    result, ear, _ = made
    early = ear.kinds.index("early")
    assert all(share <= SAMPLED for _, share, _ in ear.told[:early])
    assert all(share >= SAMPLED for _, share, _ in ear.told[early + 1 :])
    assert {name: result[name] for name in ear.early()} == ear.early()


def test_progress_goes_on_and_on(made):
    _, ear, trace = made
    steps = trace.manifest.sampler.steps
    shares = [event[1] for event in ear.told if event[0] == "share"]
    again = steps if steps == 1 else 0  # the student's figures begin with its one step once more
    assert shares == sorted(shares) and shares[0] > 0 and shares[-1] < 1
    assert len(shares) == steps + again + min(steps, DETAIL["own"].measured)
    words = [event[2] for event in ear.told if event[0] == "share"]
    assert words[0] == f"step 1 of {steps}" and words[-1].startswith("sound and figures of step")


def test_the_result_is_whole(made, looked):
    result, _, trace = made
    method, steps = (STUDENT, 1) if trace.manifest.sampler.steps == 1 else (TEACHER, 40)
    proposed = {target["name"]: target["key_shift"] for target in looked[1]["targets"]}
    assert (result["method"], result["target"], result["seed"]) == (method, TARGET, SEED)
    assert result["key_shift"] == proposed[TARGET]
    assert result["trace"] == {"id": trace.id, "steps": steps}
    assert result["frames"] == FRAMES
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert all(is_sentence(note) for note in result["notes"])


def test_scores_are_the_traces(made):
    result, _, trace = made
    assert result["scores"] == trace.manifest.scores and result["notes"] == trace.manifest.notes
    assert result["scores"]["rpa"] > 0.8
    if singer_encoder() is not None:
        assert -1 <= result["scores"]["similarity_to_target"] <= 1
    assert trace.manifest.embedding == embedding_name()


def test_its_files_are_the_conversion(made, looked):
    result, _, trace = made
    folder = looked[0].folder
    assert sorted(path.name for path in (folder / result["sound"]).parent.iterdir()) == [
        "converted.flac",
        "f0.bin",
        "mel.bin",
    ]
    levels = np.frombuffer((folder / result["mel"]).read_bytes(), np.uint8).reshape(100, FRAMES)
    np.testing.assert_array_equal(levels, trace.result_levels())
    f0_hz = np.frombuffer((folder / result["f0"]).read_bytes(), "<u2") / 10
    np.testing.assert_allclose(f0_hz, trace.f0_hz()[f"predicted_{trace.manifest.sampler.steps - 1:04d}"], atol=0.01)
    with soundfile.SoundFile(folder / result["sound"]) as file:
        assert (file.samplerate, file.frames, file.comment) == (24_000, FRAMES * 256, SYNTHETIC)


def test_what_is_heard_early_is_the_traces_own_sound(made, looked):
    result, _, trace = made
    assert (looked[0].folder / result["sound"]).read_bytes() == trace.read("sound/converted.flac")


# the trace


def test_the_trace_is_whole(made):
    _, _, trace = made
    trace.verify()
    for kind in ("walk", "metrics", "f0_hz", "predicted_levels", "source_levels", "reference_levels", "result_levels"):
        assert getattr(trace, kind)() is not None
    assert sum(1 for _ in replay_of(trace).states()) == trace.manifest.sampler.steps


def test_its_name_is_safe_and_its_own(made):
    result, _, trace = made
    name, key = result["sound"].split("/")[1], re.escape(f"{result['key_shift']:+d}")
    assert re.fullmatch(rf"own-recording--you--{TARGET}--key{key}--(consistency1|euler40)--seed3--{name}", trace.id)
    assert (trace.manifest.detail, trace.manifest.label) == ("own", name)


def test_it_says_whose_singing_it_is_and_no_path(made, looked, torch_voices):
    _, _, trace = made
    manifest = trace.manifest
    assert (manifest.source.singer, manifest.source.licence) == ("you", "all rights reserved")
    assert manifest.source.file == "recording.flac"
    assert (manifest.target, manifest.reference.singer) == (TARGET, TARGET)
    assert manifest.licence == "all rights reserved (the recording), CC BY-SA 4.0 (what the model adds)"
    assert "whoever sang it" in manifest.attribution and len(manifest.attribution) >= 3
    text = manifest.to_json()
    assert str(looked[0].folder) not in text and str(REPOSITORY) not in text


def test_sounds_that_were_made_say_so_and_recordings_do_not(made):
    _, _, trace = made
    comments = {}
    for name in trace.manifest.files:
        if name.startswith("sound/"):
            with soundfile.SoundFile(trace.folder / name) as file:
                comments[name] = file.comment
    assert {"sound/source.flac", "sound/target.flac", "sound/converted.flac"} <= set(comments)
    recorded = ("sound/source.flac", "sound/target.flac")
    assert comments == {name: "" if name in recorded else SYNTHETIC for name in comments}


def test_a_teachers_trace_shows_every_step(teacher):
    _, _, trace = teacher
    manifest, detail = trace.manifest, DETAIL["own"]
    assert (manifest.sampler.name, manifest.sampler.steps) == ("euler", 40)
    assert manifest.pictures.places == list(range(40))
    assert len(manifest.sounds) == detail.heard == 14
    assert {sound.state for sound in manifest.sounds} == {None}
    assert len(trace.metrics()) == detail.measured
    assert trace.hidden_places().tolist() == list(range(40))
    assert manifest.state_error_db < 0.6


def test_a_students_trace_has_its_one_step(student):
    manifest = student[2].manifest
    assert (manifest.sampler.name, manifest.sampler.steps, manifest.hidden) == ("consistency", 1, None)
    assert len(manifest.sounds) == 1


# the same and others


def test_the_same_wish_makes_the_same_sound_and_another_trace(student, looked, torch_voices):
    first, _, trace = student
    folder = looked[0].folder
    again, _, other = convert(torch_voices, looked[0], STUDENT)
    assert again["sound"] != first["sound"] and other.id != trace.id
    assert again["scores"] == first["scores"]
    for name in ("sound", "mel", "f0"):
        assert (folder / again[name]).read_bytes() == (folder / first[name]).read_bytes()


def test_without_torch_it_is_the_same_picture(student, looked, light_voices):
    """Within 1e-3 in natural log; in bytes of half a decibel that is a level where one was about to round."""
    result, _, trace = student
    take = looked[0]
    light = make(light_voices, take, Wanted(STUDENT, TARGET, None, SEED), Ear())
    assert light["key_shift"] == result["key_shift"]
    mel = light_voices.light.convert(take.source().features, TARGET, None, SEED).mel
    between = np.abs(mel * 20 / np.log(10) - (trace.result_levels() / 2.0 - 110))
    assert between[(mel > -12) & (mel < 1)].max() <= 0.25 + 1e-3 * 20 / np.log(10)
    pictures = [np.frombuffer((take.folder / one["mel"]).read_bytes(), np.uint8).astype(int) for one in (light, result)]
    difference = np.abs(pictures[0] - pictures[1])
    assert difference.max() <= 1 and difference.mean() < 0.01
    for name in ("rpa", "f0_corr"):
        assert light["scores"][name] == pytest.approx(result["scores"][name], abs=0.02)


def test_a_key_that_is_asked_for_is_taken(take, torch_voices):
    result, ear, trace = convert(torch_voices, take, STUDENT, key_shift=-2)
    assert result["key_shift"] == ear.early()["key_shift"] == trace.manifest.key_shift_semitones == -2
    assert "--key-2--" in trace.id
    f0_hz = np.frombuffer((take.folder / result["f0"]).read_bytes(), "<u2") / 10
    assert np.median(f0_hz[f0_hz > 0]) == pytest.approx(220 * 2 ** (-2 / 12), rel=0.02)


def test_a_voice_without_a_recording_is_converted_all_the_same(take, torch_voices, monkeypatch):
    monkeypatch.setattr(torch_voices, "references", {})
    _, _, trace = convert(torch_voices, take, STUDENT)
    assert trace.manifest.reference is None and "sound/target.flac" not in trace.manifest.files


@pytest.mark.parametrize("method", [STUDENT, TEACHER])
def test_a_key_out_of_range_leaves_nothing(take, torch_voices, method):
    ear = Ear()
    with pytest.raises(ConversionError, match="choose a smaller one"):
        make(torch_voices, take, Wanted(method, TARGET, 36, 0), ear)
    assert ear.told == [] and not (take.folder / "made").exists() and not (take.folder / TRACES).exists()


def test_a_take_that_is_gone_is_told(tmp_path, torch_voices):
    with pytest.raises(AudioError, match="not on the server any more"):
        make(torch_voices, Take(tmp_path), Wanted(STUDENT, TARGET, None, 0), Ear())
