"""SedonaDB: the spatial engine on DataFusion; it has no index to keep, it scans fast."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import geopandas
import pyarrow
import sedonadb

from benches.measures import filters_sql, sums_sql


class Peer:
    version = f"SedonaDB {importlib.metadata.version('sedonadb')}"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = sedonadb.connect()
        self.forms = {"box": self._box}

    def load(self) -> None:
        self.db.read_parquet(str(self.folder / "points.parquet")).to_view("raw")
        # A table sorted along a curve is not needed: DataFusion has no zone maps over memory tables.
        self.db.sql("SELECT *, ST_Point(lon, lat) AS geom FROM raw").to_memtable().to_view("p")
        qpv = geopandas.read_file(self.folder / "qpv.geojson")[["code_qp", "geometry"]].rename(
            columns={"code_qp": "code"}
        )
        self.db.create_data_frame(qpv.set_crs(None, allow_override=True)).to_memtable().to_view("q")

    def join(self) -> dict[str, list[int]]:
        table = self._table(f"""
            SELECT q.code, {sums_sql('p.')} FROM p JOIN q ON ST_Contains(q.geometry, p.geom)
            GROUP BY q.code""")
        columns = [column.to_pylist() for column in table.columns]
        return {row[0]: list(row[1:]) for row in zip(*columns)}

    def _box(self, shape, filtered: bool) -> list[int]:
        x0, y0, x1, y1 = shape.bounds
        condition = (
            f"lon BETWEEN {x0!r} AND {x1!r} AND lat BETWEEN {y0!r} AND {y1!r} "
            f"AND ST_Contains(ST_GeomFromText('{shape.wkt}'), geom)"
        )
        if filtered:
            condition = f"{filters_sql()} AND {condition}"
        table = self._table(f"SELECT {sums_sql()} FROM p WHERE {condition}")
        return [column[0].as_py() for column in table.columns]

    def _table(self, sql: str) -> pyarrow.Table:
        """The answer through Arrow's C stream, which asks for no further package."""
        return pyarrow.table(self.db.sql(sql))
