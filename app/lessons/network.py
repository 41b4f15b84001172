"""Lesson: what happens inside the network from step to step, and which steps are worth a look."""

import streamlit as st

from app.figures.component import show_figure
from app.parts.exhibits import find_walk
from app.parts.lesson import lesson, say
from app.parts.names import as_text, trace_label
from app.parts.scrubber import show_scrubber

GROUP = "network"

with lesson(GROUP) as catalogue:
    say(
        "At every step the same [[neural-network|network]] looks at the noisy mel and makes its guess. Inside, each "
        "step is a long row of numbers. **Drag the slider, or move along one of the two lines below it**: each point "
        "of a line is one step, and neighbouring points are steps that look alike to the network."
    )
    entry = find_walk(catalogue)
    if entry:
        st.caption(as_text(trace_label(entry)))
        show_scrubber(entry.id, GROUP, references=False)
        st.header("Seven places inside", anchor="maps")
        say(
            "**Press a place in the drawing of the network**: the maps show what was held there, at every step of the "
            "walk. These are its [[hidden-feature|hidden features]], each averaged over the phrase."
        )
        show_figure("maps", {"trace": entry.id, "group": GROUP})
        say(
            "[[pca|PCA]] is a flat shadow of the whole cloud: what lies far apart on it is far apart in the network "
            "(the reverse need not hold, as a shadow hides depth). [[t-sne|t-SNE]] bends the line until neighbours "
            "lie side by side. **Its distances, gaps and sizes mean little**: a wide loop is not a large change, and "
            "a cluster may be made by the method alone. Trust only who is next to whom."
        )
        st.header("Which steps tell the story?", anchor="picks")
        say(
            "Nobody looks at a thousand pictures. **Choose how many steps you can afford**: the walk is cut into that "
            "many equal intervals, and of each the step is taken that is nearest to the interval's mean inside the "
            "network. That is [[interval-sampling]]. Every k-th step is the plain way to do it, for comparison."
        )
        show_figure("picks", {"trace": entry.id, "group": GROUP})
        with st.expander("The maths", icon=":material/function:"):
            say("Of the steps i of an interval I, each with the features h of the place that you chose above:")
            st.latex(
                r"\textcolor{#2878b8}{\text{pick}(I)} = \arg\min_{i \in I} \Big\lVert h_i - "
                r"\textcolor{#b86414}{\tfrac{1}{|I|}\sum_{j \in I} h_j} \Big\rVert^2"
            )
            say(
                "It is the centre of [[k-means]] with one cluster, as in SingVisio (Xue and others, 2024, "
                "arXiv 2402.12660), which shows a hundred of a thousand steps. “Every k-th” takes the first step of "
                "each interval. The features here are reduced to 48 numbers a step; that keeps 96 to 99 % of the "
                "picks that the full features give, measured on the walks of two models. The maps have one scale for "
                "both axes; for t-SNE the perplexity is 30, less in short walks."
            )
