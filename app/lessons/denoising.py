"""Lesson: taking noise away, one step at a time."""

import streamlit as st

from app.parts.choice import choose_trace
from app.parts.lesson import lesson, say
from app.parts.library import library
from app.parts.names import SAMPLERS, as_text, key_label, peculiarities, sampler_label, singer_label
from app.parts.scrubber import show_scrubber
from svc_core.traces.catalogue import Catalogue, Entry
from svc_core.traces.trace import Trace, TraceError


def choose(catalogue: Catalogue) -> tuple[Entry, Trace] | None:
    """The conversion that the reader wants to see; None where there is none, or it cannot be read, which is said."""
    if len(catalogue) == 0:
        st.info("No conversion has been recorded yet. Run svc_core.precompute to make some (see README.md).")
        return None
    chosen = choose_trace(catalogue)
    if chosen is None:
        return None
    try:
        return chosen, library().open(chosen)
    except TraceError as error:
        st.error(
            f"This conversion cannot be shown: {as_text(str(error))} The others go on working.",
            icon=":material/broken_image:",
        )
        return None


with lesson("denoising") as catalogue:
    say(
        "A diffusion model starts from **pure noise** and takes a little of it away, again and again, until a voice is "
        "left. Drag the slider or press the arrow keys, and listen while you do."
    )
    found = choose(catalogue)
    if found:
        chosen, trace = found
        show_scrubber(chosen.id, "denoising")
