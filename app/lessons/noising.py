"""Lesson: what a thousand steps of noise do to a voice."""

import streamlit as st

from app.figures.component import show_figure
from app.parts.exhibits import find_walk
from app.parts.lesson import lesson, say

with lesson("noising") as catalogue:
    say(
        "**Do this first.** Drag the slider slowly to the right, or hold the right arrow key. The bright lines one "
        "above another are the melody and its [[harmonic|harmonics]]. Stop where you can no longer make them out, "
        "press **Here I can no longer see the melody**, then listen to that step."
    )
    walk = find_walk(catalogue)
    show_figure("noising", {"trace": walk.id if walk else None})

    say(
        "Every point of the picture gets a random number of its own: that is [[noise]], *z*. At step [[t]] the "
        "picture [[x-t]] is a mix of two: the clean voice [[x0]], turned down, and the noise, turned up. The two "
        "bars show how much of each. There is one noise picture for all steps; only the two weights change, so "
        "nothing flickers while you drag. No network is needed for this: it is arithmetic, called the "
        "[[forward-process]]."
    )
    say(
        "[[snr]] says the same in one number. At 0 dB voice and noise weigh the same. At the first step the voice is "
        "40 dB above the noise; at the last it is 44 dB below, and the picture is noise as good as alone. Did your "
        "eye or your ear lose the melody first? A program that measures pitch loses it early: press the button at "
        "several steps."
    )
    say(
        "The sounds were made from these very pictures by a [[vocoder]], at twelve steps 7.6 dB apart (the small "
        "marks under the curve). Noise comes out much louder than singing, so all twelve were turned down together: "
        "the first ones are quiet, and the step from one to the next is as it came."
    )

    st.header("Why must the colours not move?", anchor="colours")
    say(
        "Press **Let the colours refit at every step** and drag from one end to the other. Now the darkest point of "
        "each picture is black and its brightest is pale, whatever they are in decibels. At the left the colours "
        "span some 110 dB, at the right more than 190: the noise is squeezed into the colours that the voice had, "
        "and looks tamer than it is. Points that hardly changed change their colour, and no number fits the scale "
        "any more. With fixed colours, one colour is one level in [[decibel|decibels]], in every picture of this "
        "course: what looks brighter *is* stronger."
    )

    with st.expander("The maths", icon=":material/function:"):
        say(
            r"$$x_t = \textcolor{#2878b8}{\sqrt{\bar\alpha_t}\,x_0} + \textcolor{#b86414}{\sqrt{1 - "
            r"\bar\alpha_t}\,z}, \qquad z \sim \mathcal{N}(0, 1)$$"
            "\n\n"
            r"$x_0$ is the mel in dB, less its mean, divided by its spread, both over the training set. "
            r"[[alpha-bar]] is $\bar\alpha_t = \prod_{s \le t} (1 - \beta_s)$, and $\beta$ rises evenly from 0.0001 "
            r"to 0.02 over the thousand steps of the [[noise-schedule]]. The squares of the two weights add up to 1, "
            r"so a picture of spread 1 keeps its spread at every step. Any step can be reached at once: there is no "
            r"need to go through the ones before."
            "\n\n"
            r"$$\text{SNR} = 10 \log_{10} \frac{\textcolor{#2878b8}{\bar\alpha_t}}{\textcolor{#b86414}{1 - "
            r"\bar\alpha_t}}\ \text{dB}$$"
            "\n\n"
            "This counts a voice of spread 1, as the schedule does. The power of this one phrase is 2.1 dB less, so "
            "its own SNR is that much lower at every step. It is about values of the picture, not about the loudness "
            "of the sound."
        )
