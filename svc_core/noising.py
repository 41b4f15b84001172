"""Add noise to a trace's source, and make it audible: python -m svc_core.noising --trace TRACE --vocoder SPEC

The forward process of DDPM (see traces/noised) at a dozen t, evenly spread in dB of signal to noise, each
vocoded as a trace's noisy states are. All sounds are turned down together, so that they are as loud
beside each other as they came: noise is louder than the singing that it covers. The picture at every t
a page makes itself, from the trace and the index.

A sound's name holds its checksum and the index is put in place last: a run that was stopped leaves the
old sounds and the old index as they were, and the same command again makes the rest.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from svc_core.config import DB_PER_LN, GridConfig
from svc_core.conversion.detail import DETAIL
from svc_core.conversion.hearing import PEAK, encode_sound, step_vocoder
from svc_core.diffusion.schedule import Schedule
from svc_core.options import positive
from svc_core.traces.noised import FORMAT, INDEX, LinearBetas, NoisedSound, Noising, NoisingError, noised, parse_noising
from svc_core.traces.parsing import ParseError
from svc_core.traces.trace import Trace, TraceError, open_trace
from svc_core.vocoders.vocoder import SPECS, Vocoder, VocoderError
from svc_core.whole import write_whole

OUT = Path("precomputed/lessons/noising")
SOUNDS = 12  # 7.6 dB apart: each is heard to be noisier than the one before
SIGMA_TOLERANCE = 1e-4  # relative; walk.npy.gz keeps float32
_OWN_NAME = re.compile(r"t\d{4,}-[0-9a-f]{8}\.mp3")


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        trace = open_trace(given.trace)
        grid = GridConfig(**asdict(trace.manifest.grid))
        made = make_noising(trace, step_vocoder(given.vocoder, grid), given.sounds, given.out)
    except (TraceError, NoisingError, VocoderError) as error:
        print(f"noising: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"noising: {error.filename}: {error.strerror}; run the same command again.", file=sys.stderr)
        return 2
    size = sum(sound.bytes for sound in made.sounds)
    print(f"{given.out}: {len(made.sounds)} sounds, {size / 1e6:.2f} MB, turned down by {-made.gain_db:.1f} dB.")
    return 0


def make_noising(trace: Trace, vocoder: Vocoder, sounds: int, out: Path) -> Noising:
    """Write sounds and index into ``out``; what an earlier index named and this one does not is removed.

    Raises NoisingError for a trace that is not of DDPM's linear schedule, TraceError, VocoderError and OSError.
    """
    manifest, schedule = trace.manifest, schedule_of(trace)
    grid = GridConfig(**asdict(manifest.grid))
    seed, address = (
        manifest.sampler.seed,
        manifest.sampler.start_address,
    )  # the noise that the trace's own walk begins with
    betas = LinearBetas(schedule.steps, schedule.beta_first, schedule.beta_last)
    made = Noising(
        FORMAT, trace.id, seed, address, betas, vocoder.name, 0.0, [], manifest.licence, manifest.attribution
    )
    levels, heard = trace.source_levels(), {}
    for t in choose_times(schedule, sounds):
        state_db = noised(levels, t, made, manifest.scale) * manifest.scale.mel_std_db + manifest.scale.mel_mean_db
        heard[t] = vocoder.synthesize((state_db / DB_PER_LN).astype(np.float32))
    gain = common_gain(list(heard.values()))
    files = {t: encode_sound(samples * gain, grid, DETAIL["full"].mp3_level) for t, samples in heard.items()}
    listed = [_listed(t, float(schedule.snr_db[t]), data) for t, data in files.items()]
    whole = replace(made, gain_db=round(20 * float(np.log10(gain)), 3), sounds=listed)
    _write(out, whole, files)
    return whole


def schedule_of(trace: Trace) -> Schedule:
    """The schedule that the trace's sampler walked down. Raises NoisingError where that is not DDPM's own."""
    walk, schedule = trace.walk(), Schedule()
    whole = len(walk) == schedule.steps and sorted(walk.step.tolist()) == list(range(schedule.steps))
    if trace.manifest.sampler.name != "ddpm" or not (
        whole and np.allclose(walk.sigma, schedule.sigma[walk.step], rtol=SIGMA_TOLERANCE, atol=0)
    ):
        raise NoisingError(
            f"trace '{trace.id}' is no walk of DDPM's {schedule.steps} steps with linear beta: choose one that is."
        )
    return schedule


def choose_times(schedule: Schedule, sounds: int) -> list[int]:
    """Ascending t, the first and the last among them, whose SNR in dB is spread as evenly as the schedule has it."""
    wanted_db = np.linspace(schedule.snr_db[0], schedule.snr_db[-1], sounds)
    return sorted({int(np.abs(schedule.snr_db - one_db).argmin()) for one_db in wanted_db})


def common_gain(sounds: list[np.ndarray]) -> float:
    """One factor, at most 1, that brings the loudest of them, each (samples,), under full scale."""
    loudest = max(float(np.abs(samples).max()) for samples in sounds)
    return min(1.0, PEAK / max(loudest, 1e-9))


def _listed(t: int, snr_db: float, data: bytes) -> NoisedSound:
    digest = hashlib.sha256(data).hexdigest()
    return NoisedSound(t, round(snr_db, 3), f"t{t:04d}-{digest[:8]}.mp3", len(data), digest)


def _write(out: Path, noising: Noising, files: dict[int, bytes]) -> None:
    text = noising.to_json()
    try:
        parse_noising(text)  # nothing is written that could not be read
    except ParseError as error:
        raise NoisingError(f"the index of trace '{noising.trace}' could not be read again: {error}.") from error
    out.mkdir(parents=True, exist_ok=True)
    for sound in noising.sounds:
        write_whole(out / sound.file, files[sound.t])
    write_whole(out / INDEX, text.encode())
    named = {sound.file for sound in noising.sounds}
    for path in out.iterdir():
        if _OWN_NAME.fullmatch(path.name) and path.name not in named:
            path.unlink()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m svc_core.noising", description=__doc__.splitlines()[0])
    parser.add_argument("--trace", type=Path, required=True, help="folder of a trace by DDPM, 1000 steps")
    parser.add_argument("--vocoder", default="griffin-lim", metavar="SPEC", help=f"{SPECS} (default griffin-lim)")
    parser.add_argument("--sounds", type=positive, default=SOUNDS, metavar="N", help=f"how many t ({SOUNDS})")
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder for the sounds and their index ({OUT})")
    return parser


if __name__ == "__main__":
    sys.exit(main())
