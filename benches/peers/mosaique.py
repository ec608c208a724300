"""mosaïque itself, from files to answers. `bench-engine` prints what the peers' driver prints (see README.md)."""

from __future__ import annotations

import json
from pathlib import Path

from benches.measures import FILTERS
from benches.processes import Run, run
from benches.timing import percentile

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / "target" / "debug" / "mosaique"


def make_files(folder: Path, national: bool) -> Run:
    """The input: France-size, or 100,000 dwellings of the demonstration territory, without the BAN: dwellings without a point would be
    situated by it, and peers have points as they were filed."""
    size = ["--national"] if national else ["--dwellings", "100000"]
    done = run([str(BINARY), "demo-data", *size, "--seed", "1", "--out", str(folder)], 1200)
    for addresses in folder.glob("adresses-*.csv"):
        addresses.unlink()
    return done


def import_and_build(files: Path, store: Path) -> dict[str, Run]:
    """What a user types, one command a register (scripts/import-all.sh names them); `tout` is their whole."""
    done = {"tout": run([str(ROOT / "scripts/import-all.sh"), str(BINARY), str(files), str(store)], 1800)}
    if done["tout"].code != 0:
        raise RuntimeError(done["tout"].err[-2000:] or done["tout"].out[-2000:])
    return done


def dwellings_tables(store: Path) -> Path:
    """The latest millésime's `logements.parquet`, which the peers read too."""
    manifest = json.loads((store / "manifeste.json").read_text())
    latest = max((j for j in manifest["jeux"] if j["rapport"]["registre"] == "rpls"), key=lambda j: j["rapport"]["cle"])
    return store / latest["dossier"] / "logements.parquet"


def engine(store: Path, zones: Path) -> dict:
    """Same shape as benches.peers.driver.run: the join, the drawn zones, the drawn zones filtered."""
    command = [str(BINARY), "bench-engine", "--data", str(store), "--zones", str(zones), "--layer", "qpv2024"]
    plain = _parse(run(command, 600))
    filters = [word for column, value in FILTERS.items() for word in ("--filter", f"{column}={value}")]
    filtered = _parse(run([*command, *filters], 600))
    return {
        "version": "mosaïque",
        "load": plain["load"],
        "join": plain["join"],
        "zones": {"tree": _by_size(plain["zones"])},
        "filtered": {"tree": _by_size(filtered["zones"])},
        "memory_mb": plain["memory_mb"],
    }


def _parse(done: Run) -> dict:
    if done.code != 0:
        raise RuntimeError(f"bench-engine: {done.err[-2000:]}")
    return {**json.loads(done.out), "memory_mb": done.peak_mb}


def _by_size(zones: list[dict]) -> dict:
    """Medians and p99 of each size over all calls of its zones."""
    times: dict[str, list[float]] = {}
    for zone in zones:
        times.setdefault(zone["id"].rsplit("-", 1)[0], []).extend(zone["ms"])
    return {
        "sums": {zone["id"]: zone["sums"] for zone in zones},
        "ms": {size: [percentile(ms, 0.5), percentile(ms, 0.99)] for size, ms in times.items()},
    }
