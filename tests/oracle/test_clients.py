"""Programs that people have, on what they are given: QGIS, LibreOffice, the conformance suites of OGC, spectral. Each is skipped by its name
where it is not installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import geopandas
import pandas as pd
import pytest

from conftest import ROOT, Api
from test_exports import YEAR, fetched

READER = Path(__file__).with_name("qgis_reader.py")
GDAL_READER = Path(__file__).with_name("gdal_reader.py")
# The Python that Debian's QGIS came with: no virtual environment has its module.
SYSTEM_PYTHON = os.environ.get("QGIS_PYTHON", "/usr/bin/python3")


@contextmanager
def counted(api: Api) -> Iterator[tuple[str, Counter]]:
    """A relay in front of the server that counts requests by their path; links of the answers lead through it."""
    seen: Counter = Counter()

    class Relay(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen[self.path.split("?")[0]] += 1
            kept = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
            request = urllib.request.Request(api.base + self.path, headers=kept)
            try:
                with urllib.request.urlopen(request, timeout=120) as answer:
                    status, headers, body = answer.status, answer.headers, answer.read()
            except urllib.error.HTTPError as refused:
                status, headers, body = refused.code, refused.headers, refused.read()
            self.send_response(status)
            for key, value in headers.items():
                if key.lower() not in {"transfer-encoding", "connection", "content-length"}:
                    self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()


def test_gdal_of_the_wheels_reads_every_collection_over_http(api: Api, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """The driver OAPIF of GDAL 3.12: every column of every feature is what the collection says, in the legal system of the territory."""
    names = [c["id"] for c in api.get("/ogc/collections")["collections"]]
    assert len(names) > 10
    with counted(api) as (base, seen):
        # In a program of its own: GDAL holds this one's threads while it waits, and one of them is the relay.
        words = [sys.executable, str(GDAL_READER), f"{base}/ogc", api.headers["Authorization"].removeprefix("Bearer "), str(tmp_path)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert sorted(told["couches"]) == sorted(names)
    lines, figures = [], 0
    for name in names:
        said = {f["id"]: f for f in api.get(f"/ogc/collections/{name}/items?limit=10000")["features"]}
        frame = geopandas.read_parquet(tmp_path / f"{name}.parquet")
        got = {row["code"]: row for row in frame.to_dict("records")}
        assert sorted(got) == sorted(said), name
        assert not said or frame.crs.to_epsg() == 2154, f"{name}: {frame.crs}"
        for code, feature in said.items():
            assert (got[code]["geometry"] is not None) == (feature["geometry"] is not None), f"{name} {code}: place"
            for key, value in feature["properties"].items():
                here = got[code].get(key)
                if value is None:
                    assert pd.isna(here), f"{name} {code} {key}: {here} where nothing is said"
                elif isinstance(value, float):
                    assert here == pytest.approx(value), f"{name} {code} {key}"
                    figures += 1
                elif isinstance(value, str) and not isinstance(here, pd.Timestamp):
                    assert here == value, f"{name} {code} {key}"
        for key in {k for f in said.values() for k, v in f["properties"].items() if isinstance(v, float)}:
            assert frame[key].dtype == float, f"{name}: {key} is read as {frame[key].dtype}"
        asked = seen[f"/ogc/collections/{name}/items"]
        assert asked <= 4 + len(said) // 1000, f"{name}: {asked} requests"
        lines.append(f"{name}: {len(said)} entities, {asked} requests, {told['couches'][name]:.1f} s")
    assert figures > 1000
    with capsys.disabled():
        print(f"\nGDAL {told['version']}:", *lines, sep="\n  ")


@pytest.fixture(scope="module")
def qgis() -> None:
    done = subprocess.run([SYSTEM_PYTHON, "-c", "import qgis.core"], capture_output=True)
    if done.returncode:
        pytest.skip("QGIS is not here: apt-get install --no-install-recommends qgis python3-qgis")


def run_qgis(*words: object) -> str:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    env.pop("PYTHONPATH", None)
    done = subprocess.run([SYSTEM_PYTHON, READER, *map(str, words)], env=env, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_qgis_reads_every_collection_with_a_token_as_password(api: Api, qgis: None, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """The provider of QGIS itself, offscreen: every column of every feature is what the collection says, and few requests are made."""
    names = [c["id"] for c in api.get("/ogc/collections")["collections"]]
    assert len(names) > 10
    out = tmp_path / "lu.json"
    with counted(api) as (base, seen):
        run_qgis("read", f"{base}/ogc", api.headers["Authorization"].removeprefix("Bearer "), out, *names)
    read = json.loads(out.read_text())
    lines, figures = [], 0
    for name in names:
        layer = read[name]
        assert "faute" not in layer, f"{name}: {layer}"
        expected = api.get(f"/ogc/collections/{name}/items?limit=10000")
        assert expected["numberMatched"] <= 10_000
        said = {f["id"]: f["properties"] for f in expected["features"]}
        placed = {f["id"]: f["geometry"] is not None for f in expected["features"]}
        got = {f["code"]: f for f in layer["entites"]}
        assert sorted(got) == sorted(said), name
        kinds = {k: {type(v) for p in said.values() for v in [p[k]] if v is not None} for k in next(iter(said.values()), {})}
        for code, properties in said.items():
            assert got[code][""] == placed[code], f"{name} {code}: place"
            for key, value in properties.items():
                # Of a column that is empty throughout, nothing can be told.
                if not kinds[key]:
                    continue
                assert got[code].get(key) == (pytest.approx(value) if isinstance(value, float) else value), f"{name} {code} {key}"
                figures += isinstance(value, float)
        for key, of in kinds.items():
            if of == {float}:
                assert layer["champs"][key] == "Real", f"{name}: {key} is read as {layer['champs'][key]}"
        asked = seen[f"/ogc/collections/{name}/items"]
        assert asked <= 3 + len(said) // 1000, f"{name}: {asked} requests"
        lines.append(f"{name}: {len(said)} entities, {asked} requests, {layer['secondes']:.1f} s")
    assert figures > 1000
    with capsys.disabled():
        print("\nQGIS:", *lines, sep="\n  ")


def test_qgis_draws_a_geopackage_with_the_style_that_is_in_it(api: Api, qgis: None, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="pip install pillow")
    path, out = tmp_path / "communes.gpkg", tmp_path / "carte.png"
    path.write_bytes(fetched(api, "/api/export?echelle=commune&format=gpkg&indicateurs=I02,P01")[0])
    told = json.loads(run_qgis("draw", path, f"commune_{YEAR}", out))
    assert told["moteur"] == "RuleRenderer" and len(told["legende"]) >= 3
    assert any("secret" in label for label in told["legende"])
    colours = Counter(image.open(out).convert("RGB").getdata())
    # Fills of several classes, each on a good part of the land.
    assert sum(n > 2000 for n in colours.values()) >= 4, colours.most_common(8)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not here: apt-get install libreoffice-calc-nogui")
def test_sums_and_averages_of_a_spreadsheet_leave_secrets_out(api: Api, tmp_path: Path) -> None:
    """LibreOffice computes on the workbook as a person would: what is secret is neither a zero in an average nor a part of a count."""
    import openpyxl

    (tmp_path / "f.xlsx").write_bytes(fetched(api, "/api/export?echelle=residence&format=xlsx&indicateurs=P01,I05")[0])
    book = openpyxl.load_workbook(tmp_path / "f.xlsx")
    detail = book["Détail"]
    head = {cell.value: cell.column_letter for cell in detail[1]}
    last = detail.max_row
    column = {name: f"$Détail.${letter}$2:${letter}${last}".replace("$Détail.", "'Détail'!") for name, letter in head.items()}
    sheet = book.create_sheet("Calculs")
    where = f'{column["Indicateur"]},"I05"'
    sheet.append([f'=AVERAGEIFS({column["Valeur"]},{where})'])
    sheet.append([f'=COUNTIFS({where},{column["Valeur"]},">=0")'])
    sheet.append([f'=COUNTIFS({where},{column["Statut"]},"secret")'])
    sheet.append([f'=SUMIFS({column["Numérateur"]},{where})'])
    book.active = book.index(sheet)
    book.save(tmp_path / "g.xlsx")
    done = subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to",
         "csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,false,false,false,false,-1", "--outdir", tmp_path, tmp_path / "g.xlsx"],
        capture_output=True, text=True, timeout=180,
    )
    [out] = tmp_path.glob("g*Calculs.csv") or [None]
    assert out, done.stdout + done.stderr
    average, known, hidden, total = (float(line.strip('"').replace(",", "")) for line in out.read_text().split())
    rows = [f for f in list(detail.values)[1:] if f[4] == "I05"]
    values = [r[7] for r in rows if r[7] is not None]
    assert hidden == sum(r[8] == "secret" for r in rows) > 0
    assert known == len(values) < len(rows)
    assert average == pytest.approx(sum(values) / len(values), abs=1e-3), "zeros in place of secrets would lower it"
    assert total == pytest.approx(sum(r[10] or 0 for r in rows), rel=1e-6)


def test_the_conformance_suite_of_ogc_features_passes(api: Api, tmp_path: Path) -> None:
    """ogctests wants other libraries than the rest of these tests: MOSAIQUE_OGCTESTS names the Python of a folder of its own."""
    python = os.environ.get("MOSAIQUE_OGCTESTS") or pytest.skip(
        "ogctests is not here: python3 -m venv F && F/bin/pip install -r tests/oracle/requirements-ogctests.txt, MOSAIQUE_OGCTESTS=F/bin/python"
    )
    # Elsewhere than here: it is a pytest too, and would take the settings of this one.
    words = [python, "-m", "ogctests", "features/core", "-i", f"{api.base}/ogc"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert re.search(r"= (2[89]|[3-9]\d) passed in", done.stdout), done.stdout[-4000:] + done.stderr[-2000:]


def test_the_document_of_ogc_is_what_its_conformance_classes_ask(api: Api) -> None:
    registry = pytest.importorskip("ogcapi_registry", reason="pip install -r tests/oracle/requirements-optional.txt")
    classes = registry.parse_conformance_classes(api.get("/ogc/conformance")["conformsTo"])
    assert len(classes) >= 8
    document = api.get("/ogc/api")
    assert registry.validate_document(document).is_valid
    result = registry.validate_ogc_api(document, classes)
    assert result.is_valid, result


def test_spectral_finds_nothing_in_the_document_of_the_interface() -> None:
    """Its rules stand in web/spectral.yaml."""
    spectral = os.environ.get("SPECTRAL") or shutil.which("spectral") or pytest.skip("spectral is not here: npm install -g @stoplight/spectral-cli@6.16.3")
    document, rules = ROOT / "web/src/api/openapi.json", ROOT / "web/spectral.yaml"
    done = subprocess.run([spectral, "lint", "-r", rules, "--fail-severity", "warn", document], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout
