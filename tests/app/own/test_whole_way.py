"""The whole way with the real worker and the shipped models: sung, seen, converted, watched and forgotten."""

import io
import zipfile

import numpy as np
import pytest
import soundfile
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.own.limits import STUDENT, TEACHER, Limits
from app.own.routes import OWN_PATH, own_routes
from app.own.studio import Studio, command_with
from app.serving.library import library
from svc_core.traces.trace import open_trace
from tests.app.own.test_crew import wait_until
from tests.conftest import RATE_HZ, contour, voice

VISITOR = {"X-Visitor": "a" * 22}
TARGET = "makam-f3"
SECONDS = 2.0
FRAMES = 187  # whole ones, of 256 samples at 24 kHz


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """A worker takes seconds to start: it is warm for all tests here."""
    opened = Studio(Limits(), command_with(library()), tmp_path_factory.mktemp("own"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(opened):
    client = TestClient(Starlette(routes=own_routes(lambda: opened)), headers=VISITOR)
    assert client.get(f"{OWN_PATH}/able").json()["methods"] == [STUDENT, TEACHER]
    wait_until(lambda: not open_jobs(opened), limit_s=100)
    assert [job.problem for job in opened.desk._jobs.values()] == [""]
    return client


def open_jobs(opened):
    return [job for job in opened.desk._jobs.values() if job.state in ("waiting", "running")]


def sung(seconds=SECONDS):
    file = io.BytesIO()
    soundfile.write(file, voice(contour(seconds, 200, 260, vibrato_cents=40)), RATE_HZ, "PCM_16", format="WAV")
    return file.getvalue()


def ended(client, job):
    """Everything that was told of a job, until its end."""
    told = []

    def is_ended():
        told.append(client.get(f"{OWN_PATH}/jobs/{job}").json())
        return told[-1]["state"] not in ("waiting", "running")

    wait_until(is_ended, limit_s=100)
    return told


def send(client, sound, **headers):
    sent = client.post(f"{OWN_PATH}/takes", content=sound, headers=headers).json()
    return sent["take"], ended(client, sent["job"])[-1]


def test_from_singing_to_forgetting(client, opened, tmp_path):
    (pid,) = opened.crew.pids  # the worker that was made ready does it all
    take, looked = send(client, sung())
    look = looked["result"]
    assert look["frames"] == FRAMES and look["seconds"] == pytest.approx(SECONDS)
    assert 190 < look["f0"]["low_hz"] < look["f0"]["median_hz"] < look["f0"]["high_hz"] < 275
    (wanted,) = [target for target in look["targets"] if target["name"] == TARGET]
    assert wanted["problem"] == ""

    def fetch(name):
        answer = client.get(f"{OWN_PATH}/takes/{take}/files/{name}")
        assert answer.status_code == 200, name
        return answer.content

    def check_pictures(mel, f0):
        assert len(fetch(mel)) == look["grid"]["n_mels"] * FRAMES
        f0_hz = np.frombuffer(fetch(f0), "<u2") / 10
        assert len(f0_hz) == FRAMES and (f0_hz > 0).mean() > 0.5

    check_pictures("mel.bin", "f0.bin")
    assert soundfile.info(io.BytesIO(fetch("recording.flac"))).duration == pytest.approx(SECONDS)

    for method, steps in ((STUDENT, 1), (TEACHER, 40)):
        asked = {"method": method, "target": TARGET, "key_shift": None, "seed": 3}
        job = client.post(f"{OWN_PATH}/takes/{take}/conversions", json=asked).json()["job"]
        told = ended(client, job)
        result = told[-1]["result"]
        assert any(one["state"] == "running" and "early" in one for one in told)
        assert told[-1]["early"]["sound"] == result["sound"]
        assert asked | {"key_shift": wanted["key_shift"]} == {name: result[name] for name in asked}
        assert result["frames"] == FRAMES and result["seconds"] > 0
        assert result["scores"]["f0_corr"] > 0.8
        check_pictures(result["mel"], result["f0"])
        sound, rate_hz = soundfile.read(io.BytesIO(fetch(result["sound"])))
        assert rate_hz == RATE_HZ and len(sound) == pytest.approx(SECONDS * RATE_HZ, abs=256)
        assert np.sqrt(np.mean(sound**2)) > 0.01
        assert b"synthetic" in fetch(result["sound"])[:4096].lower()  # its tag says so

        assert result["trace"]["steps"] == steps
        packed = client.get(result["packed"][1:])
        with zipfile.ZipFile(io.BytesIO(packed.content)) as file:
            file.extractall(tmp_path)
        trace = open_trace(tmp_path / result["trace"]["id"])
        assert trace.manifest.source.singer == "you" and trace.manifest.sampler.steps == steps
        assert trace.result_levels().shape == (look["grid"]["n_mels"], FRAMES)
        fetch(f"traces/{trace.id}/trace.json")

    assert opened.crew.pids == [pid]
    for name in ("sent", "samples.npy", "features.npz", "origin.json"):
        assert client.get(f"{OWN_PATH}/takes/{take}/files/{name}").status_code == 404
    assert client.post(f"{OWN_PATH}/takes/{take}/forget").status_code == 204
    assert take not in [path.name for path in opened.takes.root.iterdir()]


def test_an_example_keeps_its_singer_s_name_in_the_trace(client):
    entry = library().catalogue().entry(0)
    source = library().open(entry).manifest.source
    take, looked = send(client, sung(), **{"X-Example": entry.id})
    assert looked["state"] == "done"
    asked = {"method": STUDENT, "target": TARGET}
    job = client.post(f"{OWN_PATH}/takes/{take}/conversions", json=asked).json()["job"]
    trace = ended(client, job)[-1]["result"]["trace"]["id"]
    told = client.get(f"{OWN_PATH}/takes/{take}/files/traces/{trace}/trace.json").json()
    for name in ("singer", "phrase", "song", "licence", "attribution"):
        assert told["source"][name] == getattr(source, name)
    assert source.attribution in told["attribution"]


def test_what_cannot_be_converted_is_said_and_the_worker_goes_on(client, opened):
    (pid,) = opened.crew.pids
    for sound in (b"no sound at all", sung(0.3), b"RIFF" + bytes(1000)):
        _, told = send(client, sound)
        assert told["state"] == "failed" and told["problem"].endswith(".") and "unexpected" not in told["problem"]
    take, _ = send(client, sung())
    for wrong in ({"target": "nobody"}, {"target": TARGET, "key_shift": 36}):
        asked = {"method": STUDENT} | wrong
        told = ended(client, client.post(f"{OWN_PATH}/takes/{take}/conversions", json=asked).json()["job"])[-1]
        assert told["state"] == "failed" and told["problem"][0].isupper()
    assert opened.crew.pids == [pid]
