"""DuckDB with its spatial extension: points sorted along a Hilbert curve, asked by box or by R-tree."""

from __future__ import annotations

from pathlib import Path

import duckdb
import duckdb_extension_spatial

from benches.measures import filters_sql, sums_sql


def connect() -> duckdb.DuckDBPyConnection:
    """A connection with the spatial extension that the wheel brought; nothing is downloaded."""
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    folder = Path(duckdb_extension_spatial.__file__).parent
    binary = next(folder.glob(f"extensions/v{duckdb.__version__}/spatial.duckdb_extension"))
    connection.execute(f"LOAD '{binary}'")
    return connection


class Peer:
    version = f"DuckDB {duckdb.__version__} spatial"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = connect()
        self.forms = {"box": self._box, "R-tree": self._rtree}

    def load(self) -> None:
        points, qpv = self.folder / "points.parquet", self.folder / "qpv.geojson"
        self.db.execute(f"""
            CREATE TABLE p AS SELECT *, ST_Point(lon, lat) AS geom FROM '{points}'
            ORDER BY ST_Hilbert(lon, lat, {{min_x: -62, min_y: -22, max_x: 56, max_y: 52}}::BOX_2D)""")
        self.db.execute("CREATE INDEX p_geom ON p USING RTREE (geom)")
        self.db.execute(f"CREATE TABLE q AS SELECT code_qp AS code, geom FROM ST_Read('{qpv}')")

    def join(self) -> dict[str, list[int]]:
        rows = self.db.execute(f"""
            SELECT q.code, {sums_sql('p.')} FROM p JOIN q ON ST_Contains(q.geom, p.geom) GROUP BY q.code""")
        return {row[0]: row[1:] for row in rows.fetchall()}

    def _box(self, shape, filtered: bool) -> list[int]:
        x0, y0, x1, y1 = shape.bounds
        box = f"lon BETWEEN {x0!r} AND {x1!r} AND lat BETWEEN {y0!r} AND {y1!r}"
        # A point made in the query, not the indexed column: the planner stays away from the R-tree.
        return self._sum(f"{box} AND ST_Contains(ST_GeomFromText('{shape.wkt}'), ST_Point(lon, lat))", filtered)

    def _rtree(self, shape, filtered: bool) -> list[int]:
        return self._sum(f"ST_Within(geom, ST_GeomFromText('{shape.wkt}'))", filtered)

    def _sum(self, condition: str, filtered: bool) -> list[int]:
        where = condition + (f" AND {filters_sql()}" if filtered else "")
        return self.db.execute(f"SELECT {sums_sql()} FROM p WHERE {where}").fetchone()
