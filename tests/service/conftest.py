"""What the tests of the running service share: servers of their own, on the demonstration's figures, with accounts of their own.

`make test` sets DEMO_STORE, MOSAIQUE_BIN and MOSAIQUE_TEST_POSTGRES.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PASSWORD = "Une phrase pour les essais 1"


def setting(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.skip(f"{name} is not set: run these tests with `make test`")
    return value


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@dataclass
class Server:
    """A process of `mosaique serve`."""

    port: int
    process: subprocess.Popen
    log: Path

    def kill(self) -> None:
        """As a machine that loses its power would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)


@dataclass
class Person:
    """Someone's session, as a browser holds it; any replica may be asked."""

    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})

    def ask(self, port: int, method: str, path: str, body: object = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), self.headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            if cookie := answer.getheader("Set-Cookie"):
                self.headers["Cookie"] = cookie.split(";")[0]
            return answer.status, text
        finally:
            connection.close()

    def enter(self, port: int, courriel: str, one_time: str) -> None:
        """Signs in with a one-time password, and replaces it."""
        status, text = self.ask(port, "POST", "/api/session", {"courriel": courriel, "mot_de_passe": one_time})
        assert status == 200, text
        self.headers["X-Csrf-Token"] = json.loads(text)["csrf"]
        status, text = self.ask(port, "PUT", "/api/session/mot-de-passe", {"actuel": one_time, "nouveau": PASSWORD})
        assert status == 204, text


@dataclass
class Service:
    """Servers that share one database, and one copy of the demonstration: what they are asked to remove is theirs."""

    database: str
    folder: Path
    store: Path
    servers: list[Server] = field(default_factory=list)

    def run(self, *args: str) -> str:
        """The command line on the same store and database."""
        command = [setting("MOSAIQUE_BIN"), *args, "--data", str(self.store)]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=self.env).stdout

    @property
    def env(self) -> dict[str, str]:
        return os.environ | {"DATABASE_URL": self.database, "MOSAIQUE_BASE_NEUVE": "oui"}

    def accounts(self) -> dict[str, dict[str, str]]:
        return {a["role"]: a for a in json.loads(self.run("admin", "demo", "--json"))}

    def start(self) -> Server:
        port, log = free_port(), self.folder / f"serveur-{len(self.servers)}.log"
        command = [setting("MOSAIQUE_BIN"), "serve", "--data", str(self.store), "--bind", f"127.0.0.1:{port}"]
        with log.open("w") as out:
            server = Server(port, subprocess.Popen(command, stdout=out, stderr=out, env=self.env), log)
        self.servers.append(server)
        for _ in range(150):
            try:
                if Person().ask(port, "GET", "/healthz")[0] == 200:
                    return server
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(log.read_text())


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Callable[[str], Service]]:
    """Makes a service on a database; its servers end with the test."""
    made: list[Service] = []

    def make(database: str) -> Service:
        store = tmp_path / f"magasin-{len(made)}"
        shutil.copytree(setting("DEMO_STORE"), store)
        made.append(Service(database, tmp_path, store))
        return made[-1]

    yield make
    for s in made:
        for server in s.servers:
            if server.process.poll() is None:
                server.stop()
