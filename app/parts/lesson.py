"""The frame of a lesson: progress and goal above, questions and the way on below; the lesson's script fills it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import streamlit as st

from app.figures.component import show_figure
from app.parts.course import BY_ID, LESSONS, Lesson, neighbours
from app.parts.glossary import with_terms
from app.parts.names import as_text
from app.parts.questions import ask, questions_of
from app.parts.terms import show_terms
from app.serving.library import library
from svc_core.traces.catalogue import NAMES, Catalogue, CatalogueError

TEXT_PX = 760  # about 90 characters a line; longer ones are hard to read
NOTHING = Catalogue(pd.DataFrame(columns=list(NAMES)))


def say(text: str) -> None:
    """Running text: Markdown with terms of the glossary as [[id]] or [[id|words]], no wider than one reads."""
    st.markdown(with_terms(text), width=TEXT_PX)


@contextmanager
def lesson(id: str) -> Iterator[Catalogue]:
    """Everything around a lesson. Gives the listed conversions: none, where they cannot be read, which is said.

    Raises KeyError for a lesson that there is none of.
    """
    this = BY_ID[id]
    show_course(this)
    st.title(this.title)
    say(f"**Your goal:** {this.goal}")
    yield listed_conversions()
    st.header("Check yourself", anchor="check-yourself")
    ask(this.id, questions_of(this.id))
    _show_way_on(this)
    show_terms()


def listed_conversions() -> Catalogue:
    """The listed conversions; none, where they cannot be read, which is said."""
    try:
        return library().catalogue()
    except CatalogueError as error:
        st.error(f"{as_text(str(error))} This page goes on without its conversions.", icon=":material/folder_off:")
        return NOTHING


def show_course(present: Lesson | None) -> None:
    """Where the reader is among the lessons, and which are done (the browser remembers)."""
    stops = [
        {
            "id": each.id,
            "address": each.address,
            "title": each.title,
            "minutes": each.minutes,
            "questions": [question.id for question in questions_of(each.id)],
        }
        for each in LESSONS
    ]
    show_figure("course", {"lessons": stops, "present": present.id if present else None})


def _show_way_on(this: Lesson) -> None:
    before, after = neighbours(this)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        if before:
            st.page_link(before.script, label=f"Back: {before.title}", icon=":material/arrow_back:")
        if after:
            st.page_link(after.script, label=f"**Next: {after.title}**", icon=":material/arrow_forward:")
        else:
            st.page_link("own/page.py", label="**Next: your own voice**", icon=":material/mic:")
