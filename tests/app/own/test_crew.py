"""Workers: real processes that answer in lines, hang, die and are killed."""

import os
import sys
import time
from dataclasses import replace

import pytest

from app.own.crew import Crew
from app.own.desk import CANCELLED, DONE, ENDED, FAILED, RUNNING, Desk
from app.own.limits import STUDENT, Limits

# Does what its requests say.
PROGRAM = """
import json, os, sys, time
for line in sys.stdin:
    wish = json.loads(line)["wish"]
    if wish == "die":
        os._exit(9)
    if wish == "hang":
        time.sleep(600)
    if wish == "refuse":
        print(json.dumps({"problem": "Nothing was sung."}), flush=True)
        continue
    if wish == "babble":
        print("no JSON", flush=True)
        continue
    print(json.dumps({"share": 0.5, "words": "half"}), flush=True)
    print(json.dumps({"done": {"pid": os.getpid()}}), flush=True)
"""
LIMITS = replace(Limits(), workers=1, idle_s=60.0, allowed_s={STUDENT: 20.0})


@pytest.fixture
def open_crew(tmp_path):
    crews = []

    def open_crew(**changes):
        crew = Crew(Desk(replace(LIMITS, **changes)), [sys.executable, "-c", PROGRAM], tmp_path)
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


@pytest.mark.parametrize("wish", ["die", "babble"])
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


def test_one_that_hangs_is_ended_and_said(open_crew):
    crew = open_crew(allowed_s={STUDENT: 0.5})
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
