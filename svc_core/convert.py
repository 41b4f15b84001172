"""Convert singing into another voice: python -m svc_core.convert --model MODEL SOURCE... --target SINGER --out FOLDER

SOURCE is a recording (WAV, FLAC, MP3, OGG), a folder of them, or a list (.txt with a path a line, or
.json). Songs of any length go in overlapping windows and keep their dynamics. Each result is a WAV
file with a JSON file beside it that says how it was made; python -m svc_core.evaluate reads both.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from tqdm import tqdm

from svc_core.conversion.convert import WINDOW_S, ConversionError, choose_key_shift, convert_song
from svc_core.conversion.sampling import SAMPLERS, Sampling, choose_sampling
from svc_core.conversion.sources import find_sources
from svc_core.model.checkpoint import load_model, model_hash
from svc_core.model.guidance import Guidance
from svc_core.model.system import VoiceConverter
from svc_core.options import key_shift, number, positive, whole
from svc_core.sound.align import AlignmentError
from svc_core.sound.audio import AudioError, load_audio
from svc_core.sound.encoders import CEPSTRA, open_encoder
from svc_core.sound.features import extract_features
from svc_core.vocoders.vocoder import SPECS, Vocoder, open_vocoder

SHORTEST_WINDOW_S, LONGEST_WINDOW_S = 1, 600  # a syllable or two; the noise of a window must not come again
FULL_SCALE = 0.99  # a louder result is turned down as a whole, and its description says by how much


@dataclass(frozen=True)
class Request:
    """How every source of one command is converted."""

    model: VoiceConverter
    model_hash: str
    target: str
    key_shift: int | None
    sampling: Sampling
    vocoder: Vocoder
    window_s: float
    batch: int
    start_s: float
    end_s: float | None


def convert_recording(source: Path, request: Request, out: Path, bar: tqdm) -> dict:
    """Convert one recording into ``out``.wav and ``out``.json; returns what the latter says.

    Raises AudioError, ConversionError or AlignmentError.
    """
    model, grid = request.model, request.model.config.grid
    singer = model.singer_id(request.target)
    samples = load_audio(source, grid, request.start_s, request.end_s)
    began = time.perf_counter()
    features = extract_features(samples, model.config, name=str(source), device=str(model.mel_mean.device))
    shift = choose_key_shift(features, model, singer, request.key_shift)
    measured = time.perf_counter()
    mel = convert_song(
        features,
        model,
        singer,
        shift,
        request.sampling,
        request.window_s,
        request.batch,
        lambda frames: bar.update(round(frames * grid.hop / grid.sample_rate_hz, 2)),
    )
    sampled = time.perf_counter()
    sound = request.vocoder.synthesize(mel) * np.float32(10 ** (-features.gain_db / 20))
    heard = time.perf_counter()
    peak = float(np.abs(sound).max())
    turned_down_db = min(0.0, 20 * np.log10(FULL_SCALE / max(peak, 1e-9)))
    seconds = len(samples) / grid.sample_rate_hz
    facts = {
        "source": str(source),
        "start_s": request.start_s,
        "end_s": request.end_s,
        "target": request.target,
        "key_shift_semitones": shift,
        "gain_db": round(features.gain_db, 3),
        "turned_down_db": round(float(turned_down_db), 3),
        "sampler": request.sampling.sampler,
        "steps": request.sampling.steps,
        "seed": request.sampling.seed,
        "guidance": asdict(request.sampling.guidance),
        "model": request.model_hash,
        "vocoder": request.vocoder.name,
        "seconds": round(seconds, 3),
        "real_time_factor": {
            "features": round((measured - began) / seconds, 4),
            "sampling": round((sampled - measured) / seconds, 4),
            "vocoder": round((heard - sampled) / seconds, 4),
        },
    }
    bar.set_postfix_str(f"real-time factor {(heard - began) / seconds:.3f}")
    _write(out, sound * np.float32(10 ** (turned_down_db / 20)), grid.sample_rate_hz, facts)
    return facts


def _write(out: Path, sound: np.ndarray, rate_hz: int, facts: dict) -> None:
    """Sound first, its description last: what has a description is whole."""
    partial, described = out.with_name(f".{out.name}.partial"), out.with_name(f"{out.name}.json")
    soundfile.write(partial, sound, rate_hz, format="WAV", subtype="PCM_24")
    described.unlink(missing_ok=True)  # of an earlier sound of this name
    partial.replace(out.with_name(f"{out.name}.wav"))
    partial.write_text(json.dumps(facts, indent=1, ensure_ascii=False), encoding="utf-8")
    partial.replace(described)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m svc_core.convert", description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="+", type=Path, metavar="SOURCE", help="recording, folder, .txt or .json list")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--target", required=True, metavar="SINGER")
    parser.add_argument("--out", type=Path, default=Path("converted"), help="folder of the results (converted)")
    parser.add_argument("--key-shift", type=key_shift, metavar="auto|N", help="whole semitones (default auto)")
    parser.add_argument("--start", type=number, default=0.0, metavar="S", help="from second")
    parser.add_argument("--end", type=number, metavar="S", help="to second")
    parser.add_argument("--sampler", choices=("auto", *SAMPLERS), default="auto")
    parser.add_argument("--steps", type=positive, help="of the sampler (default: its usual number)")
    parser.add_argument("--seed", type=whole, default=0, help="of the noise (default 0)")
    for name in asdict(Guidance()):
        parser.add_argument(
            f"--guide-{name}",
            type=number,
            default=0.0,
            metavar="W",
            help=f"guidance weight of {name} (0: none; -1: without it)",
        )
    parser.add_argument("--vocoder", default="griffin-lim", metavar="SPEC", help=SPECS)
    parser.add_argument(
        "--window", type=number, default=WINDOW_S, metavar="S", help=f"of long songs, in seconds ({WINDOW_S:g})"
    )
    parser.add_argument("--batch", type=positive, default=1, help="windows at a time")
    return parser


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        model = load_model(given.model).to(device)
        model.singer_id(given.target)
        guidance = Guidance(given.guide_content, given.guide_melody, given.guide_loudness, given.guide_singer)
        sampling = choose_sampling(model, given.sampler, given.steps, given.seed, guidance)
        if not SHORTEST_WINDOW_S <= given.window <= LONGEST_WINDOW_S:
            raise ConversionError(
                f"a window of {given.window:g} s is not between {SHORTEST_WINDOW_S} and {LONGEST_WINDOW_S} s."
            )
        sources = find_sources(given.sources)
        for spec in model.config.content.encoders:
            if spec != CEPSTRA:
                open_encoder(spec, model.config.grid, str(model.mel_mean.device))  # or it would fail song by song
        request = Request(
            model=model,
            model_hash=model_hash(given.model),
            target=given.target,
            key_shift=given.key_shift,
            sampling=sampling,
            vocoder=open_vocoder(given.vocoder, model.config.grid, device),
            window_s=given.window,
            batch=given.batch,
            start_s=given.start,
            end_s=given.end,
        )
    except ValueError as error:  # all that can be wrong with a model, an encoder, a sampler, a vocoder, a list
        print(f"convert: {error}", file=sys.stderr)
        return 2
    return convert_all(sources, request, given.out)


def convert_all(sources: dict[str, Path], request: Request, folder: Path) -> int:
    """Convert every source into ``folder``; what cannot be is told and passed over. Returns the exit status."""
    folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    made_as = f"{request.target}--{request.sampling.sampler}{request.sampling.steps}"
    with tqdm(unit="s of song", desc=request.target) as bar:
        for name, source in sources.items():
            try:
                facts = convert_recording(source, request, folder / f"{name}--{made_as}", bar)
            except (AudioError, ConversionError, AlignmentError) as error:
                failed += 1
                sentence = str(error) if str(source) in str(error) else f"{source}: {error}"
                bar.write(f"skipped: {sentence}", file=sys.stderr)
            else:
                factors = facts["real_time_factor"]
                parts = ", ".join(f"{part} {factor:.3f}" for part, factor in factors.items())
                bar.write(
                    f"{name}: {facts['seconds']:.1f} s, key {facts['key_shift_semitones']:+d}; times real: {parts}"
                )
    print(f"{len(sources) - failed} of {len(sources)} converted into {folder}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
