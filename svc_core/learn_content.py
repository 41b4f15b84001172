"""Learn the content encoder on a corpus: python -m svc_core.learn_content --corpus FOLDER --run runs/content

It learns what is sung from the corpus's labels (phones or words; see corpora/labels.py) and to hear no
difference between voices. Prints two probes of what it has learnt, and writes content.safetensors, the
encoder with its phone recogniser, and probes.json. A run may be killed at any moment: the same command
resumes at its last checkpoint. It needs no GPU: a core of a common CPU takes about three steps a second.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from svc_core.config import PRESETS, CodeTrainConfig, Config
from svc_core.corpora.cache import cache_features, load_cached
from svc_core.corpora.corpus import Clip, Corpus, CorpusError, read_corpus
from svc_core.corpora.labels import LabelError, read_labels
from svc_core.model.checkpoint import CheckpointError
from svc_core.options import CACHE
from svc_core.phones.encoder_file import Recogniser, save_content_encoder
from svc_core.phones.inventory import inventory_of
from svc_core.phones.report import Row, as_records, as_table, probe_encoder
from svc_core.phones.training import Lesson, learn_code
from svc_core.phones.transcript import transcribe
from svc_core.phones.units import with_units
from svc_core.sound.content import plain_variant
from svc_core.sound.encoders import CEPSTRA
from svc_core.train import add_training_options, changed
from svc_core.training.processes import Processes
from svc_core.training.trainer import TrainingError
from svc_core.whole import write_whole

UNLABELLED = (
    "no training recording has labels, so the encoder learns from perturbed sound alone: "
    "there is no phone figure, and how much of the singer is left must be read off the singer figures."
)


def read_lessons(corpus: Corpus, split: str, config: Config, cache: Path) -> tuple[list[Clip], list[Lesson]]:
    """Clips of one split by trained singers, and what is to be learnt from each. Raises LabelError."""
    clips, skipped = cache_features(corpus.clips_of(split), config, cache)
    for sentence in skipped:
        print(f"skipped: {sentence}", file=sys.stderr)
    clips = [clip for clip in clips if clip.singer in corpus.trained_singers]
    lessons = []
    for clip in clips:
        features, labels = load_cached(cache, clip, config), read_labels(clip)
        transcript = None if labels is None else transcribe(labels, features.frames, config.grid)
        lessons.append(Lesson(features.content, corpus.trained_singers.index(clip.singer), transcript))
    return clips, lessons


def learn_content(
    corpus: Corpus, config: Config, train: CodeTrainConfig, folder: Path, cache: Path
) -> tuple[Path, list[Row]]:
    """Learn, or go on learning, in ``folder``; returns the encoder's path and, in the first process, its probes."""
    processes = Processes()
    if processes.first:  # the others find the cache filled
        cache_features([*corpus.clips_of("train"), *corpus.clips_of("test")], config, cache)
    processes.wait()
    clips, lessons = read_lessons(corpus, "train", config, cache)
    inventory = inventory_of(_phones(lessons))
    plain, path = plain_variant(config.content), folder / "content.safetensors"
    if len(inventory) == 1 and processes.first:
        print(f"note: {UNLABELLED}", file=sys.stderr)
    continuous = replace(config, code=replace(config.code, units=0))  # units are found when the code is learnt
    encoder, head = learn_code(lessons, corpus.trained_singers, inventory, plain, continuous, train, folder, processes)
    rows: list[Row] = []
    if processes.first:
        if config.code.units:
            encoder = with_units(encoder, [lesson.content[plain] for lesson in lessons], config.code.units, train.seed)
        recogniser = Recogniser(encoder, head, inventory)
        save_content_encoder(path, recogniser)
        tested = read_lessons(corpus, "test", config, cache)
        rows = probe_encoder(recogniser, plain, (clips, lessons), tested, corpus.phrases, config.grid)
    return path, rows


def write_probes(path: Path, rows: Sequence[Row]) -> None:
    """The probes as JSON; the file appears under its name only when it is whole."""
    write_whole(path, (json.dumps(as_records(rows), indent=1) + "\n").encode())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m svc_core.learn_content", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--corpus", type=Path, required=True, help="folder with a metadata.csv, labels beside the audio"
    )
    parser.add_argument("--cache", type=Path, default=CACHE, help=f"where measured features are kept ({CACHE})")
    parser.add_argument("--preset", choices=tuple(PRESETS), default="small", help="sizes (default small)")
    parser.add_argument("--run", type=Path, required=True, help="folder of this run; an existing one is resumed")
    add_training_options(parser, ("steps",))
    given = parser.parse_args(arguments)
    config = PRESETS[given.preset]
    config = replace(
        config, content=replace(config.content, encoders=(CEPSTRA,))
    )  # what it encodes, whatever stands beside
    try:
        train = changed(CodeTrainConfig(), given)
        path, rows = learn_content(read_corpus(given.corpus), config, train, given.run, given.cache)
    except (CorpusError, LabelError, CheckpointError, TrainingError, ValueError) as error:
        print(f"learn_content: {error}", file=sys.stderr)
        return 2
    if rows:
        write_probes(path.with_name("probes.json"), rows)
        print(as_table(rows))
        print(f"content encoder: {path}")
    return 0


def _phones(lessons: Sequence[Lesson]) -> set[str]:
    return {phone for lesson in lessons if lesson.transcript is not None for phone in lesson.transcript.phones}


if __name__ == "__main__":
    sys.exit(main())
