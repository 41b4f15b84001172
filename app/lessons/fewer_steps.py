"""Lesson: from a thousand steps to one."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from app.figures.component import show_figure
from app.parts.cards import CardError, measured_table
from app.parts.exhibits import ASKED_SHOWN, STUDENT, TEACHER, WALK, Exhibit, find_conversion, say_missing
from app.parts.lesson import TEXT_PX, lesson, say
from app.parts.names import as_text, singer_label
from app.parts.speed import SpeedError, lanes_of, read_speed, seconds_text
from svc_core.traces.catalogue import Catalogue, Entry

PHRASES = (
    WALK,
    replace(WALK, source="makam-m2", target="makam-f3", key_shift_semitones=None),
    replace(WALK, phrase="olmaz_nakarat", source="makam-f2", target="makam-f4", key_shift_semitones=None),
    replace(WALK, phrase="pjs091", source="pjs-m1", target="makam-f4", key_shift_semitones=None),
)
SAMPLERS = {
    "DDPM, 1000 looks": ("ddpm", 1000),
    "Teacher, 40 looks": (TEACHER.sampler, TEACHER.steps),
    "Student, 4 looks": (STUDENT.sampler, 4),
    "Student, 2 looks": (STUDENT.sampler, 2),
    "Student, 1 look": (STUDENT.sampler, STUDENT.steps),
}
DDPM, TEACHERS, *_, STUDENTS = SAMPLERS
SYSTEMS = ("DDPM, 1000 steps", "teacher, 40 steps", "student, 4 steps", "student, 1 step")
CHOICE = "trace_of_fewer_steps"  # its name gives it room (figures/room.py)


def choose_phrase(catalogue: Catalogue) -> dict[str, Entry]:
    """The conversions of the phrase that the reader wants, by name in SAMPLERS; what is not listed is left out.

    The address names one of them as ``trace``.
    """
    sets = {phrase: conversions_of(catalogue, phrase) for phrase in PHRASES}
    sets = {phrase: found for phrase, found in sets.items() if found}
    if not sets:
        return {}
    asked = st.query_params.get("trace")
    meant = [phrase for phrase, found in sets.items() if asked in [entry.id for entry in found.values()]]
    if asked is not None and not meant:
        st.warning(
            f"The address asks for the conversion “{as_text(asked[:ASKED_SHOWN])}”, which this lesson does not have "
            "by all samplers; another one is shown instead.",
            icon=":material/link_off:",
        )
    offered = list(sets)
    if st.session_state.get(CHOICE) not in sets:
        st.session_state[CHOICE] = (meant or offered)[0]
    chosen = st.selectbox(
        "Phrase",
        offered,
        key=CHOICE,
        format_func=phrase_label,
        help="The same phrase by all samplers, each beginning with the same noise.",
    )
    if meant != [chosen] and (meant or chosen != offered[0]):
        st.query_params["trace"] = next(iter(sets[chosen].values())).id
    return sets[chosen]


def conversions_of(catalogue: Catalogue, phrase: Exhibit) -> dict[str, Entry]:
    """What there is of a phrase, by name in SAMPLERS."""
    found = {
        name: find_conversion(catalogue, replace(phrase, sampler=sampler, steps=steps))
        for name, (sampler, steps) in SAMPLERS.items()
    }
    return {name: entry for name, entry in found.items() if entry is not None}


def phrase_label(phrase: Exhibit) -> str:
    """One line that tells the phrases apart."""
    return f"{singer_label(phrase.source)} → {singer_label(phrase.target)} · “{phrase.phrase.replace('_', ' ')}”"


def show_times() -> None:
    """The bars, and what they stand on; where there is no table, that is said."""
    try:
        lines = read_speed()
    except SpeedError as error:
        st.info(f"The measured times cannot be shown: {as_text(str(error))}", icon=":material/timer_off:")
        return
    clip = f"{lines[0].clip_seconds:.1f} s of singing"
    lanes = lanes_of(lines, {pair: name for name, pair in SAMPLERS.items()}, clip)
    show_figure("timing", {"lanes": lanes, "clip": clip})
    st.caption(
        f"Each bar: the time for one second of sound; a bar that is one mark shorter takes a tenth of it. Median of "
        f"{lines[0].runs} runs after one to warm up, {as_text(lines[0].machine)}; no graphics card. Samplers alone; "
        "what all of them need once is shown apart, as frames. Other machines give other times.",
        width=TEXT_PX,
    )
    by_sampler = {(line.sampler, line.steps): line for line in lines}
    one, forty, thousand = (by_sampler.get(SAMPLERS[name]) for name in (STUDENTS, TEACHERS, DDPM))
    if one and forty and thousand:
        say(
            f"The student's one look took **{seconds_text(one.seconds)}**: the teacher takes "
            f"**{forty.seconds / one.seconds:.0f} times** as long, DDPM "
            f"**{thousand.seconds / one.seconds:,.0f} times**. The network is of the same size in all three: what "
            "costs time is how often it is asked."
        )


def what_was_measured() -> pd.DataFrame:
    """The measured table of these samplers. Raises CardError."""
    table = measured_table()
    return table[[name for name in SYSTEMS if name in table]]


with lesson("fewer_steps") as catalogue:
    say(
        "Five [[sampler|samplers]] began with **the same noise** and were told the same. Press **Its result** on each "
        "of the five: can you hear which took a thousand steps and which took one? Then drag the noise level. Each "
        "stroke on a line is one **look**: the [[denoiser|network]] is asked once what the clean picture may be."
    )
    found = choose_phrase(catalogue)
    if found:
        rows = [{"trace": entry.id, "name": name} for name, entry in found.items()]
        show_figure("noise_levels", {"rows": rows})
    if len(found) < len(SAMPLERS):
        say_missing("The comparison of all five samplers" if not found else "Some of the five samplers")
    say(
        "[[ddpm]] creeps: a thousand looks, a third of them before the others even begin. The [[teacher]], "
        "an [[edm]] model, goes along a [[karras-grid]] by [[euler|Euler's method]]: forty looks, closer together in σ "
        "towards the clean end. The [[student]] leaps from noise to the end at once; with two or four looks it leaps, "
        "puts noise back, and leaps again."
    )

    st.header("What does a look cost?", anchor="times")
    show_times()

    st.header("Why fewer steps are possible", anchor="why")
    say(
        "A picture is 100 bands by some hundreds of frames. Choose **one point** of it and see its level on the way "
        "from noise to voice."
    )
    walks = [
        {"trace": found[name].id, "name": name, "sampler": SAMPLERS[name][0]}
        for name in (DDPM, TEACHERS, STUDENTS)
        if name in found
    ]
    if walks:
        show_figure("paths", {"walks": walks})
    else:
        say_missing("The way of one point")
    say(
        "DDPM puts a little fresh noise back at every step, so its way is **jagged**: chance decides where it ends. "
        "Without fresh noise the way is a **smooth curve** that the first noise alone decides, and a smooth curve can "
        "be followed in forty straight pieces. If the end is decided at the beginning, a network can also learn to "
        "**say it at once**: that is the student's straight line. All three begin at the same height, with the same "
        "noise. DDPM has a decoder of its own, so its end is another rendering, not a better or worse copy."
    )
    with st.expander("The maths", icon=":material/function:"):
        st.markdown(
            r"Without fresh noise the picture $x$ follows an ordinary differential equation in the noise level σ, the "
            r"*probability-flow ODE*:"
        )
        st.latex(r"\frac{\mathrm dx}{\mathrm d\sigma} = \frac{x - \textcolor{#b86414}{D(x, \sigma)}}{\sigma}")
        st.markdown(
            r"$\textcolor{#b86414}{D}$ is the network's guess $\hat x_0$. Euler's method goes from σ to a lower σ′ in "
            r"a straight line: "
            r"$x' = \textcolor{#b86414}{D} + \tfrac{\sigma'}{\sigma}\,(x - \textcolor{#b86414}{D})$. "
            r"A [consistency model](glossary#consistency-model) $\textcolor{#9459d0}{f}$ is trained so that all points "
            r"$x_t$, $x_s$ of one such curve lead to the same end:"
        )
        st.latex(
            r"\textcolor{#9459d0}{f}(x_t, t) = \textcolor{#9459d0}{f}(x_s, s), "
            r"\qquad \textcolor{#9459d0}{f}(x, \sigma_{\min}) = x"
        )
        st.markdown(
            "The teacher supplies the pairs: a point of the curve, and the next one a step of the teacher further on. "
            "Song and others, “Consistency models”, 2023 ([arXiv 2303.01469](https://arxiv.org/abs/2303.01469)); the "
            "equation in σ: Karras and others, 2022 ([arXiv 2206.00364](https://arxiv.org/abs/2206.00364))."
        )

    st.header("From draft mel to refined mel", anchor="draft")
    say(
        "There is a second reason why one look can do here: the network does not begin from nothing. Before any noise, "
        "another part of the model makes a [[draft-mel]] from the [[condition|conditions]]. Listen from left to right."
    )
    if TEACHERS in found:
        student = found.get(STUDENTS)
        show_figure("draft", {"teacher": found[TEACHERS].id, "student": student.id if student else None})
    else:
        say_missing("The draft")
    say(
        "The draft has the melody and the words, and is **too smooth**: it is the mean of many ways to sing this "
        "([[regression-to-the-mean]]). The teacher's first look is no result yet: it is far from where the teacher "
        "ends, and overdrawn, probably because the teacher has learnt [[guidance]]. One look of the **student** comes "
        "close to the teacher's end, and is a little smoother: see how much each picture changes from frame to frame. "
        "That is some of the [[refined-mel|fine texture]] that forty looks work out and one does not."
    )
    say(
        "Scores hardly hear this: measured on seven conversions, the draft alone keeps melody and words as well as the "
        "teacher (RPA .970 and .963, phones heard alike .798 and .777; see [About the data](about)). Your ears do."
    )

    st.header("What one step gives up", anchor="price")
    try:
        st.table(what_was_measured())
    except CardError as error:
        st.info(f"The table of measured figures cannot be shown: {error}", icon=":material/table_chart:")
    say(
        "By these figures, little: one [[phone]] in a hundred, and a sixth of a decibel of loudness. More looks do not "
        "bring them back: with four, **this** student loses a little more of melody and words. Noise is put back "
        "before each further leap, and every leap has its own small error. What the table does not show:"
        "\n* A leap **cannot be steered**. Forty looks can be watched, stopped, or told another singer halfway; the "
        "student decides everything in its one look."
        "\n* The **teacher is its measure**: what the teacher does wrong, the student has learnt as well."
        "\n* It cost **more training**: first the teacher's, then 25 minutes of [[consistency-distillation]]."
    )
