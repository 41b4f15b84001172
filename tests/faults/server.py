"""The dashboard on a port that it keeps, to be killed and started again, as a supervisor would."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.support.dashboard import REPOSITORY, START_LIMIT_S


class Server:
    """A context: what was started in it has ended after it."""

    def __init__(self, traces: Path, log: Path, **environment: str) -> None:
        self.log, self.process = log, None
        self._environment = {**os.environ, "SINGSTEPS_TRACES": str(traces), **environment}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
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
        until = time.monotonic() + START_LIMIT_S
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"the server did not answer within {START_LIMIT_S} s:\n{self.log.read_text()}")

    def kill(self) -> None:
        """SIGKILL: it can tidy nothing up."""
        self.process.kill()
        self.process.wait()

    def says_no_error(self) -> bool:
        return "Traceback" not in self.log.read_text()
