"""The stock up to date against what pandas makes of the register and of the events that bailleurs told."""

from __future__ import annotations

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def events(demo_files):
    files = sorted((demo_files / "declares").glob("evenements-*.csv"))
    told = pd.concat(pd.read_csv(f, sep=";", dtype=str, keep_default_na=False).assign(siren=f.stem.split("-")[1]) for f in files)
    # A transfer is told by both; it is one.
    bought = set(told[told.genre == "acquisition"].ident_rep)
    assert set(told[told.genre == "cession"].ident_rep) == bought
    told = told[told.genre != "acquisition"]
    told["n"] = told.logements.astype(int)
    # A departure without numbers from an address that others stay at says nothing of which dwelling left.
    arrives = told.genre == "mise_en_service"
    # A tenant's notice changes nothing in the stock.
    return told[(arrives | (told.ident_rep != "")) & (told.genre != "conge")]


@pytest.fixture(scope="module")
def dwellings(demo_files):
    """True commune and QPV of each dwelling of the register of 2024."""
    t = pd.read_csv(demo_files / "verite/logements.csv", sep=";", dtype=str, keep_default_na=False)
    return t[t.mode_2024 != ""].set_index("ident_rep")


def change(events, dwellings, column, keep=lambda e: True):
    """Dwellings more or less, by commune, QPV or bailleur."""
    out: dict[str, int] = {}
    for e in events.itertuples():
        if not keep(e):
            continue
        idents = e.ident_rep.split()
        if e.genre == "mise_en_service":
            place = {"commune": e.commune, "qpv2024": e.qpv, "siren": e.siren}[column]
            out[place] = out.get(place, 0) + e.n
        elif e.genre == "cession":
            if column == "siren":
                out[e.siren] = out.get(e.siren, 0) - len(idents)
                out[e.autre] = out.get(e.autre, 0) + len(idents)
        else:
            for place in dwellings.loc[idents, column]:
                out[place] = out.get(place, 0) - 1
    return {place: n for place, n in out.items() if n and place}


def counts(api, path):
    values = api.get(path)
    return dict(zip(values["codes"], values["logements"]))


@pytest.mark.parametrize("scale", ["commune", "qpv2024"])
def test_dwellings_of_each_zone(api, events, dwellings, scale):
    then, now = (counts(api, f"/api/valeurs/{scale}?indicateur=P01&parc={p}") for p in ("janvier", "a_jour"))
    seen = {z: now.get(z, 0) - then.get(z, 0) for z in set(then) | set(now)}
    assert {z: n for z, n in seen.items() if n} == change(events, dwellings, scale)


def test_dwellings_of_each_bailleur_and_financing(api, events, dwellings):
    def facets(parc):
        answer = api.get(f"/api/facettes?parc={parc}")
        return {f["id"]: {m["code"]: m["logements"] for m in f["modalites"]} for f in answer["filtres"]}

    then, now = facets("janvier"), facets("a_jour")
    seen = {b: n - then["bailleur"].get(b, 0) for b, n in now["bailleur"].items()}
    assert {b: n for b, n in seen.items() if n} == change(events, dwellings, "siren")
    # New dwellings are what they were said to be: the rest of the change is what left.
    came = events[events.genre == "mise_en_service"].groupby("financement").n.sum()
    left = {f: now["financement"][f] - then["financement"][f] - int(came.get(f, 0)) for f in now["financement"]}
    gone = events[events.genre.isin(["demolition", "vente"])].n.sum()
    assert all(n <= 0 for n in left.values()) and -sum(left.values()) == gone


def test_households_are_those_of_the_survey(api):
    for indicator in ("I01", "I05", "I12"):
        then, now = (api.get(f"/api/valeurs/iris?indicateur={indicator}&parc={p}") for p in ("janvier", "a_jour"))
        assert then == now
