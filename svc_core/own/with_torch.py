"""Conversion with PyTorch: the one-step student and the forty-step teacher, each recorded as a trace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from svc_core.conversion.convert import choose_key_shift
from svc_core.conversion.engine import load_for_recording
from svc_core.conversion.finish import finish_trace
from svc_core.conversion.hearing import final_vocoder
from svc_core.conversion.job import Job, read_credits
from svc_core.conversion.record import Recorded, Wish, record_batch, sampling_of
from svc_core.conversion.references import load_voices
from svc_core.conversion.walks import walk_of
from svc_core.own.made import STUDENT, TEACHER, Making, Telling, Wanted, begin
from svc_core.own.references import find_references
from svc_core.own.take import Take
from svc_core.sound.features import Features, extract_features
from svc_core.traces.trace import open_trace
from svc_core.vocoders.vocoder import vocoder_beside

SAMPLERS = {STUDENT: ("consistency", 1), TEACHER: ("euler", 40)}
DETAIL = "own"
TRACES = "traces"  # in a take's folder
SAMPLED = 0.3  # of the time that a conversion takes, the sampler's part: the rest is sound and figures


class TorchVoices:
    """The shipped models in ``models``; ``traces`` hold recordings of the voices, and credits.csv."""

    methods = tuple(SAMPLERS)

    def __init__(self, models: Path, traces: Path, threads: int) -> None:
        torch.set_num_threads(1)  # several things are made at once instead: neighbours cost such threads dearly
        self.threads = threads
        credits_of = read_credits(traces / "credits.csv")
        self.loaded = {method: load_for_recording(models / f"{method}.safetensors", credits_of) for method in SAMPLERS}
        for loaded in self.loaded.values():
            loaded.model.eval()
        self.config = self.loaded[STUDENT].model.config
        self.grid = self.config.grid
        self.vocoder = vocoder_beside(models / f"{STUDENT}.safetensors")
        self.references = find_references(traces)
        self.voices = load_voices(traces)

    @property
    def singers(self) -> dict[str, float]:
        """Median F0 in Hz of every voice."""
        model = self.loaded[STUDENT].model
        return {name: float(median_hz) for name, median_hz in zip(model.singers, model.singer_f0_hz, strict=True)}

    def measure(self, samples: np.ndarray) -> Features:
        return extract_features(samples, self.config, threads=self.threads)

    def sound(self, take: Take, wanted: Wanted, tell: Telling) -> Making:
        """The student's sound. Raises ConversionError where the key leads out of the model's range; FeatureError."""
        making, recorded = self._record(take, wanted, tell)
        self._synthesize(making, recorded, tell)
        return making

    def figures(self, making: Making, tell: Telling) -> dict[str, object]:
        """What is seen and measured of a sound that was made: the same noise makes the same conversion once more.
        Raises MetricError."""
        _, recorded = self._record(making.take, making.wanted, tell, making)
        return self._finish(making, recorded, tell)

    def watch(self, take: Take, wanted: Wanted, tell: Telling) -> dict[str, object]:
        """The teacher's walk, sound and figures at once. Raises as sound and figures do."""
        making, recorded = self._record(take, wanted, tell)
        self._synthesize(making, recorded, tell)
        return self._finish(making, recorded, tell)

    def _record(
        self, take: Take, wanted: Wanted, tell: Telling, making: Making | None = None
    ) -> tuple[Making, Recorded]:
        loaded, (sampler, steps) = self.loaded[wanted.method], SAMPLERS[wanted.method]
        source = take.source()
        if making is None:
            singer = loaded.model.singer_id(wanted.target)
            making = begin(take, wanted, choose_key_shift(source.features, loaded.model, singer, wanted.key_shift))
        reference = self.references.get(wanted.target)
        job = Job(
            take.excerpt(),
            wanted.target,
            None if reference is None else reference.excerpt,
            making.key_shift,
            wanted.seed,
            sampler,
            steps,
            detail=DETAIL,
            label=making.name,
        )
        wish = Wish(job, source, None if reference is None else reference.load(self.grid), making.key_shift)
        places = len(walk_of(loaded.model, sampling_of(job, loaded.model)))
        done = 0

        def stepped(clips: int) -> None:
            nonlocal done
            done += clips
            tell.progress(SAMPLED * done / places, f"step {done} of {places}")

        (recorded,) = record_batch([wish], loaded.model, loaded.facts, stepped)
        return making, recorded

    def _synthesize(self, making: Making, recorded: Recorded, tell: Telling) -> None:
        samples = final_vocoder(self.vocoder, self.grid).synthesize(recorded.result)
        making.sound(samples, self.grid, tell)

    def _finish(self, making: Making, recorded: Recorded, tell: Telling) -> dict[str, object]:
        heard = 0

        def sounded(steps: int) -> None:
            nonlocal heard
            heard += steps
            share = SAMPLED + (1 - SAMPLED) * heard / (len(recorded.measured) + 1)
            tell.progress(share, f"sound and figures of step {heard} of {len(recorded.measured)}")

        traces = making.take.folder / TRACES
        made = finish_trace(recorded, traces, self.vocoder, self.voices, sounded, self.threads)
        trace = open_trace(traces / made.id)
        last = len(recorded.walk) - 1
        f0_hz = trace.f0_hz()[f"predicted_{last:04d}"]
        scores, notes = trace.manifest.scores, trace.manifest.notes
        return making.result(recorded.result, f0_hz, scores, notes, trace.id, last + 1)
