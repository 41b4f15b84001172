"""A recorded conversion -> a trace: the sound of its steps, what can be measured of them, maps, and the files.

Runs in a worker process, on the CPU, and knows nothing of the model.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from svc_core.config import DB_PER_LN
from svc_core.conversion.detail import DETAIL, Detail
from svc_core.conversion.hearing import (
    FIGURES,
    SYNTHETIC,
    HeardStep,
    StepEar,
    embedding_name,
    encode_sound,
    final_vocoder,
    singer_encoder,
    step_vocoder,
)
from svc_core.conversion.hidden import NAMES
from svc_core.conversion.job import Excerpt, Job
from svc_core.conversion.maps import map_features, reduce_features
from svc_core.conversion.record import Recorded
from svc_core.diffusion.walk import COLUMNS, Walk
from svc_core.metrics.report import figures_of
from svc_core.metrics.scores import Judges, SingerReferences, compare, hear
from svc_core.sound.pitch import fill_f0, track_f0
from svc_core.traces import manifest as facts
from svc_core.traces.arrays import pack_array
from svc_core.traces.coding import decode_pictures, encode_pictures
from svc_core.traces.recorder import Recorder, predicted_error_db, state_error_db
from svc_core.traces.replay import Replay
from svc_core.traces.scale import to_db, to_levels
from svc_core.traces.steps import choose_kept
from svc_core.traces.writing import write_trace

TRACE_LICENCE = "CC BY-SA 4.0"  # the models are trained on PJS, whose licence carries over to what they make
NOISE = "lowbias32-quantiles16"  # diffusion.noise
ERROR_EVERY = 10  # places whose interpolated prediction is compared with what was predicted


@dataclass(frozen=True)
class Made:
    """What came of a job: the trace's size, and how far its replay is from what was."""

    id: str
    bytes: int
    state_error_db: float


def finish_trace(
    recorded: Recorded,
    out: Path,
    vocoder: str,
    voices: Mapping[str, np.ndarray],
    told: Callable[[int], object] | None = None,
    threads: int = 1,
) -> Made:
    """Make the trace of a recorded conversion in ``out``.

    ``vocoder`` as open_vocoder takes it; ``voices``: singers' mean embeddings, to tell whom it sounds
    like. ``told(1)`` is called after every step that was made to sound and measured, ``threads`` of them at once:
    one where other conversions are finished beside it, more where somebody waits. Raises MetricError where the
    source is silent, and WritingError.
    """
    wish, grid = recorded.wish, recorded.grid
    job, source = wish.job, wish.source
    detail, recorder = DETAIL[job.detail], recorded.recorder
    levels = recorder.levels
    places = choose_kept(levels, recorded.walk.predicted + recorded.walk.second, detail.pictures)
    files, replay = _pack_walk(recorded, levels, places, detail)
    final = final_vocoder(vocoder, grid).synthesize(recorded.result)
    lossy = None if detail.lossless else 0.0
    kind = "flac" if detail.lossless else "mp3"
    files |= {
        "source.npy.gz": _pack_picture(source.features.mel),
        f"sound/source.{kind}": encode_sound(source.samples, grid, lossy),
        f"sound/converted.{kind}": encode_sound(final, grid, lossy, SYNTHETIC),
    }
    if wish.reference is not None:
        files |= {
            "target.npy.gz": _pack_picture(wish.reference.mel),
            "target_f0.npy.gz": pack_array(_tenths_hz(wish.reference.f0_hz[None])),
            f"sound/target.{kind}": encode_sound(wish.reference.samples, grid, lossy),
        }
    ear = StepEar(
        source.samples,
        source.features.f0_hz,
        recorded.result,
        wish.key_shift,
        voices.get(job.target),
        vocoder,
        grid,
    )
    hear_all = partial(_hear_all, ear=ear, told=told, threads=threads)
    predicted = hear_all({place: partial(_predicted_mel, levels, place) for place in recorded.measured})
    heard = recorded.heard if detail.states_heard else []
    states = hear_all({place: partial(_state_mel, recorder, place) for place in heard})
    sounds, sound_files = _step_sounds(recorded, predicted, states, detail, kind)
    scores, notes = _final_scores(recorded, final, voices, threads)
    files |= sound_files | {
        "f0.npy.gz": pack_array(_contours(recorded, predicted, states)),
        "metrics.csv": metrics_csv(recorded.walk, {"predicted": predicted, "state": states}),
    }
    hidden = None
    if recorded.hidden is not None:
        hidden, hidden_files = pack_hidden(recorded.hidden, recorded.hidden_every, detail.components)
        files |= hidden_files
    manifest = facts.Manifest(
        format=facts.format_name(),
        id=job.id,
        fingerprint=job.fingerprint(recorded.model.sha256_12, step_vocoder(vocoder, grid).name),
        detail=job.detail,
        source=_recording(job.source, source.features.gain_db),
        target=job.target,
        reference=_recording(job.reference, wish.reference.gain_db) if job.reference and wish.reference else None,
        key_shift_semitones=wish.key_shift,
        sampler=_sampler(recorded),
        model=facts.Model(recorded.model.sha256_12, recorded.model.parameters, list(recorded.model.attribution)),
        vocoder=step_vocoder(vocoder, grid).name,
        scale=facts.Scale(recorder.mean_db, recorder.std_db),
        grid=facts.Grid(*(getattr(grid, name) for name in facts.Grid.__dataclass_fields__)),
        frames=source.features.frames,
        reference_frames=0 if wish.reference is None else wish.reference.mel.shape[1],
        pictures=facts.Pictures(places, detail.quantum),
        sounds=sounds,
        contours=facts.Contours(list(predicted), list(states)),
        hidden=hidden,
        scores=scores,
        embedding=embedding_name() if job.target in voices else "",
        notes=notes,
        state_error_db=round(state_error_db(replay, recorder), 3),
        predicted_error_db=round(predicted_error_db(replay, levels, ERROR_EVERY), 3),
        licence=_licence(job),
        attribution=_attribution(recorded),
        label=job.label,
        note=job.note,
    )
    trace = write_trace(out, manifest, files)
    return Made(trace.id, trace.manifest.bytes, trace.manifest.state_error_db)


def _hear_all(
    mels: Mapping[int, Callable[[], np.ndarray]], ear: StepEar, told: Callable[[int], object] | None, threads: int
) -> dict[int, HeardStep]:
    """Every place's step heard; a mel is made only when its turn comes."""

    def listen(mel: Callable[[], np.ndarray]) -> HeardStep:
        return ear.hear(mel())

    heard = {}
    with ThreadPoolExecutor(threads) as pool:
        # a worker among others stays in its own thread, whose number of arithmetic threads was set
        steps = map(listen, mels.values()) if threads == 1 else pool.map(listen, mels.values())
        for place, step in zip(mels, steps, strict=True):
            heard[place] = step
            if told is not None:
                told(1)
    return heard


def _predicted_mel(levels: np.ndarray, place: int) -> np.ndarray:
    return to_db(levels[place]) / np.float32(DB_PER_LN)


def _state_mel(recorder: Recorder, place: int) -> np.ndarray:
    return (recorder.state(place) * recorder.std_db + recorder.mean_db) / np.float32(DB_PER_LN)


def _pack_walk(
    recorded: Recorded, levels: np.ndarray, places: list[int], detail: Detail
) -> tuple[dict[str, bytes], Replay]:
    """The files that a replay is made from, and the replay that a reader will have."""
    walk, recorder = recorded.walk, recorded.recorder
    table = np.stack([getattr(walk, name) for name in COLUMNS]).astype("<f4")
    files, known = {"walk.npy.gz": pack_array(table)}, {}
    second = recorder.second_levels()
    for name, pictures in (("predicted", levels), ("second", second)):
        if pictures is not None:
            coded = encode_pictures(pictures[places], places, detail.quantum)
            files[f"{name}.npy.gz"] = pack_array(coded)
            known[name] = to_db(decode_pictures(coded, places, detail.quantum))
    columns = dict(zip(COLUMNS, table.astype(float), strict=True))
    whole = {name: columns.pop(name).astype(int) for name in ("step", "address")}
    as_read = replace(walk, **columns, **whole)
    seed = recorded.sampling.seed
    return files, Replay(
        as_read, seed, places, known["predicted"], known.get("second"), recorder.mean_db, recorder.std_db
    )


def _step_sounds(
    recorded: Recorded,
    predicted: Mapping[int, HeardStep],
    states: Mapping[int, HeardStep],
    detail: Detail,
    kind: str,
) -> tuple[list[facts.StepSound], dict[str, bytes]]:
    files, sounds, last = {}, [], len(recorded.walk) - 1
    for place in recorded.heard:
        name, state = f"sound/predicted_{place:04d}.mp3", None
        if place == last:
            name = f"sound/converted.{kind}"  # the last prediction is the result
        else:
            files[name] = encode_sound(predicted[place].samples, recorded.grid, detail.mp3_level, SYNTHETIC)
        if place in states:
            state = f"sound/state_{place:04d}.mp3"
            files[state] = encode_sound(states[place].samples, recorded.grid, detail.mp3_level, SYNTHETIC)
        sounds.append(facts.StepSound(place, name, state))
    return sounds, files


def _contours(recorded: Recorded, predicted: Mapping[int, HeardStep], states: Mapping[int, HeardStep]) -> np.ndarray:
    source_hz, shift = recorded.wish.source.features.f0_hz, recorded.wish.key_shift
    asked_hz = np.where(source_hz > 0, fill_f0(source_hz) * 2 ** (shift / 12), 0.0)
    heard = [step.f0_hz for step in (*predicted.values(), *states.values())]
    return _tenths_hz(np.stack([source_hz, asked_hz, *heard]))


def metrics_csv(walk: Walk, heard: Mapping[str, Mapping[int, HeardStep]]) -> bytes:
    """metrics.csv: a row for each place and kind, with its step, noise level and figures; empty where there is none."""
    rows = [
        (place, walk.step[place], walk.sigma[place], walk.snr_db[place], kind, *step.figures)
        for kind, steps in heard.items()
        for place, step in steps.items()
    ]
    table = pd.DataFrame(rows, columns=["place", "step", "sigma", "snr_db", "kind", *FIGURES])
    file = io.StringIO()
    table.to_csv(file, index=False, float_format="%.6g", lineterminator="\n")
    return file.getvalue().encode()


def pack_hidden(features: list[np.ndarray], every: int, components: int) -> tuple[facts.Hidden, dict[str, bytes]]:
    """Features in the order of hidden.NAMES, each (place, dimension) -> what the manifest says, and the files."""
    reduced = [reduce_features(feature, components) for feature in features]
    changes = np.stack([np.diff(values.T, axis=1, prepend=np.int16(0)) for values, _ in reduced])
    maps = np.stack([map_features(feature) for feature in features])
    scales = [float(np.float32(scale)) for _, scale in reduced]
    files = {"hidden.npy.gz": pack_array(changes.astype("<i2")), "maps.npy.gz": pack_array(maps.astype("<i2"))}
    return facts.Hidden(list(NAMES), scales, components, every), files


def _final_scores(
    recorded: Recorded, final: np.ndarray, voices: Mapping[str, np.ndarray], threads: int
) -> tuple[dict[str, float], list[str]]:
    """Every figure of svc_core.metrics that this conversion has, by Harvest's F0, and what could not be measured."""
    wish, encoder = recorded.wish, singer_encoder()
    references = None
    if encoder is not None and wish.job.target in voices:
        references = SingerReferences(encoder, voices, {}, {})
    judges, source, grid = Judges(references), wish.source, recorded.grid
    heard = (
        hear(source.samples, grid, judges, "the source", source.features.f0_hz.astype(float)),
        hear(final, grid, judges, "the conversion", track_f0(final, grid, threads=threads)),
    )
    scored = compare(*heard, wish.key_shift, grid, wish.job.target, judges)
    figures = {name: float(f"{value:.6g}") for name, value in figures_of(scored).items() if math.isfinite(value)}
    return figures, list(scored.notes)


def _sampler(recorded: Recorded) -> facts.Sampler:
    sampling, walk, job = recorded.sampling, recorded.walk, recorded.wish.job
    return facts.Sampler(
        sampling.sampler,
        len(walk),
        sampling.seed,
        NOISE,
        walk.start_weight,
        walk.start_address,
        sampling.guidance.weights(),
        list(job.without),
        None if job.swap is None else facts.Swap(job.swap.singer, job.swap.at),
        job.defect,
        walk.clamp,
    )


def _pack_picture(mel: np.ndarray) -> bytes:
    """One mel (mel, frame), natural log, exact to a quarter of a decibel."""
    return pack_array(encode_pictures(to_levels(mel * DB_PER_LN)[None], [0], 1))


def _tenths_hz(f0_hz: np.ndarray) -> np.ndarray:
    return np.rint(f0_hz * 10).astype("<u2")


def _recording(excerpt: Excerpt, gain_db: float) -> facts.Recording:
    """What a trace says of a recording: no path of the machine it was made on."""
    return facts.Recording(
        excerpt.singer,
        excerpt.phrase,
        excerpt.song,
        excerpt.path.name,
        excerpt.start_s,
        excerpt.end_s,
        excerpt.credit.licence,
        excerpt.credit.attribution,
        round(gain_db, 2),
    )


def _licence(job: Job) -> str:
    """Of the whole trace: a recording of one's own stays under its owner's terms."""
    if job.source.credit.licence.startswith("CC BY"):
        return TRACE_LICENCE
    return f"{job.source.credit.licence} (the recording), {TRACE_LICENCE} (what the model adds)"


def _attribution(recorded: Recorded) -> list[str]:
    job = recorded.wish.job
    recordings = {excerpt.credit.attribution for excerpt in (job.source, job.reference) if excerpt is not None}
    return sorted(recordings | set(recorded.model.attribution))
