"""The demonstration without its coordinates: dwellings located by their address, recounted by pandas and GeoPandas.

Columns of the place (X, Y, EPSG, QUALITE_XY, QPV, IRIS) are taken out of the RPLS file. What mosaïque builds from it must be what one gets by hand:
`mosaique geocode` for each address, GeoPandas for the zones, pandas for the sums. Households are recounted from the survey, joined by national number.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
from pathlib import Path

import geopandas
import pandas as pd
import pytest

from conftest import Api, by_address, kept_rows, raw_rows

PLACE = {"X", "Y", "EPSG", "QUALITE_XY", "DISTANCE_PRECISION"}
LAYERS = {
    "commune": ("communes.geojson", "INSEE_COM", None),
    "epci": ("epci.geojson", "CODE_SIREN", None),
    "iris": ("iris.geojson", "CODE_IRIS", None),
    "qpv": ("qpv2024.geojson", "code_qp", "2024"),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory, mosaique, demo_files: Path) -> Path:
    folder = tmp_path_factory.mktemp("situes")
    data = folder / "magasin"
    rows = raw_rows(sorted(demo_files.glob("rpls*.csv"))[-1])
    bare = rows.drop(columns=[c for c in rows if c in PLACE or c.startswith(("QPV", "IRIS"))])
    bare.to_csv(folder / "rpls.csv", sep=";", index=False)
    for layer, (name, _, generation) in LAYERS.items():
        more = ["--generation", generation] if generation else []
        mosaique("import", "zones", demo_files / name, "--layer", layer, *more, "--data", data)
    mosaique("import", "rpls", folder / "rpls.csv", "--millesime", 2024, "--data", data)
    mosaique("import", "ops", sorted(demo_files.glob("ops_2024*.csv"))[-1], "--wave", 2024, "--data", data)
    mosaique("import", "addresses", next(demo_files.glob("adresses-*.csv")), "--data", data)
    return data


@pytest.fixture(scope="module")
def built(store: Path, mosaique) -> dict:
    return json.loads(mosaique("build", "--data", store, "--json"))["2024"]["comptes"]


@pytest.fixture(scope="module")
def served(store: Path, built):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = subprocess.Popen([os.environ["MOSAIQUE_BIN"], "serve", "--data", store, "--bind", f"127.0.0.1:{port}"])
    api = Api(f"http://127.0.0.1:{port}")
    try:
        for _ in range(150):
            try:
                api.get("/healthz")
                break
            except urllib.error.URLError:
                assert server.poll() is None
                time.sleep(0.1)
        yield api
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def located(store: Path, built, mosaique) -> geopandas.GeoDataFrame:
    """Kept dwellings, each at the place of its address if the geocoder is sure of it."""
    rows = kept_rows(store)
    place = rows[["adresse", "depcom", "ident_rep"]].join(by_address(mosaique, store, rows), on="adresse")
    return geopandas.GeoDataFrame(place, geometry=geopandas.points_from_xy(place["lon"], place["lat"]), crs=4326)


def contours(demo_files: Path, layer: str) -> geopandas.GeoDataFrame:
    name, code, _ = LAYERS[layer]
    zones = geopandas.read_file(demo_files / name).to_crs(4326)[[code, "geometry"]].rename(columns={code: "code"})
    zones.geometry = zones.geometry.make_valid()
    return zones


def zone_of(rows: geopandas.GeoDataFrame, demo_files: Path, layer: str) -> pd.Series:
    """Code of the zone of each dwelling: by its declared commune where that is enough, else by its point."""
    if layer == "commune":
        return rows["depcom"]
    zones = contours(demo_files, layer)
    if layer == "epci":
        communes = contours(demo_files, "commune")
        communes.geometry = communes.to_crs(2154).representative_point().to_crs(4326)
        of = geopandas.sjoin(communes, zones, predicate="within").set_index("code_left")["code_right"]
        return rows["depcom"].map(of)
    joined = geopandas.sjoin(rows[["geometry"]], zones, predicate="within")
    return joined["code"].groupby(level=0).first().reindex(rows.index)


def test_every_dwelling_is_located_or_told(built, located) -> None:
    assert built["localises"] == int(located["lon"].notna().sum())
    assert built["localises"] + built["non_localises"] == built["logements"] == len(located)
    assert built["adresses_a_confirmer"] + built["adresses_introuvables"] == built["non_localises"]
    assert built["localises"] > 0.9 * len(located)


@pytest.mark.parametrize("layer", ["commune", "epci", "iris", "qpv2024"])
def test_dwellings_by_zone_are_those_of_a_recount(served: Api, demo_files: Path, located, layer: str) -> None:
    expected = zone_of(located, demo_files, layer.removesuffix("2024")).value_counts().to_dict()
    answer = served.get(f"/api/valeurs/{layer}?indicateur=P01")
    # Dwellings known by their commune only are in its one IRIS, `{commune}0000`, wherever they stand.
    found = {c: n for c, n in zip(answer["codes"], answer["logements"]) if n and not c.endswith("0000")}
    assert found == {c: n for c, n in expected.items() if not c.endswith("0000")}
    assert expected
