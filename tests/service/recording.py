"""Keeps what every reading of the interface answers to each kind of person, and tells what changed.

    python tests/service/recording.py keep before.json   # BASE_URL, and tokens as `mosaique admin token` gives them
    python tests/service/recording.py compare before.json after.json

A refactoring is one that changes nothing here. Answers are kept by their hash and length; what says when it was
made (times, marks of one run) is taken out first. Tokens: `TOKENS="epci=… bailleur=… ddets=…"`; the visitor is
always asked.
"""

import hashlib
import json
import os
import re
import sys
import urllib.error
import urllib.request

BASE = os.environ.get("BASE_URL", "http://127.0.0.1:8080")
#: Values of parameters that an operation needs, by name; those of its first zone where a list gives them.
VALUES = {
    "q": "rue", "lon": "5.82", "lat": "45.95", "indicateur": "I05", "echelle": "commune", "couche": "commune",
    "z": "8", "x": "132", "y": "91", "nom": "ops_reponse.csv", "logement": "absent", "id": "absent",
}
#: More questions than one an operation: what a page asks beside its first reading.
MORE = [
    "/api/valeurs/iris?indicateur=I05", "/api/valeurs/residence?indicateur=P01", "/api/mixite?par=commune",
    "/api/mixite?par=reservataire", "/api/mixite?par=mois", "/api/mixite?par=bailleur_departement",
    "/api/zones?echelle=iris", "/api/zones?echelle=residence", "/api/valeurs/commune?indicateur=I05&population=RECENTS",
    "/api/valeurs/commune?indicateur=I05&financement=PLAI", "/api/export?echelle=commune&format=csv",
    "/api/export?echelle=qpv2024&format=geojson", "/api/flux/fiche", "/api/situation?lon=5.82&lat=45.95",
]
POSTS = [
    ("/api/mesure", {"zones": [{"geometrie": {"type": "Polygon", "coordinates": [
        [[5.78, 45.92], [5.86, 45.92], [5.86, 45.98], [5.78, 45.98], [5.78, 45.92]]]}}]}),
    ("/api/attributions/controle", {"date": "2024-06-15", "logement": {"lon": 5.82, "lat": 45.95},
                                    "reservataire": "ACTION_LOGEMENT"}),
]
#: Readings that are of their moment: a stream, the journal that this very script fills, what is left of a disk.
MOVING = ("/api/travaux", "/api/depots/{id}/suivi", "/api/admin/audit", "/readyz")
#: What differs from one run to the next without anything having changed.
MOMENT = re.compile(rb'"(quand|lu|depuis|duree_ms|vu|derniere_visite|jeton|expire|version|etag)":("[^"]*"|\d+)')


def ask(path: str, token: str, body: object = None) -> tuple[int, str, bytes]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.headers.get("Content-Type", ""), answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers.get("Content-Type", ""), refused.read()


def questions() -> list[str]:
    """One address for each reading of the document, with the values that it needs."""
    _, _, text = ask("/api/openapi.json", "")
    zones = json.loads(ask("/api/zones?echelle=commune", "")[2])["zones"]
    epcis = json.loads(ask("/api/zones?echelle=epci", "")[2])["zones"]
    known = VALUES | {"code": zones[0]["code"], "epci": epcis[0]["code"]}
    out = []
    for path, methods in sorted(json.loads(text)["paths"].items()):
        get = methods.get("get")
        if get is None or path.startswith(MOVING):
            continue
        pairs = []
        for p in get.get("parameters", []):
            if p.get("required"):
                value = known.get(p["name"], "x")
                if p["in"] == "path":
                    path = path.replace("{" + p["name"] + "}", value)
                else:
                    pairs.append(f"{p['name']}={value}")
        for name in re.findall(r"\{(\w+)\}", path):
            value = "commune-2024" if name == "collection" else known.get(name, "x")
            path = path.replace("{" + name + "}", value)
        out.append(path + ("?" + "&".join(pairs) if pairs else ""))
    return out + MORE


def keep(out: str) -> None:
    people = {"visiteur": ""} | dict(p.split("=", 1) for p in os.environ.get("TOKENS", "").split())
    kept = {}
    for who, token in people.items():
        for path in questions():
            kept[f"{who} GET {path}"] = told(*ask(path, token))
        for path, body in POSTS:
            kept[f"{who} POST {path}"] = told(*ask(path, token, body))
    with open(out, "w", encoding="utf-8") as f:
        json.dump(kept, f, indent=0)
    good = sum(1 for k in kept.values() if k[0] == 200)
    print(f"{len(kept)} answers of {len(people)} kinds of people, {good} of them 200")


def told(status: int, kind: str, body: bytes) -> list:
    body = MOMENT.sub(b"", body)
    if "spreadsheetml" in kind:
        body = b"" # a workbook says when it was made; the CSV of the same question is compared
    return [status, kind, len(body), hashlib.sha256(body).hexdigest()]


def compare(before: str, after: str) -> int:
    a, b = (json.load(open(p, encoding="utf-8")) for p in (before, after))
    changed = [k for k in sorted(a.keys() | b.keys()) if a.get(k) != b.get(k)]
    for k in changed:
        print(k, a.get(k), "→", b.get(k))
    print(f"{len(a)} answers before, {len(b)} after, {len(changed)} differ")
    return 1 if changed else 0


if __name__ == "__main__":
    if sys.argv[1] == "keep":
        keep(sys.argv[2])
    else:
        sys.exit(compare(sys.argv[2], sys.argv[3]))
