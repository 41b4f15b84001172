"""axe-core, run on a page in a real browser: what a reader with a screen reader, or with weak eyes, would stumble over.

axe looks through shadow roots by itself. Only what it calls serious or critical counts. What Streamlit's
own markup is at fault for is passed over: each exception names one rule, one selector and a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parent / "axe" / "axe.min.js"
GRAVE = ("serious", "critical")
RUN = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, impact, help, nodes }) => ({
        id, impact, help, nodes: nodes.map(({ target, failureSummary }) => ({ target: target.flat(), failureSummary })),
    }));
}"""


@dataclass(frozen=True)
class Exempt:
    """Streamlit's own fault: nodes inside ``within`` are passed over for this rule, and for no other."""

    rule: str
    within: str
    reason: str


EXCEPTIONS: tuple[Exempt, ...] = ()


def grave_violations(page: Page, exceptions: tuple[Exempt, ...] = EXCEPTIONS) -> list[str]:
    """Serious and critical violations of the page as it is now, one line a place: rule, what is wrong, where, why."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    lines = []
    for found in page.evaluate(RUN):
        if found["impact"] not in GRAVE:
            continue
        passed = [each.within for each in exceptions if each.rule == found["id"]]
        for node in found["nodes"]:
            if any(_lies_in(page, node["target"], within) for within in passed):
                continue
            why = " ".join(node["failureSummary"].split())
            lines.append(f"{found['impact']}: {found['id']} ({found['help']}) at {' >> '.join(node['target'])}: {why}")
    return lines


def _lies_in(page: Page, target: list[str], within: str) -> bool:
    """Whether the element lies inside ``within``. ``target``: a selector for each root on the way to it."""
    return page.evaluate(
        """([target, within]) => {
            let root = document;
            let found = null;
            for (const selector of target) {
                found = root.querySelector(selector);
                if (found?.closest(within)) return true;
                root = found?.shadowRoot ?? root;
            }
            return false;
        }""",
        [target, within],
    )
