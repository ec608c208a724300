"""(f) Tiles: cached ones beside martin on PMTiles, live filtered ones beside DuckDB's ST_AsMVT."""

from __future__ import annotations

import itertools
import math
import os
import shutil
import sys
import time
from pathlib import Path

import duckdb

from benches.http_client import Client, get_request, latencies, wrk
from benches.peers import duckdb_
from benches.processes import Server, free_port, run
from benches.timing import percentile

# Layer that the map shows at a zoom, and the zooms at which a filtered tile is made on demand.
LAYERS = {8: "commune", 10: "h3r8", 12: "residence", 14: "adresse"}
LIVE = (10, 14)
FILTERS = {
    "financement": ["PLAI", "PLUS", "PLS", "PLI", "ANCIEN", "AUTRE"],
    "typologie": ["T1", "T2", "T3", "T4", "T5P"],
    "periode": ["AV1949", "1949_1974", "1975_1989", "1990_2004", "2005P"],
}


def densest(points: Path, zoom: int, number: int) -> list[tuple[int, int, int]]:
    """The tiles of a zoom that hold the most dwellings."""
    n = 2**zoom
    rows = duckdb.execute(f"""
        SELECT CAST(floor((lon + 180) / 360 * {n}) AS INT) AS x,
               CAST(floor((1 - ln(tan(radians(lat)) + 1 / cos(radians(lat))) / pi()) / 2 * {n}) AS INT) AS y
        FROM '{points}' GROUP BY ALL ORDER BY count(*) DESC, x, y LIMIT {number}""")
    return [(zoom, x, y) for x, y in rows.fetchall()]


def path(layer: str, tile: tuple[int, int, int], query: str = "") -> str:
    z, x, y = tile
    return f"/tiles/{layer}/{z}/{x}/{y}.mvt{query}"


def combinations() -> list[tuple[str, str, str]]:
    return list(itertools.product(*FILTERS.values()))


def own(server: Server, points: Path, folder: Path, seconds: int) -> dict:
    """Throughput of warm tiles; times of tiles with a filter that nobody has asked for yet."""
    result: dict = {"cached": {}, "live": {}}
    for zoom, layer in LAYERS.items():
        paths = [path(layer, tile) for tile in densest(points, zoom, 20)]
        with Client(server.port) as client:
            sizes = [len(client.get(p)[1]) for p in paths]
        rate = wrk(server.port, paths, folder, seconds)
        result["cached"][zoom] = {"rate": rate, "bytes": sum(sizes) // len(sizes)}
    for zoom in LIVE:
        tile = densest(points, zoom, 1)[0]
        queries = ["?" + "&".join(f"{k}={v}" for k, v in zip(FILTERS, values)) for values in combinations()]
        requests = [get_request(path(LAYERS[zoom], tile, query)) for query in queries]
        times = latencies(server.port, requests, len(requests), 30)
        result["live"][zoom] = [percentile(times, 0.5), percentile(times, 0.99), len(times)]
    return result


def live_duckdb(points: Path) -> dict:
    """The same filtered tiles as points with a count, encoded by DuckDB; one row an address."""
    db = duckdb_.connect()
    db.execute(f"""
        CREATE TABLE a AS SELECT *, ST_Transform(ST_Point(lon, lat), 'EPSG:4326', 'EPSG:3857', true) AS geom
        FROM (SELECT adresse, {', '.join(FILTERS)}, lon, lat, count(*) AS logements FROM '{points}' GROUP BY ALL)
        ORDER BY ST_Hilbert(lon, lat, {{min_x: -62, min_y: -22, max_x: 56, max_y: 52}}::BOX_2D)""")
    result = {}
    for zoom in LIVE:
        z, x, y = densest(points, zoom, 1)[0]
        west, east = x / 2**z * 360 - 180, (x + 1) / 2**z * 360 - 180
        north, south = (math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * v / 2**z)))) for v in (y, y + 1))
        times = []
        for values in combinations():
            where = " AND ".join(f"{k} = '{v}'" for k, v in zip(FILTERS, values))
            before = time.perf_counter()
            db.execute(f"""
                WITH env AS (SELECT ST_Extent(ST_TileEnvelope({z}, {x}, {y})) AS box)
                SELECT ST_AsMVT(t, 'adresse', 4096, 'geom') FROM (
                  SELECT {{'geom': ST_AsMVTGeom(geom, env.box), 'code': adresse, 'logements': logements}} AS t FROM a, env
                  WHERE lon BETWEEN {west} AND {east} AND lat BETWEEN {south} AND {north} AND {where})""").fetchone()
            times.append((time.perf_counter() - before) * 1000)
            if sum(times) > 20_000:
                break
        result[zoom] = [percentile(times, 0.5), percentile(times, 0.99), len(times)]
    return result


def martin(points: Path, folder: Path, seconds: int) -> dict | str:
    """Throughput of martin on a PMTiles file made by tippecanoe; a sentence when it is missing."""
    binary = os.environ.get("MARTIN") or shutil.which("martin")
    if not binary:
        return "absent (not on the PATH, MARTIN not set)"
    lines, archive = folder / "adresses.csv", folder / "adresse.pmtiles"
    duckdb.execute(f"""COPY (SELECT lon, lat, adresse AS code, count(*) AS logements FROM '{points}' GROUP BY ALL)
        TO '{lines}' (HEADER)""")
    tippecanoe = Path(sys.executable).parent / "tippecanoe"
    made = run([str(tippecanoe), "-q", "-f", "-o", str(archive), "-l", "adresse", "-Z5", "-z14",
                "--drop-densest-as-needed", str(lines)], 900)
    if made.code != 0:
        return f"tippecanoe failed: {made.err[-300:]}"
    port = free_port()
    command = [binary, "--listen-addresses", f"127.0.0.1:{port}", str(archive)]
    result: dict = {"tippecanoe": {"wall": made.wall, "cpu": made.cpu}, "cached": {}}
    with Server(command, port, "/health", folder / "martin.log") as server:
        for zoom in LAYERS:
            paths = [f"/adresse/{z}/{x}/{y}" for z, x, y in densest(points, zoom, 20)]
            with Client(port) as client:
                sizes = [len(client.get(p)[1]) for p in paths]
            result["cached"][zoom] = {"rate": wrk(port, paths, folder, seconds), "bytes": sum(sizes) // len(sizes)}
        result["peak_mb"], result["start_s"] = server.peak_mb(), server.start_s
    return result
