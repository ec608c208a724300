"""Figures of drawn zones and of quartiers prioritaires, recounted by GeoPandas from the files themselves."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from conftest import kept_rows, number, raw_rows, setting

ZONES = 60
PERIODS = {"AV1949": (0, 1948), "1949_1974": (1949, 1974), "1975_1989": (1975, 1989), "1990_2004": (1990, 2004), "2005P": (2005, 9999)}


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


def inside(dwellings: geopandas.GeoDataFrame, shape: shapely.Geometry) -> np.ndarray:
    """Rows that a drawn zone counts: those whose point it contains and, where it contains every point of a commune, the
    commune's rows without a point too (a commune drawn is the commune asked by its code)."""
    within = dwellings.within(shape).to_numpy()
    empty = dwellings.geometry.is_empty.to_numpy()
    commune = dwellings["DEPCOM"].str.strip().str.removesuffix(".0").str.zfill(5).to_numpy()
    whole = np.setdiff1d(commune[within], commune[~within & ~empty])
    return within | (empty & np.isin(commune, whole))


def recount(rows: geopandas.GeoDataFrame) -> dict[str, tuple[int, int]]:
    """Numerator and denominator of indicators of the stock, from the columns as filed."""
    rooms = number(rows["NBPIECE"])
    built = number(rows["CONSTRUCT"])
    kind = rows["TYPECONST_CODE"].str.strip().str.upper()
    label = rows["DPEENERGIE"].str.strip().str.upper()
    rooms, built = rooms[rooms.between(1, 9)], built[built.notna()]
    kind, label = kind[kind.isin(["C", "I", "E"])], label[label.isin(list("ABCDEFG"))]
    counts = {"P04": ((kind == "I").sum(), len(kind)), "P_TYPO_T5P": ((rooms >= 5).sum(), len(rooms))}
    counts |= {f"P_TYPO_T{n}": ((rooms == n).sum(), len(rooms)) for n in range(1, 5)}
    counts |= {f"P_PER_{id}": (built.between(*years).sum(), len(built)) for id, years in PERIODS.items()}
    counts |= {f"P_DPE_{id}": (label.isin(list(id)).sum(), len(label)) for id in ("AB", "C", "D", "E", "FG")}
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
    expected = [int(inside(dwellings, shape).sum()) for shape in drawn]
    assert [a["couverture"]["logements"] for a in answers] == expected
    assert sum(expected) > 0


def test_shares_of_the_stock_in_a_drawn_zone_are_those_of_a_recount_with_pandas(api, drawn, dwellings) -> None:
    wanted = list(recount(dwellings))
    for shape, answer in zip(drawn, ask(api, drawn, indicateurs=wanted)):
        expected = recount(dwellings[inside(dwellings, shape)])
        given = {c["indicateur"]: (c["numerateur"], c["denominateur"]) for c in answer["chiffres"]}
        assert given == expected


def test_a_filtered_zone_counts_the_dwellings_that_pandas_keeps(api, drawn, dwellings) -> None:
    answers = ask(api, drawn, indicateurs=["P01"], filtres={"typologie": ["T3", "T4"]})
    kept = number(dwellings["NBPIECE"]).isin([3, 4]).to_numpy()
    assert [a["couverture"]["logements"] for a in answers] == [int((inside(dwellings, s) & kept).sum()) for s in drawn]


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


def test_households_of_the_territory_are_those_that_pandas_counts_in_the_survey(api, demo_files: Path) -> None:
    kept = kept_rows(Path(setting("DEMO_STORE")), "ops").index
    rows = raw_rows(sorted(demo_files.glob("ops*.csv"))[-1]).loc[kept].apply(lambda c: c.str.strip().str.upper())
    asked = rows[rows["statut_logement"] == "OCCUPE"]
    answered = asked[asked["statut_reponse"].isin(["REPONSE", "PARTIELLE"])]
    kind, aid = (answered[c][answered[c] != ""] for c in ("type_menage", "aide_logement"))
    expected = {
        "I05": (aid.isin(["APL", "AL"]).sum(), len(aid)),
        "I08": ((kind == "MONOPARENT").sum(), len(kind)),
        "I09": ((kind == "ISOLE").sum(), len(kind)),
        "I16": (len(answered), len(asked)),
    }
    code = api.get("/api/zones?echelle=departement")["zones"][0]["code"]
    answer = api.get(f"/api/zones/departement/{code}?indicateurs={','.join(expected)}")
    given = {c["indicateur"]: (c["numerateur"], c["denominateur"]) for c in answer["chiffres"]}
    assert given == expected
