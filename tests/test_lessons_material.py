"""What the lessons fetch beside the traces fits them: words for every phrase, and sounds that are what they say."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svc_core.traces.catalogue import read_catalogue
from svc_core.traces.noised import INDEX, noised, read_noising
from svc_core.traces.trace import open_trace

SHIPPED = Path(__file__).resolve().parents[1] / "precomputed"
LESSONS = SHIPPED / "lessons"
SIZE_LIMIT_MB = 1.0
LEVEL_DB = 0.5  # a byte of the source's picture


@pytest.fixture(scope="module")
def sources() -> dict:
    """The source of each phrase that is shipped, and how long the picture of it is."""
    manifests = [open_trace(SHIPPED / entry.id).manifest for entry in read_catalogue(SHIPPED)]
    return {(one.source.singer, one.source.phrase): (one.source, one.seconds) for one in manifests}


@pytest.fixture(scope="module")
def phrases() -> list[dict]:
    table = json.loads((LESSONS / "words.json").read_text(encoding="utf-8"))
    assert table["format"] == "singsteps-words-1"
    return table["phrases"]


def test_every_phrase_but_vocalsets_has_words(sources, phrases):
    labelled = [key for key in sorted(sources) if not key[0].startswith("vocalset")]
    assert [(one["singer"], one["phrase"]) for one in phrases] == labelled
    assert len(labelled) == 15


def test_words_name_the_recording_that_was_converted(sources, phrases):
    for one in phrases:
        source, _ = sources[one["singer"], one["phrase"]]
        assert (one["file"], one["licence"], one["attribution"]) == (source.file, source.licence, source.attribution)
        assert one["kind"] == ("phones" if one["singer"].startswith("pjs") else "words")


def test_words_follow_each_other_within_the_phrase(sources, phrases):
    for one in phrases:
        _, seconds = sources[one["singer"], one["phrase"]]
        times = np.array([(part["start_s"], part["end_s"]) for part in one["intervals"]])
        assert len(times) > 0
        assert (times[:, 0] < times[:, 1]).all()
        assert (times[1:, 0] >= times[:-1, 1]).all()
        assert times.min() >= 0
        assert times.max() <= seconds + 0.02  # the picture ends with the last whole frame
        assert all(part["text"].strip() == part["text"] != "" for part in one["intervals"])


def test_phones_stand_where_they_are_sung(phrases):
    """Vowels are loud: moved by a third of a second, they would stand on rests and consonants more often."""
    by_phrase = {entry.phrase: entry.id for entry in read_catalogue(SHIPPED)}
    for one in phrases:
        if one["kind"] == "phones":
            loudest_db = open_trace(SHIPPED / by_phrase[one["phrase"]]).source_levels().max(axis=0) * LEVEL_DB - 110
            vowels = [part for part in one["intervals"] if part["text"] in "aiueo"]
            moved = {by_s: share_loud(loudest_db, vowels, by_s) for by_s in (-0.3, 0.0, 0.3)}
            assert moved[0.0] > 0.9
            assert moved[0.0] > max(moved[-0.3], moved[0.3]) + 0.05


def share_loud(loudest_db: np.ndarray, parts: list[dict], by_s: float) -> float:
    """Of the frames in those intervals, moved by so much, the share with a band above -18 dB (rests have -35)."""
    at_s = (np.arange(len(loudest_db)) + 0.5) * 256 / 24_000 - by_s
    inside = np.any([(at_s > part["start_s"]) & (at_s < part["end_s"]) for part in parts], axis=0)
    return float(np.mean(loudest_db[inside] > -18))


def test_each_sound_is_what_the_index_says():
    noising = read_noising(LESSONS / "noising")
    assert {path.name for path in (LESSONS / "noising").iterdir()} == {INDEX, *(one.file for one in noising.sounds)}
    manifest = open_trace(SHIPPED / noising.trace).manifest
    for sound in noising.sounds:
        data = (LESSONS / "noising" / sound.file).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (sound.bytes, sound.sha256)
        samples, rate_hz = soundfile.read(io.BytesIO(data), always_2d=True)
        assert (rate_hz, samples.shape[1]) == (24_000, 1)
        assert len(samples) / rate_hz == pytest.approx(manifest.seconds, abs=0.06)
        assert np.abs(samples).max() < 1.0


def test_noise_grows_from_hardly_any_to_hardly_anything_else():
    noising = read_noising(LESSONS / "noising")
    snr_db = [sound.snr_db for sound in noising.sounds]
    assert 10 <= len(snr_db) <= 14
    assert (snr_db[0], snr_db[-1]) == pytest.approx((40.0, -43.9), abs=0.1)
    assert np.diff(snr_db) == pytest.approx(np.full(len(snr_db) - 1, -83.9 / (len(snr_db) - 1)), abs=1.0)
    loudness_db = []
    for sound in noising.sounds:
        samples, _ = soundfile.read(LESSONS / "noising" / sound.file)
        loudness_db.append(10 * np.log10(np.mean(samples**2)))
    assert (np.diff(loudness_db) > -0.1).all()


def test_pictures_and_sounds_are_of_one_trace_and_its_own_noise():
    noising = read_noising(LESSONS / "noising")
    trace = open_trace(SHIPPED / noising.trace)
    manifest, walk = trace.manifest, trace.walk()
    assert (noising.seed, noising.address) == (manifest.sampler.seed, manifest.sampler.start_address)
    assert (noising.licence, noising.attribution) == (manifest.licence, manifest.attribution)
    assert noising.vocoder == manifest.vocoder
    schedule = noising.schedule.schedule()
    assert walk.sigma == pytest.approx(schedule.sigma[walk.step], rel=1e-4)
    levels = trace.source_levels()
    last = noised(levels, schedule.steps - 1, noising, manifest.scale)
    clean = noised(levels, 0, noising, manifest.scale) * manifest.scale.mel_std_db + manifest.scale.mel_mean_db
    assert np.abs(last).mean() == pytest.approx((2 / np.pi) ** 0.5, abs=0.01)  # of N(0, 1)
    assert np.sqrt(np.mean((clean - (levels * LEVEL_DB - 110.0)) ** 2)) == pytest.approx(0.22, abs=0.03)  # std * .01


def test_all_of_it_is_small():
    assert sum(path.stat().st_size for path in LESSONS.rglob("*") if path.is_file()) / 1e6 <= SIZE_LIMIT_MB
