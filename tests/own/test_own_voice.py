"""The worker's program: its lines, whatever is asked of it, with torch and without."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from svc_core import own_voice
from svc_core.conversion.key import ConversionError
from svc_core.light.files import LightError
from svc_core.metrics.alignment import MetricError
from svc_core.own.made import Making
from svc_core.own_voice import UNEXPECTED, open_voices, serve
from svc_core.sound.audio import AudioError
from svc_core.sound.features import FeatureError
from svc_core.traces.writing import WritingError
from tests.conftest import is_sentence
from tests.own.conftest import GRID, MODELS, REPOSITORY, TRACES, made_features, send, sung


class FakeVoices:
    """Converts nothing: keeps what it is asked for, tells a little, and fails as it is made to."""

    grid, methods, singers = GRID, ("student", "teacher"), {"alto": 330.0}

    def __init__(self, failure: BaseException | None = None, result: dict | None = None) -> None:
        self.failure, self.result, self.asked = failure, result, []

    def measure(self, samples: np.ndarray):
        return made_features(np.full(GRID.frame_count(len(samples)), 220.0))

    def sound(self, take, wanted, tell):
        self.watch(take, wanted, tell)
        return Making(take, "0a1b2c3d", wanted, 7)

    def figures(self, making, tell):
        self.asked.append(making)
        return {"method": making.wanted.method, "sound": making.address("converted.flac")}

    def watch(self, take, wanted, tell):
        self.asked.append((take.folder, wanted))
        tell.progress(1 / 3, "step 1 of 3")
        tell.early({"sound": "made/x/converted.flac"})
        if self.failure is not None:
            raise self.failure
        return self.result or {"method": wanted.method}


def answers(voices, *requests: object) -> list[dict]:
    """What it answers to lines, or to what is to be JSON."""
    lines = [request if isinstance(request, str) else json.dumps(request) for request in requests]
    out = io.StringIO()
    serve(voices, io.StringIO("\n".join(lines) + "\n"), out)
    assert out.getvalue().endswith("\n")
    return [json.loads(line) for line in out.getvalue().splitlines()]


def ask(folder: Path | str, do: str = "teacher", target: str = "alto", key_shift=None, seed: int = 0) -> dict:
    return {"do": do, "folder": str(folder), "target": target, "key_shift": key_shift, "seed": seed}


# line by line


def test_it_ends_with_its_input():
    """As when the server that asked is gone."""
    out = io.StringIO()
    serve(FakeVoices(), io.StringIO(""), out)
    assert out.getvalue() == ""


def test_progress_the_early_sound_and_the_end_are_a_line_each(tmp_path):
    voices = FakeVoices()
    assert answers(voices, ask(tmp_path, key_shift=-3, seed=9)) == [
        {"share": 0.333, "words": "step 1 of 3"},
        {"early": {"sound": "made/x/converted.flac"}},
        {"done": {"method": "teacher"}},
    ]
    ((folder, wanted),) = voices.asked
    assert folder == tmp_path
    assert (wanted.method, wanted.target, wanted.key_shift, wanted.seed) == ("teacher", "alto", -3, 9)


def test_a_students_figures_are_asked_for_later(tmp_path):
    """The line that ends its sound is the request, with the key that was taken and the folder's name."""
    voices, wish = FakeVoices(), ask(tmp_path, do="student", seed=9)
    *_, end = answers(voices, wish)
    assert end == {"later": wish | {"do": "figures", "name": "0a1b2c3d", "key_shift": 7}}
    assert answers(voices, end["later"]) == [{"done": {"method": "student", "sound": "made/0a1b2c3d/converted.flac"}}]
    making = voices.asked[-1]
    assert (making.take.folder, making.key_shift, making.wanted.seed) == (tmp_path, 7, 9)


@pytest.mark.parametrize("change", [{"name": "../../etc"}, {"name": ""}, {"name": "0A1B2C3D"}, {"key_shift": None}])
def test_figures_of_no_conversion_are_refused(tmp_path, change):
    asked = ask(tmp_path, do="figures", key_shift=7) | {"name": "0a1b2c3d"} | change
    assert answers(FakeVoices(), asked) == [{"problem": UNEXPECTED}]


@pytest.mark.parametrize("kind", [AudioError, ConversionError, FeatureError, LightError, MetricError, WritingError])
def test_what_the_engine_tells_is_told_as_a_sentence(tmp_path, kind):
    told = answers(FakeVoices(kind("a key shift of +30 is too much; choose a smaller one.")), ask(tmp_path))
    assert told[-1] == {"problem": "A key shift of +30 is too much; choose a smaller one."}


def test_no_memory_is_told(tmp_path):
    assert "not enough memory" in answers(FakeVoices(MemoryError()), ask(tmp_path))[-1]["problem"]


@pytest.mark.parametrize(
    "failure", [RuntimeError("CUDA in /home/me"), KeyError("x"), OSError("disk"), AssertionError()]
)
def test_anything_else_is_one_sentence_without_its_words(tmp_path, failure, capsys):
    assert answers(FakeVoices(failure), ask(tmp_path))[-1] == {"problem": UNEXPECTED}
    assert is_sentence(UNEXPECTED)
    assert type(failure).__name__ in capsys.readouterr().err


def test_what_is_no_number_is_no_answer(tmp_path):
    """NaN is no JSON: a browser could not read the line."""
    told = answers(FakeVoices(result={"rpa": float("nan")}), ask(tmp_path))
    assert told[-1] == {"problem": UNEXPECTED} and len(told) == 3


BAD = [
    "",
    "{",
    "[]",
    "null",
    '"warm"',
    {},
    {"do": "dance"},
    {"do": "look"},
    {"do": "student", "folder": "/nowhere"},
    ask("/nowhere", target="nobody"),
    ask("/nowhere", seed="many"),
    {"do": "look", "folder": "/nowhere"},
    {"do": "look", "folder": "/nowhere", "origin": {"path": "/etc/passwd"}},
]


@pytest.mark.parametrize("bad", BAD, ids=[json.dumps(bad) for bad in BAD])
def test_a_bad_request_is_one_line_and_the_next_is_answered(tmp_path, bad):
    first, *rest = answers(FakeVoices(), bad, ask(tmp_path))
    assert list(first) == ["problem"] and is_sentence(first["problem"]) and "nowhere" not in first["problem"]
    assert rest[-1] == {"done": {"method": "teacher"}}


def test_an_unknown_voice_is_told_with_those_there_are(tmp_path):
    (told,) = answers(FakeVoices(), ask(tmp_path, target="nobody"))
    assert told == {"problem": "There is no voice 'nobody'; there are alto."}


def test_looking_takes_the_origin_of_an_example(tmp_path):
    origin = {"singer": "alto", "phrase": "hymn", "song": "", "licence": "CC BY 4.0", "attribution": "Made for tests"}
    for given, singer in ((origin, "alto"), (None, "you")):
        send(tmp_path, sung())
        (told,) = answers(FakeVoices(), {"do": "look", "folder": str(tmp_path), "origin": given})
        assert told["done"]["targets"][0]["key_shift"] == 7
        assert json.loads((tmp_path / "origin.json").read_text(encoding="utf-8"))["singer"] == singer


def test_what_a_look_refuses_is_told(tmp_path):
    send(tmp_path, np.zeros(48_000))
    (told,) = answers(FakeVoices(), {"do": "look", "folder": str(tmp_path)})
    assert told == {"problem": "Your recording: silent (peak under -60 dBFS); record it louder or choose another part."}


def test_without_torch_the_export_is_opened(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert type(open_voices(MODELS, TRACES, 1)).__name__ == "LightVoices"


# the program

PROGRAM = f"""
import json, os, sys
from importlib.machinery import PathFinder
class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in sys.argv[1].split(",") else super().find_spec(name, path, target)
sys.meta_path = [Finder if finder is PathFinder else finder for finder in sys.meta_path]
from svc_core import own_voice
own_voice.main(["--threads", "1", "--models", {str(MODELS)!r}, "--traces", {str(TRACES)!r}])
told = [sorted({{name.split(".")[0] for name in sys.modules}}), os.nice(0)]
print(json.dumps(told), file=sys.stderr)
"""
WITHOUT_TORCH = "torch,torchaudio,resemblyzer,sklearn,safetensors"


@pytest.fixture(scope="module", params=["", WITHOUT_TORCH], ids=["with torch", "without torch"])
def worked(request, tmp_path_factory):
    """A whole session: whether torch was there, its lines, the modules it had loaded, its niceness, and the two folders
    that it could write to."""
    folder, temporary = tmp_path_factory.mktemp("take"), tmp_path_factory.mktemp("temporary")
    send(folder, sung())
    look = {"do": "look", "folder": str(folder), "origin": None}
    asked = [{"do": "warm"}, look, {"do": "student"}, ask(folder, "student", "makam-f3", seed=1)]
    asked += [ask(folder, "student", "makam-f3", 36), ask(folder, "student", "pjs-m1", 1)]
    environment = os.environ | {"TMPDIR": str(temporary), "PYTHONWARNINGS": "ignore"}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    command = [sys.executable, "-c", PROGRAM, request.param]
    lines = []
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment, text=True, **pipes) as program:
        while asked:
            program.stdin.write(json.dumps(asked.pop(0)) + "\n")
            program.stdin.flush()
            while not lines or not {"done", "problem", "later"} & set(lines[-1]):
                line = program.stdout.readline()
                assert line, program.stderr.read()[-2_000:]
                lines.append(json.loads(line))
            if "later" in lines[-1]:
                asked.insert(0, lines[-1]["later"])
            lines.append({})  # the next begins
        rest, told = program.communicate(timeout=60)
    assert program.returncode == 0 and rest == ""
    modules, nice = json.loads(told.splitlines()[-1])
    return request.param == "", [line for line in lines if line], set(modules), nice, folder, temporary


def test_every_line_is_one_of_its_own(worked):
    """Libraries that print would be taken for an answer."""
    _, lines, *_ = worked
    assert {tuple(line) for line in lines} == {("done",), ("problem",), ("later",), ("early",), ("share", "words")}
    ends = [kind for line in lines for kind in line if kind in ("done", "problem", "later")]
    assert ends == ["done", "done", "problem", "later", "done", "problem", "later", "done"]


def test_it_tells_what_it_can(worked):
    with_torch, lines, *_ = worked
    assert lines[0] == {"done": {"methods": ["student", "teacher"] if with_torch else ["student"]}}


def test_it_looks_and_converts(worked):
    with_torch, lines, _, _, folder, _ = worked
    _, looked, first, second = [line["done"] for line in lines if "done" in line]
    assert looked["frames"] == 140 and len(looked["targets"]) == 7
    assert (first["target"], second["target"], second["key_shift"]) == ("makam-f3", "pjs-m1", 1)
    early = [line["early"] for line in lines if "early" in line]
    assert [facts["sound"] for facts in early] == [first["sound"], second["sound"]]
    for made in (first, second):
        assert (folder / made["sound"]).is_file() and made["scores"]["rpa"] > 0.5
        assert (made["trace"] is not None) == with_torch


def test_a_problem_is_a_sentence_without_a_path(worked):
    lines = worked[1]
    unexpected, out_of_range = [line["problem"] for line in lines if "problem" in line]
    assert unexpected == UNEXPECTED
    assert out_of_range.startswith("A key shift of +36 semitones takes the melody to") and is_sentence(out_of_range)


def test_nothing_is_left_outside_the_take(worked):
    """Nor half a file in it."""
    *_, folder, temporary = worked
    assert list(temporary.iterdir()) == []
    assert [path.name for path in folder.rglob(".*") if path.name != ".lock"] == []


def test_it_loads_no_page_and_without_torch_nothing_heavy(worked):
    with_torch, _, modules, *_ = worked
    assert not modules & {"streamlit", "app", "altair", "matplotlib"}
    if not with_torch:
        assert not modules & set(WITHOUT_TORCH.split(",")) and "onnxruntime" in modules


def test_pages_come_before_it(worked):
    assert worked[3] == min(own_voice.NICE + os.nice(0), 19) and own_voice.NICE > 0
