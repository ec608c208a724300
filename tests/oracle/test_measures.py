"""Figures of drawn zones and of quartiers prioritaires, recounted by GeoPandas from the files themselves."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from conftest import number

ZONES = 60


def outline(rng: np.random.Generator, lon: float, lat: float) -> shapely.Polygon:
    """A star-shaped outline of 5 to 120 vertices, from a few buildings to a whole town; some have a hole."""
    count = int(rng.integers(5, 120))
    angle = np.sort(rng.uniform(0, 2 * np.pi, count))
    reach = 10 ** rng.uniform(-2.7, -0.8) * rng.uniform(0.6, 1.4, count)
    ring = np.column_stack([lon + reach * np.cos(angle) * 1.4, lat + reach * np.sin(angle)])
    shape = shapely.Polygon(np.round(ring, 7))
    if rng.random() < 0.3:
        shape = shapely.make_valid(shape.difference(shapely.Point(lon, lat).buffer(float(reach.min()) * 0.6)))
    return shape


@pytest.fixture(scope="module")
def drawn(dwellings: geopandas.GeoDataFrame) -> list[shapely.Geometry]:
    rng = np.random.default_rng(20240101)
    located = dwellings[~dwellings.geometry.is_empty]
    shapes = []
    while len(shapes) < ZONES:
        point = located.geometry.iloc[int(rng.integers(len(located)))]
        shape = outline(rng, point.x, point.y)
        if shape.is_valid and shape.geom_type in ("Polygon", "MultiPolygon"):
            shapes.append(shape)
    return shapes


def recount(inside: geopandas.GeoDataFrame) -> dict[str, tuple[int, int]]:
    """Numerator and denominator of indicators of the stock, from the columns as filed."""
    rooms = number(inside["NBPIECE"])
    rooms = rooms[rooms.between(1, 9)]
    built = number(inside["CONSTRUCT"])
    kind = inside["TYPECONST_CODE"].str.strip().str.upper()
    kind = kind[kind.isin(["C", "I", "E"])]
    label = inside["DPEENERGIE"].str.strip().str.upper()
    label = label[label.isin(list("ABCDEFG"))]
    counts = {"P04": ((kind == "I").sum(), len(kind)), "P_TYPO_T5P": ((rooms >= 5).sum(), len(rooms))}
    counts |= {f"P_TYPO_T{n}": ((rooms == n).sum(), len(rooms)) for n in range(1, 5)}
    del built, label  # their classes have rules of their own (years repaired, labels undated): not recounted here
    return {key: (int(a), int(b)) for key, (a, b) in counts.items()}


def ask(api, shapes: list[shapely.Geometry], **more) -> list[dict]:
    """The measures of many zones, twenty a call."""
    measures = []
    for start in range(0, len(shapes), 20):
        zones = [
            {"id": str(n), "nom": str(n), "geometrie": shapely.geometry.mapping(shape)}
            for n, shape in enumerate(shapes[start : start + 20])
        ]
        measures += api.post("/api/mesure", {"zones": zones, "population": "TOUS", **more})["mesures"]
    return measures


def test_a_drawn_zone_counts_the_dwellings_that_geopandas_finds_in_it(api, drawn, dwellings) -> None:
    answers = ask(api, drawn, indicateurs=["P01"])
    expected = [int(dwellings.within(shape).sum()) for shape in drawn]
    assert [a["couverture"]["logements"] for a in answers] == expected
    assert sum(expected) > 0


def test_shares_of_the_stock_in_a_drawn_zone_are_those_of_a_recount_with_pandas(api, drawn, dwellings) -> None:
    wanted = list(recount(dwellings))
    for shape, answer in zip(drawn, ask(api, drawn, indicateurs=wanted)):
        expected = recount(dwellings[dwellings.within(shape)])
        given = {c["indicateur"]: (c["numerateur"], c["denominateur"]) for c in answer["chiffres"]}
        assert given == expected


def test_a_filtered_zone_counts_the_dwellings_that_pandas_keeps(api, drawn, dwellings) -> None:
    answers = ask(api, drawn, indicateurs=["P01"], filtres={"typologie": ["T3", "T4"]})
    kept = dwellings[number(dwellings["NBPIECE"]).isin([3, 4])]
    assert [a["couverture"]["logements"] for a in answers] == [int(kept.within(shape).sum()) for shape in drawn]


@pytest.mark.parametrize("generation", ["2015", "2024"])
def test_each_qpv_counts_the_dwellings_that_geopandas_finds_in_it(api, demo_files: Path, dwellings, generation: str) -> None:
    path = next(p for p in sorted(demo_files.glob(f"qpv*{generation}*")) if p.suffix in (".geojson", ".gpkg", ".shp"))
    zones = geopandas.read_file(path).to_crs(4326)
    zones.geometry = zones.geometry.make_valid()
    code = next(c for c in zones.columns if c.lower() == "code_qp")
    joined = geopandas.sjoin(dwellings[["geometry"]], zones[[code, "geometry"]], predicate="within")
    expected = joined.groupby(code).size().to_dict()

    answer = api.get(f"/api/valeurs/qpv{generation}?indicateur=P01")
    given = {c: n for c, n in zip(answer["codes"], answer["logements"]) if n}

    assert given == expected
    assert expected


def test_communes_add_up_to_every_dwelling_kept(api, dwellings) -> None:
    answer = api.get("/api/valeurs/commune?indicateur=P01")
    assert sum(answer["logements"]) == len(dwellings)
