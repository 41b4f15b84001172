"""Lesson: taking noise away, one step at a time."""

import streamlit as st

from app.parts.choice import choose_trace
from app.parts.library import library
from app.parts.names import SAMPLERS, as_text, key_label, peculiarities, sampler_label, singer_label
from app.parts.scrubber import show_scrubber
from svc_core.traces.catalogue import CatalogueError
from svc_core.traces.trace import TraceError

st.title("Taking noise away")
st.markdown(
    "A diffusion model starts from **pure noise** and takes a little of it away, again and again, until a voice is "
    "left. Drag the slider or press the arrow keys, and listen while you do."
)

try:
    catalogue = library().catalogue()
except CatalogueError as error:
    st.error(as_text(str(error)), icon=":material/folder_off:")
    st.stop()
if len(catalogue) == 0:
    st.info("No conversion has been recorded yet. Run svc_core.precompute to make some (see README.md).")
    st.stop()

chosen = choose_trace(catalogue)
if chosen is None:
    st.stop()
try:
    trace = library().open(chosen)
except TraceError as error:
    st.error(
        f"This conversion cannot be shown: {as_text(str(error))} The others go on working.",
        icon=":material/broken_image:",
    )
    st.stop()

manifest, sampler = trace.manifest, trace.manifest.sampler
shift = manifest.key_shift_semitones
count = f"**{sampler.steps} step{'' if sampler.steps == 1 else 's'}**"
st.markdown(
    f"**{as_text(singer_label(chosen.source).capitalize())}** sings; the model sings the same melody and words "
    + ("in the **same key**" if shift == 0 else f"**{key_label(shift)}**")
    + f" in the voice of **{as_text(singer_label(chosen.target))}**, in {count}. What stays: the words, the melody's "
    "shape, loud and soft. What changes: the timbre"
    + ("." if shift == 0 else ", and the key.")
    + f" {SAMPLERS.get(sampler.name, '')}"
)
if unusual := peculiarities(chosen):
    st.markdown(f"What is unusual here: **{as_text('; '.join(unusual))}**.")
if manifest.note:
    st.info(as_text(manifest.note), icon=":material/push_pin:")

show_scrubber(chosen.id)

ends = (
    "The slider begins at pure noise and ends at the result." if sampler.steps > 1 else "Its only step is pure noise."
)
with st.expander("What am I looking at?", icon=":material/help:"):
    st.markdown(
        "Each picture is a **mel spectrogram**: time runs to the right, frequency upwards (in hertz, spaced as the ear "
        "hears it), and brightness is loudness in decibels. The colours mean the same decibels in every picture and at "
        "every step, so noise never looks quieter than it is.\n\n"
        f"- **xₜ**: the noisy mel that the sampler holds at a step. {ends}\n"
        "- **x̂₀**: from that noisy mel the network guesses the clean one. The first guesses are blurred: with so much "
        "noise many voices would fit, and the network answers with their average.\n"
        "- **Solid line**: F0, the pitch, measured on the sound of the nearest step whose sound was looked at. "
        "**Dashed line**: the melody that was asked for.\n\n"
        f"Sound was kept at {len(manifest.sounds)} of the {sampler.steps} steps; what you hear is the one nearest to "
        "the slider."
    )
with st.expander("What this model cannot do", icon=":material/warning:"):
    st.markdown(
        "It is small, and it learnt from 42 minutes of seven singers without any pretrained network, on two processor "
        "cores. Consonants are softer than sung ones, some vowels come out as their neighbours, and the voice "
        "resembles the target's without being a copy. The sound is made by "
        f"{as_text(manifest.vocoder)}; a real recording put through it is changed a little, too. Convert only voices "
        "that you may convert."
    )
    st.page_link("lessons/about.py", label="What was measured, and what the models learnt from", icon=":material/info:")
with st.expander("Where it comes from", icon=":material/copyright:"):
    credits = "\n".join(f"- {as_text(attribution)}" for attribution in manifest.attribution)
    st.markdown(
        f"This conversion is published under **{as_text(manifest.licence)}**. It is made from:\n\n{credits}\n\n"
        f"Model {as_text(manifest.model.sha256_12)}, sampler {as_text(sampler_label(sampler.name, sampler.steps))}, "
        f"seed {sampler.seed}, vocoder {as_text(manifest.vocoder)}."
    )
