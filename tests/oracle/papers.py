"""A tagged PDF read as a screen reader does: the text of each of its elements, by its structure."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import urllib.request
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


def conforms(paper: Paper) -> None:
    """Tagged, titled, in French; headings are bookmarks; each cell of a table has its headers; nothing is loose."""
    root = paper.pdf.Root
    assert root.MarkInfo.Marked and str(root.Lang) == "fr"
    assert root.ViewerPreferences.DisplayDocTitle
    xmp = paper.pdf.open_metadata()
    assert xmp["pdfuaid:part"] == "1" and xmp["dc:title"]
    assert paper.loose == [], "everything is content or ornament"
    assert all(page.Tabs == "/S" for page in paper.pdf.pages)
    assert len(paper.elements("H1")) == 1
    headings = [paper.told(h) for h in paper.elements("H2")]
    assert headings[-1] == "Méthode, sources et secret"
    with paper.pdf.open_outline() as outline:
        [title] = outline.root
        assert title.title.translate(NARROW) == paper.told(paper.elements("H1")[0])
        assert [mark.title.translate(NARROW) for mark in title.children] == headings
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


def checked_by_others(papers: list[Paper], tmp_path: Path) -> None:
    """Checkers of others find no fault."""
    pytest.importorskip("pdfua")
    pytest.importorskip("outloud")
    tools = Path(sys.executable).parent
    for i, paper in enumerate(papers):
        path, told = tmp_path / f"{i}.pdf", tmp_path / f"{i}.json"
        path.write_bytes(paper.bytes)
        done = subprocess.run([tools / "pdfua", "check", path], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout
        # TBL-010 takes the headers of lines of a table with few columns for headers cut in pieces; TAG-002 the foot of a single page, which
        # nothing repeats, for prose that nobody is read: what it says stands in the page.
        skip = "TBL-010" if len(paper.pdf.pages) > 1 else "TBL-010,TAG-002"
        done = subprocess.run([tools / "outloud", path, "--skip", skip, "--json", told], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout


def within(papers: list[Paper]) -> None:
    """Each page can be drawn, and no text leaves it."""
    for paper in papers:
        document = pdfium.PdfDocument(paper.bytes)
        for page in document:
            width, height = page.get_size()
            text = page.get_textpage()
            for i in range(text.count_rects()):
                left, bottom, right, top = text.get_rect(i)
                assert left >= 30 and right <= width - 30 and bottom >= 15 and top <= height - 15, text.get_text_bounded(left, bottom, right, top)
