"""A recorded conversion made into a trace: every file, against what was heard and asked."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from svc_core.config import DB_PER_LN
from svc_core.conversion.convert import convert_features
from svc_core.conversion.detail import DETAIL
from svc_core.conversion.finish import finish_trace, metrics_csv, pack_hidden
from svc_core.conversion.hearing import FIGURES, PEAK, SYNTHETIC, HeardStep, mean_voices, singer_encoder
from svc_core.conversion.hidden import NAMES
from svc_core.conversion.job import Job, Swap
from svc_core.conversion.record import make_wish, record_batch
from svc_core.conversion.sampling import Sampling
from svc_core.diffusion.walk import ddpm_walk
from svc_core.metrics.singer import EMBEDDING
from svc_core.model.checkpoint import model_hash
from svc_core.sound.audio import load_audio
from svc_core.sound.features import Features, extract_features
from svc_core.traces import manifest as facts
from svc_core.traces.arrays import unpack_array
from svc_core.traces.manifest import Pictures, Sampler
from svc_core.traces.replay import replay_of
from svc_core.traces.scale import to_db
from svc_core.traces.steps import spread_places
from svc_core.traces.trace import Trace, open_trace
from tests.conftest import RATE_HZ, contour, voice
from tests.conversion.conftest import FACTS, own_excerpt

FRAMES = 112  # of 1.2 s
STEPS = 20


@pytest.fixture(scope="module")
def source(tiny_corpus, tiny_config) -> tuple[np.ndarray, Features]:
    """The bass's hymn, 0.0 to 1.2 s: samples as recorded, and features."""
    samples = load_audio(tiny_corpus.root / "bass/test.wav", tiny_config.grid, 0.0, 1.2)
    return samples, extract_features(samples, tiny_config)


def all_texts(value) -> list[str]:
    """Every string in a manifest, at any depth, names of fields among them."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in all_texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in all_texts(part)]
    return [value] if isinstance(value, str) else []


def sounds_of(trace: Trace) -> set[str]:
    return {name for name in trace.manifest.files if name.startswith("sound/")}


# what lies in the folder


def test_every_file_is_there_and_listed(tiny_trace):
    heard = spread_places(tiny_trace.walk().snr_db, DETAIL["full"].heard)
    assert heard == list(range(STEPS))  # of twenty steps all
    expected = {f"{name}.npy.gz" for name in ("walk", "predicted", "source", "target", "f0", "target_f0")}
    expected |= {"hidden.npy.gz", "maps.npy.gz", "metrics.csv"}
    expected |= {f"sound/{name}.flac" for name in ("source", "target", "converted")}
    expected |= {f"sound/predicted_{place:04d}.mp3" for place in heard[:-1]}
    expected |= {f"sound/state_{place:04d}.mp3" for place in heard}
    assert set(tiny_trace.manifest.files) == expected
    open_trace(tiny_trace.folder).verify()


def test_the_manifest_says_what_was_done(tiny_trace, tiny_model_path):
    manifest = tiny_trace.manifest
    assert tiny_trace.id == "hymn--bass--alto--keyauto--ddpm--seed3"
    assert manifest.source.singer == "bass"
    assert (manifest.source.file, manifest.source.start_s, manifest.source.end_s) == ("test.wav", 0.0, 1.2)
    assert (manifest.target, manifest.reference.singer, manifest.reference.phrase) == ("alto", "alto", "hymn")
    assert manifest.sampler == Sampler("ddpm", STEPS, 3, "lowbias32-quantiles16", 1.0, STEPS, {}, [])
    assert (manifest.model.sha256_12, manifest.model.parameters) == (model_hash(tiny_model_path), 1)
    assert (manifest.frames, manifest.reference_frames, manifest.grid.hop) == (FRAMES, FRAMES, 256)
    assert manifest.pictures == Pictures(list(range(STEPS)), DETAIL["full"].quantum)
    assert manifest.attribution == ["Made for tests, alto", "Made for tests, bass", "Made for tests, the model"]
    assert (manifest.detail, manifest.licence) == ("full", "CC BY-SA 4.0")
    assert manifest.vocoder == "Griffin-Lim"


def test_the_key_follows_from_the_medians(tiny_trace, source):
    expected = round(12 * np.log2(330.0 / np.median(source[1].f0_hz[source[1].f0_hz > 0])))
    assert tiny_trace.manifest.key_shift_semitones == expected
    assert expected > 12


def test_no_path_of_this_machine_is_told(tiny_trace, tiny_corpus):
    texts = all_texts(json.loads(tiny_trace.manifest.to_json()))
    assert len(texts) > 50
    assert not [text for text in texts if text.startswith("/") or str(tiny_corpus.root) in text]


def test_the_walk_is_the_schedules(tiny_trace, tiny_model):
    walk, expected = tiny_trace.walk(), ddpm_walk(tiny_model.schedule)
    assert walk.step.tolist() == list(range(STEPS - 1, -1, -1))
    for name in ("sigma", "predicted", "state", "noise", "address"):
        np.testing.assert_allclose(getattr(walk, name), getattr(expected, name), rtol=1e-6)


# pictures


def test_the_source_picture_is_the_recordings_mel(tiny_trace, source):
    shown = to_db(tiny_trace.source_levels())
    assert shown.shape == (100, FRAMES)
    assert np.abs(shown - source[1].mel * DB_PER_LN).max() <= 0.2501


def test_the_target_picture_is_the_references_mel(tiny_trace, tiny_corpus, tiny_config):
    samples = load_audio(tiny_corpus.root / "alto/test.wav", tiny_config.grid, 0.1, 1.3)
    mel = extract_features(samples, tiny_config).mel
    assert np.abs(to_db(tiny_trace.reference_levels()) - mel * DB_PER_LN).max() <= 0.2501


def test_replay_comes_within_the_promised_error_of_the_sampler(tiny_trace, tiny_model, source):
    """The sampler is run again here, and its states are compared with those replayed from the files."""
    states, predictions = [], []

    def watch(step, sigma, state, predicted) -> None:
        states.append(state[0].numpy().copy())
        predictions.append(DB_PER_LN * tiny_model.denormalise(predicted)[0].numpy())

    shift = tiny_trace.manifest.key_shift_semitones
    converted = convert_features(source[1], tiny_model, 0, shift, Sampling("ddpm", STEPS, seed=3), watch)
    replay = replay_of(tiny_trace)
    errors = [float(np.sqrt(np.mean((found - states[i]) ** 2))) * replay.std_db for i, found in replay.states()]
    assert max(errors) == pytest.approx(tiny_trace.manifest.state_error_db, abs=0.03)
    result_db = converted.numpy() * DB_PER_LN
    inside = (result_db > -110) & (result_db < 17.5)
    assert inside.mean() > 0.9
    assert np.abs(to_db(tiny_trace.result_levels()) - result_db)[inside].max() <= 0.2501  # the scale's rounding alone
    for place in range(STEPS):
        missed = replay.predicted_at(place) - predictions[place]
        inside = (predictions[place] > -110) & (predictions[place] < 17.5)
        # and half the quantum, for values that no difference of a signed byte had to reach
        assert np.quantile(np.abs(missed[inside]), 0.99) <= 0.2501 + 0.5 * DETAIL["full"].quantum / 2
    assert tiny_trace.manifest.predicted_error_db < 1


# contours


def test_contours_are_of_source_wish_and_every_sound(tiny_trace, source):
    contours = tiny_trace.f0_hz()
    heard = [f"{kind}_{place:04d}" for kind in ("predicted", "state") for place in range(STEPS)]
    assert list(contours) == ["source", "asked", *heard, "target"]
    assert {contour.shape for contour in contours.values()} == {(FRAMES,)}
    np.testing.assert_allclose(contours["source"], source[1].f0_hz, atol=0.051)
    shift = tiny_trace.manifest.key_shift_semitones
    np.testing.assert_allclose(contours["asked"], source[1].f0_hz * 2 ** (shift / 12), rtol=1e-4, atol=0.051)


def test_the_references_contour_is_its_own(tiny_trace):
    target = tiny_trace.f0_hz()["target"]
    assert np.median(target[target > 0]) == pytest.approx(330 * 0.95, rel=0.05)


# sounds


def test_every_sound_decodes_to_the_length_of_the_picture(tiny_trace, light_trace):
    for trace, count, hop in ((tiny_trace, 3 + 19 + 20, 256), (light_trace, 2 + 6, 256)):
        assert len(sounds_of(trace)) == count
        for name in sounds_of(trace):
            samples, rate_hz = soundfile.read(io.BytesIO(trace.read(name)))
            assert rate_hz == RATE_HZ
            assert samples.ndim == 1
            assert trace.manifest.frames * hop <= len(samples) < (trace.manifest.frames + 1) * hop
            assert 0.005 < np.abs(samples).max() <= 1.0


def test_sounds_are_listed_by_place_and_the_last_prediction_is_the_result(tiny_trace):
    listed = [(sound.place, sound.predicted, sound.state) for sound in tiny_trace.manifest.sounds]
    expected = [(place, f"sound/predicted_{place:04d}.mp3", f"sound/state_{place:04d}.mp3") for place in range(STEPS)]
    assert listed[:-1] == expected[:-1]
    assert listed[-1] == (STEPS - 1, "sound/converted.flac", "sound/state_0019.mp3")


def test_the_source_sounds_as_it_was_measured(tiny_trace, source):
    """At the level of its features, so that picture and sound agree; only limited to full scale."""
    samples, _ = soundfile.read(io.BytesIO(tiny_trace.read("sound/source.flac")))
    expected = source[0] * 10 ** (tiny_trace.manifest.source.gain_db / 20)
    expected *= min(1.0, PEAK / np.abs(expected).max())
    np.testing.assert_allclose(samples, expected, atol=2e-3)


def test_what_was_made_is_tagged_as_synthetic_and_recordings_are_not(tiny_trace, light_trace, heun_trace):
    recordings = {"source", "target"}
    for trace in (tiny_trace, light_trace, heun_trace):
        comments = {}
        for name in sounds_of(trace):
            with soundfile.SoundFile(io.BytesIO(trace.read(name))) as file:
                comments[name] = file.comment
        stems = {name: name.removeprefix("sound/").partition(".")[0] for name in comments}
        assert comments == {name: "" if stem in recordings else SYNTHETIC for name, stem in stems.items()}
        assert {"source", "converted"} <= set(stems.values()) and len(stems) > 5


# metrics and scores


def test_metrics_have_a_row_for_each_sound_that_was_measured(tiny_trace):
    table = tiny_trace.metrics()
    assert list(table.columns) == ["place", "step", "sigma", "snr_db", "kind", *FIGURES]
    assert table["kind"].tolist() == ["predicted"] * STEPS + ["state"] * STEPS
    assert table["place"].tolist() == [*range(STEPS), *range(STEPS)]
    assert table["step"].tolist() == [*range(STEPS - 1, -1, -1)] * 2
    walk = tiny_trace.walk()
    np.testing.assert_allclose(table["sigma"][:STEPS], walk.sigma, rtol=1e-5)
    np.testing.assert_allclose(table["snr_db"][:STEPS], walk.snr_db, rtol=1e-4, atol=1e-4)
    complete = ["rpa", "voiced_share", "mcd_db", "mcd_to_result_db", "mel_to_result_db", "loudness_rmse_db"]
    assert np.isfinite(table[complete].to_numpy()).all()


def test_the_walk_ends_at_the_result(tiny_trace):
    """The last prediction is the result, and the noise that it began with is far from it."""
    table = tiny_trace.metrics()
    last = table[(table["kind"] == "predicted") & (table["place"] == STEPS - 1)].iloc[0]
    noise = table[(table["kind"] == "state") & (table["place"] == 0)].iloc[0]
    assert last["mel_to_result_db"] < 0.3  # the scale's rounding
    assert last["mcd_to_result_db"] < 1
    assert noise["mel_to_result_db"] > 10 * last["mel_to_result_db"]
    assert noise["mcd_to_result_db"] > 2 * last["mcd_to_result_db"]


def test_a_figure_that_is_not_there_is_an_empty_cell(tiny_model):
    walk = ddpm_walk(tiny_model.schedule)
    figures = (np.nan, 0.123456789, *[1.0] * (len(FIGURES) - 2))
    lines = metrics_csv(walk, {"predicted": {3: HeardStep(np.zeros(1), np.zeros(1), figures)}, "state": {}})
    header, row, *rest = lines.decode().split("\n")
    assert header.split(",") == ["place", "step", "sigma", "snr_db", "kind", *FIGURES]
    assert row.split(",")[:2] == ["3", "16"]
    assert row.split(",")[4:7] == ["predicted", "", "0.123457"]
    assert rest == [""]


def test_scores_are_of_the_whole_conversion_and_finite(tiny_trace, light_trace):
    for trace in (tiny_trace, light_trace):
        assert {"rpa", "mcd_db", "vr"} <= set(trace.manifest.scores)
        assert all(np.isfinite(score) for score in trace.manifest.scores.values())
        assert trace.manifest.embedding == ""  # no singer was given to compare with


def test_with_a_voice_to_compare_with_similarity_is_told(own_path, teacher, make_trace, tiny_config):
    if singer_encoder() is None:
        pytest.skip("the package resemblyzer is not installed")
    voices = mean_voices(
        {"bass": [voice(contour(0.8, 130.0), 0.95)], "alto": [voice(contour(1.0, 330.0))]}, tiny_config.grid
    )
    trace = make_trace(Job(own_excerpt(own_path), "bass", None, 0, 0, "ddim", 1, detail="light"), teacher, voices)
    assert trace.manifest.embedding == EMBEDDING
    said = {name for name in trace.manifest.scores if "similarity" in name}
    assert said or any("Resemblyzer" in note for note in trace.manifest.notes)
    table = trace.metrics()
    assert table["similarity_to_target"].notna().any() == table["similarity_to_source"].notna().any()


# hidden features


def test_hidden_features_can_be_read_again(tiny_trace):
    vectors, maps = tiny_trace.hidden_vectors(), tiny_trace.hidden_maps()
    assert list(vectors) == list(maps) == list(NAMES)
    assert tiny_trace.hidden_places().tolist() == list(range(STEPS))
    for name in NAMES:
        assert vectors[name].shape == (STEPS, DETAIL["full"].components)
        assert np.ptp(vectors[name]) > 1e-3
        for shown in maps[name].values():
            assert shown.shape == (STEPS, 2)
            assert np.abs(shown).max() == 1


def test_packed_features_have_the_distances_of_those_that_were_given():
    """Differences from step to step wrap around 16 bits and come back."""
    rng = np.random.default_rng(0)
    features = [scale * np.cumsum(rng.normal(size=(30, 3)), axis=0) for scale in (1e-3, 1, 1e3, 1, 1, 1, 1)]
    features[1][::2] *= -1  # leaps from end to end
    hidden, files = pack_hidden(features, 2, 5)
    assert (hidden.names, hidden.components, hidden.every) == (list(NAMES), 5, 2)
    changes = unpack_array(files["hidden.npy.gz"], "<i2", (7, 5, 30))
    whole = np.cumsum(changes, axis=2, dtype=np.int16)
    for feature, vectors, scale in zip(features, whole, hidden.scales, strict=True):
        found = vectors.T * scale
        between = np.linalg.norm(feature[:, None] - feature[None], axis=-1)
        np.testing.assert_allclose(
            np.linalg.norm(found[:, None] - found[None], axis=-1), between, atol=2e-4 * between.max()
        )
    assert unpack_array(files["maps.npy.gz"], "<i2", (7, 4, 30)).any()


# in little detail, and one's own


def test_ones_own_recording_needs_no_reference(light_trace):
    manifest = light_trace.manifest
    assert light_trace.id.endswith("--own-voice--bass--key-5--ddpm--seed7--without-loudness--guide-singer1.5")
    assert light_trace.id.startswith("la_la~")
    assert (manifest.target, manifest.reference, manifest.reference_frames) == ("bass", None, 0)
    assert (manifest.key_shift_semitones, manifest.source.end_s) == (-5, None)
    assert not [name for name in manifest.files if "target" in name]
    assert manifest.licence.startswith("all rights reserved (the recording)")
    assert "CC BY-SA 4.0 (what the model adds)" in manifest.licence
    assert manifest.attribution == ["Made for tests, the model", "own recording"]
    assert light_trace.reference_levels() is None
    light_trace.verify()


def test_guidance_and_what_was_taken_away_are_told(light_trace, tiny_trace):
    assert light_trace.manifest.sampler.guidance == {"singer": 1.5}
    assert light_trace.manifest.sampler.without == ["loudness"]
    assert tiny_trace.manifest.sampler.guidance == {}


def test_little_detail_is_little(light_trace):
    light, manifest = DETAIL["light"], light_trace.manifest
    assert manifest.detail == "light"
    assert len(manifest.pictures.places) == light.pictures < STEPS
    assert manifest.pictures.quantum == light.quantum
    assert {name.rsplit(".")[-1] for name in sounds_of(light_trace)} == {"mp3"}
    assert not [name for name in sounds_of(light_trace) if "state" in name]
    assert [sound.place for sound in manifest.sounds] == spread_places(light_trace.walk().snr_db, light.heard)
    assert manifest.sounds[-1].predicted == "sound/converted.mp3"
    assert manifest.contours.state == []
    assert set(light_trace.metrics()["kind"]) == {"predicted"}
    assert {vectors.shape for vectors in light_trace.hidden_vectors().values()} == {(STEPS, light.components)}


# the singer swapped on the way, defects on purpose


def test_a_swap_a_label_and_a_note_are_told(own_path, teacher, make_trace):
    job = Job(own_excerpt(own_path), "bass", None, -5, 0, "euler", 4, detail="light", label="mine")
    trace = make_trace(replace(job, swap=Swap("alto", 3), note="From the third step on an alto."), teacher)
    manifest = trace.manifest
    assert manifest.id.endswith("--bass--key-5--euler4--seed0--swap3-alto--mine")
    assert (manifest.target, manifest.sampler.swap, manifest.key_shift_semitones) == ("bass", facts.Swap("alto", 3), -5)
    assert (manifest.label, manifest.note) == ("mine", "From the third step on an alto.")
    assert (manifest.sampler.defect, manifest.sampler.clamp) == ("", None)


def test_a_clamped_walk_is_replayed_as_it_was(own_path, teacher, make_trace):
    trace = make_trace(Job(own_excerpt(own_path), "bass", None, -5, 0, defect="clamp", detail="light"), teacher)
    assert (trace.manifest.sampler.defect, trace.manifest.sampler.clamp) == ("clamp", 1.0)
    assert trace.manifest.format == "singsteps-trace-3"
    assert trace.manifest.state_error_db < 0.7
    sizes = [np.abs(state).max() for _, state in replay_of(trace).states()]
    assert sizes[0] > 3
    assert max(sizes[1:]) == 1.0


def test_the_melody_asked_for_stays_the_right_one_where_the_model_is_told_another(
    own_path, own_source, teacher, make_trace
):
    job = Job(own_excerpt(own_path), "bass", None, -5, 0, "ddim", 2, defect="early-f0", detail="light")
    trace = make_trace(job, teacher)
    asked, f0_hz = trace.f0_hz()["asked"], own_source.features.f0_hz
    np.testing.assert_allclose(asked, f0_hz * 2 ** (-5 / 12), rtol=1e-3, atol=0.051)
    assert trace.manifest.sampler.defect == "early-f0"


# other samplers


def test_heuns_second_predictions_are_kept_and_replayed(heun_trace, tiny_trace, teacher, own_source):
    assert heun_trace.second_levels().shape == heun_trace.predicted_levels().shape == (4, 100, 46)
    assert tiny_trace.second_levels() is None
    sampler = heun_trace.manifest.sampler
    assert (sampler.name, sampler.steps, sampler.start_address) == ("heun", 4, STEPS)
    states = []
    convert_features(
        own_source.features,
        teacher.model,
        1,
        -5,
        Sampling("heun", 4, seed=2),
        lambda step, sigma, state, predicted: states.append(state[0].numpy() / (1 + sigma**2) ** 0.5),
    )
    replay = replay_of(heun_trace)
    errors = [float(np.sqrt(np.mean((found - states[i]) ** 2))) * replay.std_db for i, found in replay.states()]
    assert max(errors) == pytest.approx(heun_trace.manifest.state_error_db, rel=0.02, abs=0.02)
    assert errors[0] < 1e-3


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_students_trace_is_whole_with_few_steps(student_traces, steps):
    trace = student_traces[steps]
    trace.verify()
    manifest = trace.manifest
    assert manifest.hidden is None
    assert not {"hidden.npy.gz", "maps.npy.gz", "second.npy.gz"} & set(manifest.files)
    assert manifest.pictures.places == list(range(steps))
    assert len(manifest.sounds) == steps
    assert manifest.sounds[-1].predicted == "sound/converted.flac"
    assert len(trace.metrics()) == 2 * steps
    replayed = list(replay_of(trace).states())
    assert len(replayed) == steps
    assert manifest.state_error_db < 0.6


def test_the_same_job_makes_the_same_trace(student_traces, short_path, student, make_trace):
    """To the last byte of every file: there is no clock and no chance in it."""
    again = make_trace(Job(own_excerpt(short_path), "bass", None, 0, 0, "consistency", 2), student)
    assert again.manifest == student_traces[2].manifest


def test_another_model_or_vocoder_has_another_fingerprint(light_trace, own_path):
    manifest = light_trace.manifest
    job = Job(own_excerpt(own_path), "bass", None, -5, 7, detail="light")
    job = replace(job, guidance=type(job.guidance)(singer=1.5), without=("loudness",))
    assert manifest.fingerprint == job.fingerprint(FACTS.sha256_12, manifest.vocoder)
    assert manifest.fingerprint != job.fingerprint("1" * 12, manifest.vocoder)


# several at once


def test_steps_that_are_heard_at_once_are_as_heard_one_by_one(own_path, own_source, teacher, tmp_path):
    job = Job(own_excerpt(own_path), "alto", None, 0, 1, "euler", 9)
    (recorded,) = record_batch([make_wish(job, own_source, None, teacher.model)], teacher.model, teacher.facts)
    told = []
    alone = finish_trace(recorded, tmp_path / "alone", "griffin-lim", {}, told.append)
    at_once = finish_trace(recorded, tmp_path / "at-once", "griffin-lim", {}, told.append, threads=3)
    files = [
        open_trace(tmp_path / folder / made.id).manifest.files
        for folder, made in (("alone", alone), ("at-once", at_once))
    ]
    assert files[0] == files[1]
    assert told == [1] * 2 * (len(recorded.measured) + len(recorded.heard))  # predictions, and noisy states
