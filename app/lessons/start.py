"""Lesson: one voice becomes another. What a conversion is, heard and seen, and where to go on."""

import streamlit as st

from app.figures.component import show_figure
from app.parts.course import LESSONS
from app.parts.exhibits import find_walk
from app.parts.lesson import lesson, say
from app.parts.names import as_text, key_label, singer_label
from app.parts.tour import show_tour
from svc_core.traces.catalogue import Entry

THEIRS = {"woman": "her", "man": "his"}


def sex_of(singer: str) -> str:
    """'makam-f3' -> 'woman'; 'singer' where the name does not tell."""
    first = singer_label(singer).split()[0]
    return first if first in THEIRS else "singer"


def voices_of(entry: Entry) -> dict[str, str]:
    """What each of the three sounds is, in a few words."""
    source, target = sex_of(entry.source), sex_of(entry.target)
    return {
        "source": f"a {source} sings ({entry.source})",
        "target": f"a {target} sings ({entry.target})",
        "converted": f"{THEIRS.get(source, 'the source’s')} phrase in {_voice(source, target)}",
    }


def _voice(source: str, target: str) -> str:
    """'his voice'; of two women 'the other woman's voice'."""
    if source == target or target not in THEIRS:
        return f"the other {target}’s voice"
    return f"{THEIRS[target]} voice"


with lesson("start") as catalogue:
    found = find_walk(catalogue)
    if found:
        say(
            "Press **1**, **2** and **3**, and listen. Nobody sang the third one: a "
            "[[diffusion-model|diffusion model]] made it, out of the noise that you see."
        )
        show_figure("overture", {"trace": found.id, "voices": voices_of(found)})
        show_tour("start")
        st.header("What stays, what changes", anchor="what-stays")
        say("Press each of the five, and look at where the two lines agree and where they part.")
        show_figure("stays", {"trace": found.id})
        say(
            f"The phrase comes from the [[source]], {as_text(singer_label(found.source))}: its words, its [[melody]] "
            f"and its [[loudness]]. The voice, or [[timbre]], comes from the [[target]], "
            f"{as_text(singer_label(found.target))}. The [[key-shift|key]] is chosen so that the melody lies well in "
            f"that voice; here {key_label(found.key_shift_semitones)}."
        )
    st.header("Scope and limits", anchor="limits")
    say(
        "These are small models, made to be looked into: they know seven singers, some of them from little more than a "
        "minute, and about a fifth of the sounds of the words get lost on the way. The lessons' conversions were "
        "computed beforehand, from published recordings, and every converted voice is named so. Nothing is recorded "
        "from you, unless you ask for it on [the page for your own voice](own)."
    )
    st.header("Where do you want to go on?", anchor="go-on")
    new, known, own = st.columns(3)
    with new.container(border=True):
        st.markdown(f"**I am new to this.** {len(LESSONS)} lessons of a few minutes each, in reading order.")
        st.page_link("lessons/seeing.py", label="Lesson 2: how a computer sees singing", icon=":material/school:")
    with known.container(border=True):
        st.markdown("**I know diffusion.** Any step of any conversion, filtered by score, up to four side by side.")
        st.page_link("expert/compare.py", label="Straight to the comparison", icon=":material/compare:")
    with own.container(border=True):
        st.markdown("**And my voice?** Sing a line, hear it in another voice, and watch every step of it.")
        st.page_link("own/page.py", label="Your own voice", icon=":material/mic:")
