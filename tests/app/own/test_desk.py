"""The queue: fair, cancellable, and honest about how long it takes. Time is a number that the tests move."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from app.own.desk import CANCELLED, DONE, FAILED, RUNNING, WAITING, Desk, DeskError
from app.own.limits import FIGURES, LOOK, STUDENT, TEACHER, WARM, Limits

LIMITS = replace(Limits(), workers=1, usual_s={WARM: 5.0, LOOK: 1.0, STUDENT: 2.0, FIGURES: 3.0, TEACHER: 10.0})


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def desk(clock):
    return Desk(LIMITS, clock)


def ask(desk, visitor, kind=STUDENT, take="take"):
    return desk.submit(kind, visitor, take, Path(), {"do": kind})


def serve(desk, clock, seconds):
    """The next job, done in that time."""
    job = desk.next(0)
    clock.now_s += seconds
    desk.finish(job, {})
    return job


def test_visitors_take_turns_whoever_asked_for_more(desk, clock):
    many = [ask(desk, "ann") for _ in range(3)]
    one = ask(desk, "ben")
    served = [serve(desk, clock, 2.0) for _ in range(4)]
    assert served == [many[0], one, many[1], many[2]]


def test_who_was_served_long_waits_for_who_was_served_shortly(desk, clock):
    ask(desk, "ann", TEACHER)
    serve(desk, clock, 10.0)
    ask(desk, "ben")
    serve(desk, clock, 2.0)
    again = ask(desk, "ann")
    fresh = [ask(desk, "ben"), ask(desk, "ben")]
    assert [serve(desk, clock, 2.0) for _ in range(3)] == [*fresh, again]


def test_what_runs_counts_already(clock):
    desk = Desk(replace(LIMITS, workers=2), clock)
    first, second = ask(desk, "ann"), ask(desk, "ann", LOOK)
    other = ask(desk, "ben")
    assert desk.next(0) is second  # the shorter one
    assert desk.next(0) is other
    assert desk.next(0) is first


def test_short_jobs_come_first_but_a_long_one_not_last_for_ever(desk, clock):
    long = ask(desk, "ann", TEACHER)
    served = []
    for _ in range(8):
        ask(desk, "ben")
        served.append(serve(desk, clock, 2.0))
    # after four of ben's, his fifth would bring him to 10 s as the long one brings ann, who came first
    assert served.index(long) == 4


def test_what_is_left_of_a_job_waits_behind_sounds_of_others(desk, clock):
    first, second = ask(desk, "ann"), ask(desk, "ben")
    assert desk.next(0) is first
    clock.now_s += 2
    desk.early(first, {"sound": "a.flac"})
    desk.later(first, FIGURES, {"do": FIGURES})
    assert (first.state, first.kind, first.request, first.early) == (
        WAITING,
        FIGURES,
        {"do": FIGURES},
        {"sound": "a.flac"},
    )
    assert desk.ahead(first) == (1, 5.0)
    assert serve(desk, clock, 2.0) is second
    assert serve(desk, clock, 3.0) is first
    assert (first.state, first.worked_s) == (DONE, 5.0)


def test_what_is_left_of_a_cancelled_job_is_not_begun(desk, clock):
    job = ask(desk, "ann")
    desk.next(0)
    desk.cancel(job.id)
    desk.later(job, FIGURES, {"do": FIGURES})
    assert (job.state, job.kind) == (CANCELLED, STUDENT)
    assert desk.next(0) is None


def test_place_and_time_left_are_told(desk, clock):
    first = ask(desk, "ann", TEACHER)
    desk.next(0)
    second, third = ask(desk, "ben"), ask(desk, "eve")
    assert [desk.ahead(job) for job in (first, second, third)] == [(0, 10.0), (1, 12.0), (2, 14.0)]
    clock.now_s += 4
    assert [desk.ahead(job) for job in (first, second, third)] == [(0, 6.0), (1, 8.0), (2, 10.0)]
    clock.now_s += 60  # longer than thought: it may end at any moment
    assert desk.ahead(first) == (0, 0.0) and desk.ahead(second) == (1, 2.0)


def test_two_workers_halve_the_waiting(clock):
    desk = Desk(replace(LIMITS, workers=2), clock)
    jobs = [ask(desk, name) for name in ("ann", "ben", "eve", "joe")]
    assert [desk.ahead(job)[1] for job in jobs] == [2.0, 2.0, 4.0, 4.0]


def test_times_are_learnt_from_what_was_done(desk, clock):
    for _ in range(20):
        ask(desk, "ann")
        serve(desk, clock, 5.0)
    assert desk.ahead(ask(desk, "ann"))[1] == pytest.approx(5.0, abs=0.01)


def test_failures_and_cancellations_teach_no_times(desk, clock):
    ask(desk, "ann")
    job = desk.next(0)
    clock.now_s += 50
    desk.fail(job, "Nothing was sung.")
    assert (job.state, job.problem) == (FAILED, "Nothing was sung.")
    assert desk.ahead(ask(desk, "ann")) == (0, 2.0)


def test_cancelled_jobs_are_not_begun_and_do_not_end_otherwise(desk):
    waiting, other = ask(desk, "ann"), ask(desk, "ben")
    assert desk.cancel(waiting.id) and waiting.state == CANCELLED
    running = desk.next(0)
    assert running is other
    assert desk.cancel(running.id)
    desk.finish(running, {"too": "late"})
    assert (running.state, running.result) == (CANCELLED, None)
    assert not desk.cancel(running.id) and not desk.cancel("unknown")


def test_progress_never_goes_back_and_ends_at_the_whole(desk):
    job = ask(desk, "ann")
    desk.progress(job, 0.5, "early")
    assert job.share == 0.0  # it does not run yet
    desk.next(0)
    for share in (0.2, 0.6, 0.4, 7.0):
        desk.progress(job, share, "sampling")
    assert (job.share, job.words) == (1.0, "sampling")
    desk.finish(job, {"trace": "x"})
    assert (job.state, job.result, job.share) == (DONE, {"trace": "x"}, 1.0)


def test_one_visitor_has_few_and_all_together_have_an_end(clock):
    desk = Desk(replace(LIMITS, most_each=2, most_waiting=3), clock)
    ask(desk, "ann"), ask(desk, "ann")
    with pytest.raises(DeskError, match="2 of your conversions are being made already"):
        ask(desk, "ann")
    ask(desk, "ben")
    with pytest.raises(DeskError, match="Too many people"):
        ask(desk, "eve")
    serve(desk, clock, 1.0)
    assert ask(desk, "eve").state == WAITING


def test_an_hour_has_room_for_so_many_conversions(clock):
    desk = Desk(replace(LIMITS, most_an_hour=2), clock)
    for _ in range(2):
        ask(desk, "ann")
        serve(desk, clock, 60.0)
    with pytest.raises(DeskError, match=r"2 conversions an hour are made for one visitor; the next .* in 58 minutes"):
        ask(desk, "ann")
    for kind, visitor in ((LOOK, "ann"), (STUDENT, "ben")):  # looking at a recording is none, and others have theirs
        ask(desk, visitor, kind)
        serve(desk, clock, 0.0)
    clock.now_s += 3600.0 - 120.0 - 1.0
    with pytest.raises(DeskError, match=r"in 1 minute\."):
        ask(desk, "ann")
    clock.now_s += 1.0
    assert ask(desk, "ann").state == WAITING


def test_who_asked_long_ago_is_not_remembered(desk, clock):
    ask(desk, "ann")
    serve(desk, clock, 1.0)
    clock.now_s += 3600.5
    desk.sweep()
    assert desk._asked_s == {} and desk._served == {}


def test_one_worker_is_made_ready_and_counts_for_nobody(desk, clock):
    desk.warm()
    desk.warm()
    job = desk.next(0)
    assert (job.kind, job.request) == (WARM, {"do": WARM}) and desk.next(0) is None
    mine = ask(desk, "ann")
    assert desk.ahead(mine) == (0, 7.0)  # nobody is before it, but it takes as long
    desk.forget("take")
    assert job.state == RUNNING
    desk.sweep()
    desk.fail(job, "It ended.")
    ask(desk, "ann")
    desk.warm()  # not where there is work: that starts a worker by itself
    assert desk.next(0).kind == STUDENT and desk.next(0) is None


def test_a_worker_that_runs_is_preferred_to_one_to_be_started():
    desk = Desk(replace(LIMITS, workers=2))
    taken = {}
    takers = {
        is_ready: threading.Thread(target=lambda ready=is_ready: taken.update({ready: desk.next(30, ready)}))
        for is_ready in (False, True)
    }
    takers[True].start()
    while desk._ready == 0:
        pass
    takers[False].start()
    first = ask(desk, "ann")
    takers[True].join(timeout=10)
    assert taken == {True: first} and takers[False].is_alive()
    second = ask(desk, "ben")  # all that run are busy
    takers[False].join(timeout=10)
    assert taken[False] is second


def test_what_can_be_had_early_is_of_what_runs(desk):
    job = ask(desk, "ann")
    desk.early(job, {"sound": "too early"})
    assert job.early is None
    desk.next(0)
    desk.early(job, {"sound": "a.flac"})
    desk.finish(job, {})
    desk.early(job, {"sound": "too late"})
    assert job.early == {"sound": "a.flac"}


def test_forgetting_a_take_drops_its_jobs(desk):
    mine, other = ask(desk, "ann", take="mine"), ask(desk, "ben", take="other")
    running = desk.next(0)
    assert running is mine
    desk.forget("mine")
    assert mine.state == CANCELLED and desk.find(mine.id) is None
    assert desk.find(other.id) is other


def test_old_jobs_and_old_visitors_are_dropped(desk, clock):
    job = ask(desk, "ann", TEACHER)
    serve(desk, clock, 10.0)
    clock.now_s += LIMITS.kept_s + 1
    desk.sweep()
    assert desk.find(job.id) is None
    clock.now_s += 3600
    desk.sweep()
    ask(desk, "ben")
    serve(desk, clock, 2.0)
    ask(desk, "ben")
    again = ask(desk, "ann")  # as one who has never been here
    assert desk.next(0) is again


def test_waiting_for_a_job_ends_with_one_or_when_the_desk_closes(clock):
    desk = Desk(LIMITS)
    found = []
    taker = threading.Thread(target=lambda: found.append(desk.next(30)))
    taker.start()
    job = ask(desk, "ann")
    taker.join(timeout=10)
    assert found == [job] and job.state == RUNNING
    closer = threading.Thread(target=lambda: found.append(desk.next(30)))
    closer.start()
    desk.close()
    closer.join(timeout=10)
    assert found[1] is None and job.state == CANCELLED
    assert desk.next(0.01) is None
