"""Counts of dwellings by choice of filter, recounted by pandas and GeoPandas from the files themselves."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pytest

from conftest import Api, number


def counts(api: Api, query: str, filtre: str) -> dict[str, int]:
    answer = api.get(f"/api/facettes?{query}")
    [found] = [f for f in answer["filtres"] if f["id"] == filtre]
    return {m["code"]: m["logements"] for m in found["modalites"]}


def rings(dwellings: geopandas.GeoDataFrame, contours: geopandas.GeoDataFrame) -> np.ndarray:
    """The ring of each dwelling by its distance in Lambert-93 to all quartiers at once."""
    known = ~dwellings.geometry.is_empty.to_numpy()
    distance = dwellings.geometry[known].to_crs(2154).distance(contours.to_crs(2154).union_all()).to_numpy()
    out = np.full(len(dwellings), "NC", dtype=object)
    out[known] = np.select([distance == 0, distance <= 300, distance <= 500], ["DANS", "B300", "B500"], "AUDELA")
    return out


@pytest.mark.parametrize("generation", ["2015", "2024"])
def test_rings_around_quartiers_hold_the_dwellings_that_geopandas_finds_there(
    api: Api, demo_files: Path, dwellings: geopandas.GeoDataFrame, generation: str
) -> None:
    found = rings(dwellings, geopandas.read_file(demo_files / f"qpv{generation}.geojson"))
    expected = {code: int((found == code).sum()) for code in ["DANS", "B300", "B500", "AUDELA", "NC"]}
    assert counts(api, f"generation={generation}", "bande") == expected
    assert min(expected.values()) > 0, "an empty ring would prove nothing"


def test_choices_are_counted_under_the_other_filters_only(
    api: Api, demo_files: Path, dwellings: geopandas.GeoDataFrame
) -> None:
    ring = rings(dwellings, geopandas.read_file(demo_files / "qpv2024.geojson"))
    rooms, built = number(dwellings["NBPIECE"]), number(dwellings["CONSTRUCT"])
    rooms = rooms.where(rooms.between(1, 9)).clip(upper=5).to_numpy()
    old = built.between(1949, 1974).to_numpy()
    near = np.isin(ring, ["B300", "B500"])
    names = {1: "T1", 2: "T2", 3: "T3", 4: "T4", 5: "T5P"}
    # The filter on rooms does not count against itself.
    answer = counts(api, "periode=1949_1974&bande=B300,B500&typologie=T2", "typologie")
    assert {c: answer[c] for c in names.values()} == {c: int((old & near & (rooms == n)).sum()) for n, c in names.items()}
    two = rooms == 2
    answer = counts(api, "periode=1949_1974&bande=B300,B500&typologie=T2", "bande")
    assert answer["DANS"] == int((old & two & (ring == "DANS")).sum())
    assert answer["AUDELA"] == int((old & two & (ring == "AUDELA")).sum())
