"""`python -m benches.run [--small]`: makes the input, runs mosaïque and its peers, writes RESULTS.md."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import duckdb
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benches import account, measures, reading, report, serving, tiles, zones
from benches.peers import mosaique
from benches.processes import run
from benches.timing import machine

ROOT = Path(__file__).resolve().parents[1]
PEERS = ["duckdb_", "sedona", "geopandas_", "postgis"]
STEPS = "abcdefgh"
# data/survey.toml, tolerance_commune_m.
R08_METRES = 200.0


def say(text: str) -> None:
    print(f"  {time.strftime('%H:%M:%S')} {text}", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benches.run", description=__doc__)
    parser.add_argument("--small", action="store_true", help="100,000 dwellings instead of 5.4 million")
    parser.add_argument("--only", default=STEPS, help="letters of the steps to run, e.g. --only bc")
    parser.add_argument("--peers", default=",".join(PEERS), help="peers to run, comma-separated; empty for none")
    parser.add_argument("--out", type=Path, default=ROOT / "bench-output", help="where files and store are made")
    parser.add_argument("--keep", action="store_true", help="use the files and the store that are there")
    parser.add_argument("--results", type=Path, default=None, help="default: benches/RESULTS.md (national run only)")
    return parser.parse_args()


def make_points(store: Path, files: Path, folder: Path) -> Path:
    """The peers' table, from the store's own dwellings, without the points that lie too far from their commune."""
    points = folder / "points.parquet"
    source = mosaique.dwellings_tables(store)
    duckdb.register("far", far_from_commune(measures.points_sql(repr(str(source))), files))
    duckdb.execute(
        f"COPY (SELECT p.* FROM ({measures.points_sql(repr(str(source)))}) p "
        f"ANTI JOIN far USING (lon, lat, adresse)) TO '{points}'"
    )
    return points


def far_from_commune(table: str, files: Path) -> pd.DataFrame:
    """Addresses more than 200 m from the commune that the file declares (rule R08), by GeoPandas in Lambert-93.

    mosaïque does not trust these points: without this, the peers would sum other dwellings.
    """
    places = duckdb.execute(f"SELECT DISTINCT lon, lat, adresse FROM ({table})").df()
    at = gpd.GeoSeries(gpd.points_from_xy(places.lon, places.lat), crs=4326).to_crs(2154)
    communes = gpd.read_file(files / "communes.geojson").set_index("INSEE_COM").geometry.to_crs(2154)
    own = communes.reindex(places.adresse.str.split(":").str[0]).to_numpy()
    return places[shapely.distance(at.to_numpy(), own) > R08_METRES]


def draw_zones(points: Path, folder: Path, small: bool) -> list[dict]:
    table = duckdb.execute(f"SELECT lon, lat FROM '{points}'").fetchnumpy()
    xy = np.column_stack([table["lon"], table["lat"]])
    zones.write(xy, zones.SMALL if small else zones.NATIONAL, folder / "zones.geojson")
    return zones.read(folder / "zones.geojson")


def run_peer(name: str, folder: Path, small: bool) -> dict | str:
    """The peer's figures, or why there are none."""
    env = {"ZONE_SECONDS": "0.5" if small else "6", "PYTHONPATH": str(ROOT)}
    done = run([sys.executable, "-m", "benches.peers.driver", name, str(folder)], 900, env)
    if done.code != 0:
        return (done.err.strip().splitlines() or [f"ended with code {done.code}"])[-1]
    return {**json.loads(done.out), "peak_mb": done.peak_mb}


def main() -> int:
    options = arguments()
    folder = options.out / ("small" if options.small else "national")
    files, store = folder / "fichiers", folder / "magasin"
    folder.mkdir(parents=True, exist_ok=True)
    results: dict = {"small": options.small, "machine": machine(), "peers": {}}
    steps = set(options.only)

    if not (options.keep and files.exists()):
        say("making the input" + ("" if options.small else " (5.4 million dwellings, some minutes)"))
        made = mosaique.make_files(files, not options.small)
        if made.code != 0:
            print(made.err[-2000:], file=sys.stderr)
            return 1
        results["input"] = {"wall": made.wall, "cpu": made.cpu}
    if "a" in steps and not (options.keep and store.exists()):
        say("(a) bare read by DuckDB, then import and build")
        results["reading"] = reading.measure(files, store)
    elif not store.exists():
        mosaique.import_and_build(files, store)

    points = make_points(store, files, folder)
    qpv = next(iter(sorted(files.glob("qpv*2024*.geojson"))))
    (folder / "qpv.geojson").write_bytes(qpv.read_bytes())
    say("drawing the zones")
    drawn = draw_zones(points, folder, options.small)

    if steps & set("bcd"):
        say("(b, c, d) mosaïque")
        results["engine"] = mosaique.engine(store, folder / "zones.geojson")
        for name in filter(None, options.peers.split(",")):
            say(f"(b, c, d) {name}")
            results["peers"][name] = run_peer(name, folder, options.small)
    reference = report.reference(results)

    if steps & set("efgh"):
        with serving.start(store, folder / "serve.log") as server:
            results["start_s"] = server.start_s
            account.see_everything(server.port, store)
            if "e" in steps:
                say("(e) drawn zones over HTTP")
                results["http"] = serving.measure(server, drawn, reference["zones"] if reference else {})
            if "f" in steps:
                say("(f) tiles")
                results["tiles"] = tiles.own(server, points, folder, 2 if options.small else 5)
            results["serving_peak_mb"] = server.peak_mb()
        if "f" in steps and options.peers:
            say("(f) tiles, peers")
            results["tiles_duckdb"] = tiles.live_duckdb(points)
            results["martin"] = tiles.martin(points, folder, 2 if options.small else 5)

    (folder / "results.json").write_text(json.dumps(results, indent=1))
    text, faults = report.render(results)
    target = options.results or (folder / "RESULTS.md" if options.small else ROOT / "benches/RESULTS.md")
    target.write_text(text)
    print(text)
    say(f"written to {target}")
    for fault in faults:
        print(f"  ✗ {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
