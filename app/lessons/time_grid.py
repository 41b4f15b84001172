"""Lesson: features of different rates, brought onto one time grid."""

from dataclasses import replace

import streamlit as st

from app.figures.component import show_figure
from app.parts.exhibits import WALK, find_conversion, say_missing
from app.parts.lesson import lesson, say

EARLY = replace(WALK, defect="early-f0")

with lesson("time_grid") as catalogue:
    say(
        "**Do this first.** Step from frame to frame with the arrows below, or point at the picture. Each row of "
        "boxes is a listener with a clock of its own. Watch the three diamonds: do they ever sit on the dashed line? "
        "Then press **Read off between true centres**, and look again."
    )
    walk = find_conversion(catalogue, WALK)
    show_figure("timegrid", {"trace": walk.id if walk else None})
    say(
        "A [[mel-spectrogram]] has 93.75 [[frame|frames]] a second, and [[f0]] and [[loudness]] are measured on the "
        "same frames. Encoders that describe *what is sung* keep other time: [[whisper]] and [[contentvec]] speak 50 "
        "times a second, [[encodec]] 75 times. The network adds all of this up frame by frame, so somebody must "
        "first decide which labels belong to which frame: that is the [[time-grid]]."
    )
    say(
        "**Repeat and average** takes label number *i* to speak of the time from *i* hops to *i* + 1 hops. For "
        "Encodec that is true. Whisper’s labels stand half a hop earlier: every frame is given what was sung 10 ms "
        "before. ContentVec’s stand 2.5 ms later. So two encoders that both speak 50 times a second are **12.5 ms "
        "apart**, more than a whole frame, and nothing in the arithmetic says so. **Reading off** between the "
        "labels’ true centres ([[interpolation]]) gives every frame what was sung in its own moment; inside the "
        "phrase no error is left. It is what this project does when an encoder is plugged in. The models you hear "
        "here use none of the three: their content is measured on the grid itself."
    )

    st.header("source_hop and target_hop", anchor="hops")
    say(
        "How does 50 become 93.75? Choose an encoder’s [[source-hop]] and a length, and follow the four lines. The "
        "[[target-hop]], 256 samples, is always the mel’s."
    )
    show_figure("timegrid_hops", {})

    st.header("What happens at the edges?", anchor="edges")
    say(
        "In the first figure press **Repeat and average**, then **End**. ContentVec needs 25 ms of sound for each "
        "label, so the last window that fits ends before the phrase does: the last two frames are **copies**. "
        "Reading off cannot invent labels either: before the first centre and behind the last one, that label is "
        "**held**, and the error is shown."
    )
    say(
        "- **Too few labels**: the last one is repeated. **Too many**: the rest is cut off.\n"
        "- **Whisper always listens to 30 seconds.** Shorter sound is padded with silence, so only the labels of the "
        "real sound may be kept; longer sound must be cut into windows, or its end is never heard.\n"
        "- **Wrong lengths must not pass.** In [[amphion]], where repeat and average comes from, a difference above "
        "eight frames is only written to a log. Here more than two labels too many or too few is an error that names "
        "the file, both lengths and the rate: somebody chose the wrong rate, or left padding in."
    )
    with st.expander("The maths", icon=":material/function:"):
        say(
            "With $h_s$ the source hop and $h_t = 256$, both in samples at 24 kHz, frame $i$ is centred on\n\n"
            "$$\\tau_i = 256\\,i + 128, \\qquad \\text{label } j \\text{ on } c_j = c_0 + h_s\\,j,$$\n\n"
            "with $c_0 = 0$ for Whisper, $300$ (12.5 ms) for ContentVec and $160$ for Encodec.\n\n"
            "**Repeat and average.** Let $g = \\gcd(h_s, 256)$. Each label is repeated $h_s / g$ times and each $256 "
            "/ g$ copies are averaged. It believes label $j$ to stand at $(j + \\tfrac12)\\,h_s$, so on average it "
            "is wrong by $c_0 - h_s / 2$: $-240$ samples or $-10$ ms for Whisper, $+60$ samples or $+2.5$ ms for "
            "ContentVec.\n\n"
            "**Reading off.** With $c_j \\le \\tau_i \\le c_{j+1}$ and $w = (\\tau_i - c_j) / h_s$, the frame is "
            "given\n\n"
            "$$(1 - w)\\,e_j + w\\,e_{j+1},$$\n\n"
            "whose time $(1 - w)\\,c_j + w\\,c_{j+1}$ is $\\tau_i$ itself."
        )

    st.header("Can 27 ms be heard?", anchor="early")
    say(
        "In one published system the melody itself came about 27 ms early, two and a half frames: its pitch "
        "tracker’s first frame begins late, and nobody shifted the rest back. Here the same mistake was made on "
        "purpose, with the same noise and nothing else changed. Look at the waves first, then listen to both."
    )
    early = find_conversion(catalogue, EARLY)
    if walk and early:
        show_figure("timegrid_early", {"plain": walk.id, "early": early.id})
        say(
            "How clearly you hear it is for you to judge: nobody was asked in a listening test, and on held notes "
            "the two are alike. Where the voice slides or trembles ([[vibrato]]), the figures are plain. Both "
            "results are held against the melody that was asked for ([[rpa]], 50 cents)."
        )
    else:
        say_missing("The melody that came early")
