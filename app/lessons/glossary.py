"""Glossary: every term of the site, by topic or from A to Z, with a box to find one."""

from collections.abc import Iterable
from html import escape

import streamlit as st

from app.parts.course import BY_ID
from app.parts.glossary import TOPICS, Term, glossary, with_terms
from app.parts.lesson import say, show_course
from app.parts.names import as_text
from app.parts.terms import show_terms


def matches(term: Term, wanted: str) -> bool:
    """Whether a name of the term, or its explanation, holds what was typed."""
    return any(wanted.casefold() in text.casefold() for text in (term.term, *term.also, term.short))


def entry(term: Term) -> str:
    """One term as HTML with Markdown inside; its id is what links to glossary#ID reach."""
    names = ", ".join(other_names(term))
    also = f"<small>{escape(names)}</small>" if names else ""
    ways = [f"See also {', '.join(f'[[{other}]]' for other in term.see)}."] if term.see else []
    if term.lesson:
        lesson = BY_ID[term.lesson]
        ways.append(f'Lesson: <a href="{lesson.address}" target="_self">{escape(lesson.title)}</a>')
    text = with_terms("\n\n".join((term.short, term.more, '<div class="ways">', " ".join(ways), "</div>")))
    return f'<dt id="{term.id}">{escape(term.term)}{also}</dt>\n<dd>\n\n{text}\n</dd>'


def other_names(term: Term) -> list[str]:
    """The term's other names, without mere plurals and hyphens."""

    def bare(name: str) -> str:
        return name.casefold().replace("-", " ").replace("–", " ").removesuffix("s")

    names: dict[str, str] = {}
    for name in (term.term, *term.also):
        names.setdefault(bare(name), name)
    return list(names.values())[1:]


def show_list(terms: Iterable[Term], key: str | None) -> None:
    """All in one element: one a term would take Streamlit seconds. A key keeps room for it (figures/room.py)."""
    with st.container(key=key):
        st.markdown('<dl class="terms">\n' + "\n".join(map(entry, terms)) + "\n</dl>", unsafe_allow_html=True)


show_course(None)
st.title("Glossary")
say(
    "Every word of the trade and every abbreviation on these pages, in plain words. On the other pages, terms with a "
    "dotted line show the same text when you point at them or tap them."
)

typed, order = st.columns([2, 1], vertical_alignment="bottom")
wanted = typed.text_input("Find", placeholder="a word or an abbreviation, such as SNR").strip()
by_topic = order.segmented_control("Order", ["By topic", "A to Z"], default="By topic", required=True) == "By topic"

found = [term for term in glossary().values() if matches(term, wanted)]
if not found:
    st.info(f"No term fits “{as_text(wanted)}”. Try fewer letters.", icon=":material/search_off:")
elif wanted:
    st.caption(f"{len(found)} of {len(glossary())} terms fit.")
if by_topic:
    if not wanted:
        say("Jump to: " + " · ".join(f"[{title}](#topic-{topic})" for topic, title in TOPICS.items()))
    for topic, title in TOPICS.items():
        if inside := [term for term in found if term.topic == topic]:
            st.header(title, anchor=f"topic-{topic}")
            show_list(inside, None if wanted else f"dictionary-{topic}")
elif found:
    show_list(sorted(found, key=lambda term: term.term.casefold()), None if wanted else "dictionary-all")

show_terms()
