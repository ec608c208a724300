"""Coordinates: mosaïque's `proj` against pyproj, within one centimetre on the ground."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyproj
import pytest

from conftest import kept_rows, number, place, raw_rows, setting

CENTIMETRE = 0.01
EARTH = pyproj.Geod(ellps="GRS80")

# name, commune, EPSG, lon, lat: the six of Lambert-93 and one or two of each overseas frame.
VECTORS = [
    ("Paris", "75104", 2154, 2.3499, 48.8530),
    ("Chambéry", "73065", 2154, 5.9178, 45.5646),
    ("Annecy", "74010", 2154, 6.1294, 45.8992),
    ("Angers", "49007", 2154, -0.5563, 47.4711),
    ("Lille", "59350", 2154, 3.0573, 50.6292),
    ("Ajaccio", "2A004", 2154, 8.7369, 41.9192),
    ("Pointe-à-Pitre", "97120", 5490, -61.5333, 16.2411),
    ("Fort-de-France", "97209", 5490, -61.0689, 14.6037),
    ("Cayenne", "97302", 2972, -52.3260, 4.9372),
    ("Saint-Denis", "97411", 2975, 55.4481, -20.8789),
    ("Mamoudzou", "97611", 4471, 45.2279, -12.7806),
]


def distances(lon: np.ndarray, lat: np.ndarray, other_lon: np.ndarray, other_lat: np.ndarray) -> np.ndarray:
    return EARTH.inv(lon, lat, other_lon, other_lat)[2]


def test_points_of_every_frame_are_placed_within_a_centimetre_of_pyproj(tmp_path: Path, mosaique) -> None:
    lines = ["IDENT_REP;DEPCOM;LIBCOM;NUMVOIE;TYPVOIE;NOMVOIE;TYPECONST_CODE;NBPIECE;SURFHAB;CONSTRUCT;LOCAT;"
             "PATRIMOINE;FINAN_CODE;EPSG;X;Y;QUALITE_XY"]
    expected = []
    for n, (name, commune, epsg, lon, lat) in enumerate(VECTORS):
        x, y = pyproj.Transformer.from_crs(4326, epsg, always_xy=True).transform(lon, lat)
        lines.append(f"{n:010d};{commune};{name.upper()};{n + 1};RUE;DE LA PAIX;C;3;65;1985;1985;1985;13;{epsg};{x:.3f};{y:.3f};11")
        expected.append((lon, lat))
    path = tmp_path / "rpls_2024.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    mosaique("import", "rpls", path, "--millesime", 2024, "--data", tmp_path / "magasin")

    kept = kept_rows(tmp_path / "magasin")
    assert len(kept) == len(VECTORS)
    lon, lat = np.array(expected).T
    assert distances(lon, lat, kept["lon"].to_numpy(), kept["lat"].to_numpy()).max() < CENTIMETRE


def test_every_dwelling_of_the_demonstration_is_placed_within_a_centimetre_of_pyproj(demo_files: Path) -> None:
    kept = kept_rows(Path(setting("DEMO_STORE")))
    rows = raw_rows(sorted(demo_files.glob("rpls*.csv"))[-1]).loc[kept.index]
    lon, lat = place(rows)
    both = np.isfinite(lon) & kept["lon"].notna().to_numpy()
    # A position outside the box of its frame is refused by mosaïque and projected by pyproj all the same.
    in_box = number(rows["X"]).between(0, 1_300_000).to_numpy() & number(rows["Y"]).between(6e6, 7.2e6).to_numpy()
    assert both.sum() >= 0.98 * in_box.sum() > 0
    gaps = distances(lon[both], lat[both], kept["lon"].to_numpy()[both], kept["lat"].to_numpy()[both])
    assert gaps.max() < CENTIMETRE, f"{(gaps >= CENTIMETRE).sum()} rows of {both.sum()}"


@pytest.mark.parametrize(
    ("lon", "lat", "cell"),
    [
        (2.3499, 48.8530, "CRS3035RES200mN2889000E3760400"),
        (5.9178, 45.5646, "CRS3035RES200mN2503400E4002000"),
        (6.1294, 45.8992, "CRS3035RES200mN2539600E4020200"),
        (-0.5563, 47.4711, "CRS3035RES200mN2763000E3527600"),
        (3.0573, 50.6292, "CRS3035RES200mN3080600E3830400"),
        (8.7369, 41.9192, "CRS3035RES200mN2091400E4215800"),
    ],
)
def test_a_point_is_in_the_200_m_cell_that_pyproj_says(api, lon: float, lat: float, cell: str) -> None:
    east, north = pyproj.Transformer.from_crs(4326, 3035, always_xy=True).transform(lon, lat)
    assert f"CRS3035RES200mN{int(north // 200 * 200)}E{int(east // 200 * 200)}" == cell
    assert api.get(f"/api/situation?lon={lon}&lat={lat}")["carreau"] == cell
