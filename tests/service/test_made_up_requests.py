"""Requests made up from the OpenAPI document, by someone who may nearly everything and by nobody: no fault of the server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Person

# Would end the session that asks (unexpected methods are tried too), or change its password; the public tries them.
ENDS_THE_SESSION = ["/api/session", "/api/session/mot-de-passe"]
# Streams of events: described by the schema of one event's data, which the tool takes for that of the event. Browser tests read them.
STREAMS = ["/api/travaux", "/api/depots/{id}/suivi"]
SECONDS = int(os.environ.get("MOSAIQUE_SCHEMATHESIS_S", "30"))


@pytest.mark.parametrize("role", ["administrateur", "epci", "public"])
def test_nothing_made_up_from_the_description_breaks_the_server(service, tmp_path: Path, role: str):
    own = service(f"sqlite://{tmp_path / 'etat.sqlite'}?mode=rwc")
    accounts = own.accounts()
    server = own.start()
    who = Person()
    if role != "public":
        who.enter(server.port, accounts[role]["courriel"], accounts[role]["mot_de_passe"])
    base = f"http://127.0.0.1:{server.port}"
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{base}/api/openapi.json", "--url", base,
        "--checks", "not_a_server_error,content_type_conformance,response_schema_conformance", "--max-time", str(SECONDS),
        "--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--continue-on-failure", "--seed", "1",
        "--suppress-health-check", "all", "--warnings", "off", "--no-color",
    ]
    for path in STREAMS + (ENDS_THE_SESSION if role != "public" else []):
        command += ["--exclude-path", path]
    for name, value in who.headers.items():
        if name != "Content-Type":
            command += ["--header", f"{name}:{value}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    print("\n".join(done.stdout.splitlines()[-12:]))
    assert done.returncode == 0, done.stdout + done.stderr
    # The session is still the one that asked: what was tried was tried as this person.
    if role != "public":
        assert '"connecte":true' in who.ask(server.port, "GET", "/api/session")[1].replace(" ", "")
    assert "ERROR" not in server.log.read_text()
