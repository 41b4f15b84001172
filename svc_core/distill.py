"""Distill a one-step student from a teacher: python -m svc_core.distill --corpus FOLDER --teacher MODEL --run runs/NAME

The student learns to jump where the teacher walks (consistency distillation); conditions and draft
are the teacher's own. Resumable as training is; needs the features that the teacher was trained on.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from svc_core.corpora.corpus import Corpus, read_corpus
from svc_core.model.checkpoint import load_model
from svc_core.model.system import VoiceConverter
from svc_core.options import CACHE
from svc_core.train import add_export_options, add_training_options, changed, export_model, load_material
from svc_core.training.processes import Processes
from svc_core.training.stages import train_student
from svc_core.training.trainer import TrainingError


def distill_model(teacher: VoiceConverter, corpus: Corpus, folder: Path, cache: Path) -> Path:
    """Run or resume distillation in ``folder``; returns the student's path. Raises ValueError on other singers."""
    if teacher.singers != corpus.trained_singers:
        raise ValueError(
            f"the teacher's singers ({', '.join(teacher.singers)}) are not the corpus's "
            f"({', '.join(corpus.trained_singers)}); give the corpus that the teacher was trained on."
        )
    processes = Processes()
    crops, held_out, preview = load_material(corpus, teacher.config, teacher.config.distill, cache, processes)
    return train_student(teacher, crops, held_out, folder, processes, preview)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m svc_core.distill", description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="the teacher's corpus")
    parser.add_argument("--cache", type=Path, default=CACHE, help=f"where measured features are kept ({CACHE})")
    parser.add_argument("--teacher", type=Path, required=True, help="a model.safetensors of python -m svc_core.train")
    parser.add_argument("--run", type=Path, required=True, help="folder of this run; an existing one is resumed")
    add_export_options(parser)
    parser.add_argument("--loss", choices=("pseudo-huber", "l2"))
    add_training_options(parser, ("steps",))
    given = parser.parse_args(arguments)
    try:
        teacher = load_model(given.teacher)
        teacher.config = replace(teacher.config, distill=changed(teacher.config.distill, given))
        path = distill_model(teacher, read_corpus(given.corpus), given.run, given.cache)
        if Processes().first:
            print(f"student: {path}")
            if given.export is not None:
                export_model(path, given.export, given.base)
    except (TrainingError, ValueError) as error:
        print(f"distill: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
