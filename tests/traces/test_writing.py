"""Writing: a trace appears whole or not at all, whoever is killed, runs out of room or writes beside."""

import os
import socket
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from svc_core.traces import writing
from svc_core.traces.manifest import MANIFEST
from svc_core.traces.parsing import ParseError
from svc_core.traces.trace import Trace, open_trace
from svc_core.traces.writing import LOCK, OLD, PARTIAL, WritingError, hold_folder, sweep_unfinished, write_trace
from tests.conftest import is_sentence
from tests.support.hand_traces import hand_files, hand_manifest

ROOT = Path(writing.__file__).parents[2]
MANIFEST_OF = hand_manifest()
FILES = hand_files(MANIFEST_OF)
ID = MANIFEST_OF.id
NO_PROCESS = 1 << 22  # the most that Linux ever counts to


def write(parent: Path, **changes) -> Trace:
    return write_trace(parent, replace(MANIFEST_OF, **changes), FILES)


def inside(parent: Path) -> list[str]:
    """Names in a folder of traces, less the lock's."""
    return sorted(path.name for path in parent.iterdir() if path.name != LOCK)


def partial_of(parent: Path, process: int, host: str = socket.gethostname()) -> Path:
    """What a writer of that process has half made."""
    folder = parent / f"{PARTIAL}{host}-{process}-0123456789ab"
    (folder / "sound").mkdir(parents=True)
    (folder / "sound" / "source.flac").write_bytes(b"half")
    return folder


def refusal(act) -> str:
    with pytest.raises(WritingError) as caught:
        act()
    assert is_sentence(str(caught.value))
    assert ID in str(caught.value)
    return str(caught.value)


def run_apart(parent: Path, code: str) -> list[str]:
    """Run code in a process of its own, which may fork, and be killed, as it likes; returns the lines it printed."""
    prepared = """
        import os, random, resource, signal, sys, time
        from dataclasses import replace
        from pathlib import Path
        from svc_core.traces.trace import open_trace
        from svc_core.traces.writing import WritingError, sweep_unfinished, write_trace
        from tests.support.hand_traces import hand_files, hand_manifest

        parent, manifest = Path(sys.argv[1]), hand_manifest()
        files = hand_files(manifest)

        def write(folder, vocoder):
            return write_trace(folder, replace(manifest, vocoder=vocoder), files)

        def fork(act):
            child = os.fork()
            if child == 0:
                try:
                    act()
                finally:
                    sys.stdout.flush()
                    os._exit(0 if sys.exc_info()[0] is None else 1)
            return child
    """
    whole = textwrap.dedent(prepared) + textwrap.dedent(code)
    done = subprocess.run([sys.executable, "-c", whole, parent], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


# whole


def test_writing_leaves_the_trace_and_nothing_else(tmp_path):
    trace = write(tmp_path)
    assert inside(tmp_path) == [ID]
    assert {str(p.relative_to(trace.folder)) for p in trace.folder.rglob("*") if p.is_file()} == {MANIFEST, *FILES}
    trace.verify()


def test_parents_are_made_and_paths_may_be_text(tmp_path):
    assert write_trace(str(tmp_path / "a" / "b"), MANIFEST_OF, FILES).folder.is_dir()


def test_writing_again_replaces_the_old_trace_wholly(tmp_path):
    write(tmp_path)
    files = {name: data for name, data in FILES.items() if "hidden" not in name and "maps" not in name}
    again = write_trace(tmp_path, replace(MANIFEST_OF, vocoder="another", hidden=None), files)
    assert again.manifest.vocoder == "another"
    assert {str(p.relative_to(again.folder)) for p in again.folder.rglob("*") if p.is_file()} == {MANIFEST, *files}
    assert inside(tmp_path) == [ID]
    again.verify()


def test_names_beyond_ascii_are_kept(tmp_path):
    name = "şarkı--ağır"
    assert write(tmp_path, id=name).id == open_trace(tmp_path / name).id == name


def test_the_longest_name_is_written_twice(tmp_path):
    """There is room for what stands before it while it is replaced."""
    name = "x" * 200
    write(tmp_path, id=name)
    assert write(tmp_path, id=name).id == name


def test_other_traces_are_left_alone(tmp_path):
    other = write(tmp_path, id="other")
    write(tmp_path)
    write(tmp_path)
    assert inside(tmp_path) == sorted([ID, "other"])
    other.verify()


# or not at all


@pytest.mark.parametrize(
    "changes",
    [
        *[{"id": "../escape"}, {"id": ""}, {"id": "x" * 201}, {"frames": 0}, {"format": "other"}, {"detail": "some"}],
        *[{"state_error_db": float("nan")}, {"notes": ["two\nlines"]}],
    ],
)
def test_what_could_not_be_read_again_is_not_written(tmp_path, changes):
    parent = tmp_path / "traces"
    write(parent)
    with pytest.raises(ValueError):
        write(parent, **changes)
    assert inside(parent) == [ID]
    assert [path.name for path in tmp_path.iterdir()] == ["traces"]
    open_trace(parent / ID).verify()


@pytest.mark.parametrize("name", ["../escape.txt", "/tmp/escape.txt", "a/b/c.txt", "NAME.TXT", MANIFEST + "/x"])
def test_a_file_of_an_unsafe_name_is_not_written(tmp_path, name):
    with pytest.raises(ParseError):
        write_trace(tmp_path / "traces", MANIFEST_OF, FILES | {name: b"x"})
    assert list(tmp_path.iterdir()) == []


def test_a_parent_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").touch()
    refusal(lambda: write(tmp_path / "file"))
    refusal(lambda: write(tmp_path / "file" / "deeper"))


@contextmanager
def as_an_ordinary_user():
    """The system's own user may write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(65_534)
    except OSError:
        pytest.skip("this machine has no other user to become")
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_parent_that_may_not_be_written_is_told(tmp_path):
    parent = tmp_path / "locked"
    write(parent)
    parent.chmod(0o555)
    try:
        with as_an_ordinary_user():
            assert "see to it" in refusal(lambda: write(parent, vocoder="another"))
    finally:
        parent.chmod(0o755)
    assert open_trace(parent / ID).manifest.vocoder == MANIFEST_OF.vocoder
    assert inside(parent) == [ID]


def test_a_file_that_may_not_grow_leaves_the_old_trace(killed):
    """As a full disk does: a write fails in the middle of a file."""
    said = (killed / "said.txt").read_text()
    assert is_sentence(said)
    assert ID in said
    assert "too large" in said
    assert inside(killed / "full") == [ID]
    assert open_trace(killed / "full" / ID).manifest.vocoder == "old"


@pytest.fixture
def tiny_disk(tmp_path):
    """A disk of half a megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", disk], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this user may not mount a disk; the test above stands in")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_leaves_what_was_there(tiny_disk):
    write(tiny_disk)
    filler = tiny_disk / "filler"
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(bytes(1 << 20))
    assert "No space" in refusal(lambda: write(tiny_disk, vocoder="another"))
    assert inside(tiny_disk) == sorted([ID, "filler"])
    filler.unlink()
    open_trace(tiny_disk / ID).verify()
    assert write(tiny_disk, vocoder="another").manifest.vocoder == "another"


@pytest.mark.parametrize("failing", [1, 2])
def test_a_rename_that_fails_puts_the_old_trace_back(tmp_path, monkeypatch, failing):
    """The first moves the old one aside, the second the new one in; the third is the way back."""
    write(tmp_path)
    rename, renamed = Path.rename, []

    def fail_once(path: Path, target: Path) -> Path:
        renamed.append(path)
        if len(renamed) == failing:
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_once)
    refusal(lambda: write(tmp_path, vocoder="another"))
    assert inside(tmp_path) == [ID]
    open_trace(tmp_path / ID).verify()


def test_a_folder_that_is_held_for_ever_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "LOCK_S", 0.05)
    write(tmp_path)
    holding, done = threading.Event(), threading.Event()

    def hold() -> None:
        with hold_folder(tmp_path):
            holding.set()
            done.wait(30)

    other = threading.Thread(target=hold)
    other.start()
    holding.wait(30)
    try:
        refusal(lambda: write(tmp_path, vocoder="another"))
    finally:
        done.set()
        other.join()
    assert inside(tmp_path) == [ID]


def test_an_interruption_leaves_nothing(tmp_path, monkeypatch):
    """Ctrl+C in the middle."""

    def interrupt(path: Path, text: str, encoding: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path)
    assert inside(tmp_path) == []


# killed


@pytest.fixture(scope="module")
def killed(tmp_path_factory) -> Path:
    """Folders by what happened: kill -9 without a trace there, before the first rename or the second, and no room."""
    root = tmp_path_factory.mktemp("killed")
    run_apart(
        root,
        """
        def die_at(folder, renames):
            rename, done = Path.rename, []
            def count(path, target):
                if len(done) == renames:
                    os.kill(os.getpid(), signal.SIGKILL)
                done.append(path)
                return rename(path, target)
            Path.rename = count
            write(folder, "killed")

        for name, renames in (("fresh", 0), ("first", 0), ("second", 1)):
            if name != "fresh":
                write(parent / name, "old")
            _, status = os.waitpid(fork(lambda: die_at(parent / name, renames)), 0)
            assert os.WTERMSIG(status) == signal.SIGKILL

        write(parent / "full", "old")
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (700, resource.RLIM_INFINITY))
        try:
            write(parent / "full", "another")
        except WritingError as error:
            (parent / "said.txt").write_text(str(error))
        """,
    )
    return root


@pytest.mark.parametrize("there_before", [False, True])
def test_a_killed_writer_leaves_the_old_trace_and_something_to_sweep(killed, there_before):
    parent = killed / ("first" if there_before else "fresh")
    assert len(inside(parent)) == 1 + there_before
    assert (parent / ID).exists() == there_before
    sweep_unfinished(parent)
    assert inside(parent) == ([ID] if there_before else [])
    assert write(parent, vocoder="third").manifest.vocoder == "third"
    assert inside(parent) == [ID]


def test_a_writer_killed_between_its_two_renames_has_its_old_trace_put_back(killed):
    parent = killed / "second"
    assert not (parent / ID).exists()
    sweep_unfinished(parent)
    assert inside(parent) == [ID]
    assert open_trace(parent / ID).manifest.vocoder == "old"


def test_the_next_writer_needs_no_sweep(tmp_path):
    """Whether the one before was killed before or after its own trace was in place."""
    for there in (False, True):
        old = write(tmp_path, vocoder="old").folder
        old.rename(tmp_path / f"{OLD}{ID}")
        if there:
            write(tmp_path, vocoder="older")
            (tmp_path / f"{OLD}{ID}").mkdir()
            (tmp_path / f"{OLD}{ID}" / "half").touch()
        assert write(tmp_path, vocoder="new").manifest.vocoder == "new"
        sweep_unfinished(tmp_path)
        assert inside(tmp_path) == [ID]
        assert open_trace(tmp_path / ID).manifest.vocoder == "new"


def test_whenever_a_writer_is_killed_there_is_a_whole_trace_after_sweeping(tmp_path):
    write(tmp_path)
    run_apart(
        tmp_path,
        """
        def write_on():
            while True:
                write(parent, "a")

        random.seed(1)
        for _ in range(15):
            child = fork(write_on)
            time.sleep(random.uniform(0.002, 0.03))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            sweep_unfinished(parent)
            assert sorted(set(os.listdir(parent)) - {".lock"}) == [manifest.id], os.listdir(parent)
            open_trace(parent / manifest.id).verify()
        """,
    )


# beside each other


def test_writers_of_one_name_at_once_leave_one_whole_trace(tmp_path):
    """Three processes, and sweeping in between: each gets what it wrote, and nothing is left over."""
    said = run_apart(
        tmp_path,
        """
        def rounds():
            for number in range(15):
                mine = f"{os.getpid()} {number}"
                assert write(parent, mine).manifest.vocoder == mine  # nobody else's, though all have one name
                if number % 5 == 0:
                    sweep_unfinished(parent)
            print(mine)

        children = [fork(rounds) for _ in range(3)]
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
        """,
    )
    assert len(said) == 3
    assert inside(tmp_path) == [ID]
    trace = open_trace(tmp_path / ID)
    trace.verify()
    assert trace.manifest.vocoder in said


def test_threads_of_one_process_write_beside_each_other(tmp_path):
    failed = []

    def rounds(name: str) -> None:
        try:
            for number in range(5):
                assert write(tmp_path, id=name, vocoder=str(number)).manifest.vocoder == str(number)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=rounds, args=(name,)) for name in ("same", "other", "third")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert inside(tmp_path) == ["other", "same", "third"]


# sweeping


def test_a_writer_at_work_is_left_alone(tmp_path):
    partial = partial_of(tmp_path, os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        beside = partial_of(tmp_path, other.pid)
        sweep_unfinished(tmp_path)
        assert inside(tmp_path) == sorted([partial.name, beside.name])
        other.kill()
    sweep_unfinished(tmp_path)
    assert inside(tmp_path) == [partial.name]


def test_a_writer_of_another_user_is_left_alone(tmp_path):
    """The first process of all is always there, and not ours to ask."""
    partial_of(tmp_path, 1)
    sweep_unfinished(tmp_path)
    assert len(inside(tmp_path)) == 1


@pytest.mark.parametrize("process", [NO_PROCESS, 10**30])
def test_a_dead_writers_folder_goes(tmp_path, process):
    partial_of(tmp_path, process)
    sweep_unfinished(tmp_path)
    assert inside(tmp_path) == []


def test_another_machines_writer_is_left_alone_for_a_day(tmp_path):
    """It cannot be asked; nor can what has no process in its name."""
    folders = [partial_of(tmp_path, NO_PROCESS, host="another-machine"), tmp_path / f"{PARTIAL}what"]
    folders[1].mkdir()
    sweep_unfinished(tmp_path)
    assert len(inside(tmp_path)) == 2
    for folder in folders:
        os.utime(folder, (time.time() - 25 * 3600,) * 2)
    sweep_unfinished(tmp_path)
    assert inside(tmp_path) == []


def test_sweeping_leaves_all_else_alone(tmp_path):
    write(tmp_path)
    (tmp_path / "catalogue.csv").write_text("id\n")
    (tmp_path / ".git").mkdir()
    sweep_unfinished(str(tmp_path))
    assert inside(tmp_path) == sorted([".git", "catalogue.csv", ID])


def test_sweeping_makes_no_folder(tmp_path):
    sweep_unfinished(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []
