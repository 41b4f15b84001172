"""The dashboard as a process of its own, on a free port, as a user starts it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.memory import resident_mib

REPOSITORY = Path(__file__).resolve().parents[2]
START_LIMIT_S = 60


def app_python() -> str:
    """The interpreter of the app's own light environment, where `make app` has made it; else this one."""
    light = REPOSITORY / ".venv-app" / "bin" / "python"
    return str(light) if light.is_file() else sys.executable


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class Dashboard:
    address: str
    process: subprocess.Popen
    log: Path

    def memory_mb(self) -> float:
        """Resident memory of the server, in MB of 2**20 bytes (Linux)."""
        return resident_mib(self.process.pid)


@contextmanager
def run_dashboard(
    traces: Path | str,
    log: Path,
    python: str = sys.executable,
    script: Path = REPOSITORY / "app" / "main.py",
    healthy: str = "/_stcore/health",
) -> Iterator[Dashboard]:
    """Serve the pages over the traces in a folder or at an address; the process ends with the context.

    It is entered when the path ``healthy`` answers 200.
    """
    port = free_port()
    command = [python, "-m", "streamlit", "run", str(script)]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1", "--browser.serverAddress", "127.0.0.1"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, "SINGSTEPS_TRACES": str(traces)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_healthy(address + healthy, process, log)
        yield Dashboard(address, process, log)
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_until_healthy(address: str, process: subprocess.Popen, log: Path) -> None:
    """Until an address of a server's answers 200. Raises RuntimeError, with the log, where it never does."""
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise RuntimeError(f"the dashboard ended at once:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the dashboard did not answer within {START_LIMIT_S} s:\n{log.read_text()}")
