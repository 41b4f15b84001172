"""For teachers: 45 minutes, links that open each demonstration, questions, embedding, hosting, consent, printing."""

from pathlib import Path

import streamlit as st

from app.parts.course import BY_ID
from app.parts.exhibits import WALK, find_conversion
from app.parts.lesson import listed_conversions, say, show_course
from app.parts.links import Demonstration, Plan, PlanError, address_of, embedded, read_plan, site_of
from app.parts.terms import show_terms
from svc_core.traces.catalogue import Catalogue

PRINT = Path(__file__).parent.parent / "figures" / "print.css"
TRY = Demonstration("", "denoising", "walk", 700)


def links_of(demonstrations: list[Demonstration], catalogue: Catalogue, site: str = "") -> str:
    """A list in Markdown; what is not there is said."""
    lines = []
    for each in demonstrations:
        address = address_of(each, catalogue)
        if address:
            lines.append(f"* [{each.words}]({site}{address.removeprefix('./') if site else address})")
        else:
            lines.append(f"* {each.words} (this conversion is not among those listed here)")
    return "\n".join(lines)


def timed(plan: Plan) -> list[tuple[str, int]]:
    """A heading and the number of each part: "4 to 10 min: Read it"."""
    begin, headings = 0, []
    for index, part in enumerate(plan.part):
        headings.append((f"{begin} to {begin + part.minutes} min: {part.title}", index))
        begin += part.minutes
    return headings


def as_markdown(plan: Plan, catalogue: Catalogue, site: str) -> str:
    """The plan as a file to change to one's taste."""
    parts = [f"# SingSteps: {sum(part.minutes for part in plan.part)} minutes"]
    for heading, index in timed(plan):
        part = plan.part[index]
        do = part.do.replace("[[", "").replace("]]", "")
        parts += [f"## {heading}", do, links_of(part.link, catalogue, site)]
    parts.append("## To discuss")
    parts += [f"**{each.ask}** {each.good}" for each in plan.discussion]
    return "\n\n".join(parts) + "\n"


show_course(None)
st.html(PRINT)
st.title("For teachers")
say(
    "Everything here runs in a browser, needs no account, and sends nothing about your students anywhere: what they "
    "answer is kept in their own browser; what they sing, where they want to, goes to the computer that serves these "
    "pages, and is deleted when they leave [the page for their own voice](own). The plan below needs one projector "
    "with sound; the lessons also work alone, "
    "in about half an hour."
)
catalogue = listed_conversions()
site = site_of(st.context.url, "teachers")

try:
    plan = read_plan()
except PlanError as error:
    st.error(str(error), icon=":material/event_busy:")
else:
    st.header("What they will have learnt", anchor="outcomes")
    lines = []
    for number, outcome in enumerate(plan.outcome, start=1):
        lessons = ", ".join(f"[{BY_ID[id].title}]({BY_ID[id].address})" for id in outcome.lessons)
        lines.append(f"{number}. {outcome.learnt}: {lessons}")
    say("\n".join(lines) + "\n\nThe questions at the end of each lesson ask for just these.")

    st.header(f"A plan for {sum(part.minutes for part in plan.part)} minutes", anchor="plan")
    say(
        "Each link opens a lesson at the right conversion and step. Whatever you choose in a lesson is in its address, "
        "too: copy the address to make a link of your own."
    )
    for heading, index in timed(plan):
        part = plan.part[index]
        st.subheader(heading, anchor=f"part-{index + 1}")
        say(f"{part.do}\n\n{links_of(part.link, catalogue)}")
    st.download_button(
        "The plan as a text file",
        as_markdown(plan, catalogue, site),
        "singsteps-plan.md",
        "text/markdown",
        icon=":material/download:",
        on_click="ignore",
    )

    st.header("To discuss", anchor="discuss")
    for each in plan.discussion:
        say(f"**{each.ask}**  \nA good answer: {each.good}")

st.header("A lesson in your own page", anchor="embed")
address = site + embedded(address_of(TRY, catalogue) or BY_ID[TRY.lesson].address)
say(
    "Add `embed=true` to any address, and the page comes without what a frame does not need. In a course page or a "
    "blog, where HTML can be written, this opens a conversion at step 700:"
)
st.code(
    f'<iframe src="{address.replace("&", "&amp;")}"\n'
    '        title="SingSteps: taking noise away, one step at a time"\n'
    '        width="100%" height="900" loading="lazy" allow="autoplay"></iframe>',
    language="html",
    wrap_lines=True,
)
if not find_conversion(catalogue, WALK):
    st.caption("The conversion that the lessons look at is not among those listed here, so the sample names none.")

st.header("For a class, and without a network", anchor="host")
say("One computer can serve a class. With Python 3.11 or newer and make, in the folder of the repository:")
st.code(
    "make app              # prints its address\n"
    "make app PORT=8080    # another port\n"
    "make own              # the same, and students can have their own singing converted",
    language="sh",
)
say(
    "Everyone in the same network can then open `http://ADDRESS:8501`, with the computer's own address in place of "
    "ADDRESS (the firewall must let it in). The first start fetches a few packages; after that no network is "
    "needed, on a stick or a laptop neither: recordings, sounds and texts all lie in the repository. README.md has the "
    "commands without make, as on Windows, and says how conversions of your own are made, or many for a class. "
    "Browsers give a microphone only to pages that come over https, or from the computer itself; elsewhere, students "
    "bring files."
)

st.header("When students record themselves", anchor="consent")
say(
    "A voice is part of a person. Before anyone is recorded:\n\n"
    "* **Ask, in writing**, the students and, where the law wants it, their parents: what is recorded, what it is "
    "converted into, who hears it, when it is deleted. Refusing must cost nothing: there are voices here for "
    "everyone.\n"
    "* **Both must agree**: who sings, and whose voice is the target. Nobody is converted into a classmate, a teacher "
    "or a famous singer who was not asked.\n"
    "* **Keep it in the room.** Conversions are made on the computer that serves these pages, and go no further. "
    "What is sung on the page is deleted there when the page is closed; delete together what was downloaded.\n"
    "* **Say what it is.** Whatever leaves the room is named as made by a machine.\n\n"
    "The singers of the shipped recordings gave them under licences that allow this; [About the "
    "data](about#recordings) names them. See [[consent]] and [[deepfake]] in the glossary."
)

st.header("Printing", anchor="print")
say(
    "Print this page from the browser's menu: the bars at the top are left out. The lessons themselves are for ears "
    "and hands; of them, print the questions, or a screenshot to be read with a pencil."
)
show_terms()
