"""Score conversions: python -m svc_core.evaluate --conversions FOLDER --references CORPUS --out table.csv

A set of conversions is a folder of sounds as svc_core.convert leaves them, each with a JSON file beside
it; or, with --traces, folders of traces as svc_core.precompute leaves them (see conversion/sets). One
table of all of them goes to --out as CSV, a row a sound; a second CSV beside it, table.summary.csv, has a
row for each group and figure: mean, 95 % interval, n, the number of source clips, unit, and what it
stands on, and the distances of the whole group (FAD, KAD). The terminal shows both as Markdown. What
each figure means stands in svc_core/metrics.

The column ``group`` keeps apart what must not be averaged together:

    conversion       into another's voice
    self-conversion  into the singer's own voice, in the same key
    copy-synthesis   with --bounds VOCODER: each source clip once, through that vocoder and no model
    source           with --bounds VOCODER: each source clip once, as it is

The last two are what the first lie between (see conversion/bounds). The "target" of all but the first
is the source's own singer, so that nearest_is_target of ``source`` says how often real recordings are
recognised, and closer_to_target is asked of conversions alone. The floor of similarity_to_target stands
beside it: source_to_target, the unconverted source's. ``phones_kept`` is the phone agreement over that of
the same clip's copy-synthesis.

The singers to compare with are the corpus's (up to 8 training recordings each), or for traces without
--references the recordings that lie in them. --recogniser takes the phone recogniser that
svc_core.learn_content leaves, content.safetensors. --tracker chooses who measures F0 of the melody. What
cannot be measured is listed and passed over, the rest is done, and the exit status is then 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from svc_core.config import Config, GridConfig
from svc_core.conversion.bounds import COPY, SOURCE
from svc_core.conversion.references import corpus_recordings, trace_recordings
from svc_core.conversion.scoring import Scored, score_all, summarise_groups
from svc_core.conversion.sets import Conversion, find_conversions
from svc_core.corpora.corpus import Corpus, CorpusError, read_corpus
from svc_core.metrics.alignment import MetricError
from svc_core.metrics.content import PhoneRecogniser
from svc_core.metrics.report import markdown, summary_rows, write_csv
from svc_core.metrics.scores import Judges, SingerReferences, refer_to_singers
from svc_core.metrics.singer import SingerEncoder
from svc_core.metrics.tracker import HARVEST, TRACKERS, Tracker, open_tracker
from svc_core.model.checkpoint import CheckpointError, model_hash
from svc_core.phones.encoder_file import load_recogniser
from svc_core.phones.symbols import SILENCE
from svc_core.phones.training import log_posteriors
from svc_core.sound.audio import AudioError, load_audio
from svc_core.sound.content import encode_content
from svc_core.sound.loudness import a_weighted_loudness
from svc_core.vocoders.vocoder import SPECS, Vocoder, VocoderError, open_vocoder


class EvaluationError(ValueError):
    """A set of conversions that cannot be scored; the message says why and what to do."""


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        return evaluate(given)
    except (EvaluationError, CorpusError, CheckpointError, VocoderError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2


def evaluate(given: argparse.Namespace) -> int:
    """Score everything that was named; returns the exit status."""
    if given.out.is_dir():
        raise EvaluationError(f"{given.out} is a folder; give --out the name of a file.")
    grid = Config().grid
    conversions, problems = find_conversions(given.conversions, given.traces)
    if not conversions:
        raise EvaluationError("\n".join(["there is no conversion to score.", *problems]))
    corpus = None if given.references is None else read_corpus(given.references)
    conversions = name_singers(conversions, corpus)
    vocoder = None if given.bounds is None else open_vocoder(given.bounds, grid)
    recogniser = None if given.recogniser is None else own_recogniser(given.recogniser)
    references, trouble = find_references(corpus, given.traces, grid)
    judges = Judges(references, recogniser, find_tracker(given.tracker))
    scored, failures = score_all(conversions, judges, vocoder, grid)
    problems += [*trouble, *failures, *doubts(conversions, corpus, vocoder)]
    for problem in problems:
        print(problem, file=sys.stderr)
    if all(line.group in (COPY, SOURCE) for line in scored):
        raise EvaluationError("none of the conversions could be scored.")
    rows = [_row(line, judges) for line in scored]
    summaries, distances = summarise_groups(scored, references)
    write_csv(given.out, rows)
    summary_path = given.out.with_name(f"{given.out.stem}.summary.csv")
    named = (recogniser.name if recogniser else "", len(references.embeddings) if references else 0)
    write_csv(summary_path, summary_rows(summaries, distances, judges.tracker.name, *named))
    shown = ("group", "name", "target", "key_shift_semitones", *scored[0].figures)
    print(markdown([{name: row[name] for name in shown} for row in rows], summaries, distances))
    print(f"\nF0 of the melody by {judges.tracker.name}.")
    print(f"{len(scored)} sounds scored, {len(problems)} problems: {given.out}, {summary_path}")
    return int(bool(problems))


def name_singers(conversions: Sequence[Conversion], corpus: Corpus | None) -> list[Conversion]:
    """The same, with the source's singer where only the corpus knows whose recording it is."""
    singers = {} if corpus is None else {clip.path.resolve(): clip.singer for clip in corpus.clips}
    return [
        replace(made, source_singer=made.source_singer or singers.get(made.source.resolve(), ""))
        for made in conversions
    ]


def find_tracker(choice: str) -> Tracker:
    """The tracker asked for; where its package is not installed a sentence says so, and Harvest serves."""
    try:
        return open_tracker(choice)
    except MetricError as error:
        print(f"F0 of the melody is measured by Harvest, for {error}", file=sys.stderr)
        return HARVEST


def doubts(conversions: Sequence[Conversion], corpus: Corpus | None, vocoder: Vocoder | None) -> list[str]:
    """Sentences about what can be measured and yet would mislead."""
    said = []
    if vocoder is not None:
        others = {str(made.made_by["vocoder"]) for made in conversions if made.made_by["vocoder"]} - {vocoder.name}
        if others:
            said.append(f"the bounds go through {vocoder.name}, conversions through {', '.join(sorted(others))}.")
    if corpus is not None:
        known = {path.resolve() for paths in corpus_recordings(corpus).values() for path in paths}
        inside = {made.clip for made in conversions if made.source.resolve() in known}
        if inside:
            said.append(
                f"{len(inside)} source clips are among the recordings that stand for their singers: their likeness to "
                "their own singer is too good; score held-out phrases."
            )
    return said


def own_recogniser(path: Path) -> PhoneRecogniser:
    """The recogniser that svc_core.learn_content left. Raises CheckpointError."""
    learnt = load_recogniser(path)

    def listen(samples: np.ndarray, f0_hz: np.ndarray, grid: GridConfig) -> np.ndarray:
        loudness_db = a_weighted_loudness(samples, grid)
        content = encode_content(samples, f0_hz, loudness_db, grid, learnt.encoder.config.content)
        return log_posteriors(learnt.encoder, learnt.head, content[0])

    return PhoneRecogniser(f"{path.name} {model_hash(path)}", (learnt.inventory.number(SILENCE),), listen)


def find_references(
    corpus: Corpus | None, traces: Sequence[Path], grid: GridConfig
) -> tuple[SingerReferences | None, list[str]]:
    """The singers to compare with, of the corpus or else of the traces, and sentences about what is missing of them."""
    if corpus is None and not traces:
        return None, ["the singers are not compared: give --references with a corpus of them."]
    paths = trace_recordings(traces) if corpus is None else corpus_recordings(corpus)
    try:
        encoder = SingerEncoder()
    except MetricError as error:
        return None, [f"the singers are not compared: {error}"]
    recordings: dict[str, list[np.ndarray]] = {}
    problems: list[str] = []
    for singer, files in paths.items():
        for path in files:
            try:
                recordings.setdefault(singer, []).append(load_audio(path, grid))
            except AudioError as error:
                problems.append(f"reference of {singer} left out: {error}")
    references, trouble = refer_to_singers(encoder, recordings, grid.sample_rate_hz)
    return references, problems + trouble


def _row(line: Scored, judges: Judges) -> dict[str, object]:
    """One line of the CSV file: which sound, its figures, and what these stand on."""
    made, scores = line.conversion, line.scores
    singer = scores.singer
    return {
        "group": line.group,
        "name": made.name,
        "source": str(made.source),
        "source_clip": made.clip,
        "source_singer": made.source_singer,
        "target": made.target,
        "key_shift_semitones": made.key_shift_semitones,
        **made.made_by,
        **line.figures,
        "nearest_singer": singer.nearest_singer if singer else None,
        "frames": scores.melody.frames,
        "voiced_frames": scores.melody.voiced_frames,
        "common_frames": scores.melody.common_frames,
        "sounding_frames": scores.spectrum.sounding_frames,
        "singers": singer.singers if singer else 0,
        "target_clips": judges.references.clips.get(made.target, 0) if judges.references else 0,
        "alignment": "frame",
        "f0_tracker": judges.tracker.name,
        "mcd_definition": scores.spectrum.mcd_definition,
        "embedding": singer.embedding if singer else None,
        "recogniser": scores.content.recogniser if scores.content else None,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m svc_core.evaluate", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--conversions", type=Path, nargs="+", default=[], metavar="FOLDER", help="folders, or single NAME.json files"
    )
    parser.add_argument(
        "--traces", type=Path, nargs="+", default=[], metavar="FOLDER", help="traces, or folders of them"
    )
    parser.add_argument("--references", type=Path, metavar="CORPUS", help="corpus with recordings of the singers")
    parser.add_argument("--recogniser", type=Path, metavar="FILE", help="phone recogniser (content.safetensors)")
    parser.add_argument(
        "--bounds", metavar="VOCODER", help=f"also score each source, and its copy-synthesis through {SPECS}"
    )
    parser.add_argument(
        "--tracker", choices=TRACKERS, default="crepe", help="who measures F0 of the melody (default crepe)"
    )
    parser.add_argument("--out", type=Path, default=Path("table.csv"), help="the table (default table.csv)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
