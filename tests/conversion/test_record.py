"""Jobs performed together while every step is recorded: each as alone, as the sampler by itself, or refused."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch

from svc_core.config import DB_PER_LN, DiffusionConfig
from svc_core.conversion.convert import ConversionError
from svc_core.conversion.defects import early_f0
from svc_core.conversion.engine import LoadedModel, Making, record_one
from svc_core.conversion.job import Job, Swap
from svc_core.conversion.record import Recorded, make_wish, record_batch, sampling_of
from svc_core.conversion.sampling import SamplingError, sample
from svc_core.conversion.walks import walk_of
from svc_core.diffusion.noise import seeded_noise
from svc_core.model.conditions import condition_inputs, keep_all
from svc_core.model.system import VoiceConverter
from svc_core.model.weights import Guidance
from svc_core.sound.audio import AudioError
from svc_core.traces.scale import to_levels
from svc_core.traces.steps import spread_places
from tests.conftest import contour, is_sentence, voice
from tests.conversion.conftest import FACTS, own_excerpt


def own_job(path, key_shift: int | None = 0, **options) -> Job:
    return Job(own_excerpt(path), "bass", None, key_shift, **{"seed": 0} | options)


def recorded(job: Job, source, loaded: LoadedModel) -> Recorded:
    (found,) = record_batch([make_wish(job, source, None, loaded.model)], loaded.model, loaded.facts)
    return found


def by_the_sampler(job: Job, source, model: VoiceConverter, keep=None) -> tuple[list[np.ndarray], np.ndarray]:
    """All predictions in dB and the mel in natural log, by a plain call of the sampler."""
    frames, told = source.features.frames, []
    mel = sample(
        model,
        condition_inputs(source.features, model.singer_id(job.target), job.key_shift),
        lambda step: torch.from_numpy(seeded_noise(job.seed, step, 100, frames))[None],
        sampling_of(job, model),
        keep,
        lambda step, sigma, state, predicted: told.append(DB_PER_LN * model.denormalise(predicted)[0].numpy()),
    )
    return told, model.denormalise(mel)[0].numpy()


# one


def test_what_is_recorded_is_what_the_sampler_does(own_path, own_source, teacher):
    job = own_job(own_path, -5, seed=7)
    found = recorded(job, own_source, teacher)
    predicted, mel = by_the_sampler(job, own_source, teacher.model)
    np.testing.assert_array_equal(found.result, mel)
    levels = to_levels(np.stack(predicted)).astype(int)
    assert np.abs(found.recorder.levels - levels).max() <= 1  # where a value lies in the middle of two bytes
    assert (found.recorder.levels == levels).mean() > 0.999
    assert (found.wish.key_shift, found.sampling.seed, found.model, found.hidden_every) == (-5, 7, FACTS, 1)
    assert found.grid == teacher.model.config.grid


def test_of_a_short_walk_every_step_is_measured_and_watched(own_path, own_source, teacher):
    found = recorded(own_job(own_path), own_source, teacher)
    assert found.measured == found.heard == found.recorder.places == list(range(20))
    assert [feature.shape for feature in found.hidden] == [(20, 64), *[(20, 16)] * 3, *[(20, 32)] * 3]


@pytest.mark.parametrize("name", ["content", "melody", "loudness", "singer"])
def test_what_is_taken_away_is_taken_away_from_the_sampler(own_path, own_source, teacher, name):
    job = own_job(own_path, sampler="ddim", steps=3, without=(name,))
    keep = keep_all(1)
    keep[0, ("content", "melody", "loudness", "singer").index(name)] = False
    _, mel = by_the_sampler(job, own_source, teacher.model, keep)
    _, whole = by_the_sampler(job, own_source, teacher.model)
    np.testing.assert_array_equal(recorded(job, own_source, teacher).result, mel)
    assert np.abs(mel - whole).max() > 1e-2


def test_guidance_is_the_samplers(own_path, own_source, teacher):
    guidance = Guidance(singer=2.0, melody=-1.0)
    job = own_job(own_path, sampler="euler", steps=3, guidance=guidance)
    _, mel = by_the_sampler(job, own_source, teacher.model)
    _, plain = by_the_sampler(replace(job, guidance=Guidance()), own_source, teacher.model)
    np.testing.assert_array_equal(recorded(job, own_source, teacher).result, mel)
    assert np.abs(mel - plain).max() > 1e-2


# the singer swapped on the way, and defects on purpose


def test_before_a_swap_all_is_as_without_it_and_the_seventh_prediction_is_another(own_path, own_source, teacher):
    job = own_job(own_path, sampler="ddim", steps=12)
    plain = recorded(job, own_source, teacher)
    swapped = recorded(replace(job, swap=Swap("alto", 7)), own_source, teacher)
    same = [np.array_equal(a, b) for a, b in zip(swapped.recorder.levels, plain.recorder.levels, strict=True)]
    assert same == [True] * 7 + [False] * 5
    np.testing.assert_array_equal(swapped.recorder.state(7), plain.recorder.state(7))
    assert (swapped.wish.job.target, swapped.wish.key_shift) == ("bass", 0)


def test_the_model_is_told_the_melody_too_early_and_nobody_else_is(own_path, own_source, teacher):
    job = own_job(own_path, -5, sampler="ddim", steps=3)
    found = recorded(replace(job, defect="early-f0"), own_source, teacher)
    early = replace(own_source.features, f0_hz=early_f0(own_source.features.f0_hz))
    _, mel = by_the_sampler(job, replace(own_source, features=early), teacher.model)
    _, plain = by_the_sampler(job, own_source, teacher.model)
    np.testing.assert_array_equal(found.result, mel)
    assert np.abs(mel - plain).max() > 1e-2
    assert found.wish.source is own_source


def test_the_clamp_is_the_samplers_and_the_walks(own_path, own_source, teacher):
    found = recorded(own_job(own_path, defect="clamp"), own_source, teacher)
    assert found.walk.clamp == 1.0
    sizes = [np.abs(found.recorder.state(place)).max() for place in found.recorder.places]
    assert sizes[0] > 3
    assert max(sizes[1:]) == 1.0
    assert len(sizes) == 20


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_student_has_too_few_steps_to_be_mapped(short_path, short_source, student, steps):
    found = recorded(own_job(short_path, sampler="consistency", steps=steps), short_source, student)
    assert found.hidden is None
    assert found.measured == found.heard == list(range(steps))
    assert len(found.recorder.levels) == len(found.walk) == steps


def test_eight_steps_are_enough_for_a_map_and_seven_are_not(short_path, short_source, teacher):
    steps = {n: recorded(own_job(short_path, sampler="ddim", steps=n), short_source, teacher).hidden for n in (7, 8)}
    assert steps[7] is None
    assert {len(feature) for feature in steps[8]} == {8}


def test_of_a_long_walk_in_little_detail_every_third_step_is_watched_the_last_among_them(
    short_path, short_source, tiny_config
):
    """The first feature depends on the noise level alone, so it tells at which steps it was taken."""
    torch.manual_seed(0)
    config = replace(tiny_config, diffusion=DiffusionConfig(250, 1e-4, 0.05))
    loaded = LoadedModel(VoiceConverter(config, ("alto", "bass")).eval(), FACTS)
    found = recorded(own_job(short_path, detail="light"), short_source, loaded)
    assert found.hidden_every == 3
    places = np.arange((250 - 1) % 3, 250, 3)
    assert len(places) == 84 and places[-1] == 249
    with torch.inference_mode():
        sigma = torch.from_numpy(found.walk.sigma[places]).float()
        expected = loaded.model.denoiser.step(loaded.model.step_of(sigma)).numpy()
    np.testing.assert_allclose(found.hidden[0], expected, atol=1e-4)
    assert {len(feature) for feature in found.hidden} == {84}
    assert (len(found.heard), found.heard) == (7, spread_places(found.walk.snr_db, 7))
    assert set(found.heard) <= set(found.measured)
    assert 28 <= len(found.measured) <= 28 + 7
    assert found.recorder.places == found.measured


def test_the_scale_is_the_models_in_decibels(own_path, own_source, teacher):
    recorder = recorded(own_job(own_path, sampler="ddim", steps=1), own_source, teacher).recorder
    assert recorder.mean_db == pytest.approx(DB_PER_LN * float(teacher.model.mel_mean))
    assert recorder.std_db == pytest.approx(DB_PER_LN * float(teacher.model.mel_std))


# several


@pytest.mark.parametrize(("sampler", "steps"), [("ddpm", None), ("heun", 6)])
def test_in_a_batch_each_is_as_alone(own_path, short_path, own_source, short_source, teacher, sampler, steps):
    """Of other lengths, seeds, targets, keys and with other conditions taken away."""
    jobs = [
        own_job(short_path, 2, seed=1, sampler=sampler, steps=steps, without=("loudness", "singer")),
        own_job(own_path, -5, seed=2, sampler=sampler, steps=steps),
        replace(own_job(own_path, 4, seed=3, sampler=sampler, steps=steps), target="alto", without=("content",)),
    ]
    compare_with_alone(jobs, [short_source, own_source, own_source], teacher, mapped=sampler == "ddpm")


@pytest.mark.parametrize(("sampler", "steps"), [("ddpm", None), ("heun", 6)])
def test_in_a_batch_each_is_swapped_for_its_own_singer(
    own_path, short_path, own_source, short_source, teacher, sampler, steps
):
    options = {"sampler": sampler, "steps": steps, "guidance": Guidance(singer=0.5)}
    jobs = [
        own_job(own_path, -5, seed=1, swap=Swap("alto", 3), **options),
        replace(own_job(short_path, 2, seed=2, swap=Swap("bass", 3), **options), target="alto"),
    ]
    compare_with_alone(jobs, [own_source, short_source], teacher, mapped=sampler == "ddpm")


def compare_with_alone(jobs: list[Job], sources: list, teacher: LoadedModel, mapped: bool) -> None:
    told: list[int] = []
    wishes = [make_wish(job, source, None, teacher.model) for job, source in zip(jobs, sources, strict=True)]
    together = record_batch(wishes, teacher.model, teacher.facts, told.append)
    assert told == [len(jobs)] * len(together[0].walk)  # clips, at every step
    for job, source, found in zip(jobs, sources, together, strict=True):
        alone = recorded(job, source, teacher)
        assert (found.wish.job, found.sampling) == (job, alone.sampling)
        assert found.result.shape == alone.result.shape == (100, source.features.frames)
        np.testing.assert_allclose(found.result, alone.result, atol=5e-4)
        assert np.abs(found.recorder.levels.astype(int) - alone.recorder.levels).max() <= 1
        for place in found.measured:
            np.testing.assert_allclose(found.recorder.state(place), alone.recorder.state(place), rtol=2e-3, atol=2e-3)
        for feature, expected in zip(found.hidden or [], alone.hidden or [], strict=True):
            np.testing.assert_allclose(feature, expected, rtol=1e-3, atol=5e-4)
    assert (together[0].hidden is not None) == mapped


def test_no_hook_is_left_in_the_model(own_path, own_source, tiny_model):
    def stop(clips: int) -> None:
        raise KeyboardInterrupt

    wish = make_wish(own_job(own_path), own_source, None, tiny_model)
    with pytest.raises(KeyboardInterrupt):
        record_batch([wish], tiny_model, FACTS, stop)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in tiny_model.modules())


def test_the_walk_is_kept_beside_it(own_path, own_source, teacher):
    """The recorder's walk is the one that the sampler's own numbers give."""
    job = own_job(own_path, sampler="ddim", steps=9)
    found = recorded(job, own_source, teacher)
    expected = walk_of(teacher.model, sampling_of(job, teacher.model))
    for name in ("step", "sigma", "predicted", "state", "noise"):
        np.testing.assert_array_equal(getattr(found.walk, name), getattr(expected, name))


# the key


@pytest.mark.parametrize(("target", "median_hz"), [("alto", 330.0), ("bass", 130.0)])
def test_the_key_follows_from_the_medians(own_path, own_source, teacher, target, median_hz):
    f0_hz = own_source.features.f0_hz
    expected = round(12 * np.log2(median_hz / np.median(f0_hz[f0_hz > 0])))
    job = replace(own_job(own_path, None), target=target)
    assert make_wish(job, own_source, None, teacher.model).key_shift == expected
    assert abs(expected) > 6


# what cannot be recorded


def refusal(kind: type[Exception], job: Job, loaded: LoadedModel, folder) -> str:
    """The sentence it is refused with; nothing may be left behind."""
    out = folder / "out"
    with pytest.raises(kind) as caught:
        record_one(job, loaded, Making(out, "griffin-lim", {}))
    assert not out.exists()
    assert is_sentence(str(caught.value))
    return str(caught.value)


def test_a_song_is_too_long(tmp_path, teacher):
    path = tmp_path / "song.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(31 * 8_000), 8_000)
    assert "song.wav: 31 s are too long" in refusal(AudioError, own_job(path), teacher, tmp_path)


def test_a_silent_part_is_refused_by_name(tmp_path, teacher):
    path = tmp_path / "rest.wav"
    soundfile.write(path, np.zeros(24_000), 24_000)
    assert "rest.wav" in refusal(AudioError, own_job(path), teacher, tmp_path)


def test_a_recording_without_a_note_is_refused(tmp_path, teacher):
    path = tmp_path / "click.wav"
    samples = np.zeros(12_000)
    samples[6_000] = 0.5
    soundfile.write(path, samples, 24_000)
    assert "no sung note" in refusal(ConversionError, own_job(path, None), teacher, tmp_path)


def test_a_key_out_of_range_is_refused(tmp_path, teacher):
    path = tmp_path / "high.wav"
    soundfile.write(path, voice(contour(0.3, 440.0)), 24_000)
    assert "+24 semitones" in refusal(ConversionError, own_job(path, 24), teacher, tmp_path)


def test_an_unknown_target_is_refused(own_path, tmp_path, teacher):
    assert "tenor" in refusal(ValueError, replace(own_job(own_path), target="tenor"), teacher, tmp_path)


def test_a_sampler_that_the_model_does_not_have_is_refused(own_path, tmp_path, teacher):
    job = own_job(own_path, sampler="consistency")
    assert "distill it first" in refusal(SamplingError, job, teacher, tmp_path)


def test_where_memory_does_not_suffice_a_sentence_says_so(own_path, own_source, teacher, monkeypatch):
    def full(*given):
        raise torch.OutOfMemoryError("too much")

    monkeypatch.setattr(teacher.model, "denoise", full)
    with pytest.raises(ConversionError, match="out of memory with 1 clips"):
        recorded(own_job(own_path), own_source, teacher)
