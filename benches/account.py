"""An account that may see the whole store: an agency that a convention opens everything to, as an administrator would do it."""

from __future__ import annotations

import http.client
import json
import subprocess
from pathlib import Path

from benches import http_client
from benches.peers.mosaique import BINARY

PASSWORD = "Une phrase pour le banc 1"


class Session:
    """A session of a browser, without the browser."""

    def __init__(self, port: int, courriel: str, password: str) -> None:
        self.port, self.headers = port, {"Content-Type": "application/json"}
        me, cookie = self._send("POST", "/api/session", {"courriel": courriel, "mot_de_passe": password})
        self.headers |= {"Cookie": cookie.split(";")[0], "X-Csrf-Token": me["csrf"]}
        self.send("PUT", "/api/session/mot-de-passe", {"actuel": password, "nouveau": PASSWORD})

    def send(self, method: str, path: str, body: object = None) -> object:
        return self._send(method, path, body)[0]

    def _send(self, method: str, path: str, body: object) -> tuple[object, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, None if body is None else json.dumps(body), self.headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text) if text else None, answer.getheader("Set-Cookie", "")


def see_everything(port: int, store: Path) -> None:
    """Gives every later request of `http_client` the token of that agency."""
    # The store of a benchmark is invented: accounts that everybody knows may be made on it.
    (Path(store) / "demonstration").touch()
    made = subprocess.run(
        [BINARY, "admin", "demo", "--data", store, "--json"], check=True, capture_output=True, text=True
    ).stdout
    accounts = {a["role"]: a for a in json.loads(made)}
    admin = Session(port, accounts["administrateur"]["courriel"], accounts["administrateur"]["mot_de_passe"])
    agency = next(o for o in admin.send("GET", "/api/admin/organisations") if o["role"] == "agence")
    zones = admin.send("GET", "/api/zones?echelle=departement")["zones"]
    admin.send("POST", "/api/admin/conventions", {
        "titre": "Banc", "territoire": [f"departement:{z['code']}" for z in zones], "classes": ["fine", "zone", "proche"],
        "donnees": ["rpls", "ops"], "du": "2020-01-01", "au": "2100-01-01", "parties": [agency["id"]],
    })
    member = Session(port, accounts["agence"]["courriel"], accounts["agence"]["mot_de_passe"])
    token = member.send("POST", "/api/jetons", {"nom": "banc"})["secret"]
    http_client.HEADERS["Authorization"] = f"Bearer {token}"
