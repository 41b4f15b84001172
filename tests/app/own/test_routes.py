"""One's own voice over HTTP: whole ways with a stand-in for the worker, and everything that may be sent wrongly."""

import io
import itertools
import json
import os
import sys
import zipfile
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.own import routes, studio
from app.own.limits import FIGURES, LOOK, STUDENT, TEACHER, WARM, Limits
from app.own.routes import OWN_PATH, own_routes
from app.own.studio import Studio, command_with
from svc_core.traces.trace import open_trace
from svc_core.traces.writing import write_trace
from tests.app.conftest import NAMES, show
from tests.app.own.test_crew import wait_until
from tests.support.coroutines import settled
from tests.support.hand_traces import hand_files, hand_manifest

# Looks at what was sent, and "converts" it: the recording's bytes are the sound, and what was asked for is its mel.
PROGRAM = """
import json, os, pathlib, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    if asked["do"] == "warm":
        print(json.dumps({"done": {}}), flush=True)
        continue
    folder = pathlib.Path(asked["folder"])
    sent = (folder / "sent").read_bytes()
    if sent == b"slow" and asked["do"] != "look":
        time.sleep(60)
    if sent == b"silence":
        print(json.dumps({"problem": "Nothing is to be heard."}), flush=True)
        continue
    print(json.dumps({"share": 0.5, "words": "half"}), flush=True)
    if asked["do"] == "look":
        (folder / "mel.bin").write_text(json.dumps(asked))
        (folder / "samples.npy").write_bytes(b"the worker's")
        print(json.dumps({"done": {"seconds": 3.2}}), flush=True)
        continue
    made = folder / "made" / "0a1b2c3d"
    made.mkdir(parents=True, exist_ok=True)
    (made / "converted.flac").write_bytes(sent)
    (made / "mel.bin").write_text(json.dumps(asked))
    print(json.dumps({"early": {"sound": "made/0a1b2c3d/converted.flac"}}), flush=True)
    if sent == b"early":
        time.sleep(60)
    trace = {"id": asked["target"], "steps": 40} if asked["do"] == "teacher" else None
    print(json.dumps({"done": {"mel": "made/0a1b2c3d/mel.bin", "trace": trace}}), flush=True)
"""
FILES = f"{OWN_PATH}/takes/{{take}}/files/{{name}}"
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


def fetch(client, take, name):
    return client.get(FILES.format(take=take, name=name))


def convert(client, take, headers=ANN, body=None, **asked):
    body = body or json.dumps({"method": STUDENT, "target": "makam-f3"} | asked)
    return client.post(f"{OWN_PATH}/takes/{take}/conversions", content=body, headers=headers)


def test_a_recording_is_looked_at_and_converted_and_fetched(client):
    sent = send(client)
    assert sent.status_code == 201
    take, job = sent.json()["take"], sent.json()["job"]
    assert ended(client, job) == {"state": "done", "result": {"seconds": 3.2}}
    job = convert(client, take, key_shift=-3, seed=7, start_s=0.5).json()["job"]
    told = ended(client, job)
    assert told["early"] == {"sound": "made/0a1b2c3d/converted.flac"}
    assert 0 <= told["result"].pop("seconds") < 20
    assert told["result"] == {"mel": "made/0a1b2c3d/mel.bin", "trace": None, "packed": None}
    asked = fetch(client, take, "made/0a1b2c3d/mel.bin").json()
    folder = asked.pop("folder")
    assert asked == {"do": STUDENT, "target": "makam-f3", "key_shift": -3, "seed": 7}
    assert folder.endswith(take)
    sound = fetch(client, take, "made/0a1b2c3d/converted.flac")
    assert (sound.content, sound.headers["content-type"]) == (b"sound", "audio/flac")
    for answer in (sound, sent, client.get(f"{OWN_PATH}/jobs/{job}"), client.get(f"{OWN_PATH}/able")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_can_be_heard_early_is_told_while_it_works(client):
    take = send(client, b"early").json()
    ended(client, take["job"])
    job = convert(client, take["take"]).json()["job"]
    wait_until(lambda: "early" in state(client, job))
    told = state(client, job)
    assert (told["state"], told["early"]) == ("running", {"sound": "made/0a1b2c3d/converted.flac"})
    assert fetch(client, take["take"], told["early"]["sound"]).content == b"early"


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
    assert fetch(client, sent["take"], "mel.bin").status_code == 404
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
        ({"method": "magic"}, "does not convert so; it has student, teacher"),
        ({"method": "\ud800"}, "does not convert so"),
        ({"method": ["student"]}, "does not convert so"),
        ({"method": "warm"}, "does not convert so"),
        ({"method": "look"}, "does not convert so"),
        ({"target": ""}, "names no target"),
        ({"target": 7}, "names no target"),
        ({"target": "x" * 101}, "names no target"),
        ({"key_shift": 1.5}, "whole semitones"),
        ({"key_shift": True}, "whole semitones"),
        ({"key_shift": 99}, "whole semitones"),
        ({"target": "\ud800"}, "names no target"),
        ({"target": "a\nb"}, "names no target"),
        ({"seed": -1}, "A seed is"),
        ({"seed": 1 << 31}, "A seed is"),
    ],
)
def test_conversions_that_cannot_be_are_refused(client, asked, said):
    take = send(client).json()["take"]
    answer = convert(client, take, body=json.dumps({"method": STUDENT, "target": "makam-f3"} | asked))
    assert answer.status_code == 400 and said in answer.json()["problem"]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"null", b'{"method": "' + b"x" * 5000 + b'"}', b"\xff\xfe", b"[" * 4000]
)
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


HOSTILE = (
    "sent", "samples.npy", "../sent", "%2e%2e/x", "", "gone", "./sent", "./mel.bin", "mel.bin/", "/mel.bin",
    "mel.bin\0", "\0", "a" * 5000, "made/0a1b2c3d", "made/0a1b2c3d/../../mel.bin", "made/../mel.bin",
    "made/x/mel.bin", f"made/{'0' * 300}/mel.bin", "traces", "traces/x", "traces//trace.json", "traces/../mel.bin",
    "traces/x/.hidden", f"traces/{'é' * 200}/trace.json", "traces/\ud800/trace.json", "\ud800", "C:\\x",
    "<script>.html",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_but_what_pages_need_is_handed_out(client, opened, name):
    """Names as they come from the network: no client has tidied them up."""
    sent = send(client).json()
    ended(client, sent["job"])
    for asked, status in (("mel.bin", 200), (name, 404)):
        told, _ = ask_raw(opened, FILES.format(take=sent["take"], name=asked), method="GET")
        assert told["status"] == status


@pytest.mark.parametrize("key", ["\0", "..", "x" * 5000, "é", "\ud800"])
def test_strange_keys_are_nobody_s(opened, key):
    for method, path in (
        ("GET", f"takes/{key}/files/mel.bin"),
        ("GET", f"takes/{key}/packed/x.zip"),
        ("DELETE", f"takes/{key}"),
        ("POST", f"takes/{key}/forget"),
        ("POST", f"takes/{key}/conversions"),
        ("GET", f"jobs/{key}"),
        ("DELETE", f"jobs/{key}"),
    ):
        assert ask_raw(opened, f"{OWN_PATH}/{path}", method=method)[0]["status"] == 404


@pytest.fixture
def traced(client, opened):
    """A take with a trace of the name "x" in it: the take's key and its folder."""
    sent = send(client).json()
    ended(client, sent["job"])
    folder = opened.takes.folder(sent["take"])
    manifest = hand_manifest("x", detail="own")
    write_trace(folder / "traces", manifest, hand_files(manifest))
    return sent["take"], folder


def test_a_trace_is_handed_on_by_files_and_packed(client, traced, tmp_path):
    take, folder = traced
    result = ended(client, convert(client, take, method=TEACHER, target="x").json()["job"])["result"]
    assert result["packed"] == f"./own/takes/{take}/packed/x.zip"
    answer = client.get(result["packed"][1:])
    assert answer.headers["content-type"] == "application/zip" and answer.headers["cache-control"] == "no-store"
    assert 'filename="x.zip"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        packed.extractall(tmp_path / "away")
    assert open_trace(tmp_path / "away" / "x").manifest == open_trace(folder / "traces" / "x").manifest
    for name, kind in (("trace.json", "application/json"), ("f0.npy.gz", "application/octet-stream")):
        file = fetch(client, take, f"traces/x/{name}")
        assert (file.status_code, file.headers["content-type"]) == (200, kind)
        assert file.content == (folder / "traces" / "x" / name).read_bytes()


def test_no_file_is_a_page(client, traced):
    take, folder = traced
    (folder / "traces" / "x" / "page.html").write_text("<script>alert(1)</script>")
    answer = fetch(client, take, "traces/x/page.html")
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("name", ["gone", "..", ".x", "\0", "é" * 200, "a" * 5000, "x\n", "../x", "C:\\x", "\ud800"])
def test_traces_that_are_none_are_not_packed(opened, traced, name):
    told, _ = ask_raw(opened, f"{OWN_PATH}/takes/{traced[0]}/packed/{name}.zip", method="GET")
    assert told["status"] == 404


def test_a_damaged_trace_is_not_packed(client, traced):
    take, folder = traced
    (folder / "traces" / "x" / "f0.npy.gz").write_bytes(b"")
    assert client.get(f"{OWN_PATH}/takes/{take}/packed/x.zip").status_code == 404


def test_the_address_of_a_trace_of_any_name_is_one(client, traced):
    take, folder = traced
    (folder / "traces" / "x").rename(folder / "traces" / "é #1%")
    result = ended(client, convert(client, take, method=TEACHER, target="é #1%").json()["job"])["result"]
    assert result["packed"] == f"./own/takes/{take}/packed/%C3%A9%20%231%25.zip"
    assert client.get(result["packed"][1:]).status_code == 404  # it says that it is another
    assert fetch(client, take, "traces/%C3%A9%20%231%25/trace.json").status_code == 200


def test_an_example_has_its_singer_s_name_and_others_have_none(client, own_traces):
    take = send(client).json()
    ended(client, take["job"])
    assert fetch(client, take["take"], "mel.bin").json()["origin"] is None
    client.delete(f"{OWN_PATH}/takes/{take['take']}")
    take = send(client, headers=ANN | {"X-Example": NAMES[0].replace("-", "%2D")}).json()
    ended(client, take["job"])
    source = hand_manifest().source
    assert fetch(client, take["take"], "mel.bin").json()["origin"] == {
        "singer": "bass", "phrase": "amen", "song": source.song, "licence": source.licence,
        "attribution": source.attribution,
    }  # fmt: skip


@pytest.mark.parametrize("example", ["", "gone", "..", "%00", "%ED%A0%80", "x" * 5000, "../traces/" + NAMES[0]])
def test_examples_that_are_none_leave_nothing(client, opened, own_traces, example):
    answer = send(client, headers=ANN | {"X-Example": example})
    assert answer.status_code == 400 and "no such example" in answer.json()["problem"]
    assert list(opened.takes.root.iterdir()) == []


def test_a_damaged_example_is_said(client, opened, own_traces):
    (own_traces / NAMES[0] / "trace.json").write_text("{")
    answer = send(client, headers=ANN | {"X-Example": NAMES[0]})
    assert answer.status_code == 503 and NAMES[0] in answer.json()["problem"]
    assert list(opened.takes.root.iterdir()) == []


def test_where_there_is_no_room_it_is_said(client, opened):
    opened.takes.limits = replace(opened.limits, most_takes=1)
    take = send(client).json()
    ended(client, take["job"])
    assert send(client, headers=BEN).status_code == 503
    opened.takes.limits = replace(opened.limits, most_stored_bytes=10)
    answer = convert(client, take["take"])
    assert answer.status_code == 503 and "Too many recordings" in answer.json()["problem"]
    client.delete(f"{OWN_PATH}/takes/{take['take']}")
    assert send(client, b"x" * 11).status_code == 503  # what was sent is counted too
    assert list(opened.takes.root.iterdir()) == []


def test_an_hour_s_conversions_have_an_end(client, opened):
    opened.desk.limits = replace(opened.limits, most_an_hour=1)
    take = send(client).json()
    ended(client, take["job"])
    ended(client, convert(client, take["take"]).json()["job"])
    answer = convert(client, take["take"])
    assert answer.status_code == 429 and "1 conversions an hour" in answer.json()["problem"]


@pytest.mark.parametrize("length", ["x", "-1", "1_0", "٣", "1" * 19])
def test_lengths_that_are_no_number_are_refused(opened, length):
    for path in ("takes", f"takes/{opened.takes.create()[0]}/conversions"):
        sent, read = ask_raw(opened, f"{OWN_PATH}/{path}", length, [b"x"])
        assert (sent["status"], read) == (400, 0)


def test_a_body_without_end_is_not_read_to_it(opened):
    take = opened.takes.create()[0]
    endless = itertools.repeat(b"x" * 1000)
    sent, read = ask_raw(opened, f"{OWN_PATH}/takes/{take}/conversions", None, endless)
    assert (sent["status"], read) == (400, 5)  # 4096 bytes are in five parts
    sent, read = ask_raw(opened, f"{OWN_PATH}/takes", None, endless)
    assert (sent["status"], read) == (413, 2)
    assert [path.name for path in opened.takes.root.iterdir()] == [take]


def test_who_goes_away_while_sending_leaves_nothing(opened):
    sent, _ = ask_raw(opened, f"{OWN_PATH}/takes", None, [b"x", None])
    assert sent["status"] == 400
    assert list(opened.takes.root.iterdir()) == []


def ask_raw(opened, path, length=None, parts=(), method="POST"):
    """The start of the answer, and how many parts of the request's body were read; None: the client goes away."""
    headers = [(b"x-visitor", b"a" * 22)]
    if length is not None:
        headers.append((b"content-length", length.encode()))
    scope = {"type": "http", "method": method, "path": path, "headers": headers, "query_string": b""}
    left, read, told = iter(parts), 0, []

    async def receive():
        nonlocal read
        part = next(left)
        read += 1
        if part is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": True}

    async def send(message):
        told.append(message)

    settled(Starlette(routes=own_routes(lambda: opened))(scope, receive, send))
    return told[0], read


def test_asking_what_can_be_done_has_a_worker_made_ready(client, opened):
    assert opened.crew.pids == []
    for _ in range(3):
        assert client.get(f"{OWN_PATH}/able").json()["methods"] == [STUDENT, TEACHER]
    wait_until(lambda: opened.crew.pids)
    (pid,) = opened.crew.pids
    assert ended(client, send(client).json()["job"])["state"] == "done"
    assert opened.crew.pids == [pid]


def test_a_worker_that_cannot_be_started_fails_nobody_who_looks(tmp_path, able):
    broken = Studio(Limits(), [sys.executable, "-c", "raise SystemExit(1)"], tmp_path)
    client = TestClient(Starlette(routes=own_routes(lambda: broken)))
    assert client.get(f"{OWN_PATH}/able").status_code == 200
    wait_until(lambda: all(job.problem for job in broken.desk._jobs.values()))
    told = ended(client, send(client).json()["job"])
    assert told["state"] == "failed" and "ended unexpectedly" in told["problem"]
    broken.close()


def test_a_server_that_cannot_convert_says_so(client, able, opened):
    able.clear()
    assert client.get(f"{OWN_PATH}/able").status_code == 200 and opened.crew.pids == []
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
    assert fetch(client, take["take"], "mel.bin").status_code == 200


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
    assert set(limits.allowed_s) == set(limits.usual_s) == {WARM, LOOK, STUDENT, FIGURES, TEACHER}


def test_a_worker_knows_the_voices_of_the_traces_that_are_shown(own_traces, monkeypatch):
    assert "--traces" not in command_with(show(monkeypatch, str(own_traces)))  # whose they are is not said there
    (own_traces / "credits.csv").write_text("singer,licence,attribution\n")
    assert command_with(show(monkeypatch, str(own_traces)))[-2:] == ["--traces", str(own_traces)]
    assert "--traces" not in command_with(show(monkeypatch, "https://example.org/traces"))


def test_a_worker_is_thrifty_and_keeps_its_temporary_files_among_the_takes(opened, monkeypatch):
    environment = opened.crew.environment
    assert {environment[name] for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")} == {"1"}
    assert environment["MALLOC_ARENA_MAX"] == "2" and environment["TMPDIR"] == str(opened.takes.root)
    assert environment["PATH"] == os.environ["PATH"]


def test_a_server_that_ends_closes_what_was_opened(tmp_path, monkeypatch):
    opened = []

    def open_one(limits, command):
        opened.append(Studio(limits, [sys.executable, "-c", PROGRAM], tmp_path))
        return opened[0]

    monkeypatch.setattr(studio, "Studio", open_one)
    studio._opened.cache_clear()
    with TestClient(Starlette(lifespan=studio.closed_in_the_end)):
        assert list(tmp_path.iterdir()) == []
    assert opened == []  # nobody came
    with TestClient(Starlette(lifespan=studio.closed_in_the_end)):
        assert studio.studio() is studio.studio() is opened[0]
        opened[0].takes.create()
    assert list(tmp_path.iterdir()) == []
    studio._opened.cache_clear()
