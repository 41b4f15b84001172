"""All figures of one conversion: what they must say of sounds made to order, and golden values."""

import json

import numpy as np
import pytest

from svc_core.metrics import scores as scores_of
from svc_core.metrics.alignment import MetricError
from svc_core.metrics.content import PhoneRecogniser
from svc_core.metrics.report import figures_of
from svc_core.metrics.scores import Judges, compare, hear, measure_conversion, refer_to_singers
from svc_core.metrics.tracker import HARVEST, Tracker
from svc_core.sound.pitch import track_f0
from tests.conftest import RATE_HZ, contour, is_sentence, voice
from tests.metrics.conftest import KEY_SHIFT
from tests.metrics.golden import GOLDEN, golden_scores

TOLERANCE = {"f0_rmse_cents": 0.3, "f0_offset_cents": 0.3, "mcd_db": 0.05, "log_mel_l1_db": 0.05}


@pytest.fixture(scope="module")
def scores(source, converted, encoder):
    return golden_scores(source, converted, encoder)


def test_golden_figures(scores):
    """golden.json was written by tests/metrics/golden.py; what it rests on is checked in the other modules."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    found = {name: value for name, value in figures_of(scores).items() if not np.isnan(value)}
    assert list(found) == list(golden)
    for name, value in golden.items():
        assert found[name] == pytest.approx(value, abs=TOLERANCE.get(name, 5e-3)), name


def test_a_right_melody_by_another_throat_scores_as_one(scores):
    assert scores.melody.f0_rmse_cents < 3 and scores.melody.rpa == 1
    assert scores.melody.key_shift_semitones == KEY_SHIFT
    assert scores.singer.closer_to_target and scores.singer.nearest_is_target
    assert scores.singer.singers == 3 and scores.notes == ()
    assert scores.windows.shape == (1, 256)


def test_a_source_against_itself_is_perfect_and_without_references_nobody(source, grid):
    scores = measure_conversion(source, source, 0, grid)
    figures = figures_of(scores)
    assert figures["f0_rmse_cents"] == figures["mcd_db"] == figures["log_mel_l1_db"] == 0
    assert figures["f0_corr"] == pytest.approx(1) and figures["rpa"] == figures["vr"] == 1
    assert scores.singer is None and scores.windows is None and scores.notes == ()
    assert np.isnan(figures["similarity_to_target"])


def test_what_a_recogniser_hears_is_compared(source, grid):
    """One that hears three phones by the height of the voice, and silence where there is none."""

    def listen(samples, f0_hz, its_grid):
        assert its_grid == grid and len(f0_hz) == grid.frame_count(len(samples))
        return np.digitize(f0_hz, [1.0, 240.0, 270.0])

    recogniser = PhoneRecogniser("by height", (0,), listen)
    louder = measure_conversion(source, 0.5 * source, 0, grid, recogniser=recogniser)
    assert louder.content.phone_agreement == 1 and louder.content.phone_error_rate == 0
    assert louder.content.recogniser == "by height"
    assert figures_of(louder)["phone_agreement"] == 1


def test_the_melody_is_the_chosen_trackers_and_the_rest_is_not(source, grid):
    """One that hears an octave more in the second half of all but the source."""
    soft = (0.5 * source).astype(np.float32)

    def track(samples, its_grid):
        f0_hz = np.full(its_grid.frame_count(len(samples)), 220.0)
        return f0_hz if samples is source else np.where(np.arange(len(f0_hz)) < 0.5 * len(f0_hz), f0_hz, 2 * f0_hz)

    scores = measure_conversion(source, soft, 0, grid, tracker=Tracker("odd", track))
    usual = measure_conversion(source, soft, 0, grid)
    assert scores.melody.rpa == 0.5 and scores.melody.rca == 1 and scores.melody.voiced_frames == 84
    assert usual.melody.rpa == 1 and usual == measure_conversion(source, soft, 0, grid, tracker=HARVEST)
    assert scores.spectrum == usual.spectrum


def test_a_source_that_was_heard_once_serves_all_of_its_conversions(source, converted, grid):
    judges = Judges(
        recogniser=PhoneRecogniser("by height", (0,), lambda _, f0_hz, __: np.digitize(f0_hz, [1.0, 250.0]))
    )
    heard = hear(source, grid, judges, "the source")
    for sound, key_shift in ((converted, KEY_SHIFT), (0.5 * source, 0)):
        scores = compare(heard, hear(sound, grid, judges, "it"), key_shift, grid, "", judges)
        assert scores == measure_conversion(source, sound, key_shift, grid, recogniser=judges.recogniser)
    assert scores.content.phone_agreement == 1


def test_f0_that_is_known_already_is_not_tracked_again(source, converted, grid, monkeypatch):
    """The same scores to the last digit, and the tracker is not asked."""
    judges = Judges()
    known = [track_f0(sound, grid) for sound in (source, converted)]
    measured = measure_conversion(source, converted, KEY_SHIFT, grid)
    monkeypatch.setattr(scores_of, "track_f0", None)
    heard = [hear(sound, grid, judges, "it", f0) for sound, f0 in zip((source, converted), known, strict=True)]
    assert compare(*heard, KEY_SHIFT, grid, "", judges) == measured
    assert heard[0].f0_hz is heard[0].melody_hz is known[0]


def test_f0_that_is_given_is_what_is_scored(source, converted, grid):
    judges, octave = Judges(), 2 * track_f0(converted, grid)
    heard = hear(source, grid, judges, "it"), hear(converted, grid, judges, "it", octave)
    scores = compare(*heard, KEY_SHIFT, grid, "", judges)
    assert scores.melody.rpa == 0 and scores.melody.rca == 1


def test_a_conversion_of_hiss_is_scored_and_said_to_have_no_voice(source, grid, encoder):
    hiss = np.diff(0.01 * np.random.default_rng(0).standard_normal(len(source) + 3), 3).astype(np.float32)
    references, _ = refer_to_singers(encoder, {"self": [source]}, RATE_HZ)
    scores = measure_conversion(source, hiss, 0, grid, "self", references)
    assert scores.melody.rpa == 0 and np.isnan(scores.melody.f0_rmse_cents)
    assert scores.singer is None and scores.spectrum.mcd_db > 5
    assert len(scores.notes) == 2 and all(is_sentence(note) for note in scores.notes)


@pytest.mark.parametrize(
    ("make_source", "make_converted", "said"),
    [
        (lambda s: s, lambda s: s[: len(s) // 2], "frames and the estimate"),
        (lambda s: 0 * s, lambda s: s, "no voiced frame"),
        (lambda s: s, lambda s: np.where(np.arange(len(s)) == 7, np.nan, s), "not numbers"),
        (lambda s: s[:0], lambda s: s[:0], "no frame"),
    ],
    ids=["half as long", "nothing sung", "NaN", "empty"],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(source, grid, make_source, make_converted, said):
    with pytest.raises(MetricError, match=said) as caught:
        measure_conversion(make_source(source), make_converted(source), 0, grid)
    assert is_sentence(str(caught.value))


def test_a_singer_is_the_mean_of_recordings_and_a_silent_one_is_left_out(encoder):
    takes = [voice(contour(1.0, f0_hz), seed=seed) for seed, f0_hz in enumerate((200.0, 260.0))]
    silence = np.zeros(RATE_HZ, dtype=np.float32)
    references, problems = refer_to_singers(
        encoder, {"alto": [takes[0], silence, takes[1]], "none": [silence]}, RATE_HZ
    )
    assert list(references.embeddings) == ["alto"] and references.clips == {"alto": 2}
    assert len(references.windows["alto"]) == 2
    assert len(problems) == 2 and all(is_sentence(problem) for problem in problems)
    assert "reference 2 of alto" in problems[0]
    halves = [encoder.windows(take, RATE_HZ).mean(axis=0) for take in takes]
    expected = np.mean([half / np.linalg.norm(half) for half in halves], axis=0)
    np.testing.assert_allclose(references.embeddings["alto"], expected / np.linalg.norm(expected), atol=1e-6)
