"""Portraits in PDF, read as a screen reader does: by their structure. Their figures are those of the interface, cell by cell."""

from __future__ import annotations

import io
import json
import re
import urllib.error
import zipfile
from pathlib import Path

import pytest

from conftest import Api
from papers import NARROW, Paper, checked_by_others, conforms, fetched, within


def number(value: float, decimals: int) -> str:
    whole, _, part = f"{abs(value):,.{decimals}f}".partition(".")
    sign = "−" if value < 0 else ""
    return sign + whole.replace(",", " ") + ("," + part if part else "")


def cell(figure: dict | None) -> str:
    if figure is None:
        return "—"
    if figure["secret"]:
        return "secret"
    if figure["valeur"] is None:
        return "—"
    unit = "" if figure["unite"] == "nombre" else f" {figure['unite']}"
    return number(figure["valeur"], min(1, figure["decimales"])) + unit


def figures(mesure: dict) -> dict[str, dict]:
    return {f["indicateur"]: f for f in mesure["chiffres"]}


@pytest.fixture(scope="module")
def labels(api: Api) -> dict[str, str]:
    return {i["id"]: i["libelle"].translate(NARROW) for i in api.get("/api/indicateurs")}


@pytest.fixture(scope="module")
def commune(api: Api) -> dict:
    return max(api.get("/api/zones?echelle=commune&limite=1000")["zones"], key=lambda z: z["logements"])


@pytest.fixture(scope="module")
def restricted(api: Api, commune: dict) -> Paper:
    return Paper(fetched(api, f"/api/portraits/commune/{commune['code']}")[0])


@pytest.fixture(scope="module")
def public(api: Api, commune: dict) -> Paper:
    return Paper(fetched(api, f"/api/portraits/commune/{commune['code']}", anyone=True)[0])


@pytest.fixture(scope="module")
def square(commune: dict) -> dict:
    x, y = commune["centre"]
    ring = [[x - 0.02, y - 0.02], [x + 0.02, y - 0.02], [x + 0.02, y + 0.02], [x - 0.02, y + 0.02], [x - 0.02, y - 0.02]]
    return {"zone": {"nom": "Autour de la gare", "geometrie": {"type": "Polygon", "coordinates": [ring]}}}


@pytest.fixture(scope="module")
def papers(api: Api, restricted: Paper, public: Paper, square: dict) -> list[Paper]:
    first = {scale: api.get(f"/api/zones?echelle={scale}&limite=100")["zones"] for scale in ("epci", "departement", "qpv2024", "iris", "residence")}
    others = [fetched(api, f"/api/portraits/{scale}/{zones[0]['code']}")[0] for scale, zones in first.items() if zones]
    others += [fetched(api, "/api/portraits", square)[0], fetched(api, "/api/portraits", square, anyone=True)[0]]
    return [restricted, public, *map(Paper, others)]


def test_a_portrait_is_tagged_titled_and_has_a_text_for_each_figure(papers: list[Paper]) -> None:
    for paper in papers:
        conforms(paper)
        assert paper.pdf.open_metadata()["dc:title"].startswith("Portrait : ")
        assert paper.told(paper.elements("H2")[0]) == "Chiffres clés"
        for figure in paper.elements("Figure"):
            assert str(figure.Alt).startswith("Carte : ") and len(str(figure.Alt)) > 60
            assert "/BBox" in str(figure.A)
    # Those of drawn zones have two sheets; a territory has as many as its tables take.
    for paper in papers[-2:]:
        assert len(paper.pdf.pages) <= 2, "two sheets"


def test_key_figures_resources_and_quarters_are_those_of_the_interface(api: Api, restricted: Paper, commune: dict, labels: dict) -> None:
    tables = restricted.tables()
    sheet = f"/api/zones/commune/{commune['code']}"
    here = figures(api.get(sheet))
    by_label = {label: id_ for id_, label in labels.items()}
    seen = 0
    head, *rows = tables["Chiffres clés"]
    assert head[:2] == ["Indicateur", "Ici"]
    around = api.get(f"/api/situation?lon={commune['centre'][0]}&lat={commune['centre'][1]}")
    parents = [figures(api.get(f"/api/zones/{scale}/{around[scale]['code']}")) for scale in ("epci", "departement")]
    assert head[2:] == [around[scale]["nom"] for scale in ("epci", "departement")]
    for label, *cells in rows:
        id_ = by_label[label]
        assert cells == [cell(f.get(id_)) for f in (here, *parents)], label
        seen += len(cells)
    head, *rows = tables["Ressources, en % des plafonds PLUS"]
    recents = figures(api.get(f"{sheet}?population=RECENTS"))
    classes = ["I_PLAF_0_20", "I_PLAF_20_40", "I_PLAF_40_60", "I_PLAF_60_80", "I_PLAF_80_100", "I04"]
    sides = [here, recents][: len(head) - 1]
    for id_, (_, *cells) in zip(classes, rows, strict=True):
        assert cells == [cell(f[id_]) for f in sides]
        seen += len(cells)
    if "En QPV 2024 et hors QPV" in tables:
        sides = [api.get(f"{sheet}?qpv={side}") for side in ("DANS", "HORS")]
        _, first, *rows = tables["En QPV 2024 et hors QPV"]
        assert first[1:] == [number(m["couverture"]["logements"], 0) for m in sides]
        for label, *cells in rows:
            assert cells == [cell(figures(m)[by_label[label]]) for m in sides], label
            seen += len(cells)
    waves = tables.get("Évolution d’une enquête à l’autre")
    if waves:
        head, *rows = waves
        for column, wave in enumerate(head[1:], 1):
            told = figures(api.get(f"{sheet}?vague={wave.removeprefix('OPS ')}"))
            assert [r[column] for r in rows] == [cell(told[by_label[r[0]]]) for r in rows]
    assert seen > 50


def test_residences_stand_in_the_restricted_edition_only(api: Api, restricted: Paper, public: Paper, commune: dict) -> None:
    values = api.get(f"/api/valeurs/residence?dans=commune:{commune['code']}&indicateur=I02")
    largest = sorted(zip(values["logements"], values["noms"], strict=True), key=lambda p: -p[0])[:12]
    table = restricted.tables()["Les plus grandes résidences"]
    assert sorted(int(r[1].replace(" ", "")) for r in table[1:]) == sorted(n for n, _ in largest)
    by_name: dict[str, set[tuple]] = {}
    for name, value, secret in zip(values["noms"], values["valeurs"], values["secret"], strict=True):
        by_name.setdefault(name.translate(NARROW), set()).add((value, secret))
    for row in table[1:]:
        shown = row[2]
        assert any((s and shown == "secret") or (v is not None and shown.startswith(number(v, 1 if "," in shown else 0))) for v, s in by_name[row[0]])
    text = public.everything()
    assert "Les plus grandes résidences" not in public.tables()
    assert not [name for name in by_name if len(name) > 8 and name in text], "no residence in what anyone may read"


def test_the_public_edition_says_what_the_site_says_without_an_account(api: Api, public: Paper, commune: dict, labels: dict) -> None:
    anyone = Api(api.base)
    here = figures(anyone.get(f"/api/zones/commune/{commune['code']}"))
    known = {i["id"]: i["libelle"].translate(NARROW) for i in anyone.get("/api/indicateurs")}
    assert set(known) < set(labels)
    by_label = {label: id_ for id_, label in known.items()}
    for label, *cells in public.tables()["Chiffres clés"][1:]:
        assert cells[0] == cell(here[by_label[label]]), label
    text = public.everything()
    for id_, label in labels.items():
        if id_ not in known:
            assert label not in text, f"{label} is of households"
    assert "OPS" not in text and "Édition publique" in text
    # With rights, the public edition is the same paper.
    with_rights = Paper(fetched(api, f"/api/portraits/commune/{commune['code']}?edition=publique")[0])
    assert with_rights.everything() == text


def test_what_is_not_open_is_refused_in_words(api: Api, commune: dict) -> None:
    residence = api.get(f"/api/zones?echelle=residence&dans=commune:{commune['code']}&limite=1")["zones"][0]["code"]
    for path, anyone, word in (
        (f"/api/portraits/residence/{residence}?edition=publique", False, "ni résidence ni adresse"),
        (f"/api/portraits/residence/{residence}", True, "ni résidence ni adresse"),
        (f"/api/portraits/commune/{commune['code']}?edition=restreinte", True, "connectez-vous"),
        (f"/api/portraits/commune/{commune['code']}?edition=autre", False, "restreinte, publique"),
        ("/api/portraits/commune/99999", False, "99999"),
        ("/api/portraits?echelle=residence&edition=publique", False, "résidence"),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetched(api, path, anyone=anyone)
        assert word in json.load(refused.value)["detail"], path


def test_a_drawn_zone_has_the_figures_of_its_measure(api: Api, square: dict, labels: dict) -> None:
    paper = Paper(fetched(api, "/api/portraits", square)[0])
    here = figures(api.post("/api/mesure", {"zones": [square["zone"]]})["mesures"][0])
    by_label = {label: id_ for id_, label in labels.items()}
    rows = paper.tables()["Chiffres clés"][1:]
    assert [r[1] for r in rows] == [cell(here[by_label[r[0]]]) for r in rows] and len(rows) > 10


def test_all_communes_of_an_epci_come_in_one_archive(api: Api) -> None:
    epci = api.get("/api/zones?echelle=epci&limite=100")["zones"][0]["code"]
    communes = api.get(f"/api/zones?echelle=commune&dans=epci:{epci}&limite=1000")["zones"]
    content, name = fetched(api, f"/api/portraits?echelle=commune&dans=epci:{epci}&edition=publique")
    assert re.search(r"mosaique_portraits_commune_.*_publique\.zip", name)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        assert len(names) == len({c["code"] for c in communes if c["logements"] > 0}) == len(set(names))
        for file in names:
            paper = Paper(archive.read(file))
            [code] = [c for c in communes if f"-{c['code'].lower()}-" in file]
            assert paper.told(paper.elements("H1")[0]) == code["nom"].translate(NARROW)


def test_checkers_of_others_find_no_fault(papers: list[Paper], tmp_path: Path) -> None:
    checked_by_others(papers, tmp_path)


def test_each_page_can_be_drawn_and_no_text_leaves_it(papers: list[Paper]) -> None:
    within(papers)
