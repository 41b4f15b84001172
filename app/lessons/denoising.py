"""Lesson: taking noise away, one step at a time."""

from dataclasses import replace

import streamlit as st

from app.figures.component import show_figure
from app.parts.choice import choose_trace
from app.parts.exhibits import WALK, find_conversion, say_missing
from app.parts.lesson import lesson, say
from app.parts.names import SAMPLERS, as_text, key_label, peculiarities, sampler_label, singer_label
from app.parts.scrubber import show_scrubber
from app.parts.tour import show_tour
from app.serving.library import library
from svc_core.traces.catalogue import Catalogue, Entry
from svc_core.traces.trace import Trace, TraceError

GROUP = "denoising"
SEEDS = (0, 1, 2)  # conversions that differ in nothing but their noise


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


def describe(chosen: Entry, trace: Trace) -> None:
    """Who sings, into whose voice, how; and what is unusual about it."""
    manifest, sampler = trace.manifest, trace.manifest.sampler
    shift = manifest.key_shift_semitones
    say(
        f"**{as_text(singer_label(chosen.source).capitalize())}** sings; the model sings the same melody and words "
        + ("in the **same key**" if shift == 0 else f"**{key_label(shift)}**")
        + f" in the voice of **{as_text(singer_label(chosen.target))}**, in "
        + f"**{sampler.steps} step{'' if sampler.steps == 1 else 's'}**. What stays: the words, the melody's shape, "
        + "loud and soft. What changes: the timbre"
        + ("." if shift == 0 else ", and the key.")
        + f" {SAMPLERS.get(sampler.name, '')}"
    )
    if unusual := peculiarities(chosen):
        say(f"What is unusual here: **{as_text('; '.join(unusual))}**.")
    if manifest.note:
        st.info(as_text(manifest.note), icon=":material/push_pin:")


def explain_pictures(trace: Trace) -> None:
    """What the two pictures hold, and from where the sound is; the maths on request."""
    steps, sounds = trace.manifest.sampler.steps, len(trace.manifest.sounds)
    ends = "The slider begins at pure noise and ends at the result." if steps > 1 else "Its only step is pure noise."
    with st.expander("What am I looking at?", icon=":material/help:"):
        say(
            "Each picture is a [[mel-spectrogram]]: time runs to the right, frequency upwards (in hertz, spaced as "
            "the ear hears it), and brightness is loudness in decibels. The colours mean the same decibels in every "
            "picture and at every step, so noise never looks quieter than it is.\n\n"
            f"- [[x-t|**xₜ**]]: the noisy mel that the sampler holds at a step. {ends}\n"
            "- [[x0-hat|**x̂₀**]]: from that noisy mel the network guesses the clean one, all of it at once.\n"
            "- **Solid line**: [[f0]], the pitch, measured on the sound of the nearest step whose sound was looked "
            "at. **Dashed line**: the melody that was asked for.\n\n"
            f"Sound was kept at {sounds} of the {steps} steps; what you hear is the one nearest to the slider."
        )
    with st.expander("The maths", icon=":material/function:"):
        say(
            "Every sampler of this site makes its next noisy mel of the same parts: the guess, the noisy mel it had, "
            "and sometimes fresh noise."
        )
        st.latex(
            r"\textcolor{#9459d0}{x_{\text{next}}} = P_t\,\textcolor{#b86414}{\hat{x}_0(x_t, t, c)} + "
            r"B_t\,\textcolor{#2878b8}{x_t} + S_t\,z"
        )
        say(
            "The guess x̂₀ depends on the noisy mel xₜ, on the step t, and on the conditions c: content, melody, "
            "loudness, singer. P, B and S are fixed numbers of the step: of [[ddpm|DDPM]]'s early steps P is tiny, so "
            "that one guess moves the picture only a little. (Heun's method adds a second guess.) The network learnt "
            "to make the mean squared error of its guess small, and the guess that does so is the average "
            r"$\mathbb{E}[\,x_0 \mid x_t, c\,]$ of all voices that fit. "
            "Ours was then taught to say at once what it says under [[guidance]], that is, to follow its conditions "
            "more strongly; so its guesses are no pure averages."
        )


def tell_limits(trace: Trace) -> None:
    """What the model cannot do, and what the conversion is made from."""
    manifest, sampler = trace.manifest, trace.manifest.sampler
    with st.expander("What this model cannot do", icon=":material/warning:"):
        say(
            "It is small, and it learnt from 42 minutes of seven singers without any pretrained network, on two "
            "processor cores. Consonants are softer than sung ones, some vowels come out as their neighbours, and the "
            f"voice resembles the target's without being a copy. The sound is made by {as_text(manifest.vocoder)}; a "
            "real recording put through it is changed a little, too. Convert only voices that you may convert."
        )
        st.page_link(
            "lessons/about.py", label="What was measured, and what the models learnt from", icon=":material/info:"
        )
    with st.expander("Where it comes from", icon=":material/copyright:"):
        credits = "\n".join(f"- {as_text(attribution)}" for attribution in manifest.attribution)
        say(
            f"This conversion is published under **{as_text(manifest.licence)}**. It is made from:\n\n{credits}\n\n"
            f"Model {as_text(manifest.model.sha256_12)}, sampler "
            f"{as_text(sampler_label(sampler.name, sampler.steps))}, seed {sampler.seed}, "
            f"vocoder {as_text(manifest.vocoder)}."
        )


def show_guesses(catalogue: Catalogue) -> None:
    """The same conversion from three different noises."""
    found = [find_conversion(catalogue, replace(WALK, seed=seed)) for seed in SEEDS]
    ids = [entry.id for entry in found if entry is not None]
    if len(ids) < len(found):
        say_missing("Conversions that differ only in their noise")
        return
    show_figure("guesses", {"traces": ids})


with lesson(GROUP) as catalogue:
    say(
        "A [[diffusion-model]] starts from **pure noise** and takes a little of it away, again and again, until a "
        "voice is left. **Drag the slider or press the arrow keys**, and listen while you do."
    )
    found = choose(catalogue)
    if found:
        chosen, trace = found
        show_scrubber(chosen.id, GROUP)
        show_tour("denoising")
        describe(chosen, trace)
        explain_pictures(trace)
    if len(catalogue):
        st.header("Why is the first guess smooth?", anchor="why-blurred")
        say(
            "**Press the three buttons in turn** and watch both pictures. Each begins with other noise; nothing else "
            "is changed."
        )
        show_guesses(catalogue)
        say(
            "At the first step there is nothing to see but noise. What the network knows, it knows from its "
            "[[condition|conditions]]: the words, the melody, the loudness, the singer. Very many voices fit these, "
            "each with another grain of breath and roughness. The network answers with their [[regression-to-the-mean|"
            "average]]: melody and words are there, the grain is blurred away. Only as the noise clears does it see "
            "which of the many voices this one is going to be, and fills the grain in."
        )
    if found:
        st.header("What becomes better, and when?", anchor="curves")
        say(
            "**Drag across the chart**, or pick another measure: the pictures above follow. Find a step after which a "
            "curve no longer changes."
        )
        show_figure("curves", {"trace": chosen.id, "group": GROUP})
        st.header("Which steps change the guess most?", anchor="matrix")
        say(
            "In this [[step-matrix]] each cell holds two steps against each other: how many decibels lie between "
            "their predictions. **Click a bright cell, then one beside the diagonal.**"
        )
        show_figure("matrix", {"trace": chosen.id, "group": GROUP})
        say(
            "It is true [[decibel|decibels]]: both pictures are on one scale, what lies below the scale's foot of "
            "−90 dB counts as silent in both, and the difference picture subtracts levels, not colours."
        )
        tell_limits(trace)
