"""Train a vocoder on a corpus: python -m svc_core.train_vocoder --corpus FOLDER --run runs/vocoder

It learns from the training recordings to make sound of a mel, and writes RUN/vocoder.safetensors at
every checkpoint; use it as --vocoder istft:RUN/vocoder.safetensors. Curves, and the sound and picture
of held-out recordings, are in TensorBoard (tensorboard --logdir runs). A run may be killed at any
moment: the same command resumes at its last checkpoint and, on a CPU, arrives at the same weights as
an uninterrupted run.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import as_completed
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from svc_core.config import GridConfig, VocoderConfig, VocoderTrainConfig
from svc_core.corpora.corpus import Clip, Corpus, CorpusError, read_corpus
from svc_core.model.checkpoint import CheckpointError
from svc_core.options import CACHE, positive, whole
from svc_core.sound.mel import log_mel
from svc_core.training.processes import Processes
from svc_core.training.trainer import Trainer, TrainingError
from svc_core.vocoders.istft import IstftVocoder, load_istft, save_istft
from svc_core.vocoders.network import IstftNetwork
from svc_core.vocoders.objective import VocoderObjective
from svc_core.vocoders.sounds import Sound, SoundCrops, load_sound, measure_sound
from svc_core.workers import worker_pool

HELD_OUT_BATCHES = 8
SHOWN_CLIPS = 3  # held-out recordings, of as many singers as there are
SHOWN_S = 4.0  # of each


def load_sounds(clips: Sequence[Clip], grid: GridConfig, cache: Path) -> list[Sound]:
    """Recordings with their F0, which is tracked first where it is not in the cache; bad ones are told and skipped."""
    key = sha256(json.dumps(asdict(grid), sort_keys=True).encode()).hexdigest()[:12]
    measured = {clip: cache / f"f0-{key}" / f"{clip.file}.npz" for clip in clips}
    todo = [clip for clip in clips if not measured[clip].is_file()]
    if todo:
        with worker_pool() as pool:
            running = [pool.submit(measure_sound, clip.path, measured[clip], grid) for clip in todo]
            for done in tqdm(as_completed(running), total=len(todo), desc="f0", unit="file"):
                if problem := done.result():
                    print(f"skipped: {problem}", file=sys.stderr)
    return [load_sound(clip.path, measured[clip], grid) for clip in clips if measured[clip].is_file()]


def shown_clips(clips: Sequence[Clip]) -> list[Clip]:
    """One recording of each of the first singers."""
    of_singer = {clip.singer: clip for clip in reversed(clips)}
    return [of_singer[singer] for singer in sorted(of_singer)][:SHOWN_CLIPS]


def show(curves: SummaryWriter, name: str, sound: Sound, network: IstftNetwork, step: int) -> None:
    """Draw and sound a recording and what the vocoder makes of its mel."""
    grid = network.grid
    samples = sound.samples[: round(SHOWN_S * grid.sample_rate_hz)]
    heard = IstftVocoder("", network).synthesize(log_mel(samples, grid))
    for kind, made in (("recording", samples), ("vocoder", heard)):
        curves.add_audio(f"{name}/{kind}", torch.from_numpy(made).clamp(-1, 1)[None], step, grid.sample_rate_hz)
        picture = (log_mel(made, grid)[::-1] - np.log(grid.log_floor)) / -np.log(grid.log_floor)  # -100 to 0 dB
        curves.add_image(f"{name}/{kind}", np.clip(picture, 0, 1), step, dataformats="HW")


def train_vocoder(
    corpus: Corpus, grid: GridConfig, vocoder: VocoderConfig, train: VocoderTrainConfig, folder: Path, cache: Path
) -> Path:
    """Run or resume training in ``folder``; returns the path of the vocoder.

    Raises ValueError where a split has no recording that is long enough, CheckpointError, TrainingError.
    """
    processes = Processes()
    clips, held_clips = corpus.clips_of("train"), corpus.clips_of("test")
    if processes.first:  # the others find the cache filled
        load_sounds([*clips, *held_clips], grid, cache)
    processes.wait()
    crops = SoundCrops(load_sounds(clips, grid, cache), grid, train, processes.rank, processes.count)
    held_out = SoundCrops(load_sounds(held_clips, grid, cache), grid, train, varied=False)
    shown = {clip.singer: load_sounds([clip], grid, cache) for clip in shown_clips(held_clips)}
    torch.manual_seed(train.seed)
    network = IstftNetwork(grid, vocoder)
    objective, path = VocoderObjective(network), folder / "vocoder.safetensors"
    identity = {
        name: json.dumps(asdict(part), sort_keys=True)
        for name, part in (("grid", grid), ("vocoder", vocoder), ("train", train))
    }
    trainer = Trainer(objective, train, train.steps, folder / "vocoder.state.safetensors", identity, processes)
    with SummaryWriter(folder / "tensorboard") as curves:

        def look() -> dict[str, float]:
            """With the averaged weights in place: write the vocoder, measure it, show it."""
            save_istft(path, network.state_dict(), vocoder, grid)
            for singer, sounds in shown.items():
                for sound in sounds:
                    show(curves, singer, sound, network, trainer.step)
            parts = [
                objective.losses(processes.place(held_out.draw(index)), noisy_share=0.0)
                for index in range(HELD_OUT_BATCHES)
            ]
            return {f"held_out_{name}": float(np.mean([part[name].item() for part in parts])) for name in parts[0]}

        trainer.fit(crops.draw, curves, look)
    return path


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m svc_core.train_vocoder", description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="folder with a metadata.csv")
    parser.add_argument("--run", type=Path, required=True, help="folder of this run; an existing one is resumed")
    parser.add_argument("--cache", type=Path, default=CACHE, help=f"where the recordings' F0 is kept ({CACHE})")
    usual = VocoderTrainConfig()
    parser.add_argument("--seed", type=whole, default=usual.seed, help="of weights, batches and noise")
    parser.add_argument("--steps", type=positive, default=usual.steps, help=f"default {usual.steps}")
    parser.add_argument("--batch", type=positive, default=usual.batch, help=f"crops a step (default {usual.batch})")
    parser.add_argument("--crop-frames", type=positive, default=usual.crop_frames, help="length of a crop")
    parser.add_argument("--learning-rate", type=float, default=usual.learning_rate)
    parser.add_argument("--export", type=Path, metavar="FILE", help="also write the vocoder in 16 bits, for shipping")
    given = parser.parse_args(arguments)
    try:
        train = replace(
            usual,
            seed=given.seed,
            steps=given.steps,
            batch=given.batch,
            crop_frames=given.crop_frames,
            learning_rate=given.learning_rate,
        )
        path = train_vocoder(read_corpus(given.corpus), GridConfig(), VocoderConfig(), train, given.run, given.cache)
    except (CorpusError, CheckpointError, TrainingError, ValueError) as error:
        print(f"train_vocoder: {error}", file=sys.stderr)
        return 2
    print(f"vocoder: {path}")
    if given.export is not None:
        network = load_istft(path, GridConfig()).network
        save_istft(given.export, network.half().state_dict(), VocoderConfig(), GridConfig())
        print(f"exported: {given.export}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
