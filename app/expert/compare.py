"""Compare: every conversion, filtered by what it is and by its scores, and up to four of them side by side."""

import streamlit as st

from app.expert.explain import explained, show_explain
from app.expert.questions import questions
from app.figures.component import show_figure
from app.parts.exhibits import STUDENT, TEACHER, WALK, find_conversion
from app.parts.lesson import listed_conversions, say
from app.parts.scores import for_browser
from app.parts.terms import show_terms

GROUP = "compare"  # of the figures that look inside one of the conversions

st.title("Compare")
say(
    "Narrow the conversions by what they are and how they score, then put up to four of them side by side. Everything "
    "you set is in the address: copy it, and the same view opens elsewhere."
)
catalogue = listed_conversions()
sets = explained(catalogue)
asked = questions(catalogue)
if asked:
    st.header("A question to begin with", anchor="questions")
    show_figure("questions", {"questions": [question.for_browser() for question in asked]})

st.header("Filter", anchor="filter")
say(
    "What each score can tell, and how it misleads: [the lesson on measuring](measuring). What the samplers are: "
    "[that on fewer steps](fewer-steps). What is taken away: [that on conditions](conditions)."
)
show_figure("explorer", {"scores": for_browser()})

st.header("Side by side", anchor="side-by-side")
say(
    "[The lesson on seeing](seeing) explains the pictures, [that on taking noise away](denoising) what is predicted at "
    "a step, [that on adding noise](noising) the noise level."
)
example = [entry.id for exhibit in (WALK, TEACHER, STUDENT) if (entry := find_conversion(catalogue, exhibit))]
about = {"scores": for_browser(), "example": example, "group": GROUP}
show_figure("workbench", about, key=None if example else "empty")

st.header("Along the walks", anchor="along-the-walks")
say(
    "What was measured of each step's own sound. A click on the chart goes there; "
    "[the lesson on taking noise away](denoising) explains the curves, "
    "[that on measuring](measuring) what each can tell."
)
show_figure("trends", {})

st.header("Inside one of them", anchor="inside")
say(
    "“Look inside” above says which. First, every step against every other: each cell of the [[step-matrix]] tells how "
    "many decibels lie between two predictions, as in [the lesson on taking noise away](denoising#matrix)."
)
show_figure("matrix", {"trace": None, "group": GROUP})
say(
    "What the network held at seven places, mapped by [[pca|PCA]] and [[t-sne|t-SNE]], and the steps that tell a walk "
    "best: [the lesson on the network](network) explains both. A second conversion can be laid over the first. Each "
    "walk has axes of its own, so the second is turned to fit: **shapes can be compared, positions cannot**. Such a "
    "turn fits much, and a small remainder alone proves little: of two walks of a thousand steps, one laid over the "
    "other back to front still leaves only 10 to 14 % in the last layer."
)
show_figure("maps", {"trace": None, "group": GROUP})
show_figure("picks", {"trace": None, "group": GROUP})
show_explain(sets)

st.header("Take it with you", anchor="take-it-with-you")
show_figure("takeaway", {})
show_terms()
