"""Compare: every conversion, filtered by what it is and by its scores, and up to four of them side by side."""

import streamlit as st

from app.expert.explain import show_explain
from app.figures.component import show_figure
from app.parts.exhibits import STUDENT, TEACHER, WALK, find_conversion
from app.parts.lesson import listed_conversions, say
from app.parts.scores import for_browser
from app.parts.terms import show_terms

st.title("Compare")
say(
    "Narrow the conversions by what they are and how they score, then put up to four of them side by side. Everything "
    "you set is in the address: copy it, and the same view opens elsewhere."
)
catalogue = listed_conversions()
st.header("Filter", anchor="filter")
show_figure("explorer", {"scores": for_browser()})

st.header("Side by side", anchor="side-by-side")
example = [entry.id for exhibit in (WALK, TEACHER, STUDENT) if (entry := find_conversion(catalogue, exhibit))]
show_figure("workbench", {"scores": for_browser(), "example": example})

st.header("Along the walks", anchor="along-the-walks")
say(
    "What was measured of each step's own sound. A click on the chart goes there; "
    "[the lesson on taking noise away](denoising) explains the curves, "
    "[that on measuring](measuring) what each can tell."
)
show_figure("trends", {})
show_explain(catalogue)

st.header("Take it with you", anchor="take-it-with-you")
show_figure("takeaway", {})
show_terms()
