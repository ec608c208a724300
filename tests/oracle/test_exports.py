"""Files and collections of figures, opened by programs that nobody here wrote; their values are those of the interface."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import geopandas
import openpyxl
import pandas as pd
import pyarrow.parquet
import pyproj
import pytest
import shapely

from conftest import Api

YEAR = 2024


def fetched(api: Api, path: str) -> tuple[bytes, str]:
    with urllib.request.urlopen(urllib.request.Request(api.base + path, headers=api.headers), timeout=60) as answer:
        return answer.read(), answer.headers.get("content-disposition", "")


def sheets(api: Api, scale: str) -> dict[str, dict[str, dict]]:
    """Figures of each zone of a scale as its sheet gives them: code → indicator → figure."""
    codes = [z["code"] for z in api.get(f"/api/zones?echelle={scale}&limite=100000")["zones"]]
    answers = {}
    # Five hundred zones a request at most, and 50,000 figures.
    for start in range(0, len(codes), 300):
        zones = [{"id": c, "codes": [{"echelle": scale, "code": c}]} for c in codes[start : start + 300]]
        for m in api.post("/api/mesure", {"zones": zones})["mesures"]:
            answers[m["zone"]["id"]] = {f["indicateur"]: f for f in m["chiffres"]}
    return answers


def same(table: pd.DataFrame, expected: dict[str, dict[str, dict]]) -> int:
    """Compares a table of figures with the sheets, value by value; the number of secrets that it met."""
    assert sorted(table["code"]) == sorted(expected)
    secrets = 0
    for row in table.to_dict("records"):
        for name, figure in expected[row["code"]].items():
            value, status = row[name], row[f"{name}_statut"]
            if figure["valeur"] is None:
                assert pd.isna(value), f"{row['code']} {name}: {value} where the sheet says nothing"
                assert status == ("secret" if figure["secret"] else "absent")
                secrets += figure["secret"]
            else:
                assert float(value) == pytest.approx(figure["valeur"], abs=1e-9), f"{row['code']} {name}"
                assert status in {"exact", "arrondi", "perturbe"}
    return secrets


@pytest.fixture(scope="module")
def residences(api: Api) -> dict[str, dict[str, dict]]:
    return sheets(api, "residence")


def test_a_workbook_says_what_the_sheets_say_and_nothing_where_they_do_not(api: Api, residences: dict) -> None:
    content, name = fetched(api, "/api/export?echelle=residence&format=xlsx")
    assert f"rpls-{YEAR}" in name
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["Chiffres", "Détail", "Lisez-moi", "Définitions", "Sources"]
    sheet = book["Chiffres"]
    assert sheet.freeze_panes == "C2" and sheet.auto_filter.ref
    assert all(isinstance(c.value, str) for c in sheet["A"]), "codes are text"
    assert not any(c.data_type == "f" for ws in book for line in ws.iter_rows() for c in line), "no formula"
    rows = list(sheet.values)
    # « P01 – Logements sociaux (nombre) », « P01 – statut »: back to the names of the interface.
    head = []
    for title in rows[0]:
        first, _, rest = title.partition(" – ")
        head.append({"statut": f"{first}_statut", "±": f"{first}_plus_ou_moins"}.get(rest, first) if rest else title.lower())
    table = pd.DataFrame(rows[1:], columns=head)
    assert same(table, residences) > 100, "secrets were met"
    detail = pd.DataFrame(list(book["Détail"].values)[1:], columns=[c.value for c in book["Détail"][1]])
    assert len(detail) == len(table) * len(next(iter(residences.values())))
    hidden = detail[detail["Statut"] == "secret"]
    assert hidden[["Valeur", "Numérateur", "Dénominateur", "Répondants"]].isna().all().all()
    # What a pivot table sums: secrets are no zeros.
    for name in ("P01", "I05"):
        known = [f[name]["valeur"] for f in residences.values() if f[name]["valeur"] is not None]
        assert detail[detail["Indicateur"] == name]["Valeur"].count() == len(known)


def test_map_files_are_read_by_geopandas_with_the_same_values(api: Api, residences: dict, tmp_path: Path) -> None:
    for format_, layer in (("gpkg", f"residence_{YEAR}"), ("geojson", None)):
        path = tmp_path / f"f.{format_}"
        path.write_bytes(fetched(api, f"/api/export?echelle=residence&format={format_}")[0])
        frame = geopandas.read_file(path, **({"layer": layer} if layer else {}))
        assert frame.crs.to_epsg() == 4326 and (frame.geom_type.dropna() == "Point").all()
        assert same(pd.DataFrame(frame.drop(columns="geometry")), residences) > 100
    path = tmp_path / "communes.gpkg"
    path.write_bytes(fetched(api, "/api/export?echelle=commune&format=gpkg")[0])
    frame = geopandas.read_file(path, layer=f"commune_{YEAR}")
    assert frame.geometry.is_valid.all() and (frame.geom_type == "MultiPolygon").all()
    assert same(pd.DataFrame(frame.drop(columns="geometry")), sheets(api, "commune")) >= 0


COMPACT = ("parquet", "fgb", "pmtiles")


def opened(content: bytes, format_: str, tmp_path: Path) -> geopandas.GeoDataFrame:
    path = tmp_path / f"f.{format_}"
    path.write_bytes(content)
    return geopandas.read_parquet(path) if format_ == "parquet" else geopandas.read_file(path)


def test_compact_formats_say_what_the_sheets_say(api: Api, residences: dict, tmp_path: Path) -> None:
    """GeoParquet by pyarrow and GeoPandas, FlatGeobuf and PMTiles by GDAL 3.12: every column of every residence."""
    for format_ in COMPACT:
        frame = opened(fetched(api, f"/api/export?echelle=residence&format={format_}")[0], format_, tmp_path)
        assert (frame.geom_type == "Point").all(), format_
        table = pd.DataFrame(frame.drop(columns="geometry"))
        for name in next(iter(residences.values())):
            # Tiles have no null: a column that is secret or absent everywhere is not there.
            if name not in table:
                assert format_ == "pmtiles"
                table[name] = None
        assert same(table, residences) > 100, format_


def test_contours_of_compact_formats_are_those_of_the_geopackage(api: Api, tmp_path: Path) -> None:
    areas = {f: opened(fetched(api, f"/api/export?echelle=commune&format={f}")[0], f, tmp_path) for f in ("gpkg", "parquet", "fgb")}
    expected = areas["gpkg"].set_index("code").geometry
    for format_ in ("parquet", "fgb"):
        got = areas[format_].set_index("code").geometry.reindex(expected.index)
        assert got.normalize().geom_equals_exact(expected.normalize(), 1e-12).all(), format_
    one = tuple(expected.iloc[3].bounds)
    read = geopandas.read_file(tmp_path / "f.fgb", bbox=one)
    assert sorted(read["code"]) == sorted(expected.index[expected.intersects(shapely.box(*one))]), "the index finds what is there"
    tiles = opened(fetched(api, "/api/export?echelle=commune&format=pmtiles")[0], "pmtiles", tmp_path).to_crs(2154)
    drawn, whole = tiles.dissolve("code").area, areas["gpkg"].to_crs(2154).set_index("code").area
    assert ((drawn.reindex(whole.index) / whole - 1).abs() < 0.02).all(), "tiles put together are the communes"


def test_geoparquet_says_what_it_is(api: Api, tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    path.write_bytes(fetched(api, "/api/export?echelle=commune&format=parquet")[0])
    metadata = pyarrow.parquet.read_metadata(path).metadata
    geo = json.loads(metadata[b"geo"])
    assert geo["version"] == "1.1.0" and geo["primary_column"] == "geometry"
    column = geo["columns"]["geometry"]
    assert pyproj.CRS.from_json_dict(column["crs"]) == pyproj.CRS("OGC:CRS84")
    frame = geopandas.read_parquet(path)
    assert column["bbox"] == pytest.approx(list(frame.total_bounds))
    assert column["covering"] == {"bbox": {side: ["bbox", side] for side in ("xmin", "ymin", "xmax", "ymax")}}
    boxes = pd.DataFrame(list(pyarrow.parquet.read_table(path)["bbox"].to_pylist()))
    assert (boxes.to_numpy() == frame.bounds.to_numpy()).all(), "the box of each place"
    assert all(p.exterior.is_ccw for a in frame.geometry for p in a.geoms)
    told = json.loads(metadata[b"mosaique"])
    rights = {c["nom"]: c["droits"] for c in told["colonnes"]}
    assert rights["P01"] == "Licence Ouverte 2.0" and "OPS" in rights["I05"] and "restreint" in rights["P10"]
    assert any("de 1 à 10 ménages" in text for _, text in told["lisez_moi"])


def test_geoparquet_is_read_by_a_box_and_counts_all_its_lines(api: Api, tmp_path: Path) -> None:
    """Longer than a piece: what it says of itself is of the whole file."""
    path = tmp_path / "f.parquet"
    path.write_bytes(fetched(api, "/api/export?echelle=adresse&format=parquet&indicateurs=P01")[0])
    frame = geopandas.read_parquet(path)
    told = dict(json.loads(pyarrow.parquet.read_metadata(path).metadata[b"mosaique"])["lisez_moi"])
    assert len(frame) > 1024 and told["Zones"] == str(len(frame))
    west, south, east, north = frame.total_bounds
    box = (west + (east - west) / 3, south + (north - south) / 3, east - (east - west) / 3, north - (north - south) / 3)
    inside = frame[frame.intersects(shapely.box(*box))]
    assert 0 < len(inside) < len(frame)
    assert list(geopandas.read_parquet(path, bbox=box)["code"]) == list(inside["code"])
    with pytest.MonkeyPatch.context() as patch:
        duckdb = pytest.importorskip("duckdb", reason="pip install -r tests/oracle/requirements-optional.txt")
        patch.chdir(tmp_path)
        asked = f"bbox.xmin <= {box[2]} and bbox.xmax >= {box[0]} and bbox.ymin <= {box[3]} and bbox.ymax >= {box[1]}"
        [(count,)] = duckdb.sql(f"select count(*) from 'f.parquet' where {asked}").fetchall()
    assert count == len(inside)


def optional(tool: str) -> str:
    """A program of requirements-optional.txt, beside Python or on the path."""
    found = shutil.which(tool, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return found or pytest.skip(f"{tool} is not here: pip install -r tests/oracle/requirements-optional.txt")


@pytest.mark.parametrize("scale", ["commune", "residence"])
def test_geoparquet_passes_the_abstract_tests(api: Api, scale: str, tmp_path: Path) -> None:
    path = tmp_path / f"{scale}.parquet"
    path.write_bytes(fetched(api, f"/api/export?echelle={scale}&format=parquet")[0])
    done = subprocess.run([optional("geoparquet-validator"), "check", path], capture_output=True, text=True, timeout=60)
    for part, least in (("core", 13), ("covering", 4)):
        found = re.search(rf"=> {part}: (\d+) pass, 0 fail", done.stdout)
        assert found and int(found[1]) >= least, done.stdout


def test_duckdb_reads_geoparquet(api: Api, residences: dict, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="pip install -r tests/oracle/requirements-optional.txt")
    path = tmp_path / "f.parquet"
    path.write_bytes(fetched(api, "/api/export?echelle=residence&format=parquet")[0])
    base = duckdb.connect()
    counted, total, hidden = base.execute(
        f"select count(I05), sum(P01), count(*) filter (I05_statut = 'secret' and I05 is null) from '{path}'"
    ).fetchone()
    figures = residences.values()
    assert counted == sum(f["I05"]["valeur"] is not None for f in figures)
    assert total == sum(f["P01"]["valeur"] or 0 for f in figures)
    assert hidden == sum(f["I05"]["secret"] for f in figures)
    kind = base.execute(f"describe select geometry from '{path}'").fetchone()[1]
    assert kind.startswith(("GEOMETRY", "BLOB"))


def test_the_archive_of_tiles_is_read_by_its_own_package(api: Api, tmp_path: Path) -> None:
    reader = pytest.importorskip("pmtiles.reader", reason="pip install -r tests/oracle/requirements-optional.txt")
    for scale in ("commune", "residence"):
        path = tmp_path / f"{scale}.pmtiles"
        path.write_bytes(fetched(api, f"/api/export?echelle={scale}&format=pmtiles")[0])
        with path.open("rb") as file:
            source = reader.MmapSource(file)
            head, tiles = reader.Reader(source).header(), list(reader.all_tiles(source))
            text = reader.Reader(source).metadata()
        assert len(tiles) == head["addressed_tiles_count"] > 0
        assert {z for (z, _, _), _ in tiles} <= set(range(head["min_zoom"], head["max_zoom"] + 1))
        assert text["vector_layers"][0]["id"] == scale and "secret" in json.dumps(text["mosaique"])
        assert all(gzip.decompress(tile) for _, tile in tiles)


def test_a_csv_with_its_description_is_a_valid_data_package(api: Api, residences: dict, tmp_path: Path) -> None:
    content, name = fetched(api, "/api/export?echelle=residence&format=datapackage")
    assert ".zip" in name
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path)
    package = json.loads((tmp_path / "datapackage.json").read_text())
    [resource] = package["resources"]
    fields = resource["schema"]["fields"]
    table = pd.read_csv(tmp_path / resource["path"], sep=";", decimal=",", encoding="utf-8-sig", dtype={"code": str})
    assert [f["name"] for f in fields] == list(table.columns)
    same(table, residences)
    licences = {licence["name"] for licence in package["licenses"]}
    assert {f["mosaique:droits"] for f in fields} == licences
    done = subprocess.run([optional("frictionless"), "validate", "datapackage.json"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "VALID" in done.stdout, done.stdout + done.stderr
    # The same for the web: read by its types, every figure is what the sheets say.
    csvw = pytest.importorskip("csvw", reason="pip install -r tests/oracle/requirements-optional.txt")
    told = csvw.CSVW(str(tmp_path / f"{resource['path']}-metadata.json"), validate=True)
    assert told.is_valid
    lines = pd.DataFrame([dict(line) for line in told.tables[0].iterdicts()], columns=[f["name"] for f in fields])
    same(lines, residences)
    broken = (tmp_path / resource["path"]).read_text(encoding="utf-8-sig").replace(";secret;", ";inconnu;", 1)
    (tmp_path / resource["path"]).write_text(broken, encoding="utf-8-sig")
    assert not csvw.CSVW(str(tmp_path / f"{resource['path']}-metadata.json"), validate=True).is_valid


def test_styles_of_a_geopackage_draw_each_zone_once(api: Api, tmp_path: Path) -> None:
    """The SLD is well formed and its rules part the zones: one class each, or secret, or without a value."""
    path = tmp_path / "f.gpkg"
    path.write_bytes(fetched(api, "/api/export?echelle=iris&format=gpkg")[0])
    with sqlite3.connect(path) as db:
        [[sld]] = db.execute("select styleSLD from layer_styles")
    ns = {"se": "http://www.opengis.net/se", "ogc": "http://www.opengis.net/ogc"}
    rules = ElementTree.fromstring(sld).findall(".//se:Rule", ns)
    frame = geopandas.read_file(path, layer=f"iris_{YEAR}")
    drawn = pd.Series(0, index=frame.index)
    for rule in rules:
        hit = pd.Series(True, index=frame.index)
        for node in rule.find("ogc:Filter", ns).iter():
            kind = node.tag.rsplit("}", 1)[-1]
            if kind.startswith("PropertyIs"):
                column, value = frame[node.find("ogc:PropertyName", ns).text], node.find("ogc:Literal", ns).text
                hit &= {
                    "PropertyIsGreaterThanOrEqualTo": lambda: column >= float(value),
                    "PropertyIsLessThan": lambda: column < float(value),
                    "PropertyIsEqualTo": lambda: column == value,
                }[kind]()
        drawn += hit.astype(int)
    assert len(rules) >= 3 and (drawn == 1).all()


def test_a_csv_is_read_as_a_french_spreadsheet_reads_it(api: Api, residences: dict) -> None:
    content, _ = fetched(api, "/api/export?echelle=residence&format=csv")
    table = pd.read_csv(io.BytesIO(content), sep=";", decimal=",", encoding="utf-8-sig", dtype={"code": str})
    same(table, residences)


def test_what_is_suppressed_is_in_the_bytes_of_no_format(api: Api, residences: dict) -> None:
    """The true count behind a secret is not to be had from a file: asked of one zone whose figures are all secret."""
    alone = [c for c, f in residences.items() if f["I05"]["secret"]]
    assert alone
    for code in alone[:5]:
        commune = next(z["commune"] for z in api.get("/api/zones?echelle=residence&limite=100000")["zones"] if z["code"] == code)
        page = api.get(f"/ogc/collections/residence_{YEAR}/items?code={code}")
        [feature] = page["features"]
        assert feature["properties"]["I05"] is None and feature["properties"]["I05_statut"] == "secret"
        content, _ = fetched(api, f"/api/export?echelle=residence&dans=commune:{commune}&indicateurs=I05&format=xlsx")
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            sheet = parts.read("xl/worksheets/sheet2.xml").decode()
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        lines = [line for line in book["Détail"].values if line[0] == code]
        assert [line[7] for line in lines] == [None] and [line[10:13] for line in lines] == [(None, None, None)]
        assert "<f>" not in sheet


def gdal(*words: str, token: str) -> str:
    """GDAL as QGIS has it: the token as the password of any name."""
    done = subprocess.run(words, env={**os.environ, "GDAL_HTTP_USERPWD": f"jeton:{token}"}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("ogr2ogr") is None, reason="GDAL is not here: apt-get install gdal-bin")
def test_gdal_reads_collections_with_a_token_as_password(api: Api, residences: dict, tmp_path: Path) -> None:
    token = api.headers["Authorization"].removeprefix("Bearer ")
    listed = gdal("ogrinfo", "-ro", f"OAPIF:{api.base}/ogc", token=token)
    for scale in ("commune", "iris", "residence", "adresse"):
        assert f"{scale}_{YEAR}" in listed
    path = tmp_path / "residences.geojson"
    gdal("ogr2ogr", "-f", "GeoJSON", str(path), f"OAPIF:{api.base}/ogc", f"residence_{YEAR}", token=token)
    frame = json.loads(path.read_text())["features"]
    table = pd.DataFrame([f["properties"] for f in frame])
    # Columns are numbers though many of their values are secret: none became text, and none was cut to a whole number.
    for name in next(iter(residences.values())):
        kinds = {type(v) for v in table[name].dropna()} if name in table else set()
        assert str not in kinds, f"{name} was read as text"
        if name not in table:
            table[name] = None
    assert same(table, residences) > 100


def test_geopandas_reads_a_collection_by_its_address(api: Api) -> None:
    """GDAL of the wheels (3.12) obeys the schema that the collection links to."""
    content, _ = fetched(api, f"/ogc/collections/commune_{YEAR}/items?limit=10000")
    frame = geopandas.read_file(io.BytesIO(content))
    assert same(pd.DataFrame(frame.drop(columns="geometry")), sheets(api, "commune")) >= 0


def test_lambert_93_is_the_projection_of_pyproj(api: Api) -> None:
    crs = "http://www.opengis.net/def/crs/EPSG/0/2154"
    plain = api.get(f"/ogc/collections/commune_{YEAR}/items?limit=10000&indicateurs=P01")
    turned = api.get(f"/ogc/collections/commune_{YEAR}/items?limit=10000&indicateurs=P01&crs={crs}")
    degrees = geopandas.GeoDataFrame.from_features(plain["features"], crs=4326).to_crs(2154)
    metres = geopandas.GeoDataFrame.from_features(turned["features"], crs=2154)
    assert degrees.geometry.geom_equals_exact(metres.geometry, tolerance=0.05).all()
