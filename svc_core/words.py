"""What is sung when in the phrases of traces: python -m svc_core.words --corpus CORPUS

For each source phrase of the traces in a folder, the words or phones of its recording's label file, in
seconds from the start of the phrase and cut to it. Texts and times are the annotators' own: where they timed
a whole phrase of several words, so does this table. Silence is left out. A phrase whose recording has no
labels is not listed, and neither is one whose recording may not be published or is not in the corpus.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from svc_core.corpora.corpus import Clip, Corpus, CorpusError, read_corpus
from svc_core.corpora.labels import Interval, LabelError, Labels, read_labels
from svc_core.phones.symbols import SILENT_LABELS
from svc_core.traces.catalogue import CatalogueError, read_catalogue
from svc_core.traces.manifest import Recording
from svc_core.traces.trace import TraceError, open_trace
from svc_core.whole import write_whole

FORMAT = "singsteps-words-1"
TRACES, OUT = Path("precomputed"), Path("precomputed/lessons/words.json")
DIGITS = 3  # milliseconds: a mel frame has 10.7
SLIVER_S = 0.02  # of a neighbour: phrases are cut to hundredths of a second, labels are not


class WordsError(ValueError):
    """Traces that the words cannot be told of; the message says why and what to do."""


@dataclass(frozen=True)
class SungPhrase:
    """``kind`` is words or phones; intervals in seconds from the start of the phrase."""

    singer: str
    phrase: str
    file: str
    kind: str
    attribution: str
    licence: str
    intervals: list[Interval]


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        corpus = read_corpus(given.corpus)
        phrases, left_out = sung_phrases(source_recordings(given.traces), corpus)
        _write(given.out, phrases)
    except (CorpusError, LabelError, CatalogueError, TraceError, WordsError) as error:
        print(f"words: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"words: {error.filename}: {error.strerror}.", file=sys.stderr)
        return 2
    for reason in left_out:
        print(reason, file=sys.stderr)
    intervals = sum(len(phrase.intervals) for phrase in phrases)
    print(f"{given.out}: {len(phrases)} phrases with {intervals} intervals; {len(left_out)} left out.")
    return 0


def source_recordings(traces: Path) -> list[Recording]:
    """What the traces of a folder were made from, each phrase of each singer once, sorted by singer and phrase.

    Raises CatalogueError, TraceError, and WordsError where two traces mean different parts by one name.
    """
    found: dict[tuple[str, str], Recording] = {}
    for entry in read_catalogue(traces):
        source = open_trace(traces / entry.id).manifest.source
        known = found.setdefault((source.singer, source.phrase), source)
        if (known.file, known.start_s, known.end_s) != (source.file, source.start_s, source.end_s):
            raise WordsError(
                f"'{source.phrase}' of {source.singer} is another part of a recording in trace '{entry.id}' than in "
                "one before: give the two different names."
            )
    return [found[key] for key in sorted(found)]


def sung_phrases(sources: Iterable[Recording], corpus: Corpus) -> tuple[list[SungPhrase], list[str]]:
    """Phrases with labels, and a sentence for each that is left out. Raises LabelError."""
    phrases, left_out = [], []
    for source in sources:
        clips = [clip for clip in corpus.clips if clip.singer == source.singer and clip.path.name == source.file]
        labels = read_labels(clips[0]) if len(clips) == 1 and clips[0].may_ship else None
        if labels is None:
            left_out.append(f"'{source.phrase}' of {source.singer} is left out: {_reason(source, clips)}.")
            continue
        phrases.append(
            SungPhrase(
                source.singer,
                source.phrase,
                source.file,
                labels.kind,
                source.attribution,
                source.licence,
                cut_labels(labels, source.start_s, source.end_s),
            )
        )
    return phrases, left_out


def cut_labels(labels: Labels, start_s: float, end_s: float | None) -> list[Interval]:
    """What is sung between two times of a recording (``end_s`` None: its end), in seconds from the first of them.

    Of an interval that the cut goes through nothing is kept where no more than SLIVER_S is left.
    """
    silent = SILENT_LABELS if labels.kind == "phones" else {""}
    end_s = math.inf if end_s is None else end_s
    cut = []
    for part in labels.intervals:
        first_s = round(max(part.start_s, start_s) - start_s, DIGITS)
        last_s = round(min(part.end_s, end_s) - start_s, DIGITS)
        whole = start_s <= part.start_s and part.end_s <= end_s
        if part.text not in silent and last_s - first_s > (0.0 if whole else SLIVER_S):
            cut.append(Interval(first_s, last_s, part.text))
    return cut


def _reason(source: Recording, clips: list[Clip]) -> str:
    if not clips:
        return f"the corpus has no {source.file} of that singer"
    if len(clips) > 1:
        return f"the corpus has {len(clips)} recordings of that singer that are called {source.file}"
    return "it has no labels" if clips[0].may_ship else "it may not be published (may_ship = no)"


def _write(path: Path, phrases: list[SungPhrase]) -> None:
    text = json.dumps({"format": FORMAT, "phrases": [asdict(one) for one in phrases]}, indent=1, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (text + "\n").encode())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m svc_core.words", description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="folder with a metadata.csv, and label files")
    parser.add_argument("--traces", type=Path, default=TRACES, help=f"folder of traces ({TRACES})")
    parser.add_argument("--out", type=Path, default=OUT, help=f"the table, in JSON ({OUT})")
    return parser


if __name__ == "__main__":
    sys.exit(main())
