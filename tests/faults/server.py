"""The dashboard on a port that it keeps, to be killed and started again, as a supervisor would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.dashboard import REPOSITORY, free_port, wait_until_healthy


class Server:
    """A context: what was started in it has ended after it."""

    def __init__(self, traces: Path, log: Path, **environment: str) -> None:
        self.log, self.process = log, None
        self._environment = {**os.environ, "SINGSTEPS_TRACES": str(traces), **environment}
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()

    def start(self) -> None:
        """Start it, and wait until it is healthy. Raises RuntimeError where it never is."""
        command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port", str(self.port)]
        command += ["--server.address", "127.0.0.1", "--browser.serverAddress", "127.0.0.1"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=REPOSITORY, env=self._environment, stdout=output, stderr=subprocess.STDOUT
            )
        wait_until_healthy(f"{self.address}/_stcore/health", self.process, self.log)

    def kill(self) -> None:
        """SIGKILL: it can tidy nothing up."""
        self.process.kill()
        self.process.wait()

    def says_no_error(self) -> bool:
        return "Traceback" not in self.log.read_text()
