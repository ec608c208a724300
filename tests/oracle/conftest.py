"""What the comparisons share: the server, the demonstration's files, and its dwellings read without mosaïque.

`make test` sets BASE_URL, MOSAIQUE_TOKEN (server on the demonstration's store), DEMO_FILES (its input), DEMO_STORE and MOSAIQUE_BIN.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import tempfile
import urllib.request
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

ROOT = Path(__file__).resolve().parents[2]
# Known to the commune only: random in a probable street, or in the commune (domain: QUALITE_XY).
VAGUE = ["22", "33"]
# Score from which the geocoder is sure, and metres between neighbours of one address that still say where it is.
SURE, NEIGHBOURS_M = 0.8, 50
# R08: a point farther than this from the commune that the row declares is not believed.
TOLERANCE_M = 200


def setting(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.skip(f"{name} is not set: run `make test`")
    return value


class Api:
    """The server under test."""

    def __init__(self, base: str, token: str | None = None) -> None:
        self.base = base
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str) -> dict:
        with urllib.request.urlopen(urllib.request.Request(self.base + path, headers=self.headers), timeout=30) as answer:
            return json.load(answer)

    def csv(self, path: str) -> pd.DataFrame:
        """A sheet as it leaves, every cell a text."""
        with urllib.request.urlopen(urllib.request.Request(self.base + path, headers=self.headers), timeout=60) as answer:
            text = io.StringIO(answer.read().decode("utf-8-sig"))
        return pd.read_csv(text, sep=";", dtype=str, keep_default_na=False)

    def post(self, path: str, body: dict) -> dict:
        request = urllib.request.Request(
            self.base + path, json.dumps(body).encode(), {**self.headers, "Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@pytest.fixture(scope="session")
def api() -> Api:
    return Api(setting("BASE_URL"), setting("MOSAIQUE_TOKEN"))


@pytest.fixture(scope="session")
def demo_files() -> Path:
    return Path(setting("DEMO_FILES"))


@pytest.fixture(scope="session")
def mosaique():
    """Runs the built binary; fails the test with its words when it fails."""
    binary = setting("MOSAIQUE_BIN")

    def call(*words: object) -> str:
        done = subprocess.run([binary, *map(str, words)], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    return call


def kept_rows(store: Path, register: str = "rpls") -> pd.DataFrame:
    """The latest table of a register in a store: what mosaïque kept, by line of the user's file."""
    manifest = json.loads((store / "manifeste.json").read_text())
    latest = max((j for j in manifest["jeux"] if j["rapport"]["registre"] == register), key=lambda j: j["rapport"]["cle"])
    table = {"rpls": "logements", "ops": "menages"}[register]
    return pd.read_parquet(store / latest["dossier"] / f"{table}.parquet").set_index("ligne")


def raw_rows(path: Path, separator: str = ";") -> pd.DataFrame:
    """A CSV as text, indexed by line of the file (the header is line 1)."""
    table = pd.read_csv(path, sep=separator, dtype=str, encoding="utf-8-sig", encoding_errors="replace", keep_default_na=False)
    table.index = table.index + 2
    return table


def number(column: pd.Series) -> pd.Series:
    """Numbers as a spreadsheet may have left them; what is no number is missing."""
    return pd.to_numeric(column.str.strip().str.replace(",", "."), errors="coerce")


def place(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude of X, Y by pyproj, each row in its own EPSG (2154 when empty)."""
    x, y = number(rows["X"]).to_numpy(), number(rows["Y"]).to_numpy()
    epsg = number(rows["EPSG"]).fillna(2154).astype(int).to_numpy() if "EPSG" in rows else np.full(len(rows), 2154)
    lon, lat = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for code in np.unique(epsg):
        mine = (epsg == code) & np.isfinite(x) & np.isfinite(y)
        transformer = pyproj.Transformer.from_crs(int(code), 4326, always_xy=True)
        lon[mine], lat[mine] = transformer.transform(x[mine], y[mine])
    return lon, lat


def believed(rows: pd.DataFrame, points: geopandas.GeoSeries, communes: geopandas.GeoDataFrame) -> np.ndarray:
    """Whether each point is in the commune that its row declares, or within the tolerance; measured in Lambert-93."""
    codes = rows["DEPCOM"].str.strip().str.removesuffix(".0").str.zfill(5)
    outlines = communes.set_index("INSEE_COM").geometry.to_crs(2154).reindex(codes.to_numpy())
    outlines.index = points.index
    return ~(points.to_crs(2154).distance(outlines) > TOLERANCE_M).to_numpy()


def geocoded(mosaique, store: Path, asked: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The best answer of `mosaique geocode` for each row, in the commune that it names."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "adresses.csv"
        asked.to_csv(path, index=False)
        more = [w for c in columns for w in ("--colonne", c)]
        text = mosaique("geocode", path, "--data", store, *more, "--citycode", "depcom")
    found = pd.read_csv(io.StringIO(text.lstrip("\ufeff")), dtype=str, keep_default_na=False, sep=None, engine="python")
    found.index = asked.index
    score = pd.to_numeric(found["result_score"], errors="coerce").fillna(0.0)
    lon, lat = (pd.to_numeric(found[c], errors="coerce") for c in ("longitude", "latitude"))
    # The commune itself is no address; only a house number is exact.
    kind = found["result_type"]
    return pd.DataFrame({"score": score.where(kind != "municipality", 0.0), "lon": lon, "lat": lat, "numero": kind == "housenumber"})


def by_address(mosaique, store: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Place of each address key of some kept rows that the geocoder is sure of, by the street first, then with postcode and city."""
    parts = rows["adresse"].str.split(":", n=3, expand=True)
    number, sign = parts[1].where(parts[1] != "0", ""), parts[2].where(parts[2] != "-", "")
    line = (number + " " + sign + " " + parts[3].fillna("")).str.split().str.join(" ")
    asked = pd.DataFrame({"cle": rows["adresse"], "depcom": rows["depcom"], "ligne": line.where(parts[3] != "", "")})
    asked["ville"] = rows["codepostal"].fillna("") + " " + rows["libcom"].fillna("")
    asked = asked[asked["ligne"] != ""].drop_duplicates("cle").set_index("cle", drop=False)
    best = geocoded(mosaique, store, asked, ["ligne"])
    again = asked.loc[best.index[best["score"] < SURE]]
    if len(again):
        more = geocoded(mosaique, store, again, ["ligne", "ville"])
        better = more.index[more["score"] > best.loc[more.index, "score"]]
        best.loc[better] = more.loc[better]
    return best[best["score"] >= SURE]


def fill(mosaique, store: Path, kept: pd.DataFrame, lon: np.ndarray, lat: np.ndarray, vague: np.ndarray) -> np.ndarray:
    """Gives rows without a point that of their neighbours of the same numbered address, else that of their address in the BAN.

    Returns the quality of each point: its own, 41 at a number of the BAN, 42 in its street.
    """
    quality = kept["qualite"].fillna(0).to_numpy(dtype=int, copy=True)
    missing = ~np.isfinite(lon)
    keys = kept["adresse"].to_numpy()
    numbered = kept["adresse"].str.split(":").str[1].ne("0").to_numpy()
    known = pd.DataFrame({"cle": keys, "lon": lon, "lat": lat})[~missing & ~vague & numbered]
    known = known[known["cle"].isin(set(keys[missing]))]
    metres = geopandas.GeoSeries(geopandas.points_from_xy(known["lon"], known["lat"]), index=known.index, crs=4326).to_crs(2154)
    for key, rows in known.groupby("cle"):
        at = rows.groupby(["lon", "lat"]).size().idxmax()
        centre = metres[rows.index[(rows["lon"] == at[0]) & (rows["lat"] == at[1])][0]]
        if metres[rows.index].distance(centre).max() <= NEIGHBOURS_M:
            mine = missing & (keys == key)
            lon[mine], lat[mine] = at
            quality[mine] = quality[(keys == key) & ~missing & (lon == at[0]) & (lat == at[1])][0]
    left = ~np.isfinite(lon)
    if left.any():
        found = by_address(mosaique, store, kept[left]).reindex(keys[left])
        lon[left], lat[left] = found["lon"].to_numpy(), found["lat"].to_numpy()
        sure = left & np.isfinite(lon)
        quality[sure] = np.where(found["numero"].eq(True).to_numpy(), 41, 42)[np.isfinite(lon[left])]
    return quality


def completed(mosaique, store: Path, kept: pd.DataFrame) -> pd.DataFrame:
    """Kept dwellings with the points that the build gives to those without one (lon, lat, qualite)."""
    lon, lat = kept["lon"].to_numpy(dtype=float, copy=True), kept["lat"].to_numpy(dtype=float, copy=True)
    vague = kept["qualite"].isin([int(v) for v in VAGUE]).to_numpy() & np.isfinite(lon)
    quality = fill(mosaique, store, kept, lon, lat, vague)
    return kept.assign(lon=lon, lat=lat, qualite=quality)


@pytest.fixture(scope="session")
def dwellings(demo_files: Path, mosaique) -> geopandas.GeoDataFrame:
    """The rows of the latest RPLS file that mosaïque kept, as the file has them, placed by pyproj; those without coordinates by their
    neighbours or their address.

    Rows whose place is not known well enough for zones smaller than the commune have an empty point.
    """
    path = sorted(demo_files.glob("rpls*.csv"))[-1]
    rows = raw_rows(path)
    store = Path(setting("DEMO_STORE"))
    kept = kept_rows(store)
    rows = rows.loc[rows.index.intersection(kept.index)]
    kept = kept.loc[rows.index]
    lon, lat = place(rows)
    # A point out of its system of coordinates is none.
    lon[kept["lon"].isna().to_numpy()] = np.nan
    vague = rows["QUALITE_XY"].str.strip().str.removesuffix(".0").isin(VAGUE).to_numpy() & np.isfinite(lon)
    fill(mosaique, store, kept, lon, lat, vague)
    points = geopandas.GeoSeries(geopandas.points_from_xy(lon, lat), index=rows.index, crs=4326)
    known = np.isfinite(lon) & ~vague
    known[known] = believed(rows[known], points[known], geopandas.read_file(demo_files / "communes.geojson"))
    return geopandas.GeoDataFrame(rows, geometry=points.where(known, shapely.Point()), crs=4326)
