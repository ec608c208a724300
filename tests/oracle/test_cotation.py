"""Notes, ranks and waiting times of every demonstration demand, recomputed by pandas from the raw file.

Predicates, groups, tranches and waiting times are written from the law and from the guide, not from the program; the
grids are those that the demonstration's EPCI adopted.
"""

from __future__ import annotations

import json
import urllib.parse
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from scipy.stats import CensoredData, ecdf, kendalltau

from conftest import raw_rows, setting

DAY = pd.Timestamp("2024-12-31")
MONTH = 30.436875
SENSITIVE = {"C03", "C04", "C09", "C10", "C11", "C12", "C13", "C31", "C52", "C53"}
K = 11


def months(start: pd.Series, end: pd.Series | pd.Timestamp) -> pd.Series:
    """Whole months from one day to another; NaN without one of them."""
    end = end if isinstance(end, pd.Series) else pd.Series(end, index=start.index)
    whole = (end.dt.year - start.dt.year) * 12 + end.dt.month - start.dt.month
    return whole - (end.dt.day < start.dt.day)


def has(column: pd.Series, *words: str) -> pd.Series:
    return column.str.split("|").map(lambda cell: any(w in cell for w in words))


@pytest.fixture(scope="module")
def grids(api) -> list[dict]:
    """The grids of the demonstration; others that browser tests may have written are left alone."""
    planted = {json.loads(p.read_text())["nom"] for p in Path(setting("DEMO_FILES")).glob("cotation/grille-*.json")}
    return [g for g in api.get("/api/cotation/grilles")["grilles"] if g["grille"]["nom"] in planted]


@pytest.fixture(scope="module")
def epci(grids: list[dict]) -> str:
    return next(g["grille"]["epci"] for g in grids if g["en_vigueur"])


@pytest.fixture(scope="module")
def demands(demo_files: Path) -> pd.DataFrame:
    raw = raw_rows(next(demo_files.glob("demandes*.csv"))).drop_duplicates("nud")
    for c in ["date_depot", "date_radiation", "date_dernier_refus", "date_entree_logement"]:
        raw[c] = pd.to_datetime(raw[c], errors="coerce")
    for c in ["age", "nb_personnes", "nb_moins14", "nb_14plus", "nb_mineurs", "nb_a_naitre", "nb_garde_alternee", "ressources_mensuelles", "loyer_charges", "surface", "pieces"]:
        raw[c] = pd.to_numeric(raw[c], errors="coerce")
    # Beside each row, the pseudonym that the store gave it: rows of the file keep their line.
    store = Path(setting("DEMO_STORE"))
    manifest = json.loads((store / "manifeste.json").read_text())
    latest = max((j for j in manifest["jeux"] if j["rapport"]["registre"] == "demandes"), key=lambda j: j["rapport"]["cle"])
    kept = pd.read_parquet(store / latest["dossier"] / "demandes.parquet", columns=["ligne", "nud"]).set_index("ligne")
    assert len(kept) == len(raw) >= 20_000
    raw["nud_pseudonyme"] = kept["nud"].reindex(raw.index)
    raw["reference"] = raw["nud_pseudonyme"].str[:10]
    assert raw["reference"].is_unique
    raw["active"] = raw["statut"] == "ACTIVE"
    raw["mutation"] = raw["mutation"] != "NON"
    size = {"T1": 1, "T2": 2, "T3": 3, "T4": 4, "T5": 5, "T6P": 6, "C": 7}
    raw["taille"] = raw["typologies"].map(lambda t: min(size[x] for x in t.split("|")))
    units = 1 + 0.5 * (raw["nb_14plus"] - 1) + 0.3 * raw["nb_moins14"]
    raw["uc"], raw["revenu"] = units, 12 * raw["ressources_mensuelles"] / units
    return raw


@pytest.fixture(scope="module")
def there(demands: pd.DataFrame, demo_files: Path, epci: str) -> pd.DataFrame:
    """Demands that name a commune of the EPCI, with what grids ask about them there."""
    members = raw_rows(next(demo_files.glob("appartenance*.csv")))
    mine = set(members.loc[members["epci"] == epci, "commune"])
    d = demands[demands["communes_demandees"].str.split("|").map(lambda cell: bool(mine & set(cell)))].copy()
    t = raw_rows(next(demo_files.glob("seuils*.csv"))).astype({"annee": int, "eur_uc": float})
    t = t[(t["epci"] == epci) & (t["annee"] <= 2024)].sort_values("annee")["eur_uc"].iloc[-1]
    d["c"] = [dict() for _ in range(len(d))]
    lodging, motives, letters, kinds = d["mode_logement"], d["motifs"], d["priorite_l441_1"], d["ressources_natures"]
    minors, persons = d["nb_mineurs"], d["nb_personnes"]
    least = np.where(persons <= 1, 9, np.minimum(16 + 9 * (persons - 2), 70))
    moving = d["mutation"]
    measures = {
        "C28": (100 * d["loyer_charges"] / d["ressources_mensuelles"]).where(d["ressources_mensuelles"] > 0),
        "C57": months(d["date_depot"], DAY),
        "C62": months(d["date_entree_logement"], DAY),
        "C65": (d["ressources_mensuelles"] - d["loyer_charges"]) / d["uc"],
        "C66": d["surface"] / persons,
    }
    met = {
        "C01": d["statut_dalo"] == "ACTIF",
        "C02": d["accord_collectif"].isin(["ACD", "ACI"]),
        "C03": has(letters, "a") | (d["handicap"] == "1") | has(kinds, "AAH", "AEEH"),
        "C04": has(letters, "b"), "C05": has(letters, "c"),
        "C06": has(letters, "d") | lodging.isin(["SH", "RHVS", "SLHT", "CDEFCM"]),
        "C07": has(letters, "e"), "C08": has(letters, "f") | (d["relogement"] == "HABITAT_INDIGNE"),
        "C09": has(letters, "g") | has(motives, "06"), "C11": has(letters, "gbis"),
        "C12": has(letters, "h"), "C13": has(letters, "i"),
        "C14": (minors >= 1) & (least - d["surface"] >= 1), "C15": (minors >= 1) & has(motives, "03"),
        "C16": lodging == "SD", "C17": lodging.isin(["CP", "CPE"]),
        "C18": has(letters, "l") | has(motives, "05"), "C19": has(letters, "m"),
        "C20": lodging == "HOT", "C21": lodging.isin(["SQUAT", "CAMCAR"]), "C22": lodging.isin(["RS", "RHVS"]),
        "C23": lodging.isin(["SH", "CDEFCM"]), "C24": lodging == "FONC", "C25": lodging == "SLHT",
        "C26": has(motives, "04"), "C27": has(motives, "02"), "C28": measures["C28"] >= 33,
        "C29": has(motives, "13"), "C30": has(motives, "10"), "C31": has(motives, "07", "08") & (d["age"] >= 65),
        "C32": has(motives, "22"), "C33": d["relogement"] == "ORCOD", "C34": d["relogement"] == "ANRU",
        "C35": (minors >= 1) & (persons - minors == 1), "C36": d["nb_a_naitre"] >= 1, "C37": has(motives, "11"),
        "C38": has(motives, "12"), "C39": has(motives, "15"), "C40": has(motives, "21"), "C41": d["nb_garde_alternee"] >= 1,
        "C42": has(motives, "16"), "C43": has(motives, "18"), "C44": has(motives, "19"), "C46": d["activite"] == "CDD",
        "C47": d["activite"].isin(["APP", "ETU"]), "C48": d["revenu"] < t, "C50": d["revenu"] >= t,
        "C51": has(kinds, "RSA", "AAH", "AMV"), "C52": has(motives, "08"), "C54": has(motives, "17"),
        "C55": d["depcom_actuel"].isin(mine), "C56": d["depcom_travail"].isin(mine), "C57": measures["C57"] >= 12,
        "C58": d["age"] < 30, "C59": d["age"] >= 65,
        "C61": d["mutation_genre"] == "INTERNE", "C62": measures["C62"] >= 60,
        "C63": moving & (d["pieces"] >= 4) & (d["pieces"] - persons >= 2), "C64": moving & (d["qpv_actuel"] == "1"),
        "C65": measures["C65"] < 400, "C66": measures["C66"] < 9,
    }
    ticked, proven = d["criteres_locaux"].str.split("|"), d["justificatifs"].str.split("|")
    d.attrs["met"] = met
    d.attrs["measures"] = measures
    d.attrs["ticked"], d.attrs["proven"] = ticked, proven
    return d


@pytest.fixture(scope="module", autouse=True)
def raw_mutation(demands: pd.DataFrame, demo_files: Path) -> None:
    """The kind of a mutation, as it stands in the file."""
    raw = raw_rows(next(demo_files.glob("demandes*.csv"))).drop_duplicates("nud")
    demands["mutation_genre"] = raw["mutation"]


def notes(there: pd.DataFrame, grid: dict, definitive: bool) -> pd.Series:
    met, measures = there.attrs["met"], there.attrs["measures"]

    def points(line: dict) -> pd.Series:
        code = line["code"]
        hand = there.attrs["ticked"].map(lambda cell: code in cell)
        if line.get("progression"):
            p = line["progression"]
            steps = np.floor(measures[code] / p["pas"]).clip(lower=0).fillna(0)
            given = np.minimum(steps * p["points"], p["plafond"])
        elif line.get("tranches"):
            given = pd.Series(0, index=there.index)
            for t in reversed(line["tranches"]):
                inside = (measures[code] >= t.get("de", -np.inf)) & (measures[code] < t.get("avant", np.inf))
                given = given.mask(inside, t["points"])
        else:
            given = line["points"] * (met.get(code, pd.Series(False, index=there.index)) | hand).astype(int)
        if definitive and line.get("preuve"):
            given = given * there.attrs["proven"].map(lambda cell: code in cell)
        return given.astype(int)

    total = pd.Series(0, index=there.index)
    for line in grid["criteres"]:
        if line.get("groupe") is None:
            total += points(line)
    for group in grid.get("groupes", []):
        inside = pd.concat([points(line) for line in grid["criteres"] if line.get("groupe") == group["id"]], axis=1)
        given = inside.max(axis=1) if group["cumul"] == "maximum" else inside.sum(axis=1)
        total += given.clip(upper=group.get("plafond", np.inf)).astype(int)
    if grid.get("refus"):
        past = months(there["date_dernier_refus"], DAY)
        total -= grid["refus"]["points"] * ((past < grid["refus"]["mois"]) & (there["statut_dalo"] != "ACTIF")).astype(int)
    return total


def waits(rows: pd.DataFrame) -> tuple[float, float, int]:
    """Mean of those who were housed in the last 24 months, Kaplan–Meier median, number of the former."""
    end = rows["date_radiation"].where(~rows["active"], DAY)
    days = (end - rows["date_depot"]).dt.days
    housed = ~rows["active"] & (rows["motif_radiation"] == "RADATT")
    recent = housed & (rows["date_radiation"] >= DAY - pd.DateOffset(months=24))
    survival, median = 1.0, np.nan
    sound = days.notna() & (days >= 0)
    at_risk, ends = np.sort(days[sound].to_numpy()), days[housed & sound].value_counts().sort_index()
    for day, n in ends.items():
        survival *= 1 - n / (len(at_risk) - np.searchsorted(at_risk, day))
        if survival <= 0.5 + 1e-12:
            median = day / MONTH
            break
    # The same by SciPy's product-limit estimator, which is nobody's code here.
    ends, still = days[housed & sound].to_numpy(float), days[~housed & sound].to_numpy(float)
    if len(ends):
        curve = ecdf(CensoredData(uncensored=ends, right=still)).sf
        below = np.flatnonzero(curve.probabilities <= 0.5 + 1e-9)
        theirs = curve.quantiles[below[0]] / MONTH if len(below) else np.nan
        assert np.isnan(theirs) == np.isnan(median) and (np.isnan(median) or abs(theirs - median) < 1e-9)
        # And by lifelines, the reference of the field.
        theirs = KaplanMeierFitter().fit(days[sound], event_observed=housed[sound]).median_survival_time_ / MONTH
        assert np.isinf(theirs) == np.isnan(median) and (np.isnan(median) or abs(theirs - median) < 1e-9)
    return days[recent].mean() / MONTH, median, int(recent.sum())


def close(told: str, wanted: float) -> bool:
    return told == "" if np.isnan(wanted) else abs(float(told.replace(",", ".")) - wanted) <= 0.05 + 1e-9


@pytest.mark.parametrize("base", ["provisoire", "definitive"])
@pytest.mark.parametrize("genre", ["premiere", "mutation"])
def test_every_demand_has_its_note_rank_and_waiting_time(api, there: pd.DataFrame, grids, epci: str, genre: str, base: str) -> None:
    grid = next(g["grille"] for g in grids if g["en_vigueur"] and g["grille"]["genre"] == genre)
    told = api.csv(f"/api/cotation/demandes.csv?epci={epci}&genre={genre}&base={base}").set_index("reference")
    kind = there["mutation"] == (genre == "mutation")
    all_notes = notes(there, grid, base == "definitive")
    rows = there[kind & there["active"]].assign(note=all_notes)
    assert len(rows) > 200 and set(told.index) == set(rows["reference"])
    wanted = rows.set_index("reference").loc[told.index]
    pd.testing.assert_series_equal(told["note"].astype(int), wanted["note"].astype(int), check_names=False)
    # The order: the higher note, the older deposit, the pseudonym.
    order = rows.sort_values(["note", "date_depot", "nud_pseudonyme"], ascending=[False, True, True])["reference"]
    assert list(told.index) == list(order)
    ranks = wanted.groupby("taille")["note"].rank(method="min", ascending=False).astype(int)
    alike = wanted.groupby("taille")["note"].transform("size")
    exact, some = alike >= 50, (alike >= K) & (alike < 50)
    assert exact.any()
    pd.testing.assert_series_equal(told.loc[exact, "rang"].astype(int), ranks[exact], check_names=False)
    assert (told.loc[exact | some, "semblables"].astype(int) == alike[exact | some]).all()
    assert (told.loc[~exact, "rang"] == "").all() and (told.loc[alike < K, "semblables"] == "").all()
    quarters = np.minimum(4 * (ranks - 1) // alike, 3) + 1
    assert (told.loc[some, "quart"].astype(int) == quarters[some]).all()
    # Waiting times of all demands of the kind there, those that ended too.
    whole = waits(there[kind])
    for size, group in wanted.groupby("taille"):
        mean, median, n = waits(there[kind & (there["taille"] == size)])
        mean, median = (mean, median) if n >= K else whole[:2]
        for m, k in set(zip(told.loc[group.index, "delai_moyen_mois"], told.loc[group.index, "delai_median_mois"])):
            assert close(m, mean) and close(k, median), (size, m, mean, k, median)


def coarse(value: float, weight: float, steps: list[float]) -> float | None:
    step = next((s for s in steps if weight * K <= s), None)
    return None if step is None else round(value / step) * step


def test_a_simulation_says_what_scipy_says(api, there: pd.DataFrame, grids, epci: str) -> None:
    mine = [g["grille"] for g in grids if g["grille"]["genre"] == "premiere" and g["grille"]["epci"] == epci]
    assert len(mine) >= 3
    waiting = there["active"] & ~there["mutation"]
    for before, after in [(mine[0], mine[1]), (mine[1], mine[2]), (mine[2], mine[0])]:
        a, b = (notes(there, g, False)[waiting] for g in (before, after))
        told = api.post("/api/cotation/simulation", {"avant": before, "apres": after})
        tau = kendalltau(a, b).statistic
        assert told["tau"] is not None and abs(told["tau"] - tau) <= 0.01 + 1e-9, (told["tau"], tau)
        n = len(a)
        assert told["demandes"] == n
        places = [(x.rank(ascending=False, method="average") - 0.5) / n for x in (a, b)]
        up, down = ((places[0] - places[1]) >= 0.01), ((places[1] - places[0]) >= 0.01)
        near = lambda said, count: said is not None and abs(said - count) <= 2  # noqa: E731
        assert near(told["montent"], up.sum()) and near(told["descendent"], down.sum())
        assert near(told["ex_aequo_apres"], b.duplicated(keep=False).sum())
        dalo = there.loc[waiting, "statut_dalo"] == "ACTIF"
        cut = next(r for r in told["repartitions"] if r["id"] == "dalo")["lignes"]
        for line, rows in zip(cut, (dalo, ~dalo)):
            if line["demandes"] is None:
                continue
            assert near(line["demandes"], rows.sum())
            weight = 100 / rows.sum() + 100 / n
            for said, place in zip((line["place_avant"], line["place_apres"]), places):
                wanted = coarse(100 * place[rows].mean(), weight, [1, 2, 5, 10])
                assert said == wanted or (said is not None and wanted is not None and abs(said - wanted) <= 1), (line, wanted)
        for line in told["criteres"]:
            met = there.attrs["met"].get(line["code"])
            if met is None or line["demandes"] is None:
                continue
            # Criteria of the catalogue may also be ticked by hand.
            hand = there.attrs["ticked"].map(lambda cell, code=line["code"]: code in cell)
            count = ((met | hand) & waiting).sum()
            assert abs(line["demandes"] - count) <= max(2, 15 - count), (line, count)
        # Of those who were housed in the year and whom cotation governs, how many would have been first.
        housed = (~there["active"]) & (there["motif_radiation"] == "RADATT") & (months(there["date_radiation"], DAY) < 12)
        governed = (there["statut_dalo"] != "ACTIF") & there["relogement"].isin(["AUCUN", ""]) & (there["mutation_genre"] != "INTERNE")
        pool = governed & ~there["mutation"] & (there["active"] | housed)
        marked = housed[pool]
        assert told["en_tete"]["attributions"] == marked.sum()
        for said, grid in ((told["en_tete"]["avant"], before), (told["en_tete"]["apres"], after)):
            scores, left, found = notes(there, grid, False)[pool], int(marked.sum()), 0.0
            for _, tied in sorted(marked.groupby(scores), key=lambda kv: -kv[0]):
                share = min(1, left / len(tied))
                found, left = found + tied.sum() * share, left - len(tied)
                if left <= 0:
                    break
            share = 100 * found / marked.sum()
            if said is not None:
                assert abs(said - share) <= 10 / 2 + 1e-9, (said, share)


def test_what_was_planted_is_found(api, demo_files: Path, grids, epci: str) -> None:
    truth = pd.read_csv(demo_files / "verite" / "cotation.csv", sep=";", dtype=str, keep_default_na=False)
    found = set()
    for t in truth.itertuples():
        grid = next(g["grille"] for g in grids if any(line["code"] == t.critere for line in g["grille"]["criteres"]))
        told = api.post("/api/cotation/simulation", {"avant": grid, "apres": grid})["criteres"]
        line = next(c for c in told if c["code"] == t.critere)
        found.add(t.constat)
        if t.constat == "double":
            assert line["double_de"] == t.avec, line
        if t.constat == "sans_preuve":
            assert line["jamais_prouve"], line
        if t.constat == "personne":
            assert line["demandes"] == 0 and line["ne_departage_pas"], line
    assert found == {"double", "sans_preuve", "personne"}


def test_the_pressure_of_territories_is_that_of_pandas(api, demands: pd.DataFrame, demo_files: Path) -> None:
    members = raw_rows(next(demo_files.glob("appartenance*.csv"))).set_index("commune")["epci"]
    waiting = demands[demands["active"]]
    asked = waiting["communes_demandees"].str.split("|").explode()
    new = ~demands["mutation"]
    communes = api.get("/api/cotation/pression?par=commune")["lignes"]
    epcis = api.get("/api/cotation/pression")["lignes"]
    shown = 0
    for lines, zones in ((communes, asked), (epcis, asked.map(members))):
        by = zones.groupby(zones.index).agg(lambda z: list(dict.fromkeys(z)))
        named = by.explode()
        first = by.map(lambda z: z[0])
        for line in lines:
            rows = named[named == line["code"]].index
            for said, wanted in ((line["demandes"], len(rows)), (line["premier_choix"], (first == line["code"]).sum()), (line["demandes_hors_mutations"], new[rows].sum())):
                assert said is None or (said == wanted and not 0 < said < K), (line, wanted)
                shown += said is not None
            if line["demandes"] and line["attributions"]:
                assert line["tension"] == pytest.approx(line["demandes"] / line["attributions"], abs=0.005 + 1e-9)
    assert shown > 20
    for e in epcis:
        lines = api.get(f"/api/cotation/pression?par=typologie&epci={e['code']}")["lignes"]
        if all(line["demandes"] is not None for line in lines):
            assert sum(line["demandes"] for line in lines) == e["demandes"]
        for line in lines:
            for key in ("demandes", "demandes_hors_mutations", "attributions", "attributions_hors_mutations"):
                assert line[key] is None or not 0 < line[key] < K


def test_a_sensitive_criterion_is_never_named(api, epci: str) -> None:
    for page in (1, 2, 3):
        told = api.get(f"/api/cotation/demandes?{urllib.parse.urlencode({'epci': epci, 'page': page})}")
        codes = {p["code"] for d in told["demandes"] for p in d["detail"]}
        assert codes and not codes & SENSITIVE


def test_nothing_that_names_people_is_in_the_store(demands: pd.DataFrame) -> None:
    """Bytes of every file of the store, and cells of the table once unpacked."""
    store = Path(setting("DEMO_STORE"))
    numbers = [n.encode() for n in demands["nud"].sample(300, random_state=1)]
    for path in store.rglob("*"):
        if path.is_file() and path.stat().st_size < 200_000_000:
            content = path.read_bytes()
            assert not any(n in content for n in numbers), path
    manifest = json.loads((store / "manifeste.json").read_text())
    for job in (j for j in manifest["jeux"] if j["rapport"]["registre"] == "demandes"):
        kept = pd.read_parquet(store / job["dossier"] / "demandes.parquet")
        assert not kept["nud"].isin(demands["nud"]).any() and kept["nud"].str.fullmatch("[0-9a-f]{32}").all()
