"""The balance sheet of 28 February and the annex of RPEMS on paper: the cells of their tables are those of the interface."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Api
from papers import NARROW, Paper, checked_by_others, conforms, fetched, within

YEAR = 2024


def told(n: int | None) -> str:
    return "secret" if n is None else f"{n:,}".replace(",", " ")


@pytest.fixture(scope="module")
def lessors(api: Api) -> list[str]:
    return [b["code"] for b in api.get(f"/api/flux/bilan?annee={YEAR}")["bailleurs"]]


@pytest.fixture(scope="module")
def sheets(api: Api, lessors: list[str]) -> dict[str, Paper]:
    return {b: Paper(fetched(api, f"/api/flux/bilan.pdf?annee={YEAR}&bailleur={b}")[0]) for b in lessors}


@pytest.fixture(scope="module")
def annex(api: Api) -> Paper:
    return Paper(fetched(api, "/api/rpems.pdf")[0])


def test_a_balance_sheet_is_tagged_titled_and_read_by_checkers_of_others(sheets: dict[str, Paper], tmp_path: Path) -> None:
    for paper in sheets.values():
        conforms(paper)
        assert paper.pdf.open_metadata()["dc:title"].startswith(f"Gestion en flux : bilan {YEAR}, ")
    within(list(sheets.values()))
    checked_by_others(list(sheets.values()), tmp_path)


def test_every_cell_of_a_balance_sheet_is_that_of_the_interface(api: Api, sheets: dict[str, Paper]) -> None:
    seen = 0
    for lessor, paper in sheets.items():
        sheet = api.get(f"/api/flux/bilan?annee={YEAR}&bailleur={lessor}")
        tables = paper.tables()
        lines = sheet["lignes"]
        for title, keys in (
            ("Par réservataire", ["proposes", "acceptes", "attribues", "baux", "dalo", "q1"]),
            ("Refus et mutations", ["refus", "refus_candidat", "sans_candidat", "mutation_externe", "mutation_inconnue"]),
        ):
            _, *rows = tables[title]
            wanted = [[line["nom"].translate(NARROW), *(told(line[k]) for k in keys)] for line in lines]
            if len(lines) > 1:
                sums = [None if any(line[k] is None for line in lines) else sum(line[k] for line in lines) for k in keys]
                wanted.append(["Ensemble", *map(told, sums)])
            assert rows == wanted, (lessor, title)
            seen += len(rows)
        for part in sheet["ventilations"]:
            [rows] = [t for t in tables.values() if t[0][1] == part["libelle"]]
            keys = ["proposes", "attribues", "baux", "refus"]
            wanted = [[line["nom"].translate(NARROW), (line["categorie"] or "inconnu").translate(NARROW), *(told(line[k]) for k in keys)] for line in part["lignes"]]
            assert rows[1:] == wanted, (lessor, part["dimension"])
            # The parts of a réservataire are its line.
            for line in lines:
                own = [p for p in part["lignes"] if p["reservataire"] == line["reservataire"]]
                assert [sum(p[k] for p in own) for k in keys] == [line[k] for k in keys]
            seen += len(rows)
    assert seen > 200, seen


def test_the_annex_has_the_residences_in_force(api: Api, annex: Paper, tmp_path: Path) -> None:
    conforms(annex)
    within([annex])
    checked_by_others([annex], tmp_path)
    files = [f for f in api.get("/api/rpems")["dossiers"] if f["en_vigueur"]]
    tables = annex.tables()
    rows = [row for table in tables.values() for row in table[1:]]
    french = lambda day: "/".join(reversed(day.split("-")))
    assert sorted((r[0] + ", " + r[1], r[2], r[3]) for r in rows) == sorted((f["nom"].translate(NARROW), french(f["debut"]), french(f["fin"])) for f in files)
    assert files or "Aucune résidence" in annex.everything()
