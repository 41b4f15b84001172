"""Lesson: what each figure of quality can tell, and how it misleads."""

from pathlib import Path

import streamlit as st

from app.figures.component import show_figure
from app.parts.cards import CardError, measured_table
from app.parts.exhibits import WALK, Exhibit, find_like, say_missing
from app.parts.lesson import lesson, say
from app.parts.mistakes import choices, rounds
from app.parts.names import as_text
from app.parts.verdicts import verdicts
from app.serving.library import library
from svc_core.traces.catalogue import Catalogue
from svc_core.traces.trace import TraceError

TABLE = Path(__file__).parent.parent / "figures" / "measured.css"
LEFT_OUT = ["student, 2 steps", "student, 4 steps", "DDPM, 1000 steps"]  # of the table; "About the data" has them
EVERY = 4  # frames: a warp of all by all would take too long for a slider
ASKED_SHOWN = 40  # characters of a wrong address that are repeated to the reader
# two songs that have nothing to do with each other, and by chance no correlation either
UNRELATED = vars(Exhibit("caro_straight", "vocalset-f1", key_shift_semitones=None)) | {"target": None}


def asked_for(name: str, offered: list[str]) -> int:
    """Which of those offered the address asks for by that name; the first, if none, and said if a wrong one."""
    asked = st.query_params.get(name)
    if asked is None or asked in offered:
        return offered.index(asked) if asked else 0
    st.warning(
        f"There is no {name} “{as_text(asked[:ASKED_SHOWN])}” here (the address may be old or mistyped); the first is "
        "shown instead.",
        icon=":material/link_off:",
    )
    return 0


def two_melodies(catalogue: Catalogue) -> dict[str, object] | None:
    """Source melodies of two unrelated phrases, cut to one length; None where they cannot be had."""
    found = [find_like(catalogue, wanted) for wanted in (vars(WALK), UNRELATED)]
    entries = [entry for entry in found if entry is not None]
    if len(entries) < len(found):
        return None
    try:
        traces = [library().open(entry) for entry in entries]
        one, other = (trace.f0_hz()["source"] for trace in traces)
    except TraceError:
        return None
    if not (one.any() and other.any()):
        return None
    size = min(len(one), len(other))
    grid = traces[0].manifest.grid
    return {
        "one": one[:size:EVERY].round(1).tolist(),
        "other": other[:size:EVERY].round(1).tolist(),
        "frame_s": EVERY * grid.hop / grid.sample_rate_hz,
        "names": [entry.song.replace("-", " ") or entry.phrase for entry in entries],
    }


with lesson("measuring") as catalogue:
    say(
        "**Be the judge first.** Choose what to judge by, play both sounds, and guess which is better. Then see what "
        "the [[metric]] says. The two differ in one thing only."
    )
    measures = verdicts(catalogue)
    if measures:
        ids = [str(measure["id"]) for measure in measures]
        show_figure("verdicts", {"measures": measures, "chosen": ids[asked_for("metric", ids)]})
    else:
        say_missing("The two sounds to be judged")
    say(
        "Each figure looks at one side of the singing, and is blind to the others. So we show several, and never add "
        "them up to one mark. Each stands beside a [[floor-and-ceiling|floor and a ceiling]]: what doing nothing "
        "gets, and what the best possible would get."
    )
    with st.expander("The maths", icon=":material/function:"):
        say(
            "With $f_i$ the pitch that is sung in frame $i$ and $a_i$ the one asked for, the error in cents is $d_i = "
            "1200\\,\\log_2 (f_i / a_i)$.\n\n"
            "* [[rpa]]: the share of voiced frames with $|d_i| \\le 50$.\n"
            "* [[f0rmse]]: $\\sqrt{\\tfrac1n \\sum_i d_i^2}$.\n"
            "* [[f0corr]]: [[correlation]] of $\\log f_i$ and $\\log a_i$. Put $2^{1/12} f_i$, a semitone more, in "
            "place of $f_i$: a constant is added to the logarithm, and no correlation notices.\n"
            "* [[mcd]]: $\\frac{10\\sqrt 2}{\\ln 10}\\sqrt{\\sum_{m=1}^{24} (c_m - c'_m)^2}$, mean over frames, from "
            "$c_1$ on. A gain of 6 dB adds $6\\,\\frac{\\ln 10}{20} \\approx 0.69$ to $c_0$ alone: by itself that "
            "would be $6.14 \\cdot 0.69 \\approx 4.2$ dB.\n"
            "* cosine: $\\frac{x \\cdot y}{|x|\\,|y|}$ of two [[embedding|embeddings]]."
        )
    say(
        "All of these are [[frame-aligned]]. The next two figures show why units and alignment decide what a number "
        "means."
    )

    st.header("Hertz or cents?", anchor="hertz")
    say("Move the pitch up and down. The ear's error stays the same; its number of [[hertz]] does not. Listen to both.")
    show_figure("hertz", {})
    say(
        "A [[cent]] is a hundredth of a [[semitone]], wherever it is sung. Give an error in hertz, and a singer of "
        "high notes looks eight times as bad as a singer three [[octave|octaves]] lower who is just as much out of "
        "tune."
    )

    st.header("Anything fits, if it may be stretched", anchor="stretch")
    melodies = two_melodies(catalogue)
    if melodies:
        say(
            "Here are two songs that have nothing to do with each other: we picked two whose melodies do not "
            "correlate. Now allow [[dtw|time warping]], little by little, and watch the correlation."
        )
        show_figure("stretch", melodies)
        say(
            "Some papers measure [[f0corr]] after such warping. A conversion keeps the source's time, so there is "
            "nothing to warp, and what warping adds is flattery. Both melodies are taken in cents about their own "
            "mean, with their gaps bridged; it is computed as you move."
        )
    else:
        say_missing("Two unrelated melodies")

    st.header("Find the mistake", anchor="find-the-mistake")
    say(
        "In each round one of the two was made rightly. The other has a fault that has really happened. Listen, look "
        "at the lines, and say which and why. One of the faults is all but inaudible, and that is a lesson, too."
    )
    played = rounds(catalogue)
    if played:
        numbers = [str(number) for number in range(1, len(played) + 1)]
        show_figure("mistake", {"rounds": played, "choices": choices(), "chosen": asked_for("round", numbers)})
    else:
        say_missing("The conversions with a mistake in them")

    st.header("How good are these models?", anchor="these-models")
    st.html(TABLE)
    try:
        st.table(measured_table().drop(columns=LEFT_OUT, errors="ignore"))
    except CardError as error:
        st.info(f"The table of measured figures cannot be shown: {error}", icon=":material/table_chart:")
    say(
        "These are means over many conversions of phrases that no model had learnt from; [About the "
        "data](about#how-good) says more. For whole sets there are also [[fad]] and [[kad]]: how far many "
        "conversions, taken together, lie from many real recordings. They say nothing of a single sound, FAD comes "
        "out too large for small sets, and both depend on the network that hears for them; with so few recordings we "
        "give neither.\n\n"
        "And the last word? In the Singing Voice Conversion Challenge 2023, few such figures followed what listeners "
        "said (arXiv 2306.14422). Figures find what is broken. Whether it is beautiful, people say."
    )
