"""Each warning with its measure: signals made to order, and every threshold from both of its sides."""

import numpy as np
import pytest

from svc_core.own import remarks
from svc_core.own.remarks import CLIPPED_SHARE, HARMONIC, QUIET_GAIN_DB, harmonic_shares, remark
from svc_core.sound.audio import AudioError, load_audio
from svc_core.sound.pitch import track_f0
from tests.conftest import RATE_HZ, contour, is_sentence, voice
from tests.own.conftest import GRID, TRACES, made_features, sung

QUIET, CLIPPED, LITTLE, SEVERAL = "very quiet", "clipped", "Little of it has a pitch", "several voices"
FRAMES = 100
SILENT = np.zeros(FRAMES * 256, np.float32)


def sine(hz: float, amplitude: float = 0.1, seconds: float = 1.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)


def harmonics(f0_hz: float) -> np.ndarray:
    return sum(sine(number * f0_hz, 0.1 / number) for number in range(1, 6))


def steady(f0_hz: float, samples: np.ndarray) -> np.ndarray:
    return np.full(len(samples) // 256, f0_hz)


def f0_of(voiced: int, frames: int = FRAMES) -> np.ndarray:
    return np.where(np.arange(frames) < voiced, 220.0, 0.0)


@pytest.fixture
def shares(monkeypatch):
    """Sets what is told of the harmonics."""

    def told(values: np.ndarray) -> None:
        monkeypatch.setattr(remarks, "harmonic_shares", lambda *_: values)

    told(np.ones(FRAMES))
    return told


def remarked(f0_hz=None, gain_db: float = 0.0, clipped: float = 0.0, loudness_db=None) -> list[str]:
    features = made_features(f0_of(FRAMES) if f0_hz is None else f0_hz, gain_db, loudness_db)
    found = remark(SILENT, clipped, features, GRID)
    assert all(is_sentence(sentence) for sentence in found)
    return found


# thresholds, from both sides


def test_a_good_take_is_not_remarked_on(shares):
    assert remarked() == []


@pytest.mark.parametrize(("gain_db", "quiet"), [(QUIET_GAIN_DB, False), (QUIET_GAIN_DB + 0.01, True), (-10.0, False)])
def test_quiet(shares, gain_db, quiet):
    assert [QUIET in sentence for sentence in remarked(gain_db=gain_db)] == [True] * quiet


@pytest.mark.parametrize(("share", "clipped"), [(0.0, False), (CLIPPED_SHARE, False), (1.01 * CLIPPED_SHARE, True)])
def test_clipped(shares, share, clipped):
    assert [CLIPPED in sentence for sentence in remarked(clipped=share)] == [True] * clipped


@pytest.mark.parametrize(("voiced", "little"), [(100, False), (35, False), (34, True), (3, True)])
def test_little_sung(shares, voiced, little):
    assert [LITTLE in sentence for sentence in remarked(f0_of(voiced))] == [True] * little


def test_rests_are_not_counted(shares):
    """Twenty of forty frames that sound are sung: the sixty others lie more than 40 dB below."""
    sounding = np.arange(FRAMES) < 40
    assert remarked(f0_of(20), loudness_db=np.where(sounding, -20.0, -60.1)) == []
    assert LITTLE in remarked(f0_of(20), loudness_db=np.where(sounding, -20.0, -59.9))[0]


@pytest.mark.parametrize("voiced", [0, 2])
def test_nothing_sung_is_refused(shares, voiced):
    with pytest.raises(AudioError, match="No sung note") as caught:
        remarked(f0_of(voiced))
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize(("mixed", "several"), [(0, False), (33, False), (34, True), (100, True)])
def test_several_sounds(shares, mixed, several):
    shares(np.where(np.arange(FRAMES) < mixed, HARMONIC - 0.01, HARMONIC))
    assert [SEVERAL in sentence for sentence in remarked()] == [True] * several


def test_all_that_is_odd_is_told_in_one_order(shares):
    shares(np.zeros(FRAMES))
    found = remarked(f0_of(20), gain_db=40.0, clipped=0.1)
    assert [next(sign for sign in (QUIET, CLIPPED, LITTLE, SEVERAL) if sign in said) for said in found] == [
        QUIET,
        CLIPPED,
        LITTLE,
        SEVERAL,
    ]


def test_where_no_window_fits_nothing_is_said_of_several_voices():
    """Only the first three frames are voiced: half a window reaches beyond the beginning."""
    assert remarked(f0_of(3), loudness_db=np.where(np.arange(FRAMES) < 3, -20.0, -90.0)) == []


# harmonics


@pytest.mark.parametrize("f0_hz", [70.0, 110.0, 220.0, 437.0, 900.0])
def test_a_tone_with_its_harmonics_is_all_harmonic(f0_hz):
    tone = harmonics(f0_hz)
    found = harmonic_shares(tone, steady(f0_hz, tone), GRID)
    assert found.min() > 0.98 and found.max() <= 1 + 1e-9


def test_one_share_a_voiced_frame_whose_window_fits():
    """1024 samples on either side of 256 i + 128: of 93 frames, from the 4th to the 89th."""
    tone = harmonics(220.0)
    f0_hz = steady(220.0, tone)
    assert len(f0_hz) == 93 and harmonic_shares(tone, f0_hz, GRID).shape == (86,)
    f0_hz[10:20] = 0
    assert harmonic_shares(tone, f0_hz, GRID).shape == (76,)
    assert harmonic_shares(tone[:1_000], f0_hz[:3], GRID).shape == (0,)


@pytest.mark.parametrize(("amplitude", "share"), [(0.1, 1 / 2), (0.05, 1 / 1.25), (0.2, 1 / 5)])
def test_a_tone_a_fifth_above_is_not_harmonic(amplitude, share):
    """330 Hz lies half way between 220 and 440: power goes with the square of the amplitude."""
    both = sine(220.0) + sine(330.0, amplitude)
    np.testing.assert_allclose(harmonic_shares(both, steady(220.0, both), GRID), share, atol=0.01)


def test_an_octave_is_taken_for_a_harmonic():
    """A limit that the remark has: it says that there may be several voices."""
    both = harmonics(220.0) + harmonics(440.0)
    assert harmonic_shares(both, steady(220.0, both), GRID).min() > 0.98


def test_noise_counts_where_no_harmonic_is():
    """Of 60 to 2000 Hz, 220 Hz's nine harmonics cover 2 (18 + 0.03 h) Hz each: 324 + 594 of 1940, less the rims of
    whole bins of 11.7 Hz."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(4 * RATE_HZ)
    assert harmonic_shares(noise, steady(220.0, noise), GRID).mean() == pytest.approx(918 / 1940, abs=0.04)
    tone = np.tile(harmonics(220.0), 4)
    soft = harmonic_shares(tone + 1e-3 * noise, steady(220.0, tone), GRID)
    loud = harmonic_shares(tone + 0.3 * noise, steady(220.0, tone), GRID)
    assert soft.min() > 0.98 and loud.mean() < HARMONIC


def test_below_and_above_a_voice_nothing_is_counted():
    """Hum at 50 Hz, and hiss above 2 kHz."""
    tone = harmonics(220.0)
    odd = tone + sine(50.0, 0.5) + sine(3_000.0, 0.5)
    assert harmonic_shares(odd, steady(220.0, odd), GRID).min() > 0.9


# sounds, measured as the page does


def measured(samples: np.ndarray) -> list[str]:
    return remark(samples, 0.0, made_features(track_f0(samples, GRID)), GRID)


@pytest.mark.parametrize("f0_hz", [110.0, 220.0, 440.0])
def test_one_voice_is_one_voice_with_its_vibrato(f0_hz):
    assert measured(voice(contour(1.5, f0_hz, 1.2 * f0_hz, vibrato_cents=60))) == []


@pytest.mark.parametrize("hz", [(220.0, 330.0), (196.0, 262.0), (220.0, 247.0), (247.0, 165.0)])
def test_two_voices_are_several(hz):
    """The second not as loud; a fifth, a fourth and a second above, and a fifth below."""
    first, second = hz
    both = sung(f0_hz=first) + 0.7 * voice(contour(1.5, second, vibrato_cents=30), tract=1.2, seed=1)
    assert any(SEVERAL in sentence for sentence in measured(both))


@pytest.mark.parametrize("hz", [(220.0, 330.0), (220.0, 277.2), (196.0, 262.0), (220.0, 247.0)])
def test_two_voices_that_are_as_loud_never_pass_without_a_word(hz):
    """Of steady ones the tracker may find neither."""
    both = sung(f0_hz=hz[0]) + voice(contour(1.5, hz[1], vibrato_cents=30), seed=1)
    try:
        assert measured(both)
    except AudioError as error:
        assert "one voice alone" in str(error)


def test_a_voice_with_a_chord_is_several():
    chord = sum(np.tile(harmonics(hz), 2)[:36_000] for hz in (277.2, 329.6, 415.3))
    assert any(SEVERAL in sentence for sentence in measured(sung() + 0.5 * chord))


def test_speechlike_sound_has_little_pitch():
    """A fifth of a second of voice in each second of breath that is as loud."""
    rng = np.random.default_rng(0)
    breath = (0.05 * rng.standard_normal(2 * RATE_HZ)).astype(np.float32)
    for at in (6_000, 30_000):
        breath[at : at + 4_800] = sung(0.2)
    assert any(LITTLE in sentence for sentence in measured(breath))


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_refused_or_told_to_have_no_pitch(seed):
    """In a second and a half of noise the tracker now and then finds a twelfth of a second of voice."""
    noise = (0.1 * np.random.default_rng(seed).standard_normal(36_000)).astype(np.float32)
    try:
        assert LITTLE in measured(noise)[0]
    except AudioError as error:
        assert "No sung note" in str(error)


def test_five_seconds_of_noise_are_refused():
    noise = (0.1 * np.random.default_rng(0).standard_normal(120_000)).astype(np.float32)
    with pytest.raises(AudioError, match="No sung note"):
        measured(noise)


def test_singers_of_the_shipped_traces_sing_alone():
    """Their own recordings, the first three seconds of one each."""
    sounds = {}
    for path in sorted(TRACES.glob("*--keyauto--ddpm--seed0/sound/source.*")):
        sounds.setdefault(path.parent.parent.name.split("--")[1], path)
    assert len(sounds) >= 6
    found = {singer: measured(load_audio(path, GRID, 0.0, 3.0)) for singer, path in sounds.items()}
    assert found == {singer: [] for singer in sounds}
