"""Who lives where, recounted: occupancy of each commune, EPCI, département, IRIS and QPV, by pandas and GeoPandas alone.

The ladder that finds the dwelling of a household (domain §11) is written anew here, on what the imports kept; zones are those of the files. Every figure that
mosaïque gives must be the recount, every household that it leaves out must be told (`logements_ecartes`), and none may be withheld without a rule.

On the demonstration and, where ../shared/data has real files of Savoie, on the demonstration moved onto the addresses of its BAN: real names of
streets, real contours, real holes of the BAN.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely

from conftest import ROOT, Api, completed, kept_rows, raw_rows, setting

INDICATORS = ["I05", "I08", "I09", "I16"]
# Households below which nothing is said; figures of 0 or 100 % need as many as this; a rate of one or two households is rounded.
FEW, EXTREME, ROUNDED = 11, 20, 2
# R08: metres from its commune at which a point is not believed.
TOLERANCE_M = 200


def ladder(dwellings: pd.DataFrame, households: pd.DataFrame) -> pd.Series:
    """The row of `dwellings` that each household lives in; -1 where only its commune is known."""
    text = lambda c: c.fillna("").astype(str)
    d, h = dwellings.reset_index(drop=True), households.reset_index(drop=True)
    owner, asker = text(d["siren"]), text(h["siren"])
    taken: set[int] = set()
    found = np.full(len(h), -1)
    waiting = []
    by_number = {n: i for i, n in enumerate(text(d["ident_rep"])) if n}
    for i, n in enumerate(text(h["ident_rep"])):
        at = by_number.get(n)
        mine = at is not None and (not asker[i] or not owner[at] or asker[i] == owner[at])
        if mine and at not in taken:
            taken.add(at)
            found[i] = at
        elif at is None or not mine:
            waiting.append(i)
        else:
            found[i] = -2  # a second household of one dwelling is not counted
    both = lambda a, b: [(x, y) if x and y else None for x, y in zip(a, b)]
    rungs = [
        (both(asker, text(h["ident_int"])), both(owner, text(d["ident_int"]))),
        (both(asker, text(h["adresse"])), both(owner, text(d["adresse"]))),
        ([a if a and not s else None for a, s in zip(text(h["adresse"]), asker)], list(text(d["adresse"]))),
    ]
    for of_household, of_dwelling in rungs:
        free = defaultdict(list)
        for at in reversed(range(len(d))):
            if at not in taken and of_dwelling[at]:
                free[of_dwelling[at]].append(at)
        still = []
        for i in waiting:
            places = free.get(of_household[i]) if of_household[i] else None
            if places:
                found[i] = places.pop()
                taken.add(int(found[i]))
            else:
                still.append(i)
        waiting = still
    return pd.Series(found, index=households.index)


class Territory:
    """A store that is served, and its dwellings and households with the zones of the files."""

    def __init__(self, api: Api, store: Path, survey: Path, mosaique, layers: dict[str, geopandas.GeoDataFrame], epci: dict[str, str]) -> None:
        self.api = api
        kept = completed(mosaique, store, kept_rows(store))
        communes = layers["commune"].set_index("code").geometry.to_crs(2154)
        points = geopandas.GeoSeries(geopandas.points_from_xy(kept["lon"], kept["lat"]), index=kept.index, crs=4326)
        own = communes.reindex(kept["depcom"].to_numpy())
        own.index = kept.index
        far = points.to_crs(2154).distance(own, align=False) > TOLERANCE_M
        known = kept["lon"].notna() & ~kept["qualite"].isin([22, 33]) & ~far
        points = points.where(known, shapely.Point())
        zones = {"commune": kept["depcom"], "epci": kept["depcom"].map(epci), "departement": kept["depcom"].str[:2]}
        for layer in set(layers) - {"commune"}:
            joined = geopandas.sjoin(geopandas.GeoDataFrame(geometry=points, crs=4326), layers[layer], predicate="within")
            zones[layer] = joined["code"].groupby(level=0).first().reindex(kept.index)
        rows = kept_rows(store, "ops")
        at = ladder(kept, rows)
        words = raw_rows(survey).loc[rows.index].apply(lambda c: c.str.strip().str.upper())
        for column in ("statut_logement", "statut_reponse", "type_menage", "aide_logement"):
            rows[column] = words[column].replace("", None)
        # Whose tenants they are: the dwelling's bailleur, else the one that asked.
        owner = at.map(dict(enumerate(kept["siren"].fillna("").astype(str)))).fillna(rows["siren"].fillna("").astype(str))
        asked = rows[(rows["statut_logement"] == "OCCUPE") & (at > -2)].assign(at=at, owner=owner)
        self.households = {}
        for layer, code in zones.items():
            of = asked["at"].map(dict(enumerate(code.to_numpy())))
            if layer in ("commune", "epci", "departement"):
                alone = {"commune": asked["depcom"], "epci": asked["depcom"].map(epci), "departement": asked["depcom"].str[:2]}[layer]
                of = of.where(asked["at"] >= 0, alone)
            self.households[layer] = asked.assign(zone=of)

    def large(self) -> pd.Index:
        """Households of the communes that have enough respondents for a figure."""
        rows = self.households["commune"]
        answers = rows["statut_reponse"].isin(["REPONSE", "PARTIELLE"])
        return rows.index[answers.groupby(rows["zone"]).transform("sum") >= FEW]

    def recount(self, layer: str, only: pd.Index | None = None) -> dict[str, dict[str, tuple[int, int]]]:
        """Numerator and denominator of each indicator, zone by zone."""
        out = {}
        rows = self.households[layer] if only is None else self.households[layer].loc[only]
        for code, all_ in rows.dropna(subset="zone").groupby("zone"):
            there = all_[all_["statut_reponse"].isin(["REPONSE", "PARTIELLE"])]
            kind, aid = (there[c].dropna() for c in ("type_menage", "aide_logement"))
            out[code] = {
                "I05": (int(aid.isin(["APL", "AL"]).sum()), len(aid)),
                "I08": (int((kind == "MONOPARENT").sum()), len(kind)),
                "I09": (int((kind == "ISOLE").sum()), len(kind)),
                "I16": (len(there), len(all_)),
            }
        return out


def compare(territory: Territory, layer: str) -> Counter:
    """Every figure of a layer against the recount; what no rule explains fails."""
    api, seen, unexplained = territory.api, Counter(), []
    recount = territory.recount(layer)
    # Above the commune only those of communes with too few respondents may be left out.
    least = {layer: territory.recount(layer, only=territory.large())} if layer in ("epci", "departement") else {}
    codes = [z["code"] for z in api.get(f"/api/zones?echelle={layer}&limite=5000")["zones"]]
    assert set(recount) - {c for c in recount if c.endswith("0000")} <= set(codes)
    for code in codes:
        if layer == "iris" and code.endswith("0000"):
            continue  # what is known by its commune only
        answer = api.get(f"/api/zones/{layer}/{code}?indicateurs={','.join(INDICATORS)}")
        left_out = answer["couverture"]["logements_ecartes"]
        for figure in answer["chiffres"]:
            id, (n, d) = figure["indicateur"], recount.get(code, {}).get(figure["indicateur"], (0, 0))
            told = figure["logements_ecartes"] or left_out
            respondents = recount.get(code, {}).get("I16", (0, 0))[0]
            if figure["secret"]:
                # Too few, all or none of a few, or too few left once the groups that a border cuts are gone.
                why = min(d, respondents) < FEW or (n in (0, d) and d < EXTREME) or (told and layer not in ("commune", "epci", "departement"))
                one_owner = "bailleur" in (figure["motif"] or "") or "résidence" in (figure["motif"] or "")
                seen["withheld" if why or one_owner else "unexplained"] += 1
                if not why and not one_owner:
                    unexplained.append(f"{layer} {code} {id}: withheld ({figure['motif']}), recount {n} / {d}")
            elif figure["valeur"] is None:
                seen["empty"] += 1
                if d:
                    unexplained.append(f"{layer} {code} {id}: nothing, recount {n} / {d}")
            elif figure["approximatif"]:
                seen["rounded"] += 1
                if not (min(n, d - n) <= ROUNDED or told) or abs(figure["valeur"] - 100 * n / d) > 2.5 + (5 if told else 0):
                    unexplained.append(f"{layer} {code} {id}: about {figure['valeur']}, recount {n} / {d}")
            elif (figure["numerateur"], figure["denominateur"]) == (n, d):
                seen["equal"] += 1
            elif told and layer in least and least[layer][code][id][0] <= figure["numerateur"] <= n and least[layer][code][id][1] <= figure["denominateur"] <= d:
                seen["told"] += 1
            elif told and layer not in ("commune", "epci", "departement") and 0 < d - figure["denominateur"] <= told and figure["numerateur"] <= n:
                seen["told"] += 1
            else:
                unexplained.append(f"{layer} {code} {id}: {figure['numerateur']} / {figure['denominateur']}, recount {n} / {d}, {told} told")
    assert not unexplained, f"{len(unexplained)} of {sum(seen.values())}\n" + "\n".join(unexplained[:30])
    return seen


def fewest(owners: pd.Series, together: int) -> int:
    """Fewest households of others that bailleurs who put what they know together are left with; 0 if none ever are."""
    counts = owners.value_counts()
    left = [int(counts.drop(list(known)).sum()) for n in range(1, together + 1) for known in itertools.combinations(counts.index, n)]
    return min((n for n in left if n), default=0)


def told_to_owners(territory: Territory, layer: str, least=lambda owners: fewest(owners, 2), api: Api | None = None) -> tuple[int, list[tuple[str, str, int, set[str]]]]:
    """Figures that count every household of their zone: how many, and those that tell somebody of 1 to 10 tenants of others (zone, indicator,
    how many, communes). `least`: how many of others are left to whoever knows some; one or two bailleurs, if nothing else is said."""
    api = api or territory.api
    rows = territory.households[layer]
    answers = rows[rows["statut_reponse"].isin(["REPONSE", "PARTIELLE"])]
    known = {"I05": answers.dropna(subset="aide_logement"), "I08": answers.dropna(subset="type_menage")}
    whole, few = 0, []
    for code in sorted(answers["zone"].dropna().unique()):
        for figure in api.get(f"/api/zones/{layer}/{code}?indicateurs={','.join(known)}")["chiffres"]:
            there = known[figure["indicateur"]].query("zone == @code")
            if figure["secret"] or figure["denominateur"] != len(there):
                continue
            whole += 1
            left = least(there["owner"])
            if 0 < left < FEW:
                few.append((code, figure["indicateur"], left, set(territory.households["commune"].loc[there.index, "zone"])))
    return whole, few


def contours(path: Path, code: str) -> geopandas.GeoDataFrame:
    zones = geopandas.read_file(path).to_crs(4326)
    column = next(c for c in zones.columns if c.lower() == code.lower())
    zones = zones[[column, "geometry"]].rename(columns={column: "code"})
    zones.geometry = zones.geometry.make_valid()
    return zones


@pytest.fixture(scope="module")
def demonstration(api: Api, demo_files: Path, mosaique) -> Territory:
    members = raw_rows(demo_files / "appartenance_2024.csv")
    layers = {
        "commune": contours(demo_files / "communes.geojson", "INSEE_COM"),
        "iris": contours(demo_files / "iris.geojson", "CODE_IRIS"),
        "qpv2015": contours(demo_files / "qpv2015.geojson", "code_qp"),
        "qpv2024": contours(demo_files / "qpv2024.geojson", "code_qp"),
    }
    survey = sorted(demo_files.glob("ops_2024*.csv"))[-1]
    return Territory(api, Path(setting("DEMO_STORE")), survey, mosaique, layers, dict(zip(members.iloc[:, 0], members.iloc[:, 1])))


@pytest.mark.parametrize("layer", ["commune", "epci", "departement", "iris", "qpv2015", "qpv2024"])
def test_occupancy_of_the_demonstration_is_that_of_a_recount(demonstration: Territory, layer: str) -> None:
    seen = compare(demonstration, layer)
    assert seen["equal"] + seen["told"] > 0, seen
    print(layer, dict(seen))


@pytest.mark.parametrize("layer", ["iris", "qpv2015", "qpv2024"])
def test_no_figure_below_the_commune_tells_two_bailleurs_of_few_tenants_of_others(demonstration: Territory, layer: str) -> None:
    """Anyone's exact figure minus the tenants of a bailleur, or of two: none or at least eleven of others are left."""
    whole, few = told_to_owners(demonstration, layer)
    # A commune keeps its figure even where all others together are too few; what is in it may then tell no less.
    helpless = {(code, id) for code, id, *_ in told_to_owners(demonstration, "commune")[1]}
    alone = [(code, id, left) for code, id, left, communes in few if not {(c, id) for c in communes} <= helpless]
    print(f"{layer}: {whole} figures of all their households; {len(few)} where the commune has too few tenants of others")
    assert whole > 3 and not alone, alone


@pytest.mark.parametrize("layer", ["commune", "epci", "iris", "qpv2024"])
def test_a_bailleur_that_takes_its_own_tenants_out_is_left_with_none_or_eleven(demonstration: Territory, mosaique, demo_files: Path, layer: str) -> None:
    token = mosaique("admin", "token", "--data", setting("DEMO_STORE"), "--courriel", "bailleur@demonstration.example", "--nom", "attaque").strip()
    api = Api(demonstration.api.base, token)
    # The account is of the largest bailleur.
    own = pd.read_csv(demo_files / "verite/logements.csv", sep=";", dtype=str)["siren"].mode()[0]
    whole, few = told_to_owners(demonstration, layer, lambda owners: int((owners != own).sum()), api)
    print(f"{layer}: {whole} figures of all their households")
    assert whole > 0 and not few, few


# --- The demonstration on real addresses ---


REAL = ROOT / ".." / "shared" / "data"
BAN = REAL / "ban" / "ban_echantillon_73-74_10000.csv"
COMMUNES = REAL / "admin" / "communes2018-73-savoie.geojson"
QPV = REAL / "qpv" / "qpv2015_shp" / "QP_METROPOLE_LB93.shp"


def moved(demo_files: Path, folder: Path) -> dict[str, str]:
    """Writes the RPLS and OPS files of the demonstration at addresses of the BAN: one for each of its own; the EPCI of each commune."""
    ban = pd.read_csv(BAN, sep=";", dtype=str, keep_default_na=False, na_values=["NA"]).dropna(subset=["x", "y", "numero"]).fillna("")
    points = geopandas.GeoDataFrame(ban, geometry=geopandas.points_from_xy(ban["x"].astype(float), ban["y"].astype(float)), crs=2154)
    communes = geopandas.read_file(COMMUNES).to_crs(2154)
    within = geopandas.sjoin(points, communes[["code", "geometry"]], predicate="within")
    sound = points.loc[within.index[(within["code"] == within["code_insee"]).to_numpy()]]
    qpv = geopandas.read_file(QPV).to_crs(2154)
    qpv.geometry = qpv.geometry.make_valid()
    inside = sound.index.isin(geopandas.sjoin(sound, qpv[["geometry"]], predicate="within").index)
    # Towns first, and all that lies in a quartier: dwellings stand where people are.
    towns = sound["code_insee"].map(sound["code_insee"].value_counts())
    weight = np.where(inside, 400.0, towns**1.5)
    rng = np.random.default_rng(73)
    pool = sound.iloc[rng.choice(len(sound), 400, replace=False, p=weight / weight.sum())].reset_index(drop=True)

    rpls = raw_rows(sorted(demo_files.glob("rpls*.csv"))[-1])
    place = (rpls["DEPCOM"] + "|" + rpls["NUMVOIE"] + "|" + rpls["NOMVOIE"]).str.upper()
    keys = {k: int(rng.integers(len(pool))) for k in sorted(place.unique())}
    at = place.map(keys)
    new = pool.loc[at].set_index(rpls.index)
    rpls = rpls.drop(columns=[c for c in rpls if c.startswith(("QPV", "IRIS"))])
    moved_to = {"DEPCOM": "code_insee", "CODEPOSTAL": "code_postal", "LIBCOM": "nom_commune", "NUMVOIE": "numero", "INDREP": "rep", "NOMVOIE": "nom_voie", "X": "x", "Y": "y"}
    for column, of in moved_to.items():
        rpls[column] = new[of]
    rpls["TYPVOIE"], rpls["EPSG"], rpls["QUALITE_XY"] = "", "2154", "11"
    # Two rows in five have no coordinates: neighbours, or the BAN, say where they are.
    bare = rng.random(len(rpls)) < 0.4
    rpls.loc[bare, ["X", "Y", "EPSG", "QUALITE_XY"]] = ""
    for column in ("COMPLIDENT", "COMPLGEO", "LIEUDIT"):
        if column in rpls:
            rpls[column] = ""
    rpls.to_csv(folder / "rpls_2024.csv", sep=";", index=False)

    ops = raw_rows(sorted(demo_files.glob("ops_2024*.csv"))[-1])
    where = dict(zip(rpls["IDENT_REP"].str.strip(), at))
    place = (ops["depcom"] + "|" + ops["numvoie"] + "|" + ops["nomvoie"]).str.upper()
    at = ops["ident_rep"].str.strip().map(where).fillna(place.map(keys))
    at = at.fillna(pd.Series(rng.integers(len(pool), size=len(ops)), index=ops.index)).astype(int)
    new = pool.loc[at].set_index(ops.index)
    for column, of in {"depcom": "code_insee", "codepostal": "code_postal", "numvoie": "numero", "indrep": "rep", "nomvoie": "nom_voie"}.items():
        ops[column] = new[of].where(ops[column] != "", "")
    ops.to_csv(folder / "ops_2024.csv", sep=";", index=False)
    # Quarters of communes stand for IRIS, which nobody publishes here.
    quarters = []
    for code, shape in zip(communes["code"], communes.geometry):
        x, y = shape.representative_point().coords[0]
        for n, (a, b) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
            half = shapely.box(x - 1e6 * (1 - a), y - 1e6 * (1 - b), x + 1e6 * a, y + 1e6 * b)
            quarters.append({"CODE_IRIS": f"{code}010{n + 1}", "NOM_IRIS": f"Quart {n + 1}", "geometry": shape.intersection(half)})
    areas = geopandas.GeoDataFrame(quarters, crs=2154)
    areas = areas[areas.geom_type.isin(["Polygon", "MultiPolygon"]) & (areas.area > 1)]
    areas.to_file(folder / "iris.gpkg", driver="GPKG")
    # Communes in bands of the alphabet: EPCI of its own making, whose codes pass the test of a SIREN.
    sirens = ["200069110", "200068674", "247300254", "247300098"]
    epci = {code: sirens[int(code[2:]) % len(sirens)] for code in communes["code"]}
    pd.DataFrame({"CODGEO": epci.keys(), "EPCI": epci.values()}).to_csv(folder / "membres.csv", sep=";", index=False)
    return epci


def signed_in(api: Api, courriel: str, password: str) -> None:
    """Opens a session as a browser does; the first password is for one time."""

    def ask(method: str, path: str, body: dict):
        request = urllib.request.Request(api.base + path, json.dumps(body).encode(), {**api.headers, "Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.headers["Set-Cookie"], json.loads(answer.read() or b"null")

    cookie, me = ask("POST", "/api/session", {"courriel": courriel, "mot_de_passe": password})
    api.headers = {"Cookie": cookie.split(";")[0], "X-Csrf-Token": me["csrf"]}
    cookie, me = ask("PUT", "/api/session/mot-de-passe", {"actuel": password, "nouveau": "quatre bus verts passent la rue"})
    if cookie:
        api.headers["Cookie"] = cookie.split(";")[0]
    if me and me.get("csrf"):
        api.headers["X-Csrf-Token"] = me["csrf"]


@pytest.fixture(scope="module")
def savoie(demo_files: Path, mosaique, tmp_path_factory):
    if not BAN.exists():
        pytest.skip("no real files in ../shared/data")
    folder = tmp_path_factory.mktemp("savoie")
    data = folder / "magasin"
    epci = moved(demo_files, folder)
    mosaique("import", "zones", COMMUNES, "--layer", "commune", "--data", data)
    mosaique("import", "zones", folder / "iris.gpkg", "--layer", "iris", "--data", data)
    mosaique("import", "zones", QPV, "--layer", "qpv", "--generation", 2015, "--data", data)
    mosaique("import", "zones", folder / "membres.csv", "--layer", "appartenance", "--data", data)
    mosaique("import", "addresses", BAN, "--departement", "73,74", "--data", data)
    mosaique("import", "rpls", folder / "rpls_2024.csv", "--millesime", 2024, "--data", data)
    mosaique("import", "ops", folder / "ops_2024.csv", "--wave", 2024, "--data", data)
    print(json.loads(mosaique("build", "--data", data, "--json"))["2024"]["comptes"])
    password = mosaique("admin", "create", "--data", data, "--courriel", "a@savoie.example", "--nom", "Essai").split()[-1]
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = subprocess.Popen([os.environ["MOSAIQUE_BIN"], "serve", "--data", data, "--bind", f"127.0.0.1:{port}"])
    administrator = Api(f"http://127.0.0.1:{port}")
    try:
        for _ in range(150):
            try:
                administrator.get("/healthz")
                break
            except urllib.error.URLError:
                assert server.poll() is None
                time.sleep(0.1)
        # Figures of households below the commune are the State's, not the administrator's.
        signed_in(administrator, "a@savoie.example", password)
        state = administrator.post("/api/admin/organisations", {"nom": "DREAL", "role": "dreal", "code": "84"})
        administrator.post("/api/admin/comptes", {"organisation": state["id"], "courriel": "b@savoie.example", "nom": "Essai"})
        api = Api(administrator.base, mosaique("admin", "token", "--data", data, "--courriel", "b@savoie.example", "--nom", "essai").strip())
        layers = {
            "commune": contours(COMMUNES, "code"),
            "iris": contours(folder / "iris.gpkg", "CODE_IRIS"),
            "qpv2015": contours(QPV, "CODE_QP"),
        }
        yield Territory(api, data, folder / "ops_2024.csv", mosaique, layers, epci)
    finally:
        server.terminate()
        server.wait(10)


@pytest.mark.parametrize("layer", ["commune", "epci", "departement", "iris", "qpv2015"])
def test_occupancy_on_real_addresses_is_that_of_a_recount(savoie: Territory, layer: str) -> None:
    seen = compare(savoie, layer)
    assert seen["equal"] + seen["told"] > 0, seen
    print(layer, dict(seen))
