"""The draft mel of shipped conversions: python -m svc_core.drafts --corpus CORPUS --model MODEL --trace TRACE ...

The draft is what the model regresses from its conditions in one go, before any noise (model/draft.py); the
sampler's network refines it. A trace does not hold it. Here it is computed again from the recording that
the trace names, kept as one picture coded like the trace's own, and made audible by the trace's kind of
vocoder. Teacher, DDPM and student share one draft, so the teacher's trace stands for all of them.

That recording, model and target are the trace's own is not believed but tried: the network's first
prediction, made again from the trace's seed, must be the one that the trace holds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from svc_core.config import DB_PER_LN
from svc_core.conversion.detail import DETAIL
from svc_core.conversion.hearing import encode_sound, step_vocoder
from svc_core.conversion.job import JobError, excerpt_of, find_phrases, read_credits
from svc_core.conversion.material import measure_source
from svc_core.corpora.corpus import Corpus, CorpusError, read_corpus
from svc_core.diffusion.noise import seeded_noise
from svc_core.model.checkpoint import CheckpointError, load_model, model_hash
from svc_core.model.conditions import condition_inputs
from svc_core.model.guidance import guided
from svc_core.model.system import VoiceConverter
from svc_core.precompute import CREDITS
from svc_core.sound.audio import AudioError
from svc_core.sound.encoders import EncoderError
from svc_core.traces.arrays import pack_array
from svc_core.traces.coding import encode_pictures
from svc_core.traces.scale import to_db, to_levels
from svc_core.traces.trace import Trace, TraceError, open_trace
from svc_core.vocoders.vocoder import SPECS, Vocoder, VocoderError, vocoder_beside
from svc_core.whole import write_whole

FORMAT = "singsteps-drafts-1"
INDEX = "index.json"
OUT = Path("precomputed/lessons/draft")
TOLERANCE_DB = 1.0  # RMS; a light trace's pictures are rounded to 1.5 dB, which is .43 dB RMS
TOLD = (
    JobError, CorpusError, CheckpointError, TraceError, VocoderError, AudioError, EncoderError,
)  # fmt: skip


class DraftError(ValueError):
    """A draft that cannot be made for a trace; the message says why."""


@dataclass(frozen=True)
class Draft:
    """One entry of index.json. ``trace`` is the teacher's; ``picture`` and ``sound`` are files beside the index."""

    trace: str
    picture: str
    picture_sha256: str
    sound: str
    sound_sha256: str
    first_prediction_error_db: float  # how far the first prediction, made again, is from the trace's
    vocoder: str
    licence: str
    attribution: list[str]


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        corpus, model = read_corpus(given.corpus), load_model(given.model)
        vocoder = step_vocoder(given.vocoder or vocoder_beside(given.model), model.config.grid)
        made: list[Draft] = []
        files: dict[str, bytes] = {}
        for path in given.trace:
            trace = open_trace(path)
            if trace.manifest.model.sha256_12 != model_hash(given.model):
                raise DraftError(f"trace '{trace.id}' was made by another model than {given.model}.")
            draft, of_draft = make_draft(trace, model, corpus, vocoder)
            made.append(draft)
            files |= of_draft
            print(f"{trace.id}: first prediction within {draft.first_prediction_error_db} dB of the trace's")
        write_drafts(given.out, made, files)
    except (DraftError, *TOLD) as error:
        print(f"drafts: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"drafts: {error.filename}: {error.strerror}; run the same command again.", file=sys.stderr)
        return 2
    return 0


def make_draft(trace: Trace, model: VoiceConverter, corpus: Corpus, vocoder: Vocoder) -> tuple[Draft, dict[str, bytes]]:
    """The draft of a teacher's conversion: its entry, and its files by name.

    Raises DraftError where the trace is no plain conversion that begins at EDM's noisiest level, or where
    its first prediction comes out as another; JobError and AudioError for its recording.
    """
    manifest, walk = trace.manifest, trace.walk()
    sampler = manifest.sampler
    if sampler.name not in ("euler", "heun") or sampler.without or sampler.guidance or sampler.swap or sampler.defect:
        raise DraftError(f"trace '{trace.id}' is no plain conversion by Euler's or Heun's method: choose one that is.")
    draft, first = draft_and_first(trace, float(walk.sigma[0]), model, corpus)
    scale = manifest.scale
    kept_db = to_db(trace.predicted_levels()[:1])[0]
    shown_db = to_db(to_levels(first * scale.mel_std_db + scale.mel_mean_db))
    error_db = float(np.sqrt(np.mean((shown_db - kept_db) ** 2))) if shown_db.shape == kept_db.shape else np.inf
    if not error_db <= TOLERANCE_DB:
        raise DraftError(
            f"trace '{trace.id}': its first prediction, made again, is {error_db:.2f} dB off; is this its recording?"
        )
    draft_db = draft * scale.mel_std_db + scale.mel_mean_db
    samples = vocoder.synthesize((draft_db / DB_PER_LN).astype(np.float32))
    sound = encode_sound(samples, model.config.grid, DETAIL["full"].mp3_level)
    picture = pack_array(encode_pictures(to_levels(draft_db)[None], [0], 1))
    names = f"{trace.id}.npy.gz", f"{trace.id}.mp3"
    entry = Draft(
        trace.id,
        names[0],
        hashlib.sha256(picture).hexdigest(),
        names[1],
        hashlib.sha256(sound).hexdigest(),
        round(error_db, 3),
        vocoder.name,
        manifest.licence,
        manifest.attribution,
    )
    return entry, dict(zip(names, (picture, sound), strict=True))


@torch.inference_mode()
def draft_and_first(trace: Trace, sigma: float, model: VoiceConverter, corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    """Draft, and the first prediction from noise of ``sigma``: each (mel, frame), normalised."""
    manifest = trace.manifest
    named = f"{manifest.source.phrase}:{manifest.source.singer}"
    phrases, problems = find_phrases(corpus, [named])
    if problems:
        raise JobError("\n".join(problems))
    source = measure_source(excerpt_of(phrases[0], read_credits(CREDITS)), model.config)
    inputs = condition_inputs(source.features, model.singer_id(manifest.target), manifest.key_shift_semitones)
    denoise, conditioned = guided(model, inputs)
    bands, frames = conditioned.draft.shape[1:]
    noise = seeded_noise(manifest.sampler.seed, manifest.sampler.start_address, bands, frames)
    first = denoise(sigma * torch.from_numpy(noise)[None], sigma)
    return conditioned.draft[0].numpy(), first[0].numpy()


def write_drafts(out: Path, drafts: list[Draft], files: dict[str, bytes]) -> None:
    """Write the files, then the index, which is put in place last; what no entry names is removed."""
    out.mkdir(parents=True, exist_ok=True)
    index = {"format": FORMAT, "drafts": [asdict(draft) for draft in drafts]}
    for name, data in files.items():
        write_whole(out / name, data)
    write_whole(out / INDEX, (json.dumps(index, indent=1, ensure_ascii=False) + "\n").encode())
    for path in out.iterdir():
        if path.name not in files and path.name != INDEX:
            path.unlink()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m svc_core.drafts", description=__doc__.splitlines()[0])
    parser.add_argument("--trace", type=Path, nargs="+", required=True, help="folders of the teacher's traces")
    parser.add_argument("--model", type=Path, required=True, help="the teacher's file")
    parser.add_argument("--corpus", type=Path, required=True, help="folder with the recordings")
    parser.add_argument("--vocoder", metavar="SPEC", help=f"{SPECS} (default: the one beside the model)")
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder for pictures, sounds and their index ({OUT})")
    return parser


if __name__ == "__main__":
    sys.exit(main())
