"""Lesson: who carries what. The same noise, one thing changed, two colours."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from app.parts.compare import (
    NUMBERS,
    UNJUDGED,
    Axis,
    Number,
    Sound,
    Wanted,
    asked_choice,
    listed,
    show_compare,
    spread_of_seeds,
)
from app.parts.conditions import GUIDED, NEWCOMER, SWAPPED, SWITCHES, WAYS, chances, coalitions, guided, swapped
from app.parts.exhibits import ASKED_SHOWN, TEACHER, WALK, Exhibit, find_conversion, say_missing
from app.parts.lesson import lesson, say
from app.parts.names import as_text
from svc_core.traces.catalogue import Catalogue

LOOKS = {
    "away": "1. Take one away",
    "guidance": "2. Turn one up",
    "swap": "3. Swap the singer",
    "noise": "4. Other noise, other key",
}


def choose(name: str, options: dict[str, str], label: str) -> str:
    """One of the options, kept in the address under that name; a change begins a fresh address."""

    def note() -> None:
        if st.session_state[name] is not None:
            kept = {} if name == "look" else {"look": st.query_params.get("look", "away")}
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
    st.segmented_control(
        label, list(options), format_func=options.__getitem__, key=name, on_change=note, label_visibility="collapsed"
    )
    return asked


def guess(about: str, ask: str, answers: dict[str, str], because: str, leads_to: dict[str, str]) -> None:
    """Let the reader guess before they listen; the figure then shows what was asked about."""
    key = f"guess_{about}"

    def look_there() -> None:
        if st.session_state[key] is not None:
            st.session_state["guesses"] = st.session_state.get("guesses", 0) + 1
            for name, value in leads_to.items():
                st.query_params[name] = value

    say(f"**Guess first, then listen.** {ask}")
    given = st.pills(ask, list(answers), key=key, on_change=look_there, label_visibility="collapsed")
    if given:
        say(f"{answers[given]} {because}")


def compare(
    catalogue: Catalogue,
    plain: Exhibit,
    name: str,
    wanted: list[Wanted],
    axes: Sequence[Axis],
    what: str,
    more: Sequence[Sound] = (),
    numbers: Sequence[Number] = NUMBERS,
) -> None:
    """The figure, or a sentence where its conversions are not listed."""
    one, others = find_conversion(catalogue, plain), listed(catalogue, wanted)
    if one is None or not others:
        say_missing(what)
        return
    ddpm = replace(WALK, phrase=plain.phrase, source=plain.source, target=plain.target)
    chance = spread_of_seeds(catalogue, ddpm)
    turn = st.session_state.get("guesses", 0)
    show_compare((one.id, name), others, axes, asked_choice(others), turn, chance, more, numbers, "conditions")


def take_away(catalogue: Catalogue) -> None:
    """Any of the four conditions switched off."""
    say(
        "The model is told four things: **content** (which sounds), **melody** (which notes), **loudness** (how "
        "strong) and the **singer** (whose voice). Each is a [[condition]]. Take them away, and hear who carried what."
    )
    guess(
        "away",
        "What will be missing when the melody is taken away?",
        {"The words": "Content brings the words.", "The tune": "Yes.", "The voice’s colour": "That is the singer’s."},
        "Look and listen at ◆ below: no line follows the dots, and much of the voice loses its pitch altogether.",
        {"without": "melody"},
    )
    # a link that takes several away can only mean the student, which knows all sixteen cases
    if "," in st.query_params.get("without", "") and "by" not in st.query_params:
        st.query_params["by"] = "student"
    way = choose("by", {id: label for id, (label, _) in WAYS.items()}, "How it is sung")
    plain = WAYS[way][1]
    compare(catalogue, plain, "Told everything", coalitions(plain), SWITCHES, "What each condition carries")
    with st.expander("The maths", icon=":material/function:"):
        say(
            r"While the network learnt, each condition was now and then replaced by “not told”, so it knows all "
            r"$2^4 = 16$ [[coalition|coalitions]]. From the same noise it predicts "
            r"$\textcolor{#2878b8}{\hat{x}_0(x_t, \text{all})}$ (●) and "
            r"$\textcolor{#b86414}{\hat{x}_0(x_t, \text{all but } c)}$ (◆). Taking things away to see what they did is "
            r"called [[ablation]]. Parts overlap: without content the result is less similar to the target, too. "
            r"So what is lost with two is not always the sum of what is lost with each."
        )


def turn_up(catalogue: Catalogue) -> None:
    """One condition guided, by one of three weights."""
    say(
        "[[guidance|Guidance]] turns a condition up: the model predicts twice, told and not told, and goes further the "
        "way the telling points. Same teacher, same noise, forty steps; choose what to turn up, and how far."
    )
    guess(
        "guidance",
        "With the singer turned up by 4, does it sound more like the target?",
        {"More": "One would hope so.", "Less": "Right."},
        "Look at the table: similarity to the target falls. Too strong a push leaves what real voices sound like.",
        {"guide": "singer", "weight": "4"},
    )
    compare(catalogue, TEACHER, "Plain", guided(), GUIDED, "Guidance")
    with st.expander("The maths", icon=":material/function:"):
        say(
            r"[[guidance|Classifier-free guidance]], with a weight $w_c$ for each condition:"
            "\n\n"
            r"$$\hat{x}_0 = \textcolor{#2878b8}{\hat{x}_0(\text{all})} + "
            r"w_c\,\bigl(\textcolor{#2878b8}{\hat{x}_0(\text{all})} - "
            r"\textcolor{#b86414}{\hat{x}_0(\text{all but } c)}\bigr)$$"
            "\n\n"
            r"$w_c = 0$ is plain sampling, $w_c = -1$ takes $c$ away. The teacher has already learnt to predict what a "
            r"guided model would (content 1, melody 1, loudness 0.5, singer 0.5), in one look instead of five: "
            r"guidance was what made these small models follow their conditions. The weights here come **on top** of "
            r"that, which is why more is soon too much. With weight 4 some predictions leave the decibel scale; the "
            r"picture cuts them off there."
        )


def swap_singer(catalogue: Catalogue) -> None:
    """Another singer told from some step on."""
    say(
        f"Both walks begin alike: the same noise, told **makam-m2**. From some step on ◆ is told **{NEWCOMER}** "
        "instead. The earlier the change, the more of the voice is still open. *When is the singer decided?*"
    )
    guess(
        "swap",
        "Half of the 1000 steps are walked when the name changes. Is makam-m2 still the nearest voice at the end?",
        {"Yes": "Not any more.", "No": "Right."},
        "After 500 steps the noise is still stronger than the voice (slide there and see), so much can still change. "
        "Now try 950.",
        {"swap": "500"},
    )
    newcomer = find_conversion(catalogue, replace(WALK, target=NEWCOMER, key_shift_semitones=None))
    more = [Sound(f"{NEWCOMER}’s own voice", newcomer.id, "target")] if newcomer else []
    compare(catalogue, WALK, "makam-m2 throughout", swapped(), SWAPPED, "The swapped singer", more, UNJUDGED)
    say_when_decided(catalogue)
    with st.expander("The maths", icon=":material/function:"):
        say(
            r"For the first $k$ steps the sampler uses $\textcolor{#2878b8}{\hat{x}_0(x_t, s_1)}$, from then on "
            r"$\textcolor{#b86414}{\hat{x}_0(x_t, s_2)}$. What $x_t$ already says clearly, the name cannot overrule: "
            r"the less noise is left, the less there is to decide. What was measured is nearness to the first singer; "
            f"how much like {NEWCOMER} it is, is left to your ear."
        )


def say_when_decided(catalogue: Catalogue) -> None:
    """What is left of the first singer at the end, by when the name changed, from the catalogue."""
    scores = catalogue.table.set_index("id").get("similarity_to_target", {})
    found = [(wish.at[0], find_conversion(catalogue, wish.exhibit)) for wish in swapped()]
    told = [f"{when}: **{scores[entry.id]:.3f}**" for when, entry in found if entry and entry.id in scores]
    if told:
        say(f"Similar to makam-m2 at the end, by the steps walked before the change – {' · '.join(told)}.")


def change_noise(catalogue: Catalogue) -> None:
    """Other noise and other keys: the ruler for the rest."""
    say(
        "Nothing is taken away now; only the **noise** that the walk begins with is another ([[seed]]), or the "
        "**key**. What chance changes is the ruler for everything before: smaller differences mean nothing."
    )
    wanted = chances()
    axes = [Axis(tuple((wish.at[0], wish.name) for wish in wanted), "Beside seed 0, 11 lower")]
    compare(catalogue, WALK, "Seed 0, 11 lower", wanted, axes, "Other noise and other keys", (), UNJUDGED)


SHOWN = {"away": take_away, "guidance": turn_up, "swap": swap_singer, "noise": change_noise}

with lesson("conditions") as catalogue:
    look = choose("look", LOOKS, "What to try")
    SHOWN[look](catalogue)
