"""Score conversions: python -m svc_core.evaluate --conversions FOLDER --references CORPUS --out table.csv

A set of conversions is a folder of sounds as svc_core.convert leaves them, each with a JSON file beside
it; or, with --traces, folders of traces as svc_core.precompute leaves them (see conversion/sets). One
table of all of them goes to the terminal as Markdown, and to --out as CSV; a second CSV beside it,
table.summary.csv, has mean, 95 % interval and n of every figure, its unit and what it stands on, and
the distances of the whole set (FAD, KAD). What each figure means stands in svc_core/metrics.

The singers to compare with are the corpus's (up to 8 training recordings each), or for traces without
--references the recordings that lie in them. --recogniser takes the phone recogniser that
svc_core.learn_content leaves, content.safetensors. What cannot be measured is listed and passed over, the
rest is done, and the exit status is then 1.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from svc_core.config import Config, GridConfig
from svc_core.conversion.references import corpus_recordings, trace_recordings
from svc_core.conversion.sets import Conversion, find_conversions
from svc_core.corpora.corpus import CorpusError, read_corpus
from svc_core.metrics.alignment import MetricError
from svc_core.metrics.content import PhoneRecogniser
from svc_core.metrics.distribution import SetDistance, set_distances
from svc_core.metrics.report import figures_of, markdown, summarise, summary_rows, write_csv
from svc_core.metrics.scores import ConversionScores, SingerReferences, measure_conversion, refer_to_singers
from svc_core.metrics.singer import EMBEDDING, SingerEncoder
from svc_core.model.checkpoint import CheckpointError, model_hash
from svc_core.phones.encoder_file import load_recogniser
from svc_core.phones.symbols import SILENCE
from svc_core.phones.training import log_posteriors
from svc_core.sound.audio import AudioError, load_audio
from svc_core.sound.content import encode_content
from svc_core.sound.loudness import a_weighted_loudness


class EvaluationError(ValueError):
    """A set of conversions that cannot be scored; the message says why and what to do."""


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        return evaluate(given)
    except (EvaluationError, CorpusError, CheckpointError) as error:
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
    recogniser = None if given.recogniser is None else own_recogniser(given.recogniser)
    references, trouble = find_references(given, grid)
    problems += trouble
    scored: list[tuple[Conversion, ConversionScores]] = []
    for conversion in tqdm(conversions, unit="clip", disable=None):
        try:
            scores = measure(conversion, references, recogniser, grid)
        except (AudioError, MetricError) as error:
            problems.append(f"{conversion.name}: skipped; {error}")
        else:
            problems += [f"{conversion.name}: {note}" for note in scores.notes]
            scored.append((conversion, scores))
    for problem in problems:
        print(problem, file=sys.stderr)
    if not scored:
        raise EvaluationError("none of the conversions could be scored.")
    rows = [_row(conversion, scores, references) for conversion, scores in scored]
    summaries, distances = summarise([figures_of(scores) for _, scores in scored]), _distances(scored, references)
    write_csv(given.out, rows)
    summary_path = given.out.with_name(f"{given.out.stem}.summary.csv")
    named = (recogniser.name if recogniser else "", len(references.embeddings) if references else 0)
    write_csv(summary_path, summary_rows(summaries, distances, *named))
    shown = ("name", "target", "key_shift_semitones", *figures_of(scored[0][1]))
    print(markdown([{name: row[name] for name in shown} for row in rows], summaries, distances))
    print(f"\n{len(scored)} conversions scored, {len(problems)} problems: {given.out}, {summary_path}")
    return int(bool(problems))


def measure(
    conversion: Conversion, references: SingerReferences | None, recogniser: PhoneRecogniser | None, grid: GridConfig
) -> ConversionScores:
    """Load and score one conversion. Raises AudioError or MetricError."""
    return measure_conversion(
        load_audio(conversion.source, grid, conversion.start_s, conversion.end_s),
        load_audio(conversion.converted, grid),
        conversion.key_shift_semitones,
        grid,
        conversion.target,
        references,
        recogniser,
    )


def own_recogniser(path: Path) -> PhoneRecogniser:
    """The recogniser that svc_core.learn_content left. Raises CheckpointError."""
    learnt = load_recogniser(path)

    def listen(samples: np.ndarray, f0_hz: np.ndarray, grid: GridConfig) -> np.ndarray:
        loudness_db = a_weighted_loudness(samples, grid)
        content = encode_content(samples, f0_hz, loudness_db, grid, learnt.encoder.config.content)
        return log_posteriors(learnt.encoder, learnt.head, content[0])

    return PhoneRecogniser(f"{path.name} {model_hash(path)}", (learnt.inventory.number(SILENCE),), listen)


def find_references(given: argparse.Namespace, grid: GridConfig) -> tuple[SingerReferences | None, list[str]]:
    """The singers to compare with, and sentences about what is missing of them. Raises CorpusError."""
    if given.references is None and not given.traces:
        return None, ["the singers are not compared: give --references with a corpus of them."]
    paths = corpus_recordings(read_corpus(given.references)) if given.references else trace_recordings(given.traces)
    try:
        encoder = SingerEncoder()
    except MetricError as error:
        return None, [f"the singers are not compared: {error}"]
    recordings, problems = {}, []
    for singer, files in paths.items():
        for path in files:
            try:
                recordings.setdefault(singer, []).append(load_audio(path, grid))
            except AudioError as error:
                problems.append(f"reference of {singer} left out: {error}")
    references, trouble = refer_to_singers(encoder, recordings, grid.sample_rate_hz)
    return references, problems + trouble


def _distances(
    scored: list[tuple[Conversion, ConversionScores]], references: SingerReferences | None
) -> list[SetDistance]:
    """FAD and KAD of the conversions' windows to those of the singers they were made into; none without these."""
    if references is None:
        return []
    heard = [(c.target, s.windows) for c, s in scored if s.windows is not None and c.target in references.windows]
    targets = sorted({target for target, _ in heard})
    if not heard:
        return []
    real = np.concatenate([references.windows[target] for target in targets])
    made = np.concatenate([windows for _, windows in heard])
    if min(len(real), len(made)) < 2:
        return []
    return list(set_distances(real, sum(references.clips[t] for t in targets), made, len(heard), EMBEDDING))


def _row(conversion: Conversion, scores: ConversionScores, references: SingerReferences | None) -> dict[str, object]:
    """One line of the CSV file: which conversion, its figures, and what these stand on."""
    singer = scores.singer
    return {
        "name": conversion.name,
        "source": str(conversion.source),
        "target": conversion.target,
        "key_shift_semitones": conversion.key_shift_semitones,
        **conversion.made_by,
        **figures_of(scores),
        "nearest_singer": singer.nearest_singer if singer else None,
        "frames": scores.melody.frames,
        "voiced_frames": scores.melody.voiced_frames,
        "common_frames": scores.melody.common_frames,
        "sounding_frames": scores.spectrum.sounding_frames,
        "singers": singer.singers if singer else 0,
        "target_clips": references.clips.get(conversion.target, 0) if references else 0,
        "alignment": "frame",
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
    parser.add_argument("--out", type=Path, default=Path("table.csv"), help="the table (default table.csv)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
