"""The command that records traces: stopped and resumed, and one sentence for what it cannot do."""

import contextlib
import inspect
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svc_core.model.checkpoint import load_model, model_hash, save_model
from svc_core.model.system import VoiceConverter
from svc_core.precompute import main, precompute
from svc_core.traces.catalogue import read_catalogue
from svc_core.traces.manifest import MANIFEST
from svc_core.traces.trace import open_trace
from svc_core.training.objectives import as_student
from tests.conftest import contour, is_sentence, voice

ROOT = Path(inspect.getfile(precompute)).parents[1]
ASKED = ["--source", "me.wav", "--targets", "alto"]


@dataclass(frozen=True)
class Stopped:
    """A folder of traces whose making was killed once, then finished: what lay there after each."""

    out: Path
    arguments: list[str]
    workers_ended: bool  # of themselves, once the command was killed
    after_kill: dict[str, int]  # whole traces, and when their manifests were written
    after_finish: dict[str, int]
    said: str


def traces_in(out: Path) -> dict[str, int]:
    """Every folder that is not hidden, opened and verified, with the time of its manifest."""
    folders = [folder for folder in out.iterdir() if folder.is_dir() and not folder.name.startswith(".")]
    for folder in folders:
        open_trace(folder).verify()
    return {folder.name: (folder / MANIFEST).stat().st_mtime_ns for folder in folders}


@pytest.fixture
def base(tiny_model_path, tmp_path) -> list[str]:
    """Arguments to which only a source or phrases, and targets, are missing."""
    return ["--model", str(tiny_model_path), "--out", str(tmp_path / "out"), "--jobs", "1"]


@pytest.fixture
def from_corpus(base, tiny_corpus) -> list[str]:
    return [*base, "--corpus", str(tiny_corpus.root), "--credits", str(tiny_corpus.root / "credits.csv")]


@pytest.fixture(scope="module")
def stopped(tiny_model_path, tmp_path_factory) -> Stopped:
    """A recording that begins with a rest; the part behind it into two singers; SIGKILL after the first trace."""
    folder = tmp_path_factory.mktemp("precomputed")
    soundfile.write(folder / "me.wav", np.concatenate([np.zeros(12_000), voice(contour(0.5, 220.0))]), 24_000)
    out, source = folder / "out", ["--source", str(folder / "me.wav"), "--attribution", "Me, 2025"]
    asked = ["--targets", "alto", "bass", "--key-shift", "-4", "--seed", "8", "--jobs", "1"]
    asked += ["--detail", "light", "--out", str(out)]
    arguments = ["--model", str(tiny_model_path), *source, *asked, "--start", "0.5", "--end", "1.0"]
    command = [sys.executable, "-m", "svc_core.precompute", *arguments]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, **pipe) as process:
        until = time.monotonic() + 600
        while not list(out.glob("[!.]*")) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        process.kill()
        try:
            process.communicate(timeout=60)  # ends when the last process that could write into the pipe has
            workers_ended = True
        except subprocess.TimeoutExpired:
            workers_ended = False
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    assert process.returncode == -signal.SIGKILL
    after_kill = traces_in(out)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()  # its number is nobody's now: as a kill in the middle of writing leaves it
    (out / f".partial-{socket.gethostname()}-{gone.pid}-0123456789ab" / "sound").mkdir(parents=True)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        assert main(arguments) == 0
    return Stopped(out, arguments, workers_ended, after_kill, traces_in(out), said.getvalue())


def test_a_kill_leaves_whole_traces_only(stopped):
    """All that lay there was opened and verified when the fixture was made."""
    assert len(stopped.after_kill) == 1


def test_workers_do_not_outlive_the_command(stopped):
    assert stopped.workers_ended


def test_the_next_run_makes_the_rest_and_leaves_the_first_alone(stopped):
    assert len(stopped.after_finish) == 2
    assert stopped.after_kill.items() <= stopped.after_finish.items()
    assert "2 conversions asked for, 1 already recorded." in stopped.said


def test_what_a_kill_left_half_made_is_swept_away(stopped):
    assert not list(stopped.out.glob(".partial*"))


def test_every_trace_is_listed_with_what_was_asked_for(stopped):
    alto, bass = read_catalogue(stopped.out)
    assert {alto.id, bass.id} == set(stopped.after_finish)
    assert (alto.target, bass.target) == ("alto", "bass")
    for entry in (alto, bass):
        assert entry.source == "own-voice"
        assert (entry.key_shift_semitones, entry.seed, entry.seconds) == (-4, 8, 0.49)


def test_a_trace_of_ones_own_recording_says_whose_it_is(stopped):
    for name in stopped.after_finish:
        manifest = open_trace(stopped.out / name).manifest
        assert manifest.frames == 46  # half a second
        assert manifest.attribution == ["Me, 2025"]
        assert manifest.source.licence == "all rights reserved"
        assert manifest.source.file == "me.wav"


def test_a_trace_names_the_model_that_made_it(stopped, tiny_model_path):
    facts = open_trace(stopped.out / next(iter(stopped.after_finish))).manifest.model
    assert facts.sha256_12 == model_hash(tiny_model_path)
    assert facts.parameters == sum(weight.numel() for weight in load_model(tiny_model_path).parameters())


def test_a_run_with_nothing_to_do_touches_nothing(stopped, capsys):
    assert main(stopped.arguments) == 0
    assert "2 already recorded" in capsys.readouterr().out
    assert traces_in(stopped.out) == stopped.after_finish


def test_another_part_of_a_recording_is_another_conversion(stopped, capsys):
    """The rest before the song is tried, and refused as silent, not taken for what is there already."""
    assert main([*stopped.arguments, "--start", "0.0", "--end", "0.5"]) == 1
    said = capsys.readouterr()
    assert "0 already recorded" in said.out
    assert said.err.count("silent") == 2


def test_a_phrase_of_the_corpus_that_is_recorded_is_left_alone(tiny_trace, from_corpus, tmp_path, capsys):
    shutil.copytree(tiny_trace.folder.parent, tmp_path / "out")
    before = traces_in(tmp_path / "out")
    assert main([*from_corpus, "--phrases", "hymn:bass", "--targets", "alto", "bass", "--seed", "3"]) == 0
    assert "1 conversions asked for, 1 already recorded." in capsys.readouterr().out
    assert traces_in(tmp_path / "out") == before


def test_a_trace_of_another_model_is_made_anew(tiny_trace, from_corpus, tmp_path, tiny_model, capsys):
    """Asked of a model that differs in one number; it stops before any sound, for the melody is beyond that model."""
    tiny_model.singer_f0_hz.fill_(4_000.0)
    save_model(tmp_path / "other.safetensors", tiny_model, tiny_model.state_dict())
    shutil.copytree(tiny_trace.folder.parent, tmp_path / "out")
    arguments = [*from_corpus, "--model", str(tmp_path / "other.safetensors"), "--seed", "3"]
    assert main([*arguments, "--phrases", "hymn:bass", "--targets", "alto"]) == 1
    assert "1 conversions asked for, 0 already recorded." in capsys.readouterr().out


def test_the_catalogue_can_be_rebuilt_alone(stopped, capsys):
    before = (stopped.out / "catalogue.csv").read_bytes()
    (stopped.out / "catalogue.csv").unlink()
    assert main(["--rebuild-catalogue", "--out", str(stopped.out)]) == 0
    assert "2 traces" in capsys.readouterr().out
    assert (stopped.out / "catalogue.csv").read_bytes() == before


def test_a_broken_trace_is_reported_by_the_rebuild(tmp_path, capsys):
    (tmp_path / "broken").mkdir()
    assert main(["--rebuild-catalogue", "--out", str(tmp_path)]) == 1
    (problem,) = capsys.readouterr().err.splitlines()
    assert "'broken'" in problem
    assert is_sentence(problem)


# what is refused


def refusal(capsys, arguments: list[str]) -> str:
    """The one sentence that is said on the way out with status 2."""
    assert main(arguments) == 2
    (message,) = capsys.readouterr().err.splitlines()
    assert message.startswith("precompute: ")
    assert is_sentence(message)
    return message


def skipped(capsys, arguments: list[str]) -> str:
    """The one sentence about a conversion that could not be made; the others would have been."""
    assert main(arguments) == 1
    said = [line for line in capsys.readouterr().err.replace("\r", "\n").splitlines() if "skipped" in line]
    assert len(said) == 1
    assert is_sentence(said[0])
    return said[0]


def test_an_unknown_singer_is_refused_with_those_there_are(from_corpus, capsys):
    message = refusal(capsys, [*from_corpus, "--phrases", "hymn", "--targets", "alto", "tenor"])
    assert "no singer tenor; it knows alto, bass." in message


def test_an_unknown_phrase_is_refused(from_corpus, capsys):
    assert "'gloria'" in refusal(capsys, [*from_corpus, "--phrases", "gloria", "--targets", "alto"])


def test_a_phrase_that_may_not_ship_is_refused(from_corpus, capsys):
    assert main([*from_corpus, "--phrases", "secret", "--targets", "alto"]) == 2
    assert "may not be published" in capsys.readouterr().err


def test_a_missing_model_is_refused(tmp_path, capsys):
    assert "--model is missing" in refusal(capsys, ["--targets", "alto"])
    assert "train a model first" in refusal(capsys, ["--model", str(tmp_path / "none"), *ASKED])


def test_a_file_that_is_no_model_is_refused(tmp_path, capsys):
    (tmp_path / "model.safetensors").write_text("weights")
    assert "not a whole safetensors file" in refusal(capsys, ["--model", str(tmp_path / "model.safetensors"), *ASKED])


def test_a_student_is_refused_before_anything_is_measured(tiny_model, base, tmp_path, capsys):
    """DDPM is what is asked for where nothing is said."""
    student = VoiceConverter(as_student(tiny_model.config), tiny_model.singers)
    save_model(tmp_path / "student.safetensors", student, student.state_dict())
    soundfile.write(tmp_path / "me.wav", np.zeros(24_000), 24_000)
    source = ["--source", str(tmp_path / "me.wav"), "--targets", "alto"]
    arguments = [*base, "--model", str(tmp_path / "student.safetensors"), *source]
    assert "this model is a student" in refusal(capsys, arguments)


def test_phrases_or_a_source_but_not_both_and_not_neither(base, from_corpus, capsys):
    for arguments in ([*base], [*from_corpus, "--phrases", "hymn", "--source", "me.wav"]):
        assert "either --corpus with --phrases, or --source" in refusal(capsys, [*arguments, "--targets", "alto"])


def test_phrases_need_a_corpus_and_everybody_credited(base, tiny_corpus, tmp_path, capsys):
    arguments = [*base, "--phrases", "hymn", "--targets", "alto"]
    assert "--corpus" in refusal(capsys, arguments)
    assert main([*arguments, "--corpus", str(tiny_corpus.root)]) == 2  # the shipped credits know no 'alto'
    assert "nobody is credited for 'alto'" in capsys.readouterr().err
    missing = [*arguments, "--corpus", str(tiny_corpus.root), "--credits", str(tmp_path / "none.csv")]
    assert "none.csv: there is no such file" in refusal(capsys, missing)


def test_a_trace_thanks_those_whose_voices_trained_the_model(from_corpus, tmp_path):
    quick = ["--sampler", "ddim", "--steps", "2", "--detail", "light"]
    assert main([*from_corpus, *quick, "--phrases", "hymn:alto", "--targets", "bass"]) == 0
    (entry,) = read_catalogue(tmp_path / "out")
    manifest = open_trace(tmp_path / "out" / entry.id).manifest
    assert manifest.model.attribution == ["Made for tests, alto", "Made for tests, bass"]
    assert set(manifest.model.attribution) <= set(manifest.attribution)


def test_no_target_is_refused(from_corpus, capsys):
    """Otherwise the command would be done at once, and nobody would know why."""
    assert "--targets" in refusal(capsys, [*from_corpus, "--phrases", "hymn"])


def test_a_folder_that_is_no_corpus_is_refused(base, tmp_path, tiny_corpus, capsys):
    arguments = [*base, "--corpus", str(tmp_path), "--credits", str(tiny_corpus.root / "credits.csv")]
    assert "metadata.csv" in refusal(capsys, [*arguments, "--phrases", "hymn", "--targets", "alto"])


@pytest.mark.parametrize("nonsense", ["up", "1.5", "", "++2"])
def test_a_key_shift_of_nonsense_is_refused(base, capsys, nonsense):
    with pytest.raises(SystemExit) as caught:
        main([*base, "--source", "me.wav", "--targets", "alto", "--key-shift", nonsense])
    assert caught.value.code == 2
    assert f"'{nonsense}' is neither 'auto' nor a whole number of semitones" in capsys.readouterr().err


def test_a_missing_recording_is_refused_before_any_work(base, tmp_path, capsys):
    message = refusal(capsys, [*base, "--source", str(tmp_path / "gone.wav"), "--targets", "alto"])
    assert "gone.wav: there is no such file" in message


def test_a_key_out_of_range_is_skipped_with_a_sentence(base, tiny_corpus, capsys):
    source = str(tiny_corpus.root / "alto/test.wav")
    message = skipped(capsys, [*base, "--source", source, "--targets", "alto", "--key-shift", "36"])
    assert "+36 semitones" in message


def test_a_broken_recording_does_not_stop_the_others(base, tmp_path, capsys):
    """Both targets are tried, and both are said to have failed."""
    (tmp_path / "noise.wav").write_bytes(np.zeros(100).tobytes())
    assert main([*base, "--source", str(tmp_path / "noise.wav"), "--targets", "alto", "bass"]) == 1
    assert capsys.readouterr().err.count("skipped noise--own-voice--") == 2


def test_a_missing_folder_cannot_be_rebuilt(tmp_path, capsys):
    for check in ("--rebuild-catalogue", "--verify"):
        assert "nowhere" in refusal(capsys, [check, "--out", str(tmp_path / "nowhere")])


# plans, trials, checks


@pytest.fixture
def plan(tiny_model_path, tmp_path) -> Path:
    """Two light conversions by few steps."""
    path = tmp_path / "plan.toml"
    path.write_text(
        f'[[conversions]]\nmodel = "{tiny_model_path}"\nsources = ["hymn:bass"]\ntargets = ["alto"]\n'
        'samplers = ["ddim:3", "euler:3"]\ndetail = "light"\n',
        encoding="utf-8",
    )
    return path


@pytest.fixture
def planned(plan, tiny_corpus, tmp_path) -> list[str]:
    credited = ["--credits", str(tiny_corpus.root / "credits.csv")]
    return ["--plan", str(plan), "--corpus", str(tiny_corpus.root), *credited, "--out", str(tmp_path / "out")]


def test_a_plan_is_made_once_and_then_verified(planned, tmp_path, capsys):
    assert main([*planned, "--jobs", "1"]) == 0
    assert {entry.sampler for entry in read_catalogue(tmp_path / "out")} == {"ddim", "euler"}
    assert main([*planned, "--jobs", "1"]) == 0
    assert "2 conversions asked for, 2 already recorded." in capsys.readouterr().out
    assert main(["--verify", "--out", str(tmp_path / "out")]) == 0
    assert "2 of 2 traces" in capsys.readouterr().out
    (broken,) = (tmp_path / "out").glob("*euler*")
    data = bytearray((broken / "predicted.npy.gz").read_bytes())
    data[len(data) // 2] ^= 1
    (broken / "predicted.npy.gz").write_bytes(data)
    assert main(["--verify", "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    assert "1 of 2 traces" in said.out
    assert is_sentence(said.err.splitlines()[-1])
    assert "predicted.npy.gz is not what was written" in said.err


def test_a_dry_run_says_what_it_would_cost_and_makes_nothing(planned, tmp_path, capsys):
    assert main([*planned, "--dry-run", "--jobs", "1"]) == 0
    said = capsys.readouterr().out
    assert "2 conversions of 2 s of singing: about" in said
    assert is_sentence(said.splitlines()[-1])
    assert not (tmp_path / "out").exists()


def test_all_that_is_wrong_with_a_plan_is_said_before_any_work(planned, plan, tmp_path, capsys):
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace('"alto"', '"tenor"').replace("ddim:3", "ddim:0") + 'colour = "red"\n')
    assert main(planned) == 2
    problems = capsys.readouterr().err.splitlines()
    assert len(problems) == 3
    assert all(is_sentence(line) for line in problems)
    for what in ("tenor", "ddim:0", "colour"):
        assert sum(what in line for line in problems) == 1
    assert not (tmp_path / "out").exists()


def test_a_full_trace_will_do_where_a_light_one_is_wished_for(tiny_trace, from_corpus, tmp_path, capsys):
    shutil.copytree(tiny_trace.folder.parent, tmp_path / "out")
    asked = ["--phrases", "hymn:bass", "--targets", "alto", "--seed", "3", "--detail", "light"]
    assert main([*from_corpus, *asked]) == 0
    assert "1 already recorded." in capsys.readouterr().out


def test_a_folder_of_recordings_is_a_target(base, tiny_corpus, tmp_path, capsys):
    """One command: somebody's recordings, learnt, and converted into; the second time it is known."""
    (tmp_path / "friend").mkdir()
    samples = voice(contour(8.0, 180.0, 240.0, vibrato_cents=20), tract=1.1)
    soundfile.write(tmp_path / "friend" / "song.wav", samples, 24_000)
    source = ["--source", str(tiny_corpus.root / "bass/test.wav"), "--start", "0", "--end", "0.6"]
    quick = ["--sampler", "ddim", "--steps", "2", "--detail", "light", "--singers", str(tmp_path / "singers")]
    arguments = [*base, *source, *quick, "--target-recordings", str(tmp_path / "friend"), "--target-name", "a-friend"]
    assert main(arguments) == 0
    (entry,) = read_catalogue(tmp_path / "out")
    manifest = open_trace(tmp_path / "out" / entry.id).manifest
    assert (entry.source, entry.target) == ("own-voice", "a-friend")
    assert (manifest.reference.singer, manifest.reference.file) == ("a-friend", "song.wav")
    assert "a-friend" in load_model(tmp_path / "singers" / "a-friend.safetensors").singers
    assert main(arguments) == 0
    assert "1 already recorded." in capsys.readouterr().out


def test_a_target_is_named_or_learnt_and_not_both(base, tmp_path, capsys):
    arguments = [*base, "--source", "me.wav", "--targets", "alto", "--target-recordings", str(tmp_path)]
    assert "leave out --targets" in refusal(capsys, arguments)


def test_a_cluster_without_its_package_is_refused(planned, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert "pip install ray" in refusal(capsys, [*planned, "--cluster", "auto"])
