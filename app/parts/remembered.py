"""What is made of a whole catalogue, kept until there is another one: pages run at every click."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from svc_core.traces.catalogue import Catalogue

T = TypeVar("T")


def once_a_catalogue(make: Callable[[Catalogue], T]) -> Callable[[Catalogue], T]:
    """The function, which gives the same object again as long as it is given the same catalogue; do not change it."""
    kept: tuple[Catalogue, T] | None = None

    @wraps(make)
    def remembered(catalogue: Catalogue) -> T:
        nonlocal kept
        known = kept  # one look: another thread may put another in its place
        if known is None or known[0] is not catalogue:
            known = kept = (catalogue, make(catalogue))
        return known[1]

    return remembered
