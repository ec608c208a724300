"""Writes tests/fixtures/zones/proj_vectors.csv: points of every known system, converted by pyproj.

    python tests/oracle/proj_vectors.py > tests/fixtures/zones/proj_vectors.csv

Needs pyproj with its database; the program itself needs neither. Columns: epsg,lon,lat,x,y.
"""
import tomllib
from pathlib import Path

from pyproj import Transformer

ROOT = Path(__file__).resolve().parents[2]
DATA = tomllib.loads((ROOT / "data" / "territory.toml").read_text(encoding="utf-8"))

# Two opposite corners of each box, its centre, and the points of the domain reference.
POINTS = [
    (2.3499, 48.8530), (5.9178, 45.5646), (6.1294, 45.8992), (-0.5563, 47.4711), (3.0573, 50.6292),
    (8.7369, 41.9192), (-61.5333, 16.2411), (-61.0689, 14.6037), (-52.3260, 4.9372), (55.4481, -20.8789),
    (45.2279, -12.7806), (-56.17, 46.78), (-149.56, -17.53),
]
METRO = {2154, 9793, 9794, 3035, 3857, 25830, 25831, 25832, 32630, 32631, 32632}


def belongs(epsg: int, lon: float, lat: float) -> bool:
    if epsg in METRO or 3942 <= epsg <= 3950 or 9822 <= epsg <= 9850:
        return 41 < lat < 52 and -6 < lon < 10
    boxes = {
        (5490, 4559, 32620): (-63.5, 14.2, -60.6, 18.3), (2972, 32622): (-54.8, 2, -51.4, 6),
        (2975, 32740): (55, -21.6, 56, -20.7), (4471, 32738): (44.8, -13.2, 45.5, -12.4),
        (4467,): (-56.6, 46.6, -56, 47.3), (32706,): (-155, -28.5, -134, -7.5),
    }
    return any(epsg in k and w <= lon <= e and s <= lat <= n for k, (w, s, e, n) in boxes.items())


print("epsg,lon,lat,x,y")
for crs in DATA["crs"]:
    epsg = crs["epsg"]
    if crs["proj"].startswith("+proj=longlat"):
        continue
    to = Transformer.from_crs(4326, epsg, always_xy=True)
    for lon, lat in POINTS:
        if belongs(epsg, lon, lat):
            x, y = to.transform(lon, lat)
            print(f"{epsg},{lon},{lat},{x:.4f},{y:.4f}")
