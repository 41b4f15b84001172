"""Who it sounds like: vectors by hand, the encoder against its own package, and a package that is missing."""

import sys

import numpy as np
import pytest

from svc_core.metrics.alignment import MetricError
from svc_core.metrics.singer import SingerEncoder, cosine, mean_embedding, singer_scores
from tests.conftest import RATE_HZ, contour, is_sentence, voice


def test_cosines_of_hand_made_embeddings():
    assert cosine(np.array([3.0, 4]), np.array([4.0, 3])) == pytest.approx(24 / 25)
    assert cosine(np.array([1.0, 0]), np.array([0.0, 5])) == 0


def test_a_mean_embedding_has_length_one():
    np.testing.assert_allclose(mean_embedding(np.array([[1.0, 0], [0.0, 1]])), [np.sqrt(0.5), np.sqrt(0.5)])


def test_closer_and_nearest_by_hand():
    singers = {"alto": np.array([1.0, 0, 0]), "bass": np.array([0.0, 1, 0]), "tenor": np.array([0.0, 0, 1])}
    scores = singer_scores(np.array([0.8, 0.6, 0]), np.array([0.0, 0.6, 0.8]), singers, "alto")
    assert scores.similarity_to_target == pytest.approx(0.8)
    assert scores.similarity_to_source == pytest.approx(0.36)
    assert scores.source_to_target == 0
    assert scores.closer_to_target is True and scores.nearest_is_target is True
    assert (scores.nearest_singer, scores.singers, scores.embedding) == ("alto", 3, "Resemblyzer, voice at -20 dBFS")
    other = singer_scores(np.array([0.8, 0.6, 0]), np.array([0.8, 0.6, 0.0]), singers, "bass")
    assert other.source_to_target == pytest.approx(0.6) == other.similarity_to_target
    assert other.closer_to_target is False and other.nearest_is_target is False and other.nearest_singer == "alto"


def test_a_target_without_a_reference_has_no_similarity_and_no_verdict():
    scores = singer_scores(np.array([1.0, 0]), np.array([0.0, 1]), {"alto": np.array([1.0, 0])}, "bass")
    assert np.isnan(scores.similarity_to_target) and np.isnan(scores.source_to_target)
    assert scores.closer_to_target is None and scores.nearest_is_target is None
    assert scores.nearest_singer == "alto" and scores.similarity_to_source == 0
    nobody = singer_scores(np.array([1.0, 0]), np.array([0.0, 1]), {}, "bass")
    assert nobody.nearest_singer is None and nobody.singers == 0


@pytest.mark.parametrize(
    "embeddings",
    [np.zeros((0, 4)), np.zeros((2, 4)), np.full((2, 4), np.nan), np.ones(4)],
    ids=["none", "zeros", "NaN", "vector"],
)
def test_embeddings_without_a_mean_are_refused_in_a_sentence(embeddings):
    with pytest.raises(MetricError) as caught:
        mean_embedding(embeddings)
    assert is_sentence(str(caught.value))


def test_a_clips_embedding_is_resemblyzers_own(encoder, source):
    """Of a sound at the level that Resemblyzer keeps, cut as it cuts it, and then at the level named here."""
    from resemblyzer import preprocess_wav  # here, where the encoder has imported it without its warnings

    soft = source * 10 ** (-30 / 20) / np.sqrt(np.mean(source**2))
    voiced = preprocess_wav(soft, source_sr=RATE_HZ)
    own = encoder._encoder.embed_utterance(voiced * 10 ** (-20 / 20) / np.sqrt(np.mean(voiced**2)))
    windows = encoder.windows(soft, RATE_HZ)
    assert windows.shape == (1, 256)
    np.testing.assert_allclose(mean_embedding(windows), own, atol=1e-3)


def test_windows_are_one_and_six_tenths_seconds_1_3_times_a_second(encoder):
    long = voice(contour(5.0, 200.0, 260.0, vibrato_cents=30))
    assert len(encoder.windows(long, RATE_HZ)) == 5  # begun at 0, 0.77, 1.54, 2.31 and 3.08 s
    assert len(encoder.windows(long[: RATE_HZ // 2], RATE_HZ)) == 1


def test_the_same_throat_is_nearer_than_another_whatever_it_sings(encoder):
    low, high = contour(2.0, 200.0, 260.0, 30), contour(2.0, 240.0, 190.0, 30)
    one, same, other = (
        mean_embedding(encoder.windows(sound, RATE_HZ))
        for sound in (voice(low, 0.9), voice(high, 0.9, vowel_s=0.3, seed=1), voice(low, 1.2))
    )
    assert cosine(one, same) > cosine(one, other) + 0.05


def test_level_does_not_tell_who_sings(encoder, source):
    loud, soft = (mean_embedding(encoder.windows(gain * source, RATE_HZ)) for gain in (1.0, 0.05))
    assert cosine(loud, soft) > 0.999


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(RATE_HZ),
        np.zeros(0),
        np.full(RATE_HZ, np.nan),
        1e-4 * np.random.default_rng(0).standard_normal(RATE_HZ),
        voice(contour(0.25, 220.0)),
    ],
    ids=["silence", "empty", "NaN", "noise", "a quarter of a second"],
)
def test_what_is_no_voice_is_refused_in_a_sentence(encoder, samples):
    with pytest.raises(MetricError, match=r"^take 3: ") as caught:
        encoder.windows(samples, RATE_HZ, "take 3")
    assert is_sentence(str(caught.value))


def test_a_missing_package_is_named_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "resemblyzer", None)
    with pytest.raises(MetricError, match="pip install resemblyzer") as caught:
        SingerEncoder()
    assert is_sentence(str(caught.value))
