"""Half a second of one's own singing, and traces of it that are quick to make: light, by Heun, and by a student."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from svc_core.conversion.engine import LoadedModel, Making, record_one
from svc_core.conversion.job import Credit, Excerpt, Job
from svc_core.conversion.material import Source, measure_source
from svc_core.conversion.record import ModelFacts
from svc_core.model.checkpoint import load_model
from svc_core.model.system import VoiceConverter
from svc_core.model.weights import Guidance
from svc_core.traces.trace import Trace, open_trace
from svc_core.training.objectives import as_student
from tests.conftest import RATE_HZ, contour, voice

FACTS = ModelFacts("0" * 12, 1, ("Made for tests, the model",))
OWN = Credit("own-voice", "all rights reserved", "own recording")


def own_excerpt(path: Path, end_s: float | None = None) -> Excerpt:
    return Excerpt(path, 0.0, end_s, "own-voice", path.stem, path.stem, OWN)


def student_of(teacher: VoiceConverter) -> VoiceConverter:
    """The teacher's weights under a student's boundary condition: untaught, but sampled as students are."""
    student = VoiceConverter(as_student(teacher.config), teacher.singers)
    student.load_state_dict(teacher.state_dict())
    return student.eval()


@pytest.fixture(scope="session")
def own_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second at 220 Hz with vibrato, under a name with a space in it."""
    path = tmp_path_factory.mktemp("own") / "la la.wav"
    soundfile.write(path, voice(contour(0.5, 220.0, vibrato_cents=30)), RATE_HZ)
    return path


@pytest.fixture(scope="session")
def short_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A third of a second gliding up from 180 Hz."""
    path = tmp_path_factory.mktemp("short") / "oh.wav"
    soundfile.write(path, voice(contour(0.35, 180.0, 240.0), seed=1), RATE_HZ)
    return path


@pytest.fixture(scope="session")
def own_source(own_path, tiny_config) -> Source:
    return measure_source(own_excerpt(own_path), tiny_config)


@pytest.fixture(scope="session")
def short_source(short_path, tiny_config) -> Source:
    return measure_source(own_excerpt(short_path), tiny_config)


@pytest.fixture(scope="session")
def teacher(tiny_model_path) -> LoadedModel:
    """Nobody may change it."""
    return LoadedModel(load_model(tiny_model_path), FACTS)


@pytest.fixture(scope="session")
def student(teacher) -> LoadedModel:
    return LoadedModel(student_of(teacher.model), FACTS)


@pytest.fixture(scope="session")
def make_trace(tmp_path_factory) -> Callable[..., Trace]:
    """A job to its trace, by that model and with those singers to compare with."""

    def make(job: Job, loaded: LoadedModel, voices=None) -> Trace:
        out = tmp_path_factory.mktemp("made")
        made = record_one(job, loaded, Making(out, "griffin-lim", voices or {}))
        assert [made.id] == [path.name for path in out.iterdir() if path.is_dir()]
        return open_trace(out / made.id)

    return make


@pytest.fixture(scope="session")
def light_trace(own_path, teacher, make_trace) -> Trace:
    """One's own recording five semitones lower by DDPM, in little detail, guided, and without its loudness."""
    guidance = Guidance(singer=1.5)
    job = Job(own_excerpt(own_path), "bass", None, -5, 7, guidance=guidance, without=("loudness",), detail="light")
    return make_trace(job, teacher)


@pytest.fixture(scope="session")
def heun_trace(own_path, teacher, make_trace) -> Trace:
    """One's own recording by four steps of Heun's method, in full detail."""
    return make_trace(Job(own_excerpt(own_path), "bass", None, -5, 2, "heun", 4), teacher)


@pytest.fixture(scope="session")
def student_traces(short_path, student, make_trace) -> dict[int, Trace]:
    """By number of steps: one, two and four of a consistency model."""
    return {
        steps: make_trace(Job(own_excerpt(short_path), "bass", None, 0, 0, "consistency", steps), student)
        for steps in (1, 2, 4)
    }
