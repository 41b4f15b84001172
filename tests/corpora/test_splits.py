"""Splits: no phrase on both sides, nothing random, and what was published is kept."""

from collections import Counter

import pytest

from svc_core.corpora.splits import assign_splits, find_leaks, song_key, song_place
from tests.corpora.conftest import clip_of


def parallel(singers: int = 4, songs: int = 200, takes: int = 1) -> list:
    """Every singer sings every song."""
    return [
        clip_of(f"singer{singer}", f"song{song}", take)
        for singer in range(singers)
        for song in range(songs)
        for take in range(takes)
    ]


def splits_of(clips) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for clip in clips:
        found.setdefault(clip.song, set()).add(clip.split)
    return found


def test_a_song_has_the_same_place_on_every_machine():
    """The first eight bytes of sha256("hymn"), as a fraction."""
    assert song_place("hymn") == pytest.approx(0.8756077137204102, abs=1e-15)


@pytest.mark.parametrize("other", ["Akşam Oldu", "akşam-oldu", " AKŞAM  oldu!", "aks\u0327am oldu"])
def test_spellings_of_a_song_are_one_song(other):
    assert song_key(other) == song_key("akşam oldu") != song_key("aksam oldu")


def test_every_phrase_of_a_parallel_corpus_falls_on_one_side():
    clips = assign_splits(parallel())
    assert all(len(found) == 1 for found in splits_of(clips).values())
    assert find_leaks(clips) == []


def test_about_the_share_is_held_out():
    for share in (0.05, 0.2):
        count = Counter(clip.split for clip in assign_splits(parallel(singers=1, songs=1000), share))
        assert count["test"] / 1000 == pytest.approx(share, rel=0.3)
        assert set(count) == {"train", "test"}


def test_a_share_of_zero_holds_nothing_out():
    assert {clip.split for clip in assign_splits(parallel(), 0.0)} == {"train"}


def test_the_order_of_the_clips_decides_nothing():
    clips = parallel(songs=50)
    forwards = {clip.file: clip.split for clip in assign_splits(clips)}
    assert {clip.file: clip.split for clip in assign_splits(clips[::-1])} == forwards


def test_other_data_sets_move_no_song():
    alone = {clip.file: clip.split for clip in assign_splits(parallel())}
    others = [clip_of("guest", f"other{song}", data_set="more") for song in range(50)]
    together = {clip.file: clip.split for clip in assign_splits([*others, *parallel()])}
    assert alone.items() <= together.items()


def test_a_song_goes_to_one_side_in_two_data_sets_too():
    clips = assign_splits([*parallel(2), *(clip_of("x", f"SONG{song}", data_set="more") for song in range(200))])
    assert find_leaks(clips) == []
    assert {clip.data_set for clip in clips if clip.split == "test"} == {"own", "more"}


def test_a_small_data_set_holds_out_one_song_all_the_same():
    """None of these four places is under 0.05; the lowest is taken."""
    songs = ["song0", "song1", "song3", "song4"]
    clips = assign_splits([clip_of("alto", song) for song in songs])
    lowest = min(songs, key=song_place)
    assert song_place(lowest) > 0.05
    assert [clip.song for clip in clips if clip.split == "test"] == [lowest]


@pytest.mark.parametrize("songs", [["song2"], ["song2", "song8"]])
def test_no_singer_is_lost_to_the_test(songs):
    """Both places are under 0.05, but of one or two songs none can be spared."""
    assert all(song_place(song) < 0.05 for song in songs)
    assert {clip.split for clip in assign_splits([clip_of("alto", song) for song in songs])} == {"train"}


def test_a_song_that_is_most_of_one_singer_is_trained_on_for_all():
    clips = [
        clip_of("bass", "song2"),
        *(clip_of("alto", f"song{song}") for song in range(3, 8)),
        clip_of("alto", "song2"),
    ]
    assert splits_of(assign_splits(clips))["song2"] == {"train"}


def test_a_clip_of_no_song_is_trained_on():
    clips = assign_splits([*parallel(1), clip_of("alto", ""), clip_of("alto", "...")])
    assert [clip.split for clip in clips if not song_key(clip.song)] == ["train", "train"]


def test_published_splits_are_kept_and_followed_by_the_same_song_elsewhere():
    published = [
        clip_of("f1", "Hymn", split="test"),
        clip_of("f1", "Amen", split="train"),
        clip_of("u", "Aria", 0, "unseen"),
    ]
    others = [clip_of("x", song, data_set="more") for song in ("hymn", "AMEN", "aria", "a", "b", "c", "d", "e", "f")]
    clips = assign_splits([*published, *others])
    assert list(clips[:3]) == published
    assert [clip.split for clip in clips[3:6]] == ["test", "train", "test"]
    assert find_leaks(clips) == []


def test_leaks_of_published_splits_are_found():
    """The same phrase by two singers, one trained on and one held out: what assign_splits never does."""
    clips = [
        clip_of("alto", "Hymn", split="train"),
        clip_of("bass", "hymn", split="test"),
        clip_of("bass", "Amen", split="test"),
        clip_of("guest", "Psalm", split="unseen"),
        clip_of("alto", "Psalm", split="train"),
        clip_of("alto", "", split="train"),
        clip_of("bass", "", split="test"),
    ]
    leaks = find_leaks(clips)
    assert [leak.song for leak in leaks] == ["Hymn", "Psalm"]
    assert (leaks[0].trained, leaks[0].held_out) == ((clips[0],), (clips[1],))


def test_a_song_that_leaks_already_is_trained_on_elsewhere():
    clips = [clip_of("a", "Hymn", split="train"), clip_of("b", "Hymn", split="test"), clip_of("c", "Hymn")]
    assert assign_splits(clips)[2].split == "train"
