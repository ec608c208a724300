"""Runs one peer in a process of its own: `python -m benches.peers.driver NAME FOLDER` prints one JSON line.

A peer's module offers `Peer(folder)`, where the folder holds points.parquet, qpv.geojson and zones.geojson, with
  version            str
  load()             everything that comes before the first question, untimed in the comparison but reported
  join()             {QPV code: [20 sums]}: all dwellings, from the loaded table
  forms              {label: f(shape, filtered) → [20 sums]}: the ways it has of summing one drawn zone
  close()            optional
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path

from benches import zones
from benches.timing import Span, own_peak_mb, percentile

JOIN_RUNS = 2
ZONE_SECONDS = float(os.environ.get("ZONE_SECONDS", "6"))  # for each form, size and filter
ZONE_CALLS = 60


def measure_zones(form, drawn: list[dict], filtered: bool) -> dict:
    """Every zone once for its answer, then again and again while time is left, for the times."""
    sums = {}
    sizes: dict[str, list[float]] = {}
    for size in dict.fromkeys(zone["size"] for zone in drawn):
        mine = [zone for zone in drawn if zone["size"] == size]
        times: list[float] = []
        started = time.perf_counter()
        for round_number in range(20):
            for zone in mine:
                before = time.perf_counter()
                answer = [int(v) for v in form(zone["shape"], filtered)]
                times.append((time.perf_counter() - before) * 1000)
                if round_number == 0:
                    sums[zone["id"]] = answer
            if len(times) >= ZONE_CALLS + len(mine) or time.perf_counter() - started > ZONE_SECONDS:
                break
        warm = times[len(mine):] or times
        sizes[size] = [percentile(warm, 0.5), percentile(warm, 0.99)]
    return {"sums": sums, "ms": sizes}


def run(name: str, folder: Path) -> dict:
    module = importlib.import_module(f"benches.peers.{name}")
    peer = module.Peer(folder)
    drawn = zones.read(folder / "zones.geojson")
    with Span() as load:
        peer.load()
    joins = []
    for _ in range(JOIN_RUNS):
        with Span() as join:
            answer = peer.join()
        joins.append({"wall": join.wall, "cpu": join.cpu})
    result = {
        "version": peer.version,
        "load": {"wall": load.wall, "cpu": load.cpu},
        "join": {
            "wall": min(j["wall"] for j in joins),
            "cpu": min(j["cpu"] for j in joins),
            "sums": {code: [int(v) for v in row] for code, row in answer.items() if row[0]},
        },
        "zones": {label: measure_zones(form, drawn, False) for label, form in peer.forms.items()},
        "filtered": {label: measure_zones(form, drawn, True) for label, form in peer.forms.items()},
        "memory_mb": getattr(peer, "memory_mb", own_peak_mb)(),
    }
    if hasattr(peer, "close"):
        peer.close()
    return result


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], Path(sys.argv[2]))))
