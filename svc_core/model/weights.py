"""The weights of guidance, one a condition (see guidance). Apart from it, so that whoever only names them, as a job
does, need not load a network.
"""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Guidance:
    """Weights, in the order of CONDITION_NAMES."""

    content: float = 0.0
    melody: float = 0.0
    loudness: float = 0.0
    singer: float = 0.0

    def weights(self) -> dict[str, float]:
        """Those that are not 0."""
        named = {part.name: getattr(self, part.name) for part in fields(self)}
        return {name: weight for name, weight in named.items() if weight != 0.0}
