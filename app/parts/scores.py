"""What the scores of conversions are called and how they are written: app/texts/scores.toml."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from app.serving.library import REPOSITORY
from svc_core.traces.parsing import ParseError, parse

SCORES = REPOSITORY / "app" / "texts" / "scores.toml"
BETTER = ("high", "low", "near", "")


class ScoresError(ValueError):
    """The file of scores cannot be used; the message says what is wrong in it."""


@dataclass(frozen=True)
class Score:
    """``scale``: what a value is multiplied by before it is written; ``term``: its place in the glossary."""

    name: str
    unit: str
    scale: float
    digits: int
    better: str
    term: str


@dataclass(frozen=True)
class _Sheet:
    score: dict[str, Score]


@lru_cache
def scores(path: Path = SCORES) -> dict[str, Score]:
    """Facts of every score that has a name. Raises ScoresError."""
    try:
        found = parse(_Sheet, {"score": tomllib.loads(path.read_text(encoding="utf-8"))}, "").score
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ParseError) as error:
        raise ScoresError(f"{path.name} cannot be used: {error}. Mend it, or fetch it again.") from error
    for name, score in found.items():
        if score.better not in BETTER:
            raise ScoresError(f"{path.name}: 'better' of {name} must be one of {', '.join(map(repr, BETTER))}.")
    return found


def for_browser() -> dict[str, dict[str, object]]:
    """The same as JSON."""
    return {name: asdict(score) for name, score in scores().items()}
