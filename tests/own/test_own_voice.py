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

    def convert(self, take, wanted, tell):
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


def ask(folder: Path | str, do: str = "student", target: str = "alto", key_shift=None, seed: int = 0) -> dict:
    return {"do": do, "folder": str(folder), "target": target, "key_shift": key_shift, "seed": seed}


# line by line


def test_progress_the_early_sound_and_the_end_are_a_line_each(tmp_path):
    voices = FakeVoices()
    assert answers(voices, ask(tmp_path, key_shift=-3, seed=9)) == [
        {"share": 0.333, "words": "step 1 of 3"},
        {"early": {"sound": "made/x/converted.flac"}},
        {"done": {"method": "student"}},
    ]
    ((folder, wanted),) = voices.asked
    assert folder == tmp_path
    assert (wanted.method, wanted.target, wanted.key_shift, wanted.seed) == ("student", "alto", -3, 9)


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
    assert rest[-1] == {"done": {"method": "student"}}


def test_an_unknown_voice_is_told_with_those_there_are(tmp_path):
    (told,) = answers(FakeVoices(), ask(tmp_path, target="nobody"))
    assert told == {"problem": "There is no voice 'nobody'; there are alto."}


def test_looking_takes_the_origin_of_an_example(tmp_path):
    send(tmp_path, sung())
    origin = {"singer": "alto", "phrase": "hymn", "song": "", "licence": "CC BY 4.0", "attribution": "Made for tests"}
    for given, singer in ((origin, "alto"), (None, "you")):
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
import json, sys
from importlib.machinery import PathFinder
class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in sys.argv[1].split(",") else super().find_spec(name, path, target)
sys.meta_path = [Finder if finder is PathFinder else finder for finder in sys.meta_path]
from svc_core import own_voice
own_voice.main(["--threads", "1", "--models", {str(MODELS)!r}, "--traces", {str(TRACES)!r}])
print(json.dumps(sorted({{name.split(".")[0] for name in sys.modules}})), file=sys.stderr)
"""
WITHOUT_TORCH = "torch,torchaudio,resemblyzer,sklearn,safetensors"


@pytest.fixture(scope="module", params=["", WITHOUT_TORCH], ids=["with torch", "without torch"])
def worked(request, tmp_path_factory):
    """A whole session: how it was, its lines, the modules it had loaded, and the two folders it could write to."""
    folder, temporary = tmp_path_factory.mktemp("take"), tmp_path_factory.mktemp("temporary")
    send(folder, sung())
    look = {"do": "look", "folder": str(folder), "origin": None}
    asked = [{"do": "warm"}, look, {"do": "student"}, ask(folder, target="makam-f3", seed=1)]
    asked += [ask(folder, target="makam-f3", key_shift=36), ask(folder, target="pjs-m1", key_shift=1)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, request.param],
        cwd=REPOSITORY,
        input="".join(json.dumps(line) + "\n" for line in asked),
        env=os.environ | {"TMPDIR": str(temporary), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    modules = set(json.loads(done.stderr.splitlines()[-1]))
    return request.param == "", [json.loads(line) for line in done.stdout.splitlines()], modules, folder, temporary


def test_every_line_is_one_of_its_own(worked):
    """Libraries that print would be taken for an answer."""
    _, lines, *_ = worked
    assert {tuple(line) for line in lines} == {("done",), ("problem",), ("early",), ("share", "words")}
    ends = [next(iter(line)) for line in lines if "done" in line or "problem" in line]
    assert ends == ["done", "done", "problem", "done", "problem", "done"]


def test_it_tells_what_it_can(worked):
    with_torch, lines, *_ = worked
    assert lines[0] == {"done": {"methods": ["student", "teacher"] if with_torch else ["student"]}}


def test_it_looks_and_converts(worked):
    with_torch, lines, _, folder, _ = worked
    _, looked, first, second = [line["done"] for line in lines if "done" in line]
    assert looked["frames"] == 140 and len(looked["targets"]) == 7
    assert (first["target"], second["target"], second["key_shift"]) == ("makam-f3", "pjs-m1", 1)
    early = [line["early"] for line in lines if "early" in line]
    assert [facts["sound"] for facts in early] == [first["sound"], second["sound"]]
    for made in (first, second):
        assert (folder / made["sound"]).is_file() and made["scores"]["rpa"] > 0.5
        assert (made["trace"] is not None) == with_torch


def test_a_problem_is_a_sentence_without_a_path(worked):
    _, lines, _, folder, _ = worked
    unexpected, out_of_range = [line["problem"] for line in lines if "problem" in line]
    assert unexpected == UNEXPECTED
    assert out_of_range.startswith("A key shift of +36 semitones takes the melody to") and is_sentence(out_of_range)


def test_nothing_is_left_outside_the_take(worked):
    """Nor half a file in it."""
    _, _, _, folder, temporary = worked
    assert list(temporary.iterdir()) == []
    assert [path.name for path in folder.rglob(".*") if path.name != ".lock"] == []


def test_it_loads_no_page_and_without_torch_nothing_heavy(worked):
    with_torch, _, modules, *_ = worked
    assert not modules & {"streamlit", "app", "altair", "matplotlib"}
    if not with_torch:
        assert not modules & set(WITHOUT_TORCH.split(",")) and "onnxruntime" in modules


def test_it_ends_with_its_input():
    """As when the server that asked is gone; from a folder without models it says why it cannot begin."""
    command = [sys.executable, "-m", "svc_core.own_voice", "--models", "/nowhere"]
    done = subprocess.run(command, cwd=REPOSITORY, input="", capture_output=True, text=True, timeout=120)
    assert done.returncode != 0 and done.stdout == ""
    assert own_voice.NICE == 10
