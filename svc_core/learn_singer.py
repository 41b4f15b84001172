"""Teach a model one more singer: python -m svc_core.learn_singer --model MODEL --recordings FOLDER --name my-voice

From seconds to minutes of somebody's singing, alone and without accompaniment, the model learns one row
of its singer table (see training/adaptation.py) and is written anew, with that singer among its singers.
It needs no GPU: the recordings are measured about as fast as they play, and learnt from in a minute.
The same command again, with the same model, recordings and settings, finds its result and does nothing.
Learn only voices that you may convert into.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import librosa
import numpy as np
from tqdm import tqdm

from svc_core.config import AdaptConfig, Config, GridConfig
from svc_core.conversion.sources import find_sources
from svc_core.corpora.cache import cache_key
from svc_core.model.checkpoint import FORMAT, CheckpointError, load_model, model_hash, read_tensors, save_tensors
from svc_core.options import positive, whole
from svc_core.sound.audio import AudioError, load_audio
from svc_core.sound.features import Features, extract_features
from svc_core.training.adaptation import adapt_singer
from svc_core.training.trainer import TrainingError

NAME = re.compile(r"\w[\w-]*")  # of any script; it also names folders
LONGEST_NAME = 64
LEARNT_FROM = "learnt_from"  # in the file's metadata: what it was made from, see _origin


class LearnError(ValueError):
    """A singer that cannot be learnt; the message says why and what to do."""


def learn_singer(model_path: Path, recordings: Sequence[Path], name: str, out: Path, adapt: AdaptConfig) -> Path:
    """Write the model in ``model_path`` with one more singer, ``name``, to ``out``; returns ``out``.

    ``recordings`` are files, folders or lists, as find_sources takes them. Where ``out`` was learnt from
    the very same already, nothing is done. What is left out is told on stderr. Raises LearnError,
    SourceError, CheckpointError, EncoderError, AlignmentError (all ValueErrors) and TrainingError.
    """
    model = load_model(model_path)
    name = check_name(name, model.singers)
    sources = find_sources(recordings)
    origin = _origin(model_path, model.config, sources, name, adapt)
    if out.exists():
        found = _learnt_from(out, model_path)
        if found == origin:
            print(f"{out}: learnt from the same model, recordings and settings already.")
            return out
    clips = measure_singing(sources, model.config, adapt)
    with tqdm(total=adapt.steps, desc=f"learning {name}", unit="step", mininterval=1) as bar:
        grown = adapt_singer(model, clips, name, adapt, bar.update)
    metadata = {"format": FORMAT, "config": grown.config.to_json(), "singers": json.dumps(grown.singers)}
    save_tensors(out, grown.state_dict(), metadata | {LEARNT_FROM: origin})
    return out


def check_name(name: str, taken: Iterable[str]) -> str:
    """The name in Unicode's composed form. Raises LearnError where it will not do, or is a singer's already."""
    name = unicodedata.normalize("NFC", name)
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise LearnError(
            f"'{name}' cannot name a singer: take letters, digits, - and _, at most {LONGEST_NAME} of them, no - first."
        )
    if name.casefold() in {singer.casefold() for singer in taken}:  # some file systems see no difference
        raise LearnError(f"this model has a singer '{name}' already; choose another name.")
    return name


def measure_singing(sources: Mapping[str, Path], config: Config, adapt: AdaptConfig) -> list[Features]:
    """Features of what is sung in the recordings, with the content variants of training.

    Says on stderr which recordings are left out. Raises LearnError where none can be used, or where too
    little is sung in all of them.
    """
    grid, content = config.grid, config.content
    pieces: list[np.ndarray] = []
    for path in sources.values():
        try:
            pieces += cut_pieces(without_rests(load_audio(path, grid), grid, adapt), grid, adapt)
        except AudioError as error:
            print(f"skipped: {error}", file=sys.stderr)
    if not pieces:
        raise LearnError("no recording can be used; the lines above say why, and what to do.")
    chosen = choose_evenly(pieces, adapt.most_s * grid.sample_rate_hz)
    if len(chosen) < len(pieces):
        there_s, taken_s = (sum(map(len, some)) / grid.sample_rate_hz for some in (pieces, chosen))
        print(f"note: of {there_s:.0f} s of singing {taken_s:.0f} s, evenly chosen, are learnt from.", file=sys.stderr)
    clips, voiced_s = [], 0.0
    for piece in tqdm(chosen, desc="measuring", unit="piece"):
        features = extract_features(piece, config, content.warps, content.pitches, "a recording of the singer")
        voiced = int((features.f0_hz > 0).sum())
        if voiced:
            clips.append(features)
            voiced_s += voiced * grid.hop_ms / 1000
    if voiced_s < adapt.least_voiced_s:
        raise LearnError(
            f"{voiced_s:.1f} s of voiced singing are in the recordings, and at least {adapt.least_voiced_s:g} s are "
            "needed; add recordings of the singer."
        )
    return clips


def without_rests(samples: np.ndarray, grid: GridConfig, adapt: AdaptConfig) -> np.ndarray:
    """The recording (samples,) without its long rests: they teach nothing, and would count as its level."""
    sounding = librosa.effects.split(samples, top_db=adapt.rest_db, frame_length=grid.n_fft, hop_length=grid.hop)
    margin = round(adapt.rest_s / 2 * grid.sample_rate_hz)
    kept = np.zeros(len(samples), dtype=bool)
    for first, last in sounding:
        kept[max(0, first - margin) : last + margin] = True
    return samples[kept]


def cut_pieces(samples: np.ndarray, grid: GridConfig, adapt: AdaptConfig) -> list[np.ndarray]:
    """Pieces of the same length, none longer than ``piece_s``."""
    count = max(1, -(-len(samples) // round(adapt.piece_s * grid.sample_rate_hz)))
    return np.array_split(samples, count)


def choose_evenly(pieces: list[np.ndarray], most: float) -> list[np.ndarray]:
    """All pieces, or as many as hold about ``most`` samples together, from all along the list."""
    there = sum(map(len, pieces))
    if there <= most:
        return pieces
    count = max(1, int(len(pieces) * most / there))
    return [pieces[index * len(pieces) // count] for index in range(count)]


def _origin(model_path: Path, config: Config, sources: Mapping[str, Path], name: str, adapt: AdaptConfig) -> str:
    """All that decides the result, hashed: the model, the way of measuring, the recordings' bytes, the settings."""
    heard = []
    for path in sources.values():
        if path.is_file():
            with path.open("rb") as file:
                heard.append(hashlib.file_digest(file, "sha256").hexdigest())
    decides = [model_hash(model_path), cache_key(config), name, heard, asdict(adapt)]
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:12]


def _learnt_from(out: Path, model_path: Path) -> str:
    """What the model at ``out`` was learnt from. Raises LearnError where it is not one that may be replaced."""
    origin = ""
    if out.is_file() and not out.samefile(model_path):
        with suppress(CheckpointError):
            origin = read_tensors(out)[1].get(LEARNT_FROM, "")
    if not origin:
        raise LearnError(
            f"{out}: this was not made by learning a singer, and is not overwritten; choose another --out."
        )
    return origin


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m svc_core.learn_singer", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="a model.safetensors, or a student's")
    parser.add_argument(
        "--recordings", type=Path, nargs="+", required=True, help="the singer's: a folder, files, or a list of them"
    )
    parser.add_argument("--name", required=True, help="what the singer is to be called: letters, digits, - and _")
    parser.add_argument("--out", type=Path, help="the new model (default runs/NAME/model.safetensors)")
    parser.add_argument("--steps", type=positive, default=AdaptConfig.steps, help=f"(default {AdaptConfig.steps})")
    parser.add_argument("--seed", type=whole, default=AdaptConfig.seed, help="of what is heard when (default 0)")
    given = parser.parse_args(arguments)
    try:
        adapt = replace(AdaptConfig(), steps=given.steps, seed=given.seed)
        out = given.out or Path("runs") / check_name(given.name, ()) / "model.safetensors"
        path = learn_singer(given.model, given.recordings, given.name, out, adapt)
    except (TrainingError, ValueError) as error:
        print(f"learn_singer: {error}", file=sys.stderr)
        return 2
    print(f"model: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
