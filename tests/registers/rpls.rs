//! The RPLS reader from the outside: real files if they are there, and one small file a generation.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mosaique::registers::output::Output;
use mosaique::registers::report::Report;
use mosaique::registers::rpls::{RplsError, RplsOptions, import};
use polars::prelude::*;

struct Imported {
    report: Report,
    rows: DataFrame,
    findings: String,
    _dir: tempfile::TempDir,
}

fn read(path: &Path, millesime: u16) -> Result<Imported, RplsError> {
    let dir = tempfile::tempdir().unwrap();
    let out = Output::new(dir.path());
    let options = RplsOptions { millesime, ..RplsOptions::default() };
    let report = import(path, &options, &out, &|_, _| ())?;
    let file = std::fs::File::open(dir.path().join("logements.parquet")).unwrap();
    let rows = ParquetReader::new(file).finish().unwrap();
    let findings = std::fs::read_to_string(dir.path().join("constats.csv")).unwrap();
    Ok(Imported { report, rows, findings, _dir: dir })
}

fn fixture(name: &str) -> PathBuf {
    Path::new("tests/fixtures/rpls").join(name)
}

fn real(name: &str) -> Option<PathBuf> {
    let path = Path::new("../shared/data/rpls").join(name);
    if !path.exists() {
        println!("{} absent : essai passé", path.display());
        return None;
    }
    Some(path)
}

fn counts(report: &Report, keys: &[&str]) -> BTreeMap<String, u64> {
    keys.iter().map(|k| ((*k).to_owned(), report.comptes.get(*k).copied().unwrap_or(0))).collect()
}

fn expect(report: &Report, expected: &[(&str, u64)]) {
    let keys: Vec<&str> = expected.iter().map(|e| e.0).collect();
    let expected: BTreeMap<String, u64> = expected.iter().map(|(k, n)| ((*k).to_owned(), *n)).collect();
    assert_eq!(counts(report, &keys), expected);
}

#[test]
fn the_file_of_cannes_has_the_defects_that_were_counted_by_hand() {
    let Some(path) = real("rpls_cannes.csv") else { return };
    let got = read(&path, 2018).unwrap();
    println!("{:#?}", got.report);
    assert_eq!(
        (got.report.lignes_lues, got.report.lignes_gardees, got.report.lignes_rejetees),
        (6374, 6374, 0)
    );
    assert_eq!(got.rows.height(), 6374);
    expect(
        &got.report,
        &[
            ("depcom_zero_restitue", 6374),
            ("codepostal_zero_restitue", 6374),
            ("caractere_remplacement", 6374),
            ("numvoie_vide", 4023),
            ("numero_dans_nomvoie", 678),
            ("numvoie_nomvoie_sans_numero", 3345),
            ("complident_commence_par_numero", 3289),
            ("date_a_la_place", 929),
            ("dpedate_1900", 941),
            ("dpe_vide", 961),
            ("doublon_exact", 162),
            ("sru_expir_passe", 128),
            ("segment_sans_code", 4115),
            ("notation_scientifique", 461),
            ("etage_vide", 168),
            ("typvoie_abrege", 245),
        ],
    );
}

#[test]
fn the_geocoded_file_of_cannes_is_read_with_its_floats_and_its_index() {
    let Some(path) = real("rpls_cannes_geocoded_pierson.csv") else { return };
    let got = read(&path, 2018).unwrap();
    println!("{:#?}", got.report);
    assert_eq!((got.report.lignes_lues, got.report.lignes_gardees), (6374, 6374));
    expect(
        &got.report,
        &[
            ("colonne_index_ignoree", 1),
            ("sans_xy", 1415),
            // ETAGE 6206, CUS 1536, SRU_EXPIR 1261, SRU_ALINEA 5485
            ("entier_decimal", 14_488),
            ("doublon_exact", 162),
            ("sru_expir_passe", 128),
            ("dpe_vide", 961),
        ],
    );
    assert_eq!(got.rows.column("lon").unwrap().null_count(), 1415);
    assert_eq!(6374 - got.rows.column("sru_expir").unwrap().null_count(), 1261);
}

// --- One small file a generation ------------------------------------------------------------------

/// The cell of a column as text, « null » if it is empty.
fn cell(rows: &DataFrame, column: &str, row: usize) -> String {
    match rows.column(column).unwrap().get(row).unwrap() {
        AnyValue::String(s) => s.to_owned(),
        other => other.to_string(),
    }
}

fn line(rows: &DataFrame, row: usize, columns: &[&str]) -> Vec<String> {
    columns.iter().map(|c| cell(rows, c, row)).collect()
}

#[test]
fn the_41_columns_in_latin1_are_read_with_quotes_and_crlf() {
    let got = read(&fixture("2015_41_colonnes_latin1.csv"), 2015).unwrap();
    assert_eq!(got.report.encodage, "ISO-8859-1");
    assert!(got.report.format.contains("2014–2016"), "{}", got.report.format);
    assert_eq!(got.report.lignes_gardees, 3);
    let columns = ["ligne", "depcom", "libcom", "adresse", "surfhab", "dpe", "typeconst", "lon"];
    assert_eq!(
        line(&got.rows, 0, &columns),
        ["2", "73065", "CHAMBÉRY", "73065:12:-:RUE DES CHENES", "66", "3", "1", "null"]
    );
    assert_eq!(
        line(&got.rows, 1, &columns),
        ["3", "73065", "CHAMBÉRY", "73065:12:-:RUE DES CHENES", "65", "null", "1", "null"]
    );
    assert_eq!(
        line(&got.rows, 2, &columns),
        ["4", "2A004", "AJACCIO", "2A004:3:BIS:AVENUE NOEL FRANCHINI", "90", "3", "2", "null"]
    );
    expect(
        &got.report,
        &[("decimale_arrondie", 1), ("virgule_decimale", 1), ("dpedate_1900", 1), ("indice_dans_numvoie", 1)],
    );
}

#[test]
fn the_suffix_red_and_windows_signs_are_read() {
    let got = read(&fixture("2017_red_windows.csv"), 2017).unwrap();
    assert_eq!(got.report.encodage, "Windows-1252");
    assert!(got.report.format.contains("_red"), "{}", got.report.format);
    assert_eq!(line(&got.rows, 0, &["complgeo", "nbpiece", "finan"]), ["CŒUR D’ÎLE", "3", "12"]);
    assert!(got.report.remarques.iter().all(|r| !r.contains("inconnues")), "{:?}", got.report.remarques);
}

#[test]
fn each_row_is_projected_from_the_system_of_its_territory() {
    let got = read(&fixture("2020_geolocalise.csv"), 2020).unwrap();
    assert_eq!(got.report.lignes_gardees, 3);
    assert_eq!(
        line(&got.rows, 0, &["epsg", "iris_fichier", "qpv15_fichier", "qpv24_fichier"]),
        ["2154", "730650101", "QP073001", "null"]
    );
    assert_eq!(line(&got.rows, 1, &["epsg", "iris_fichier", "qpv15_fichier"]), ["2975", "974110105", "null"]);
    let at = |row: usize| -> (f64, f64) {
        let get = |c: &str| got.rows.column(c).unwrap().f64().unwrap().get(row).unwrap();
        (get("lon"), get("lat"))
    };
    // By the formulas of Snyder (conic) and Krüger (transverse Mercator), computed apart from PROJ.
    const LON_LAT: [(f64, f64); 2] =
        [(5.916_985_188_2, 45.561_677_193_9), (55.442_686_949_1, -20.874_112_268_5)];
    let (lon, lat) = at(0);
    assert!((lon - LON_LAT[0].0).abs() < 1e-7 && (lat - LON_LAT[0].1).abs() < 1e-7, "{lon} {lat}");
    let (lon, lat) = at(1);
    assert!((lon - LON_LAT[1].0).abs() < 1e-7 && (lat - LON_LAT[1].1).abs() < 1e-7, "{lon} {lat}");
    // Out of the bounds of Lambert-93: kept, flagged R08, without a position; quality 99: R13.
    assert_eq!(line(&got.rows, 2, &["x", "lon", "lat", "qualite"]), ["9.275e6", "null", "null", "null"]);
    assert_eq!(cell(&got.rows, "drapeaux", 2), (1u32 << 7 | 1 << 12).to_string());
    expect(&got.report, &[("epsg_deduit", 3), ("virgule_decimale", 2), ("iris_complete", 1)]);
    assert_eq!(got.report.regles["R08"].lignes, 1);
    assert_eq!(got.report.regles["R13"].lignes, 1);
}

#[test]
fn code_and_label_columns_of_2023_give_the_codes() {
    let got = read(&fixture("2023_code_libelle.csv"), 2023).unwrap();
    assert!(got.report.format.contains("2023"), "{}", got.report.format);
    let columns =
        ["libcom", "droit", "finan", "typeconst", "dpe", "cus", "qpv15_fichier", "iris_fichier", "epsg"];
    assert_eq!(
        line(&got.rows, 0, &columns),
        ["Chambéry", "1", "12", "1", "3", "13", "QP073001", "730650101", "2154"]
    );
    assert_eq!(
        line(&got.rows, 1, &columns),
        ["Basse-Terre", "1", "12", "1", "3", "13", "null", "971050102", "5490"]
    );
    assert!(got.report.remarques.is_empty(), "{:?}", got.report.remarques);
}

#[test]
fn a_name_without_generation_is_read_by_millesime() {
    let got = read(&fixture("2023_code_libelle.csv"), 2024).unwrap();
    assert_eq!(line(&got.rows, 0, &["qpv15_fichier", "qpv24_fichier"]), ["null", "QP073001"]);
}

#[test]
fn the_73_columns_of_2025_are_read_under_their_mark_and_their_description() {
    let got = read(&fixture("2025_73_colonnes_bom_description.csv"), 2025).unwrap();
    assert_eq!(got.report.encodage, "UTF-8 (avec marque BOM)");
    assert_eq!((got.report.lignes_lues, got.report.lignes_gardees, got.report.lignes_rejetees), (5, 4, 1));
    assert!(got.report.remarques.iter().all(|r| !r.contains("inconnues")), "{:?}", got.report.remarques);
    let columns = ["ligne", "qpv24_fichier", "qpv15_fichier", "iris_fichier", "qualite", "precision"];
    assert_eq!(line(&got.rows, 0, &columns), ["3", "QN07301M", "QP073001", "730650101", "11", "3.5"]);
    assert_eq!(line(&got.rows, 1, &columns), ["4", "null", "null", "730650101", "33", "null"]);
    assert_eq!(line(&got.rows, 3, &["ligne", "epsg", "adresse"]), ["6", "4471", "97611:0:-:RUE DES CHENES"]);
    // Equal lines without flat numbers are equal flats, not repetitions.
    expect(
        &got.report,
        &[("lignes_description_ignorees", 1), ("lignes_identiques", 1), ("doublon_exact", 0)],
    );
    assert_eq!(cell(&got.rows, "drapeaux", 2), "0");
    assert!(got.findings.contains("7;DEPCOM;;R01;rejet;"), "{}", got.findings);
}

#[test]
fn the_restricted_file_gives_owner_rent_and_lease_and_refuses_a_second_identifier() {
    let got = read(&fixture("2023_complet.csv"), 2023).unwrap();
    assert_eq!((got.report.lignes_lues, got.report.lignes_gardees, got.report.lignes_rejetees), (7, 6, 1));
    assert!(got.report.format.contains("accès restreint"), "{}", got.report.format);
    let columns = [
        "ident_rep",
        "siren",
        "bailleur",
        "mode",
        "bail",
        "vacance_mois",
        "loyer",
        "contingent",
        "sru_expir",
    ];
    assert_eq!(
        line(&got.rows, 0, &columns),
        [
            "AB00000001",
            "775685029",
            "OFFICE DE DÉMONSTRATION",
            "1",
            "201903",
            "null",
            "412.350006",
            "2",
            "2040"
        ]
    );
    assert_eq!(line(&got.rows, 1, &["siren", "loyer", "contingent"]), ["056800132", "null", "7"]);
    assert_eq!(line(&got.rows, 2, &["mode", "bail", "vacance_mois", "loyer"]), ["2", "null", "4", "null"]);
    assert_eq!(
        line(&got.rows, 3, &["ident_rep", "drapeaux"]),
        ["AB00000004".to_owned(), (1u32 << 5).to_string()]
    );
    assert_eq!(line(&got.rows, 4, &["bail", "drapeaux"]), ["201506".to_owned(), (1u32 << 6).to_string()]);
    // CONSTRUCT 2030 > 2023 (R04), FINAN 77 (R05), MODE 8 (R15), SIRET in scientific notation (R16).
    assert_eq!(line(&got.rows, 5, &["siren", "finan", "mode", "drapeaux"])[..3], ["null", "null", "null"]);
    assert_eq!(cell(&got.rows, "drapeaux", 5), (1u32 << 3 | 1 << 4 | 1 << 14 | 1 << 15).to_string());
    assert!(got.findings.contains("5;IDENT_REP;AB00000001;R11;rejet;"), "{}", got.findings);
    assert!(got.report.remarques.iter().any(|r| r.contains("MA_COLONNE")), "{:?}", got.report.remarques);
    expect(&got.report, &[("siret_zero_restitue", 1), ("siret_illisible", 1), ("vacance_calculee", 1)]);
}

#[test]
fn the_collection_file_is_read_by_position_and_owned_by_its_first_line() {
    let got = read(&fixture("2023_collecte_64_champs.txt"), 2023).unwrap();
    assert!(got.report.format.contains("64 champs"), "{}", got.report.format);
    let columns =
        ["ligne", "ident_rep", "siren", "bailleur", "depcom", "finan", "mode", "loyer", "contingent"];
    assert_eq!(
        line(&got.rows, 0, &columns),
        ["2", "AB00000001", "775685029", "OPH DE DÉMONSTRATION", "73065", "12", "1", "412.350006", "2"]
    );
    assert!(
        got.report.remarques.iter().any(|r| r.contains("annonce 3 logements")),
        "{:?}",
        got.report.remarques
    );
}

// --- Wrappings and damaged files --------------------------------------------------------------------

fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (dir, path)
}

#[test]
fn gzip_zip_and_utf16_give_the_same_rows_as_the_plain_file() {
    use std::io::Write;
    let plain_path = fixture("2020_geolocalise.csv");
    let bytes = std::fs::read(&plain_path).unwrap();
    let plain = read(&plain_path, 2020).unwrap();

    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&bytes).unwrap();
    let (_d1, gz) = written("a.csv.gz", &gz.finish().unwrap());

    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let deflate = ::zip::write::SimpleFileOptions::default();
    zip.start_file("lisezmoi.txt", deflate).unwrap();
    zip.write_all(b"notice").unwrap();
    zip.start_file("dossier/a.csv", deflate).unwrap();
    zip.write_all(&bytes).unwrap();
    let (_d2, zip) = written("a.zip", &zip.finish().unwrap().into_inner());

    let mut utf16 = vec![0xff, 0xfe];
    let text = String::from_utf8(bytes).unwrap();
    utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let (_d3, utf16) = written("a.txt", &utf16);

    for path in [gz, zip, utf16] {
        let got = read(&path, 2020).unwrap();
        assert!(got.rows.equals_missing(&plain.rows), "{}", path.display());
        assert_eq!(got.report.comptes, plain.report.comptes);
    }
}

#[test]
fn the_regional_files_of_one_zip_are_read_one_after_the_other() {
    use std::io::Write;
    let bytes = std::fs::read(fixture("2020_geolocalise.csv")).unwrap();
    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["r1.csv", "r2.csv"] {
        zip.start_file(name, ::zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    let (_dir, path) = written("a.zip", &zip.finish().unwrap().into_inner());
    let got = read(&path, 2020).unwrap();
    assert_eq!(got.report.lignes_gardees, 6);
    assert_eq!(line(&got.rows, 3, &["ligne", "depcom"]), ["6", "73065"]);
    assert_eq!(got.report.comptes["doublon_exact"], 3);
}

#[test]
fn a_line_of_the_wrong_length_and_a_stray_quote_cost_themselves_only() {
    let text = std::fs::read_to_string(fixture("2020_geolocalise.csv")).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[1] = lines[1].replace("LES CHÊNES", "\"LES CHÊNES");
    lines.push("1;73065;73000".to_owned());
    let (_dir, path) = written("a.csv", (lines.join("\n") + "\n").as_bytes());
    let got = read(&path, 2020).unwrap();
    assert_eq!((got.report.lignes_gardees, got.report.lignes_rejetees), (3, 1));
    assert_eq!(line(&got.rows, 0, &["ligne", "complgeo"]), ["2", "\"LES CHÊNES"]);
    assert!(got.findings.contains("\n5;;1;R00;rejet;La ligne a 3 champs"), "{}", got.findings);
}

#[test]
fn a_double_encoding_is_undone_in_texts() {
    let text = std::fs::read_to_string(fixture("2020_geolocalise.csv")).unwrap();
    let (_dir, path) = written("a.csv", text.replace("LES CHÊNES", "LES CHÃŠNES").as_bytes());
    let got = read(&path, 2020).unwrap();
    assert_eq!(cell(&got.rows, "complgeo", 0), "LES CHÊNES");
    assert_eq!(got.report.comptes["double_encodage_repare"], 3);
}

#[test]
fn what_is_not_rpls_is_refused_whole_with_a_clear_sentence() {
    let refused = |name: &str, bytes: &[u8]| {
        let (_dir, path) = written(name, bytes);
        read(&path, 2024).err().map(|e| e.to_string()).unwrap_or_else(|| panic!("{name} accepted"))
    };
    assert!(refused("vide.csv", b"").contains("le fichier est vide"));
    assert!(refused("a.csv", b"<!DOCTYPE html><html>").contains("une page web"));
    assert!(refused("a.csv", &[1, 0, 2, 0, 7]).contains("un fichier binaire"));
    assert!(refused("a.csv", b"bonjour\ntout le monde\n").contains("aucun séparateur"));
    let other = refused("a.csv", b"nom;age\nA;1\n");
    assert!(other.contains("absentes : DEPCOM, NOMVOIE, NBPIECE, SURFHAB, CONSTRUCT, FINAN"), "{other}");
    assert!(other.contains("trouvées : nom, age"), "{other}");
    let header = std::fs::read_to_string(fixture("2020_geolocalise.csv")).unwrap();
    let header = header.lines().next().unwrap().to_owned() + "\n";
    assert!(refused("a.csv", header.as_bytes()).contains("sans aucun logement"));
}

/// `RPLS_MO=3000 cargo test --test registers -- --ignored --nocapture speed`: a file of so many megabytes,
/// made by repeating the 73-column fixture with other numbers and streets.
#[test]
#[ignore = "a measure, not a check"]
fn speed_of_a_national_file() {
    use std::io::Write;
    let megabytes: u64 = std::env::var("RPLS_MO").ok().and_then(|v| v.parse().ok()).unwrap_or(300);
    let text = std::fs::read_to_string(fixture("2025_73_colonnes_bom_description.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("national.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    writeln!(file, "{}", lines[0]).unwrap();
    let (mut bytes, mut n) = (0u64, 0u64);
    while bytes < megabytes << 20 {
        let building = n / 12;
        let line = lines[2]
            .replace(
                ";12;;RUE;DES CHÊNES;",
                &format!(";{};;RUE;DES CHÊNES {};", building % 90 + 1, building / 40),
            )
            .replace(
                "927500.5;6500000.25",
                &format!("{}.5;{}.25", 400_000 + building % 500_000, 6_300_000 + building % 700_000),
            )
            .replace(";3;66;", &format!(";{};{};", n % 5 + 1, 25 + n % 5 * 16));
        writeln!(file, "{line}").unwrap();
        bytes += line.len() as u64 + 1;
        n += 1;
    }
    drop(file);
    let out = tempfile::tempdir().unwrap();
    let options = RplsOptions { millesime: 2025, workers: None };
    let start = std::time::Instant::now();
    let report = import(&path, &options, &Output::new(out.path()), &|_, _| ()).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let table = std::fs::metadata(out.path().join("logements.parquet")).unwrap().len();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("");
    println!(
        "{n} logements, {megabytes} Mo en {seconds:.1} s : {:.0} Mo/s, {:.0} logements/s ; Parquet {} Mo ; \
            {peak}",
        megabytes as f64 / seconds,
        n as f64 / seconds,
        table >> 20
    );
    assert_eq!(report.lignes_gardees, n);
}
