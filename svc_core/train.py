"""Train a voice converter on a corpus: python -m svc_core.train --corpus FOLDER --run runs/NAME

First the draft (L1), then, with the draft fixed, the diffusion decoder that refines it. Progress on
the command line, curves in TensorBoard (tensorboard --logdir runs). A run may be killed at any
moment: the same command resumes at its last checkpoint and, on a CPU, arrives at the same weights
as an uninterrupted run, because batch, noise and dropout are functions of (seed, step).
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import torch
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from svc_core.config import Config, TrainConfig
from svc_core.corpora.cache import cache_features, feature_path
from svc_core.corpora.corpus import Corpus, CorpusError, read_corpus
from svc_core.model.checkpoint import CheckpointError, load_model, save_model
from svc_core.model.system import VoiceConverter
from svc_core.sound.features import load_features
from svc_core.training.crops import Crops
from svc_core.training.run import Run, held_out_loss


def make_crops(corpus: Corpus, split: str, config: Config, cache: Path) -> Crops:
    """Crops of one split; features are measured first where they are not in the cache."""
    clips, skipped = cache_features(corpus.clips_of(split), config, cache)
    for sentence in skipped:
        print(f"skipped: {sentence}", file=sys.stderr)
    clips = [clip for clip in clips if clip.singer in corpus.trained_singers]
    train = config.train
    return Crops(
        [load_features(feature_path(cache, clip, config)) for clip in clips],
        [corpus.trained_singers.index(clip.singer) for clip in clips],
        train.crop_frames,
        train.batch,
        train.singer_balance,
        train.seed,
    )


def train_model(corpus: Corpus, config: Config, folder: Path, cache: Path) -> Path:
    """Run or resume training in ``folder``; returns the path of the model."""
    crops = make_crops(corpus, "train", config, cache)
    test_crops = make_crops(corpus, "test", config, cache)
    torch.manual_seed(config.train.seed)
    model = VoiceConverter(config, corpus.trained_singers)
    mean, std = crops.mel_statistics()
    model.mel_mean.fill_(mean)
    model.mel_std.fill_(std)
    model.singer_f0_hz.copy_(torch.tensor([crops.median_f0_hz(singer) for singer in range(len(model.singers))]))
    run = Run(model, config.train)
    if (folder / "state.safetensors").is_file():
        run.resume(folder / "state.safetensors")
    with (
        SummaryWriter(folder / "tensorboard", purge_step=run.step) as curves,
        tqdm(total=run.total_steps, initial=run.step, unit="step", mininterval=5) as bar,
    ):
        while run.step < run.total_steps:
            part = run.part_of(run.step)
            loss = run.advance(crops)
            bar.update()
            if run.step % config.train.log_every == 0:
                curves.add_scalar(f"train/{part}", loss, run.step)
                bar.set_postfix_str(f"{part} {loss:.3f}")
            if run.step % config.train.checkpoint_every == 0 or run.step == run.total_steps:
                curves.add_scalar(f"held_out/{run.part_of(run.step - 1)}", held_out_loss(run, test_crops), run.step)
                run.save(folder)
    return folder / "model.safetensors"


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m svc_core.train", description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="folder with a metadata.csv")
    parser.add_argument("--run", type=Path, required=True, help="folder of this run; an existing one is resumed")
    parser.add_argument("--cache", type=Path, default=Path("runs/features"), help="where measured features are kept")
    parser.add_argument("--export", type=Path, metavar="FILE", help="also write the model in 16 bits, for shipping")
    for name, about in (
        ("seed", "of weights, batches, noise and dropout"),
        ("draft_steps", "steps of the draft"),
        ("denoiser_steps", "steps of the diffusion decoder"),
        ("batch", "crops a step"),
    ):
        default = getattr(TrainConfig, name)
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=int if name == "seed" else _positive,
            default=default,
            help=f"{about} (default {default})",
        )
    given = parser.parse_args(arguments)
    train = replace(
        TrainConfig(),
        seed=given.seed,
        draft_steps=given.draft_steps,
        denoiser_steps=given.denoiser_steps,
        batch=given.batch,
    )
    try:
        path = train_model(read_corpus(given.corpus), replace(Config(), train=train), given.run, given.cache)
    except (CorpusError, CheckpointError, ValueError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    print(f"model: {path}")
    if given.export is not None:
        model = load_model(path)
        save_model(given.export, model, model.state_dict(), half=True)
        print(f"exported: {given.export}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
