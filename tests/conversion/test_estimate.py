"""What a plan will cost, against what traces really weigh; times by rule alone, for nobody knows the machine."""

from dataclasses import replace

import pytest

from svc_core.conversion import estimate as module
from svc_core.conversion.engine import Batch
from svc_core.conversion.estimate import Estimate, estimate
from svc_core.conversion.job import Job, corpus_jobs, read_credits
from svc_core.model.weights import Guidance
from tests.conversion.conftest import own_excerpt


@pytest.fixture
def second_each(monkeypatch):
    """A machine that needs a second for each evaluation of a second of sound, and ten for the sound of a step."""
    monkeypatch.setattr(module, "_try_evaluation", lambda model: 1.0)
    monkeypatch.setattr(module, "_try_hearing", lambda grid, vocoder: 10.0)


def costs(jobs, loaded, workers: int = 1) -> Estimate:
    return estimate([Batch("tiny", tuple(jobs))], {"tiny": loaded}, "griffin-lim", workers)


def own(path, **options) -> Job:
    return Job(own_excerpt(path), "bass", None, -5, 7, model="tiny", **options)


def bytes_ratio(trace, job, teacher) -> float:
    on_disk = sum(path.stat().st_size for path in trace.folder.rglob("*") if path.is_file())
    return costs([job], teacher).bytes / on_disk


def test_a_full_trace_weighs_what_was_said_within_a_factor_of_two(second_each, tiny_trace, tiny_corpus, teacher):
    credits_of = read_credits(tiny_corpus.root / "credits.csv")
    (job,) = corpus_jobs(tiny_corpus, credits_of, ["hymn:bass"], ["alto"], key_shift=None, seed=3)
    assert 0.5 < bytes_ratio(tiny_trace, job, teacher) < 2


def test_a_light_one_does_too(second_each, light_trace, own_path, teacher):
    assert 0.5 < bytes_ratio(light_trace, own(own_path, detail="light"), teacher) < 2


def test_conversions_and_seconds_are_counted(second_each, own_path, short_path, teacher):
    jobs = [own(own_path), own(own_path, sampler="ddim", steps=4), own(short_path)]
    batches = [Batch("tiny", tuple(jobs[:2])), Batch("tiny", tuple(jobs[2:]))]
    found = estimate(batches, {"tiny": teacher}, "griffin-lim", 2)
    assert found.conversions == 3
    assert found.seconds == pytest.approx(0.5 + 0.5 + 0.35)
    parts = [costs([job], teacher) for job in jobs]
    for name in ("bytes", "sampling_s", "finishing_s"):
        assert getattr(found, name) == pytest.approx(sum(getattr(part, name) for part in parts), abs=3)
    assert estimate([], {"tiny": teacher}, "griffin-lim", 2) == Estimate(0, 0.0, 0, 0.0, 0.0, 2)


@pytest.mark.parametrize(
    ("options", "evaluations"),
    [
        ({}, 20),
        ({"sampler": "ddim", "steps": 7}, 7),
        ({"sampler": "heun", "steps": 5}, 10),
        ({"sampler": "heun", "steps": 1}, 1),
        ({"sampler": "euler", "steps": 5, "guidance": Guidance(singer=2.0, melody=-1.0)}, 15),
        ({"sampler": "euler", "steps": 5, "without": ("melody",)}, 5),
    ],
)
def test_every_evaluation_of_the_network_is_counted(second_each, own_path, teacher, options, evaluations):
    assert costs([own(own_path, **options)], teacher).sampling_s == pytest.approx(0.5 * evaluations)


def test_finishing_takes_longer_the_more_is_heard(second_each, own_path, teacher):
    """Twenty predictions and twenty states of half a second at ten seconds each, and something for the rest."""
    full, light = (costs([own(own_path, detail=detail)], teacher).finishing_s for detail in ("full", "light"))
    assert full - light == pytest.approx(20 * 0.5 * 10)
    assert 20 * 0.5 * 10 < light < 2 * 20 * 0.5 * 10


def test_a_recording_that_cannot_be_read_costs_nothing_yet(second_each, tmp_path, teacher):
    found = costs([own(tmp_path / "nothing.wav")], teacher)
    assert (found.conversions, found.seconds, found.sampling_s) == (1, 0, 0)


def test_this_machine_is_tried(own_path, teacher):
    found = costs([replace(own(own_path), sampler="ddim", steps=2)], teacher)
    assert 0 < found.sampling_s < 1_000
    assert 0 < found.finishing_s < 10_000


def test_workers_share_the_finishing():
    assert Estimate(1, 5.0, 1, sampling_s=10.0, finishing_s=80.0, workers=1).expected_s == 90
    assert Estimate(1, 5.0, 1, sampling_s=10.0, finishing_s=80.0, workers=4).expected_s == 30


def test_it_is_told_in_a_sentence():
    assert Estimate(12, 61.4, 34_560_000, 100.0, 9_000.0, 2).sentence() == (
        "12 conversions of 61 s of singing: about 34.6 MB and 77 min here "
        "(sampling 2 min, sound and metrics 2.5 h of work for 2 workers)."
    )
    assert "about 2.5 GB and 40 s here" in Estimate(1, 5.0, 2_500_000_000, 20.0, 20.0, 1).sentence()
