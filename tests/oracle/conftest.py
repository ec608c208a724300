"""What the comparisons share: the server, the demonstration's files, and its dwellings read without mosaïque.

`make test` sets BASE_URL (server on the demonstration's store), DEMO_FILES (its input), DEMO_STORE and MOSAIQUE_BIN.
"""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyproj
import pytest

ROOT = Path(__file__).resolve().parents[2]
# Place known well enough for zones smaller than the commune (quality 22 and 33 are random in the street or commune).
LOCATED = ["11", "12", "21"]


def setting(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.skip(f"{name} is not set: run `make test`")
    return value


class Api:
    """The server under test."""

    def __init__(self, base: str) -> None:
        self.base = base

    def get(self, path: str) -> dict:
        with urllib.request.urlopen(self.base + path, timeout=30) as answer:
            return json.load(answer)

    def post(self, path: str, body: dict) -> dict:
        request = urllib.request.Request(
            self.base + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@pytest.fixture(scope="session")
def api() -> Api:
    return Api(setting("BASE_URL"))


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
    return pd.read_parquet(store / latest["dossier"] / "logements.parquet").set_index("ligne")


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


@pytest.fixture(scope="session")
def dwellings(demo_files: Path) -> geopandas.GeoDataFrame:
    """The rows of the latest RPLS file that mosaïque kept, as the file has them, placed by pyproj."""
    path = sorted(demo_files.glob("rpls*.csv"))[-1]
    rows = raw_rows(path)
    rows = rows.loc[rows.index.intersection(kept_rows(Path(setting("DEMO_STORE"))).index)]
    lon, lat = place(rows)
    quality = rows["QUALITE_XY"].str.strip().str.removesuffix(".0")
    sure = quality.isin(LOCATED).to_numpy()
    points = geopandas.points_from_xy(np.where(sure, lon, np.nan), np.where(sure, lat, np.nan))
    return geopandas.GeoDataFrame(rows, geometry=points, crs=4326)
