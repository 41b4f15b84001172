"""What is shipped: whole, small enough, replayable, and with its origin and licence."""

import io
import json
import tomllib
from pathlib import Path

import mir_eval
import numpy as np
import pytest
import soundfile

from svc_core.traces.catalogue import read_catalogue
from svc_core.traces.manifest import MANIFEST
from svc_core.traces.replay import replay_of
from svc_core.traces.steps import interval_centres
from svc_core.traces.trace import Trace, open_trace

REPOSITORY = Path(__file__).resolve().parents[1]
SHIPPED = REPOSITORY / "precomputed"
ENTRIES = list(read_catalogue(SHIPPED))
IDS = [entry.id for entry in ENTRIES]
FULL = [entry.id for entry in ENTRIES if entry.detail == "full"]
SET_LIMIT_MB = 120
FULL_LIMIT_MB, LIGHT_LIMIT_MB = 6.0, 0.7  # of 5 s
FIRST_LIMIT_MB = 2.9  # of 3 MB that a page may fetch before the first scrub; the rest are the modules
FIRST = {"walk", "predicted", "second", "source", "target", "f0", "target_f0"}


def size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def shipped(trace: str) -> Trace:
    return open_trace(SHIPPED / trace)


def test_at_least_four_conversions_of_both_sexes_and_across():
    assert len(FULL) >= 4
    sexes = {(entry.source.split("-")[1][0], entry.target.split("-")[1][0]) for entry in ENTRIES}
    assert {target for _, target in sexes} == {"f", "m"}
    across = [entry for entry in ENTRIES if entry.source.split("-")[1][0] != entry.target.split("-")[1][0]]
    assert any(entry.key_shift_semitones != 0 for entry in across)


def test_catalogue_lists_every_folder():
    assert sorted(IDS) == sorted(path.parent.name for path in SHIPPED.glob("*/trace.json"))


def test_whole_set_is_small_enough():
    assert size_mb(SHIPPED) <= SET_LIMIT_MB


def test_the_samplers_of_the_plan_are_there():
    with (SHIPPED / "plan.toml").open("rb") as file:
        asked = {name for block in tomllib.load(file)["conversions"] for name in block["samplers"]}
    assert {entry.sampler for entry in ENTRIES} == {name.partition(":")[0] for name in asked}


@pytest.mark.parametrize("trace_id", IDS)
def test_trace_is_whole_and_small_enough(trace_id):
    trace = shipped(trace_id)
    trace.verify()
    manifest = trace.manifest
    five_s = 5 / manifest.seconds
    # a Heun trace keeps two predictions a step
    limit_mb = FULL_LIMIT_MB if manifest.detail == "full" else LIGHT_LIMIT_MB
    assert size_mb(trace.folder) * five_s <= limit_mb
    first = sum(facts.bytes for name, facts in manifest.files.items() if name.split(".")[0] in FIRST)
    assert first / 1e6 <= FIRST_LIMIT_MB


@pytest.mark.parametrize("trace_id", IDS)
def test_trace_keeps_as_much_as_was_promised(trace_id):
    manifest, metrics = shipped(trace_id).manifest, shipped(trace_id).metrics()
    steps, full = manifest.sampler.steps, manifest.detail == "full"
    assert (metrics.kind == "predicted").sum() >= min(steps, 100 if full else 25)
    assert len(manifest.sounds) >= min(steps, 25 if full else 6)
    assert len(shipped(trace_id).hidden_vectors()) == 7
    assert manifest.scores["rpa"] > 0.5


@pytest.mark.parametrize("trace_id", IDS)
def test_trace_names_its_origin_and_licence_and_no_machine(trace_id):
    manifest = shipped(trace_id).manifest
    assert manifest.licence.startswith("CC BY")
    for recording in (manifest.source, manifest.reference):
        assert recording.attribution in manifest.attribution
        assert recording.licence.startswith("CC BY")
        assert "/" not in recording.file
    assert '"/' not in json.dumps(json.loads((SHIPPED / trace_id / MANIFEST).read_text(encoding="utf-8")))


@pytest.mark.parametrize("trace_id", IDS)
def test_trace_replays_close_to_what_the_sampler_did(trace_id):
    trace = shipped(trace_id)
    assert trace.manifest.state_error_db <= 0.5
    replay = replay_of(trace)
    *_, (place, last) = replay.states()
    assert place == trace.manifest.sampler.steps - 1
    result = replay.predicted_at(place)
    assert abs(replay.state_db(last) - result).mean() < 1.0  # at the last step hardly any noise is left


@pytest.mark.parametrize("trace_id", IDS)
def test_every_sound_is_as_long_as_the_picture(trace_id):
    trace = shipped(trace_id)
    names = [name for name in trace.manifest.files if name.startswith("sound/") and "target" not in name]
    assert len(names) == 1 + sum(1 + (sound.state is not None) for sound in trace.manifest.sounds)
    for name in names:
        samples, rate_hz = soundfile.read(io.BytesIO(trace.read(name)))
        assert rate_hz == 24_000
        assert len(samples) / rate_hz == pytest.approx(trace.manifest.seconds, abs=0.06)


@pytest.mark.parametrize("trace_id", FULL)
def test_f0_at_the_end_is_the_melody_that_was_asked_for(trace_id):
    """The contour is measured on the sound, not copied: most voiced frames of the result are within 50 cents."""
    trace = shipped(trace_id)
    f0_hz, walk = trace.f0_hz(), trace.walk()
    times_s = (np.arange(trace.manifest.frames) + 0.5) * 256 / 24_000

    def pitch_accuracy(place: int) -> float:
        heard_hz = f0_hz[f"predicted_{place:04d}"]
        return mir_eval.melody.evaluate(times_s, f0_hz["asked"], times_s, heard_hz)["Raw Pitch Accuracy"]

    half_way = min(trace.manifest.contours.predicted, key=lambda place: abs(walk.step[place] - 300))
    assert pitch_accuracy(half_way) > 0.75  # the guess half-way is smooth
    assert pitch_accuracy(len(walk) - 1) > 0.6  # the result has texture, and a small model's is rough
    assert (f0_hz["state_0000"] > 0).mean() < 0.2  # noise


@pytest.mark.parametrize("trace_id", FULL)
def test_a_hundred_steps_can_be_chosen_to_look_at(trace_id):
    for vectors in shipped(trace_id).hidden_vectors().values():
        chosen = interval_centres(vectors, 100)
        assert (chosen // 10).tolist() == list(range(100))


def test_all_traces_share_one_scale():
    scales = [shipped(trace_id).manifest.scale for trace_id in IDS]
    assert len({(s.floor_db, s.db_per_level, s.f0_low_hz, s.f0_high_hz) for s in scales}) == 1
    assert scales[0].f0_high_hz > 1_400  # the highest note written for a soprano
