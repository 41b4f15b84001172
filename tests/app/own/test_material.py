"""What is chosen from the conversions for one's own voice: a voice each, an example each, and their credits."""

from dataclasses import replace

from app.own.material import examples, voices
from app.serving.library import library
from svc_core.traces.ranges import RANGES
from svc_core.traces.register import rebuild_catalogue
from svc_core.traces.writing import write_trace
from tests.support.hand_traces import hand_files, hand_manifest


def add(folder, name, **changes):
    manifest = hand_manifest(name, **changes)
    write_trace(folder, manifest, hand_files(manifest))
    rebuild_catalogue(folder)


def test_every_target_is_a_voice_and_so_is_who_has_a_range_only(own_traces):
    (own_traces / RANGES).write_text("singer,low_hz,median_hz,high_hz\nalto,200,300,400\nx-m1,100,150,200\n")
    found = voices(library().catalogue())
    assert list(found) == ["alto", "x-m1", "bass"]
    assert found["alto"]["range"] == {"low_hz": 200.0, "median_hz": 300.0, "high_hz": 400.0}
    assert found["bass"]["range"] is None
    assert found["x-m1"] == {
        "label": "man x-m1",
        "about": "",
        "reference": None,
        "range": {"low_hz": 100.0, "median_hz": 150.0, "high_hz": 200.0},
    }
    name, version = found["bass"]["reference"].split("?v=")
    assert name == "./traces/sanctus--alto--bass/sound/target.flac" and len(version) == 8


def test_a_broken_table_of_ranges_leaves_the_voices(own_traces):
    (own_traces / RANGES).write_text("singer,low_hz\nalto,high\n")
    assert [voice["range"] for voice in voices(library().catalogue()).values()] == [None, None]


def test_a_conversion_that_cannot_be_opened_is_left_out(own_traces):
    (own_traces / "sanctus--alto--bass" / "trace.json").write_text("{")
    assert list(voices(library().catalogue())) == ["alto"]
    assert [example["id"] for example in examples(library().catalogue())] == ["amen--bass--alto"]


def test_examples_are_of_different_singers_and_plain_conversions(own_traces):
    tenor = replace(hand_manifest().source, singer="tenor")
    add(own_traces, "tenor", source=tenor)
    found = {example["id"] for example in examples(library().catalogue())}
    assert found == {"amen--bass--alto", "sanctus--alto--bass", "tenor"}
    manifest = hand_manifest("tenor", source=tenor)
    manifest = replace(manifest, sampler=replace(manifest.sampler, without=["melody"]))
    write_trace(own_traces, manifest, hand_files(manifest))
    rebuild_catalogue(own_traces)
    assert "tenor" not in [example["id"] for example in examples(library().catalogue())]


def test_a_licence_that_the_credit_names_is_not_named_twice(own_traces):
    source = replace(hand_manifest().source, singer="tenor", licence="CC BY 4.0", attribution="By X; CC BY 4.0")
    add(own_traces, "named", source=source)
    source = replace(source, singer="treble", attribution="By Y")
    add(own_traces, "unnamed", source=source)
    about = {example["id"]: example["about"] for example in examples(library().catalogue())}
    assert (about["named"], about["unnamed"]) == ("By X; CC BY 4.0", "By Y; CC BY 4.0")
