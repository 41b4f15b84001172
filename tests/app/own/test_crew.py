"""Workers: real processes that answer in lines, hang, die and are killed."""

import os
import sys
import time
from dataclasses import replace

import pytest

from app.own.crew import Crew
from app.own.desk import CANCELLED, DONE, ENDED, FAILED, RUNNING, Desk
from app.own.limits import FIGURES, STUDENT, WARM, Limits

# Does what its requests say.
PROGRAM = """
import json, os, sys, time
for line in sys.stdin:
    request = json.loads(line)
    if request.get("do") == "warm":
        time.sleep(0.1)
        print(json.dumps({"done": {"pid": os.getpid()}}), flush=True)
        continue
    wish = request["wish"]
    if wish == "die":
        os._exit(9)
    if wish == "hang":
        time.sleep(600)
    if wish == "refuse":
        print(json.dumps({"problem": "Nothing was sung."}), flush=True)
        continue
    if wish.startswith("say "):
        sys.stdout.buffer.write(bytes.fromhex(wish[4:]) + b"\\n")
        sys.stdout.flush()
        continue
    if wish == "slow":
        time.sleep(0.3)
    if wish == "early":
        print(json.dumps({"early": {"sound": "a.flac"}}), flush=True)
        time.sleep(600)
    if wish == "later":
        print(json.dumps({"early": {"sound": "a.flac"}}), flush=True)
        print(json.dumps({"later": {"do": request["kind"], "wish": "go on"}}), flush=True)
        continue
    if wish == "environment":
        print(json.dumps({"done": dict(os.environ)}), flush=True)
        continue
    print(json.dumps({"share": 0.5, "words": "half"}), flush=True)
    print(json.dumps({"done": {"pid": os.getpid()}}), flush=True)
"""
LIMITS = replace(
    Limits(),
    workers=1,
    idle_s=60.0,
    allowed_s={STUDENT: 20.0, FIGURES: 20.0, WARM: 20.0},
    usual_s={STUDENT: 0.5, FIGURES: 1.0, WARM: 5.0},
)


@pytest.fixture
def open_crew(tmp_path):
    crews = []

    def open_crew(environment=None, **changes):
        crew = Crew(Desk(replace(LIMITS, **changes)), [sys.executable, "-c", PROGRAM], tmp_path, environment)
        crews.append(crew)
        return crew

    yield open_crew
    for crew in crews:
        crew.close()


def ask(crew, wish, visitor="ann"):
    return crew.desk.submit(STUDENT, visitor, "take", crew.folder, {"wish": wish})


def wait_until(condition, limit_s=30.0):
    end_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end_s, "waited in vain"
        time.sleep(0.02)


def ended(job):
    wait_until(lambda: job.state in ENDED)
    return job


def runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_jobs_are_done_by_one_process_one_after_another(open_crew):
    crew = open_crew()
    jobs = [ended(ask(crew, "work")) for _ in range(3)]
    assert [job.state for job in jobs] == [DONE] * 3
    assert len({job.result["pid"] for job in jobs}) == 1
    assert crew.pids == [jobs[0].result["pid"]]
    assert jobs[0].words == "half"


def test_a_refusal_is_told_and_the_process_stays(open_crew):
    crew = open_crew()
    pid = ended(ask(crew, "work")).result["pid"]
    refused = ended(ask(crew, "refuse"))
    assert (refused.state, refused.problem) == (FAILED, "Nothing was sung.")
    assert ended(ask(crew, "work")).result["pid"] == pid


BABBLE = (
    b"no JSON",
    b"",
    b"[]",
    b"7",
    b"{}",
    b'{"done": "not an object"}',
    b'{"share": NaN, "words": "half"}',
    b'{"share": "much", "words": "half"}',
    b'{"problem": null}',
    b"\xff\xfe\x00",
    b"[" * 100_000,
)


@pytest.mark.parametrize("wish", ["die", *(f"say {line.hex()}" for line in BABBLE)], ids=lambda wish: wish[:40])
def test_a_process_that_dies_or_babbles_is_replaced(open_crew, wish):
    crew = open_crew()
    pid = ended(ask(crew, "work")).result["pid"]
    failed = ended(ask(crew, wish))
    assert failed.state == FAILED and "ended unexpectedly" in failed.problem
    assert ended(ask(crew, "work")).result["pid"] != pid


def test_a_process_killed_from_outside_while_idle_is_replaced(open_crew):
    crew = open_crew()
    pid = ended(ask(crew, "work")).result["pid"]
    os.kill(pid, 9)
    wait_until(lambda: not crew.pids)
    assert ended(ask(crew, "work")).result["pid"] != pid


def test_what_can_be_had_early_is_told_while_it_works(open_crew):
    crew = open_crew()
    job = ask(crew, "early")
    wait_until(lambda: job.early is not None)
    assert (job.state, job.early) == (RUNNING, {"sound": "a.flac"})


def test_what_is_left_is_done_later_by_the_same_job(open_crew):
    crew = open_crew()
    job = crew.desk.submit(STUDENT, "ann", "take", crew.folder, {"wish": "later", "kind": FIGURES})
    ended(job)
    assert (job.state, job.kind, job.early) == (DONE, FIGURES, {"sound": "a.flac"})
    assert job.result["pid"] > 0


def test_what_is_left_of_no_known_kind_is_an_answer_not_understood(open_crew):
    crew = open_crew()
    job = crew.desk.submit(STUDENT, "ann", "take", crew.folder, {"wish": "later", "kind": "dance"})
    assert ended(job).state == FAILED


def test_a_worker_has_the_environment_that_is_given(open_crew):
    crew = open_crew(environment={"OMP_NUM_THREADS": "1"})
    found = ended(ask(crew, "environment")).result
    assert found["OMP_NUM_THREADS"] == "1" and "HOME" not in found


def test_waking_starts_one_process_that_the_first_job_finds(open_crew):
    crew = open_crew(workers=3)
    for _ in range(5):
        crew.wake()
    wait_until(lambda: crew.pids and crew.desk._ready == 1)
    (pid,) = crew.pids
    for _ in range(4):  # the two threads that have none leave it to the one that has
        assert ended(ask(crew, "work")).result["pid"] == pid
        wait_until(lambda: crew.desk._ready == 1)
    crew.wake()
    assert all(job.kind == STUDENT or job.state == DONE for job in crew.desk._jobs.values())
    assert crew.pids == [pid]


def test_one_that_hangs_is_ended_and_said(open_crew):
    crew = open_crew(allowed_s={STUDENT: 0.5, WARM: 20.0})
    hung = ended(ask(crew, "hang"))
    assert hung.state == FAILED and "stopped" in hung.problem
    assert crew.pids == []


def test_a_cancelled_job_s_process_is_ended_and_the_next_is_done(open_crew):
    crew = open_crew()
    job = ask(crew, "hang")
    wait_until(lambda: job.state == RUNNING and crew.pids)
    (pid,) = crew.pids
    after = ask(crew, "work")
    crew.desk.cancel(job.id)
    assert ended(after).state == DONE and job.state == CANCELLED
    assert not runs(pid)


def test_a_cancelled_job_that_soon_ends_costs_no_worker(open_crew):
    crew = open_crew()
    job = ask(crew, "slow")
    wait_until(lambda: job.state == RUNNING and crew.pids)
    pids = crew.pids
    crew.desk.cancel(job.id)
    after = ended(ask(crew, "work"))
    assert (job.state, job.result) == (CANCELLED, None)
    assert [after.result["pid"]] == crew.pids == pids


def test_one_that_takes_as_long_as_a_worker_s_start_is_ended_at_once(open_crew):
    crew = open_crew(usual_s={STUDENT: 500.0, WARM: 500.0}, allowed_s={STUDENT: 600.0, WARM: 600.0})
    job = ask(crew, "hang")
    wait_until(lambda: job.state == RUNNING and crew.pids)
    (pid,) = crew.pids
    crew.desk.cancel(job.id)
    wait_until(lambda: not runs(pid), limit_s=5.0)


def test_after_a_cancelled_job_the_next_finds_a_worker(open_crew):
    crew = open_crew()
    job = ask(crew, "hang")
    wait_until(lambda: job.state == RUNNING and crew.pids)
    (old,) = crew.pids
    crew.desk.cancel(job.id)
    wait_until(lambda: crew.pids and crew.pids != [old])
    (new,) = crew.pids
    assert ended(ask(crew, "work")).result["pid"] == new


def test_an_idle_process_gives_its_memory_back(open_crew):
    crew = open_crew(idle_s=0.2)
    pid = ended(ask(crew, "work")).result["pid"]
    wait_until(lambda: not runs(pid))
    assert crew.pids == []
    assert ended(ask(crew, "work")).state == DONE


def test_several_work_at_once(open_crew):
    crew = open_crew(workers=2)
    slow = ask(crew, "hang", "ann")
    assert ended(ask(crew, "work", "ben")).state == DONE
    assert slow.state == RUNNING


def test_closing_ends_all_processes(open_crew):
    crew = open_crew()
    job = ask(crew, "hang")
    wait_until(lambda: crew.pids)
    pids = crew.pids
    crew.close()
    assert job.state == CANCELLED
    assert not any(runs(pid) for pid in pids)
