"""The drawn zones: closed outlines of 200 vertices, each made to hold about a given number of dwellings."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import shapely

VERTICES = 200
# size → (dwellings wanted, number of zones) on the national input and on the small one.
NATIONAL = {"small": (1_000, 20), "city": (65_000, 10), "large": (244_000, 5)}
SMALL = {"small": (1_000, 20), "city": (6_500, 10), "large": (24_400, 5)}


def outline(rng: np.random.Generator, lon: float, lat: float, radius: float) -> np.ndarray:
    """A hand-drawn look: a circle of `radius` degrees of latitude, bent by a few slow waves."""
    angle = np.linspace(0.0, 2 * np.pi, VERTICES, endpoint=False)
    bend = sum(rng.uniform(0.02, 0.12) * np.sin(k * angle + rng.uniform(0, 6.28)) for k in (2, 3, 5, 9))
    reach = radius * (1 + bend)
    ring = np.column_stack([reach * np.cos(angle) / np.cos(np.radians(lat)), reach * np.sin(angle)])
    return ring


def draw(points: np.ndarray, wanted: int, rng: np.random.Generator) -> tuple[shapely.Polygon, int]:
    """A zone around a dwelling taken at random, scaled until it holds `wanted` ± 5 % (or the last try)."""
    lon, lat = points[rng.integers(len(points))]
    squared = ((points[:, 0] - lon) * np.cos(np.radians(lat))) ** 2 + (points[:, 1] - lat) ** 2
    rank = min(wanted, len(points) - 1)
    radius = float(np.sqrt(np.partition(squared, rank)[rank]))
    shape = outline(rng, lon, lat, 1.0)
    near = points[squared < (2.5 * radius) ** 2]
    scale, low, high = radius, 0.0, 0.0
    for _ in range(16):
        polygon = shapely.Polygon(np.round(shape * scale + [lon, lat], 7))
        count = int(shapely.contains_xy(polygon, near[:, 0], near[:, 1]).sum())
        if abs(count - wanted) <= 0.05 * wanted:
            break
        low, high = (scale, high) if count < wanted else (low, scale)
        scale = (low + high) / 2 if high else low * 1.3
    return polygon, count


def write(points: np.ndarray, sizes: dict[str, tuple[int, int]], path: Path, seed: int = 7) -> None:
    """Writes the zones as GeoJSON with `id`, `size` and the count of dwellings inside."""
    rng = np.random.default_rng(seed)
    features = []
    for size, (wanted, number) in sizes.items():
        for n in range(number):
            polygon, count = draw(points, wanted, rng)
            features.append(
                {
                    "type": "Feature",
                    "properties": {"id": f"{size}-{n:02d}", "size": size, "logements": count},
                    "geometry": json.loads(shapely.to_geojson(polygon)),
                }
            )
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def read(path: Path) -> list[dict]:
    """`[{id, size, geometry (GeoJSON), shape (shapely)}]`"""
    return [
        {**f["properties"], "geometry": f["geometry"], "shape": shapely.from_geojson(json.dumps(f["geometry"]))}
        for f in json.loads(path.read_text())["features"]
    ]
