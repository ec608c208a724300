//! Files of figures: each says what the sheets of its zones say, no more and no less, whoever asks.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use serde_json::Value;

use crate::people::PEOPLE;
use crate::rights::{ask, door};
use crate::world::{Reply, get, ok, problem, send_as_is};
use axum::body::Body;
use axum::http::Request;

/// Lines of a CSV as maps from column to cell.
fn lines(bytes: &[u8]) -> Vec<BTreeMap<String, String>> {
    let text = std::str::from_utf8(bytes).unwrap();
    let text = text.strip_prefix('\u{feff}').expect("a French spreadsheet is told that it is UTF-8");
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
    let head = reader.headers().unwrap().clone();
    let line =
        |r: csv::StringRecord| head.iter().map(str::to_owned).zip(r.iter().map(str::to_owned)).collect();
    reader.records().map(|r| line(r.unwrap())).collect()
}

/// What a sheet says of a figure, as the file should write it: value and status.
fn expected(figure: &Value) -> (String, &'static str) {
    let value = match &figure["valeur"] {
        Value::Null => String::new(),
        v => v.as_f64().unwrap().to_string().replace('.', ","),
    };
    let status = if figure["secret"] == true {
        "secret"
    } else if figure["valeur"].is_null() {
        "absent"
    } else if !figure["incertitude"].is_null() {
        "perturbe"
    } else if figure["approximatif"] == true {
        "arrondi"
    } else {
        "exact"
    };
    (value, status)
}

#[tokio::test]
async fn every_person_gets_in_a_file_what_the_sheets_say_and_nothing_else() {
    for (who, ..) in PEOPLE {
        let door = door(who).await;
        for scale in ["commune", "iris", "adresse"] {
            let path = format!("/api/export?echelle={scale}&format=csv&indicateurs=P01,P10,I05,I08");
            let reply = ask(&door, "GET", &path, None).await;
            let list = ask(&door, "GET", &format!("/api/zones?echelle={scale}&limite=100000"), None).await;
            if list.status != 200 {
                assert_eq!(reply.status, list.status, "{who}: {scale}: {}", reply.text());
                continue;
            }
            assert_eq!(reply.status, 200, "{who}: {scale}: {}", reply.text());
            let rows = lines(&reply.bytes);
            let codes: Vec<&str> = rows.iter().map(|r| r["code"].as_str()).collect();
            let listed = list.json();
            let listed: Vec<&str> =
                listed["zones"].as_array().unwrap().iter().map(|z| z["code"].as_str().unwrap()).collect();
            assert_eq!(codes, listed, "{who}: {scale}");
            // A few sheets of each are enough to tell: the code is the same for all lines.
            for row in rows.iter().step_by(rows.len() / 6 + 1) {
                let path = format!("/api/zones/{scale}/{}?indicateurs=P01,P10,I05,I08", row["code"]);
                let sheet = ask(&door, "GET", &path, None).await;
                assert_eq!(sheet.status, 200, "{who}: {path}");
                let sheet = sheet.json();
                for figure in sheet["chiffres"].as_array().unwrap() {
                    let id = figure["indicateur"].as_str().unwrap();
                    let (value, status) = expected(figure);
                    assert_eq!(row[id], value, "{who}: {path}: {id}");
                    assert_eq!(row[&format!("{id}_statut")], status, "{who}: {path}: {id}");
                }
                assert_eq!(row["logements"], sheet["couverture"]["logements"].to_string(), "{who}: {path}");
            }
        }
    }
}

#[tokio::test]
async fn nobody_takes_a_file_away_without_saying_who_they_are() {
    let reply = send_as_is(Request::get("/api/export?echelle=commune").body(Body::empty()).unwrap()).await;
    assert_eq!(reply.status, 401);
    problem(&reply);
    let asked: Vec<&str> =
        reply.headers.get_all("www-authenticate").iter().map(|v| v.to_str().unwrap()).collect();
    assert!(
        asked.iter().any(|w| w.starts_with("Basic ")),
        "spreadsheets are asked for a password: {asked:?}"
    );
    let from_a_page = Request::get("/api/export?echelle=commune").header("sec-fetch-site", "same-origin");
    let reply = send_as_is(from_a_page.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.headers.get_all("www-authenticate").iter().count(), 1, "no window of the browser");
}

/// A part of a workbook, as text.
fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

async fn file(path: &str) -> Reply {
    let reply = get(path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply
}

#[tokio::test]
async fn a_workbook_has_its_sheets_a_frozen_header_and_no_formula() {
    let reply = file("/api/export?echelle=commune&dans=epci:200000001").await;
    assert_eq!(
        reply.header("content-disposition"),
        "attachment; filename=\"mosaique_commune_ca-du-sud-200000001_rpls-2024_ops-2024.xlsx\""
    );
    let book = part(&reply.bytes, "xl/workbook.xml");
    let places: Vec<usize> = ["Chiffres", "Détail", "Lisez-moi", "Définitions", "Sources"]
        .iter()
        .map(|s| book.find(&format!("name=\"{s}\"")).unwrap_or_else(|| panic!("no sheet {s}: {book}")))
        .collect();
    assert!(places.is_sorted());
    let sheet = part(&reply.bytes, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("state=\"frozen\"") && sheet.contains("<autoFilter"), "header and filters");
    assert!(sheet.contains("numberStoredAsText"), "codes are text on purpose");
    for n in 1..=5 {
        assert!(!part(&reply.bytes, &format!("xl/worksheets/sheet{n}.xml")).contains("<f>"), "no formula");
    }
    let words = part(&reply.bytes, "xl/sharedStrings.xml");
    for said in ["73901", "Secret statistique", "Licence Ouverte", "RPLS au 1er janvier 2024"] {
        assert!(words.contains(said), "{said} is said");
    }
    assert!(!words.contains("73903"), "communes of the other EPCI are not there");
}

#[tokio::test]
async fn a_map_file_holds_contours_and_says_what_it_is() {
    let reply = file("/api/export?echelle=commune&format=geojson&indicateurs=P01").await;
    assert_eq!(reply.header("content-type"), "application/geo+json");
    let collection = reply.json();
    let features = collection["features"].as_array().unwrap();
    assert_eq!(features.len(), 5, "the commune without a dwelling is one too");
    assert!(features.iter().all(|f| f["geometry"]["type"] == "MultiPolygon" && f["id"].is_string()));
    assert!(collection["mosaique"].to_string().contains("Licence"));
    let ring = features[0]["geometry"]["coordinates"][0][0].as_array().unwrap();
    let at = |i: usize, axis: usize| ring[i][axis].as_f64().unwrap();
    let area: f64 =
        (1..ring.len()).map(|i| at(i - 1, 0) * at(i, 1) - at(i, 0) * at(i - 1, 1)).sum::<f64>() / 2.0;
    assert!(area > 0.0, "exterior rings are counter-clockwise (RFC 7946)");

    let reply = file("/api/export?echelle=residence&format=gpkg&indicateurs=P01,I05").await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.gpkg");
    std::fs::write(&path, &reply.bytes).unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    let one = |sql: &str| db.query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap();
    assert_eq!(one("PRAGMA application_id"), 0x4750_4B47);
    let rows = one("SELECT count(*) FROM residence_2024");
    assert!(rows > 100 && one("SELECT count(*) FROM rtree_residence_2024_geom") == rows);
    assert_eq!(one("SELECT count(*) FROM residence_2024 WHERE I05_statut = 'secret' AND I05 IS NOT NULL"), 0);
    assert!(one("SELECT count(*) FROM residence_2024 WHERE I05_statut = 'secret'") > 0, "some are");
    assert!(one("SELECT count(*) FROM layer_styles WHERE styleQML LIKE '%I05_statut%'") == 1);
    assert!(one("SELECT count(*) FROM lisez_moi WHERE texte LIKE '%Licence Ouverte%'") > 0);
}

#[tokio::test]
async fn every_format_has_its_name_its_type_and_its_own_beginning() {
    for (format, ending, kind, magic) in [
        ("xlsx", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &b"PK"[..]),
        ("csv", "csv", "text/csv; charset=utf-8", "\u{feff}code;nom".as_bytes()),
        ("datapackage", "zip", "application/zip", b"PK"),
        ("geojson", "geojson", "application/geo+json", b"{\"type\":\"FeatureCollection\""),
        ("gpkg", "gpkg", "application/geopackage+sqlite3", b"SQLite format 3"),
        ("parquet", "parquet", "application/vnd.apache.parquet", b"PAR1"),
        ("fgb", "fgb", "application/flatgeobuf", b"fgb\x03fgb"),
        ("pmtiles", "pmtiles", "application/vnd.pmtiles", b"PMTiles\x03"),
    ] {
        let reply = file(&format!("/api/export?echelle=iris&format={format}&indicateurs=P01,I05")).await;
        assert_eq!(reply.header("content-type"), kind);
        let name = format!("filename=\"mosaique_iris_rpls-2024_ops-2024.{ending}\"");
        assert!(reply.header("content-disposition").ends_with(&name), "{format}");
        assert!(reply.bytes.starts_with(magic), "{format}");
        assert_eq!(reply.header("content-length"), reply.bytes.len().to_string(), "{format}");
    }
}

#[tokio::test]
async fn each_file_says_whose_each_column_is_and_what_is_never_told() {
    let collection = file("/api/export?echelle=commune&format=geojson&indicateurs=P01,P10,I05").await.json();
    let rights: BTreeMap<&str, &str> = collection["mosaique"]["colonnes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["nom"].as_str().unwrap(), c["droits"].as_str().unwrap()))
        .collect();
    assert_eq!((rights["code"], rights["P01"]), ("Licence Ouverte 2.0", "Licence Ouverte 2.0"));
    assert_eq!(rights["P10"], "Fichier restreint, sous convention");
    for column in ["repondants", "I05", "I05_statut"] {
        assert_eq!(rights[column], "Enquête OPS, sous convention", "{column}");
    }
    assert!(collection["features"][0]["properties"]["millesime"] == 2024, "the years are columns");
    let words = part(
        &file("/api/export?echelle=commune&indicateurs=P01,P10,I05").await.bytes,
        "xl/sharedStrings.xml",
    );
    for said in
        ["Droits d'usage, par colonne", "Fichier restreint, sous convention (P10)", "de 1 à 10 ménages"]
    {
        assert!(words.contains(said), "« Lisez-moi » says « {said} »");
    }
    let package = file("/api/export?echelle=commune&format=datapackage&indicateurs=P01,I05").await;
    let package: Value = serde_json::from_str(&part(&package.bytes, "datapackage.json")).unwrap();
    let licences: Vec<&str> =
        package["licenses"].as_array().unwrap().iter().map(|l| l["name"].as_str().unwrap()).collect();
    assert_eq!(licences, ["etalab-2.0", "LicenseRef-mosaique-ops"]);
}

#[tokio::test]
async fn a_csv_is_described_for_the_web_with_its_types_and_its_rights() {
    let package = file("/api/export?echelle=commune&format=datapackage&indicateurs=P01,I05").await;
    let csv = "mosaique_commune_rpls-2024_ops-2024.csv";
    let told: Value = serde_json::from_str(&part(&package.bytes, &format!("{csv}-metadata.json"))).unwrap();
    assert_eq!(told["url"], csv);
    let columns = told["tableSchema"]["columns"].as_array().unwrap();
    let head = part(&package.bytes, csv);
    let head: Vec<&str> = head.trim_start_matches('\u{feff}').lines().next().unwrap().split(';').collect();
    let names: Vec<&str> = columns.iter().map(|c| c["titles"].as_str().unwrap()).collect();
    assert_eq!(names, head);
    let of = |name: &str| columns.iter().find(|c| c["name"] == name).unwrap();
    assert_eq!(of("P01")["datatype"]["format"]["decimalChar"], ",");
    assert_eq!(of("I05_statut")["datatype"]["format"], "exact|arrondi|perturbe|secret|absent");
    assert_eq!(of("I05")["dc:rights"], "LicenseRef-mosaique-ops");
    let template = get("/api/modeles/ops_reponse.csv-metadata.json").await;
    assert_eq!((template.status.as_u16(), template.header("content-type")), (200, "application/csvm+json"));
    assert_eq!(template.json()["url"], "ops_reponse.csv");
    assert_eq!(get("/api/modeles/ops_reponse.csv-metadata").await.status, 404);
}

#[tokio::test]
async fn a_map_of_nothing_is_refused_and_a_table_of_nothing_is_its_header() {
    // The commune without a dwelling.
    for format in ["parquet", "fgb", "pmtiles", "gpkg", "geojson"] {
        let reply = get(&format!("/api/export?echelle=residence&dans=commune:73905&format={format}")).await;
        assert_eq!(reply.status, 400, "{format}");
        let problem = problem(&reply);
        assert!(problem["detail"].as_str().unwrap().contains("aucune zone"), "{format}: {problem}");
    }
    let reply = file("/api/export?echelle=residence&dans=commune:73905&format=csv&indicateurs=P01").await;
    assert!(lines(&reply.bytes).is_empty());
    assert!(reply.text().starts_with("\u{feff}code;nom;"));
}

#[tokio::test]
async fn a_filter_and_a_population_are_in_the_name_and_in_the_words() {
    let reply =
        file("/api/export?echelle=commune&financement=PLAI&population=RECENTS&indicateurs=P01,I05").await;
    assert!(reply.header("content-disposition").contains("_recents_filtre.xlsx"));
    let words = part(&reply.bytes, "xl/sharedStrings.xml");
    assert!(
        words.contains("PLAI") && words.contains("Emménagés récents") && words.contains("perturbe"),
        "{words}"
    );
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_by_name() {
    for (path, champ) in [
        ("/api/export", "echelle"),
        ("/api/export?echelle=canton", "echelle"),
        ("/api/export?echelle=commune&format=pdf", "format"),
        ("/api/export?echelle=commune&dans=epci:absent", "dans"),
        ("/api/export?echelle=commune&indicateurs=ZZ", "indicateur"),
        ("/api/export?echelle=commune&zones=1", "zones"),
    ] {
        let reply = get(path).await;
        assert_eq!(reply.status, 400, "{path}");
        assert_eq!(problem(&reply)["champ"], champ, "{path}");
    }
}

#[tokio::test]
async fn figures_of_a_file_add_up_to_those_of_the_whole() {
    let rows = lines(&file("/api/export?echelle=commune&format=csv&indicateurs=P01").await.bytes);
    let sum: f64 = rows.iter().map(|r| r["P01"].replace(',', ".").parse::<f64>().unwrap_or(0.0)).sum();
    let whole = ok("/api/zones/departement/73?indicateurs=P01").await;
    assert_eq!(Some(sum), whole["chiffres"][0]["valeur"].as_f64());
}
