"""Command-line options that several commands share, so that they mean the same everywhere."""

from __future__ import annotations

import argparse
import math
from dataclasses import fields, replace
from pathlib import Path

from svc_core.config import PRESETS, Config
from svc_core.model.weights import Guidance

CACHE = Path("runs/features")


def add_feature_options(parser: argparse.ArgumentParser) -> None:
    """--corpus, --cache and what decides a feature's value: all commands must agree on it, or measure anew."""
    parser.add_argument("--corpus", type=Path, required=True, help="folder with a metadata.csv")
    parser.add_argument("--cache", type=Path, default=CACHE, help=f"where measured features are kept ({CACHE})")
    parser.add_argument("--preset", choices=tuple(PRESETS), default="small", help="sizes and method (default small)")
    parser.add_argument(
        "--encoders",
        nargs="+",
        metavar="SPEC",
        help="content encoders: cepstra, whisper:NAME, contentvec:NAME, hubert:NAME, encodec:NAME",
    )
    parser.add_argument("--alignment", choices=("linear", "box"), help="of the encoders' labels with the mel frames")
    parser.add_argument("--copies", type=whole, metavar="N", help="augmented copies of each training recording")


def chosen_config(given: argparse.Namespace) -> Config:
    """The preset with what the options change."""
    config = PRESETS[given.preset]
    content, augment = config.content, config.augment
    if given.encoders is not None:
        content = replace(content, encoders=tuple(given.encoders))
    if given.alignment is not None:
        content = replace(content, alignment=given.alignment)
    if given.copies is not None:
        augment = replace(augment, copies=given.copies)
    return replace(config, content=content, augment=augment)


def add_guidance_options(parser: argparse.ArgumentParser) -> None:
    """--guide-content W and its like, one for each condition."""
    for part in fields(Guidance):
        parser.add_argument(
            f"--guide-{part.name}",
            type=number,
            default=0.0,
            metavar="W",
            help=f"guidance weight of {part.name} (0: none; -1: without it)",
        )


def chosen_guidance(given: argparse.Namespace) -> Guidance:
    """What :func:`add_guidance_options` was given."""
    return Guidance(**{part.name: getattr(given, f"guide_{part.name}") for part in fields(Guidance)})


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number")
    return int(text)


def number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number")
    return value


def above_zero(text: str) -> float:
    value = number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not above 0")
    return value


def key_shift(text: str) -> int | None:
    """'auto' or whole semitones."""
    if text == "auto":
        return None
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is neither 'auto' nor a whole number of semitones") from None
