"""What singers, keys, samplers and conversions are called, and that names from data stay plain text."""

import html
import re
from dataclasses import replace

import pytest

from app.parts.names import DEFECTS, as_text, key_label, peculiarities, sampler_label, singer_label, trace_label
from svc_core.conversion import defects
from svc_core.traces.catalogue import Entry, entry_of
from tests.support.hand_traces import hand_manifest


@pytest.mark.parametrize(
    ("semitones", "label"),
    [
        (0, "same key"),
        (1, "1 semitone higher"),
        (-1, "1 semitone lower"),
        (-9, "9 semitones lower"),
        (12, "12 semitones higher"),
    ],
)
def test_key(semitones, label):
    assert key_label(semitones) == label


@pytest.mark.parametrize(
    ("singer", "label"), [("makam-f2", "woman makam-f2"), ("pjs-m1", "man pjs-m1"), ("own-voice", "own voice")]
)
def test_singer(singer, label):
    assert singer_label(singer) == label


@pytest.mark.parametrize(
    ("sampler", "steps", "label"),
    [("ddpm", 1000, "DDPM, 1000 steps"), ("consistency", 1, "consistency, 1 step"), ("new", 3, "new, 3 steps")],
)
def test_sampler(sampler, steps, label):
    assert sampler_label(sampler, steps) == label


ENTRY = replace(
    entry_of(hand_manifest("x", steps=1000)),
    phrase="gel_zemin",
    source="makam-m1",
    target="makam-f4",
    key_shift_semitones=7,
    seed=0,
)


def test_trace_in_one_line():
    label = "man makam-m1 → woman makam-f4 · “gel zemin” · 7 semitones higher · DDPM, 1000 steps"
    assert trace_label(ENTRY) == label


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, []),
        ({"guidance": "melody=-1 singer=1.5"}, ["guidance: melody −1, singer 1.5"]),
        ({"without": "melody"}, ["without melody"]),
        ({"without": "content loudness melody singer"}, ["without content, loudness, melody and singer"]),
        ({"swap": "makam-m2", "swap_at": 300}, ["singer swapped for man makam-m2 after 300 steps"]),
        ({"swap": "makam-f3", "swap_at": 1}, ["singer swapped for woman makam-f3 after 1 step"]),
        ({"defect": "clamp"}, ["bug: every noisy state clamped to ±1"]),
        ({"defect": "new"}, ["bug: new"]),
        ({"without": "content", "defect": "early-f0"}, ["without content", "bug: told the melody 27 ms early"]),
    ],
)
def test_what_was_done_to_a_conversion(changed, said):
    entry = replace(ENTRY, **changed)
    assert peculiarities(entry) == said
    assert trace_label(entry) == " · ".join([trace_label(ENTRY), *said])


def test_every_defect_has_a_name():
    assert set(DEFECTS) == set(defects.DEFECTS)


@pytest.mark.parametrize(
    "field", ["phrase", "source", "target", "sampler", "guidance", "without", "swap", "defect", "label"]
)
def test_traces_that_differ_are_called_differently(field):
    other: Entry = replace(ENTRY, **{field: "another"})
    assert trace_label(other) != trace_label(ENTRY)
    assert trace_label(replace(ENTRY, seed=1)) != trace_label(ENTRY)


@pytest.mark.parametrize(
    "name",
    [
        "plain name",
        "![x](http://evil/a.png)",
        "<script>x</script>",
        "**b** _i_ `c` $x$ ~~s~~",
        ":red[x] #1 | a-b",
        "ş“é”",
    ],
)
def test_text_keeps_every_sign_and_leaves_none_to_markdown(name):
    escaped = as_text(name)
    assert html.unescape(re.sub(r"\\(.)", r"\1", escaped)).replace("\u2060", "") == name
    assert not re.search(r"(?<!\\)[!\[\]()<>*_`$~:#|-]", escaped)
