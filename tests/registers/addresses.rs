//! The BAN: positions, keys, départements.

use std::path::Path;

use crate::common::{cell, findings, fixture, row_of, shared, table};
use mosaique::address;
use mosaique::registers::addresses::{AddressesError, Options, import};
use mosaique::registers::output::Output;
use mosaique::registers::report::Report;

fn run(path: &Path, departement: &str) -> (tempfile::TempDir, Result<Report, AddressesError>) {
    let dir = tempfile::tempdir().expect("folder");
    let options = Options { departement: departement.to_owned() };
    let report = import(path, &options, &Output::new(dir.path()), &|_, _| ());
    (dir, report)
}

#[test]
fn sound_rows_are_kept_and_the_others_rejected_by_rule() {
    let (dir, r) = run(&fixture("ban/adresses-73.csv"), "73");
    let r = r.expect("import");
    assert_eq!((r.lignes_lues, r.lignes_gardees, r.lignes_rejetees), (6, 2, 4));
    let t = table(dir.path(), "adresses");
    assert_eq!(
        t.get_column_names(),
        [
            "id",
            "numero",
            "rep",
            "nom_voie",
            "code_postal",
            "code_insee",
            "nom_commune",
            "lon",
            "lat",
            "type_position",
            "cle",
            "code_ancienne",
            "nom_ancienne",
            "nom_ld"
        ]
    );
    assert_eq!((cell(&t, "lon", 0), cell(&t, "type_position", 0)), ("5.91".to_owned(), "entrée".to_owned()));
    assert_eq!(cell(&t, "cle", 0), "73065:12:BIS:RUE DES LILAS");
    assert_eq!(
        (cell(&t, "numero", 1), cell(&t, "type_position", 1), cell(&t, "lat", 1)),
        (String::new(), String::new(), "45.5".to_owned())
    );
    let rules: Vec<(u64, String)> = findings(dir.path()).into_iter().map(|f| (f.0, f.2)).collect();
    let want = [(3, "B04"), (4, "B01"), (5, "B05"), (6, "B02"), (7, "B06"), (7, "B07")];
    assert_eq!(rules, want.map(|(l, r)| (l, r.to_owned())));
}

#[test]
fn the_key_is_the_one_that_other_registers_make() {
    let (dir, r) = run(&fixture("ban/adresses-73.csv"), "73");
    r.expect("import");
    let t = table(dir.path(), "adresses");
    assert_eq!(cell(&t, "cle", 0), address::key("73065", "0012", "BIS", "RUE", "DES LILAS", "").key);
}

#[test]
fn what_is_no_departement_is_refused() {
    for d in ["7", "99", "730", "97", "20", "", "73;74"] {
        let (_dir, r) = run(&fixture("ban/adresses-73.csv"), d);
        assert!(matches!(r, Err(AddressesError::Departement(_))), "{d}");
    }
    for d in ["2A", "2b", "974", "01", "73, 74"] {
        assert!(run(&fixture("ban/adresses-73.csv"), d).1.is_ok(), "{d}");
    }
}

#[test]
fn a_compressed_file_gives_the_same_table() {
    use std::io::Write;
    let dir = tempfile::tempdir().expect("folder");
    let path = dir.path().join("adresses-73.csv.gz");
    let mut gz = flate2::write::GzEncoder::new(
        std::fs::File::create(&path).expect("file"),
        flate2::Compression::fast(),
    );
    gz.write_all(&std::fs::read(fixture("ban/adresses-73.csv")).expect("fixture")).expect("gz");
    gz.finish().expect("gz");
    let (a, ra) = run(&fixture("ban/adresses-73.csv"), "73");
    let (b, rb) = run(&path, "73");
    assert_eq!(ra.expect("plain").regles, rb.expect("gz").regles);
    assert!(table(a.path(), "adresses").equals_missing(&table(b.path(), "adresses")));
}

#[test]
fn the_real_sample_is_read_whole_and_its_na_is_missing() {
    let Some(path) = shared("ban/ban_echantillon_73-74_10000.csv") else { return };
    let (dir, r) = run(&path, "73,74");
    let r = r.expect("import");
    assert_eq!(
        (r.lignes_lues, r.lignes_gardees, r.lignes_avec_drapeau),
        (10_000, 10_000, 0),
        "{:?}",
        r.regles
    );
    assert!(r.remarques.is_empty(), "{:?}", r.remarques);
    let t = table(dir.path(), "adresses");
    assert_eq!(t.column("type_position").expect("column").null_count(), 55);
    assert_eq!(t.column("rep").expect("column").null_count(), 9_517);
    assert_eq!(t.column("lon").expect("column").null_count(), 0);
    let i = row_of(&t, "id", "74010_2678_00054");
    assert_eq!(
        (cell(&t, "lon", i), cell(&t, "lat", i), cell(&t, "cle", i)),
        ("6.154345".to_owned(), "45.924813".to_owned(), "74010:54:-:CHEMIN DE HAUTEVUE".to_owned())
    );
    let (_dir, r) = run(&path, "73");
    let r = r.expect("import");
    assert_eq!((r.lignes_gardees, r.regles["B01"].lignes), (4_005, 5_995));
}
