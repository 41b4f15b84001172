"""What the voices are compared with: a recording of each, as it lies in the shipped traces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from svc_core.config import DB_PER_LN, GridConfig
from svc_core.conversion.job import Credit, Excerpt
from svc_core.conversion.material import Reference
from svc_core.conversion.sets import traces_in
from svc_core.sound.audio import load_audio
from svc_core.traces.manifest import Recording
from svc_core.traces.scale import to_db
from svc_core.traces.trace import Trace, TraceError, open_trace


@dataclass(frozen=True)
class VoiceReference:
    """A recording of a voice as some trace holds it, measured when that was made."""

    trace: Trace
    facts: Recording  # the trace's reference
    sound: str

    @property
    def excerpt(self) -> Excerpt:
        """The recording in the trace, with its credit."""
        facts = self.facts
        credit = Credit(facts.singer, facts.licence, facts.attribution)
        return Excerpt(self.trace.folder / self.sound, 0.0, None, facts.singer, facts.phrase, facts.song, credit)

    def load(self, grid: GridConfig) -> Reference:
        """Raises AudioError and TraceError."""
        levels = self.trace.reference_levels()
        assert levels is not None  # where there are facts there is a mel
        mel = to_db(levels) / np.float32(DB_PER_LN)
        samples = load_audio(self.trace.folder / self.sound, grid)
        return Reference(samples, mel, self.trace.f0_hz()["target"], self.facts.gain_db)


def find_references(traces: Path) -> dict[str, VoiceReference]:
    """A recording of each target, from the first trace that has one; none of a target without."""
    found: dict[str, VoiceReference] = {}
    for folder in traces_in(traces):
        try:
            trace = open_trace(folder)
        except TraceError:
            continue  # the pages that show it tell what is wrong with it
        sound = next((name for name in trace.manifest.files if name.startswith("sound/target.")), None)
        facts = trace.manifest.reference
        if facts is not None and sound is not None:
            found.setdefault(trace.manifest.target, VoiceReference(trace, facts, sound))
    return found
