"""One's own voice over HTTP: whole ways with a stand-in for the worker, and everything that may be sent wrongly."""

import sys
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.own import routes, studio
from app.own.limits import LOOK, STUDENT, TEACHER, Limits
from app.own.routes import OWN_PATH, own_routes
from app.own.studio import Studio
from tests.app.own.test_crew import wait_until

# Looks at what was sent, and "converts" it by writing who was asked for.
PROGRAM = """
import json, pathlib, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    folder = pathlib.Path(asked["folder"])
    sent = (folder / "sent").read_bytes()
    if sent == b"slow" and asked["do"] != "look":
        time.sleep(60)
    if sent == b"silence":
        print(json.dumps({"problem": "Nothing is to be heard."}), flush=True)
        continue
    print(json.dumps({"share": 0.5, "words": "half"}), flush=True)
    (folder / "made.txt").write_text(json.dumps(asked))
    print(json.dumps({"done": {"bytes": len(sent), "file": "made.txt"}}), flush=True)
"""
ANN, BEN = {"X-Visitor": "a" * 22}, {"X-Visitor": "b" * 22}


@pytest.fixture
def able(monkeypatch):
    """As if everything were installed; a list to take from."""
    found = [STUDENT, TEACHER]
    for module in (studio, routes):
        monkeypatch.setattr(module, "methods", lambda: tuple(found))
    return found


@pytest.fixture
def opened(tmp_path, able):
    limits = replace(Limits(), workers=1, most_bytes=1000, most_each=2)
    opened = Studio(limits, [sys.executable, "-c", PROGRAM], tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def client(opened):
    return TestClient(Starlette(routes=own_routes(lambda: opened)))


def send(client, sound=b"sound", headers=ANN):
    return client.post(f"{OWN_PATH}/takes", content=sound, headers=headers)


def state(client, job):
    return client.get(f"{OWN_PATH}/jobs/{job}").json()


def ended(client, job):
    wait_until(lambda: state(client, job)["state"] not in ("waiting", "running"))
    return state(client, job)


def convert(client, take, headers=ANN, **asked):
    asked = {"method": STUDENT, "target": "makam-f3"} | asked
    return client.post(f"{OWN_PATH}/takes/{take}/conversions", json=asked, headers=headers)


def test_a_recording_is_looked_at_and_converted_and_fetched(client):
    sent = send(client)
    assert sent.status_code == 201
    take, job = sent.json()["take"], sent.json()["job"]
    assert ended(client, job) == {"state": "done", "result": {"bytes": 5, "file": "made.txt"}}
    job = convert(client, take, key_shift=-3, start_s=0.5, end_s=2, seed=7).json()["job"]
    assert ended(client, job)["state"] == "done"
    made = client.get(f"{OWN_PATH}/takes/{take}/files/made.txt")
    assert made.json() == {
        "do": STUDENT, "folder": made.json()["folder"], "target": "makam-f3", "key_shift": -3, "seed": 7,
        "start_s": 0.5, "end_s": 2,
    }  # fmt: skip
    assert made.headers["cache-control"] == "no-store"


def test_what_cannot_be_used_is_said_in_a_sentence(client):
    job = send(client, b"silence").json()["job"]
    assert ended(client, job) == {"state": "failed", "problem": "Nothing is to be heard."}


def test_waiting_is_told_with_its_place(client):
    takes = [send(client, b"slow", headers).json() for headers in (ANN, BEN)]
    for take in takes:
        ended(client, take["job"])
    first = convert(client, takes[0]["take"]).json()["job"]
    wait_until(lambda: state(client, first)["state"] == "running")
    second = convert(client, takes[1]["take"], BEN).json()["job"]
    told = state(client, second)
    assert (told["state"], told["ahead"], told["share"]) == ("waiting", 1, 0.0) and told["left_s"] > 0
    assert client.delete(f"{OWN_PATH}/jobs/{second}").status_code == 204
    assert state(client, second) == {"state": "cancelled"}
    assert client.delete(f"{OWN_PATH}/jobs/{first}").status_code == 204
    assert ended(client, first) == {"state": "cancelled"}


@pytest.mark.parametrize("way", ["delete", "post"])
def test_forgetting_takes_everything_away(client, opened, way):
    sent = send(client).json()
    ended(client, sent["job"])
    (folder,) = opened.takes.root.iterdir()
    address = f"{OWN_PATH}/takes/{sent['take']}"
    answer = client.delete(address) if way == "delete" else client.post(f"{address}/forget")
    assert answer.status_code == 204 and not folder.exists()
    assert client.get(f"{address}/files/made.txt").status_code == 404
    assert client.get(f"{OWN_PATH}/jobs/{sent['job']}").status_code == 404
    assert convert(client, sent["take"]).json() == {"problem": "This recording is no longer here; please record again."}
    assert client.delete(address).status_code == 404


def test_too_large_empty_or_nobody_s_recordings_leave_nothing(client, opened):
    def chunks():
        for _ in range(3):
            yield b"x" * 400  # no length is announced

    for sound, status, said in (
        (b"x" * 1001, 413, "larger than"),
        (chunks(), 413, "larger than"),
        (b"", 400, "is empty"),
    ):
        answer = send(client, sound)
        assert (answer.status_code, said in answer.json()["problem"]) == (status, True)
    for visitor in ({}, {"X-Visitor": "short"}, {"X-Visitor": "../../etc/passwd-long-enough"}):
        assert send(client, headers=visitor).status_code == 400
    assert list(opened.takes.root.iterdir()) == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"method": "magic"}, "no method 'magic'; it has student, teacher"),
        ({"target": ""}, "names no target"),
        ({"target": 7}, "names no target"),
        ({"target": "x" * 101}, "names no target"),
        ({"key_shift": 1.5}, "whole semitones"),
        ({"key_shift": True}, "whole semitones"),
        ({"key_shift": 99}, "whole semitones"),
        ({"start_s": -1}, "begins at 0 s or later"),
        ({"start_s": 3, "end_s": 2}, "begins at 0 s or later"),
        ({"start_s": "now"}, "begins at 0 s or later"),
        ({"seed": -1}, "A seed is"),
        ({"seed": 1 << 31}, "A seed is"),
    ],
)
def test_conversions_that_cannot_be_are_refused(client, asked, said):
    take = send(client).json()["take"]
    answer = convert(client, take, **asked)
    assert answer.status_code == 400 and said in answer.json()["problem"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b'{"method": "' + b"x" * 5000 + b'"}', b"\xff\xfe"])
def test_requests_that_are_no_json_are_refused(client, body):
    take = send(client).json()["take"]
    answer = client.post(f"{OWN_PATH}/takes/{take}/conversions", content=body, headers=ANN)
    assert answer.status_code == 400 and "no JSON object" in answer.json()["problem"]


def test_one_visitor_cannot_take_all(client):
    take = send(client, b"slow").json()
    ended(client, take["job"])
    assert [convert(client, take["take"]).status_code for _ in range(3)] == [201, 201, 429]
    other = send(client, b"sound", BEN)
    assert other.status_code == 201


@pytest.mark.parametrize("name", ["sent", "../sent", "%2e%2e/x", "", "gone", "./sent"])
def test_nothing_but_what_was_made_is_handed_out(client, name):
    sent = send(client).json()
    ended(client, sent["job"])
    assert client.get(f"{OWN_PATH}/takes/{sent['take']}/files/{name}").status_code == 404


def test_a_server_that_cannot_convert_says_so(client, able, opened):
    able.clear()
    answer = send(client)
    assert answer.status_code == 503 and "requirements-own.txt" in answer.json()["problem"]
    assert client.get(f"{OWN_PATH}/able").json()["methods"] == []
    assert list(opened.takes.root.iterdir()) == []


def test_looking_keeps_a_take_and_time_takes_it_away(opened, client, monkeypatch):
    take = send(client).json()
    ended(client, take["job"])
    monkeypatch.setattr(studio, "SWEPT_EVERY_S", 0.05)
    quick = Studio(replace(opened.limits, kept_s=0.1), [sys.executable, "-c", PROGRAM], opened.takes.root)
    key, folder = quick.takes.create()
    wait_until(lambda: not folder.exists())
    assert quick.takes.folder(key) is None
    quick.close()
    assert client.get(f"{OWN_PATH}/takes/{take['take']}/files/made.txt").status_code == 200


def test_what_is_needed_decides_the_methods(monkeypatch):
    installed = {"soundfile", "librosa", "pyworld", "torch", "onnxruntime"}
    monkeypatch.setattr(studio.importlib.util, "find_spec", lambda name: object() if name in installed else None)
    assert studio.methods() == (STUDENT, TEACHER)
    installed.remove("torch")
    assert studio.methods() == (STUDENT,)
    installed.remove("onnxruntime")
    assert studio.methods() == ()
    installed |= {"torch"}
    installed.remove("pyworld")
    assert studio.methods() == ()


def test_kinds_have_their_times():
    limits = Limits()
    assert set(limits.allowed_s) == set(limits.usual_s) == {LOOK, STUDENT, TEACHER}
