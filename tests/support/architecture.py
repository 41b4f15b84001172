"""Which folder imports which, drawn from the code: python -m tests.support.architecture writes it into CONTRIBUTING.md

A folder of svc_core or app is a box; the commands and pages that lie in them directly are boxes of their own. An arrow
goes from who imports to what is imported. Arrows that follow from others (a → b → c, a → c) are left out.
"""

from __future__ import annotations

import ast
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
GUIDE = REPOSITORY / "CONTRIBUTING.md"
BEGIN, END = "```mermaid\n", "```\n"
PACKAGES = ("svc_core", "app")
DIRECT = {"svc_core": "commands", "app": "site"}  # modules beside the folders
EVERYBODYS = {
    "svc_core.config",
    "svc_core.workers",
    "svc_core.options",
    "svc_core.paths",
    "svc_core.rows",
    "svc_core.whole",
}  # imported by nearly all: no arrow tells anything


def box_of(module: str) -> str | None:
    """'svc_core.sound.mel' -> 'svc_core/sound'; None for what has no box."""
    package, *rest = module.split(".")
    if package not in PACKAGES or ".".join([package, *rest[:1]]) in EVERYBODYS:
        return None
    is_folder = bool(rest) and (REPOSITORY / package / rest[0]).is_dir()
    return f"{package}/{rest[0] if is_folder else DIRECT[package]}"


def imports() -> dict[str, set[str]]:
    """For each box those that it imports, itself left out."""
    found: dict[str, set[str]] = {}
    for path in sorted(path for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py")):
        module = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")
        box = box_of(module)
        if box is None:
            continue
        reached = found.setdefault(box, set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [
                    node.module,
                    *(f"{node.module}.{alias.name}" for alias in node.names if node.module in PACKAGES),
                ]
            reached |= {target for name in names if (target := box_of(name)) and name not in PACKAGES} - {box}
    return {
        box: reached for box, reached in found.items() if reached or any(box in others for others in found.values())
    }


def reduced(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Without arrows that follow from others. Raises ValueError where boxes import one another in a circle."""
    below: dict[str, set[str]] = {}

    def reach(box: str, way: tuple[str, ...] = ()) -> set[str]:
        if box in way:
            raise ValueError(f"imports run in a circle: {' → '.join([*way, box])}")
        if box not in below:
            below[box] = set()
            for target in graph.get(box, ()):
                below[box] |= {target} | reach(target, (*way, box))
        return below[box]

    for box in graph:
        reach(box)
    return {
        box: {one for one in reached if not any(one in below[two] for two in reached)} for box, reached in graph.items()
    }


def drawn(graph: dict[str, set[str]]) -> str:
    """The picture as Mermaid's text."""
    lines = ["flowchart LR"]
    for package in PACKAGES:
        boxes = sorted(box for box in graph if box.startswith(f"{package}/"))
        lines += [
            f"    subgraph {package}",
            *(f"        {_name(box)}[{box.split('/')[1]}]" for box in boxes),
            "    end",
        ]
    lines += [f"    {_name(box)} --> {_name(target)}" for box in sorted(graph) for target in sorted(graph[box])]
    return "\n".join(lines) + "\n"


def _name(box: str) -> str:
    return box.replace("/", "_")


def picture() -> str:
    return drawn(reduced(imports()))


def parted(text: str) -> tuple[str, str, str]:
    """The guide before its picture, the picture, and after it. Raises ValueError where it has none."""
    start = text.index(BEGIN) + len(BEGIN)
    end = text.index(END, start)
    return text[:start], text[start:end], text[end:]


def main() -> None:
    before, _, after = parted(GUIDE.read_text(encoding="utf-8"))
    partial = GUIDE.with_suffix(".partial")
    partial.write_text(before + picture() + after, encoding="utf-8")
    partial.replace(GUIDE)


if __name__ == "__main__":
    main()
