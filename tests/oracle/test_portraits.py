"""Portraits in PDF, read as a screen reader does: by their structure. Their figures are those of the interface, cell by cell."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from conftest import Api

pikepdf = pytest.importorskip("pikepdf")
pdfium = pytest.importorskip("pypdfium2")

NARROW = str.maketrans({"\u2009": " ", "\u202f": " ", "\u00a0": " "})


def fetched(api: Api, path: str, body: dict | None = None, *, anyone: bool = False) -> tuple[bytes, str]:
    headers = {} if anyone else dict(api.headers)
    data = None
    if body is not None:
        data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
    with urllib.request.urlopen(urllib.request.Request(api.base + path, data, headers), timeout=120) as answer:
        return answer.read(), answer.headers.get("content-disposition", "")


class Paper:
    """The structure of a PDF with the text of each of its elements."""

    def __init__(self, content: bytes) -> None:
        self.bytes = content
        self.pdf = pikepdf.open(io.BytesIO(content))
        self.text: dict[tuple[int, int], str] = {}
        self.loose: list[str] = []
        self.ornaments: list[str] = []
        self.pages = {page.objgen: number for number, page in enumerate(self.pdf.pages)}
        for number, page in enumerate(self.pdf.pages):
            self._read(number, page)

    def _read(self, number: int, page: pikepdf.Page) -> None:
        """Text of each piece of marked content; what is neither marked nor said to be an ornament is loose."""
        fonts = {name: letters(font) for name, font in page.Resources.get("/Font", {}).items()}
        stack: list[int | str | None] = []
        font: dict[int, str] = {}
        for operands, operator in pikepdf.parse_content_stream(page):
            match str(operator):
                case "BDC" | "BMC":
                    mark = operands[1].get("/MCID") if len(operands) > 1 and isinstance(operands[1], pikepdf.Dictionary) else None
                    stack.append("ornament" if operands[0] == "/Artifact" else None if mark is None else int(mark))
                case "EMC":
                    stack.pop()
                case "Tf":
                    font = fonts[str(operands[0])]
                case "Tj" | "TJ":
                    parts = operands[0] if str(operator) == "TJ" else [operands[0]]
                    raw = b"".join(bytes(p) for p in parts if isinstance(p, pikepdf.String))
                    said = "".join(font.get(int.from_bytes(raw[i : i + 2]), "\ufffd") for i in range(0, len(raw), 2))
                    inner = next((m for m in reversed(stack) if m is not None), None)
                    if inner == "ornament":
                        self.ornaments.append(said)
                    elif inner is None:
                        self.loose.append(said)
                    else:
                        self.text[number, inner] = self.text.get((number, inner), "") + said
                case "f" | "f*" | "S" | "B" | "B*" | "s" | "b" | "b*":
                    if all(m is None for m in stack):
                        self.loose.append("a path")

    def elements(self, kind: str, under: pikepdf.Object | None = None) -> list[pikepdf.Object]:
        """Elements of a kind, in the order in which they are read."""
        found = []

        def walk(node: pikepdf.Object) -> None:
            if isinstance(node, pikepdf.Dictionary):
                if self.role(node) == kind:
                    found.append(node)
                for child in children(node):
                    walk(child)

        walk(under if under is not None else self.pdf.Root.StructTreeRoot)
        return found

    def role(self, node: pikepdf.Object) -> str:
        role = str(node.get("/S", ""))[1:]
        mapped = self.pdf.Root.StructTreeRoot.get("/RoleMap", {})
        while f"/{role}" in mapped:
            role = str(mapped[f"/{role}"])[1:]
        return role

    def told(self, node: pikepdf.Object, page: pikepdf.Object | None = None) -> str:
        """What an element says."""
        page = node.get("/Pg", page) if isinstance(node, pikepdf.Dictionary) else page
        out = ""
        for child in children(node):
            if isinstance(child, int):
                out += self.text.get((self.pages[page.objgen], child), "")
            elif child.get("/Type") == "/MCR":
                out += self.text.get((self.pages[child.get("/Pg", page).objgen], int(child.MCID)), "")
            else:
                out += self.told(child, page)
        return out.translate(NARROW)

    def tables(self) -> dict[str, list[list[str]]]:
        """Cells of each table, by its first header and the heading above it."""
        out = {}
        for section in self.elements("Sect"):
            headings = [self.told(h) for h in self.elements("H2", section)]
            for table in self.elements("Table", section):
                rows = [[self.told(c).strip() for c in children(r)] for r in self.elements("TR", table)]
                out[headings[0]] = rows
        return out

    def everything(self) -> str:
        return " ".join([*self.text.values(), *self.ornaments]).translate(NARROW)


def children(node: pikepdf.Object) -> list:
    kids = node.get("/K", [])
    return list(kids) if isinstance(kids, pikepdf.Array) else [kids]


def letters(font: pikepdf.Object) -> dict[int, str]:
    """Characters by code, from the font's own table."""
    table = font.ToUnicode.read_bytes().decode("ascii")
    out = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", table, re.S):
        for code, text in re.findall(r"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>", block):
            out[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", table, re.S):
        for low, high, text in re.findall(r"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>", block):
            first = int.from_bytes(bytes.fromhex(text)[-2:])
            for i in range(int(high, 16) - int(low, 16) + 1):
                out[int(low, 16) + i] = chr(first + i)
    return out


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
        root = paper.pdf.Root
        assert root.MarkInfo.Marked and str(root.Lang) == "fr"
        assert root.ViewerPreferences.DisplayDocTitle
        xmp = paper.pdf.open_metadata()
        assert xmp["pdfuaid:part"] == "1" and xmp["dc:title"].startswith("Portrait : ")
        assert paper.loose == [], "everything is content or ornament"
        assert all(page.Tabs == "/S" for page in paper.pdf.pages)
        assert len(paper.elements("H1")) == 1
        headings = [paper.told(h) for h in paper.elements("H2")]
        assert headings[0] == "Chiffres clés" and headings[-1] == "Méthode, sources et secret"
        with paper.pdf.open_outline() as outline:
            [title] = outline.root
            assert title.title.translate(NARROW) == paper.told(paper.elements("H1")[0])
            assert [mark.title.translate(NARROW) for mark in title.children] == headings
        for figure in paper.elements("Figure"):
            assert str(figure.Alt).startswith("Carte : ") and len(str(figure.Alt)) > 60
            assert "/BBox" in str(figure.A)
        for table in paper.elements("Table"):
            rows = paper.elements("TR", table)
            assert len({len(children(r)) for r in rows}) == 1, "rows of one length"
            head, *body = rows
            assert all(paper.role(c) == "TH" and "/Column" in str(c.A) for c in children(head))
            assert all(paper.role(children(r)[0]) == "TH" and "/Row" in str(children(r)[0].A) for r in body)
            assert all(paper.role(c) == "TD" for r in body for c in children(r)[1:])
            assert all(paper.told(c).strip() for r in rows for c in children(r)), "no empty cell"
        count = len(paper.pdf.pages)
        for page in range(count):
            assert f"Page {page + 1} sur {count}" in paper.ornaments
        feet = [o for o in paper.ornaments if o.startswith("Secret statistique")]
        assert len(feet) == count
        for font in (f for page in paper.pdf.pages for f in page.Resources.Font.values()):
            assert "/FontFile2" in font.DescendantFonts[0].FontDescriptor or "/FontFile3" in font.DescendantFonts[0].FontDescriptor


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
    pytest.importorskip("pdfua")
    pytest.importorskip("outloud")
    tools = Path(sys.executable).parent
    for i, paper in enumerate(papers):
        path, told = tmp_path / f"{i}.pdf", tmp_path / f"{i}.json"
        path.write_bytes(paper.bytes)
        done = subprocess.run([tools / "pdfua", "check", path], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout
        # TBL-010 takes the headers of lines of a table with few columns for headers cut in pieces.
        done = subprocess.run([tools / "outloud", path, "--skip", "TBL-010", "--json", told], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout


def test_each_page_can_be_drawn_and_no_text_leaves_it(papers: list[Paper]) -> None:
    for paper in papers:
        document = pdfium.PdfDocument(paper.bytes)
        for page in document:
            width, height = page.get_size()
            text = page.get_textpage()
            for i in range(text.count_rects()):
                left, bottom, right, top = text.get_rect(i)
                assert left >= 30 and right <= width - 30 and bottom >= 15 and top <= height - 15, text.get_text_bounded(left, bottom, right, top)
