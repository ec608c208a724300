"""A store saved while it serves, and restored into an empty folder: time, sizes, memory, what askers wait meanwhile, and whether both
servers answer the same bytes.

    python -m benches.sauvegarde --mosaique target/debug/mosaique --store bench-output/national/magasin [--saves 5] [--zones 200]

The store is copied first (accounts of the demonstration are made in it). Processor time and ratios are what to read on a machine that
others use. Ends with an error if an answer failed or differs. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from benches.http_client import Client, get_request, post_request
from benches.processes import Run, Server, free_port, run
from benches.routes import Account, Bench, drawn, tokens
from benches.timing import machine, percentile

SCALES = ["commune", "qpv2024", "epci", "departement"]
ROLES = ["public", "ddets"]
# Requests a second of the one who asks all along: a dozen people at work.
PACE = 40
LONGEST = 1800


class Asker(threading.Thread):
    """Asks in turn, at a steady pace, until told to stop; each request is timed from when it was due."""

    def __init__(self, port: int, requests: list[bytes]) -> None:
        super().__init__(daemon=True)
        self.port, self.requests, self.over = port, requests, threading.Event()
        self.times: list[float] = []
        self.faults: list[str] = []

    def __enter__(self) -> "Asker":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        self.join()

    def run(self) -> None:
        with Client(self.port) as client:
            due, n = time.perf_counter(), 0
            while not self.over.is_set():
                try:
                    status, body = client.send(self.requests[n % len(self.requests)])
                    if status not in (200, 204):
                        self.faults.append(f"{status} {body[:200]!r}")
                except OSError as fault:
                    self.faults.append(repr(fault))
                    return
                self.times.append((time.perf_counter() - due) * 1000)
                n += 1
                due += 1 / PACE
                time.sleep(max(0, due - time.perf_counter()))


def spread(items: list, count: int) -> list:
    """So many of them, at equal steps."""
    return [items[n * len(items) // count] for n in range(min(count, len(items)))]


def everyday(bench: Bench) -> list[bytes]:
    """What people at work ask: tiles, values of a map, sheets of communes, a drawn zone."""
    towns = [t for t in bench.get("public", "/api/zones?echelle=commune&limite=100000")["zones"] if t["centre"]]
    largest = max(towns, key=lambda t: (t["logements"], t["code"]))
    known = bench.get("public", "/api/indicateurs")
    parc = [i["id"] for i in known if i["domaine"] == "parc"][:20]
    zone = {"zones": [{"id": "z", "nom": "z", "geometrie": drawn(200, *largest["centre"], 0.02)}], "indicateurs": parc}
    return [
        get_request("/tiles/commune/6/32/22.mvt"), get_request("/tiles/commune/8/129/90.mvt"),
        bench.request("ddets", "/api/valeurs/qpv2024?indicateur=I02"), post_request("/api/mesure", zone),
        *[get_request(f"/api/zones/commune/{t['code']}") for t in spread(towns, 20)],
    ]


def listed(bench: Bench, count: int) -> list[str]:
    """Sheets of zones of every scale; and a filter that nobody asked before, for a tenth of them."""
    paths = []
    for scale in SCALES:
        zones = bench.get("public", f"/api/zones?echelle={scale}&limite=100000")["zones"]
        paths += [f"/api/zones/{scale}/{z['code']}" for z in spread(zones, count // len(SCALES))]
    largest = bench.get("public", "/api/zones?echelle=commune&limite=100000")["zones"]
    paths += [f"/api/zones/commune/{z['code']}" for z in largest[1::2][: max(0, count - len(paths))]]
    known = {f["id"]: [m["code"] for m in f["modalites"]] for f in bench.get("ddets", "/api/catalogue")["filtres"]}
    period = known["periode"][len(known["periode"]) // 2]
    return paths + [f"{path}?financement=PLUS&periode={period}" for path in paths[::10]]


def answers(bench: Bench, paths: list[str]) -> dict[str, tuple[int, bytes]]:
    return {f"{role} {path}": bench.ask(role, path) for role in ROLES for path in paths}


def size(folder: Path) -> tuple[int, int]:
    """Files and bytes."""
    sizes = [p.stat().st_size for p in folder.rglob("*") if p.is_file()]
    return len(sizes), sum(sizes)


def cost(done: Run, what: str) -> dict:
    if done.code != 0:
        raise RuntimeError(f"{what}: {done.err[-2000:]}")
    return {"wall_s": done.wall, "cpu_s": done.cpu, "peak_mb": done.peak_mb}


def serving(binary: str, store: Path, folder: Path) -> Server:
    port = free_port()
    return Server([binary, "serve", "--data", str(store), "--bind", f"127.0.0.1:{port}"], port, "/readyz", folder / f"serve-{port}.log")


def watched(server: Server, account: Account, requests: list[bytes], work) -> dict:
    """What is asked while `work` runs, and what it costs the server."""
    before = account.ms()
    with Asker(server.port, requests) as asker:
        extra = work()
    return {"times_ms": asker.times, "faults": asker.faults, "server_cpu_ms": account.ms() - before, **extra}


def together(runs: list[dict]) -> dict:
    """What askers met, all runs as one."""
    times = [t for r in runs for t in r["times_ms"]]
    return {"answers": len(times), "faults": [f for r in runs for f in r["faults"]], "p50_ms": percentile(times, 0.5),
            "p99_ms": percentile(times, 0.99), "longest_ms": max(times), "cpu_ms_each": sum(r["server_cpu_ms"] for r in runs) / len(times)}


def measure(binary: str, given: Path, folder: Path, saves: int, seconds: float, count: int) -> dict:
    store, restored = folder / "magasin", folder / "restaure"
    shutil.copytree(given, store)
    result: dict = {"machine": machine(), "store": size(store)}
    with serving(binary, store, folder) as server:
        account = Account(server.child.pid)
        bench = Bench(server, account, tokens(binary, store, server.port))
        requests, paths = everyday(bench), listed(bench, count)
        first = answers(bench, paths)
        for request in requests:
            bench.send(request)
        # What the server checks by itself after its start is over.
        time.sleep(seconds)
        account.settled()
        result["alone"], result["saves"] = [], []
        # In turn, since what other programs take of the machine changes.
        for n in range(saves):
            copy = folder / f"sauvegarde-{n}"
            command = [binary, "sauvegarde", str(copy), "--data", str(store)]
            result["alone"].append(watched(server, account, requests, lambda: time.sleep(seconds) or {}))
            result["saves"].append(watched(server, account, requests, lambda: cost(run(command, LONGEST), "sauvegarde")))
            print(f"  save {n + 1}: {result['saves'][-1]['wall_s']:.1f} s", flush=True)
            if n:
                shutil.rmtree(folder / f"sauvegarde-{n - 1}")
        result["server_peak_mb"] = server.peak_mb()
        result["copy"] = size(copy)
        result["restore"] = cost(run([binary, "restauration", str(copy), "--data", str(restored)], LONGEST), "restauration")
        result["restored"] = size(restored)
        result["verify"] = cost(run([binary, "verifier", "--data", str(restored)], LONGEST), "verifier")
        with serving(binary, restored, folder) as again:
            other = Bench(again, Account(again.child.pid), bench.headers)
            result["restored_start_s"] = again.start_s
            theirs = answers(other, paths)
        result["zones"], result["answers"] = count, len(first)
        result["differ"] = [k for k in first if first[k] != theirs[k]]
        result["refused"] = [k for k in first if first[k][0] != 200]
    return result


def table(result: dict) -> str:
    """What stands in RELIABILITY.md."""
    saves = result["saves"]
    alone, during = together(result["alone"]), together(saves)
    (files, octets), (_, copied) = result["store"], result["copy"]
    restore, verify = result["restore"], result["verify"]

    def over(key: str, decimals: int = 1) -> str:
        values = [s[key] for s in saves]
        return f"{min(values):.{decimals}f} to {max(values):.{decimals}f}"

    def beside(key: str) -> str:
        return f"{alone[key]:.1f} → {during[key]:.1f}"

    rows = [
        ("store: files, MB", f"{files}, {octets / 1e6:.0f}"),
        ("copy, MB (of the store)", f"{copied / 1e6:.0f} ({copied / octets:.2f})"),
        (f"save while it serves, each of {len(saves)}: wall s", over("wall_s")),
        ("— processor s", over("cpu_s")),
        ("— peak memory, MiB", over("peak_mb", 0)),
        ("restore, its checks included: wall s, processor s, peak MiB", f"{restore['wall_s']:.1f}, {restore['cpu_s']:.1f}, {restore['peak_mb']:.0f}"),
        ("`verifier` of what was restored: wall s, processor s", f"{verify['wall_s']:.1f}, {verify['cpu_s']:.1f}"),
        ("restored server, start to `/readyz`: wall s", f"{result['restored_start_s']:.1f}"),
        (f"answers at {PACE} a second, alone → while it saves: how many", f"{alone['answers']} → {during['answers']}"),
        ("— p50 ms", beside("p50_ms")),
        ("— p99 ms", beside("p99_ms")),
        ("— longest ms", beside("longest_ms")),
        ("— the server's processor, ms each", beside("cpu_ms_each")),
        ("— failed", f"{len(alone['faults'])} → {len(during['faults'])}"),
        ("server's peak memory, MiB", f"{result['server_peak_mb']:.0f}"),
        (f"answers on {result['zones']} zones, {' and '.join(ROLES)}, plain and filtered: compared with the restored server's, refused by both, different",
         f"{result['answers']}, {len(result['refused'])}, {len(result['differ'])}"),
    ]
    return "\n".join(["| | |", "|---|--:|", *[f"| {a} | {b} |" for a, b in rows]])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benches.sauvegarde", description=__doc__)
    parser.add_argument("--mosaique", default=os.environ.get("MOSAIQUE_BIN", "target/debug/mosaique"))
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--saves", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10, help="of asking without a save, before each, to compare with")
    parser.add_argument("--zones", type=int, default=200)
    parser.add_argument("--out", type=Path, help="all figures as JSON")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sauvegarde-", dir=options.store.resolve().parent))
    try:
        result = measure(options.mosaique, options.store, folder, options.saves, options.seconds, options.zones)
    except (RuntimeError, subprocess.CalledProcessError):
        for log in folder.glob("serve-*.log"):
            print(log.read_text()[-2000:], file=sys.stderr)
        raise
    finally:
        shutil.rmtree(folder)
    if options.out:
        options.out.write_text(json.dumps(result, indent=1))
    print(result["machine"], table(result), sep="\n")
    faults = result["differ"] + [f for r in result["alone"] + result["saves"] for f in r["faults"]]
    for fault in faults[:20]:
        print(f"  ✗ {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
