"""Three other territories, drawn and imported here: the rules of mix, arrondissements, mergers and overseas, as pandas and GeoPandas have them.

Île-de-France (one threshold, units that are not EPCI, two codes for a dwelling of Paris), a merger and a split between two millésimes (and an
EPCI that is not bound), La Réunion and Mayotte (other systems, other days of the QPV).
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest

from conftest import ROOT, TOLERANCE_M, VAGUE, Api, completed, kept_rows, raw_rows, setting
from test_mixite import places, recount

# The law, written again by hand (CCH L.441-1; loi 2025-797; décrets 2024-1211 and 2024-1212).
METROPOLE = "200054781"
UNITS = {
    "75056": "75056", "93066": "200057867", "93001": "200057867", "93048": "200057875", "92012": "200057974",
    "92050": "200057982", "94028": "200058006", "94081": "200058014",
}
NOT_ESTABLISHED = {"249100157"}
SYSTEM = {"974": 2975, "976": 4471}
ALL_OF_MAYOTTE = "2025-08-13"


@dataclass
class World:
    name: str
    files: Path
    store: Path
    api: Api
    # Who sees another département, where one person does not see both.
    others: dict[str, Api] | None = None

    def parts(self, leases: pd.DataFrame) -> list[tuple[Api, pd.DataFrame]]:
        """Who asks, and the leases that they see."""
        if not self.others:
            return [(self.api, leases)]
        dep = departement(leases["commune"])
        return [(self.api, leases[~dep.isin(list(self.others))]), *((api, leases[dep == d]) for d, api in self.others.items())]


def departement(commune: pd.Series) -> pd.Series:
    return commune.str[:3].where(commune.str.startswith("97"), commune.str[:2])


@pytest.fixture(scope="module", params=["idf", "fusion", "outre-mer"])
def world(request, tmp_path_factory, mosaique):
    folder = tmp_path_factory.mktemp(request.param)
    files, store = folder / "fichiers", folder / "magasin"
    mosaique("demo-data", "--territoire", request.param, "--out", files)
    binary = setting("MOSAIQUE_BIN")
    subprocess.run([ROOT / "scripts" / "import-all.sh", binary, files, store], check=True, capture_output=True, timeout=600, cwd=ROOT)
    (store / "demonstration").touch()
    accounts = {a["role"]: a for a in json.loads(mosaique("admin", "demo", "--json", "--data", store))}
    token = mosaique("admin", "token", "--data", store, "--courriel", "dreal@demonstration.example", "--nom", "essai").strip().split()[-1]
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = subprocess.Popen([binary, "serve", "--data", store, "--bind", f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    api = Api(f"http://127.0.0.1:{port}", token)
    try:
        for _ in range(300):
            try:
                api.get("/healthz")
                break
            except (urllib.error.URLError, ConnectionError):
                assert server.poll() is None
                time.sleep(0.1)
        world = World(request.param, files, store, api)
        if request.param == "outre-mer":
            mayotte(world, mosaique, accounts["administrateur"])
        yield world
    finally:
        server.terminate()
        server.wait(10)


def mayotte(world: World, mosaique, administrator: dict[str, str]) -> None:
    """The services of the State in La Réunion and in Mayotte are two, each sees its own: who administers opens the second."""
    headers = {"Content-Type": "application/json"}

    def ask(method: str, path: str, body: dict) -> dict:
        request = urllib.request.Request(world.api.base + path, json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            headers.update({"Cookie": c.split(";")[0] for c in [answer.headers.get("Set-Cookie")] if c})
            return json.loads(answer.read() or b"{}")

    once = administrator["mot_de_passe"]
    headers["X-Csrf-Token"] = ask("POST", "/api/session", {"courriel": administrator["courriel"], "mot_de_passe": once})["csrf"]
    ask("PUT", "/api/session/mot-de-passe", {"actuel": once, "nouveau": "sentier-lagon-barge-ylang"})
    organisation = ask("POST", "/api/admin/organisations", {"nom": "DEETS de Mayotte", "role": "ddets", "code": "976"})["id"]
    ask("POST", "/api/admin/comptes", {"organisation": organisation, "courriel": "mayotte@demonstration.example", "nom": "Mayotte"})
    token = mosaique("admin", "token", "--data", world.store, "--courriel", "mayotte@demonstration.example").strip().split()[-1]
    world.others = {"976": Api(world.api.base, token)}


def contours(world: World, year: int = 2024) -> geopandas.GeoDataFrame:
    own = world.files / f"communes_{year}.geojson"
    return geopandas.read_file(own if own.exists() else world.files / "communes.geojson").set_index("INSEE_COM")


def in_force(code: str, known: set[str]) -> str:
    """The commune that a code means where contours are those (an arrondissement is its city)."""
    if code in known:
        return code
    passage = pd.read_csv(ROOT / "data" / "passage.csv", sep=";", dtype=str).set_index("ancienne")["nouvelle"]
    return passage.get(code, code)


def metres(world: World, points: geopandas.GeoSeries, commune: pd.Series, zones: geopandas.GeoDataFrame) -> pd.Series:
    """Distance of each point to the zones, in the legal system of its département."""
    out = pd.Series(np.nan, index=points.index)
    for dep, rows in commune.groupby(departement(commune)):
        system = SYSTEM.get(dep, 2154)
        mine = zones[zones["dep"] == dep] if world.name == "outre-mer" else zones
        if len(mine):
            out[rows.index] = points[rows.index].to_crs(system).distance(mine.to_crs(system).union_all())
        else:
            out[rows.index] = np.inf
    return out.where(~points.is_empty)


def arrondissement(world: World, rows: pd.DataFrame, points: geopandas.GeoSeries) -> pd.Series:
    """Of Paris: by the code of the lease, that of the register, the IRIS that holds the point; empty elsewhere or unknown."""
    own = pd.Series("", index=rows.index)
    if world.name != "idf":
        return own
    iris = geopandas.read_file(world.files / "iris.geojson")
    iris = iris[iris["CODE_IRIS"].str.startswith("751")].assign(arrondissement=iris["CODE_IRIS"].str[:5])
    held = geopandas.sjoin(geopandas.GeoDataFrame(geometry=points[points.notna()]), iris[["arrondissement", "geometry"]], predicate="within")["arrondissement"]
    for told in (held.groupby(level=0).first().reindex(rows.index), rows["depcom_rpls"], rows["depcom"]):
        told = told.fillna("")
        own = own.mask(told.str.match("^751[0-9]{2}$"), told)
    return own.where(rows["commune"] == "75056", "")


@pytest.fixture(scope="module")
def leases(world: World, mosaique) -> pd.DataFrame:
    manifest = json.loads((world.store / "manifeste.json").read_text())
    tables = []
    for data in (j for j in manifest["jeux"] if j["rapport"]["registre"] == "attributions"):
        kept = pd.read_parquet(world.store / data["dossier"] / "attributions.parquet").set_index("ligne")
        raw = raw_rows(world.files / f"attributions_{data['rapport']['cle']}.csv").loc[kept.index]
        tables.append(raw.assign(adresse=kept["adresse"]))
    rows = pd.concat(tables, ignore_index=True)
    outlines = contours(world)
    rows["commune"] = rows["depcom"].map({c: in_force(c, set(outlines.index)) for c in rows["depcom"].unique()})

    dwellings = places(world.store, mosaique)
    by_ident = dwellings.dropna(subset=["ident_rep"]).drop_duplicates("ident_rep").set_index("ident_rep")
    by_address = dwellings.dropna(subset=["adresse"]).drop_duplicates("adresse").set_index("adresse")
    found = by_ident.reindex(rows["ident_rep"])[["lon", "lat", "qualite"]].set_axis(rows.index)
    lost = ~rows["ident_rep"].isin(by_ident.index)
    found[lost] = by_address.reindex(rows.loc[lost, "adresse"])[["lon", "lat", "qualite"]].to_numpy()
    registered = by_ident["depcom"].reindex(rows["ident_rep"]).set_axis(rows.index)
    registered[lost] = by_address["depcom"].reindex(rows.loc[lost, "adresse"]).to_numpy()
    rows["depcom_rpls"] = registered
    known = found["lon"].notna() & ~found["qualite"].isin([int(v) for v in VAGUE])
    points = geopandas.GeoSeries(geopandas.points_from_xy(found["lon"].where(known), found["lat"].where(known)), index=rows.index, crs=4326)
    for dep, mine in rows.groupby(departement(rows["commune"])):
        system = SYSTEM.get(dep, 2154)
        declared = outlines.geometry.to_crs(system).reindex(mine["commune"]).set_axis(mine.index)
        known[mine.index] &= ~(points[mine.index].to_crs(system).distance(declared) > TOLERANCE_M)

    rows["arrondissement"] = arrondissement(world, rows, points.where(known))
    day = rows["date_bail"]
    for generation in ("2015", "2024"):
        zones = geopandas.read_file(world.files / f"qpv{generation}.geojson")
        zones["dep"] = zones.iloc[:, 0].str[2:5].str.removeprefix("0")
        rows[f"qpv{generation}"] = metres(world, points, rows["commune"], zones).where(known)
    dep = departement(rows["commune"])
    first = np.where(dep.isin(["971", "972", "973", "974", "976", "978"]), "2025-01-01", "2024-01-01")
    rows["distance"] = np.where(day.to_numpy() >= first, rows["qpv2024"], rows["qpv2015"])
    rows["entier"] = (dep == "976") & (day >= ALL_OF_MAYOTTE)
    rows.loc[rows["entier"], "distance"] = 0

    rows["annee"] = day.str[:4]
    membership = raw_rows(world.files / "appartenance_2024.csv").set_index("commune")["epci"]
    rows["epci"] = rows["commune"].map(UNITS).fillna(rows["commune"].map(membership))
    lines = raw_rows(world.files / "seuils_q1.csv")
    thresholds = {(r.epci, r.annee): float(r.eur_uc) for r in lines.itertuples()}

    def threshold(epci: str, year: str) -> float:
        for y in (year, str(int(year or 1) - 1)):
            for code in ("R11", epci):
                if (code, y) in thresholds:
                    return thresholds[code, y]
        return np.nan

    rows["seuil"] = [threshold(e, y) for e, y in zip(rows["epci"], rows["annee"])]
    listed = {e for e, _ in thresholds}
    rows["soumis"] = rows["epci"].isin(listed) | ("R11" in listed)
    monthly = pd.to_numeric(rows["ressources_mensuelles"], errors="coerce")
    persons = rows[["nb_14plus", "nb_moins14"]].astype(int)
    units = 1 + 0.5 * (persons["nb_14plus"] - 1).clip(lower=0) + 0.3 * persons["nb_moins14"]
    rows["q1"] = np.where(monthly.isna() | rows["seuil"].isna(), "?", np.where(12 * monthly / units < rows["seuil"], "oui", "non"))
    return rows[rows["date_bail"] != ""]


def counted(rows: pd.DataFrame) -> dict[str, tuple[int, int, int]]:
    """Every rule; the 25 % and 50 % look at the leases of bound EPCI only."""
    out, bound = recount(rows), recount(rows[rows["soumis"]])
    return out | {r: bound[r] for r in ("hors_qpv_q1", "qpv_autres_quartiles")}


def compared(line: dict, rows: pd.DataFrame) -> int:
    expected, n = counted(rows), 0
    for s in (s for s in line["scores"] if not s["secret"]):
        if s["etat"] in ("non_soumis", "sans_objet"):
            assert s["numerateur"] is None and expected[s["regle"]][1] == 0, (line["nom"], s)
            continue
        assert (s["numerateur"], s["denominateur"], s["inconnus"]) == expected[s["regle"]], (line["nom"], s)
        n += 1
    return n


def test_every_rule_of_every_year_is_what_pandas_counts(world: World, leases) -> None:
    for api, seen in world.parts(leases):
        years = api.get("/api/mixite")["annees"]
        assert {str(y) for y in years} == set(seen["annee"])
        for year in years:
            answer = api.get(f"/api/mixite?annee={year}")
            rows = seen[seen["annee"] == str(year)]
            assert answer["ensemble"]["baux"] == len(rows)
            assert compared(answer["ensemble"], rows) >= 4
            for by, column in [("epci", "epci"), ("commune", "commune"), ("bailleur", "bailleur_siren")]:
                answer = api.get(f"/api/mixite?annee={year}&par={by}")
                groups = dict(list(rows.groupby(column)))
                assert {line["code"] for line in answer["lignes"]} == set(groups)
                assert sum(compared(line, groups[line["code"]]) for line in answer["lignes"]) > 0


def test_leases_of_paris_by_arrondissement_are_what_pandas_counts(world: World, leases) -> None:
    if world.name != "idf":
        answer = world.api.get("/api/mixite?par=arrondissement")
        assert answer["lignes"] == [], "no arrondissements here"
        return
    paris = leases[leases["commune"] == "75056"]
    assert {"75056"} < set(paris["depcom"]) and paris["arrondissement"].nunique() >= 20
    compared_scores = 0
    for year in sorted(set(paris["annee"])):
        answer = world.api.get(f"/api/mixite?annee={year}&par=arrondissement")
        groups = dict(list(paris[paris["annee"] == year].groupby("arrondissement")))
        assert answer["ensemble"] == world.api.get(f"/api/mixite?annee={year}&par=commune")["ensemble"]
        lines = {line["code"]: line for line in answer["lignes"]}
        # What nothing tells is Paris's, under its own code.
        assert set(lines) == {code or "75056" for code in groups}
        for code, part in groups.items():
            assert lines[code or "75056"]["baux"] == len(part)
            compared_scores += compared(lines[code or "75056"], part)
        assert all(s["respectee"] is None and s["decidees"] is None for line in lines.values() for s in line["scores"])
        assert "ville_entiere" in {s["etat"] for line in lines.values() for s in line["scores"]}
        city = next(line for line in world.api.get(f"/api/mixite?annee={year}&par=commune")["lignes"] if line["code"] == "75056")
        for i, whole in enumerate(city["scores"]):
            scores = [line["scores"][i] for line in lines.values()]
            hidden = [s for s in scores if s["secret"]]
            if whole["secret"]:
                assert len(hidden) == len(scores), "parts would give the city back"
            elif hidden:
                rest = whole["denominateur"] - sum(s["denominateur"] or 0 for s in scores)
                assert len(hidden) >= 2 and rest >= 11, whole["regle"]
    assert compared_scores >= 20


def test_units_and_who_is_bound_are_those_of_the_law(world: World, leases) -> None:
    year = sorted(leases["annee"].unique())[0 if world.name == "outre-mer" else 1]
    of_epci = lambda api, year: {line["code"]: {s["regle"]: s["etat"] for s in line["scores"]} for line in api.get(f"/api/mixite?annee={year}&par=epci")["lignes"]}
    lines = {code: states for api, _ in world.parts(leases) for code, states in of_epci(api, year).items()}
    states = {code: of["hors_qpv_q1"] for code, of in lines.items()}
    if world.name == "idf":
        assert METROPOLE not in lines and set(UNITS.values()) <= set(lines)
        assert {c for c, s in states.items() if s == "non_etabli"} == NOT_ESTABLISHED
        zones = {z["code"]: z["nom"] for z in world.api.get("/api/zones?echelle=epci")["zones"]}
        assert METROPOLE not in zones and zones["200057867"] == "Plaine Commune" and zones["75056"] == "Ville de Paris"
    elif world.name == "fusion":
        assert states["200066637"] == "non_soumis" and states["200066793"] == "applicable"
        assert lines["200066637"]["dalo_bailleur"] == "applicable"
    else:
        assert set(states.values()) == {"applicable"}, "in 2024 Mayotte is not yet a QPV as a whole"
        told = of_epci(world.others["976"], 2026)
        assert {told[c]["hors_qpv_q1"] for c in ("200060457", "200050532")} == {"sans_objet"}
        last = world.api.get("/api/mixite?annee=2026")
        assert any("provisoire" in note for note in last["avertissements"])
        assert {s["etat"] for s in last["ensemble"]["scores"] if s["regle"] == "hors_qpv_q1"} == {"applicable"}


def test_dwellings_of_communes_and_arrondissements_add_up(world: World, mosaique) -> None:
    if world.name != "idf":
        pytest.skip("no arrondissements here")
    kept = completed(mosaique, world.store, kept_rows(world.store))
    paris = kept[kept["depcom"].str.startswith("751") | (kept["depcom"] == "75056")]
    assert (paris["depcom"] == "75056").any() and (paris["depcom"] != "75056").any()
    iris = geopandas.read_file(world.files / "iris.geojson")
    iris["arrondissement"] = iris["CODE_IRIS"].str[:5]
    known = paris["lon"].notna() & ~paris["qualite"].isin([int(v) for v in VAGUE])
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(paris["lon"].where(known), paris["lat"].where(known)), index=paris.index, crs=4326)
    outline = contours(world).geometry.to_crs(2154)["75056"]
    near = points.to_crs(2154).distance(outline) <= TOLERANCE_M
    found = geopandas.sjoin(points[known & near], iris[iris["CODE_IRIS"].str.startswith("751")][["arrondissement", "geometry"]], predicate="within")["arrondissement"]
    own = paris["depcom"].where(paris["depcom"] != "75056")
    own = own.fillna(found.groupby(level=0).first().reindex(paris.index))
    local = paris["iris_fichier"].where(paris["iris_fichier"].str.len() == 9)
    # A local number under the code of the city waits for the arrondissement: it says nothing of it.
    own = own.fillna(local.str[:5].where(local.str.startswith("751")))
    street = paris["adresse"].str.split(":", n=3).str[3].fillna("") != ""
    postcode = ("751" + paris["codepostal"].str[3:]).where(paris["codepostal"].str.match("^750(0[1-9]|1[0-9]|20)$").fillna(False) & street)
    # Rows of one address are at one place: the first postcode of a Paris arrondissement says where.
    own = own.fillna(postcode.groupby(paris["adresse"]).transform("first").where(paris["depcom"] == "75056"))
    answer = world.api.get("/api/valeurs/arrondissement?indicateur=P01")
    shown = {c: n for c, n in zip(answer["codes"], answer["logements"]) if n}
    assert shown == own.value_counts().to_dict() and len(shown) == 20
    commune = world.api.get("/api/zones/commune/75056?indicateurs=P01")["couverture"]["logements"]
    assert commune == len(paris) == sum(shown.values()) + int(own.isna().sum())
    names = {z["code"]: (z["nom"], z["commune"]) for z in world.api.get("/api/zones?echelle=arrondissement")["zones"]}
    assert names["75101"] == ("Paris 1er arrondissement", "75056")
    assert [t["code"] for t in world.api.get("/api/territoires?q=paris%2012e")][:1] == ["75112"]


def test_the_flow_of_paris_by_arrondissement_is_what_its_events_and_the_register_say(world: World, mosaique, tmp_path: Path) -> None:
    if world.name != "idf":
        pytest.skip("no arrondissements here")
    raw = raw_rows(world.files / "rpls_2024.csv").drop_duplicates("IDENT_REP").set_index("IDENT_REP")
    kept = kept_rows(world.store).dropna(subset=["ident_rep"]).drop_duplicates("ident_rep").set_index("ident_rep")
    told = raw[raw["DEPCOM"].str.match("^751[0-9]{2}$") & raw.index.isin(kept.index)].head(90)
    outside = raw[(raw["DEPCOM"] == "93066") & raw.index.isin(kept.index)].head(5)
    lines = ["id;bailleur;logement;jour;genre;reservataire;commune"]
    expected: dict[str, int] = {}
    for i, (ident, row) in enumerate(pd.concat([told, outside]).iterrows()):
        # One in two events names the city only: then the register says where; one names a dwelling that it lacks.
        commune = "75056" if i % 2 and row["DEPCOM"] != "93066" else row["DEPCOM"]
        number = "INCONNU" if i == 1 else ident
        siren = row["SIRET"].zfill(14)[:9]
        for n, (day, genre, who) in enumerate([("01-05", "preavis", ""), ("01-10", "oriente", "ETAT_PRIO"), ("01-12", "accepte", ""), ("02-01", "candidats", ""), ("02-10", "caleol", ""), ("03-01", "bail", "")]):
            lines.append(f"E{i}-{n};{siren};{number};2024-{day};{genre};{who};{commune if n == 0 else ''}")
        if row["DEPCOM"] != "93066":
            code = "75056" if i == 1 else row["DEPCOM"]
            expected[code] = expected.get(code, 0) + 1
    (tmp_path / "evenements.csv").write_text("\n".join(lines))
    mosaique("admin", "flux", tmp_path, "--data", world.store)
    answer = world.api.get("/api/flux/carte?annee=2024&par=arrondissement")
    assert answer["arrondissements"] is True
    assert {p["code"]: p["nombre"] for p in answer["lieux"]} == expected and answer["total"] == sum(expected.values()) == 90
    names = {p["code"]: p["nom"] for p in answer["lieux"]}
    assert names["75056"] == "Paris, arrondissement non connu" and names["75101"] == "Paris 1er arrondissement"
    assert answer["sans_lieu"] == 1 and all(p["centre"] for p in answer["lieux"] if p["code"] != "75056")
    # By commune Paris has them all, and its account sees those that name an arrondissement.
    communes = {p["code"]: p["nombre"] for p in world.api.get("/api/flux/carte?annee=2024&par=commune")["lieux"]}
    assert communes == {"75056": 90, "93066": 5}
    token = mosaique("admin", "token", "--data", world.store, "--courriel", "commune@demonstration.example", "--nom", "essai").strip().split()[-1]
    assert Api(world.api.base, token).get("/api/flux/carte?annee=2024")["total"] == 90


def test_communes_of_two_millesimes_are_those_of_their_contours(world: World) -> None:
    if world.name != "fusion":
        pytest.skip("nothing merges here")
    of = {}
    for year in (2022, 2024):
        answer = world.api.get(f"/api/valeurs/commune?indicateur=P01&vague={year}")
        of[year] = {c: n for c, n in zip(answer["codes"], answer["logements"]) if n}
        assert set(of[year]) == set(contours(world, year).index), year
    assert {"74268", "74093", "74011"} <= set(of[2022]) and not {"74268", "74093", "74011"} & set(of[2024])
    assert {"15031", "15047"} <= set(of[2024]) and not {"15031", "15047"} & set(of[2022])
    last = kept_rows(world.store)
    merged = last["depcom"].map({c: in_force(c, set(of[2024])) for c in last["depcom"].unique()})
    assert of[2024] == merged.value_counts().to_dict()
    assert merged.isin(["74010"]).sum() > last["depcom"].isin(["74010"]).sum(), "some still file the former code"


def test_former_communes_are_a_scale_that_adds_up(world: World, mosaique) -> None:
    if world.name != "fusion":
        pytest.skip("nothing merges here")
    parts = pd.read_csv(ROOT / "data" / "deleguees.csv", sep=";", dtype=str).set_index("code")
    assert set(parts.index[parts["commune"] == "74010"]) == {"74010", "74011", "74093", "74182", "74217", "74268"}
    kept = completed(mosaique, world.store, kept_rows(world.store))
    annecy = kept[kept["depcom"].map(lambda c: in_force(c, {"74010"}) == "74010")]
    before = contours(world, 2022)[["geometry"]].reset_index(names="deleguee")
    before = before[before["deleguee"].isin(parts.index[parts["commune"] == "74010"])]
    known = annecy["lon"].notna() & ~annecy["qualite"].isin([int(v) for v in VAGUE])
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(annecy["lon"].where(known), annecy["lat"].where(known)), index=annecy.index, crs=4326)
    outline = contours(world).geometry.to_crs(2154)["74010"]
    near = points.to_crs(2154).distance(outline) <= TOLERANCE_M
    held = geopandas.sjoin(points[known & near], before.to_crs(4326), predicate="within")["deleguee"].groupby(level=0).first()
    own = annecy["depcom"].where(annecy["depcom"] != "74010").fillna(held.reindex(annecy.index))
    ban = pd.concat([raw_rows(f) for f in world.files.glob("adresses*.csv")])
    former = ban[ban["code_insee_ancienne_commune"] != ""]
    answer = world.api.get("/api/valeurs/deleguee?indicateur=P01")
    shown = {c: n for c, n in zip(answer["codes"], answer["logements"]) if n}
    told = own.value_counts().to_dict()
    assert set(shown) == set(told) == {"74010", "74011", "74093", "74268"}
    # The BAN places some of those that neither code nor contour does, and each in a commune that it names.
    assert all(shown[c] >= n for c, n in told.items()) and set(former["code_insee_ancienne_commune"]) >= set(told) - {"74010"}
    commune = world.api.get("/api/zones/commune/74010?indicateurs=P01")["couverture"]["logements"]
    lost = next(m for m in world.api.get("/api/catalogue")["millesimes"] if m["millesime"] == 2024)["comptes"]["deleguee_inconnue"]
    assert commune == len(annecy) == sum(shown.values()) + lost
    names = {z["code"]: (z["nom"], z["commune"]) for z in world.api.get("/api/zones?echelle=deleguee")["zones"]}
    assert names["74268"] == ("Seynod", "74010") and names["74010"][0] == "Annecy (commune déléguée)"


def test_two_millesimes_across_a_merger_say_both_perimeters(world: World) -> None:
    told = {(p["echelle"], p["code"]): p for p in world.api.get("/api/catalogue")["perimetres"]}
    if world.name != "fusion":
        assert told == {}
        return
    assert all((p["de"], p["a"]) == (2022, 2024) for p in told.values())
    merged = {c for c in contours(world, 2022).index if c not in contours(world).index}
    restored = {c for c in contours(world).index if c not in contours(world, 2022).index}
    assert {code for scale, code in told if scale == "commune"} == merged | restored | {"74010", "15141"}
    annecy = told["commune", "74010"]["dit"]
    assert annecy.startswith("En 2022, la commune Annecy n'avait pas encore Annecy-le-Vieux, Cran-Gevrier et Seynod, réunies depuis")
    assert "les chiffres de 2022 portent sur Annecy seule, ceux de 2024 sur l'ensemble" in annecy
    assert "comprenait encore Celles et Chavagnac" in told["commune", "15141"]["dit"]
    assert not [code for scale, code in told if scale == "epci"], "the same communes, under other names"
