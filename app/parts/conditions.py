"""What stands beside what in the lesson on conditions: names, sentences and places in the address, as data."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from app.parts.compare import Axis, Wanted
from app.parts.exhibits import JAPANESE, STUDENT, TEACHER, WALK, WALK_KEY_SEMITONES, Exhibit
from app.parts.names import key_label

CONDITIONS = ("content", "melody", "loudness", "singer")
WAYS = {  # how a coalition is sung: words for the reader, and the conversion that is told everything
    "walk": ("In 1000 steps: one at a time", WALK),
    "student": ("In one step: any of the 16", STUDENT),
    "japanese": ("In one step: a Japanese phrase", JAPANESE),
}
GONE = {
    "content": "**Content is gone**: nobody says which sounds to sing. The tune goes on. Can you make out a word?",
    "melody": "**Melody is gone**: nobody says which note to sing. The line ◆ leaves the dots, or is not there at all: "
    "much of the voice has no pitch any more.",
    "loudness": "**Loudness is gone**: nobody says when to swell. Compare the lower lines: which one follows the dots?",
    "singer": "**The singer is gone**: notes and loudness stay; nobody says whose voice to use. Do you know it?",
}
SWITCHES = tuple(
    Axis((("", name.capitalize()), (name, name)), None if index else "The model is told", switches=True)
    for index, name in enumerate(CONDITIONS)
)
WEIGHTS = ("1", "2", "4")
GUIDED = (
    Axis(tuple((name, name) for name in CONDITIONS), "Turn up"),
    Axis(tuple((weight, f"by {weight}") for weight in WEIGHTS), "how far"),
)
NEWCOMER, SWAPS, NEVER = "pjs-m1", (500, 700, 850, 950), "never"
SWAPPED = (Axis((*((str(at), str(at)) for at in SWAPS), (NEVER, NEVER)), f"Told {NEWCOMER} after"),)


def coalitions(plain: Exhibit) -> list[Wanted]:
    """All sixteen cases of told and not told; the first is told everything."""
    return [_coalition(plain, at) for at in product(*(("", name) for name in CONDITIONS))]


def _coalition(plain: Exhibit, at: tuple[str, ...]) -> Wanted:
    gone = sorted(name for name in at if name)
    if not gone:
        cue = "**Nothing is taken away**: both are the same, and the difference is dark. Turn a switch off."
    elif len(gone) == 1:
        cue = GONE[gone[0]]
    else:
        cue = f"**Gone: {_listed(gone)}.** What is left to hold on to?"
    name = f"Without {_listed(gone)}" if gone else "Nothing taken away"
    return Wanted(at, replace(plain, without=" ".join(gone)), name, cue, {"without": ",".join(gone)})


def _listed(names: list[str]) -> str:
    """['a', 'b', 'c'] -> 'a, b and c'."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def guided() -> list[Wanted]:
    """Each condition turned up by each weight."""
    return [
        Wanted(
            (name, weight),
            replace(TEACHER, guidance=f"{name}={weight}"),
            f"{name.capitalize()} turned up by {weight}",
            f"**{name.capitalize()}, weight {weight}**, on top of what the model has learnt. What is gained, what is "
            "lost? The table below has both; what stays within noise is neither.",
            {"guide": name, "weight": weight},
        )
        for name in CONDITIONS
        for weight in WEIGHTS
    ]


def swapped() -> list[Wanted]:
    """The newcomer's name told after ever more steps; the last is never told it."""
    at_some_step = [
        Wanted(
            (str(at),),
            replace(WALK, swap=NEWCOMER, swap_at=at),
            f"Told {NEWCOMER} after {at} steps",
            f"**{NEWCOMER} from the dashed line on.** Melody and key stay as they were. Slide across the line: before "
            "it the difference is rounding, after it the voice moves.",
            {"swap": str(at)},
        )
        for at in SWAPS
    ]
    cue = "**Never swapped**: both are the same walk, and the difference is dark."
    return [*at_some_step, Wanted((NEVER,), WALK, "Never swapped", cue, {"swap": NEVER})]


def chances() -> list[Wanted]:
    """Other noise, and other keys."""
    plain_key = key_label(WALK_KEY_SEMITONES)
    seeds = [
        Wanted(
            (f"seed{seed}",),
            replace(WALK, seed=seed),
            f"Seed {seed}",
            "**Other noise, all else alike.** Where do the pictures differ, and can you hear it?",
            {"other": f"seed{seed}"},
        )
        for seed in (1, 2)
    ]
    keys = [
        Wanted(
            (f"key{key}",),
            replace(WALK, key_shift_semitones=key),
            key_label(key).capitalize(),
            f"**Same noise, {key_label(key)}** (● is {plain_key}). Only the notes were told otherwise. Does the voice "
            "stay? See in the table how similar it is to the target.",
            {"other": f"key{key}"},
        )
        for key in (-5, 0)
    ]
    return [*seeds, *keys]
