"""A Streamlit server of our own on a free port, and what a process uses (Linux: /proc)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.dashboard import REPOSITORY, free_port, wait_until_healthy
from tests.support.memory import resident_mib

APP = ("run", "app/main.py")
HELLO = ("hello",)
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """Any process of this machine, by its id."""

    pid: int

    def memory_mb(self) -> float:
        """Resident memory in MB of 2**20 bytes."""
        return resident_mib(self.pid)

    def cpu_s(self) -> float:
        """Seconds of processor time since it started, of all its threads."""
        after_name = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / TICKS_PER_S

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))


@contextmanager
def run_server(python: str, what: tuple[str, ...], log: Path) -> Iterator[tuple[str, Process]]:
    """Address and process of ``streamlit run app/main.py`` or ``streamlit hello``; it ends with the context.

    hello runs in the log's folder, with Streamlit's own settings. Raises RuntimeError where it does not answer.
    """
    port = free_port()
    command = [python, "-m", "streamlit", *what, "--server.port", str(port), "--server.address", "127.0.0.1"]
    command += ["--browser.serverAddress", "127.0.0.1", "--server.headless", "true"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=REPOSITORY if what == APP else log.parent, stdout=output, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_healthy(f"{address}/_stcore/health", process, log)
        yield address, Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=20)
