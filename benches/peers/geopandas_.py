"""GeoPandas at its best: an STR-tree of the points, NumPy sums over the rows that it returns."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pandas as pd

from benches.measures import COLUMNS, FILTERS


class Peer:
    version = f"GeoPandas {geopandas.__version__}"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.forms = {"STR-tree": self._tree}

    def load(self) -> None:
        table = pd.read_parquet(self.folder / "points.parquet")
        self.values = table[COLUMNS].to_numpy(np.int64)
        self.kept = np.logical_and.reduce([(table[c] == v).to_numpy() for c, v in FILTERS.items()])
        self.points = geopandas.GeoSeries(geopandas.points_from_xy(table["lon"], table["lat"]))
        self.tree = self.points.sindex
        self.qpv = geopandas.read_file(self.folder / "qpv.geojson")

    def join(self) -> dict[str, list[int]]:
        zone, point = self.tree.query(self.qpv.geometry.values, predicate="contains")
        order = np.argsort(zone, kind="stable")
        zone, point = zone[order], point[order]
        present, start = np.unique(zone, return_index=True)
        sums = np.add.reduceat(self.values[point], start, axis=0)
        return dict(zip(self.qpv["code_qp"].iloc[present], sums))

    def _tree(self, shape, filtered: bool) -> list[int]:
        rows = self.tree.query(shape, predicate="contains")
        if filtered:
            rows = rows[self.kept[rows]]
        return self.values[rows].sum(axis=0)
