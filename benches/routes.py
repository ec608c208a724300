"""What people meet around the engine, on one store: each route cold and warm as four roles, new filters, drawn zones,
a correction until figures show it, start and memory.

    python -m benches.routes --mosaique target/debug/mosaique --store bench-output/national/magasin [--out routes.json]
    python -m benches.routes --compare before.json after.json

The store is copied first (a correction changes it). Costs are processor time of the server's threads, for other programs may want
the cores too. Each answer is kept as a hash: `--compare` says which of them differ, beside the ratios. Standard library only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benches.account import PASSWORD, Session
from benches.http_client import Client, unzipped
from benches.processes import Server, free_port
from benches.timing import peak_mb

ROLES = ["public", "epci", "ddets", "bailleur"]
VERTICES = [5, 200, 1000, 4900]
FILTERS = 60


class Account:
    """Processor time of a server, to the nanosecond, threads that ended included."""

    def __init__(self, pid: int) -> None:
        self.pid, self.seen = pid, {}

    def ms(self) -> float:
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            try:
                self.seen[task.name] = int((task / "schedstat").read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                pass
        return sum(self.seen.values()) / 1e6

    def settled(self) -> float:
        """Once nothing runs any more."""
        before = self.ms()
        while True:
            time.sleep(0.05)
            now = self.ms()
            if now - before < 0.5:
                return now
            before = now

    def rss(self) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0


def tokens(binary: str, store: Path, port: int) -> dict[str, dict]:
    """Headers of each role, by a token of its own."""
    (store / "demonstration").touch()
    command = [binary, "admin", "demo", "--data", store, "--json"]
    made = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    headers: dict[str, dict] = {"public": {}}
    for account in made:
        if account["role"] in ROLES:
            session = Session(port, account["courriel"], account["mot_de_passe"] or PASSWORD)
            secret = session.send("POST", "/api/jetons", {"nom": "banc", "ecriture": True})["secret"]
            headers[account["role"]] = {"Authorization": f"Bearer {secret}"}
    return headers


class Bench:
    def __init__(self, server: Server, account: Account, headers: dict[str, dict]) -> None:
        self.client, self.account, self.headers = Client(server.port), account, headers
        self.client.socket.settimeout(300)
        self.rows: list[dict] = []

    def request(self, role: str, path: str, body: object = None, more: dict | None = None) -> bytes:
        data = b"" if body is None else json.dumps(body).encode()
        lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept-Encoding: gzip"]
        lines += [f"{k}: {v}" for k, v in {**self.headers[role], **(more or {})}.items()]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
        return "\r\n".join([*lines, "", ""]).encode() + data

    def send(self, request: bytes) -> tuple[int, bytes]:
        """Sends a request; by a new connection if the server closed this one while nobody asked."""
        try:
            return self.client.send(request)
        except ConnectionError:
            self.client = Client(self.client.port)
            self.client.socket.settimeout(300)
            return self.client.send(request)

    def ask(self, role: str, path: str, body: object = None) -> tuple[int, bytes]:
        return unzipped(self.send(self.request(role, path, body)))

    def get(self, role: str, path: str) -> object:
        status, body = self.ask(role, path)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {body[:300]!r}")
        return json.loads(body)

    def row(self, name: str, role: str, path: str, body: object = None) -> None:
        """The first time, and the best of some rounds of later times."""
        request = self.request(role, path, body)
        before, rss = self.account.settled(), self.account.rss()
        started = time.perf_counter()
        status, answer = self.send(request)
        wall = (time.perf_counter() - started) * 1000
        cold = self.account.settled() - before
        times = max(1, min(40, int(300 / max(cold, 1))))
        warm = math.inf
        for _ in range(3):
            before = self.account.ms()
            for _ in range(times):
                self.client.send(request)
            warm = min(warm, (self.account.ms() - before) / times)
        plain = unzipped((status, answer))[1]
        self.rows.append({
            "route": name, "role": role, "status": status, "cold_ms": cold, "warm_ms": warm, "wall_ms": wall, "bytes": len(answer),
            "rss_mb": self.account.rss() - rss, "answer": hashlib.sha256(plain).hexdigest()[:16],
        })
        print(f"  {name:44} {role:9} {status} {cold:9.2f} {warm:9.2f} ms CPU {len(answer):9} bytes", flush=True)


def routes(town: str, epci: str, period: str) -> list[tuple[str, str, object, list[str]]]:
    """Name, path, body, roles. `epci`: one that the EPCI's account and the lessor's see the residences of."""
    everyone, own = ROLES, ["bailleur"]
    return [
        ("catalogue", "/api/catalogue", None, everyone),
        ("communes", "/api/zones?echelle=commune&limite=100000", None, everyone),
        ("QPV", "/api/zones?echelle=qpv2024&limite=100000", None, everyone),
        ("cells h3r8", "/api/zones?echelle=h3r8&limite=100000", None, ["ddets"]),
        ("residences of an EPCI", f"/api/zones?echelle=residence&dans=epci:{epci}&limite=1000", None, ["epci", "bailleur"]),
        *[(f"search, {q!r}", f"/api/territoires?q={q}", None, everyone) for q in ("sa", "sain", "saint-")],
        ("map, communes", "/api/valeurs/commune?indicateur=P01", None, everyone),
        ("map, communes, households", "/api/valeurs/commune?indicateur=I02", None, everyone),
        ("map, QPV, households", "/api/valeurs/qpv2024?indicateur=I02", None, everyone),
        ("map, communes, filtered", "/api/valeurs/commune?indicateur=I02&financement=PLUS", None, everyone),
        ("facets", "/api/facettes", None, everyone),
        ("facets, filtered", f"/api/facettes?financement=PLUS&periode={period}", None, everyone),
        ("facets of an EPCI", f"/api/facettes?dans=epci:{epci}", None, everyone),
        ("segregation", "/api/segregation?echelle=commune", None, ["epci", "ddets"]),
        ("fragility", "/api/residences/fragilite", None, ["epci", "bailleur"]),
        ("tile of communes, zoom 6", "/tiles/commune/6/32/22.mvt", None, ["public"]),
        ("tile of communes, zoom 8", "/tiles/commune/8/129/90.mvt", None, ["public"]),
        ("sheet of a commune", f"/api/zones/commune/{town}", None, everyone),
        ("rates of conventions", "/api/objectifs", None, ["epci", "ddets", "bailleur"]),
        ("lessor: addresses", "/api/adresses", None, own),
        ("lessor: residences", "/api/residences", None, own),
        ("lessor: events", "/api/evenements", None, own),
    ]


def drawn(vertices: int, lon: float, lat: float, degrees: float) -> dict:
    """A contour of so many vertices around a place, with bays and capes."""
    ring = []
    for n in range(vertices):
        angle = 2 * math.pi * n / vertices
        reach = degrees * (1 + 0.2 * math.sin(7 * angle))
        ring.append([round(lon + reach * math.cos(angle) / math.cos(math.radians(lat)), 7), round(lat + reach * math.sin(angle), 7)])
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def zones(bench: Bench, town: dict, indicators: list[str]) -> None:
    for vertices in VERTICES:
        for size, degrees in (("town", 0.02), ("land", 0.25)):
            body = {
                "zones": [{"id": "z", "nom": "z", "geometrie": drawn(vertices, *town["centre"], degrees)}],
                "indicateurs": indicators,
            }
            bench.row(f"drawn zone, {size}, {vertices} vertices", "public", "/api/mesure", body)


def filters(bench: Bench, town: str) -> None:
    """New filters on figures of households, none asked before; and one again."""
    known = {f["id"]: [m["code"] for m in f["modalites"]] for f in bench.get("ddets", "/api/catalogue")["filtres"]}
    pairs = [(a, b) for a in known["financement"] for b in known["periode"]]
    pairs = [(a, b, c) for c in known["typologie"] for a, b in pairs][:FILTERS]
    costs, answers = [], hashlib.sha256()
    for a, b, c in pairs:
        before = bench.account.settled()
        path = f"/api/zones/commune/{town}?indicateurs=I02&financement={a}&periode={b}&typologie={c}"
        answers.update(bench.ask("ddets", path)[1])
        costs.append(bench.account.settled() - before)
    for name, cost in (("new filter, the first", costs[0]), (f"new filter, {len(costs)}th", costs[-1]),
                       ("new filter, median", sorted(costs)[len(costs) // 2])):
        bench.rows.append({"route": name, "role": "ddets", "status": 200, "cold_ms": cost, "warm_ms": None,
                           "answer": answers.hexdigest()[:16]})
        print(f"  {name:44} ddets         {cost:9.2f} ms CPU", flush=True)


def correction(bench: Bench, pid: int) -> dict:
    """One address moved by its lessor, until the figures show it."""
    first = bench.get("bailleur", "/api/adresses?limite=50")["adresses"]
    one = next(a for a in first if a["lon"] is not None and a["libelle"])
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    before, rss, started = bench.account.settled(), bench.account.rss(), time.perf_counter()
    body = {"id": one["id"], "point": {"lon": one["lon"] + 0.0005, "lat": one["lat"]}}
    status, answer = bench.ask("bailleur", "/api/adresses/corrections", body)
    if status != 201:
        raise RuntimeError(f"correction: {status} {answer[:300]!r}")
    wanted = json.loads(answer)["demande"]
    while True:
        time.sleep(0.2)
        bench.account.ms()
        _, told = bench.ask("ddets", "/api/travaux")
        said = json.loads(told.decode().strip().splitlines()[-1].removeprefix("data:"))
        if said["fait"] >= wanted:
            break
    wall = time.perf_counter() - started
    cpu = (bench.account.settled() - before) / 1000
    time.sleep(2)
    return {"wall_s": wall, "cpu_s": cpu, "rss_before_mb": rss, "rss_peak_mb": peak_mb(pid), "rss_settled_mb": bench.account.rss(),
            "error": said.get("erreur")}


def measure(binary: str, given: Path, rebuilds: bool, only: str) -> dict:
    folder = Path(tempfile.mkdtemp(prefix="routes-", dir=given.parent))
    try:
        store = folder / "magasin"
        shutil.copytree(given, store)
        port = free_port()
        command = [binary, "serve", "--data", str(store), "--bind", f"127.0.0.1:{port}"]
        with Server(command, port, "/healthz", folder / "serve.log") as server:
            account = Account(server.child.pid)
            result: dict = {"start_s": server.start_s, "start_cpu_ms": account.settled(), "start_rss_mb": account.rss()}
            bench = Bench(server, account, tokens(binary, store, port))
            year = bench.get("ddets", "/api/catalogue")["millesimes"][-1]["millesime"]
            towns = bench.get("public", "/api/zones?echelle=commune&limite=100000")["zones"]
            town = max((t for t in towns if t["centre"]), key=lambda t: (t["logements"], t["code"]))
            indicators = [i for i in bench.get("public", "/api/indicateurs") if i["domaine"] == "parc"]
            result["millesime"] = year
            epci = bench.get("epci", "/api/residences/fragilite")["epci"]["code"]
            known = {f["id"]: f["modalites"] for f in bench.get("ddets", "/api/catalogue")["filtres"]}
            period = known["periode"][len(known["periode"]) // 2]["code"]
        # Again from nothing, so that the first of each is the first.
        with Server(command, port, "/healthz", folder / "serve.log") as server:
            account = Account(server.child.pid)
            bench = Bench(server, account, bench.headers)
            for name, path, body, roles in routes(town["code"], epci, period):
                for role in roles if name.startswith(only) else []:
                    bench.row(name, role, path, body)
            if not only:
                zones(bench, town, [i["id"] for i in indicators][:20])
                filters(bench, town["code"])
            result["rss_mb"], result["peak_mb"] = account.rss(), server.peak_mb()
            if rebuilds:
                for which in ("correction", "correction again"):
                    result[which] = correction(bench, server.child.pid)
                    print(f"  {which}: {result[which]}", flush=True)
                    bench.row(f"lessor: addresses after a {which}", "bailleur", "/api/adresses", None)
                    bench.row(f"lessor: residences after a {which}", "bailleur", "/api/residences", None)
            result["rows"] = bench.rows
        return result
    except Exception:
        print((folder / "serve.log").read_text()[-2000:], file=sys.stderr)
        raise
    finally:
        shutil.rmtree(folder)


def compare(before: dict, after: dict) -> int:
    """Ratios side by side; how many answers differ."""
    print("| route | role | first, ms | | later, ms | |\n|---|---|--:|--:|--:|--:|")
    known = {(r["route"], r["role"]): r for r in before["rows"]}
    differ = 0
    for row in after["rows"]:
        was = known.get((row["route"], row["role"]))
        if not was:
            continue
        same = was["answer"] == row["answer"] and was["status"] == row["status"]
        differ += not same
        later = f"{was['warm_ms']:.2f} | {row['warm_ms']:.2f}" if row["warm_ms"] is not None else "| "
        print(f"| {row['route']}{'' if same else ' **differs**'} | {row['role']} | {was['cold_ms']:.2f} | {row['cold_ms']:.2f} | {later} |")
    for key in ("start_s", "start_cpu_ms", "start_rss_mb", "rss_mb", "peak_mb", "correction", "correction again"):
        if key in after:
            print(f"{key}: {before.get(key)} → {after[key]}")
    print(f"{differ} answers differ of {len(after['rows'])}")
    return differ


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benches.routes", description=__doc__)
    parser.add_argument("--mosaique", default=os.environ.get("MOSAIQUE_BIN", "target/debug/mosaique"))
    parser.add_argument("--store", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--no-rebuild", action="store_true", help="without the corrections at the end")
    parser.add_argument("--only", default="", help="routes whose name begins so, and the corrections")
    parser.add_argument("--compare", nargs=2, type=Path, metavar=("BEFORE", "AFTER"))
    options = parser.parse_args()
    if options.compare:
        return 1 if compare(*(json.loads(p.read_text()) for p in options.compare)) else 0
    if options.store is None:
        parser.error("--store is missing")
    result = measure(options.mosaique, options.store, not options.no_rebuild, options.only)
    if options.out:
        options.out.write_text(json.dumps(result, indent=1))
    print(json.dumps({k: v for k, v in result.items() if k != "rows"}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
