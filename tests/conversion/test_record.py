"""A job performed and kept whole: every file of the trace, against what was heard and asked."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svc_core.config import DB_PER_LN
from svc_core.conversion.convert import ConversionError, convert_features
from svc_core.conversion.job import Credit, Excerpt, Job
from svc_core.conversion.record import SOUND_STEPS, record_job
from svc_core.conversion.sampling import Sampling
from svc_core.model.checkpoint import load_model, model_hash
from svc_core.model.system import VoiceConverter
from svc_core.sound.audio import AudioError, load_audio
from svc_core.sound.features import Features, extract_features
from svc_core.traces.replay import replay_of
from svc_core.traces.scale import to_db
from svc_core.traces.trace import Trace, open_trace
from tests.conftest import contour, is_sentence, voice

FRAMES = 112  # of 1.2 s
HEARD = ("0015", "0005", "0000")  # the sound steps that a sampler of 20 steps has


def own_job(path: Path, key_shift: int | None = None, end_s: float | None = None) -> Job:
    credit = Credit("own-voice", "all rights reserved", "own recording")
    return Job(Excerpt(path, 0.0, end_s, "own-voice", path.stem, path.stem, credit), "bass", None, key_shift, 0)


def record(job: Job, model: VoiceConverter, out: Path, told=lambda: None) -> Trace:
    with ThreadPoolExecutor(1) as pool:
        return record_job(job, model, {"sha256_12": "0" * 12}, out, pool, told)


@pytest.fixture(scope="module")
def source(tiny_corpus, tiny_config) -> tuple[np.ndarray, Features]:
    """The bass's hymn, 0.0 to 1.2 s: samples as recorded, and features."""
    samples = load_audio(tiny_corpus.root / "bass/test.wav", tiny_config.grid, 0.0, 1.2)
    return samples, extract_features(samples, tiny_config)


@pytest.fixture(scope="module")
def own(tiny_model_path, tmp_path_factory) -> tuple[Trace, int]:
    """A trace of one's own recording without a reference, and how often progress was told."""
    folder, told = tmp_path_factory.mktemp("own"), []
    soundfile.write(folder / "la la.wav", voice(contour(0.5, 220.0)), 24_000)
    trace = record(own_job(folder / "la la.wav", -5), load_model(tiny_model_path), folder, lambda: told.append(1))
    return trace, len(told)


def all_texts(value) -> list[str]:
    """Every string in a manifest, at any depth, names of fields among them."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in all_texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in all_texts(part)]
    return [value] if isinstance(value, str) else []


def test_every_file_is_there_and_listed(tiny_trace):
    expected = {"predicted.npy.gz", "source.npy.gz", "target.npy.gz", "f0.npy.gz", "target_f0.npy.gz"}
    expected |= {f"sound/{name}.flac" for name in ("source", "target", "converted")}
    expected |= {f"sound/{kind}_{step}.mp3" for kind in ("predicted", "state") for step in HEARD}
    assert set(tiny_trace.manifest["files"]) == expected
    open_trace(tiny_trace.folder).verify()


def test_the_manifest_says_what_was_done(tiny_trace, tiny_model_path):
    manifest = tiny_trace.manifest
    assert tiny_trace.id == "hymn--bass--alto--keyauto--ddpm--seed3"
    assert manifest["source"]["singer"] == "bass"
    assert (manifest["source"]["file"], manifest["source"]["start_s"], manifest["source"]["end_s"]) == (
        "test.wav",
        0.0,
        1.2,
    )
    assert (manifest["target"]["singer"], manifest["target"]["phrase"]) == ("alto", "hymn")
    assert manifest["sampler"] == {
        "name": "ddpm",
        "seed": 3,
        "noise": "lowbias32-quantiles16",
        "steps": 20,
        "beta_first": 1e-4,
        "beta_last": 0.5,
    }
    assert manifest["model"] == {"sha256_12": model_hash(tiny_model_path), "parameters": 1}
    assert manifest["frames"] == FRAMES
    assert manifest["grid"]["hop"] == 256
    assert manifest["attribution"] == ["Made for tests, alto", "Made for tests, bass"]


def test_the_key_follows_from_the_medians(tiny_trace, source):
    expected = round(12 * np.log2(330.0 / np.median(source[1].f0_hz[source[1].f0_hz > 0])))
    assert tiny_trace.manifest["key_shift_semitones"] == expected
    assert expected > 12


def test_no_path_of_this_machine_is_told(tiny_trace, tiny_corpus):
    texts = all_texts(tiny_trace.manifest)
    assert len(texts) > 50
    assert not [text for text in texts if text.startswith("/") or str(tiny_corpus.root) in text]


def test_predictions_are_kept_at_the_listed_steps(tiny_trace):
    kept = tiny_trace.manifest["kept_steps"]
    assert kept == sorted(kept, reverse=True)
    assert (kept[0], kept[-1]) == (19, 0)
    assert tiny_trace.predicted_levels().shape == (len(kept), 100, FRAMES)


def test_the_source_picture_is_the_recordings_mel(tiny_trace, source):
    shown = to_db(tiny_trace.array("source.npy.gz"))
    assert shown.shape == (100, FRAMES)
    assert np.abs(shown - source[1].mel * DB_PER_LN).max() <= 0.2501


def test_the_target_picture_is_the_references_mel(tiny_trace, tiny_corpus, tiny_config):
    samples = load_audio(tiny_corpus.root / "alto/test.wav", tiny_config.grid, 0.1, 1.3)
    mel = extract_features(samples, tiny_config).mel
    assert np.abs(to_db(tiny_trace.array("target.npy.gz")) - mel * DB_PER_LN).max() <= 0.2501


def test_contours_are_of_source_wish_and_every_sound(tiny_trace, source):
    contours = tiny_trace.f0_hz()
    heard = [f"{kind}_{step}" for step in HEARD for kind in ("predicted", "state")]
    assert list(contours) == ["source", "asked", *heard]
    assert {contour.shape for contour in contours.values()} == {(FRAMES,)}
    np.testing.assert_allclose(contours["source"], source[1].f0_hz, atol=0.051)
    shift = tiny_trace.manifest["key_shift_semitones"]
    np.testing.assert_allclose(contours["asked"], source[1].f0_hz * 2 ** (shift / 12), rtol=1e-4, atol=0.051)


def test_the_references_contour_is_its_own(tiny_trace):
    target = tiny_trace.array("target_f0.npy.gz") / 10
    assert target.shape == (1, FRAMES)
    assert np.median(target[target > 0]) == pytest.approx(330 * 0.95, rel=0.05)


def test_every_sound_decodes_to_the_length_of_the_picture(tiny_trace):
    sounds = [name for name in tiny_trace.manifest["files"] if name.startswith("sound/")]
    assert len(sounds) == 9
    for name in sounds:
        samples, rate_hz = soundfile.read(io.BytesIO((tiny_trace.folder / name).read_bytes()))
        assert rate_hz == 24_000
        assert samples.ndim == 1
        assert FRAMES * 256 <= len(samples) < (FRAMES + 1) * 256
        assert 0.01 < np.abs(samples).max() <= 1.0


def test_sounds_are_listed_by_step_from_noise_to_result(tiny_trace):
    assert tiny_trace.manifest["sounds"] == [
        {"step": int(step), "predicted": f"sound/predicted_{step}.mp3", "state": f"sound/state_{step}.mp3"}
        for step in HEARD
    ]


def test_the_source_sounds_as_it_was_measured(tiny_trace, source):
    """At the level of its features, so that picture and sound agree; only limited to full scale."""
    samples, _ = soundfile.read(tiny_trace.folder / "sound/source.flac")
    expected = source[0] * 10 ** (tiny_trace.manifest["source"]["gain_db"] / 20)
    expected *= min(1.0, 0.98 / np.abs(expected).max())
    np.testing.assert_allclose(samples, expected, atol=2e-3)


def test_replay_comes_within_the_promised_error_of_the_sampler(tiny_trace, tiny_model, source):
    """The sampler is run again here, and its states are compared with those replayed from the files."""
    states = {}
    converted = convert_features(
        source[1],
        tiny_model,
        0,
        tiny_trace.manifest["key_shift_semitones"],
        Sampling("ddpm", 20, seed=3),
        lambda step, sigma, state, predicted: states.update({step: state[0].numpy().copy()}),
    )
    replay = replay_of(tiny_trace)
    errors = [float(np.sqrt(np.mean((state - states[t]) ** 2))) * replay.std_db for t, state in replay.states()]
    promised = tiny_trace.manifest["replay_error_db"]
    assert max(errors) == pytest.approx(promised, abs=0.02)
    assert promised < 0.4
    result_db = converted.numpy() * DB_PER_LN
    inside = (result_db > -110) & (result_db < 17.5)
    assert inside.mean() > 0.9
    # a quarter of a decibel is the scale's rounding, half a decibel what a value may move before it is written anew
    assert np.abs(replay.predicted_at(0) - result_db)[inside].max() <= 0.76


def test_sound_steps_are_steps_of_a_thousand_from_noise_to_result():
    assert list(SOUND_STEPS) == sorted(set(SOUND_STEPS), reverse=True)
    assert (SOUND_STEPS[0], SOUND_STEPS[-1]) == (999, 0)


def test_ones_own_recording_needs_no_reference(own):
    trace, _ = own
    assert trace.id == "la la--own-voice--bass--key-5--ddpm--seed0"
    assert trace.manifest["target"] == {"singer": "bass"}
    assert trace.manifest["key_shift_semitones"] == -5
    assert not [name for name in trace.manifest["files"] if "target" in name]
    assert trace.manifest["licence"].startswith("all rights reserved (the recording)")
    assert "CC BY-SA 4.0 (what the model adds)" in trace.manifest["licence"]
    assert trace.manifest["attribution"] == ["own recording"]
    assert trace.manifest["source"]["end_s"] is None


def test_progress_is_told_at_every_step(own):
    assert own[1] == 20


# what cannot be recorded


def refusal(kind: type[Exception], job: Job, model: VoiceConverter, out: Path) -> str:
    """The sentence it is refused with; nothing may be left behind."""
    with pytest.raises(kind) as caught:
        record(job, model, out)
    assert not out.exists()
    assert is_sentence(str(caught.value))
    return str(caught.value)


def test_a_song_is_too_long(tmp_path, tiny_model):
    path = tmp_path / "song.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(31 * 8_000), 8_000)
    message = refusal(AudioError, own_job(path), tiny_model, tmp_path / "out")
    assert "song.wav: 31 s are too long" in message


def test_a_silent_part_is_refused_by_name(tmp_path, tiny_model):
    path = tmp_path / "rest.wav"
    soundfile.write(path, np.zeros(24_000), 24_000)
    assert "rest.wav" in refusal(AudioError, own_job(path), tiny_model, tmp_path / "out")


def test_a_recording_without_a_note_is_refused(tmp_path, tiny_model):
    path = tmp_path / "click.wav"
    samples = np.zeros(12_000)
    samples[6_000] = 0.5
    soundfile.write(path, samples, 24_000)
    assert "no sung note" in refusal(ConversionError, own_job(path), tiny_model, tmp_path / "out")


def test_a_key_out_of_range_is_refused(tmp_path, tiny_model):
    path = tmp_path / "high.wav"
    soundfile.write(path, voice(contour(0.3, 440.0)), 24_000)
    assert "+24 semitones" in refusal(ConversionError, own_job(path, 24), tiny_model, tmp_path / "out")


def test_an_unknown_target_is_refused(tmp_path, tiny_model, tiny_corpus):
    job = own_job(tiny_corpus.root / "bass/test.wav")
    job = Job(job.source, "tenor", None, None, 0)
    assert "tenor" in refusal(ValueError, job, tiny_model, tmp_path / "out")
