"""Balance sheets of gestion en flux, recounted by pandas from the raw file of events."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

YEARS = [2023, 2024]
BREAKDOWN = ["commune", "typologie", "financement", "qpv", "periode"]


@pytest.fixture(scope="module")
def ways(demo_files: Path) -> pd.DataFrame:
    """One row an offer: its vacancy, who was asked, days of what came of it. Written from the law, not from the program."""
    raw = pd.read_csv(demo_files / "declares" / "flux" / "evenements.csv", sep=";", dtype=str, keep_default_na=False)
    raw["rang"] = range(len(raw))
    raw = raw.sort_values(["bailleur", "logement", "jour", "rang"])
    opening = raw["genre"].isin(["preavis", "premiere_location"])
    raw["vacance"] = opening.groupby([raw["bailleur"], raw["logement"]]).cumsum()
    key = ["bailleur", "logement", "vacance"]
    raw["offre"] = (raw["genre"] == "oriente").groupby([raw[k] for k in key]).cumsum()
    homes = raw[opening].set_index(key)[BREAKDOWN]
    first = raw[opening].set_index(key)["genre"].eq("premiere_location").rename("neuf")
    ends = raw[raw["genre"].isin(["bail", "mutation_interne", "relogement"])].set_index(key)[["genre", "jour", "mutation", "dalo", "q1"]]
    ends.columns = ["fin", "jour_fin", "mutation", "dalo", "q1"]
    steps = raw[(raw["offre"] > 0) & raw["genre"].isin(["accepte", "refuse", "delai_echu", "remis", "caleol"])]
    days = steps.drop_duplicates([*key, "offre", "genre"]).pivot(index=[*key, "offre"], columns="genre", values="jour")
    days["refus_candidat"] = raw[raw["genre"] == "refus_candidat"].groupby([*key, "offre"]).size()
    offers = raw[raw["genre"] == "oriente"].set_index([*key, "offre"])[["reservataire", "jour", "hors_flux"]].rename(columns={"jour": "propose"})
    table = offers.join(days).reset_index().join(homes, on=key).join(first, on=key).join(ends, on=key)
    out = table["neuf"] | table["fin"].isin(["mutation_interne", "relogement"]) | table["mutation"].eq("INTERNE")
    table = table[~out].copy()
    # Who accepted last has it, unless it let it go.
    last = table[table["accepte"].notna()].groupby(key)["offre"].transform("max").reindex(table.index)
    table["impute"] = table["offre"].eq(last) & table["delai_echu"].isna() & table["remis"].isna()
    # What was attributed outside of the flow is in no balance sheet, with all that was offered before.
    outside = (table["impute"] & table["hors_flux"].eq("1")).groupby([table[k] for k in key]).transform("any")
    assert outside.any()
    table = table[~outside].copy()
    table["qpv"] = table["qpv"].ne("").map({True: "1", False: "0"})
    return table


def recount(ways: pd.DataFrame, year: int) -> pd.DataFrame:
    def on(column: str) -> pd.Series:
        return ways[column].fillna("").str.startswith(str(year)).astype(int)

    caleol, lease = on("caleol"), on("jour_fin") * ways["impute"] * ways["fin"].eq("bail")
    counts = pd.DataFrame({
        "nb_proposes": on("propose"),
        "nb_acceptes": on("accepte"),
        "nb_attribues": caleol * ways["impute"],
        "nb_baux": lease,
        "dont_mutation_externe": lease * ways["mutation"].eq("EXTERNE"),
        "dont_mutation_inconnue": lease * ways["mutation"].isin(["", "OUI"]),
        "nb_refus": on("refuse"),
        "nb_refus_candidat": caleol * ways["refus_candidat"].fillna(0).astype(int),
        "nb_sans_candidat": on("delai_echu") + on("remis"),
    }).astype(int)
    by = [ways[c] for c in ["reservataire", *BREAKDOWN]]
    sums = counts.groupby(by).sum()
    return sums[sums.sum(axis=1) > 0].sort_index()


@pytest.mark.parametrize("year", YEARS)
def test_every_balance_sheet_is_that_of_pandas(api, ways: pd.DataFrame, year: int) -> None:
    lessors = api.get(f"/api/flux/bilan?annee={year}")["bailleurs"]
    assert len(lessors) > 3
    for lessor in lessors:
        siren = lessor["code"]
        told = api.csv(f"/api/flux/bilan.csv?annee={year}&bailleur={siren}")
        told = told.rename(columns={"periode_construction": "periode"}).set_index(["reservataire", *BREAKDOWN]).sort_index()
        wanted = recount(ways[ways["bailleur"] == siren], year)
        assert len(wanted) > 0
        pd.testing.assert_frame_equal(told[wanted.columns].astype(int), wanted, check_names=False, check_dtype=False)


def found(what: str, told: set, planted: set) -> None:
    """Prints recall and precision; everything that was planted must be told, and nothing else."""
    right = len(told & planted)
    print(f"{what}: {len(planted)} planted, {len(told)} told, recall {right / len(planted):.3f}, precision {right / max(len(told), 1):.3f}")
    assert planted and told == planted, (what, sorted(told ^ planted)[:5])


def test_what_was_planted_is_found_and_nothing_else(api, demo_files: Path, ways: pd.DataFrame) -> None:
    truth = pd.read_csv(demo_files / "verite" / "flux.csv", sep=";", dtype=str)
    planted = lambda what: truth[truth["quoi"] == what]
    pairs = lambda rows: set(zip(rows["bailleur"], rows["objet"]))
    lessors = [c["code"] for c in api.get("/api/flux/suivi?annee=2024")["bailleurs"]]
    assert len(lessors) > 3
    sums = {(b, year): api.get(f"/api/flux/calcul?bailleur={b}&annee={year}") for b in lessors for year in [2024, 2025]}

    over = {(b, c["commune"]) for (b, _), told in sums.items() for c in told["communes"] if c["de_trop"] > 0}
    found("too many rights", over, pairs(planted("surreservation")))

    short = {b for (b, _), told in sums.items() if "etat_insuffisant" in [a["id"] for a in told["calcul"]["alertes"]]}
    found("less than 30 % for the State", short, set(planted("etat_insuffisant")["bailleur"]))

    # The region's agent is told how many, not which. Other demonstrations have one or two that are late though nobody planted it.
    waiting = api.get("/api/flux/logements?au=2024-12-31")
    told = pd.Series([l["bailleur"] for l in waiting["logements"] if l["alerte"] == "retard"]).value_counts()
    late = planted("retard")["bailleur"].value_counts()
    print(f"late at the end of 2024: {late.sum()} planted, {told.sum()} told, recall 1, precision at most {late.sum() / told.sum():.3f}")
    assert told.sum() == waiting["en_retard"] <= late.sum() * 1.25 and (told.reindex(late.index) >= late).all()

    sheets = [api.csv(f"/api/flux/bilan.csv?annee={year}&bailleur={b}") for year in YEARS for b in lessors]
    unwanted = sum(sheet["nb_sans_candidat"].astype(int).sum() for sheet in sheets)
    counted = ways["remis"].notna().sum() + ways["delai_echu"].notna().sum()
    handed = pairs(planted("remis"))
    mine = set(zip(ways.loc[ways["remis"].notna(), "bailleur"], ways.loc[ways["remis"].notna(), "logement"]))
    print(f"handed back: {len(handed)} planted, {len(handed & mine)} of them in the flow; handed back or elapsed: {counted}, told {unwanted}")
    assert mine <= handed and unwanted == counted > 0

    # One réservataire is given the ground floors of one lessor. That it then also is refused more, or has other sizes and communes, and that
    # others lack ground floors, is the same fact seen from elsewhere: told, of that lessor alone.
    gaps = [(b, g) for b in lessors for g in api.get(f"/api/flux/equite?annee=2024&bailleur={b}")["ecarts"]]
    alarmed = [(b, g) for b, g in gaps if g["signale"]]
    above = lambda g: next((p["part"] > p["part_tous"] for p in g["parts"] if p["categorie"] == "rez-de-chaussée"), False)
    unfair = planted("inequite").iloc[0]
    more = {(b, g["reservataire"]) for b, g in alarmed if g["dimension"] == unfair["valeur"] and above(g)}
    found("who gets more ground floors", more, {(unfair["bailleur"], unfair["objet"])})
    print(f"{len(gaps)} comparisons of {len(lessors)} lessors, {len(alarmed)} alarms, all of the lessor of which it was planted")
    assert {b for b, _ in alarmed} == {unfair["bailleur"]}


@pytest.mark.parametrize("year", YEARS)
def test_the_map_is_that_of_pandas(api, ways: pd.DataFrame, year: int) -> None:
    """Leases by commune, réservataire and QPV; by QPV only what is inside of one; as many as the follow-up counts."""
    leases = ways[ways["impute"] & ways["fin"].eq("bail") & ways["jour_fin"].fillna("").str.startswith(str(year))]
    told = api.get(f"/api/flux/carte?annee={year}&quoi=baux")
    assert told["total"] == len(leases) == api.get(f"/api/flux/suivi?annee={year}")["ensemble"]["comptes"]["bail"] > 0
    assert told["en_qpv"] == int((leases["qpv"] == "1").sum())
    wanted = leases.groupby(["commune", "reservataire"]).size().to_dict()
    assert {(l["code"], p["reservataire"]): p["nombre"] for l in told["lieux"] for p in l["parts"]} == wanted
    inside = leases[leases["qpv"] == "1"].groupby("commune").size().to_dict()
    assert {l["code"]: l["en_qpv"] for l in told["lieux"] if l["en_qpv"]} == inside
    assert all(l["centre"] for l in told["lieux"]) and told["sans_lieu"] == 0
    quarters = api.get(f"/api/flux/carte?annee={year}&quoi=baux&par=qpv")
    assert sum(l["nombre"] for l in quarters["lieux"]) == told["en_qpv"]
    assert told["logements"] == [], "only a lessor is given dwellings"


@pytest.mark.parametrize("year", YEARS)
def test_the_share_of_the_state_is_that_of_pandas(api, ways: pd.DataFrame, year: int) -> None:
    leases = ways[ways["impute"] & ways["fin"].eq("bail") & ways["jour_fin"].fillna("").str.startswith(str(year))]
    told = api.get(f"/api/flux/etat?annee={year}")["lignes"]
    assert len(told) > 3
    for line in told:
        assert line["decompte"] == "bail"
        own = leases[leases["bailleur"] == line["bailleur"]]
        state = own["reservataire"].isin(["ETAT_PRIO", "ETAT_AGENT"])
        for name, where in [("ensemble", own["qpv"].notna()), ("hors_qpv", own["qpv"] == "0"), ("en_qpv", own["qpv"] == "1")]:
            n, k = int(where.sum()), int((where & state).sum())
            assert (line[name]["flux"], line[name]["etat"]) == (n, k), (line["bailleur"], name)
            # Outside QPV 30 % is a least, which is reached; elsewhere a most, which is not passed.
            share = math.ceil(n * 0.3 - 1e-9) if name == "hors_qpv" else math.floor(n * 0.3 + 1e-9)
            assert line[name]["manque"] == max(0, share - k)
        by = own.groupby("commune").size().to_dict()
        assert {c["commune"]: c["flux"] for c in line["communes"]} == by
        assert sum(c["etat"] for c in line["communes"]) == line["ensemble"]["etat"]


def test_the_sheet_of_a_commune_is_that_of_pandas(api, demo_files: Path, ways: pd.DataFrame) -> None:
    """Honoured rights, counted as each convention says; forecast and delegation from the files alone."""
    read = {"sep": ";", "dtype": str, "keep_default_na": False}
    agreed = pd.read_csv(demo_files / "declares" / "flux" / "conventions.csv", **read)
    rights = pd.read_csv(demo_files / "declares" / "flux" / "droits.csv", **read)
    year = "2024"
    checked = 0
    for commune in [c["code"] for c in api.get("/api/flux/fiche")["communes"]]:
        sheet = api.get(f"/api/flux/fiche?annee={year}&commune={commune}")
        for line in sheet["lignes"]:
            own = ways[(ways["bailleur"] == line["bailleur"]) & ways["impute"]]
            for part, holder, within in [("direct", f"COMMUNE:{commune}", False), ("delegue", "EPCI:", True)]:
                mine = agreed[(agreed["bailleur"] == line["bailleur"]) & agreed["reservataire"].str.startswith(holder)]
                if within:
                    mine = mine[mine["delegations"].str.contains(f"{commune}=")]
                day = {"orientation": "accepte", "caleol": "caleol", "bail": "jour_fin"}[mine["decompte"].iloc[0] if len(mine) else "bail"]
                of = own[own["reservataire"].str.startswith(holder) & (own["commune"].eq(commune) | (not within))]
                counted = int(of[day].fillna("").str.startswith(year).sum()) if len(mine) or not within else 0
                assert line[part]["honore"] == counted, (commune, line["bailleur"], part)
                if len(mine) and not within:
                    assert line[part]["part"] == float(mine["part"].iloc[0].replace(",", "."))
                checked += counted
            here = rights[(rights["bailleur"] == line["bailleur"]) & (rights["commune"] == commune) & (rights["du"].astype(int) <= int(year))]
            held = here[here["reservataire"] == f"COMMUNE:{commune}"]["nombre"].astype(int).sum()
            lent = here[here["delegataire"] == f"COMMUNE:{commune}"]["nombre"].astype(int).sum()
            assert (line["direct"]["droits"], line["delegue"]["droits"]) == (held, lent), (commune, line["bailleur"])
    assert checked > 50
