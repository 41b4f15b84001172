"""Lesson: who carries what. The same noise, one thing changed, two colours."""

from dataclasses import replace
from itertools import product

import streamlit as st

from app.parts.compare import ASKED_SHOWN, Axis, Choice, Sound, asked_choice, show_compare, spread_of_seeds
from app.parts.exhibits import STUDENT, TEACHER, WALK, Exhibit, find_conversion, say_missing
from app.parts.lesson import lesson, say
from app.parts.names import as_text, key_label
from svc_core.traces.catalogue import Catalogue

LOOKS = {
    "away": "1. Take one away",
    "guidance": "2. Turn one up",
    "swap": "3. Swap the singer",
    "noise": "4. Other noise, other key",
}
CONDITIONS = ("content", "melody", "loudness", "singer")
JAPANESE = Exhibit(
    phrase="pjs091", source="pjs-m1", target="makam-f4", key_shift_semitones=9, sampler="consistency", steps=1
)
WAYS = {
    "walk": ("In 1000 steps: one at a time", WALK),
    "student": ("In one step: any of the 16", STUDENT),
    "japanese": ("In one step: a Japanese phrase", JAPANESE),
}
GONE = {
    "content": "**Content is gone**: nobody says which sounds to sing. The tune goes on. Can you make out a word?",
    "melody": "**Melody is gone**: nobody says which note to sing. The line ◆ leaves the dots, or is not there at all: "
    "much of it has no pitch any more.",
    "loudness": "**Loudness is gone**: nobody says when to swell. Compare the lower lines: which one follows the dots?",
    "singer": "**The singer is gone**: notes and loudness stay, but the voice belongs to nobody in particular.",
}
Wanted = tuple[tuple[str, ...], Exhibit, str, str, dict[str, str]]  # place on the axes, what, name, cue, address
SWAPPED, SWAPS = "pjs-m1", (500, 700, 850, 950)


def choose(name: str, options: dict[str, str], label: str) -> str:
    """One of the options, kept in the address under that name. A change starts a fresh address."""

    def note() -> None:
        if st.session_state[name] is not None:
            kept = {"look": st.query_params.get("look", "away")} if name != "look" else {}
            st.query_params.from_dict(kept | {name: st.session_state[name]})

    first = next(iter(options))
    asked = st.query_params.get(name, first)
    if asked not in options:
        st.warning(
            f"The address asks for {name} “{as_text(asked[:ASKED_SHOWN])}”, which there is none of; "
            f"“{options[first]}” is shown instead.",
            icon=":material/link_off:",
        )
        asked = first
    st.session_state[name] = asked
    st.segmented_control(label, list(options), format_func=options.get, key=name, on_change=note)
    return asked


def guess(about: str, ask: str, answers: dict[str, str], because: str, leads_to: dict[str, str]) -> None:
    """Let the reader guess before they listen; the figure then shows what was asked about."""
    key = f"guess_{about}"

    def look_there() -> None:
        if st.session_state[key] is None:
            return
        st.session_state["guesses"] = st.session_state.get("guesses", 0) + 1
        for name, value in leads_to.items():
            st.query_params[name] = value

    given = st.pills(f"**Guess first.** {ask}", list(answers), key=key, on_change=look_there)
    say(f"{answers[given]} {because}" if given else "*Choose one; then look and listen whether it is so.*")


def others_of(catalogue: Catalogue, wanted: list[Wanted]) -> list[Choice]:
    """Those of the wanted choices that are listed."""
    found = [(find_conversion(catalogue, exhibit), at, *rest) for at, exhibit, *rest in wanted]
    return [Choice(at, entry.id, name, cue, address) for entry, at, name, cue, address in found if entry]


def compare(
    catalogue: Catalogue, plain: Exhibit, name: str, wanted: list, axes: list[Axis], what: str, more=()
) -> None:
    """The figure, or a sentence where its conversions are not listed."""
    one, others = find_conversion(catalogue, plain), others_of(catalogue, wanted)
    if one is None or not others:
        say_missing(what)
        return
    chance = spread_of_seeds(catalogue, replace(WALK, target=plain.target, source=plain.source, phrase=plain.phrase))
    turn = st.session_state.get("guesses", 0)
    show_compare((one.id, name), others, axes, asked_choice(others), turn, chance, more, group="conditions")


def take_away(catalogue: Catalogue) -> None:
    say(
        "The model is told four things: **content** (which sounds), **melody** (which notes), **loudness** (how strong) "
        "and the **singer** (whose voice). Each is a [[condition]]. Take them away, and hear who carried what."
    )
    guess(
        "away",
        "What will be missing when the melody is taken away?",
        {
            "The words": "The words do not come with the melody. ",
            "The tune": "Yes, the tune. ",
            "The voice’s colour": "The singer is still told. ",
        },
        "Listen to ◆ below: no line follows the dots, and much of the voice loses its pitch altogether.",
        {"without": "melody"},
    )
    # a link that takes several away can only mean the student, which knows all sixteen
    several = "," in st.query_params.get("without", "")
    if several and "by" not in st.query_params:
        st.query_params["by"] = "student"
    way = choose("by", {id: label for id, (label, _) in WAYS.items()}, "How it is sung")
    plain = WAYS[way][1]
    wanted = []
    for at in product(*(("", name) for name in CONDITIONS)):
        gone = sorted(name for name in at if name)
        cue = GONE[gone[0]] if len(gone) == 1 else f"**Gone: {' and '.join(gone)}.** What is left to hold on to?"
        if not gone:
            cue = "**Nothing is taken away**: both are the same, and the difference is dark. Turn a switch off."
        name = f"Without {', '.join(gone)}" if gone else "Nothing taken away"
        address = {"without": ",".join(gone)}
        wanted.append((at, replace(plain, without=" ".join(gone)), name, cue, address))
    axes = [
        Axis((("", name.capitalize()), (name, name)), "The model is told" if name == "content" else None, switches=True)
        for name in CONDITIONS
    ]
    compare(catalogue, plain, "Told everything", wanted, axes, "What each condition carries")
    with st.expander("The maths", icon=":material/function:"):
        say(
            r"While it learnt, each condition was now and then replaced by “not told”, so one [[denoiser|network]] knows "
            r"all $2^4 = 16$ cases ([[coalition|coalitions]]). Here it predicts $\textcolor{#2878b8}{\hat{x}_0(x_t, \text{all})}$ "
            r"and $\textcolor{#b86414}{\hat{x}_0(x_t, \text{all but } c)}$ from the same noise. Taking things away to see "
            r"what they did is called [[ablation]]. Parts overlap: without content the result is less similar to the target, too. So "
            r"what is lost with two is not always the sum of what is lost with each."
        )


def turn_up(catalogue: Catalogue) -> None:
    say(
        "[[guidance|Guidance]] turns one condition up: the model predicts twice, told and not told, and goes further the way "
        "the telling points. Same teacher, same noise, forty steps; choose what to turn up, and how far."
    )
    guess(
        "guidance",
        "With the singer turned up by 4, does it sound more like the target?",
        {
            "Yes, more": "It would be nice. ",
            "Less": "Right. ",
        },
        "Look at the table: similarity to the target falls. Too strong a push leaves what real voices sound like.",
        {"guide": "singer", "weight": "4"},
    )
    wanted = [
        (
            (name, weight),
            replace(TEACHER, guidance=f"{name}={weight}"),
            f"{name.capitalize()} turned up by {weight}",
            f"**{name.capitalize()}, weight {weight}**, on top of what the model has learnt. What is gained, what is lost? The "
            "table below has both; what stays within noise is neither.",
            {"guide": name, "weight": weight},
        )
        for name in CONDITIONS
        for weight in ("1", "2", "4")
    ]
    axes = [
        Axis(tuple((name, name) for name in CONDITIONS), "Turn up"),
        Axis((("1", "by 1"), ("2", "by 2"), ("4", "by 4")), "how far"),
    ]
    compare(catalogue, TEACHER, "Plain", wanted, axes, "Guidance")
    with st.expander("The maths", icon=":material/function:"):
        say(
            r"[[guidance|Classifier-free guidance]], with a weight $w_c$ for each condition:"
            "\n\n"
            r"$$\hat{x}_0 = \textcolor{#2878b8}{\hat{x}_0(\text{all})} + w_c\,\bigl(\textcolor{#2878b8}{\hat{x}_0(\text{all})} "
            r"- \textcolor{#b86414}{\hat{x}_0(\text{all but } c)}\bigr)$$"
            "\n\n"
            r"$w_c = 0$ is plain sampling, $w_c = -1$ takes $c$ away. The teacher has already learnt to predict what a guided model "
            r"would (content 1, melody 1, loudness 0.5, singer 0.5), in one look instead of five: guidance was what made these "
            r"small models follow their conditions. The weights here come **on top** of that, which is why more soon is too much. "
            r"With weight 4 some predictions leave the range of the decibel scale and are cut off in the picture."
        )


def swap_singer(catalogue: Catalogue) -> None:
    say(
        f"Both walks begin alike: the same noise, told to sound like **makam-m2**. From some step on, ◆ is told **{SWAPPED}** "
        "instead. The earlier the change, the more of the voice is still open. *When is the singer decided?*"
    )
    guess(
        "swap",
        "Half of the 1000 steps are walked when the name changes. Whose voice comes out?",
        {
            "Still makam-m2’s": "No longer: another singer is nearer. ",
            "Not makam-m2’s any more": "Right. ",
        },
        "After 500 steps the noise is still far stronger than the voice (slide there and see), so much can still change. "
        "Now try 950.",
        {"swap": "500"},
    )
    wanted = [
        (
            (str(at),),
            replace(WALK, swap=SWAPPED, swap_at=at),
            f"Told {SWAPPED} after {at} steps",
            f"**{SWAPPED} from the dashed line on.** Melody and key stay makam-m2’s. Slide across the line: before it the "
            "difference is rounding, after it the voice moves.",
            {"swap": str(at)},
        )
        for at in SWAPS
    ]
    never = ("never",), WALK, "Never swapped", "**Never swapped**: both are the same walk.", {"swap": "never"}
    axes = [Axis((*((str(at), str(at)) for at in SWAPS), ("never", "never")), f"Told {SWAPPED} after")]
    from_start = find_conversion(catalogue, replace(WALK, target=SWAPPED, key_shift_semitones=None))
    more = (Sound(f"{SWAPPED}’s own voice", from_start.id, "target"),) if from_start else ()
    compare(catalogue, WALK, "makam-m2 throughout", [*wanted, never], axes, "The swapped singer", more)
    say_when_decided(catalogue)
    with st.expander("The maths", icon=":material/function:"):
        say(
            r"Until place $k$ the sampler uses $\hat{x}_0(x_t, \textcolor{#2878b8}{s_1})$, from then on "
            r"$\hat{x}_0(x_t, \textcolor{#b86414}{s_2})$. At high noise the network decides what is coarse, at low noise only what is "
            r"fine; what $x_t$ already says clearly, the condition cannot overrule. What the traces measure is nearness to the "
            r"first singer alone, so “how much like " + SWAPPED + r"” is left to your ear."
        )


def say_when_decided(catalogue: Catalogue) -> None:
    """What is left of the first singer at the end, by when the name changed, from the catalogue."""
    scores = catalogue.table.set_index("id").get("similarity_to_target", {})
    exhibits = {f"after {at} steps": replace(WALK, swap=SWAPPED, swap_at=at) for at in SWAPS} | {"never": WALK}
    found = {when: find_conversion(catalogue, exhibit) for when, exhibit in exhibits.items()}
    told = [f"{when} **{scores[entry.id]:.3f}**" for when, entry in found.items() if entry and entry.id in scores]
    if told:
        say(f"How similar to makam-m2 the end is, when the name changes: {' · '.join(told)}.")


def change_noise(catalogue: Catalogue) -> None:
    say(
        "Nothing is taken away now; only the **noise** the walk begins with is another ([[seed]]), or the **key**. "
        "What chance changes is the ruler for everything above: a smaller difference means nothing."
    )
    seeds = [
        (
            (f"seed {seed}",),
            replace(WALK, seed=seed),
            f"Seed {seed}",
            "**Other noise, everything told alike.** Which parts of the picture differ, and can you hear it?",
            {"other": f"seed{seed}"},
        )
        for seed in (1, 2)
    ]
    keys = [
        (
            (f"key {key}",),
            replace(WALK, key_shift_semitones=key),
            key_label(key).capitalize(),
            f"**Same noise, {key_label(key)}** (● is {key_label(WALK.key_shift_semitones)}). Timbre and words stay; do they? "
            "The table asks whether it is still makam-m2.",
            {"other": f"key{key}"},
        )
        for key in (-5, 0)
    ]
    values = tuple((at[0], name) for at, _, name, *_ in [*seeds, *keys])
    compare(
        catalogue, WALK, "Seed 0, 11 lower", [*seeds, *keys], [Axis(values, "Beside it")], "Other noise and other keys"
    )


SHOWN = {"away": take_away, "guidance": turn_up, "swap": swap_singer, "noise": change_noise}

with lesson("conditions") as catalogue:
    look = choose("look", LOOKS, "What to try")
    SHOWN[look](catalogue)
