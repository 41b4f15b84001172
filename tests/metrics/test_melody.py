"""Figures of the melody: by hand, at their edges, and against mir_eval itself."""

import librosa
import mir_eval
import numpy as np
import pytest

from svc_core.config import GridConfig
from svc_core.metrics.alignment import MetricError
from svc_core.metrics.melody import melody_scores
from svc_core.sound.pitch import frame_times_s
from tests.conftest import is_sentence

CENT = 2 ** (1 / 1200)


def sung(frames: int = 400, seed: int = 0) -> np.ndarray:
    """A melody of held notes with a vibrato and a pause: F0 in Hz (frame,)."""
    draw = np.random.default_rng(seed)
    notes = np.repeat(draw.integers(-9, 10, frames // 40), 40)
    f0_hz = 220 * 2 ** ((notes + 0.4 * np.sin(np.arange(frames) / 2.5)) / 12)
    f0_hz[150:190] = 0
    return f0_hz


def test_rmse_and_offset_of_four_frames_by_hand():
    asked = np.array([100.0, 200, 300, 0, 400])
    given = np.array([100.0 * CENT**30, 200 * CENT**-10, 300 * CENT**10, 250, 0])
    scores = melody_scores(asked, given)
    assert scores.f0_rmse_cents == pytest.approx(np.sqrt((900 + 100 + 100) / 3))
    assert scores.f0_offset_cents == pytest.approx(10)
    assert (scores.frames, scores.voiced_frames, scores.common_frames) == (5, 4, 3)
    assert scores.vr == 3 / 4 and scores.vfa == 1  # the one pause is sung, one note is not
    assert scores.rpa == 3 / 4  # all that sounds is within 50 cents
    assert scores.rpa_common == 1


def test_the_key_shift_is_removed_and_an_offset_is_not():
    flat = melody_scores(sung(), sung() * 2 ** (5 / 12) * CENT**-20, key_shift_semitones=5)
    assert flat.f0_offset_cents == pytest.approx(-20) and flat.f0_rmse_cents == pytest.approx(20)
    assert flat.rpa == 1 and flat.f0_corr == pytest.approx(1)
    assert flat.key_shift_semitones == 5
    assert melody_scores(sung(), sung() * 2 ** (5 / 12)).rpa == 0  # the key is not guessed


def test_correlation_is_of_log_f0():
    asked = np.array([100.0, 200, 400])
    assert melody_scores(asked, asked**1.5).f0_corr == pytest.approx(
        1
    )  # a power law is a line in log F0, and bent in Hz
    assert melody_scores(asked, asked[::-1].copy()).f0_corr == pytest.approx(-1)
    assert melody_scores(np.array([100.0, 200, 400]), np.array([200.0, 100, 400])).f0_corr == pytest.approx(0.5)


def test_octave_errors_in_one_frame_of_a_hundred_make_120_cents():
    asked = np.full(1000, 220.0)
    given = asked.copy()
    given[::100] *= 2
    scores = melody_scores(asked, given)
    assert scores.f0_rmse_cents == pytest.approx(120)
    assert scores.rpa == 0.99 and scores.rca == 1


def test_fifty_cents_off_is_another_note_and_49_is_not():
    assert melody_scores(np.full(9, 220.0), np.full(9, 220 * CENT**50.001)).rpa == 0
    assert melody_scores(np.full(9, 220.0), np.full(9, 220 * CENT**49.999)).rpa == 1


def test_a_note_not_sung_is_wrong_and_a_note_sung_into_a_pause_is_not_in_rpa():
    asked = sung()
    dropped, filled = asked.copy(), asked.copy()
    dropped[:36] = 0
    filled[asked == 0] = 300
    assert melody_scores(asked, dropped).rpa == melody_scores(asked, dropped).vr == 0.9
    assert melody_scores(asked, filled).rpa == 1 and melody_scores(asked, filled).vfa == 1


def test_the_accuracy_of_what_both_sing_leaves_voicing_out():
    asked = np.full(10, 220.0)
    given = np.array([220.0] * 6 + [220 * CENT**80] * 2 + [0] * 2)
    scores = melody_scores(asked, given)
    assert (scores.rpa, scores.vr) == (0.6, 0.8)
    assert scores.rpa_common == pytest.approx(6 / 8)


@pytest.mark.parametrize("seed", range(3))
def test_shares_are_mir_evals_own(seed):
    draw = np.random.default_rng(seed)
    asked = sung(seed=seed)
    given = asked * CENT ** draw.normal(0, 60, len(asked)) * draw.choice([1, 1, 1, 2, 0], len(asked))
    given[:20] = 0  # mir_eval.evaluate copies the first frame to 0 s, and a voiced one would change its shares
    given[150:160] = 200
    asked[:20] = 0
    times_s = frame_times_s(len(asked), GridConfig())
    theirs = mir_eval.melody.evaluate(times_s, asked * 2**0.25, times_s, given * 2**0.25)
    ours = melody_scores(asked, given * 2**0.25, key_shift_semitones=3)
    assert ours.rpa == pytest.approx(theirs["Raw Pitch Accuracy"])
    assert ours.rca == pytest.approx(theirs["Raw Chroma Accuracy"])
    assert ours.vr == pytest.approx(theirs["Voicing Recall"])
    # of 60 pauses and its own copy of the first, mir_eval counts one frame more
    assert ours.vfa == pytest.approx(theirs["Voicing False Alarm"] * 61 / 60)


def test_unrelated_melodies_correlate_after_dtw_and_not_frame_by_frame():
    aligned, warped = [], []
    for seed in range(0, 10, 2):
        one_hz, other_hz = (f0_hz[f0_hz > 0] for f0_hz in (sung(1040, seed), sung(1040, seed + 1)))
        aligned.append(melody_scores(one_hz, other_hz).f0_corr)
        one, other = np.log(one_hz), np.log(other_hz)
        path = librosa.sequence.dtw(one[None], other[None])[1]
        warped.append(np.corrcoef(one[path[:, 0]], other[path[:, 1]])[0, 1])
    assert abs(np.mean(aligned)) < 0.2
    assert np.mean(warped) > 0.75  # what this module would report, did it align


def test_voicing_errors_move_no_other_frame():
    asked = sung()
    given = asked.copy()
    given[5:400:20] = 0  # one frame in twenty
    scores = melody_scores(asked, given)
    assert scores.f0_rmse_cents == 0
    cut = [contour[contour > 0] for contour in (asked, given)]  # the mistake: each contour's pauses cut out first
    count = min(len(contour) for contour in cut)
    assert melody_scores(cut[0][:count], cut[1][:count]).f0_rmse_cents == pytest.approx(290, abs=1)


def test_nothing_voiced_in_the_estimate_is_no_hit_and_no_rmse():
    scores = melody_scores(sung(), np.zeros(400))
    assert (scores.rpa, scores.rca, scores.vr, scores.vfa) == (0, 0, 0, 0)
    assert np.isnan([scores.f0_rmse_cents, scores.f0_offset_cents, scores.f0_corr, scores.rpa_common]).all()
    assert scores.common_frames == 0


def test_nothing_voiced_in_the_reference_leaves_only_false_alarms():
    scores = melody_scores(np.zeros(4), np.array([0.0, 200, 0, 0]))
    assert scores.vfa == 0.25
    assert np.isnan([scores.rpa, scores.rca, scores.rpa_common, scores.vr, scores.f0_rmse_cents, scores.f0_corr]).all()
    assert np.isnan(melody_scores(np.full(4, 200.0), np.full(4, 200.0)).vfa)  # and no pause, no false alarm


@pytest.mark.parametrize("given", [np.full(5, 220.0), np.array([220.0, 0, 0, 0, 0])], ids=["constant", "one frame"])
def test_a_correlation_that_is_not_defined_is_nan(given):
    scores = melody_scores(np.array([220.0, 230, 240, 250, 260]), given)
    assert np.isnan(scores.f0_corr) and not np.isnan(scores.f0_rmse_cents)


def test_a_constant_melody_in_another_key_is_still_constant():
    assert np.isnan(melody_scores(np.full(50, 220.0), sung(50 * 8)[:50], key_shift_semitones=7.3).f0_corr)


@pytest.mark.parametrize(
    ("asked", "given", "shift"),
    [
        (np.array([200.0, np.nan]), np.full(2, 200.0), 0.0),
        (np.zeros(0), np.zeros(0), 0.0),
        (np.full(5, 200.0), np.full(7, 200.0), 0.0),
        (np.full(5, 200.0), np.full(5, -200.0), 0.0),  # mir_eval's mark for unvoiced guesses
        (np.full(5, 200.0), np.full(5, 200.0), np.nan),
    ],
    ids=["NaN", "empty", "two frames apart", "negative", "key shift NaN"],
)
def test_bad_contours_are_refused_in_a_sentence(asked, given, shift):
    with pytest.raises(MetricError) as caught:
        melody_scores(asked, given, shift)
    assert is_sentence(str(caught.value))


def test_one_frame_more_or_fewer_is_no_error():
    assert melody_scores(sung(), sung()[:-1]).f0_rmse_cents == 0
    assert melody_scores(sung()[:-1], sung()).frames == 399
