"""How much of one's own voice the site takes on, and for how long; each number with its reason."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

LOOK, STUDENT, TEACHER = "look", "student", "teacher"  # what can be asked for
FIGURES = "figures"  # what is left of a student's conversion that can be heard
CONVERSIONS = frozenset({STUDENT, TEACHER})
WARM = "warm"  # what the server asks for itself: a worker that is ready before the first singer is


@dataclass(frozen=True)
class Limits:
    """The usual limits; tests and other servers may set their own."""

    # these two as in svc_core.own.recording, which the light hosting cannot import
    shortest_s: float = 1.0  # a note or two: below that there is nothing to see change
    longest_s: float = 15.0  # a verse; what a class of twenty waits for is twenty times as long
    most_bytes: int = 32 << 20  # 15 s of stereo at 192 kHz in 32 bits are 23 MB
    most_waiting: int = 60  # jobs of all; whoever comes later is told so at once, and can come again
    most_each: int = 3  # jobs of one visitor, waiting or running
    most_an_hour: int = 60  # conversions of one visitor: one a minute is more than can be listened to
    most_takes: int = 200  # recordings of all at once: visitors' names are made up, so theirs is no bound of all
    most_stored_bytes: int = 2 << 30  # of all takes: some 10 MB each, and far from filling a disk
    kept_s: float = 1800.0  # since somebody last looked: a break of a lesson
    workers: int = max(1, (os.cpu_count() or 1) // 2)  # the other cores are for the pages
    idle_s: float = 300.0  # until a worker without work is ended: its memory is the page's then
    # a job that takes longer hangs: many times what it takes, five seconds of singing on two cores
    allowed_s: dict[str, float] = field(
        default_factory=lambda: {WARM: 120.0, LOOK: 60.0, STUDENT: 60.0, FIGURES: 60.0, TEACHER: 180.0}
    )
    # what a job is thought to take before any has been measured
    usual_s: dict[str, float] = field(
        default_factory=lambda: {WARM: 8.0, LOOK: 1.5, STUDENT: 0.4, FIGURES: 3.0, TEACHER: 10.0}
    )
