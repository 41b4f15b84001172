"""One's own target: heard beside the conversion by the beginning of the first recording."""

import numpy as np
import soundfile

from svc_core.conversion.job import Credit, Job
from svc_core.conversion.target import REFERENCE_S, Target, with_target
from tests.conversion.conftest import OWN, own_excerpt

CREDIT = Credit("grandma", "all rights reserved", "grandma, at home")


def asked(tmp_path, *seconds: float) -> Job:
    """A job with a target whose recordings are of those lengths."""
    paths = tuple(tmp_path / f"take {number}.wav" for number in range(len(seconds)))
    for path, length in zip(paths, seconds, strict=True):
        soundfile.write(path, np.zeros(round(8_000 * length)), 8_000)
    job = Job(own_excerpt(tmp_path / "la.wav"), "grandma", None, -2, 4, "euler", 3)
    return with_target(job, Target("grandma", tmp_path / "model.safetensors", paths, CREDIT))


def test_a_short_recording_is_heard_whole(tmp_path):
    reference = asked(tmp_path, REFERENCE_S, 3.0).reference
    assert (reference.path.name, reference.start_s, reference.end_s) == ("take 0.wav", 0.0, None)
    assert (reference.singer, reference.phrase, reference.song) == ("grandma", "take 0", "take 0")
    assert reference.credit == CREDIT


def test_of_a_long_one_the_beginning_is_heard(tmp_path):
    assert asked(tmp_path, REFERENCE_S + 0.5).reference.end_s == REFERENCE_S


def test_nothing_else_of_the_job_changes(tmp_path):
    job = asked(tmp_path, 1.0)
    assert (job.target, job.key_shift, job.seed, job.sampler, job.steps) == ("grandma", -2, 4, "euler", 3)
    assert job.source.credit == OWN
    assert job.id == "la--own-voice--grandma--key-2--euler3--seed4"
