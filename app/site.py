"""The pages, in reading order. Runs at every rerun of every page."""

from pathlib import Path

import streamlit as st

FAVICON = Path(__file__).parent / "favicon.png"  # a file: named icons are fetched from another site

st.set_page_config(page_title="SingSteps", page_icon=str(FAVICON), layout="wide")

PAGES = [
    st.Page("lessons/denoising.py", title="Taking noise away", icon=":material/blur_off:", default=True),
    st.Page("lessons/about.py", title="The models and their recordings", icon=":material/info:"),
]

st.navigation(PAGES, position="top").run()
