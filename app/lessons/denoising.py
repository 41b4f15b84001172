"""Lesson: taking noise away, one step at a time."""

import streamlit as st

from app.parts.choice import choose_trace
from app.parts.names import key_label, singer_label
from app.parts.scrubber import show_scrubber
from app.parts.traces import list_traces, trace_of
from svc_core.traces.catalogue import CatalogueError
from svc_core.traces.trace import TraceError

st.title("Taking noise away")
st.markdown(
    "A diffusion model starts from **pure noise** and takes a little of it away, a thousand times, until a voice is "
    "left. Drag the slider or press the arrow keys, and listen while you do."
)

try:
    entries = list_traces()
except CatalogueError as error:
    st.error(str(error), icon=":material/folder_off:")
    st.stop()
if not entries:
    st.info("No conversion has been recorded yet. Run svc_core.precompute to make some (see README.md).")
    st.stop()

chosen = choose_trace(entries)
try:
    trace = trace_of(chosen)
except TraceError as error:
    st.error(f"This conversion cannot be shown: {error} The others go on working.", icon=":material/broken_image:")
    st.stop()

manifest = trace.manifest
shift = manifest["key_shift_semitones"]
st.markdown(
    f"**{singer_label(chosen.source).capitalize()}** sings; the model sings the same melody and words "
    + ("in the **same key**" if shift == 0 else f"**{key_label(shift)}**")
    + f" in the voice of **{singer_label(chosen.target)}**. What stays: the words, the melody's shape, loud and soft. "
    "What changes: the timbre" + ("." if shift == 0 else ", and the key.")
)

show_scrubber(chosen.id)

with st.expander("What am I looking at?", icon=":material/help:"):
    st.markdown(
        "Each picture is a **mel spectrogram**: time runs to the right, frequency upwards (in hertz, spaced as the ear "
        "hears it), and brightness is loudness in decibels. The colours mean the same decibels in every picture and at "
        "every step, so noise never looks quieter than it is.\n\n"
        "- **xₜ**: the noisy mel that the sampler holds at step *t*. Step 999 is pure noise, step 0 the result.\n"
        "- **x̂₀**: from that noisy mel the network guesses the clean one. The first guesses are blurred: with so much "
        "noise many voices would fit, and the network answers with their average.\n"
        "- **Solid line**: F0, the pitch, measured on the sound of the nearest step whose sound was kept. "
        "**Dashed line**: the melody that was asked for.\n\n"
        f"Sound was kept at {len(manifest['sounds'])} of the {manifest['sampler']['steps']} steps; you hear the one "
        "nearest to the slider."
    )
with st.expander("What this model cannot do", icon=":material/warning:"):
    st.markdown(
        "It is small, and it learnt from 42 minutes of seven singers without any pretrained network, on two processor "
        "cores. Consonants are soft, the voice is rough, and it resembles the target's without being a copy. The sound "
        "is made by "
        f"{manifest['vocoder']}, which buzzes; put through it, a real recording buzzes too. Convert only voices that "
        "you may convert."
    )
with st.expander("Where it comes from", icon=":material/copyright:"):
    credits = "\n".join(f"- {attribution}" for attribution in manifest["attribution"])
    st.markdown(
        f"This conversion is published under **{manifest['licence']}**. It is made from:\n\n{credits}\n\n"
        f"Model {manifest['model'].get('sha256_12', '?')}, sampler {manifest['sampler']['name'].upper()} with "
        f"{manifest['sampler']['steps']} steps, seed {manifest['sampler']['seed']}, vocoder {manifest['vocoder']}."
    )
