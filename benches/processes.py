"""Child processes with their own account: wall and processor seconds, peak memory; and the server under test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benches.http_client import Client
from benches.timing import peak_mb


@dataclass
class Run:
    """What one finished command cost and said."""

    wall: float
    cpu: float
    peak_mb: float
    code: int
    out: str
    err: str


def run(command: list[str], timeout: float, env: dict[str, str] | None = None) -> Run:
    """Runs a command to its end, or ends it after `timeout` seconds (code −9)."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        started = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=err, env={**os.environ, **(env or {})})
        while True:
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.perf_counter() - started > timeout:
                child.send_signal(signal.SIGKILL)
            time.sleep(0.005)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, child.returncode, out.read(), err.read())


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A server on the loopback for the length of a `with`; `start_s` is the time to its first right answer."""

    def __init__(self, command: list[str], port: int, first: str, log: Path) -> None:
        self.command, self.port, self.first, self.log = command, port, first, log

    def __enter__(self) -> "Server":
        started = time.perf_counter()
        with self.log.open("w") as log:
            self.child = subprocess.Popen(self.command, stdout=log, stderr=log)
        while True:
            try:
                with Client(self.port) as client:
                    status, _ = client.get(self.first)
                if status == 200:
                    break
            except OSError:
                pass
            if self.child.poll() is not None or time.perf_counter() - started > 60:
                self.__exit__()
                raise RuntimeError(f"{self.command[0]} does not answer; see {self.log}")
            time.sleep(0.002)
        self.start_s = time.perf_counter() - started
        return self

    def peak_mb(self) -> float:
        """Peak resident memory since the start, MiB."""
        return peak_mb(self.child.pid)

    def __exit__(self, *_) -> None:
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
