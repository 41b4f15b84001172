"""What is counted of the running server, for whoever hosts it: numbers alone, nothing of whom they come from.

GET ./metrics gives them in Prometheus' text format, GET ./health says whether pages can be shown.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from streamlit.runtime.scriptrunner import RerunException, StopException

from app.host.log import note

SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SLOW_S = 1.0  # a reader notices
REGISTRY = CollectorRegistry()
PAGES = Histogram("singsteps_page_seconds", "Runs of a page's script.", ["page"], buckets=SECONDS, registry=REGISTRY)
BROKEN = Counter(
    "singsteps_page_errors", "Runs of a page's script that ended in an error.", ["page"], registry=REGISTRY
)
REQUESTS = Histogram(
    "singsteps_request_seconds",
    "Answers over HTTP, by what was asked for.",
    ["kind", "status"],
    buckets=SECONDS,
    registry=REGISTRY,
)
OPEN = Gauge("singsteps_open_pages", "Browser tabs that are connected just now.", registry=REGISTRY)
JOBS = Gauge("singsteps_own_jobs", "Conversions of visitors' own singing, by state.", ["state"], registry=REGISTRY)
TAKES = Gauge("singsteps_own_takes", "Recordings of visitors that are kept just now.", registry=REGISTRY)


@contextmanager
def counted_page(page: str) -> Iterator[None]:
    """Around a run of a page's script, by the page's path."""
    began = time.perf_counter()
    try:
        yield
    except (RerunException, StopException):  # how Streamlit ends a script that is no longer wanted
        raise
    except Exception as error:
        BROKEN.labels(page).inc()
        note("page failed", page=page, error=type(error).__name__)
        raise
    finally:
        seconds = time.perf_counter() - began
        PAGES.labels(page).observe(seconds)
        if seconds > SLOW_S:
            note("slow page", page=page, seconds=round(seconds, 2))


def as_text() -> bytes:
    """All of it in Prometheus' text format."""
    return generate_latest(REGISTRY)
