"""Writers of traces that are killed, and readers beside one."""

import subprocess
import sys
import threading
import time
from collections import Counter

from tests.faults.killed_precompute import kill_writers
from tests.faults.traces import make_traces
from tests.faults.two_servers import open_all
from tests.support.dashboard import REPOSITORY


def test_killed_writers_leave_whole_traces_and_a_whole_catalogue(tmp_path):
    written, problems = kill_writers(tmp_path / "traces", kills=3)
    assert written >= 3
    assert problems == []


def test_a_reader_sees_whole_traces_while_they_are_written_anew(tmp_path):
    traces, counts, wrong = make_traces(tmp_path / "traces"), Counter(), []
    command = [sys.executable, "-m", "tests.faults.rewriting", str(traces)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        reader = threading.Thread(target=open_all, args=(traces, time.monotonic() + 3, counts, wrong))
        reader.start()
        reader.join()
        writer.terminate()
        written = len(writer.stdout.read().splitlines())
    assert wrong == []
    assert counts["opened"] > written > 1
