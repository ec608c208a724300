"""A real file: the stock of Cannes in the quartiers prioritaires of 2015, as GeoPandas counts it.

Runs where the folder of real files stands beside the project; they are not the project's to ship.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
from pathlib import Path

import geopandas
import pytest

from conftest import ROOT, Api, kept_rows, number, raw_rows

REAL = ROOT / ".." / "shared" / "data"
RPLS = REAL / "rpls" / "rpls_cannes_geocoded_pierson.csv"
QPV = REAL / "qpv" / "qpv2015_shp" / "QP_METROPOLE_LB93.shp"
COMMUNES = REAL / "admin" / "communes2018-06-alpes-maritimes.geojson"

pytestmark = pytest.mark.skipif(not RPLS.exists(), reason="no real files in ../shared/data")


@pytest.fixture(scope="module")
def store(tmp_path_factory, mosaique) -> Path:
    data = tmp_path_factory.mktemp("cannes") / "magasin"
    mosaique("import", "zones", COMMUNES, "--layer", "commune", "--data", data)
    mosaique("import", "zones", QPV, "--layer", "qpv", "--generation", 2015, "--data", data)
    mosaique("import", "rpls", RPLS, "--millesime", 2018, "--data", data)
    mosaique("build", "--data", data)
    return data


@pytest.fixture(scope="module")
def served(store: Path):
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
def joined(store: Path) -> geopandas.GeoDataFrame:
    kept = kept_rows(store)
    rows = raw_rows(RPLS, ",").loc[kept.index]
    x, y = number(rows["X"]), number(rows["Y"])
    points = geopandas.GeoDataFrame(rows[["QPV"]], geometry=geopandas.points_from_xy(x, y), crs=2154)
    points["adresse"] = kept["adresse"]
    zones = geopandas.read_file(QPV).set_crs(2154, allow_override=True)
    zones.geometry = zones.geometry.make_valid()
    found = geopandas.sjoin(points, zones[["CODE_QP", "geometry"]], predicate="within", how="left")
    # A row without a point stands where its neighbours of the same numbered address do.
    filed = found[x.notna() & ~found["adresse"].str.split(":").str[1].isin(["", "0"])]
    neighbours = filed.drop_duplicates("adresse").set_index("adresse")["CODE_QP"]
    found["CODE_QP"] = found["CODE_QP"].where(x.notna(), found["adresse"].map(neighbours))
    return found


def test_dwellings_of_cannes_by_qpv_are_those_that_geopandas_counts(served: Api, joined) -> None:
    expected = joined.groupby("CODE_QP").size().to_dict()
    answer = served.get("/api/valeurs/qpv2015?indicateur=P01")
    assert {c: n for c, n in zip(answer["codes"], answer["logements"]) if n} == expected
    assert expected


def test_the_hlm_o_of_cannes_are_of_one_class_of_the_financing(served: Api, store: Path) -> None:
    """2,743 dwellings financed as HLM/O (FINAN 52), of which 644 say a CUS of the PLUS: one class, not two (E13)."""
    kept = raw_rows(RPLS, ",").loc[kept_rows(store).index]
    financing, category = number(kept["FINAN"]), number(kept["CUS"])
    hlm = financing == 52
    assert (int(hlm.sum()), int((hlm & (category == 13)).sum())) == (2743, 644)
    [found] = [f for f in served.get("/api/facettes")["filtres"] if f["id"] == "financement"]
    told = {m["code"]: m["logements"] for m in found["modalites"]}
    classes = {"PLAI": [10, 11], "PLUS": [12, 13], "PLS": [14], "PLI": [16], "ANCIEN": list(range(50, 56))}
    assert {c: told[c] for c in classes} == {c: int(financing.isin(codes).sum()) for c, codes in classes.items()}
    assert told["ANCIEN"] == 2743


def test_dwellings_that_leave_the_sru_count_are_those_of_the_file(served: Api, store: Path) -> None:
    ends = number(raw_rows(RPLS, ",").loc[kept_rows(store).index, "SRU_EXPIR"])
    expected = int(ends.between(2018, 2023).sum())
    answer = served.get("/api/valeurs/commune?indicateur=P_SRU_5")
    # Some points of the file are in a commune beside Cannes, and count there.
    assert (sum(n or 0 for n in answer["numerateurs"]), sum(d or 0 for d in answer["denominateurs"])) == (expected, len(ends))
    assert expected == 141
