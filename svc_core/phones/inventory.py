"""The phones of one corpus, numbered: read off its labels, saved with what has been learnt from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from svc_core.phones.symbols import SILENCE

NO_PHONE = -1  # of a frame of which no label says what is sung


@dataclass(frozen=True)
class Inventory:
    """Distinct symbols; silence is always number 0. A phone's place in it is its number."""

    symbols: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.symbols or self.symbols[0] != SILENCE or len(set(self.symbols)) < len(self.symbols):
            raise ValueError(f"an inventory begins with '{SILENCE}' and names each phone once.")

    def __len__(self) -> int:
        return len(self.symbols)

    def number(self, symbol: str) -> int:
        """Raises ValueError for a phone that is not in the inventory."""
        if symbol not in self.symbols:
            raise ValueError(f"the phone '{symbol}' is none of {' '.join(self.symbols)}.")
        return self.symbols.index(symbol)


def inventory_of(phones: Iterable[str]) -> Inventory:
    """Silence, then all other phones in alphabetical order: the same corpus numbers them alike each time."""
    return Inventory((SILENCE, *sorted(set(phones) - {SILENCE})))
