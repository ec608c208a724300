"""(e), (g), (h): drawn zones over HTTP, time from start to first answer, peak memory while serving."""

from __future__ import annotations

import json
from pathlib import Path

from benches.http_client import Client, latencies, post_request
from benches.measures import FILTERS
from benches.processes import Server, free_port
from benches.peers.mosaique import BINARY
from benches.timing import percentile

REQUESTS, SECONDS = 1000, 15.0


def start(store: Path, log: Path) -> Server:
    """The server on a free port; it counts as started when the catalogue is answered."""
    port = free_port()
    command = [str(BINARY), "serve", "--data", str(store), "--bind", f"127.0.0.1:{port}"]
    return Server(command, port, "/api/catalogue", log)


def stock_indicators(client: Client) -> list[str]:
    """Twenty indicators of the stock (no secrecy), or as many as there are."""
    _, body = client.get("/api/indicateurs")
    listed = json.loads(body)
    listed = listed if isinstance(listed, list) else listed["indicateurs"]
    return [i["id"] for i in listed if i["domaine"] == "parc"][:20]


def measure(server: Server, drawn: list[dict], reference: dict[str, list[int]]) -> dict:
    """Each size of zone, plain and filtered; and whether the dwellings counted are those of the reference."""
    with Client(server.port) as client:
        indicators = stock_indicators(client)
        wrong = []
        for zone in drawn:
            status, body = client.post("/api/mesure", question(zone, indicators, {}))
            if status != 200:
                raise RuntimeError(f"/api/mesure: {status} {body[:300]!r}")
            # A zone that covers a whole commune also counts its dwellings without a usable point: the peers have none.
            cover = json.loads(body)["mesures"][0]["couverture"]
            counted = cover["logements"] - cover["logements_sans_point"]
            if reference and counted != reference[zone["id"]][0]:
                wrong.append(f"{zone['id']}: {counted} for {reference[zone['id']][0]}")
    result = {"indicators": len(indicators), "wrong": wrong, "plain": {}, "filtered": {}}
    for name, filters in (("plain", {}), ("filtered", {k: [v] for k, v in FILTERS.items()})):
        for size in dict.fromkeys(zone["size"] for zone in drawn):
            requests = [
                post_request("/api/mesure", question(zone, indicators, filters)) for zone in drawn if zone["size"] == size
            ]
            times = latencies(server.port, requests, REQUESTS, SECONDS)
            result[name][size] = [percentile(times, 0.5), percentile(times, 0.99), len(times)]
    result["peak_mb"] = server.peak_mb()
    return result


def question(zone: dict, indicators: list[str], filters: dict) -> dict:
    return {
        "zones": [{"id": zone["id"], "nom": zone["id"], "geometrie": zone["geometry"]}],
        "population": "TOUS",
        "filtres": filters,
        "indicateurs": indicators,
    }
