"""What is heard of single steps: a voice through mel and vocoder again, noise, silence, and sounds in files."""

import io

import numpy as np
import pytest
import soundfile

from svc_core.config import GridConfig
from svc_core.conversion import hearing
from svc_core.conversion.hearing import (
    FIGURES,
    PEAK,
    STEP_ROUNDS,
    SYNTHETIC,
    HeardStep,
    StepEar,
    embedding_name,
    encode_sound,
    final_vocoder,
    mean_voices,
    singer_encoder,
    step_vocoder,
    voice_of,
)
from svc_core.metrics.alignment import MetricError
from svc_core.metrics.singer import EMBEDDING, cosine
from svc_core.sound.mel import log_mel
from svc_core.sound.pitch import track_f0
from svc_core.vocoders.griffin_lim import GriffinLim
from tests.conftest import RATE_HZ, contour, is_sentence, voice

GRID = GridConfig()
SOURCE = voice(contour(0.6, 200.0, 260.0, vibrato_cents=30))
SOURCE_HZ = track_f0(SOURCE, GRID)
MEL = log_mel(SOURCE, GRID)
NOISE = np.random.default_rng(0).normal(-5, 2, MEL.shape).astype(np.float32)


def ear_of(result: np.ndarray = MEL, key_shift: int = 0, embedding: np.ndarray | None = None) -> StepEar:
    return StepEar(SOURCE, SOURCE_HZ, result, key_shift, embedding, "griffin-lim", GRID)


def figures_of(heard: HeardStep) -> dict[str, float]:
    assert len(heard.figures) == len(FIGURES)
    return dict(zip(FIGURES, heard.figures, strict=True))


@pytest.fixture
def no_encoder(monkeypatch):
    """As where the package is not installed."""

    def missing() -> None:
        raise MetricError("the singer embedding needs a package; install it.")

    monkeypatch.setattr(hearing, "SingerEncoder", missing)
    singer_encoder.cache_clear()
    yield
    singer_encoder.cache_clear()


@pytest.fixture
def encoder():
    if singer_encoder() is None:
        pytest.skip("the package resemblyzer is not installed")
    return singer_encoder()


# a step


def test_a_voice_is_heard_as_itself(no_encoder):
    heard = ear_of().hear(MEL)
    figures = figures_of(heard)
    assert len(heard.samples) == MEL.shape[1] * GRID.hop
    assert heard.f0_hz.shape == (MEL.shape[1],)
    voiced = (heard.f0_hz > 0) & (SOURCE_HZ > 0)
    assert np.median(np.abs(1200 * np.log2(heard.f0_hz[voiced] / SOURCE_HZ[voiced]))) < 10
    assert figures["f0_rmse_cents"] < 40
    assert figures["f0_corr"] > 0.95
    assert figures["rpa"] > 0.9
    assert figures["voiced_share"] == pytest.approx(np.mean(heard.f0_hz > 0))
    assert figures["voiced_share"] > 0.9
    assert 0.5 < figures["mcd_db"] < 5  # of the vocoder
    assert figures["loudness_rmse_db"] < 2
    assert figures["mcd_to_result_db"] == 0
    assert figures["mel_to_result_db"] == 0


def test_the_result_is_what_the_walks_end_is_compared_with(no_encoder):
    """A mel 2 nepers louder everywhere is 17.37 dB off, and has the same timbre, melody and dynamics."""
    figures = figures_of(ear_of().hear(MEL - 2))
    assert figures["mel_to_result_db"] == pytest.approx(2 * 20 / np.log(10), rel=1e-4)
    assert figures["mcd_to_result_db"] < 2
    assert figures["loudness_rmse_db"] < 2
    other = figures_of(ear_of(result=NOISE).hear(MEL))
    assert other["mcd_to_result_db"] > 5
    assert other["mel_to_result_db"] > 5
    assert other["mcd_db"] == pytest.approx(figures_of(ear_of().hear(MEL))["mcd_db"])  # of the source, as before


def test_the_key_is_taken_out_of_the_melody(no_encoder):
    """An octave lower than asked: every frame is wrong by 1200 cents, and none in the octave's chroma."""
    asked_higher = figures_of(ear_of(key_shift=12).hear(MEL))
    assert asked_higher["f0_rmse_cents"] == pytest.approx(1200, abs=20)
    assert asked_higher["rpa"] == 0
    lower = voice(contour(0.6, 100.0, 130.0, vibrato_cents=30))
    as_asked = figures_of(ear_of(key_shift=-12).hear(log_mel(lower, GRID)))
    assert as_asked["f0_rmse_cents"] < 60
    assert as_asked["rpa"] > 0.85


def test_noise_has_hardly_a_voice(no_encoder):
    figures = figures_of(ear_of().hear(NOISE))
    assert figures["voiced_share"] < 0.2
    assert figures["rpa"] < 0.1
    assert figures["mcd_db"] > 8
    assert figures["mel_to_result_db"] > 10


def test_what_is_not_defined_is_not_a_number(no_encoder):
    """Nothing above the floor: no F0, so no deviation and no correlation, but shares, which are 0."""
    figures = figures_of(ear_of().hear(np.full_like(MEL, -11.5)))
    assert np.isnan([figures["f0_rmse_cents"], figures["f0_corr"]]).all()
    assert (figures["voiced_share"], figures["rpa"]) == (0, 0)
    assert np.isfinite([figures[name] for name in FIGURES[4:8]]).all()


def test_a_silent_source_is_refused(no_encoder):
    with pytest.raises(MetricError, match="silent"):
        StepEar(np.zeros_like(SOURCE), SOURCE_HZ, MEL, 0, None, "griffin-lim", GRID)


# whom it sounds like


def test_without_the_package_nothing_is_similar(no_encoder):
    assert embedding_name() == ""
    assert voice_of(SOURCE, GRID) is None
    assert mean_voices({"alto": [SOURCE]}, GRID) == {}
    figures = figures_of(ear_of(embedding=np.ones(256)).hear(MEL))
    assert np.isnan([figures["similarity_to_target"], figures["similarity_to_source"]]).all()
    assert np.isfinite([figures[name] for name in FIGURES[:8]]).all()


def test_similarity_is_to_the_targets_voice_and_to_the_sources(encoder):
    target = voice_of(voice(contour(0.6, 140.0), tract=0.8), GRID)
    heard = ear_of(embedding=target).hear(MEL)
    figures, own = figures_of(heard), voice_of(heard.samples, GRID)
    assert figures["similarity_to_target"] == pytest.approx(cosine(own, target))
    assert figures["similarity_to_source"] == pytest.approx(cosine(own, voice_of(SOURCE, GRID)))
    assert figures["similarity_to_source"] > 0.9 > figures["similarity_to_target"]
    assert embedding_name() == EMBEDDING


def test_without_a_target_similarity_to_the_source_is_left(encoder):
    figures = figures_of(ear_of().hear(MEL))
    assert np.isnan(figures["similarity_to_target"])
    assert figures["similarity_to_source"] > 0.9


def test_too_little_of_a_voice_has_none(encoder):
    assert voice_of(SOURCE[:2_400], GRID) is None
    assert voice_of(np.zeros(24_000, np.float32), GRID) is None


def test_a_singers_voice_is_the_mean_of_the_recordings(encoder):
    low = voice(contour(0.6, 140.0), tract=0.8)
    found = mean_voices({"both": [SOURCE, low, np.zeros(24_000)], "nobody": [np.zeros(24_000)]}, GRID)
    assert list(found) == ["both"]
    assert np.linalg.norm(found["both"]) == pytest.approx(1)
    mean = voice_of(SOURCE, GRID) + voice_of(low, GRID)
    np.testing.assert_allclose(found["both"], mean / np.linalg.norm(mean), atol=1e-6)


# vocoder and files


def test_steps_are_heard_by_fewer_rounds_of_the_same_vocoder():
    assert final_vocoder("griffin-lim", GRID) is final_vocoder("griffin-lim", GRID)  # opened once a process
    assert final_vocoder("griffin-lim", GRID).iterations > step_vocoder("griffin-lim", GRID).iterations == STEP_ROUNDS
    assert isinstance(step_vocoder("griffin-lim", GRID), GriffinLim)
    np.testing.assert_array_equal(
        step_vocoder("griffin-lim", GRID).synthesize(MEL), GriffinLim(GRID, STEP_ROUNDS).synthesize(MEL)
    )


def decoded(data: bytes) -> np.ndarray:
    samples, rate_hz = soundfile.read(io.BytesIO(data))
    assert rate_hz == RATE_HZ
    return samples


def test_flac_keeps_every_sample():
    data = encode_sound(SOURCE, GRID, None)
    assert data[:4] == b"fLaC"
    np.testing.assert_allclose(decoded(data), SOURCE, atol=1 / 32_768)


def test_mp3_is_smaller_the_higher_its_level():
    """And as long as what went in, so that sound and picture stay together."""
    files = [encode_sound(SOURCE, GRID, level) for level in (None, 0.0, 0.5, 0.7)]
    sizes = [len(data) for data in files]
    assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) == 4
    for data, error in zip(files[1:], (0.02, 0.05, 0.08), strict=True):
        samples = decoded(data)
        assert len(samples) == len(SOURCE)
        assert np.sqrt(np.mean((samples - SOURCE) ** 2)) / np.sqrt(np.mean(SOURCE**2)) < error


@pytest.mark.parametrize("level", [None, 0.5])
def test_what_would_overshoot_is_turned_down(level):
    loud = 7 * SOURCE
    samples = decoded(encode_sound(loud, GRID, level))
    assert np.abs(samples).max() == pytest.approx(PEAK, abs=0.05)
    assert np.corrcoef(samples, loud)[0, 1] > 0.95


@pytest.mark.parametrize("level", [None, 0.5])
def test_silence_stays_silent(level):
    assert np.abs(decoded(encode_sound(np.zeros(4_800, np.float32), GRID, level))).max() < 1e-4


@pytest.mark.parametrize("level", [None, 0.0, 0.7])
def test_a_comment_is_in_the_files_own_tags_and_changes_no_sample(level):
    said, silent = (encode_sound(SOURCE, GRID, level, comment) for comment in (SYNTHETIC, ""))
    for data, comment in ((said, SYNTHETIC), (silent, "")):
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            assert file.comment == comment
    np.testing.assert_array_equal(decoded(said), decoded(silent))
    assert encode_sound(SOURCE, GRID, level) == silent


def test_the_tag_is_a_sentence_that_says_what_it_is():
    assert is_sentence(SYNTHETIC) and SYNTHETIC.startswith("Synthetic singing")
    assert SYNTHETIC.isascii()  # so that every reader of tags shows it
