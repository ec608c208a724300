"""DALO placements since the circular, found again by pandas in the file of allocations and by GeoPandas in the QPV."""

from __future__ import annotations

from collections import Counter

import geopandas
import numpy as np
import pandas as pd
import pytest

from test_mixite import leases  # noqa: F401 (a fixture)

CIRCULAR = "2023-12-18"


@pytest.fixture(scope="module")
def placed(leases) -> pd.DataFrame:  # noqa: F811
    rows = leases[leases["statut_dalo"].isin(["ACTIF", "ACTREL"]) & (leases["date_bail"] >= CIRCULAR)].copy()
    rows["mois"] = rows["date_bail"].str[:7]
    rows["lieu"] = np.select(
        [rows["distance"].isna(), rows["distance"] == 0, rows["distance"] <= 500], ["inconnu", "qpv", "bande"], "au_dela"
    )
    unstable = (rows["activite"] != "") & ~rows["activite"].isin(["CDI", "RET"])
    rows["precaire"] = (rows["q1"] == "oui") | unstable
    return rows


def test_the_list_is_the_one_that_pandas_finds(api, placed):
    answer = api.get("/api/dalo/placements")
    assert answer["detail"] and len(answer["placements"]) == len(placed) > 50
    ours = Counter((p["mois"], p["commune"], p["bailleur"], p["lieu"], p["precaire"]) for p in answer["placements"])
    theirs = Counter(zip(placed["mois"], placed["depcom"], placed["bailleur_siren"], placed["lieu"], placed["precaire"]))
    assert ours == theirs
    concerned = (placed["lieu"] == "qpv") & placed["precaire"]
    assert answer["bilan"]["concernes"] == concerned.sum() > 0
    assert sum(p["concerne"] for p in answer["placements"]) == concerned.sum()
    assert len({p["id"] for p in answer["placements"]}) == len(placed)


def test_months_and_communes_are_those_of_pandas(api, placed):
    answer = api.get("/api/dalo/placements")
    known = placed[placed["lieu"] != "inconnu"]
    for ours, column in [(answer["mois"], "mois"), (answer["communes"], "depcom")]:
        expected = known.groupby(column)["lieu"].agg(["size", lambda s: (s == "qpv").sum()])
        shown = {line["code"]: (line["baux"], line["en_qpv"]) for line in ours if line["baux"]}
        assert shown == {code: tuple(row) for code, row in zip(expected.index, expected.to_numpy().tolist())}


def test_each_qpv_holds_the_leases_that_geopandas_finds_in_it(api, leases, demo_files, placed):  # noqa: F811
    answer = api.get("/api/dalo/placements")
    assert sum(q["dalo"] for q in answer["quartiers"]) == (placed["lieu"] == "qpv").sum()
    since = leases[leases["date_bail"] >= CIRCULAR]
    assert sum(q["baux"] for q in answer["quartiers"]) == (since["distance"] == 0).sum()
    zones = geopandas.read_file(demo_files / "qpv2024.geojson").to_crs(4326)
    code = next(c for c in zones.columns if zones[c].astype(str).str.startswith("QN").all())
    for q in answer["quartiers"]:
        if q["code"] in set(zones[code]):
            outline = zones.loc[zones[code] == q["code"]].geometry.iloc[0]
            assert outline.contains(geopandas.points_from_xy([q["centre"][0]], [q["centre"][1]])[0]), q["nom"]


def test_who_may_not_read_the_list_reads_no_line(api):
    public = api.__class__(api.base, "")
    with pytest.raises(Exception, match="401"):
        public.get("/api/dalo/placements")
