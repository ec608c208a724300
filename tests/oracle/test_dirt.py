"""The same rows as spreadsheets, databases and old systems leave them: each register reads the same table.

A sample of each file of the demonstration is written in every way that is known to happen (encodings, separators, titles,
guards, empty marks, workbooks, damaged codes, numbers and dates) and imported into an empty store. The Parquet table must be
that of the plain file. Where a value is truly lost (scientific notation) it must be missing and flagged: never another value.
"""

import csv
import datetime
import gzip
import io
import itertools
import json
import random
import re
import shutil
import unicodedata
import zipfile
from xml.sax.saxutils import escape

import openpyxl
import pandas as pd
import pytest
import xlwt

ROWS = 60
REGISTERS = {
    "rpls": ("rpls_2024.csv", ["rpls", "--millesime", "2024"], "logements"),
    "ops": ("ops_2024.csv", ["ops", "--wave", "2024"], "menages"),
    "attributions": ("attributions_2024.csv", ["attributions", "--year", "2024"], "attributions"),
    "seuils": ("seuils_q1.csv", ["thresholds"], "seuils"),
    "appartenance": (
        "appartenance_2024.csv", ["zones", "--layer", "appartenance", "--generation", "2024"], "appartenance"),
    "adresses": ("adresses-01.csv", ["addresses", "--departement", "01"], "adresses"),
}


class Importer:
    """Imports files of one register, each into a store of its own."""

    def __init__(self, mosaique, demo_files, register, folder):
        self.mosaique, self.register, self.folder = mosaique, register, folder
        name, self.arguments, self.table = REGISTERS[register]
        self.key = folder / "cle"
        self.key.write_text("ab" * 32)
        with open(demo_files / name, encoding="utf-8-sig", newline="") as f:
            self.header, *rows = csv.reader(f, delimiter=";")
        if len(rows) > ROWS:
            rows = [rows[i] for i in sorted(random.Random(3).sample(range(len(rows)), ROWS))]
        self.rows = rows
        self.tries = 0
        self.plain, self.flags = self.read(self.text().encode())

    def text(self, rows=None, header=None, sep=";", end="\r\n", quoting=csv.QUOTE_MINIMAL):
        out = io.StringIO()
        writer = csv.writer(out, delimiter=sep, lineterminator=end, quoting=quoting)
        writer.writerow(header or self.header)
        writer.writerows(self.rows if rows is None else rows)
        return out.getvalue()

    def cells(self, change, names=None):
        """The rows, each non-empty cell of these columns changed."""
        at = [i for i, n in enumerate(self.header) if names is None or n in names]
        return [[change(c) if i in at and c else c for i, c in enumerate(r)] for r in self.rows]

    def read(self, data, suffix=".csv"):
        """The table of a file, and how many rows the report flags."""
        self.tries += 1
        path = self.folder / f"{self.tries}{suffix}"
        path.write_bytes(data)
        store = self.folder / f"magasin-{self.tries}"
        key = ["--cle", self.key] if self.register == "attributions" else []
        said = self.mosaique(
            "import", self.arguments[0], path, *self.arguments[1:], *key, "--data", store, "--json", "--forcer")
        report = json.loads(said)
        (found,) = store.rglob(f"{self.table}.parquet")
        table = pd.read_parquet(found).drop(columns="ligne", errors="ignore")
        shutil.rmtree(store)
        return table.astype(object).where(table.notna(), None), report["lignes_avec_drapeau"]

    def unlike(self, table, missing_allowed=()):
        """What differs from the plain table, first value of each column."""
        if len(table) != len(self.plain):
            return f"{len(table)} lignes au lieu de {len(self.plain)}"
        out = []
        for column in self.plain.columns:
            if missing_allowed and column == "drapeaux":
                continue
            for a, b in zip(self.plain[column], table[column], strict=True):
                if a != b and not (b is None and column in missing_allowed):
                    out.append(f"{column} : {a!r} → {b!r}")
                    break
        return "; ".join(out)


@pytest.fixture(scope="module", params=list(REGISTERS))
def importer(request, mosaique, demo_files, tmp_path_factory):
    return Importer(mosaique, demo_files, request.param, tmp_path_factory.mktemp(request.param))


def workbook(importer, typed=False, titles=0, notice=False, blanks=False):
    book = openpyxl.Workbook()
    sheet = book.active
    if notice:
        sheet.title = "Lisez-moi"
        sheet.append(["Ceci est une notice"])
        sheet = book.create_sheet("Données")
    for i in range(titles):
        sheet.append([f"Titre {i}"])
    sheet.append(importer.header)

    def cell(text):
        if typed and re.fullmatch(r"-?\d{1,15}", text):
            return int(text)
        if typed and re.fullmatch(r"-?\d+\.\d+", text):
            return float(text)
        if typed and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return datetime.date.fromisoformat(text)
        return text or None

    for row in importer.rows:
        cells = [cell(c) for c in row]
        while cells and cells[-1] is None:
            cells.pop()
        if blanks:
            sheet.append([])
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def typed_cell(text):
    """The number or the day that a spreadsheet makes of a text; else the text."""
    if re.fullmatch(r"-?\d{1,15}", text):
        return float(text)
    if re.fullmatch(r"-?\d+\.\d+", text):
        return float(text)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return datetime.date.fromisoformat(text)
    return text


def old_workbook(importer, typed=False, notice=False):
    """As Excel wrote them before 2007."""
    book = xlwt.Workbook()
    if notice:
        book.add_sheet("Lisez-moi").write(0, 0, "Ceci est une notice")
    sheet = book.add_sheet("Données é")
    day = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    for line, row in enumerate([importer.header, *importer.rows]):
        for column, text in enumerate(row):
            value = typed_cell(text) if typed and line else text
            if text:
                sheet.write(line, column, value, *([day] if isinstance(value, datetime.date) else []))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def libre_workbook(importer, typed=False, notice=False):
    """As LibreOffice writes them: equal cells and rows run together, the grid filled to its end, a note in a cell."""

    def cell(text, line):
        value = typed_cell(text) if typed and line else text
        shown = f"<text:p>{escape(text)}</text:p>"
        if not text:
            return "<table:table-cell/>"
        if isinstance(value, float):
            return f'<table:table-cell office:value-type="float" office:value="{text}">{shown}</table:table-cell>'
        if isinstance(value, datetime.date):
            return f'<table:table-cell office:value-type="date" office:date-value="{text}">{shown}</table:table-cell>'
        note = "<office:annotation><text:p>à revoir</text:p></office:annotation>" if line == 2 else ""
        return f'<table:table-cell office:value-type="string">{note}{shown}</table:table-cell>'

    def together(cells):
        """Equal cells that follow each other, as one."""
        for text, group in itertools.groupby(cells):
            n = len(list(group))
            yield text.replace("<table:table-cell", f'<table:table-cell table:number-columns-repeated="{n}"', 1) if n > 1 else text

    lines = [
        f'<table:table-row>{"".join(together(cell(c, line) for c in row))}<table:table-cell table:number-columns-repeated="900"/></table:table-row>'
        for line, row in enumerate([importer.header, *importer.rows])
    ]
    end = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>'
    sheet = f'<table:table table:name="Données">{"".join(lines)}{end}</table:table>'
    first = '<table:table table:name="Lisez-moi"><table:table-row><table:table-cell><text:p>Notice</text:p></table:table-cell></table:table-row></table:table>'
    spaces = " ".join(f'xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for p, n in (("office", "office"), ("table", "table"), ("text", "text")))
    content = f"<office:document-content {spaces}><office:body><office:spreadsheet>{first if notice else ''}{sheet}</office:spreadsheet></office:body></office:document-content>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        z.writestr("content.xml", content)
    return out.getvalue()


def wrappings(i):
    """Name, bytes, suffix of each way to write the file whole."""
    text, header, rows = i.text(), i.header, i.rows
    width = len(header)
    last = range(width - 1, -1, -1)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as z:
        z.writestr("donnees.csv", text)
    for encoding in ("utf-8-sig", "cp1252", "iso-8859-15", "cp850", "mac_roman", "utf-16", "utf-16-le", "utf-16-be"):
        yield encoding, text.encode(encoding), ".csv"
    yield "accents décomposés", unicodedata.normalize("NFD", text).encode(), ".csv"
    for name, sep in (("virgules", ","), ("tabulations", "\t"), ("barres", "|")):
        yield name, i.text(sep=sep).encode(), ".txt"
    yield "retours chariot seuls", i.text(end="\r").encode(), ".csv"
    yield "sans dernière fin de ligne", i.text(end="\n").rstrip("\n").encode(), ".csv"
    yield "lignes vides", i.text(end="\n").replace("\n", "\n\n").encode(), ".csv"
    yield "guillemets partout", i.text(quoting=csv.QUOTE_ALL).encode(), ".csv"
    yield "lignes de séparateurs", i.text([x for r in rows for x in (r, [""] * width)]).encode(), ".csv"
    yield "ligne courte", "".join(line.rstrip(";") + "\n" for line in text.splitlines()).encode(), ".csv"
    yield "séparateur en trop", "".join(line + ";\n" for line in text.splitlines()).encode(), ".csv"
    yield "sep=", ("sep=;\r\n" + text).encode(), ".csv"
    yield "titres", ("Extraction du 3 mars 2025\r\nService habitat;;\r\n\r\n" + text).encode(), ".csv"
    yield "titre complété", ("Extraction" + ";" * (width - 1) + "\r\n" + ";" * (width - 1) + "\r\n" + text).encode(), ".csv"
    yield "en-tête en capitales", i.text(header=[h.upper() for h in header]).encode(), ".csv"
    yield "en-tête espacé", i.text(header=[f" {h.lower().replace('_', ' ')} " for h in header]).encode(), ".csv"
    yield "colonnes à l'envers", i.text(
        [[r[c] for c in last] for r in rows], [header[c] for c in last]).encode(), ".csv"
    yield "colonne de plus", i.text([[*r, "vu; le 3"] for r in rows], [*header, "OBSERVATION"]).encode(), ".csv"
    yield "colonne d'index", i.text([[str(n), *r] for n, r in enumerate(rows)], ["", *header]).encode(), ".csv"
    yield "en-tête répété", i.text([*rows[:3], header, *rows[3:]]).encode(), ".csv"
    yield "ligne de total", i.text([*rows, ["Total", *[""] * (width - 2), str(len(rows))]]).encode(), ".csv"
    yield "source au pied", (text + "\r\nSource : SDES, au 1er janvier 2024\r\n").encode(), ".csv"
    yield "fin de fichier DOS", text.encode() + b"\x1a", ".csv"
    yield "octets nuls à la fin", text.encode() + bytes(700), ".csv"
    yield "sep= qui ment", ("sep=,\r\n" + text).encode(), ".csv"
    yield "gardes de formule", i.text(i.cells(lambda c: f'=T("{c}")' if c.isalnum() else c)).encode(), ".csv"
    yield "gardes espacées", i.text(i.cells(lambda c: f' = "{c}" ')).encode(), ".csv"
    yield "guillemets doublés", i.text(i.cells(lambda c: f'"{c}"' if c.isascii() and c.isalnum() else c)).encode(), ".csv"
    yield "zip", zipped.getvalue(), ".zip"
    yield "gzip", gzip.compress(text.encode()), ".csv.gz"
    yield "espaces", i.text([[f"  {c} " for c in r] for r in rows]).encode(), ".csv"
    yield "espaces insécables", i.text([[f"\u00a0{c}\u202f" for c in r] for r in rows]).encode(), ".csv"
    yield "gardes", i.text(i.cells(lambda c: f'="{c}"')).encode(), ".csv"
    yield "apostrophes", i.text(i.cells(lambda c: f"'{c}" if c[0].isdigit() else c)).encode(), ".csv"
    for mark in ("NA", "NULL", "-", ".", "#N/A", "(vide)"):
        yield f"vide écrit {mark}", i.text([[c or mark for c in r] for r in rows]).encode(), ".csv"
    yield "classeur", workbook(i), ".xlsx"
    yield "classeur et titres", workbook(i, titles=2), ".xlsx"
    yield "classeur et notice", workbook(i, notice=True), ".xlsx"
    yield "classeur et lignes vides", workbook(i, blanks=True), ".xlsx"
    yield "classeur LibreOffice", libre_workbook(i), ".ods"
    yield "classeur LibreOffice et notice", libre_workbook(i, notice=True), ".ods"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("envoi/lisezmoi.txt", "Bonjour")
        z.writestr("envoi/données.xlsx", workbook(i))
    yield "classeur dans un zip", packed.getvalue(), ".zip"
    yield "classeur d'avant 2007", old_workbook(i), ".xls"
    yield "classeur d'avant 2007 et notice", old_workbook(i, notice=True), ".xls"


def test_every_wrapping_holds_the_same_table(importer):
    faults = []
    for name, data, suffix in wrappings(importer):
        table, _ = importer.read(data, suffix)
        if unlike := importer.unlike(table):
            faults.append(f"{name} : {unlike}")
    assert not faults, "\n".join(faults)


def test_a_workbook_of_numbers_holds_the_same_table(importer):
    # A number of 18 digits does not fit in a cell: it stays text here. « 0000 » of an IRIS becomes 0, which says « none ».
    for name, data in (
        (".xlsx", workbook(importer, typed=True, titles=1, notice=True)),
        (".ods", libre_workbook(importer, typed=True, notice=True)),
        (".xls", old_workbook(importer, typed=True, notice=True)),
    ):
        table, _ = importer.read(data, name)
        unlike = importer.unlike(table, missing_allowed=("iris_fichier",) if importer.register == "rpls" else ())
        assert not unlike, f"{name}: {unlike}"


def test_bytes_without_meaning_amid_a_file_refuse_it(importer, mosaique):
    text = importer.text().encode()
    with pytest.raises(AssertionError, match="octets nuls"):
        importer.read(text[:-200] + bytes(40) + text[-200:])


CODES = {
    "rpls": ["IDENT_REP", "SIRET", "DEPCOM", "CODEPOSTAL", "FINAN_CODE", "MODE"],
    "ops": ["bailleur_siren", "ident_rep", "depcom", "codepostal", "cat_plafond"],
    "attributions": ["ident_rep", "depcom", "bailleur_siren", "cat_plafond"],
    "seuils": ["epci", "annee"],
    "appartenance": ["commune", "epci"],
    "adresses": ["code_postal", "code_insee"],
}
# Column of the file → column of the table.
LONG = {
    "rpls": {"IDENT_REP": "ident_rep", "SIRET": "siren"},
    "ops": {"ident_rep": "ident_rep", "bailleur_siren": "siren"},
    "attributions": {"ident_rep": "ident_rep", "bailleur_siren": "bailleur_siren"},
}
MONEY = {"rpls": ["LOYERPRINC"], "ops": ["rfr"], "attributions": ["ressources_mensuelles", "rfr"], "seuils": ["eur_uc"]}


def spaced(sign):
    return lambda c: sign.join(c[i:i + 3] for i in range(0, len(c), 3)) if len(c) >= 9 and c.isalnum() else c


def test_codes_that_a_spreadsheet_took_for_numbers_are_given_back(importer):
    faults = []
    for column in CODES[importer.register]:
        for name, change in {
            ".0": lambda c: c + ".0",
            ",0": lambda c: c + ",0",
            "zéro perdu": lambda c: c.lstrip("0") or "0",
            "zéro perdu et .0": lambda c: (c.lstrip("0") or "0") + (".0" if c.isdigit() else ""),
            "espaces": spaced(" "),
            "espaces fines": spaced("\u202f"),
        }.items():
            table, _ = importer.read(importer.text(importer.cells(change, [column])).encode())
            if unlike := importer.unlike(table):
                faults.append(f"{column} {name} : {unlike}")
    assert not faults, "\n".join(faults)


def test_a_code_in_scientific_notation_is_missing_and_flagged(importer):
    lost = lambda c: f"{float(c):.5E}".replace(".", ",") if c.isdigit() else c
    for column, kept in LONG.get(importer.register, {}).items():
        table, flagged = importer.read(importer.text(importer.cells(lost, [column])).encode())
        assert not (unlike := importer.unlike(table, missing_allowed=(kept,))), unlike
        assert table[kept].isna().all() and flagged > importer.flags


def thousands(sign):
    return lambda c: re.sub(r"(?<=\d)(?=(\d{3})+(?!\d))", sign, c.split(".")[0]) + ("." + c.split(".")[1] if "." in c else "")


def test_sums_are_read_however_they_are_written(importer):
    faults = []
    # Cells that the demonstration has damaged itself are left as they are.
    plain = lambda change: lambda c: change(c) if re.fullmatch(r"\d+(\.\d+)?", c) else c
    for column in MONEY.get(importer.register, []):
        for name, change in {
            "virgule": lambda c: c.replace(".", ","),
            "espace insécable": thousands("\u00a0"),
            "espace fine et virgule": lambda c: thousands("\u202f")(c).replace(".", ","),
            "espace": thousands(" "),
            "apostrophe": thousands("'"),
            "euro": lambda c: c.replace(".", ",") + " €",
            "EUR": lambda c: c + " EUR",
            "scientifique": lambda c: f"{float(c):.8e}",
        }.items():
            table, _ = importer.read(importer.text(importer.cells(plain(change), [column])).encode())
            if unlike := importer.unlike(table):
                faults.append(f"{column} {name} : {unlike}")
    assert not faults, "\n".join(faults)


DATES = {"rpls": ["REMLOCDATE", "DATCONV", "DPEDATE", "BAIL"], "ops": ["date_entree"], "attributions": ["date_caleol", "date_bail"]}
MONTHS = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"]
SHORT = ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."]


def day_of(cell):
    """The day of a cell and whether it gave one; `None` for what is no date."""
    for pattern, order in ((r"(\d{4})-(\d\d)-(\d\d)", "ymd"), (r"(\d{4})-(\d\d)", "ym"), (r"(\d\d)/(\d{4})", "my")):
        if m := re.fullmatch(pattern, cell):
            v = dict(zip(order, map(int, m.groups()), strict=True))
            return datetime.date(v["y"], v["m"], v.get("d", 1)), "d" in v
    return None


FORMS = {
    "iso": lambda d, full: d.isoformat(),
    "français": lambda d, full: d.strftime("%d/%m/%Y"),
    "tirets": lambda d, full: d.strftime("%d-%m-%Y"),
    "points": lambda d, full: d.strftime("%d.%m.%Y"),
    "iso et heure": lambda d, full: d.isoformat() + " 00:00:00",
    "iso et heure, T": lambda d, full: d.isoformat() + "T00:00:00.000Z",
    "français et heure": lambda d, full: d.strftime("%d/%m/%Y 00:00"),
    "compact": lambda d, full: d.strftime("%Y%m%d"),
    "barres": lambda d, full: d.strftime("%Y/%m/%d"),
    "nombre de jours": lambda d, full: str((d - datetime.date(1899, 12, 30)).days),
    "en lettres": lambda d, full: f"{d.day if full else ''} {MONTHS[d.month - 1]} {d.year}".strip(),
    "abrégé": lambda d, full: f"{d.day} {SHORT[d.month - 1]} {d.year}" if full else f"{SHORT[d.month - 1]} {d.year}",
    "mois d'abord": lambda d, full: f"{d.month}/{d.day}/{d.year}",
}


def test_days_are_read_however_they_are_written(importer):
    faults = []
    for column in DATES.get(importer.register, []):
        for name, form in FORMS.items():
            # 1900 stands for « none »: no spreadsheet counts its days as ours.
            write = lambda c, form=form: c if not (d := day_of(c)) or d[0].year < 1940 else form(*d)
            table, _ = importer.read(importer.text(importer.cells(write, [column])).encode())
            if unlike := importer.unlike(table):
                faults.append(f"{column} {name} : {unlike}")
    assert not faults, "\n".join(faults)
