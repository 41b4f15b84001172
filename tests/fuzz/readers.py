"""Every reader of foreign data, by name: a function that makes it ready in an empty folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.fuzz import of_addresses, of_conversions, of_models, of_requests, of_traces
from tests.fuzz.reader import Reader

READERS: dict[str, Callable[[Path], Reader]] = {
    "trace": of_traces.trace,
    "catalogue": of_traces.catalogue,
    "selection": of_traces.selection,
    "noising": of_traces.noising,
    "ranges": of_traces.ranges,
    "voices": of_conversions.voices,
    "plan": of_conversions.plan,
    "sources": of_conversions.sources,
    "conversion": of_conversions.conversion,
    "credits": of_conversions.credits,
    "corpus": of_conversions.corpus,
    "recording": of_conversions.recording,
    "model": of_models.model,
    "encoder": of_models.encoder,
    "vocoder": of_models.vocoder,
    "tensors": of_models.tensors,
    "light": of_models.light,
    "graph": of_models.graph,
    "requests": of_requests.requests,
    "choice": of_requests.choice,
    "addresses": of_addresses.addresses,
    "listing": of_addresses.listing,
    "manifest": of_addresses.manifest,
}
