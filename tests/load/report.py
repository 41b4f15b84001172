"""What was measured as a table in Markdown: what, measured, goal."""

from __future__ import annotations

from collections.abc import Iterator

from tests.load.crowd import Plan, Used
from tests.load.measured import Measured, quantile

RERUN_GOAL_S = 1.0
MEMORY_GOAL_MB = 1200
BACK_GOAL = 1.10  # of the memory before
HELLO_GOAL = 1.5  # of the p95 of streamlit hello
SLOWEST = 3  # pages are named
Row = tuple[str, str, str]


def rows(plan: Plan, measured: Measured, used: Used) -> Iterator[Row]:
    """Rows of one crowd."""
    yield "learners", f"{plan.learners} in {plan.seconds:.0f} s, seed {plan.seed}", "200"
    yield "reruns", times(measured.all_reruns_s), f"p95 ≤ {RERUN_GOAL_S:.0f} s"
    for kind, times_s in measured.rerun_s.items():
        yield f"of these, {kind}", times(times_s), "-"
    slow = sorted(measured.page_s, key=lambda path: -quantile(measured.page_s[path], 0.5))[:SLOWEST]
    for path in slow:
        yield f"slowest pages: /{path}", times(measured.page_s[path]), "-"
    yield "address to script finished", times(measured.opening_s), "-"
    yield "HTTP requests", f"{times(measured.http_s)}, {measured.http_bytes / 1e6:.0f} MB", "-"
    yield "over the WebSockets", f"{measured.frames} messages, {measured.socket_bytes / 1e6:.0f} MB", "-"
    yield "errors", errors(measured), "0"
    yield "server's memory at its start, after one look at every page", _mb(used.started_mb, used.warm_mb), "-"
    yield "at the peak, when they left", _mb(used.peak_mb, used.left_mb), f"{MEMORY_GOAL_MB} MB"
    rested = f"{used.rested_mb:.0f} MB, {100 * (used.rested_mb / used.warm_mb - 1):+.0f} %"
    yield f"{plan.rest_s:.0f} s after they left", rested, f"≤ {100 * (BACK_GOAL - 1):+.0f} %"
    yield "server's processor time, threads at most", f"{used.cpu_s:.1f} s, {used.threads}", "-"
    late = f"{used.client_cpu_s:.1f} s, late p95 {1000 * quantile(measured.client_late_s, 0.95):.0f} ms"
    yield "the client's own processor time, and how late it was itself", late, "-"


def compared(ours: Measured, hello: Measured) -> Row:
    """Our p95 against that of ``streamlit hello`` under the same load."""
    our_s, hello_s = quantile(ours.all_reruns_s, 0.95), quantile(hello.all_reruns_s, 0.95)
    return "rerun p95 against streamlit hello", f"{our_s / hello_s:.2f} times", f"{HELLO_GOAL} times"


def times(times_s: list[float]) -> str:
    """Quantiles in milliseconds."""
    if not times_s:
        return "none"
    p50, p95, most = (1000 * quantile(times_s, share) for share in (0.5, 0.95, 1.0))
    return f"n = {len(times_s)}, p50 {p50:.0f} ms, p95 {p95:.0f} ms, max {most:.0f} ms"


def errors(measured: Measured) -> str:
    if not measured.errors:
        return "0"
    return "; ".join(f"{times} × {kind} ({measured.examples[kind]})" for kind, times in measured.errors.most_common())


def _mb(first: float, second: float) -> str:
    return f"{first:.0f} MB, {second:.0f} MB"


def print_table(heading: str, lines: list[Row]) -> None:
    print(f"\n## {heading}\n\n| what | measured | goal |\n|---|---|---|")
    for line in lines:
        print("| " + " | ".join(line) + " |", flush=True)
