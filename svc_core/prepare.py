"""Make a corpus of one or more data sets: python -m svc_core.prepare --data NAME:FOLDER ... --out CORPUS

NAME says how FOLDER is laid out: m4singer, opencpop, opensinger, svcc, vctk, pjs or makam as their owners
publish them, metadata for a folder with a metadata.csv, folder for any folder of singer/recording. Audio stays
where it is. Every file is decoded once; those that cannot be used are skipped, counted and listed in
CORPUS/skipped.csv. The same command again gives the same corpus.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

from svc_core.config import GridConfig
from svc_core.corpora.corpus import SPLITS, Clip, Corpus, CorpusError, read_corpus
from svc_core.corpora.data_sets import READERS, read_data_sets
from svc_core.corpora.layout import Skipped
from svc_core.corpora.splits import TEST_SHARE, assign_splits, find_leaks
from svc_core.corpora.survey import check_audio_files, check_label_files, f0_ranges_hz
from svc_core.corpora.tables import check_target, write_labels, write_tables
from svc_core.workers import worker_pool

F0_SECONDS = 30.0  # a singer: a few phrases from all over the recordings show the range
LEAKS_SHOWN = 10


def prepare_corpus(
    asked: Sequence[tuple[str, Path]],
    out: Path,
    pool: Executor,
    test_share: float = TEST_SHARE,
    f0_seconds: float = F0_SECONDS,
) -> Corpus:
    """Read, check, split and write; prints what it did. Returns the corpus as training reads it.

    Raises CorpusError where nothing could be prepared.
    """
    check_target(out, [folder for _, folder in asked])
    reading = read_data_sets(asked)
    grid = GridConfig()
    seconds, unusable = check_audio_files(reading.clips, grid, pool)
    skipped = [*reading.skipped, *unusable]
    usable = [clip for clip in reading.clips if clip.file in seconds]
    if not usable:
        _print_skipped(skipped)
        raise CorpusError("no recording of these data sets can be used.")
    phones = {file: labels for file, labels in reading.phones.items() if file in seconds}
    label_files = write_labels(out, phones)
    usable = [replace(clip, label_file=label_files.get(clip.file, clip.label_file)) for clip in usable]
    usable, unlabelled = check_label_files(usable)
    skipped += unlabelled
    clips = assign_splits(usable, test_share)
    write_tables(out, clips, [p for p in reading.phrases if p.clip.file in seconds], skipped, seconds)
    _print_summary(clips, seconds, f0_ranges_hz(clips, seconds, f0_seconds, grid, pool))
    _print_leaks(clips)
    _print_skipped(skipped)
    print(f"corpus: {out}")
    return read_corpus(out)


def _print_summary(clips: Sequence[Clip], seconds: dict[str, float], f0_hz: dict[str, tuple[float, float]]) -> None:
    """One line a singer, one a data set, one for all."""
    sung: defaultdict[str, defaultdict[str, list[Clip]]] = defaultdict(lambda: defaultdict(list))
    for clip in clips:
        sung[clip.data_set][clip.singer].append(clip)
    width = max(len("singer"), *(len(clip.singer) for clip in clips)) + 2
    print(f"{'singer':<{width}} {'clips':>6} {'minutes':>8} {'F0 5-95 %':>12}   {' / '.join(SPLITS)}")

    def line(name: str, part: Sequence[Clip], f0_range: tuple[float, float] | None) -> None:
        minutes = sum(seconds[clip.file] for clip in part) / 60
        hz = f"{f0_range[0]:.0f}-{f0_range[1]:.0f} Hz" if f0_range else ""
        count = Counter(clip.split for clip in part)
        splits = " / ".join(str(count[split]) for split in SPLITS)
        print(f"{name:<{width}} {len(part):>6} {minutes:>8.1f} {hz:>12}   {splits}")

    for data_set, singers in sorted(sung.items()):
        for singer, part in sorted(singers.items()):
            line(f"  {singer}", part, f0_hz.get(singer))
        line(data_set, [clip for part in singers.values() for clip in part], None)
    line("all", clips, None)
    if not any(clip.split == "test" for clip in clips):
        print("note: no song is held out for testing; there are too few, or --test-share is 0.")


def _print_leaks(clips: Sequence[Clip]) -> None:
    """Splits are kept as published; what that costs is said."""
    leaks = find_leaks(clips)
    if leaks:
        names = ", ".join(leak.song for leak in leaks[:LEAKS_SHOWN]) + (" ..." if leaks[LEAKS_SHOWN:] else "")
        print(f"note: the published splits, which are kept, have {len(leaks)} song(s) on both sides: {names}.")


def _print_skipped(skipped: Sequence[Skipped]) -> None:
    groups = defaultdict(list)
    for item in skipped:
        groups[item.data_set, item.reason].append(item)
    if skipped:
        print(f"skipped: {len(skipped)}")
    for (data_set, reason), items in sorted(groups.items()):
        print(f"{len(items):>6}  {data_set}: {reason}, such as {items[0].file} ({items[0].detail.rstrip('.')})")


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        with worker_pool(given.jobs) as pool:
            prepare_corpus(given.data, given.out, pool, given.test_share, given.f0_seconds)
    except CorpusError as error:
        print(f"prepare: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"prepare: {error.filename}: {error.strerror}.", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m svc_core.prepare", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data",
        type=_data_set,
        nargs="+",
        required=True,
        metavar="NAME:FOLDER",
        help=f"data sets; NAME is one of {', '.join(READERS)}",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="CORPUS", help="folder of the prepared corpus")
    parser.add_argument(
        "--test-share",
        type=_share,
        default=TEST_SHARE,
        help=f"share of the songs that are held out, where no split is published (default {TEST_SHARE})",
    )
    parser.add_argument(
        "--f0-seconds",
        type=float,
        default=F0_SECONDS,
        metavar="S",
        help=f"how much of each singer is listened to for the F0 range (default {F0_SECONDS:g}; 0 for none)",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="workers that decode")
    return parser


def _data_set(text: str) -> tuple[str, Path]:
    name, colon, folder = text.partition(":")
    if not (name and colon and folder):
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME:FOLDER")
    return name, Path(folder).expanduser()


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 0.5:
        raise argparse.ArgumentTypeError(f"'{text}' is not a share from 0 to 0.5")
    return share


if __name__ == "__main__":
    sys.exit(main())
