"""Performing a job and keeping all of it: sampler, sounds, contours, manifest -> one trace folder."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile

from svc_core.config import DB_PER_LN, Config, GridConfig
from svc_core.conversion.convert import choose_key_shift, convert_features
from svc_core.conversion.job import Excerpt, Job
from svc_core.conversion.sampling import choose_sampling
from svc_core.model.system import VoiceConverter
from svc_core.sound.audio import AudioError, load_audio
from svc_core.sound.features import Features, extract_features
from svc_core.sound.pitch import fill_f0, track_f0
from svc_core.traces.recorder import Recorder, choose_kept, hold_still
from svc_core.traces.replay import Replay
from svc_core.traces.scale import DB_PER_LEVEL, FLOOR_DB, to_db, to_levels
from svc_core.traces.trace import Trace, pack_array, pack_predicted, write_trace
from svc_core.vocoders import griffin_lim as vocoder

# Steps whose sound is kept: an octave of noise level apart at first, closer where the voice emerges.
SOUND_STEPS = (999, 900, 800, 700, 600, 550, 500, 450, 400, 350, 300, 260)
SOUND_STEPS += (220, 190, 160, 130, 100, 75, 55, 40, 25, 15, 5, 0)
LONGEST_S = 30.0  # a trace is made to be looked at: a phrase, not a song
TRACE_LICENCE = "CC BY-SA 4.0"  # the model is trained on PJS, whose licence carries over to what it makes
PEAK = 0.9  # full scale less what a lossy coder may overshoot


def record_job(
    job: Job, model: VoiceConverter, model_facts: dict, out: Path, pool: Executor, told: Callable[[], None]
) -> Trace:
    """Convert, and write the trace to ``out``/job.id. ``told`` is called after every step of the sampler.

    Raises AudioError or ConversionError, naming the recording, where it cannot be converted.
    """
    config, grid = model.config, model.config.grid
    singer = model.singer_id(job.target)
    samples, features = _measure(job.source, config)
    key_shift = choose_key_shift(features, model, singer, job.key_shift)
    mean, std = float(model.mel_mean), float(model.mel_std)
    recorder = Recorder(lambda mel: (mel * std + mean) * DB_PER_LN)

    def watch(step: int, sigma: float, state, predicted) -> None:
        recorder(step, sigma, state.numpy(), predicted.numpy())
        told()

    sampling = choose_sampling(model, "ddpm", seed=job.seed)
    converted = convert_features(features, model, singer, key_shift, sampling, watch).numpy()
    levels = recorder.predicted_levels
    kept = choose_kept(levels)
    kept_levels = hold_still(levels[kept])
    sounds, contours, files = _hear_steps(recorder, mean, std, grid, pool)
    asked_hz = np.where(features.f0_hz > 0, fill_f0(features.f0_hz) * 2 ** (key_shift / 12), 0.0)
    contours = {"source": features.f0_hz, "asked": asked_hz, **contours}
    files |= {
        "predicted.npy.gz": pack_predicted(kept_levels),
        "source.npy.gz": pack_array(to_levels(features.mel * DB_PER_LN)),
        "f0.npy.gz": pack_array(_tenths_hz(np.stack(list(contours.values())))),
        "sound/source.flac": _encode(samples, grid, "FLAC"),
        "sound/converted.flac": _encode(vocoder.griffin_lim(converted, grid), grid, "FLAC"),
    }
    target = {"singer": job.target}
    if job.reference is not None:
        reference, reference_features = _measure(job.reference, config)
        target |= _facts(job.reference)
        files |= {
            "target.npy.gz": pack_array(to_levels(reference_features.mel * DB_PER_LN)),
            "target_f0.npy.gz": pack_array(_tenths_hz(reference_features.f0_hz[None])),
            "sound/target.flac": _encode(reference, grid, "FLAC"),
        }
    manifest = {
        "id": job.id,
        "source": _facts(job.source) | {"gain_db": round(features.gain_db, 2)},
        "target": target,
        "key_shift_semitones": key_shift,
        "sampler": {"name": "ddpm", "seed": job.seed, "noise": "lowbias32-quantiles16"} | asdict(config.diffusion),
        "model": model_facts,
        "vocoder": vocoder.NAME,
        "scale": {
            "floor_db": FLOOR_DB,
            "db_per_level": DB_PER_LEVEL,
            "mel_mean_db": mean * DB_PER_LN,
            "mel_std_db": std * DB_PER_LN,
        },
        "grid": {
            name: getattr(grid, name)
            for name in ("sample_rate_hz", "hop", "n_fft", "n_mels", "mel_low_hz", "mel_high_hz")
        },
        "frames": features.frames,
        "kept_steps": [recorder.steps[index] for index in kept],
        "sounds": sounds,
        "f0_rows": list(contours),
        "licence": _licence(job),
        "attribution": sorted(
            {e.credit.attribution for e in (job.source, job.reference) if e is not None}
            | set(model_facts.get("attribution", ()))
        ),
    }
    replay = Replay(
        model.schedule, job.seed, manifest["kept_steps"], to_db(kept_levels), mean * DB_PER_LN, std * DB_PER_LN
    )
    return write_trace(out, manifest | {"replay_error_db": replay_error_db(replay, recorder)}, files)


def replay_error_db(replay: Replay, recorder: Recorder) -> float:
    """Largest RMS distance in dB, over the steps, between a replayed state and the sampler's own."""
    errors = (np.sqrt(np.mean((state - recorder.state(step)) ** 2)) for step, state in replay.states())
    return round(float(max(errors)) * replay.std_db, 3)


def _measure(excerpt: Excerpt, config: Config) -> tuple[np.ndarray, Features]:
    """Samples at the project's rate and level, and their features."""
    samples = load_audio(excerpt.path, config.grid, excerpt.start_s, excerpt.end_s)
    seconds = len(samples) / config.grid.sample_rate_hz
    if seconds > LONGEST_S:
        raise AudioError(
            f"{excerpt.path}: {seconds:.0f} s are too long for a trace (at most {LONGEST_S:.0f} s); "
            "choose a part with --start and --end."
        )
    features = extract_features(samples, config)
    return samples * np.float32(10 ** (features.gain_db / 20)), features


def _hear_steps(
    recorder: Recorder, mean: float, std: float, grid: GridConfig, pool: Executor
) -> tuple[list[dict], dict[str, np.ndarray], dict[str, bytes]]:
    """Sound and F0 of the states and predictions at the steps whose sound is kept."""
    mels = {}
    heard_steps = [step for step in SOUND_STEPS if step in recorder.steps]
    for step in heard_steps:
        mels[f"predicted_{step:04d}"] = recorder.predicted_db(step) / DB_PER_LN
        mels[f"state_{step:04d}"] = recorder.state(step) * std + mean
    heard = dict(zip(mels, pool.map(_hear, mels.values(), [grid] * len(mels)), strict=True))
    sounds = [
        {"step": step} | {kind: f"sound/{kind}_{step:04d}.mp3" for kind in ("predicted", "state")}
        for step in heard_steps
    ]
    files = {f"sound/{name}.mp3": sound for name, (sound, _) in heard.items()}
    return sounds, {name: f0_hz for name, (_, f0_hz) in heard.items()}, files


def _hear(mel: np.ndarray, grid: GridConfig) -> tuple[bytes, np.ndarray]:
    """The mel's sound, and the F0 of that sound (not of what was asked for): run by a worker."""
    samples = vocoder.griffin_lim(mel, grid)
    return _encode(samples, grid, "MP3"), track_f0(samples, grid, quick=True)


def _encode(samples: np.ndarray, grid: GridConfig, kind: str) -> bytes:
    samples = samples * min(1.0, PEAK / max(float(np.abs(samples).max()), 1e-9))
    file = io.BytesIO()
    soundfile.write(file, samples, grid.sample_rate_hz, format=kind)
    return file.getvalue()


def _licence(job: Job) -> str:
    """Of the whole trace: a recording of one's own stays under its owner's terms."""
    if job.source.credit.licence.startswith("CC BY"):
        return TRACE_LICENCE
    return f"{job.source.credit.licence} (the recording), {TRACE_LICENCE} (what the model adds)"


def _tenths_hz(f0_hz: np.ndarray) -> np.ndarray:
    return np.rint(f0_hz * 10).astype(np.uint16)


def _facts(excerpt: Excerpt) -> dict:
    """What a trace says of a recording: no path of the machine it was made on."""
    return {
        "singer": excerpt.singer,
        "phrase": excerpt.phrase,
        "song": excerpt.song,
        "file": excerpt.path.name,
        "start_s": excerpt.start_s,
        "end_s": excerpt.end_s,
        "licence": excerpt.credit.licence,
        "attribution": excerpt.credit.attribution,
    }
