"""What is shipped: whole, small enough, replayable, with its origin and licence, and all that the lessons need."""

import io
import json
from collections import Counter
from itertools import combinations
from pathlib import Path

import mir_eval
import numpy as np
import pytest
import soundfile

from svc_core.model.checkpoint import model_hash
from svc_core.precompute import main as precompute
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
ALTERED = {e.id for e in ENTRIES if e.guidance or e.without or e.swap or e.defect}
PLAIN = [entry for entry in ENTRIES if entry.id not in ALTERED and not entry.note]
CONDITIONS = ("content", "loudness", "melody", "singer")  # as the catalogue sorts them
SET_LIMIT_MB = 120
MODELS_LIMIT_MB = 60  # a third of it light/, the same models once more, for a host without torch
FULL_LIMIT_MB, LIGHT_LIMIT_MB = 6.0, 0.7  # of 5 s
STATE_LIMIT_DB = {"full": 0.5, "light": 0.65}  # a light trace keeps 14 of a thousand predictions
FIRST_LIMIT_MB = 2.9  # of 3 MB that a page may fetch before the first scrub; the rest are the modules
FIRST = {"walk", "predicted", "second", "source", "target", "f0", "target_f0"}


def size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def shipped(trace: str) -> Trace:
    return open_trace(SHIPPED / trace)


def test_ten_conversions_can_be_walked_through_and_eighty_chosen_from():
    assert len(FULL) >= 10
    assert {(entry.sampler, entry.steps) for entry in ENTRIES if entry.detail == "full"} == {("ddpm", 1000)}
    assert len(PLAIN) >= 80
    walks = {(e.phrase, e.source, e.target) for e in PLAIN if e.sampler == "ddpm"}
    targets = Counter(target for _, _, target in walks)
    assert min(targets[name] for name in ("makam-f3", "makam-f4", "makam-m2", "pjs-m1")) >= 14
    assert any(source.startswith("vocalset") for _, source, _ in walks)  # whom the models never heard


def test_some_targets_sang_the_same_phrase_themselves():
    full = {(e.phrase, e.source, e.target) for e in ENTRIES if e.detail == "full"}
    both_ways = [one for one in full if (one[0], one[2], one[1]) in full]
    assert len(both_ways) >= 4
    for trace_id in FULL:
        manifest = shipped(trace_id).manifest
        if (manifest.source.phrase, manifest.target, manifest.source.singer) in full:
            assert manifest.reference.phrase == manifest.source.phrase


def test_one_thing_at_a_time_is_changed():
    """Of one conversion: other noise, other keys, and each condition taken away, guided, swapped or broken."""
    base = next(e for e in ENTRIES if e.defect == "clamp")
    same = [e for e in ENTRIES if (e.phrase, e.source, e.target) == (base.phrase, base.source, base.target)]
    plain = [e for e in same if e.id not in ALTERED]
    assert len({e.seed for e in plain if e.sampler == "ddpm"}) >= 3
    assert len({e.key_shift_semitones for e in plain if e.sampler == "ddpm"}) >= 3
    assert {e.without for e in same if e.sampler == "ddpm"} >= {"", *CONDITIONS}
    assert {e.guidance for e in same} >= {f"{name}={weight}" for name in CONDITIONS for weight in (1, 2, 4)}
    assert len({e.swap_at for e in same if e.swap}) >= 3
    assert {e.defect for e in same} == {"", "clamp", "early-f0", "sigma-max"}
    assert all(e.note for e in same if e.defect)


def test_a_thousand_steps_forty_and_one_stand_side_by_side():
    walks = {}
    for entry in PLAIN:
        walks.setdefault((entry.phrase, entry.source, entry.target), set()).add((entry.sampler, entry.steps))
    wanted = {("ddpm", 1000), ("euler", 40), *(("consistency", steps) for steps in (1, 2, 4))}
    assert sum(found >= wanted for found in walks.values()) >= 4


def test_all_sixteen_coalitions_of_two_conversions_are_there():
    coalitions = {" ".join(left_out) for size in range(5) for left_out in combinations(CONDITIONS, size)}
    found = {}
    for entry in ENTRIES:
        if (entry.sampler, entry.steps) == ("consistency", 1):
            found.setdefault((entry.phrase, entry.source, entry.target), set()).add(entry.without)
    assert sum(without == coalitions for without in found.values()) >= 2


def test_one_failure_is_named_as_such():
    failures = [entry for entry in ENTRIES if entry.label == "failure"]
    assert len(failures) == 1
    assert failures[0].note.startswith("A failure")


def test_catalogue_lists_every_folder():
    assert sorted(IDS) == sorted(path.parent.name for path in SHIPPED.glob("*/trace.json"))


def test_set_can_be_verified_with_what_lies_beside_the_traces():
    assert precompute(["--verify", "--out", str(SHIPPED)]) == 0


def test_whole_set_is_small_enough():
    assert size_mb(SHIPPED) <= SET_LIMIT_MB


def test_the_models_are_small_enough():
    assert size_mb(REPOSITORY / "models") <= MODELS_LIMIT_MB


def test_every_trace_is_of_a_shipped_model():
    hashes = {model_hash(path) for path in (REPOSITORY / "models").glob("*.safetensors")}
    assert {shipped(trace_id).manifest.model.sha256_12 for trace_id in IDS} <= hashes


@pytest.mark.parametrize("trace_id", IDS)
def test_trace_is_whole_and_small_enough(trace_id):
    trace = shipped(trace_id)
    trace.verify()
    manifest = trace.manifest
    five_s = 5 / manifest.seconds
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
    assert (manifest.hidden is not None) == (steps >= 8)  # a map needs some places
    if manifest.hidden is not None:
        assert len(shipped(trace_id).hidden_vectors()) == 7
    if trace_id not in ALTERED and not manifest.note:
        assert manifest.scores["rpa"] > 0.8


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
    if trace_id not in ALTERED:  # strong guidance overshoots the scale of decibels, and what is cut off is not replayed
        assert trace.manifest.state_error_db <= STATE_LIMIT_DB[trace.manifest.detail]
    replay = replay_of(trace)
    *_, (place, last) = replay.states()
    assert place == trace.manifest.sampler.steps - 1
    result = replay.predicted_at(place)
    if trace.manifest.sampler.name != "consistency" and trace.manifest.sampler.defect != "clamp":
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
    assert pitch_accuracy(half_way) > 0.8  # by DIO, on a few frames more or fewer than the scores' Harvest
    assert pitch_accuracy(len(walk) - 1) > 0.8
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
