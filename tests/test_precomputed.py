"""What is shipped: whole, small enough, and with its origin and licence."""

import io
import json
from pathlib import Path

import mir_eval
import numpy as np
import pytest
import soundfile

from svc_core.traces.catalogue import read_catalogue
from svc_core.traces.replay import replay_of
from svc_core.traces.trace import open_trace

REPOSITORY = Path(__file__).resolve().parents[1]
SHIPPED = REPOSITORY / "precomputed"
IDS = [entry.id for entry in read_catalogue(SHIPPED)]
TRACE_LIMIT_MB = 10
SET_LIMIT_MB = 120
FIRST_LIMIT_MB = 2.9  # of 3 MB that a page may fetch before the first scrub; the rest are the modules


def size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def test_at_least_four_conversions_of_both_sexes_and_across():
    entries = read_catalogue(SHIPPED)
    assert len(entries) >= 4
    sexes = {(entry.source.split("-")[1][0], entry.target.split("-")[1][0]) for entry in entries}
    assert {target for _, target in sexes} == {"f", "m"}
    across = [entry for entry in entries if entry.source.split("-")[1][0] != entry.target.split("-")[1][0]]
    assert any(entry.key_shift_semitones != 0 for entry in across)


def test_catalogue_lists_every_folder():
    assert sorted(IDS) == sorted(path.parent.name for path in SHIPPED.glob("*/trace.json"))


def test_whole_set_is_small_enough():
    assert size_mb(SHIPPED) <= SET_LIMIT_MB


@pytest.mark.parametrize("trace_id", IDS)
def test_trace_is_whole_and_small_enough(trace_id):
    trace = open_trace(SHIPPED / trace_id)
    trace.verify()
    assert size_mb(trace.folder) <= TRACE_LIMIT_MB
    first = [name for name in trace.manifest["files"] if name.endswith(".npy.gz")]
    assert sum(trace.manifest["files"][name]["bytes"] for name in first) / 1e6 <= FIRST_LIMIT_MB


@pytest.mark.parametrize("trace_id", IDS)
def test_trace_names_its_origin_and_licence_and_no_machine(trace_id):
    manifest = open_trace(SHIPPED / trace_id).manifest
    assert manifest["licence"].startswith("CC BY")
    for part in ("source", "target"):
        assert manifest[part]["attribution"] in manifest["attribution"]
        assert manifest[part]["licence"].startswith("CC BY")
        assert "/" not in manifest[part]["file"]
    assert '"/' not in json.dumps(manifest)


@pytest.mark.parametrize("trace_id", IDS)
def test_trace_replays_close_to_what_the_sampler_did(trace_id):
    trace = open_trace(SHIPPED / trace_id)
    assert trace.manifest["replay_error_db"] <= 0.5
    replay = replay_of(trace)
    *_, (step, last) = replay.states()
    assert step == 0
    result = replay.predicted_at(0)
    assert abs(replay.state_db(last) - result).mean() < 1.0  # at step 0 hardly any noise is left


@pytest.mark.parametrize("trace_id", IDS)
def test_every_sound_is_as_long_as_the_picture(trace_id):
    trace = open_trace(SHIPPED / trace_id)
    wanted_s = trace.manifest["frames"] * 256 / 24_000
    names = [name for name in trace.manifest["files"] if name.startswith("sound/") and "target" not in name]
    assert len(names) == 2 + 2 * len(trace.manifest["sounds"])
    for name in names:
        samples, rate_hz = soundfile.read(io.BytesIO((trace.folder / name).read_bytes()))
        assert rate_hz == 24_000
        assert len(samples) / rate_hz == pytest.approx(wanted_s, abs=0.06)


@pytest.mark.parametrize("trace_id", IDS)
def test_f0_at_the_end_is_the_melody_that_was_asked_for(trace_id):
    """The contour is measured on the sound, not copied: most voiced frames of the result are within 50 cents."""

    trace = open_trace(SHIPPED / trace_id)
    f0_hz = trace.f0_hz()
    times_s = (np.arange(trace.manifest["frames"]) + 0.5) * 256 / 24_000

    def pitch_accuracy(step: int) -> float:
        heard_hz = f0_hz[f"predicted_{step:04d}"]
        return mir_eval.melody.evaluate(times_s, f0_hz["asked"], times_s, heard_hz)["Raw Pitch Accuracy"]

    assert pitch_accuracy(300) > 0.85  # the guess half-way is smooth
    assert pitch_accuracy(0) > 0.6  # the result has texture, and a small model's is rough
    noise = f0_hz["state_0999"]
    assert (noise > 0).mean() < 0.2
