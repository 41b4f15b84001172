"""The command that learns one more singer: what it writes, takes, leaves out and refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from svc_core.config import AdaptConfig, GridConfig
from svc_core.learn_singer import (
    LearnError,
    check_name,
    choose_evenly,
    cut_pieces,
    learn_singer,
    main,
    without_rests,
)
from svc_core.model.checkpoint import load_model
from tests.conftest import RATE_HZ, contour, is_sentence, voice

GRID = GridConfig()
QUICK = AdaptConfig(steps=3, batch=2, crop_frames=32, least_voiced_s=0.4)


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bits come out of the same command on a CPU alone."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some of somebody's singing, and a file that is no sound."""
    recordings = tmp_path / "mine"
    recordings.mkdir()
    soundfile.write(recordings / "a.wav", voice(contour(0.7, 250.0, 300.0), tract=1.05), RATE_HZ)
    (recordings / "b.wav").write_bytes(b"not a sound")
    return recordings


def test_the_command_writes_a_model_that_knows_the_singer(
    tiny_model_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    recording, out = tmp_path / "song.wav", tmp_path / "deep" / "model.safetensors"
    soundfile.write(recording, voice(contour(5.6, 250.0, 300.0, vibrato_cents=40)), RATE_HZ)
    arguments = ["--model", str(tiny_model_path), "--recordings", str(recording), "--name", "my-voice"]
    assert main([*arguments, "--out", str(out), "--steps", "2"]) == 0
    assert capsys.readouterr().out == f"model: {out}\n"
    grown, given = load_model(out), load_model(tiny_model_path)
    assert grown.singers == ("alto", "bass", "my-voice")
    assert float(grown.singer_f0_hz[2]) == pytest.approx(274, abs=5)  # halfway, in octaves, from 250 to 300
    assert torch.equal(grown.draft.enter.weight, given.draft.enter.weight)
    assert [path.name for path in out.parent.iterdir()] == ["model.safetensors"]


def test_a_recording_that_cannot_be_used_is_told_and_left_out(
    tiny_model_path: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    learn_singer(tiny_model_path, [folder], "my-voice", tmp_path / "m.safetensors", QUICK)
    skipped = [line for line in capsys.readouterr().err.splitlines() if line.startswith("skipped: ")]
    assert len(skipped) == 1 and "b.wav" in skipped[0] and is_sentence(skipped[0])


def test_the_same_again_does_nothing_and_anything_else_learns_anew(
    tiny_model_path: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    out = tmp_path / "m.safetensors"
    learn_singer(tiny_model_path, [folder], "my-voice", out, QUICK)
    first, made = out.read_bytes(), out.stat().st_mtime_ns
    capsys.readouterr()
    assert learn_singer(tiny_model_path, [folder], "my-voice", out, QUICK) == out
    assert out.stat().st_mtime_ns == made
    assert "already" in (said := capsys.readouterr().out) and is_sentence(said.strip())
    learn_singer(tiny_model_path, [folder], "my-voice", out, replace(QUICK, seed=1))
    assert out.read_bytes() != first
    learn_singer(tiny_model_path, [folder], "my-voice", out, QUICK)
    assert out.read_bytes() == first
    soundfile.write(folder / "b.wav", voice(contour(0.5, 200.0)), RATE_HZ)
    learn_singer(tiny_model_path, [folder], "my-voice", out, QUICK)
    assert out.read_bytes() != first


def test_a_model_that_was_trained_is_never_overwritten(tiny_model_path: Path, folder: Path):
    before = tiny_model_path.read_bytes()
    with pytest.raises(LearnError, match="not overwritten") as caught:
        learn_singer(tiny_model_path, [folder], "my-voice", tiny_model_path, QUICK)
    assert is_sentence(str(caught.value)) and tiny_model_path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"--recordings": "nowhere"}, "no recording can be used"),
        ({"--recordings": "empty"}, "no recording in this folder"),
        ({"--recordings": "mine"}, "at least 5 s are needed"),
        ({"--name": "Alto"}, "already"),
        ({"--name": "../me"}, "cannot name"),
        ({"--model": "mine/b.wav"}, "not a whole safetensors file"),
        ({"--model": "nowhere"}, "there is no such file"),
        ({"--out": "mine"}, "not overwritten"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_status_2(
    change: dict, words: str, tiny_model_path: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    (tmp_path / "empty").mkdir()
    given = {"--model": tiny_model_path, "--recordings": folder, "--name": "my-voice", "--out": tmp_path / "m"}
    given |= {option: value if option == "--name" else tmp_path / value for option, value in change.items()}
    assert main([str(part) for pair in given.items() for part in pair]) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("learn_singer: ")]
    assert len(said) == 1 and words in said[0] and is_sentence(said[0])
    assert not (tmp_path / "m").exists()


def test_how_much_singing_there_is_is_told_where_it_is_too_little(tiny_model_path: Path, folder: Path, tmp_path: Path):
    with pytest.raises(LearnError, match=r"^(0\.6|0\.7) s of voiced singing .* at least 5 s"):
        learn_singer(tiny_model_path, [folder / "a.wav"], "me", tmp_path / "m", AdaptConfig())


@pytest.mark.parametrize("name", ["my-voice", "Зоя", "歌手2", "a_b", "x" * 64])
def test_letters_of_any_script_digits_hyphens_and_underscores_make_a_name(name):
    assert check_name(name, ["alto"]) == name


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "..", "a.b", "a\n", "x" * 65, "ALTO"])
def test_other_names_are_refused(name):
    with pytest.raises(LearnError):
        check_name(name, ["alto"])


def test_a_name_in_two_spellings_of_unicode_is_one_name():
    assert check_name("Zoe\u0308", []) == "Zo\u00eb"
    with pytest.raises(LearnError, match="already"):
        check_name("Zoe\u0308", ["Zo\u00eb"])


def test_rests_are_cut_but_for_a_margin_of_half_of_what_a_rest_may_last():
    tone = np.sin(2 * np.pi * 220 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    rest = np.zeros(2 * RATE_HZ, dtype=np.float32)
    short = rest[: round(0.4 * RATE_HZ)]
    kept = without_rests(np.concatenate([rest, tone, rest, tone, short, tone, rest]), GRID, QUICK)
    # three seconds of tone, the short rest, and a quarter of a second at each of four edges
    assert len(kept) / RATE_HZ == pytest.approx(3 + 0.4 + 4 * 0.25, abs=0.1)
    assert np.sum(kept**2) == pytest.approx(3 * np.sum(tone**2), rel=1e-6)


def test_noise_forty_decibels_under_the_loudest_counts_as_rest():
    tone = np.sin(2 * np.pi * 220 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    for level_db, seconds in ((-45.0, 1.25), (-30.0, 3.0)):
        sound = np.concatenate([tone, np.repeat(tone, 2) * 10 ** (level_db / 20)]).astype(np.float32)
        assert len(without_rests(sound, GRID, QUICK)) / RATE_HZ == pytest.approx(seconds, abs=0.06)


def test_long_recordings_are_cut_into_equal_pieces_and_lose_nothing():
    samples = np.arange(61 * RATE_HZ, dtype=np.float32)
    pieces = cut_pieces(samples, GRID, AdaptConfig())
    assert [round(len(piece) / RATE_HZ, 2) for piece in pieces] == [20.33] * 3
    assert np.array_equal(np.concatenate(pieces), samples)
    assert len(cut_pieces(samples[: 30 * RATE_HZ], GRID, AdaptConfig())) == 1


def test_of_too_much_singing_pieces_are_taken_from_all_along_it():
    pieces = [np.full(10, number) for number in range(9)]
    assert choose_evenly(pieces, 90) == pieces
    assert [piece[0] for piece in choose_evenly(pieces, 30)] == [0, 3, 6]
    assert [piece[0] for piece in choose_evenly(pieces, 5)] == [0]
