"""The check before the commission, recomputed by pandas: places by GeoPandas, incomes, counts before and after, verdicts.

The whole year's allocations of the demonstration are sent as one commission; each line's verdicts must be those found here.
"""

from __future__ import annotations

import json
import math
import urllib.error
import urllib.request
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest

from conftest import TOLERANCE_M, raw_rows, setting
from test_mixite import LOCAL_AUTHORITIES, leases, recount  # noqa: F401 (a fixture)

# data/situation.toml, written again by hand.
PRECISION_M = {11: 5.0, 21: 30.0, 12: 150.0}
# Lines closer than this to a limit are left out: two programs may round to either side.
DOUBT_M = 0.05
SHARES = {
    "hors_qpv_q1": ("min", 0.25), "qpv_autres_quartiles": ("min", 0.50), "dalo_action_logement": ("min", 0.25),
    "dalo_collectivites": ("min", 0.25), "dalo_bailleur": ("min", 0.25), "etat_flux": ("max", 0.30), "etat_agents": ("max", 0.05),
}
RANK = ["sans_objet", "conforme", "indeterminable", "attention", "contraire"]


def send(api, text: str) -> dict:
    request = urllib.request.Request(api.base + "/api/attributions/controle/csv", text.encode(), {**api.headers, "Content-Type": "text/csv"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def as_csv(rows: pd.DataFrame, columns: list[str]) -> str:
    return rows[columns].to_csv(sep=";", index=False)


@pytest.fixture(scope="module")
def files(demo_files: Path, leases: pd.DataFrame) -> pd.DataFrame:  # noqa: F811
    """Every lease of the file whose dwelling the latest RPLS has, with its place and the answers of each rule."""
    store = Path(setting("DEMO_STORE"))
    manifest = json.loads((store / "manifeste.json").read_text())
    latest = max((j for j in manifest["jeux"] if j["rapport"]["registre"] == "rpls"), key=lambda j: j["rapport"]["cle"])
    dwellings = pd.read_parquet(store / latest["dossier"] / "logements.parquet").dropna(subset=["ident_rep"])
    dwellings = dwellings.drop_duplicates("ident_rep").set_index("ident_rep")
    rows = leases[leases["ident_rep"].isin(dwellings.index)].copy()
    home = dwellings.reindex(rows["ident_rep"]).set_axis(rows.index)
    points = geopandas.GeoSeries(geopandas.points_from_xy(home["lon"], home["lat"]), index=rows.index, crs=4326).to_crs(2154)
    communes = geopandas.read_file(demo_files / "communes.geojson").set_index("INSEE_COM").geometry.to_crs(2154)
    known = home["lon"].notna() & ~(points.distance(communes.reindex(home["depcom"]).set_axis(rows.index)) > TOLERANCE_M)
    edge = pd.Series(np.nan, index=rows.index)
    inside = pd.Series(False, index=rows.index)
    for generation, mine in (("2015", rows["annee"] < "2024"), ("2024", rows["annee"] >= "2024")):
        qpv = geopandas.read_file(demo_files / f"qpv{generation}.geojson").to_crs(2154)
        lines = qpv.boundary.union_all()
        edge[mine] = points[mine].distance(lines)
        inside[mine] = points[mine].within(qpv.union_all())
    quality = home["qualite"].fillna(0).astype(int)
    precision = quality.map(PRECISION_M).fillna(math.inf)
    precision[quality == 0] = 5.0
    rows["lieu"] = np.where(~known | (edge < precision), "incertain", np.where(inside, "dedans", "dehors"))
    rows["limite"] = known & ((edge - precision).abs() < DOUBT_M)
    rows["depcom_rpls"], rows["siren_rpls"] = home["depcom"], home["siren"]
    return rows[~rows["limite"]]


def gap(kind: str, target: float, n: int, d: int) -> int:
    points = d * round(target * 10_000)
    return max(0, -(-points // 10_000) - n) if kind == "min" else max(0, n - points // 10_000)


def reading(row: pd.Series) -> dict[str, str]:
    """Each rule on one lease: sans_objet, doute (place), inconnu (income), oui or non."""
    out = {}
    relocated = row["relogement"] in ("ANRU", "ORCOD")
    priority = row["statut_dalo"] in ("ACTIF", "ACTREL") or row["priorite_l441_1"] != "" or row["accord_collectif"] in ("ACD", "ACI")
    where = row["lieu"]
    if where == "incertain":
        out["hors_qpv_q1"] = out["qpv_autres_quartiles"] = "doute"
    else:
        first = {"oui": "oui", "non": "non", "?": "inconnu"}[row["q1"]]
        other = {"oui": "non", "non": "oui", "?": "inconnu"}[row["q1"]]
        out["hors_qpv_q1"] = "sans_objet" if where == "dedans" else ("oui" if relocated else first)
        out["qpv_autres_quartiles"] = other if where == "dedans" else "sans_objet"
    who = row["reservataire"]
    for rule, theirs in [("dalo_action_logement", ["ACTION_LOGEMENT"]), ("dalo_collectivites", LOCAL_AUTHORITIES), ("dalo_bailleur", ["BAILLEUR"])]:
        out[rule] = ("oui" if priority else "non") if who in theirs else "sans_objet"
    flow = row["mutation"] != "1" and row["relogement"] == "AUCUN" and row["premiere_mise_en_location"] != "1"
    out["etat_flux"] = ("oui" if who in ("ETAT_PRIO", "ETAT_AGENT") else "non") if flow else "sans_objet"
    out["etat_agents"] = ("oui" if who == "ETAT_AGENT" else "non") if flow else "sans_objet"
    return out


def expected(rule: str, said: str, shown: list[tuple[int, int, float]]) -> str:
    """The verdict, from the counts and targets of the levels that are shown."""
    kind = SHARES[rule][0]
    if said == "sans_objet":
        return "sans_objet"
    if said in ("doute", "inconnu"):
        return "indeterminable"
    if (said == "oui") == (kind == "min"):
        return "conforme"
    verdicts = []
    for n, d, target in shown:
        before, after = gap(kind, target, n, d), gap(kind, target, n + (said == "oui"), d + 1)
        if after == 0:
            verdicts.append("conforme")
        elif d > 0 and (before == 0 or kind == "max"):
            # A yearly share of a bailleur in a département bars no single allocation.
            verdicts.append("attention" if rule.startswith("etat_") else "contraire")
        else:
            verdicts.append("attention")
    return max(verdicts, key=RANK.index, default="indeterminable")


@pytest.mark.parametrize("year", ["2023", "2024"])
def test_every_verdict_of_a_year_is_what_pandas_finds(api, demo_files, files, leases, year):  # noqa: F811
    header = list(raw_rows(next(demo_files.glob("attributions*.csv"))).columns)
    mine = files[files["annee"] == year]
    # A commission of each kind of line: missing and zero incomes, relocated households, uncertain places, and the rest by turns.
    odd = mine[(mine["ressources_mensuelles"].isin(["", "0"])) | (mine["relogement"] != "AUCUN") | (mine["lieu"] == "incertain")]
    sample = pd.concat([odd.head(400), mine.sample(600, random_state=4)])
    sample = sample[~sample.index.duplicated()]
    answer = send(api, as_csv(sample, header))
    assert answer["lignes"] == len(sample) and answer["controlees"] == len(sample), answer["erreurs"][:3]
    year_rows = leases[leases["annee"] == year]
    tables = {("epci", e): recount(part) for e, part in year_rows.groupby("epci")}
    for level, column in [("commune", "depcom"), ("bailleur", "bailleur_siren"), ("reservataire", "reservataire")]:
        for (e, code), part in year_rows.groupby(["epci", column]):
            tables[(level, e, code)] = recount(part)
    found: dict[str, int] = {}
    shown_levels = 0
    for (_, row), file in zip(sample.iterrows(), answer["dossiers"], strict=True):
        assert file["qpv"] == row["lieu"], (row["ident_rep"], row["lieu"])
        said = reading(row)
        keys = {
            "epci": ("epci", row["epci"]), "commune": ("commune", row["epci"], row["depcom_rpls"]),
            "bailleur": ("bailleur", row["epci"], row["siren_rpls"]), "reservataire": ("reservataire", row["epci"], row["reservataire"]),
        }
        for rule in (r for r in file["regles"] if r["regle"] in SHARES):
            name = rule["regle"]
            shown = []
            for effect in rule["effets"]:
                if effect["secret"]:
                    continue
                n, d, unknown = tables.get(keys[effect["niveau"]], {}).get(name, (0, 0, 0))
                before, after = effect["avant"], effect["apres"]
                assert (before["numerateur"], before["denominateur"], before["inconnus"]) == (n, d, unknown), (name, effect, row["ident_rep"])
                assert (after["numerateur"], after["denominateur"]) == (n + (said[name] == "oui"), d + 1)
                kind, law = SHARES[name]
                # Without the rate of a convention, the law's; its own line is tested below.
                assert effect["objectif"] is not None or effect["cible"] == pytest.approx(100 * law)
                target = effect["cible"] / 100
                assert (before["ecart"], after["ecart"]) == (gap(kind, target, n, d), gap(kind, target, after["numerateur"], d + 1))
                shown.append((n, d, target))
                shown_levels += 1
            want = expected(name, said[name], shown)
            assert rule["verdict"] == want, (name, said[name], rule["verdict"], want, rule["pourquoi"], row["ident_rep"])
            found[want] = found.get(want, 0) + 1
    assert set(RANK) - set(found) <= {"contraire"}, found
    assert shown_levels > 1000 and found["attention"] > 50


def test_the_effect_of_all_files_together_is_their_sum(api, demo_files, files):
    header = list(raw_rows(next(demo_files.glob("attributions*.csv"))).columns)
    sample = files[files["annee"] == "2024"].sample(200, random_state=1)
    answer = send(api, as_csv(sample, header))
    said = pd.DataFrame([reading(row) for _, row in sample.iterrows()], index=sample.index)
    for line in answer["ensemble"]:
        mine = said.loc[sample["epci"] == line["epci"], line["regle"]]
        looked = mine[~mine.isin(["sans_objet", "doute"])]
        assert (line["dossiers"], line["comptent"]) == (len(looked), int((looked == "oui").sum())), line
        before, after = line["effet"]["avant"], line["effet"]["apres"]
        if before is not None:
            assert after["numerateur"] - before["numerateur"] == line["comptent"]
            assert after["denominateur"] - before["denominateur"] == line["dossiers"]


def test_a_commune_without_qpv_is_outside_and_one_file_says_what_the_commission_says(api, demo_files, files):
    qpv = geopandas.read_file(demo_files / "qpv2024.geojson").to_crs(2154)
    communes = geopandas.read_file(demo_files / "communes.geojson").to_crs(2154)
    without = communes[~communes.intersects(qpv.union_all())]["INSEE_COM"]
    row = files[(files["annee"] == "2024") & files["depcom_rpls"].isin(without) & (files["lieu"] == "dehors")].iloc[0]
    header = list(raw_rows(next(demo_files.glob("attributions*.csv"))).columns)
    line = send(api, as_csv(files.loc[[row.name]], header))["dossiers"][0]
    one = api.post("/api/attributions/controle", line["demande"])
    assert one["logement"]["qpv"]["reponse"] == "dehors" and one["verdict"] == line["verdict"]
    assert [(r["regle"], r["verdict"], r["pourquoi"]) for r in one["regles"]] == [(r["regle"], r["verdict"], r["pourquoi"]) for r in line["regles"]]


def test_vacant_dwellings_elsewhere_are_those_that_pandas_finds(api, demo_files, files):
    store = Path(setting("DEMO_STORE"))
    manifest = json.loads((store / "manifeste.json").read_text())
    latest = max((j for j in manifest["jeux"] if j["rapport"]["registre"] == "rpls"), key=lambda j: j["rapport"]["cle"])
    d = pd.read_parquet(store / latest["dossier"] / "logements.parquet")
    # What the largest bailleur told since: dwellings that left are not proposed, those whose tenant gave notice are.
    told = pd.concat(raw_rows(f) for f in (demo_files / "declares").glob("evenements-*.csv"))
    idents = lambda genres: set(" ".join(told.loc[told["genre"].isin(genres), "ident_rep"]).split())
    soon = d["ident_rep"].isin(idents(["conge"]))
    assert soon.any()
    d = d[((d["mode"] == 2) | soon) & ~d["ident_rep"].isin(idents(["demolition", "vente"])) & d["lon"].notna() & d["qualite"].isin([11, 21, 12])]
    points = geopandas.GeoSeries(geopandas.points_from_xy(d["lon"], d["lat"]), index=d.index, crs=4326).to_crs(2154)
    qpv = geopandas.read_file(demo_files / "qpv2024.geojson").to_crs(2154)
    communes = geopandas.read_file(demo_files / "communes.geojson").set_index("INSEE_COM").geometry.to_crs(2154)
    trusted = ~(points.distance(communes.reindex(d["depcom"]).set_axis(d.index)) > TOLERANCE_M)
    edge = points.distance(qpv.boundary.union_all())
    precision = d["qualite"].map(PRECISION_M)
    out = trusted & ~points.within(qpv.union_all()) & (edge >= precision)
    membership = raw_rows(next(demo_files.glob("appartenance*.csv")))
    commune, epci = membership.columns[0], next(c for c in membership.columns if "epci" in c.lower() or "siren" in c.lower())
    of = membership.set_index(commune)[epci].reindex(d["depcom"]).set_axis(d.index)
    # Three persons at 45 % of the ceiling: T3 or T4, 25 m² at least (or not known), a financing that admits them.
    group = pd.Series("", index=d.index)
    finan, cus = d["finan"].fillna(0).astype(int), d["cus"].fillna(0).astype(int)
    # FINAN first, CUS where it says nothing.
    for code, by_finan in [("PLAI", [10, 11]), ("PLUS", [12, 13]), ("PLS", [14]), ("PLI", [16]), ("ANCIEN", [50, 51, 52, 53, 54, 55]), ("AUTRE", [15, 17, 49, 99])]:
        group[(group == "") & finan.isin(by_finan)] = code
    for code, by_cus in [("PLAI", [10, 11]), ("PLUS", [12, 13]), ("PLS", [14]), ("PLI", [16]), ("AUTRE", [15, 17])]:
        group[(group == "") & cus.isin(by_cus)] = code
    fits = d["nbpiece"].between(3, 4) & ((d["surfhab"].fillna(0) == 0) | (d["surfhab"] >= 25)) & group.isin(["PLAI", "PLUS", "PLS", "ANCIEN"])
    row = files[(files["annee"] == "2024") & (files["lieu"] == "dehors")].iloc[0]
    wanted = d[out & fits & (of == row["epci"]) & (d["ident_rep"] != row["ident_rep"])]
    body = {"date": "2024-12-31", "logement": {"ident_rep": row["ident_rep"]}, "menage": {"nb_personnes": 3, "nb_moins14": 1, "pct_plafond": 45}}
    answer = api.post("/api/attributions/controle", body)["ailleurs"]
    assert answer["total"] == len(wanted) > 20
    assert {c["code"]: c["logements"] for c in answer["communes"]} == wanted["depcom"].value_counts().to_dict()
    # The tightest size first, then the lowest ceiling, then the longest vacancy.
    ceiling = group.map({"PLAI": 60, "PLUS": 100, "PLS": 130, "ANCIEN": 100})
    order = wanted.assign(pieces=wanted["nbpiece"], plafond=ceiling, mois=-wanted["vacance_mois"].fillna(0).astype(int), soon=soon)
    order = order.sort_values(["pieces", "plafond", "soon", "mois"], kind="stable")
    top = answer["logements"]
    assert [x["rang"] for x in top] == list(range(1, 21))
    for got, (_, want) in zip(top, order.head(20).iterrows(), strict=True):
        assert (got["pieces"], got["vacance_mois"] or 0) == (want["nbpiece"], -want["mois"]), got
        assert abs(got["lon"] - want["lon"]) < 1e-9 and abs(got["lat"] - want["lat"]) < 1e-9


def test_a_rate_of_a_convention_holds_on_its_lines_only_and_is_named(api, mosaique, files, leases):  # noqa: F811
    rows = leases[leases["annee"] == "2023"]
    sizes = rows[(rows["distance"] > 0)].groupby(["epci", "depcom"]).size().sort_values(ascending=False)
    epci, commune = sizes.index[0]
    token = mosaique("admin", "token", "--data", setting("DEMO_STORE"), "--courriel", "epci@demonstration.example", "--nom", "cia", "--ecriture").strip()
    rate = {"regle": "hors_qpv_q1", "epci": epci, "commune": commune, "du": 2023, "au": 2023, "taux": 31.5, "cia": "CIA d'essai", "signee": "2022-12-01"}
    request = urllib.request.Request(
        api.base + "/api/objectifs", json.dumps(rate).encode(), {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    )
    try:
        urllib.request.urlopen(request, timeout=30).close()
    except urllib.error.HTTPError as e:
        assert e.code == 409, e.read()  # set by a run before this one
    lines = api.get("/api/mixite?annee=2023&par=commune")["lignes"]
    for line in lines:
        score = next(s for s in line["scores"] if s["regle"] == "hors_qpv_q1")
        named = score["objectif"] is not None and score["objectif"]["cia"] == "CIA d'essai"
        assert named == (line["code"] == commune), line
        if named:
            n, d, _ = recount(rows[rows["depcom"] == commune])["hors_qpv_q1"]
            assert score["cible"] == 31.5 and score["objectif"]["signee"] == "2022-12-01" and not score["objectif"]["derogatoire"]
            assert score["ecart"] == gap("min", 0.315, n, d)
    assert all(s["objectif"] is None or s["objectif"]["cia"] != "CIA d'essai" for s in api.get("/api/mixite?annee=2024&par=commune")["lignes"][0]["scores"])
    row = files[(files["annee"] == "2023") & (files["depcom_rpls"] == commune) & (files["lieu"] == "dehors")].iloc[0]
    body = {"date": "2023-06-01", "logement": {"ident_rep": row["ident_rep"]}, "menage": {"quartile": 3}}
    rule = next(r for r in api.post("/api/attributions/controle", body)["regles"] if r["regle"] == "hors_qpv_q1")
    by_level = {e["niveau"]: e for e in rule["effets"]}
    assert by_level["commune"]["cible"] == 31.5 and by_level["commune"]["objectif"]["cia"] == "CIA d'essai"
    assert by_level["bailleur"]["objectif"] is None or by_level["bailleur"]["objectif"]["cia"] != "CIA d'essai"
