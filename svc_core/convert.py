"""Convert singing into another voice: python -m svc_core.convert --model MODEL SOURCE... --target SINGER --out FOLDER

SOURCE is a recording (WAV, FLAC, MP3, OGG), a folder of them, or a list (.txt with a path a line, or
.json). Songs of any length go in overlapping windows and keep their dynamics. Each result is a WAV
file with a JSON file beside it that says how it was made; python -m svc_core.evaluate reads both.

With --corpus FOLDER instead of sources, the phrases of a corpus are converted that no model was trained
on (--splits test unseen): every one, or those that --phrases names, into every one of --targets but its
own singer, and with --self into that one too, in the key as it was. This is the set that a model is
judged by.
"""

from __future__ import annotations

import argparse
import io
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
from svc_core.conversion.phrases import choose_phrases
from svc_core.conversion.sampling import SAMPLERS, Sampling, choose_sampling
from svc_core.conversion.sources import find_sources
from svc_core.corpora.corpus import SPLITS, read_corpus
from svc_core.corpora.splits import HELD_OUT
from svc_core.model.checkpoint import load_model, model_hash
from svc_core.model.system import VoiceConverter
from svc_core.options import add_guidance_options, chosen_guidance, key_shift, number, positive, whole
from svc_core.sound.align import AlignmentError
from svc_core.sound.audio import AudioError, load_audio
from svc_core.sound.encoders import CEPSTRA, open_encoder
from svc_core.sound.features import Features, extract_features
from svc_core.vocoders.vocoder import SHIPPED, SPECS, Vocoder, open_vocoder, vocoder_beside
from svc_core.whole import write_whole

SHORTEST_WINDOW_S, LONGEST_WINDOW_S = 1, 600  # a syllable or two; the noise of a window must not come again
FULL_SCALE = 0.99  # a louder result is turned down as a whole, and its description says by how much


@dataclass(frozen=True)
class Take:
    """What is converted: a recording or a part of it; of a corpus's, also whose it is and what."""

    path: Path
    start_s: float = 0.0
    end_s: float | None = None
    singer: str | None = None
    phrase: str | None = None


@dataclass(frozen=True)
class Request:
    """How every take of one command is converted. ``own_voice``: also into the voice that sings it, if it is known."""

    model: VoiceConverter
    model_hash: str
    targets: tuple[str, ...]
    own_voice: bool
    key_shift: int | None
    sampling: Sampling
    vocoder: Vocoder
    window_s: float
    batch: int

    def wishes(self, take: Take) -> list[tuple[str, int | None]]:
        """Targets of a take, each with its key shift (None: from the singers' medians)."""
        wanted = [(target, self.key_shift) for target in self.targets if target != take.singer]
        if self.own_voice and take.singer in self.model.singers:
            wanted.append((take.singer, 0))
        return wanted


@dataclass(frozen=True)
class Measured:
    """A take's features, its length, and how long it took to measure them."""

    features: Features
    seconds: float
    measuring_s: float


def measure(take: Take, request: Request) -> Measured:
    """Features of a take, once for all of its targets. Raises AudioError or AlignmentError."""
    model, grid = request.model, request.model.config.grid
    samples = load_audio(take.path, grid, take.start_s, take.end_s)
    began = time.perf_counter()
    features = extract_features(samples, model.config, name=str(take.path), device=str(model.mel_mean.device))
    return Measured(features, len(samples) / grid.sample_rate_hz, time.perf_counter() - began)


def convert_take(
    take: Take, measured: Measured, target: str, key_shift: int | None, request: Request, out: Path, bar: tqdm
) -> dict:
    """Convert one take into one voice, ``out``.wav and ``out``.json; returns what the latter says.

    Raises ConversionError.
    """
    model, grid, features = request.model, request.model.config.grid, measured.features
    singer = model.singer_id(target)
    shift = choose_key_shift(features, model, singer, key_shift)
    began = time.perf_counter()
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
    seconds = measured.seconds
    facts = {
        "source": str(take.path),
        "start_s": take.start_s,
        "end_s": take.end_s,
        "source_singer": take.singer,
        "phrase": take.phrase,
        "target": target,
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
            "features": round(measured.measuring_s / seconds, 4),
            "sampling": round((sampled - began) / seconds, 4),
            "vocoder": round((heard - sampled) / seconds, 4),
        },
    }
    bar.set_postfix_str(f"real-time factor {(measured.measuring_s + heard - began) / seconds:.3f}")
    _write(out, sound * np.float32(10 ** (turned_down_db / 20)), grid.sample_rate_hz, facts)
    return facts


def _write(out: Path, sound: np.ndarray, rate_hz: int, facts: dict) -> None:
    """Sound first, its description last: what has a description is whole."""
    file, described = io.BytesIO(), out.with_name(f"{out.name}.json")
    soundfile.write(file, sound, rate_hz, format="WAV", subtype="PCM_24")
    described.unlink(missing_ok=True)  # of an earlier sound of this name
    write_whole(out.with_name(f"{out.name}.wav"), file.getvalue())
    write_whole(described, json.dumps(facts, indent=1, ensure_ascii=False).encode())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m svc_core.convert", description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="*", type=Path, metavar="SOURCE", help="recording, folder, .txt or .json list")
    parser.add_argument("--corpus", type=Path, metavar="FOLDER", help="convert its phrases instead of sources")
    parser.add_argument(
        "--phrases",
        nargs="+",
        default=["*"],
        metavar="PHRASE",
        help="PHRASE, PHRASE:SINGER or *, which is all (default)",
    )
    parser.add_argument(
        "--splits", nargs="+", choices=SPLITS, default=HELD_OUT, help="that phrases are taken from (test unseen)"
    )
    parser.add_argument("--self", dest="own_voice", action="store_true", help="phrases also into their own singer")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--target", dest="targets", nargs=1, default=[], metavar="SINGER")
    parser.add_argument("--targets", nargs="+", metavar="SINGER", help="several")
    parser.add_argument("--out", type=Path, default=Path("converted"), help="folder of the results (converted)")
    parser.add_argument("--key-shift", type=key_shift, metavar="auto|N", help="whole semitones (default auto)")
    parser.add_argument("--start", type=number, default=0.0, metavar="S", help="from second")
    parser.add_argument("--end", type=number, metavar="S", help="to second")
    parser.add_argument("--sampler", choices=("auto", *SAMPLERS), default="auto")
    parser.add_argument("--steps", type=positive, help="of the sampler (default: its usual number)")
    parser.add_argument("--seed", type=whole, default=0, help="of the noise (default 0)")
    add_guidance_options(parser)
    parser.add_argument(
        "--vocoder", metavar="SPEC", help=f"{SPECS}; default: {SHIPPED} beside the model, or griffin-lim"
    )
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
        for target in given.targets:
            model.singer_id(target)
        if not (given.targets or given.own_voice):
            raise ConversionError("no singer to convert into; give --target SINGER, --targets SINGER ... or --self.")
        guidance = chosen_guidance(given)
        sampling = choose_sampling(model, given.sampler, given.steps, given.seed, guidance)
        if not SHORTEST_WINDOW_S <= given.window <= LONGEST_WINDOW_S:
            raise ConversionError(
                f"a window of {given.window:g} s is not between {SHORTEST_WINDOW_S} and {LONGEST_WINDOW_S} s."
            )
        takes = find_takes(given)
        for spec in model.config.content.encoders:
            if spec != CEPSTRA:
                open_encoder(spec, model.config.grid, str(model.mel_mean.device))  # or it would fail song by song
        request = Request(
            model=model,
            model_hash=model_hash(given.model),
            targets=tuple(dict.fromkeys(given.targets)),
            own_voice=given.own_voice,
            key_shift=given.key_shift,
            sampling=sampling,
            vocoder=open_vocoder(given.vocoder or vocoder_beside(given.model), model.config.grid, device),
            window_s=given.window,
            batch=given.batch,
        )
    except ValueError as error:  # all that can be wrong with a model, an encoder, a sampler, a vocoder, a list
        print(f"convert: {error}", file=sys.stderr)
        return 2
    return convert_all(takes, request, given.out)


def find_takes(given: argparse.Namespace) -> dict[str, Take]:
    """What is to be converted, by the name of its results. Raises ValueErrors that say what is missing."""
    if (given.corpus is None) == (not given.sources):
        raise ConversionError("give recordings to convert, or --corpus FOLDER to convert its phrases, and not both.")
    if given.corpus is None:
        if given.own_voice:
            raise ConversionError("--self needs --corpus, which says who sings.")
        return {name: Take(path, given.start, given.end) for name, path in find_sources(given.sources).items()}
    if given.start or given.end is not None:
        raise ConversionError("--start and --end are for recordings; a corpus says where its phrases begin and end.")
    phrases = choose_phrases(read_corpus(given.corpus), given.phrases, given.splits)
    return {
        name: Take(phrase.clip.path, phrase.start_s, phrase.end_s, phrase.clip.singer, phrase.name)
        for name, phrase in phrases.items()
    }


def convert_all(takes: dict[str, Take], request: Request, folder: Path) -> int:
    """Convert every take into ``folder``; what cannot be is told and passed over. Returns the exit status."""
    folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    made_as = f"{request.sampling.sampler}{request.sampling.steps}"
    wishes = {name: request.wishes(take) for name, take in takes.items()}
    with tqdm(unit="s of song", desc=", ".join(request.targets)) as bar:

        def tell(error: ValueError, of: str) -> None:
            bar.write(f"skipped: {error if of in str(error) else f'{of}: {error}'}", file=sys.stderr)

        for name, take in takes.items():
            if not wishes[name]:
                continue
            try:
                measured = measure(take, request)
            except (AudioError, AlignmentError) as error:
                failed += len(wishes[name])
                tell(error, str(take.path))
                continue
            for target, key_shift in wishes[name]:
                out = folder / f"{name}--{target}--{made_as}"
                try:
                    facts = convert_take(take, measured, target, key_shift, request, out, bar)
                except ConversionError as error:
                    failed += 1
                    tell(error, str(take.path))
                else:
                    factors = facts["real_time_factor"]
                    parts = ", ".join(f"{part} {factor:.3f}" for part, factor in factors.items())
                    key = f"key {facts['key_shift_semitones']:+d}"
                    bar.write(f"{name} as {target}: {facts['seconds']:.1f} s, {key}; times real: {parts}")
    wanted = sum(len(targets) for targets in wishes.values())
    print(f"{wanted - failed} of {wanted} converted into {folder}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
