"""The pages, in reading order. Runs at every rerun of every page."""

from pathlib import Path

import streamlit as st

from app.host.counted import counted_page
from app.parts.course import LESSONS

FAVICON = Path(__file__).parent / "favicon.png"  # a file: named icons are fetched from another site

st.set_page_config(page_title="SingSteps", page_icon=str(FAVICON), layout="wide")

PAGES = {
    "Lessons": [
        st.Page(each.script, title=f"{number}. {each.title}", url_path=each.path, icon=each.icon, default=not each.path)
        for number, each in enumerate(LESSONS, start=1)
    ],
    "Try it": [
        st.Page("own/page.py", title="Your own voice", url_path="own", icon=":material/mic:"),
    ],
    "Expert": [
        st.Page("expert/compare.py", title="Compare", url_path="compare", icon=":material/compare:"),
    ],
    "Look up": [
        st.Page("lessons/glossary.py", title="Glossary", url_path="glossary", icon=":material/dictionary:"),
        st.Page("lessons/about.py", title="About the data", url_path="about", icon=":material/info:"),
    ],
    "Teach": [
        st.Page("lessons/teachers.py", title="For teachers", url_path="teachers", icon=":material/school:"),
    ],
}

# an embedded lesson stands alone in another page
page = st.navigation(PAGES, position="hidden" if st.context.is_embedded else "top")
with counted_page(page.url_path):
    page.run()
