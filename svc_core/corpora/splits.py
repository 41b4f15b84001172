"""Which recordings are trained on and which are held out, so that no phrase is on both sides.

A song belongs as a whole to one split, whoever sings it and in whatever data set: a model that heard a
phrase from one singer would otherwise be tested on it from another. Where a data set names no songs, the
text of the phrase stands for the song (see `vctk`). Splits that the owner of a data set published are
kept; `find_leaks` tells where they share songs.

Nothing is random: a song's place between 0 and 1 is a hash of its name, and songs below the share are held
out. So a song keeps its split when other data sets come or go, unless they sing it too.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from svc_core.corpora.corpus import Clip

HELD_OUT = ("test", "unseen")  # the splits that no model is trained on
TEST_SHARE = 0.05  # of the songs: of a few hours that is enough minutes to measure on, and few are lost
LARGEST_PART = 1 / 3  # of a singer's recordings that may be held out: a singer of one song is trained on


@dataclass(frozen=True)
class Leak:
    """A song that is trained on and held out."""

    song: str
    trained: tuple[Clip, ...]
    held_out: tuple[Clip, ...]


def song_key(song: str) -> str:
    """What makes two spellings the same song: letters and digits alone, in small. Empty where there are none."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", song).casefold() if sign.isalnum())


def song_place(key: str) -> float:
    """A song's place from 0 up to 1: the same on every machine, in every run, whatever else is there."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


def assign_splits(clips: Sequence[Clip], test_share: float = TEST_SHARE) -> tuple[Clip, ...]:
    """Give every clip whose split is still open ("") one, train or test; the others keep theirs.

    A song with a published split follows it. Of the rest, songs are held out by their place, as far as
    no singer loses more than a third of the recordings; a data set in which that gives no test song at all
    holds out the first that may be. A clip of no song cannot be compared with others: it is trained on.
    """
    songs = _by_song(clips)
    open_songs = {}  # may still go to either side
    split_of = {"": "train"}
    for key, sung in songs.items():
        published = {"test" if clip.split in HELD_OUT else clip.split for clip in sung if clip.split}
        if published:  # where it is on both sides already, nothing can be saved
            split_of[key] = published.pop() if len(published) == 1 else "train"
        else:
            open_songs[key] = sung
    recordings = Counter(clip.singer for clip in clips)
    held_out = Counter(clip.singer for clip in clips if clip.split in HELD_OUT)
    tested = {clip.data_set for clip in clips if clip.split == "test"}

    def hold_out(key: str) -> bool:
        """Whether the song may be held out; then it is."""
        lost = Counter(clip.singer for clip in open_songs[key])
        if any(held_out[singer] + lost[singer] > LARGEST_PART * recordings[singer] for singer in lost):
            return False
        held_out.update(lost)
        tested.update(clip.data_set for clip in open_songs[key])
        split_of[key] = "test"
        return True

    in_order = sorted(open_songs, key=song_place)
    for key in in_order:
        if song_place(key) < test_share:
            hold_out(key)
    for data_set in sorted({clip.data_set for clip in clips}) if test_share > 0 else ():
        if data_set not in tested:
            any(hold_out(key) for key in in_order if any(clip.data_set == data_set for clip in open_songs[key]))
    return tuple(
        clip if clip.split else replace(clip, split=split_of.get(song_key(clip.song), "train")) for clip in clips
    )


def find_leaks(clips: Iterable[Clip]) -> list[Leak]:
    """Songs that are trained on and held out, sorted by name; none where all splits were given here."""
    leaks = []
    for sung in _by_song(clips).values():
        trained = tuple(clip for clip in sung if clip.split == "train")
        held_out = tuple(clip for clip in sung if clip.split in HELD_OUT)
        if trained and held_out:
            leaks.append(Leak(sung[0].song, trained, held_out))
    return sorted(leaks, key=lambda leak: leak.song)


def _by_song(clips: Iterable[Clip]) -> dict[str, list[Clip]]:
    songs = defaultdict(list)
    for clip in clips:
        if key := song_key(clip.song):
            songs[key].append(clip)
    return songs
