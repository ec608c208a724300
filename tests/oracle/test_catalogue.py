"""The catalogue against the SHACL shapes of DCAT-AP 3.0.1, schemas of registers against frictionless, the document of the interface
against a client made from it, and an R script."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from conftest import ROOT, Api
from test_exports import optional

# What a catalogue, a data set and a distribution must and may hold, from the specification (DCAT-AP 3.0.1, mandatory properties and their ranges).
# MOSAIQUE_DCAT_SHAPES names the file of SEMIC (releases/3.0.1/shacl), which asks more.
SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix : <urn:mosaique:shapes:> .
:catalogue a sh:NodeShape ; sh:targetClass dcat:Catalog ;
  sh:property [ sh:path dct:title ; sh:minCount 1 ; sh:nodeKind sh:Literal ], [ sh:path dct:description ; sh:minCount 1 ; sh:nodeKind sh:Literal ],
    [ sh:path dct:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:class foaf:Agent ], [ sh:path dcat:dataset ; sh:minCount 1 ; sh:class dcat:Dataset ] .
:agent a sh:NodeShape ; sh:targetClass foaf:Agent ; sh:property [ sh:path foaf:name ; sh:minCount 1 ; sh:nodeKind sh:Literal ] .
:dataset a sh:NodeShape ; sh:targetClass dcat:Dataset ;
  sh:property [ sh:path dct:title ; sh:minCount 1 ; sh:nodeKind sh:Literal ], [ sh:path dct:description ; sh:minCount 1 ; sh:nodeKind sh:Literal ],
    [ sh:path dct:accessRights ; sh:maxCount 1 ], [ sh:path dct:temporal ; sh:class dct:PeriodOfTime ], [ sh:path dct:spatial ; sh:class dct:Location ],
    [ sh:path dcat:distribution ; sh:minCount 1 ; sh:class dcat:Distribution ] .
:distribution a sh:NodeShape ; sh:targetClass dcat:Distribution ;
  sh:property [ sh:path dcat:accessURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ], [ sh:path dct:format ; sh:maxCount 1 ; sh:class dct:MediaTypeOrExtent ],
    [ sh:path dcat:mediaType ; sh:maxCount 1 ; sh:class dct:MediaType ], [ sh:path dct:rights ; sh:maxCount 1 ; sh:class dct:RightsStatement ] .
:service a sh:NodeShape ; sh:targetClass dcat:DataService ;
  sh:property [ sh:path dct:title ; sh:minCount 1 ], [ sh:path dcat:endpointURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ] .
:period a sh:NodeShape ; sh:targetClass dct:PeriodOfTime ;
  sh:property [ sh:path dcat:startDate ; sh:maxCount 1 ; sh:datatype xsd:date ], [ sh:path dcat:endDate ; sh:maxCount 1 ; sh:datatype xsd:date ] .
"""


def raw(api: Api, path: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(api.base + path, headers=api.headers), timeout=60) as answer:
        return answer.read()


def test_the_catalogue_conforms_to_dcat_ap(api: Api) -> None:
    pyshacl = pytest.importorskip("pyshacl", reason="pip install -r tests/oracle/requirements-optional.txt")
    rdflib = pytest.importorskip("rdflib")
    graph = rdflib.Graph().parse(data=raw(api, "/api/catalogue.jsonld"), format="json-ld")
    assert len(graph) > 500
    kept = os.environ.get("MOSAIQUE_DCAT_SHAPES")
    for shapes in [SHAPES] + ([Path(kept).read_text()] if kept else []):
        shape_graph = rdflib.Graph().parse(data=shapes, format="turtle")
        # The file of SEMIC names two properties of a service that it does not describe; pyshacl refuses the whole file for them.
        shacl = rdflib.Namespace("http://www.w3.org/ns/shacl#")
        for shape, of, named in list(shape_graph.triples((None, shacl.property, None))):
            if (named, shacl.path, None) not in shape_graph:
                shape_graph.remove((shape, of, named))
        # A shape that nothing breaks shows nothing: without its title each catalogue is refused.
        broken = rdflib.Graph() + graph
        broken.remove((None, rdflib.DCTERMS.title, None))
        assert not pyshacl.validate(broken, shacl_graph=shape_graph)[0]
        conforms, _, text = pyshacl.validate(graph, shacl_graph=shape_graph)
        assert conforms, text


def test_data_sets_of_the_catalogue_are_the_collections(api: Api) -> None:
    sets = json.loads(raw(api, "/api/catalogue.jsonld"))["dcat:dataset"]
    assert [s["dct:identifier"] for s in sets] == [c["id"] for c in api.get("/ogc/collections")["collections"]]


def test_schemas_of_registers_are_table_schemas(tmp_path: Path) -> None:
    frictionless = pytest.importorskip("frictionless", reason="pip install -r tests/oracle/requirements-optional.txt")
    files = sorted((ROOT / "data/schemas").glob("*.schema.json"))
    assert len(files) >= 9
    for path in files:
        schema = frictionless.Schema.from_descriptor(json.loads(path.read_text()))
        assert schema.fields and all(f.title or f.description for f in schema.fields), path.name


def test_templates_of_registers_conform_to_their_description_for_the_web(api: Api, tmp_path: Path) -> None:
    csvw = pytest.importorskip("csvw", reason="pip install -r tests/oracle/requirements-optional.txt")
    for name in ("objectif_cia", "flux_convention", "flux_droit", "flux_assiette", "flux_evenement", "ops_reponse", "rpls_logement"):
        described, template = tmp_path / f"{name}.csv-metadata.json", tmp_path / f"{name}.csv"
        described.write_bytes(raw(api, f"/api/modeles/{name}.csv-metadata.json"))
        template.write_bytes(raw(api, f"/api/modeles/{name}.csv"))
        told = csvw.CSVW(str(described), validate=True)
        assert told.is_valid, name
        schema = json.loads(raw(api, f"/api/modeles/{name}.schema.json"))
        [line] = told.tables[0].iterdicts()
        assert list(line) == [f["name"] for f in schema["fields"]], name
        # A code that the register does not know is refused.
        field = next((f for f in schema["fields"] if "enum" in f.get("constraints", {}) and f.get("example")), None)
        if field:
            text = template.read_text(encoding="utf-8-sig")
            head, cells = (row.split(";") for row in text.splitlines()[:2])
            cells[head.index(field["name"])] = "INCONNU"
            template.write_text("\n".join([";".join(head), ";".join(cells)]) + "\n", encoding="utf-8-sig")
            assert not csvw.CSVW(str(described), validate=True).is_valid, f"{name}: {field['name']}"


def test_a_client_made_from_the_document_reads_figures(api: Api, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_bytes(raw(api, "/api/openapi.json"))
    code = api.get("/api/zones?echelle=departement")["zones"][0]["code"]
    done = subprocess.run(
        [optional("openapi-python-client"), "generate", "--path", document, "--output-path", tmp_path / "client", "--meta", "none"],
        capture_output=True, text=True, timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    script = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
from client import AuthenticatedClient
from client.api.zones import zone
from client.api.catalogue import catalogue
c = AuthenticatedClient(base_url={api.base!r}, token={api.headers["Authorization"].removeprefix("Bearer ")!r})
years = [m.millesime for m in catalogue.sync(client=c).millesimes]
sheet = zone.sync(echelle="departement", code={code!r}, client=c, indicateurs="P01")
print(max(years), sheet.chiffres[0].valeur)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    year, value = done.stdout.split()
    sheet = api.get(f"/api/zones/departement/{code}?indicateurs=P01")
    assert (int(year), float(value)) == (2024, sheet["chiffres"][0]["valeur"])


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not here: apt-get install r-base-core r-cran-jsonlite")
def test_an_r_script_reads_a_csv_and_a_sheet(api: Api, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(raw(api, "/api/export?echelle=commune&format=csv"))
    departement = api.get("/api/zones?echelle=departement")["zones"][0]["code"]
    script = f"""
t <- read.csv2("{path}", fileEncoding = "UTF-8-BOM", colClasses = c(code = "character"))
sheet <- jsonlite::fromJSON(url("{api.base}/api/zones/departement/{departement}?indicateurs=P01", headers = c(Authorization = "{api.headers["Authorization"]}")))
cat(nrow(t), sum(t$P01, na.rm = TRUE), sum(t$I05_statut == "secret"), sum(is.na(t$I05)), all(nchar(t$code) == 5), sheet$chiffres$valeur, "\\n")
"""
    done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    rows, total, hidden, empty, whole, answered = done.stdout.split()
    assert float(answered) == api.get(f"/api/zones/departement/{departement}?indicateurs=P01")["chiffres"][0]["valeur"]
    zones = api.get("/api/valeurs/commune?indicateur=P01")
    assert int(rows) == len(api.get("/api/zones?echelle=commune&limite=100000")["zones"]) and whole == "TRUE"
    assert float(total) == sum(v for v in zones["valeurs"] if v is not None)
    assert int(empty) >= int(hidden)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not here: apt-get install libreoffice-calc-nogui")
def test_libreoffice_reads_the_workbook_with_the_same_values(api: Api, tmp_path: Path) -> None:
    import pandas as pd

    (tmp_path / "f.xlsx").write_bytes(raw(api, "/api/export?echelle=commune&format=xlsx"))
    (tmp_path / "f2.csv").write_bytes(raw(api, "/api/export?echelle=commune&format=csv"))
    done = subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to",
         'csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,false', "--outdir", tmp_path, tmp_path / "f.xlsx"],
        capture_output=True, text=True, timeout=180,
    )
    assert (tmp_path / "f.csv").exists(), done.stdout + done.stderr
    read = pd.read_csv(tmp_path / "f.csv", sep=";", dtype=str, keep_default_na=False)
    expected = pd.read_csv(tmp_path / "f2.csv", sep=";", decimal=",", dtype={"code": str}, encoding="utf-8-sig")
    assert list(read.iloc[:, 0]) == list(expected["code"]), "codes keep their zeros"
    compared = 0
    for place, name in enumerate(expected.columns):
        if expected[name].dtype.kind in "fi":
            # Without a language of its own the program writes thousands as in English.
            got = pd.to_numeric(read.iloc[:, place].str.replace(",", "").replace("", None))
            assert (got.isna() == expected[name].isna()).all(), f"{name}: what is secret is empty, not zero"
            assert ((got - expected[name]).abs().fillna(0) < 1e-6).all(), name
            compared += 1
    assert compared > 80
