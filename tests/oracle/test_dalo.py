"""DALO placements since the circular, found again by pandas in the file of allocations and by GeoPandas in the QPV."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections import Counter

import geopandas
import numpy as np
import pandas as pd
import pytest

from conftest import Api, setting
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


def send(who: Api, method: str, path: str, body: dict) -> int:
    headers = {**who.headers, "Content-Type": "application/json"}
    request = urllib.request.Request(who.base + path, json.dumps(body).encode(), headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


@pytest.fixture(scope="module")
def people(api, mosaique) -> dict[str, Api]:
    """One account of each role, by a token that may write."""

    def token(role: str) -> str:
        account = f"{role}@demonstration.example"
        words = ("admin", "token", "--data", setting("DEMO_STORE"), "--courriel", account, "--nom", "essai", "--ecriture")
        return mosaique(*words).strip()

    return {role: Api(api.base, token(role)) for role in ("bailleur", "ddets", "epci", "agence")}


def test_the_bailleur_justifies_and_the_state_contests_what_is_theirs(api, people):
    path = "/api/dalo/placements"
    own = people["bailleur"].get(path)
    all_of_it = {p["id"]: p for p in api.get(path)["placements"]}
    assert own["detail"] and {p["id"] for p in own["placements"]} < set(all_of_it)
    assert len({p["bailleur"] for p in own["placements"]}) == 1
    placement = next(p["id"] for p in own["placements"] if p["repond"] == "bailleur")
    states = next(p["id"] for p in own["placements"] if p["repond"] == "etat")
    other = next(p["id"] for p in all_of_it.values() if p["concerne"] and p["bailleur"] != own["placements"][0]["bailleur"])
    reason = {"motif": "proximite_familiale", "commentaire": "essai"}
    assert send(people["bailleur"], "PUT", f"{path}/{states}", reason) == 403, "the prefect's own contingent"
    assert send(people["ddets"], "PUT", f"{path}/{placement}", reason) == 403, "the lessor answers"
    assert send(people["ddets"], "POST", f"{path}/{states}/relance", {}) == 403, "nobody to remind"
    assert send(people["ddets"], "POST", f"{path}/{placement}/acceptation", {}) == 409, "nothing is said yet"
    assert send(people["ddets"], "POST", f"{path}/{placement}/relance", {}) == 204
    assert send(people["ddets"], "POST", f"{path}/{placement}/relance", {}) == 409, "one a week"
    assert send(people["bailleur"], "PUT", f"{path}/{placement}", reason) == 204
    assert send(people["bailleur"], "PUT", f"{path}/{placement}", {"motif": "parce que"}) == 400
    assert send(people["bailleur"], "PUT", f"{path}/{other}", reason) == 404, "not its own"
    assert send(people["epci"], "PUT", f"{path}/{placement}", reason) == 403
    assert send(people["bailleur"], "POST", f"{path}/{placement}/contestation", {"commentaire": "x"}) == 403
    assert send(people["ddets"], "POST", f"{path}/{placement}/contestation", {"commentaire": ""}) == 400
    assert send(people["ddets"], "POST", f"{path}/{placement}/contestation", {"commentaire": "essai"}) == 204
    assert send(people["ddets"], "POST", f"{path}/{placement}/contestation", {"commentaire": "encore"}) == 409
    seen = next(p for p in api.get(path)["placements"] if p["id"] == placement)
    assert seen["statut"] == "conteste" and [w["statut"] for w in seen["paroles"][-2:]] == ["justifie", "conteste"]


def test_others_read_counts_under_secrecy_and_an_agency_nothing(api, people, placed):
    answer = people["epci"].get("/api/dalo/placements")
    assert not answer["detail"] and answer["placements"] == []
    for line in answer["mois"] + answer["communes"]:
        assert line["secret"] == (line["baux"] is None)
        assert line["secret"] or line["baux"] == 0 or (line["baux"] >= 11 and not 0 < line["en_qpv"] < 3)
    assert any(line["secret"] for line in answer["mois"]), "a demonstration without a secret would prove nothing"
    assert answer["bilan"]["justifies"] is None
    assert send(people["agence"], "GET", "/api/dalo/placements", {}) == 403
    assert not people["agence"].get("/api/dalo/alertes")["ouvert"]


def test_new_placements_are_counted_until_the_organisation_has_looked(people):
    ddets = people["ddets"]
    before = ddets.get("/api/dalo/alertes")
    assert before["ouvert"]
    assert before["nouveaux"] == sum(p["nouveau"] for p in ddets.get("/api/dalo/placements")["placements"])
    assert send(ddets, "POST", "/api/dalo/visite", {}) == 204
    assert ddets.get("/api/dalo/alertes")["nouveaux"] == 0
    assert send(people["epci"], "POST", "/api/dalo/visite", {}) == 403


def test_who_may_not_read_the_list_reads_no_line(api):
    public = api.__class__(api.base, "")
    with pytest.raises(Exception, match="401"):
        public.get("/api/dalo/placements")
