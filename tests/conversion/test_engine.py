"""Many conversions at once: how they are put together, and that each comes out as it would alone."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svc_core.conversion import engine
from svc_core.conversion.engine import Batch, LoadedModel, Making, Outcome, make_batches, record_one, run_batches
from svc_core.conversion.job import Credit, Excerpt, Job, Swap
from svc_core.conversion.record import ModelFacts
from svc_core.model.checkpoint import load_model, model_hash
from svc_core.model.weights import Guidance
from svc_core.traces.trace import open_trace
from svc_core.traces.writing import WritingError
from tests.conftest import contour, is_sentence, voice

OWN = Credit("own-voice", "CC BY 4.0", "own recording")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Recordings of 0.4, 0.5 and 0.6 s, and one that is silent."""
    folder = tmp_path_factory.mktemp("recordings")
    for seconds in (0.4, 0.5, 0.6):
        soundfile.write(folder / f"sung{seconds:g}.wav", voice(contour(seconds, 220.0)), 24_000)
    soundfile.write(folder / "rest.wav", np.zeros(12_000), 24_000)
    return folder


@pytest.fixture(scope="module")
def loaded(tiny_model_path) -> dict[str, LoadedModel]:
    facts = ModelFacts(model_hash(tiny_model_path), 1, ())
    return {"tiny": LoadedModel(load_model(tiny_model_path), facts)}


def job(path: Path, **changed) -> Job:
    source = Excerpt(path, 0.0, None, "own-voice", path.stem, path.stem, OWN)
    return replace(Job(source, "alto", None, 0, 0, detail="light", model="tiny"), **changed)


def batches_of(jobs: list[Job], loaded: dict[str, LoadedModel], most: int) -> list[Batch]:
    return make_batches(jobs, {name: one.model for name, one in loaded.items()}, most)


def run(jobs: list[Job], loaded: dict[str, LoadedModel], out: Path, most: int = 4) -> list[Outcome]:
    with ThreadPoolExecutor(2) as pool:
        return list(run_batches(batches_of(jobs, loaded, most), loaded, Making(out, "griffin-lim", {}), pool, 2))


# batches


def test_the_longest_come_first_and_no_batch_is_larger_than_allowed(folder, loaded):
    jobs = [job(folder / f"sung{s}.wav", seed=seed) for seed in (0, 1) for s in ("0.4", "0.6", "0.5")]
    batches = batches_of(jobs, loaded, 4)
    assert [[one.source.phrase for one in batch.jobs] for batch in batches] == [
        ["sung0.6", "sung0.6", "sung0.5", "sung0.5"],
        ["sung0.4", "sung0.4"],
    ]


def test_what_cannot_be_sampled_together_is_not(folder, loaded):
    path = folder / "sung0.4.wav"
    jobs = [
        job(path),
        job(path, seed=7, target="bass", without=("melody",)),  # these may differ within a batch
        job(path, sampler="ddim", steps=5),
        job(path, sampler="ddim", steps=6),
        job(path, sampler="euler", steps=5),
        job(path, guidance=Guidance(singer=2.0)),
        job(path, detail="full"),
        job(path, swap=Swap("bass", 3)),
        job(path, target="bass", swap=Swap("alto", 3), note="x"),  # to another singer, but at the same place
        job(path, swap=Swap("bass", 4)),
        job(path, defect="clamp"),
        job(path, defect="early-f0"),
    ]
    batches = batches_of(jobs, loaded, 9)
    assert sorted(len(batch.jobs) for batch in batches) == [1] * 8 + [2, 2]
    assert [batch.jobs for batch in batches if batch.jobs[0].swap] == [tuple(jobs[7:9]), (jobs[9],)]


def test_a_part_of_a_recording_is_as_long_as_the_part(folder, loaded):
    whole, part = job(folder / "sung0.5.wav"), job(folder / "sung0.6.wav")
    part = replace(part, source=replace(part.source, start_s=0.2))
    (batch,) = batches_of([part, whole], loaded, 2)
    assert batch.jobs == (whole, part)


# running them


@pytest.fixture(scope="module")
def mixed(folder, loaded, tmp_path_factory) -> tuple[Path, list[Job], list[Outcome]]:
    """Lengths, seeds, targets and samplers all different, and a silent recording among them."""
    jobs = [
        job(folder / "sung0.4.wav", seed=1),
        job(folder / "sung0.6.wav", seed=2, target="bass", key_shift=-5),
        job(folder / "rest.wav"),
        job(folder / "sung0.5.wav", sampler="euler", steps=4),
    ]
    out = tmp_path_factory.mktemp("mixed")
    return out, jobs, run(jobs, loaded, out, most=3)


def test_every_job_has_an_outcome_and_a_silent_recording_stops_no_other(mixed):
    out, jobs, outcomes = mixed
    assert Counter(outcome.job.id for outcome in outcomes) == Counter(one.id for one in jobs)
    (failed,) = [outcome for outcome in outcomes if outcome.made is None]
    assert failed.job.source.path.name == "rest.wav"
    assert is_sentence(failed.problem)
    assert "rest.wav" in failed.problem
    for outcome in outcomes:
        if outcome.made is not None:
            trace = open_trace(out / outcome.made.id)
            trace.verify()
            assert (trace.manifest.bytes, trace.manifest.state_error_db) == (
                outcome.made.bytes,
                outcome.made.state_error_db,
            )


@pytest.mark.parametrize("number", [0, 1, 3])
def test_each_comes_out_as_it_would_alone(mixed, loaded, tmp_path, number):
    out, jobs, _ = mixed
    record_one(jobs[number], loaded["tiny"], Making(tmp_path, "griffin-lim", {}))
    together, alone = (open_trace(where / jobs[number].id) for where in (out, tmp_path))
    assert set(together.manifest.files) == set(alone.manifest.files)
    assert together.manifest.fingerprint == alone.manifest.fingerprint
    assert together.manifest.frames == alone.manifest.frames
    # padding changes the order of sums, so a value may be rounded to its neighbour
    apart = np.abs(together.result_levels().astype(int) - alone.result_levels())
    assert apart.max() <= 1
    assert (apart > 0).mean() < 0.01


def test_a_phrase_is_measured_once_however_many_want_it(folder, loaded, tmp_path, monkeypatch):
    seen = []
    measure = engine.measure_source

    def counted(excerpt, config):
        seen.append(excerpt.path.name)
        return measure(excerpt, config)

    monkeypatch.setattr(engine, "measure_source", counted)
    jobs = [job(folder / "sung0.4.wav", seed=seed, sampler="ddim", steps=2) for seed in range(3)]
    assert all(outcome.made for outcome in run(jobs, loaded, tmp_path, most=1))
    assert seen == ["sung0.4.wav"]


def test_of_many_phrases_only_the_last_are_kept(folder, loaded, monkeypatch):
    """And never less than what a batch wants, with the next: the phrase and its reference of every job."""
    monkeypatch.setattr(engine, "MOST_MEASURED", 3)
    config = loaded["tiny"].model.config
    jobs = [job(folder / "sung0.4.wav") for _ in range(9)]
    jobs = [replace(one, source=replace(one.source, phrase=f"p{number}")) for number, one in enumerate(jobs)]
    asked = []
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(engine, "measure_source", lambda excerpt, config: asked.append(excerpt.phrase))
        measured = engine._Measured(pool)
        for one in jobs:
            measured.ask(Batch("tiny", (one,)), config)
        for one in jobs[-4:]:
            measured.take(one, config)
        with pytest.raises(KeyError):
            measured.take(jobs[0], config)
        measured.ask(Batch("tiny", (jobs[0], jobs[8])), config)
        measured.take(jobs[0], config)
    assert asked == [*(f"p{number}" for number in range(9)), "p0"]


def test_progress_is_told_in_steps_of_clips(folder, loaded, tmp_path):
    told = []
    jobs = [job(folder / f"sung{s}.wav", sampler="ddim", steps=3) for s in ("0.4", "0.5")]
    with ThreadPoolExecutor(1) as pool:
        making = Making(tmp_path, "griffin-lim", {})
        list(run_batches(batches_of(jobs, loaded, 2), loaded, making, pool, 1, told.append))
    assert told == [2, 2, 2]


def test_where_nothing_can_be_written_the_run_ends(folder, loaded, tmp_path):
    (tmp_path / "out").write_text("a file where a folder should be")
    with pytest.raises(WritingError):
        run([job(folder / "sung0.4.wav", sampler="ddim", steps=2)], loaded, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "a file where a folder should be"
