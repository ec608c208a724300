"""Territories alike: distances, order and gaps of the server against numpy, from the register's own rows where the public sees them."""

from __future__ import annotations

import tomllib
import urllib.error

import numpy as np
import pandas as pd
import pytest

from conftest import ROOT, Api, setting
from test_measures import recount

RULES = tomllib.loads((ROOT / "data/rules/comparables.toml").read_text())
CATALOGUE = {i["id"]: i for i in tomllib.loads((ROOT / "data/indicators.toml").read_text())["indicateur"]}
#: Columns that the open file of the register leaves out: the public sees their figures by groups only.
RESTRICTED = {"P10", "P12"}


@pytest.fixture(scope="module")
def public() -> Api:
    return Api(setting("BASE_URL"))


def values(public: Api, scale: str) -> pd.DataFrame:
    """What the public reads of each indicator of a measure, zone by zone."""
    asked = sorted({i for m in RULES["mesure"] for i in m["indicateurs"]})
    columns = {}
    for indicator in asked:
        answer = public.get(f"/api/valeurs/{scale}?indicateur={indicator}")
        shown, above, below = (pd.Series(answer[k], index=answer["codes"], dtype=float) for k in ("valeurs", "numerateurs", "denominateurs"))
        # A share is compared before it is rounded, where its counts are told.
        columns[indicator] = (100 * above / below).where(below > 0, shown) if answer["unite"] == "%" else shown
        columns["logements"] = pd.Series(answer["logements"], index=answer["codes"], dtype=float)
    return pd.DataFrame(columns)


def measures(table: pd.DataFrame) -> pd.DataFrame:
    out = {}
    for m in RULES["mesure"]:
        total = table[m["indicateurs"]].sum(axis=1, skipna=False)
        out[m["id"]] = np.log10(total.where(total > 0)) if m.get("logarithme") else total
    return pd.DataFrame(out)


def nearest(table: pd.DataFrame, code: str) -> pd.DataFrame:
    """Distances to one zone, the nearest first, with the gap of each measure."""
    z = (table - table.mean()) / table.std(ddof=0).where(table.std(ddof=0) > 1e-9 * table.mean().abs().clip(lower=1.0))
    z = z.clip(-RULES["z_max"], RULES["z_max"])
    gaps = z.drop(index=code) - z.loc[code]
    shared = gaps.notna().sum(axis=1)
    gaps = gaps[shared >= RULES["mesures_min"]]
    return gaps.assign(distance=np.sqrt((gaps**2).mean(axis=1))).sort_values("distance", kind="stable")


@pytest.mark.parametrize("scale", ["commune", "epci", "qpv2024", "qpv2015"])
def test_distances_order_and_gaps_are_those_of_numpy(api, public, scale):
    table = values(public, scale)
    known = measures(table[table["logements"] >= RULES["logements_min"]])
    compared = 0
    for code in table.index:
        answer = api.get(f"/api/territoires/comparables?echelle={scale}&code={code}&nombre={RULES['proches_max']}")
        if code not in known.index:
            assert answer["motif"] and not answer["proches"]
            continue
        if len(known) < RULES["zones_min"]:
            assert answer["motif"] and not answer["proches"]
            continue
        expected = nearest(known, code).head(RULES["proches_max"])
        given = answer["proches"]
        assert answer["zones_comparees"] == len(known)
        np.testing.assert_allclose([g["distance"] for g in given], expected["distance"], atol=6e-4)
        # Zones at one distance may stand in any order here.
        by_code = {g["code"]: g for g in given}
        last = expected["distance"].iloc[-1]
        for other, row in expected.iterrows():
            if other not in by_code:
                assert abs(row["distance"] - last) < 1e-3, other
                continue
            theirs = np.array([np.nan if v is None else v for v in by_code[other]["ecarts"]], dtype=float)
            np.testing.assert_allclose(theirs, row[[m["id"] for m in RULES["mesure"]]].to_numpy(dtype=float), atol=6e-4)
        compared += 1
    if scale in ("commune", "qpv2024"):
        assert compared >= 4


def test_shares_of_the_stock_are_those_of_the_register(public, dwellings):
    """The values that enter the distance, counted again from the file: communes count every row that they declare."""
    commune = dwellings["DEPCOM"].str.strip().str.removesuffix(".0").str.zfill(5)
    checked = 0
    for code, rows in dwellings.groupby(commune):
        if len(rows) < RULES["logements_min"]:
            continue
        answer = public.get(f"/api/territoires/comparables?echelle=commune&code={code}&nombre=1")
        counted = {k: 100 * a / b if b else np.nan for k, (a, b) in recount(rows).items()}
        own = dict(zip([m["id"] for m in RULES["mesure"]], answer["valeurs"]))
        for m in RULES["mesure"]:
            if m["id"] == "taille":
                assert own["taille"] == len(rows)
            elif set(m["indicateurs"]) <= set(counted):
                assert own[m["id"]] == pytest.approx(sum(counted[i] for i in m["indicateurs"]), abs=0.0501), (code, m["id"])
        checked += 1
    assert checked >= 5


def test_the_answer_is_the_same_for_everyone_and_has_no_figure_of_households(api, public, mosaique):
    store = setting("DEMO_STORE")
    code = public.get("/api/zones?echelle=commune")["zones"][0]["code"]
    path = f"/api/territoires/comparables?echelle=commune&code={code}"
    alone = public.get(path)
    for role in ["bailleur", "epci", "dreal", "agence"]:
        token = mosaique("admin", "token", "--data", store, "--courriel", f"{role}@demonstration.example", "--nom", "comparables").strip()
        assert Api(setting("BASE_URL"), token).get(path) == alone, role
    used = {i for m in alone["mesures"] for i in m["indicateurs"]}
    households = {"menages", "personnes", "occupants"}
    assert not any(CATALOGUE[i]["numerateur"]["somme"] in households for i in used)
    assert all(CATALOGUE[i]["source"] == "RPLS" for i in used)
    assert RESTRICTED <= used, "what the public sees by groups only is in it, as the public sees it"


def test_what_cannot_be_asked_is_said(public):
    for path, field in [
        ("echelle=residence&code=x", "echelle"),
        ("echelle=commune&code=99999", "code"),
        ("echelle=commune&code=99999&nombre=0", "nombre"),
        ("code=1", "echelle"),
    ]:
        with pytest.raises(urllib.error.HTTPError) as fault:
            public.get(f"/api/territoires/comparables?{path}")
        assert fault.value.code == 400 and field in fault.value.read().decode()
