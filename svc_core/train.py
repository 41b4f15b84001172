"""Train a voice converter on a corpus: python -m svc_core.train --corpus FOLDER --run runs/NAME

First the draft, then, with the draft fixed, the diffusion decoder that refines it. --start-from takes a
trained model's draft instead, and trains its decoder on, for other noise levels; with --guide-content and
its like, to say at once what that model says when it is guided. Progress on the command line; curves,
pictures and sound in TensorBoard (tensorboard --logdir runs). A run may be killed at any moment: the same
command resumes at its last checkpoint and, on a CPU, arrives at the same weights as an uninterrupted run.
Several GPUs: torchrun --nproc-per-node N -m -- svc_core.train ...
(without the two hyphens torchrun takes --run for an option of its own).
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import astuple, fields, replace
from pathlib import Path
from typing import TypeVar

from svc_core.config import Config, OptimiserConfig
from svc_core.conversion.preview import Preview
from svc_core.corpora.cache import cache_features, copies_of, load_cached
from svc_core.corpora.corpus import Clip, Corpus, read_corpus
from svc_core.model.checkpoint import load_model, save_model
from svc_core.model.content_encoder import ContentEncoder
from svc_core.model.system import VoiceConverter
from svc_core.options import (
    above_zero,
    add_feature_options,
    add_guidance_options,
    chosen_config,
    chosen_guidance,
    positive,
    whole,
)
from svc_core.phones.encoder_file import load_content_encoder
from svc_core.sound.content import plain_variant
from svc_core.sound.encoders import CEPSTRA
from svc_core.sound.features import Features
from svc_core.training.crops import Crops
from svc_core.training.processes import Processes
from svc_core.training.stages import begun_model, new_model, train_teacher
from svc_core.training.trainer import TrainingError

Optimiser = TypeVar("Optimiser", bound=OptimiserConfig)


def measured_clips(corpus: Corpus, config: Config, cache: Path, processes: Processes) -> list[Clip]:
    """Recordings to train on and to measure with whose features are in the cache: the first process sees to that."""
    if not processes.first:
        processes.wait()
    clips, skipped = cache_features([*corpus.clips_of("train"), *corpus.clips_of("test")], config, cache)
    if processes.first:
        for sentence in skipped:
            print(f"skipped: {sentence}", file=sys.stderr)
        processes.wait()
    return [clip for clip in clips if clip.singer in corpus.trained_singers]


def load_split(clips: list[Clip], split: str, config: Config, cache: Path) -> list[tuple[Clip, Features]]:
    """Features of one split, augmented copies among them, each with its clip. Raises ValueError on an empty one."""
    loaded = [
        (clip, load_cached(cache, clip, config, copy))
        for clip in clips
        if clip.split == split
        for copy in copies_of(clip, config)
    ]
    if not loaded:
        raise ValueError(
            f"no recording of the split '{split}' can be used: metadata.csv must name some, of singers that are "
            "trained on."
        )
    return loaded


def make_crops(
    loaded: list[tuple[Clip, Features]], corpus: Corpus, train: OptimiserConfig, processes: Processes
) -> Crops:
    return Crops(
        [features for _, features in loaded],
        [corpus.trained_singers.index(clip.singer) for clip, _ in loaded],
        train.crop_frames,
        train.batch,
        train.singer_balance,
        train.seed,
        processes.rank,
        processes.count,
    )


def load_material(
    corpus: Corpus, config: Config, train: OptimiserConfig, cache: Path, processes: Processes
) -> tuple[Crops, Crops, Preview]:
    """What a run learns from, what it is measured on, and what is drawn of the latter."""
    clips = measured_clips(corpus, config, cache, processes)
    crops = make_crops(load_split(clips, "train", config, cache), corpus, train, processes)
    held_out = load_split(clips, "test", config, cache)
    clip, features = held_out[0]
    plain = plain_variant(config.content) if CEPSTRA in config.content.encoders else 0
    preview = Preview(features, corpus.trained_singers.index(clip.singer), plain)
    return crops, make_crops(held_out, corpus, train, processes), preview


def train_model(
    corpus: Corpus,
    config: Config,
    folder: Path,
    cache: Path,
    encoder: ContentEncoder | None,
    start: VoiceConverter | None = None,
) -> Path:
    """Run or resume training in ``folder``, of a new model or on from ``start``; returns the path of the model."""
    processes = Processes()
    if start is not None:
        config = replace(start.config, train=config.train)
    crops, held_out, preview = load_material(corpus, config, config.train, cache, processes)
    if start is not None:
        model = begun_model(config, corpus.trained_singers, start)
    else:
        config = replace(config, model=replace(config.model, content_width=crops.clips[0].content.shape[1]))
        model = new_model(config, corpus.trained_singers, crops)
    if encoder is not None:
        untrained = model.conditions.encoder
        assert untrained is not None  # the configuration asks for one: with_content_encoder
        untrained.load_state_dict(encoder.state_dict())
    return train_teacher(model, crops, held_out, folder, processes, preview, start)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m svc_core.train", description=__doc__.splitlines()[0])
    add_feature_options(parser)
    parser.add_argument("--run", type=Path, required=True, help="folder of this run; an existing one is resumed")
    parser.add_argument(
        "--content-encoder", type=Path, metavar="FILE", help="of python -m svc_core.learn_content; it becomes a part"
    )
    parser.add_argument(
        "--start-from",
        type=Path,
        metavar="MODEL",
        help="a trained model: its draft is kept, and its denoiser trained on with the preset's noise",
    )
    add_guidance_options(parser)
    add_export_options(parser)
    add_training_options(parser, ("draft_steps", "denoiser_steps"))
    given = parser.parse_args(arguments)
    try:
        config, encoder, start = chosen_config(given), None, None
        guidance = chosen_guidance(given)
        weights = astuple(guidance) if guidance.weights() else ()
        config = replace(config, train=replace(changed(config.train, given), guidance=weights))
        if given.content_encoder is not None:
            encoder = load_content_encoder(given.content_encoder)
            config = with_content_encoder(config, encoder)
        if given.start_from is not None:
            if encoder is not None:
                raise ValueError("a model to start from has its own content encoder; leave out --content-encoder.")
            start = load_model(given.start_from)
        path = train_model(read_corpus(given.corpus), config, given.run, given.cache, encoder, start)
        if Processes().first:
            print(f"model: {path}")
            if given.export is not None:
                export_model(path, given.export, given.base)
    except (TrainingError, ValueError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    return 0


def with_content_encoder(config: Config, encoder: ContentEncoder) -> Config:
    """``config`` with an encoder of our own in the model. Raises ValueError where it was made for other features."""
    if config.content.encoders != (CEPSTRA,) or config.content.cepstra != encoder.config.content.cepstra:
        raise ValueError("a content encoder of our own hears the cepstra that it learnt from; leave out --encoders.")
    return replace(config, code=encoder.config.code, model=replace(config.model, content_encoder=True))


def export_model(path: Path, shipped: Path, base: Path | None) -> None:
    """Write the model in ``path`` in 16 bits, without what ``base`` holds already."""
    model = load_model(path)
    save_model(shipped, model, model.state_dict(), half=True, base=base)
    print(f"exported: {shipped}")


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """--export and --base, as :func:`export_model` takes them."""
    parser.add_argument("--export", type=Path, metavar="FILE", help="also write the model in 16 bits, for shipping")
    parser.add_argument(
        "--base", type=Path, metavar="FILE", help="an exported model beside it: what both share is not written again"
    )


def add_training_options(parser: argparse.ArgumentParser, steps: tuple[str, ...]) -> None:
    """--seed, --batch, --learning-rate and the options named in ``steps``: each replaces the preset's."""
    parser.add_argument("--seed", type=whole, help="of weights, batches, noise and dropout")
    parser.add_argument("--batch", type=positive, help="crops a step, over all processes together")
    parser.add_argument("--learning-rate", type=above_zero)
    for name in steps:
        parser.add_argument(f"--{name.replace('_', '-')}", type=positive)


def changed(optimiser: Optimiser, given: argparse.Namespace) -> Optimiser:
    """``optimiser`` with every option that was given in place of its own."""
    names = {part.name for part in fields(optimiser)}
    return replace(
        optimiser, **{name: value for name, value in vars(given).items() if name in names and value is not None}
    )


if __name__ == "__main__":
    sys.exit(main())
