"""Lesson: how a computer sees singing. Wave, mel spectrogram, F0 and notes of real phrases, and how to read them."""

import streamlit as st

from app.figures.component import show_figure
from app.parts.exhibits import find_like, find_walk, say_missing
from app.parts.lesson import lesson, say
from app.parts.names import singer_label
from svc_core.traces.catalogue import Catalogue, Entry

# any conversion of these phrases will do: only their source is shown
OTHERS = {
    "japanese": ("A Japanese phrase", {"phrase": "pjs042", "source": "pjs-m1"}),
    "straight": ("Italian, sung straight", {"phrase": "caro_straight", "source": "vocalset-f1"}),
    "vibrato": ("Italian, with vibrato", {"phrase": "caro_vibrato", "source": "vocalset-f1"}),
}


def phrases_of(catalogue: Catalogue, walk: Entry) -> list[dict[str, str]]:
    """The phrases that the figure offers: the lessons' own first, then those that are among the listed conversions."""
    title = "A Turkish phrase" if walk.source.startswith("makam") else "The phrase"
    offered = [_phrase("phrase", title, walk)]
    for id, (label, wanted) in OTHERS.items():
        if entry := find_like(catalogue, wanted):
            offered.append(_phrase(id, label, entry))
    return offered


def _phrase(id: str, label: str, entry: Entry) -> dict[str, str]:
    return {"id": id, "label": label, "about": singer_label(entry.source), "trace": entry.id}


with lesson("seeing") as catalogue:
    found = find_walk(catalogue)
    if found:
        phrases = phrases_of(catalogue, found)
        say(
            "Go through **1** to **4** and listen. Then find four things in the picture: a held note, vibrato, a "
            "breath and an *s*."
        )
        show_figure("layers", {"phrases": phrases})
        if len(phrases) <= len(OTHERS):
            say_missing("One of the phrases to compare with, and what there is to find in it,")

    st.header("What you have seen", anchor="what-you-have-seen")
    say(
        "**The wave.** Sound is air pressure that swings. A computer keeps it as numbers, here 24 000 a second: a "
        "[[waveform]]. Look through the lens below the picture: where a note is sung the wave repeats itself, and in a "
        "breath or an *s* it does not. How often it repeats in a second is the pitch, in [[hertz]]."
    )
    say(
        "**The [[mel-spectrogram|mel spectrogram]].** Ears do not follow every swing; they hear which pitches are "
        "loud. So the sound is cut into overlapping pieces, 94 a second, and of each piece the picture keeps how loud "
        "each of 100 [[mel-band|bands]] is, in [[decibel|dB]]. A sung note is a ladder: its lowest line is the pitch, "
        "and the rungs above it are its [[harmonic|harmonics]], at two, three, four times as many hertz."
    )
    say(
        "**The pitch contour, or [[f0|F0]].** It is measured frame by frame. Beside a consonant, which has no pitch of "
        "its own, it may jump: a [[pitch-tracker|tracker]] guesses there, and guesses wrong. An [[octave]] up is twice "
        "the hertz, wherever it begins. So steps that sound alike are rows of one height, as in picture 4."
    )
    with st.expander("The maths", icon=":material/function:"):
        st.markdown(
            r"""
Twelve equal steps make an octave, so a semitone is a factor of $\sqrt[12]{2} \approx 1.059$. With A4 at 440 Hz, a note
of number $n$ (60 is C4) and its frequency $f$ belong together by

$$ n = 69 + 12 \log_2 \frac{f}{440\ \text{Hz}}, \qquad f = 440\ \text{Hz} \cdot 2^{(n - 69) / 12}. $$

A cent is a hundredth of a semitone. The mel scale used here (Slaney's) is even in hertz up to 1000 Hz and even in
octaves above:

$$ m(f) = \begin{cases} \dfrac{3 f}{200\ \text{Hz}} & f < 1000\ \text{Hz} \\[1ex]
15 + 27\, \dfrac{\ln (f / 1000\ \text{Hz})}{\ln 6.4} & \text{else.} \end{cases} $$

How vibrato is found: in windows of 0.44 s the slope is taken off the contour; where what is left repeats itself after
0.12 to 0.2 s (correlation at least 0.7) and swings by at least 30 cents to either side, it is called vibrato.
"""
        )

    st.header("Straight and with vibrato", anchor="straight-and-vibrato")
    say(
        "The same singer sings the same words twice. Choose **Italian, sung straight** above, picture **4**, and press "
        "**Mark vibrato**; then **Italian, with vibrato**. How far does the pitch swing in each? *Straight* is an "
        "intention: some swinging is left in hers, about half as wide or less."
    )
    say(
        "Words and sounds below the picture were timed by the people who published the recordings. Of the Turkish "
        "phrase they timed two words as one; of the Italian ones nothing. Without labels no rule as simple as ours can "
        "tell a [[breath]] from a [[consonant]], so none is marked there."
    )
