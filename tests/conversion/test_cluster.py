"""The same jobs on a Ray cluster of two nodes: whole, alike, and not lost with a worker."""

import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

ray = pytest.importorskip("ray")

from svc_core.conversion.cluster import run_on_cluster  # noqa: E402
from svc_core.conversion.engine import LoadedModel, Making, Outcome, make_batches, record_one  # noqa: E402
from svc_core.conversion.job import Job, JobError, corpus_jobs, read_credits  # noqa: E402
from svc_core.conversion.record import ModelFacts  # noqa: E402
from svc_core.model.checkpoint import load_model, model_hash  # noqa: E402
from svc_core.traces.trace import MANIFEST, open_trace  # noqa: E402
from tests.conftest import is_sentence  # noqa: E402
from tests.support.dashboard import REPOSITORY  # noqa: E402

STORE = 150 << 20  # bytes of each node's object store: a recorded second and a half takes two million


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of one core each, every one with processes of its own."""
    from ray.cluster_utils import Cluster

    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0", "PYTHONPATH": str(REPOSITORY)}
    nodes = {"num_cpus": 1, "object_store_memory": STORE}
    cluster = Cluster(initialize_head=True, head_node_args=nodes)
    cluster.add_node(**nodes)
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster.address
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="module")
def loaded(tiny_model_path) -> dict[str, LoadedModel]:
    facts = ModelFacts(model_hash(tiny_model_path), 1, ("Made for tests, the model",))
    return {str(tiny_model_path): LoadedModel(load_model(tiny_model_path), facts)}


@pytest.fixture(scope="module")
def jobs(tiny_corpus, tiny_model_path) -> list[Job]:
    """A phrase from two seeds, and once in a key that no voice can sing."""
    credits_of = read_credits(tiny_corpus.root / "credits.csv")
    asked = [
        replace(job, model=str(tiny_model_path), detail="light")
        for seed in (0, 1)
        for job in corpus_jobs(tiny_corpus, credits_of, ["hymn:bass"], ["alto"], None, seed)
    ]
    return [*asked, replace(asked[0], key_shift=60)]


def run(jobs: list[Job], loaded: dict[str, LoadedModel], out: Path, address: str) -> list[Outcome]:
    batches = make_batches(jobs, {name: one.model for name, one in loaded.items()}, 2)
    paths = {name: Path(name) for name in loaded}
    return list(run_on_cluster(batches, loaded, paths, Making(out, "griffin-lim", {}), address))


def kill_workers(tasks: list[str], over: threading.Event, killed: list[str]) -> None:
    """SIGKILL to the first worker that is found at each of the tasks, one after the other."""
    for task in tasks:
        while task not in killed and not over.is_set():
            for folder in Path("/proc").glob("[0-9]*"):
                with suppress(OSError):
                    if (folder / "cmdline").read_bytes().startswith(f"ray::{task}".encode()):
                        os.kill(int(folder.name), signal.SIGKILL)
                        killed.append(task)
                        break
            time.sleep(0.01)


@dataclass(frozen=True)
class Ran:
    """What came of a run in which a worker of each kind was killed at its task."""

    out: Path
    outcomes: list[Outcome]
    killed: list[str]


@pytest.fixture(scope="module")
def ran(cluster, jobs, loaded, tmp_path_factory) -> Ran:
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("a worker is found by its task in /proc")
    out, over, killed = tmp_path_factory.mktemp("out"), threading.Event(), []
    killer = threading.Thread(target=kill_workers, args=(["sample_batch", "finish_job"], over, killed))
    killer.start()
    try:
        outcomes = run(jobs, loaded, out, cluster)
    finally:
        over.set()
        killer.join()
    return Ran(out, outcomes, killed)


def test_a_worker_that_is_killed_loses_nothing(ran, jobs):
    assert ran.killed == ["sample_batch", "finish_job"]
    assert sorted(outcome.job.id for outcome in ran.outcomes) == sorted(job.id for job in jobs)
    for job in jobs[:-1]:
        open_trace(ran.out / job.id).verify()
    whole = {path.parent.name for path in ran.out.glob(f"[!.]*/{MANIFEST}")}
    assert whole == {job.id for job in jobs[:-1]}


def test_a_job_that_cannot_be_done_is_told_and_stops_no_other(ran, jobs):
    (failed,) = [outcome for outcome in ran.outcomes if outcome.made is None]
    assert failed.job == jobs[-1]
    assert "+60 semitones" in failed.problem
    assert is_sentence(failed.problem)


def test_a_trace_is_the_same_as_by_one_machine(ran, jobs, loaded, tmp_path):
    job = jobs[0]
    record_one(job, loaded[job.model], Making(tmp_path, "griffin-lim", {}))
    there, here = (open_trace(where / job.id) for where in (ran.out, tmp_path))
    assert there.manifest.fingerprint == here.manifest.fingerprint
    assert set(there.manifest.files) == set(here.manifest.files)
    apart = there.predicted_levels().astype(int) - here.predicted_levels()
    assert np.abs(apart).max() <= there.manifest.pictures.quantum  # rounding may differ by a thread's order of sums


def test_a_cluster_that_is_not_there_is_refused(loaded, jobs, tmp_path, monkeypatch):
    monkeypatch.setattr(ray, "is_initialized", lambda: False)

    def init(address: str, **options: object) -> None:
        raise ConnectionError(f"Could not find any running Ray instance at {address}")

    monkeypatch.setattr(ray, "init", init)
    with pytest.raises(JobError) as caught:
        run(jobs[:1], loaded, tmp_path / "out", "nowhere:1")
    assert is_sentence(str(caught.value))
    assert "nowhere:1" in str(caught.value)
