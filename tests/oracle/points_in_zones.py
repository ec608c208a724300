"""Checks our point lookup and our repairs with GeoPandas and GEOS, which share no code with us.

    python tests/oracle/points_in_zones.py ZONES POINTS.csv OURS.parquet --code CODE_QP

ZONES: the file as filed (GeoJSON, GeoPackage, Shapefile). POINTS.csv: x,y,code with x, y in the system
of ZONES unless --epsg says otherwise, and code = our answer (empty = nowhere). OURS.parquet: our
zones.parquet. Exits 1 if one point or one zone differs. Prints the count of points by zone.

An edge that is straight in the projection of the file bends in degrees (5 mm for an edge of 500 m, half a
metre for one of 5 km): a point nearer to the edge than that may differ, and is counted apart.
"""
import argparse
import sys

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import shapely

parser = argparse.ArgumentParser()
parser.add_argument("zones")
parser.add_argument("points")
parser.add_argument("ours")
parser.add_argument("--code", required=True)
parser.add_argument("--epsg", type=int)
args = parser.parse_args()

zones = gpd.read_file(args.zones)
zones["zone"] = zones[args.code]
zones = zones.set_geometry(zones.geometry.make_valid())[["zone", "geometry"]]
points = pd.read_csv(args.points, dtype={"code": str}, keep_default_na=False)
crs = args.epsg or zones.crs
where = gpd.GeoDataFrame(points, geometry=gpd.points_from_xy(points.x, points.y), crs=crs).to_crs(zones.crs)
joined = gpd.sjoin(where, zones, predicate="intersects", how="left")
# A point in several zones belongs to the lowest code, as in our lookup.
theirs = joined.groupby(level=0)["zone"].min().reindex(points.index).fillna("")
wrong = points[points.code != theirs]
by_code = zones.dissolve("zone").geometry
EARTH = 6_371_000.0


def on_the_edge(point, code: str) -> bool:
    """True if the nearest edge of the zone may bend as far as the point."""
    for line in shapely.get_parts(by_code[code].boundary):
        xy = shapely.get_coordinates(line)
        segments = shapely.linestrings([(a, b) for a, b in zip(xy[:-1], xy[1:])])
        distance = shapely.distance(segments, point)
        nearest = distance.argmin()
        length = segments[nearest].length
        bend = 2e-7 if zones.crs.is_geographic else 0.02 + 2 * length**2 / (8 * EARTH)
        if distance[nearest] < bend:
            return True
    return False


edge = [
    any(on_the_edge(where.geometry[i], c) for c in (wrong.code[i], theirs[i]) if c) for i in wrong.index
]
on_edge = sum(edge)
wrong = wrong[[not e for e in edge]]
for i, row in wrong.head(20).iterrows():
    print(f"point {i} ({row.x}, {row.y}): ours {row.code or '-'}, GeoPandas {theirs[i] or '-'}")
counts = points[points.code != ""].code.value_counts().sort_index()
print(counts.to_string())

table = pq.read_table(args.ours)
ours = gpd.GeoSeries(shapely.from_wkb(table["geometrie"].to_pylist()), index=table["code"].to_pylist(), crs=4326)
invalid = ours[~ours.is_valid]
print(f"{len(ours)} zones, {len(invalid)} invalid for GEOS: {list(invalid.index)[:20]}")
expected = zones.dissolve("zone").geometry.area if zones["zone"].duplicated().any() else zones.set_index("zone").geometry.area
areas = ours.to_crs(zones.crs).area.reindex(expected.index)
# Degrees: square metres are about 1e-10 square degrees.
unit = 1e-10 if zones.crs.is_geographic else 1.0
gap = (areas - expected).abs()
bad = gap[~(gap < 0.5 * unit + 1e-6 * expected)]
print(f"largest difference of area: {gap.max() / unit:.4f} m2; differing: {list(bad.index)[:20]}")
print(f"{len(points)} points, {len(wrong)} differ, {on_edge} on an edge")
sys.exit(1 if len(wrong) or len(invalid) or len(bad) else 0)
