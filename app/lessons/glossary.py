"""Glossary: every term of the site, topic by topic."""

import streamlit as st

from app.parts.glossary import TOPICS, Term, glossary, with_terms
from app.parts.terms import show_terms

TITLES = {
    "start": "Start",
}


def address(lesson: str) -> str:
    return "./" if lesson == "start" else lesson.replace("_", "-")


def entry(term: Term) -> str:
    return f"""<dt id="{term.id}">{term.term}<small>{' · '.join(term.also)}</small></dt>
<dd>

{term.short} {with_terms(term.more)}

</dd>"""

st.title("Glossary")
for topic, title in TOPICS.items():
    st.subheader(title, anchor=f"topic-{topic}")
    st.markdown("<dl>\n" + "\n".join(entry(t) for t in glossary().values() if t.topic == topic) + "\n</dl>", unsafe_allow_html=True)
show_terms()
