"""About: how good the models are, what they are, and what they learnt from."""

from pathlib import Path

import streamlit as st

from app.parts.cards import DATA_CARD, MODEL_CARD, CardError, measured_table, read_card
from app.parts.lesson import say, show_course
from app.parts.terms import show_terms

TABLE = Path(__file__).parent.parent / "figures" / "measured.css"
OPEN = ("What they cannot do", "Ethics", "What it is, and is not")  # the rest is for those who ask

show_course(None)
st.title("The models and their recordings")
say(
    "Three small models made every conversion here, on two processor cores, from three quarters of an hour of "
    "singing: one that takes [[ddpm|a thousand steps]], a [[teacher]] that takes forty, and its [[student]], which "
    "takes one. They are good enough to learn from and far from the best there are. This page says what was measured, "
    "what the models cannot do, and whose voices they learnt from."
)

st.header("How good are they?", anchor="how-good")
st.html(TABLE)
try:
    measured = measured_table()
except CardError as error:
    st.info(f"The table of measured figures cannot be shown: {error}", icon=":material/table_chart:")
else:
    say(
        "Measured on phrases that [[held-out|no model had learnt from]]. Hold the models against the last two "
        "columns: a real recording [[copy-synthesis|put through the same vocoder]] keeps as much as any conversion "
        "can, and the unchanged source is what comes of doing nothing: every word and note is right, and the voice is "
        "another's. [How good is it?](measuring) explains each figure, and how it misleads; how each is taken stands "
        "in precomputed/README.md."
    )
    st.table(measured)

for title, anchor, card in (("The models", "models", MODEL_CARD), ("The recordings", "recordings", DATA_CARD)):
    st.header(title, anchor=anchor)
    try:
        opening, *sections = read_card(card).items()
    except CardError as error:
        st.info(str(error), icon=":material/folder_off:")
        continue
    st.markdown(opening[1])
    for heading, text in sections:
        with st.expander(heading, expanded=heading in OPEN):
            st.markdown(text)

show_terms()
