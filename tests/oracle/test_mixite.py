"""The targets of social mix, recounted by pandas from the file of allocations, and their QPV by GeoPandas."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest

from conftest import TOLERANCE_M, VAGUE, completed, raw_rows, setting

# data/rules/mix.toml, written again by hand: what the law says, not what the program reads.
LOCAL_AUTHORITIES = ["REGION", "DEPT", "EPCI", "COMMUNE", "COLLECTIVITE"]


def places(store: Path, mosaique) -> pd.DataFrame:
    """The last place of each dwelling (by its national number, and by its address), of all millésimes kept."""
    manifest = json.loads((store / "manifeste.json").read_text())
    tables = []
    for data in sorted((j for j in manifest["jeux"] if j["rapport"]["registre"] == "rpls"), key=lambda j: j["rapport"]["cle"]):
        table = pd.read_parquet(store / data["dossier"] / "logements.parquet", columns=["ident_rep", "adresse", "depcom", "codepostal", "libcom", "lon", "lat", "qualite"])
        tables.append(completed(mosaique, store, table).assign(millesime=int(data["rapport"]["cle"])))
    return pd.concat(tables[::-1])


@pytest.fixture(scope="module")
def leases(demo_files: Path, mosaique) -> pd.DataFrame:
    store = Path(setting("DEMO_STORE"))
    manifest = json.loads((store / "manifeste.json").read_text())
    data = next(j for j in manifest["jeux"] if j["rapport"]["registre"] == "attributions")
    kept = pd.read_parquet(store / data["dossier"] / "attributions.parquet").set_index("ligne")
    raw = raw_rows(next(demo_files.glob("attributions*.csv"))).loc[kept.index]
    rows = raw.assign(adresse=kept["adresse"])

    dwellings = places(store, mosaique)
    by_ident = dwellings.dropna(subset=["ident_rep"]).drop_duplicates("ident_rep").set_index("ident_rep")
    by_address = dwellings.dropna(subset=["adresse"]).drop_duplicates("adresse").set_index("adresse")
    found = by_ident.reindex(rows["ident_rep"])[["lon", "lat", "qualite"]].set_axis(rows.index)
    lost = ~rows["ident_rep"].isin(by_ident.index)
    found[lost] = by_address.reindex(rows.loc[lost, "adresse"])[["lon", "lat", "qualite"]].to_numpy()

    known = found["lon"].notna() & ~found["qualite"].isin([int(v) for v in VAGUE])
    points = geopandas.GeoSeries(geopandas.points_from_xy(found["lon"], found["lat"]), index=rows.index, crs=4326).to_crs(2154)
    communes = geopandas.read_file(demo_files / "communes.geojson").set_index("INSEE_COM").geometry.to_crs(2154)
    declared = communes.reindex(rows["depcom"]).set_axis(rows.index)
    known &= ~(points.distance(declared) > TOLERANCE_M)

    year = rows["date_bail"].str[:4]
    for generation in ("2015", "2024"):
        qpv = geopandas.read_file(demo_files / f"qpv{generation}.geojson").to_crs(2154).union_all()
        rows[f"qpv{generation}"] = np.where(known, points.distance(qpv), np.nan)
    # QPV of 2024 from 1 January 2024 on, those of 2015 before: by the day of the lease, not of the commission.
    rows["distance"] = np.where(year >= "2024", rows["qpv2024"], rows["qpv2015"])

    thresholds = raw_rows(next(demo_files.glob("seuils*.csv"))).set_index(["epci", "annee"])["eur_uc"].astype(float)
    membership = raw_rows(next(demo_files.glob("appartenance*.csv")))
    commune, epci = membership.columns[0], next(c for c in membership.columns if "epci" in c.lower() or "siren" in c.lower())
    rows["epci"] = membership.set_index(commune)[epci].reindex(rows["depcom"]).to_numpy()
    monthly = pd.to_numeric(rows["ressources_mensuelles"], errors="coerce")
    persons = rows[["nb_14plus", "nb_moins14"]].astype(int)
    units = 1 + 0.5 * (persons["nb_14plus"] - 1).clip(lower=0) + 0.3 * persons["nb_moins14"]
    keys = pd.MultiIndex.from_arrays([rows["epci"], year])
    threshold = thresholds.reindex(keys).set_axis(rows.index)
    rows["q1"] = np.where(monthly.isna() | threshold.isna(), "?", np.where(12 * monthly / units < threshold, "oui", "non"))
    rows["annee"] = year
    return rows[rows["date_bail"] != ""]


def recount(rows: pd.DataFrame) -> dict[str, tuple[int, int, int]]:
    """Numerator, denominator and unknown of each rule; mutations of unknown kind are in the flow."""
    inside, outside = rows[rows["distance"] == 0], rows[rows["distance"] > 0]
    relocated = outside["relogement"].isin(["ANRU", "ORCOD"])
    priority = (rows["statut_dalo"].isin(["ACTIF", "ACTREL"])) | (rows["priorite_l441_1"] != "") | rows["accord_collectif"].isin(["ACD", "ACI"])
    flow = rows[(rows["mutation"] != "INTERNE") & (rows["relogement"] == "AUCUN") & (rows["premiere_mise_en_location"] != "1")]
    state = rows[rows["reservataire"] == "ETAT_PRIO"]
    out = {
        "hors_qpv_q1": (
            int(((outside["q1"] == "oui") | relocated).sum()), len(outside), int(((outside["q1"] == "?") & ~relocated).sum()),
        ),
        "qpv_autres_quartiles": (int((inside["q1"] == "non").sum()), len(inside), int((inside["q1"] == "?").sum())),
        "etat_flux": (int(flow["reservataire"].isin(["ETAT_PRIO", "ETAT_AGENT"]).sum()), len(flow), 0),
        "etat_agents": (int((flow["reservataire"] == "ETAT_AGENT").sum()), len(flow), 0),
        "etat_hors_qpv": (int((flow["reservataire"].isin(["ETAT_PRIO", "ETAT_AGENT"]) & (flow["distance"] > 0)).sum()), int((flow["distance"] > 0).sum()), 0),
        "etat_prio_autres": (int((~priority[state.index]).sum()), len(state), 0),
    }
    for rule, who in [("dalo_action_logement", ["ACTION_LOGEMENT"]), ("dalo_collectivites", LOCAL_AUTHORITIES), ("dalo_bailleur", ["BAILLEUR"])]:
        theirs = rows["reservataire"].isin(who)
        out[rule] = (int(priority[theirs].sum()), int(theirs.sum()), 0)
    return out


def equal(line: dict, expected: dict[str, tuple[int, int, int]]) -> int:
    """Compares the scores that are shown; gives their number."""
    shown = [s for s in line["scores"] if not s["secret"]]
    for s in shown:
        assert (s["numerateur"], s["denominateur"], s["inconnus"]) == expected[s["regle"]], (line["nom"], s)
    return len(shown)


@pytest.mark.parametrize("year", ["2023", "2024"])
def test_every_rule_is_what_pandas_counts_on_both_sides_of_1_january_2024(api, leases, year):
    answer = api.get(f"/api/mixite?annee={year}")
    rows = leases[leases["annee"] == year]
    assert answer["ensemble"]["baux"] == len(rows)
    assert equal(answer["ensemble"], recount(rows)) == 9
    assert (rows["q1"] == "?").any() and (rows["ressources_mensuelles"] == "0").any() and (rows["relogement"] == "ANRU").any()


@pytest.mark.parametrize(("by", "column"), [("bailleur", "bailleur_siren"), ("commune", "depcom"), ("reservataire", "reservataire"), ("epci", "epci")])
def test_every_line_that_is_shown_is_what_pandas_counts(api, leases, by, column):
    answer = api.get(f"/api/mixite?annee=2024&par={by}")
    rows = leases[leases["annee"] == "2024"]
    groups = {code: part for code, part in rows.groupby(column)}
    assert {line["code"] for line in answer["lignes"]} == set(groups)
    assert sum(equal(line, recount(groups[line["code"]])) for line in answer["lignes"]) >= 5
    # What is hidden cannot be had from the whole: never one line alone, and never fewer than 11 leases.
    for i, whole in enumerate(answer["ensemble"]["scores"]):
        hidden = [line for line in answer["lignes"] if line["scores"][i]["secret"]]
        if hidden and not whole["secret"]:
            rest = whole["denominateur"] - sum(line["scores"][i]["denominateur"] or 0 for line in answer["lignes"])
            assert len(hidden) >= 2 and rest >= 11, (whole["regle"], [line["nom"] for line in hidden])


def test_the_states_share_is_by_bailleur_and_departement_and_read_both_ways(api, leases):
    """CCH R.441-5 I: only internal mutations leave the flow; those of unknown kind are counted both ways."""
    answer = api.get("/api/mixite?annee=2024&par=bailleur_departement")
    rows = leases[leases["annee"] == "2024"]
    keys = rows["bailleur_siren"] + "-" + rows["depcom"].str[:2]
    assert {line["code"] for line in answer["lignes"]} == set(keys)
    assert {"INTERNE", "EXTERNE", "OUI", "NON"} <= set(rows["mutation"])
    both = 0
    for line in answer["lignes"]:
        mine = rows[keys == line["code"]]
        for score in (s for s in line["scores"] if s["regle"] == "etat_flux" and not s["secret"]):
            n, d, _ = recount(mine)["etat_flux"]
            assert (score["numerateur"], score["denominateur"], score["etat"]) == (n, d, "applicable")
            # Whole leases under a ceiling: one more would be above it.
            assert score["en_deca"] == max(0, 3000 * d // 10_000 - n)
            told = recount(mine[mine["mutation"] != "OUI"])["etat_flux"]
            other = score["sans_mutations_inconnues"]
            if other:
                assert (other["numerateur"], other["denominateur"]) == told[:2]
                both += 1
                agree = (score["ecart"] == 0) == (other["ecart"] == 0)
                assert score["respectee"] == ((score["ecart"] == 0) if agree else None)
    assert both >= 1
    whole = next(s for s in api.get("/api/mixite?annee=2024")["ensemble"]["scores"] if s["regle"] == "etat_flux")
    assert whole["etat"] == "autre_niveau" and whole["respectee"] is None


def test_decided_allocations_are_counted_beside_signed_ones(api, leases, demo_files):
    rows = raw_rows(next(demo_files.glob("attributions*.csv")))
    decided = rows[rows["date_caleol"].str[:4] == "2024"]
    theirs = decided["reservataire"] == "BAILLEUR"
    priority = decided["statut_dalo"].isin(["ACTIF", "ACTREL"]) | (decided["priorite_l441_1"] != "") | decided["accord_collectif"].isin(["ACD", "ACI"])
    scores = {s["regle"]: s for s in api.get("/api/mixite?annee=2024")["ensemble"]["scores"]}
    found = scores["dalo_bailleur"]["decidees"]
    assert (found["numerateur"], found["denominateur"]) == (int(priority[theirs].sum()), int(theirs.sum()))
    assert scores["hors_qpv_q1"]["decidees"] is None, "« suivies de baux signés » only"


def test_dalo_households_in_and_near_qpv_are_where_geopandas_finds_them(api, leases):
    answer = api.get("/api/mixite?annee=2024")["dalo"]
    rows = leases[(leases["annee"] == "2024") & leases["statut_dalo"].isin(["ACTIF", "ACTREL"])]
    placed = rows["distance"].dropna()
    edges = pd.cut(placed[placed > 0], [0, 300, 500, np.inf]).value_counts(sort=False)
    assert answer["dalo"]["total"] == len(rows)
    assert answer["dalo"]["en_qpv"] == int((placed == 0).sum())
    assert [b["baux"] for b in answer["dalo"]["bandes"]] == edges.tolist()
