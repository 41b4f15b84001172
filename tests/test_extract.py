"""The command that measures a corpus: what it says, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from svc_core.config import PRESETS, AugmentConfig
from svc_core.corpora.cache import load_cached
from svc_core.corpora.corpus import read_corpus
from svc_core.extract import main
from tests.conftest import contour, is_sentence, voice, write_rows

SPLITS = {"low": "train", "high": "test", "broken": "test"}


@pytest.fixture(scope="module")
def corpus_root(tmp_path_factory) -> Path:
    """A recording to train on, one to test with, and one that is none."""
    root = tmp_path_factory.mktemp("corpus")
    rows = [f"{name}.wav,alto,Hymn 7,verse,{split},yes,CC0" for name, split in SPLITS.items()]
    write_rows(root / "metadata.csv", "file,singer,song,section,split,may_ship,licence", rows)
    for name, f0_hz in (("low", 150.0), ("high", 300.0)):
        soundfile.write(root / f"{name}.wav", voice(contour(0.4, f0_hz)), 24_000)
    (root / "broken.wav").write_text("no sound at all")
    return root


def test_a_corpus_is_measured_and_counted_and_the_spoilt_recording_is_named(corpus_root, tmp_path, capsys):
    arguments = ["--corpus", str(corpus_root), "--cache", str(tmp_path), "--jobs", "1", "--copies", "1"]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[:2] == ["2 recordings usable, 1 skipped.", "3 files measured, 0 were there already."]
    assert lines[2].startswith("0.02 minutes of sound in ")  # three times about 0.4 s
    assert "real-time factor" in lines[2]
    skipped = [line for line in printed.err.splitlines() if line.startswith("skipped: ")]
    assert len(skipped) == 1
    assert "broken.wav" in skipped[0]
    config = replace(PRESETS["small"], augment=AugmentConfig(copies=1))
    clips = {clip.path.stem: clip for clip in read_corpus(corpus_root).clips}
    for name, copy in (("low", 0), ("low", 1), ("high", 0)):
        assert load_cached(tmp_path, clips[name], config, copy).frames > 30
    assert len(list(tmp_path.rglob("*.npz"))) == 3


def refusal(capsys, *arguments: object) -> str:
    assert main([str(argument) for argument in arguments]) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("extract: ")
    assert is_sentence(message)
    return message


def test_an_unknown_encoder_is_refused_before_anything_is_measured(corpus_root, tmp_path, capsys):
    message = refusal(capsys, "--corpus", corpus_root, "--cache", tmp_path, "--encoders", "cepstra", "mfcc")
    assert "mfcc" in message
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_corpus_is_refused(tmp_path, capsys):
    assert "metadata.csv" in refusal(capsys, "--corpus", tmp_path)
