"""The command that trains a vocoder: a run that is stopped and resumed, and what it refuses."""

import json
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from svc_core.config import GridConfig, VocoderConfig, VocoderTrainConfig
from svc_core.corpora.corpus import read_corpus
from svc_core.model.checkpoint import CheckpointError, read_tensors
from svc_core.sound.audio import load_audio
from svc_core.sound.mel import log_mel
from svc_core.train_vocoder import load_sounds, main, shown_clips, train_vocoder
from svc_core.training.trainer import Trainer
from svc_core.vocoders.sounds import measure_sound
from svc_core.vocoders.vocoder import open_vocoder
from tests.conftest import is_sentence

GRID = GridConfig()
TINY = VocoderConfig(width=16, layers=1)
TRAIN = VocoderTrainConfig(steps=6, batch=2, crop_frames=16, checkpoint_every=3, log_every=1, warmup_steps=2)


@pytest.fixture(scope="module")
def cache(tiny_corpus, tmp_path_factory) -> Path:
    """F0 of the tiny corpus, where the command keeps it, measured without a worker's start."""
    folder = tmp_path_factory.mktemp("cache")
    key = sha256(json.dumps(asdict(GRID), sort_keys=True).encode()).hexdigest()[:12]
    for clip in (*tiny_corpus.clips_of("train"), *tiny_corpus.clips_of("test")):
        assert measure_sound(clip.path, folder / f"f0-{key}" / f"{clip.file}.npz", GRID) is None
    return folder


@pytest.fixture(scope="module")
def finished(tiny_corpus, cache, tmp_path_factory) -> Path:
    """The folder of a run of six steps that nothing stopped."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    train_vocoder(tiny_corpus, GRID, TINY, TRAIN, folder, cache)
    return folder


def test_a_run_leaves_a_vocoder_that_sings(finished, tiny_corpus):
    vocoder = open_vocoder(f"istft:{finished / 'vocoder.safetensors'}", GRID)
    samples = load_audio(tiny_corpus.clips_of("test")[0].path, GRID)
    assert vocoder.synthesize(log_mel(samples, GRID)).shape == (256 * (len(samples) // 256),)


def test_its_header_tells_configuration_and_grid(finished):
    _, metadata = read_tensors(finished / "vocoder.safetensors")
    assert json.loads(metadata["vocoder"]) == asdict(TINY)
    assert json.loads(metadata["grid"]) == asdict(GRID)


def test_a_run_that_was_stopped_ends_with_the_same_weights(finished, tiny_corpus, cache, tmp_path, monkeypatch):
    """Stopped after its first checkpoint, in the middle of the second stretch."""
    advance = Trainer.advance

    def die(trainer, batch):
        if trainer.step == 4:
            raise KeyboardInterrupt
        return advance(trainer, batch)

    monkeypatch.setattr(Trainer, "advance", die)
    with pytest.raises(KeyboardInterrupt):
        train_vocoder(tiny_corpus, GRID, TINY, TRAIN, tmp_path, cache)
    monkeypatch.undo()
    train_vocoder(tiny_corpus, GRID, TINY, TRAIN, tmp_path, cache)
    for name in ("vocoder.safetensors", "vocoder.state.safetensors"):
        whole, _ = read_tensors(finished / name)
        resumed, _ = read_tensors(tmp_path / name)
        assert all(torch.equal(tensor, resumed[key]) for key, tensor in whole.items())


def test_the_vocoder_is_the_average_not_the_last_step(finished):
    vocoder, _ = read_tensors(finished / "vocoder.safetensors")
    state, _ = read_tensors(finished / "vocoder.state.safetensors")
    name = "filters.leave.weight"
    assert torch.equal(vocoder[name], state[f"average/network.{name}"])
    assert not torch.equal(vocoder[name], state[f"objective/network.{name}"])


def test_curves_pictures_and_sound_are_drawn(finished):
    events = EventAccumulator(str(finished / "tensorboard"), size_guidance={"scalars": 0, "audio": 0, "images": 0})
    tags = events.Reload().Tags()
    assert [event.step for event in events.Scalars("train/vocoder")] == [1, 2, 3, 4, 5, 6]
    assert [event.step for event in events.Scalars("held_out_pitch/vocoder")] == [3, 6]
    for singer in ("alto", "bass"):
        assert {f"{singer}/recording", f"{singer}/vocoder"} <= set(tags["audio"]) & set(tags["images"])


def test_a_run_of_another_configuration_is_not_resumed(finished, tiny_corpus, cache):
    with pytest.raises(CheckpointError) as caught:
        train_vocoder(tiny_corpus, GRID, replace(TINY, width=24), TRAIN, finished, cache)
    assert is_sentence(str(caught.value))


def test_one_recording_of_each_singer_is_shown(tiny_corpus):
    clips = (*tiny_corpus.clips_of("train"), *tiny_corpus.clips_of("test"))
    assert [clip.file for clip in shown_clips(clips)] == ["alto/train.wav", "bass/train.wav"]


def test_f0_is_measured_once_and_a_bad_recording_is_told_and_skipped(tmp_path, capsys, tiny_corpus):
    """Worker processes and all, on one good and one bad recording."""
    good = tiny_corpus.clips_of("test")[0]
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    bad = replace(good, path=tmp_path / "bad.wav", file="bad.wav")
    assert len(load_sounds([good, bad], GRID, tmp_path / "cache")) == 1
    assert "skipped: " in capsys.readouterr().err
    (measured,) = (tmp_path / "cache").rglob("*.npz")
    stamp = measured.stat().st_mtime_ns
    load_sounds([good], GRID, tmp_path / "cache")
    assert measured.stat().st_mtime_ns == stamp


def refusal(capsys, *arguments) -> str:
    """What the command says on its way out with status 2."""
    assert main([str(argument) for argument in arguments]) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("train_vocoder: ")
    assert is_sentence(message)
    return message


def test_the_command_trains_exports_and_says_where(tmp_path, tiny_corpus, cache, capsys):
    arguments = ["--corpus", tiny_corpus.root, "--run", tmp_path / "run", "--cache", cache, "--steps", 1, "--batch", 1]
    arguments += ["--crop-frames", 16, "--export", tmp_path / "half.safetensors"]
    assert main([str(argument) for argument in arguments]) == 0
    assert f"vocoder: {tmp_path / 'run' / 'vocoder.safetensors'}" in capsys.readouterr().out
    tensors, _ = read_tensors(tmp_path / "half.safetensors")
    assert all(tensor.dtype == torch.float16 for tensor in tensors.values())
    assert open_vocoder(f"istft:{tmp_path / 'half.safetensors'}", GRID).name.startswith("istft-head")


def test_a_folder_that_is_no_corpus_is_refused(tmp_path, capsys):
    assert "metadata.csv" in refusal(capsys, "--corpus", tmp_path, "--run", tmp_path / "run")


def test_recordings_shorter_than_a_crop_are_refused(tmp_path, tiny_corpus, cache, capsys):
    """Two hundred frames are 2.1 s; the tiny corpus's recordings last one and a half."""
    asked = ["--corpus", tiny_corpus.root, "--run", tmp_path / "run", "--cache", cache, "--crop-frames", 200]
    message = refusal(capsys, *asked)
    assert "no recording" in message
    assert read_corpus(tiny_corpus.root).clips
