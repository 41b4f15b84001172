"""The five stages in order, as the README calls them, on eight shipped excerpts of real singing."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from svc_core import convert, distill, evaluate, extract, learn_content, prepare, train
from svc_core.model.checkpoint import load_model

SONGS = Path(__file__).parent / "songs"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("stages") / "corpus"
    assert prepare.main(["--data", f"metadata:{SONGS}", "--out", str(folder), "--jobs", "1"]) == 0
    return folder


@pytest.fixture(scope="module")
def common(corpus) -> list[str]:
    """Corpus and cache, with every feature measured."""
    arguments = ["--corpus", str(corpus), "--cache", str(corpus.parent / "features")]
    assert extract.main([*arguments, "--preset", "tiny", "--jobs", "2"]) == 0
    return arguments


@pytest.fixture(scope="module")
def run(common, corpus) -> Path:
    """A folder with a content encoder, a teacher and a student."""
    run = corpus.parent / "run"
    smallest = ["--preset", "tiny", "--run", str(run)]
    assert learn_content.main([*common, *smallest, "--steps", "4", "--batch", "2"]) == 0
    assert train.main([*common, *smallest, "--content-encoder", str(run / "content.safetensors")]) == 0
    assert distill.main([*common, "--teacher", str(run / "model.safetensors"), "--run", str(run)]) == 0
    return run


def test_the_corpus_has_the_excerpts_with_their_labels_and_splits(corpus):
    table = pd.read_csv(corpus / "metadata.csv", keep_default_na=False)
    assert len(table) == 8
    assert set(table.singer) == {"makam-f3", "makam-m2", "pjs-m1"}
    assert table.split.value_counts().to_dict() == {"train": 5, "test": 3}
    assert set(table.labels) == {"words", "phones"}


def test_teacher_and_student_know_the_singers_and_carry_the_content_encoder(run):
    teacher, student = load_model(run / "model.safetensors"), load_model(run / "student.safetensors")
    assert teacher.singers == student.singers == ("makam-f3", "makam-m2", "pjs-m1")
    assert teacher.config.model.content_encoder
    assert (teacher.config.model.consistency, student.config.model.consistency) == (False, True)


@pytest.mark.parametrize(("model", "sampler", "steps"), [("model", "euler", 3), ("student", "consistency", 1)])
def test_a_song_is_converted_and_evaluated(run, corpus, tmp_path, capsys, model, sampler, steps):
    source, out = SONGS / "pjs-m1" / "pjs055.flac", tmp_path / "converted"
    asked = ["--model", str(run / f"{model}.safetensors"), str(source), "--target", "makam-f3", "--out", str(out)]
    assert convert.main([*asked, "--steps", str(steps)]) == 0
    (sound,), (facts,) = out.glob("*.wav"), out.glob("*.json")
    samples, rate_hz = soundfile.read(sound)
    told = json.loads(facts.read_text(encoding="utf-8"))
    assert (told["sampler"], told["steps"], told["target"]) == (sampler, steps, "makam-f3")
    assert len(samples) == 2.4 * rate_hz
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() > 0
    table = tmp_path / "table.csv"
    evaluate.main(["--conversions", str(out), "--references", str(corpus), "--out", str(table)])
    assert "makam-f3" in capsys.readouterr().out
    assert len(pd.read_csv(table)) == 1
