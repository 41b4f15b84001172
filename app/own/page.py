"""Your own voice: sing, see it, have it converted, and watch that conversion step by step."""

import re

import streamlit as st

from app.figures.component import show_figure
from app.own.limits import Limits
from app.own.material import examples, voices
from app.own.takes import KEY
from app.parts.lesson import listed_conversions, say
from app.parts.scores import for_browser
from app.parts.scrubber import show_scrubber
from app.parts.terms import show_terms
from svc_core.traces.manifest import SAFE_ID

LIMITS = Limits()


def made_trace(told: object) -> tuple[str, str] | None:
    """The take and the trace that the figure says it made; None where it has made none, or says what it cannot."""
    if not isinstance(told, dict):
        return None
    take, trace = told.get("take"), told.get("trace")
    if isinstance(take, str) and re.fullmatch(KEY, take) and isinstance(trace, str) and re.fullmatch(SAFE_ID, trace):
        return take, trace
    return None


st.title("Your own voice")
say(
    "And mine? Sing a line, and the model that the lessons look into sings it in another voice: the same words, the "
    "same melody, the same loudness, and somebody else's timbre. Then see each of the steps that led there."
)
say(
    "**A voice is somebody's own.** Convert yours, or one whose owner has said yes; never pass a conversion off as "
    "that person's singing. The recordings of the singers here were published for others to use, under the licences "
    "named beside them. Whatever is made here says in its file that it is synthetic."
)
catalogue = listed_conversions()
told = show_figure(
    "own",
    {
        "examples": examples(catalogue),
        "voices": voices(catalogue),
        "scores": for_browser(),
        "longest_s": LIMITS.longest_s,
        "shortest_s": LIMITS.shortest_s,
    },
    told="made",
)
made = made_trace(told)
if made:
    take, trace = made
    st.header("From noise to your song", anchor="watch")
    say(
        "The forty steps of the teacher, as in [the lesson on taking noise away](denoising): first what the "
        "[[sampler]] holds, then the network's guess of the result. Drag, play, listen on the way."
    )
    show_scrubber(trace, group="own", root=f"./own/takes/{take}/files/traces/")

st.header("What it cannot do", anchor="limits")
say(
    "The models learnt from three quarters of an hour of singing: seven people, unaccompanied, in Turkish and "
    "Japanese. What they make of English, children's voices, choirs, accompaniment or speech has not been measured, "
    "and is probably bad. Of the phrases that were measured, about one speech sound in five comes out as another. "
    "[The models and their recordings](about) says more, and [how good is it?](measuring) what each figure is worth."
)
show_terms()
