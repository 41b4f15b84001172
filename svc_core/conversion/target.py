"""A target singer of one's own: a folder of recordings, learnt, and what a trace shows of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from svc_core.conversion.job import Credit, Excerpt, Job
from svc_core.conversion.material import seconds_of

REFERENCE_S = 8.0  # of the first recording: a phrase, to be heard beside the conversion


@dataclass(frozen=True)
class Target:
    """A model that has learnt one more singer, of that name, from these recordings."""

    name: str
    model: Path
    recordings: tuple[Path, ...]
    credit: Credit


def with_target(job: Job, target: Target) -> Job:
    """The job, to be heard beside the beginning of the target's first recording."""
    path = target.recordings[0]
    whole = Excerpt(path, 0.0, None, target.name, path.stem, path.stem, target.credit)
    end_s = None if seconds_of(whole) <= REFERENCE_S else REFERENCE_S
    return replace(job, reference=replace(whole, end_s=end_s))
