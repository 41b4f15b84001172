"""Measure a corpus: python -m svc_core.extract --corpus FOLDER

Mel, F0, loudness and content of every recording, on the one time grid, into the cache that training
reads. Training measures what is missing by itself; this command does it beforehand, and says how long
it took. It may be stopped at any moment: the same command goes on where it was.
"""

from __future__ import annotations

import argparse
import sys

from svc_core.corpora.cache import CacheReport, measure_clips
from svc_core.corpora.corpus import CorpusError, read_corpus
from svc_core.options import add_feature_options, chosen_config, positive


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        clips = read_corpus(given.corpus).clips
        measured = measure_clips(clips, chosen_config(given), given.cache, given.jobs, given.device)
    except (CorpusError, ValueError) as error:
        print(f"extract: {error}", file=sys.stderr)
        return 2
    print(_report(measured))
    for sentence in measured.skipped:
        print(f"skipped: {sentence}", file=sys.stderr)
    return 0


def _report(measured: CacheReport) -> str:
    """Counts, minutes and speed, one thing a line."""
    lines = [
        f"{len(measured.usable)} recordings usable, {len(measured.skipped)} skipped.",
        f"{measured.files} files measured, {measured.kept} were there already.",
    ]
    if measured.audio_s > 0:
        lines.append(
            f"{measured.audio_s / 60:.2f} minutes of sound in {measured.wall_s / 60:.2f} minutes: "
            f"real-time factor {measured.wall_s / measured.audio_s:.3f}, "
            f"{measured.work_s / measured.audio_s:.3f} for one worker."
        )
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m svc_core.extract", description=__doc__.splitlines()[0])
    add_feature_options(parser)
    parser.add_argument("--jobs", type=positive, help="workers (default: one a core)")
    parser.add_argument(
        "--device", default="cpu", help="of pretrained encoders: cpu, or cuda with few --jobs (default cpu)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
