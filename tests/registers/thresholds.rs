//! Quartile thresholds: our format, and a table copied from the Journal officiel.

use std::path::Path;

use crate::common::{cell, findings, fixture, row_of, shared, table};
use mosaique::registers::output::Output;
use mosaique::registers::report::Report;
use mosaique::registers::thresholds::{Options, ThresholdsError, import};

fn run(path: &Path, annee: Option<u16>) -> (tempfile::TempDir, Result<Report, ThresholdsError>) {
    let dir = tempfile::tempdir().expect("folder");
    let report = import(path, &Options { annee }, &Output::new(dir.path()), &|_, _| ());
    (dir, report)
}

#[test]
fn our_format_is_read_with_all_its_years() {
    let (dir, r) = run(&fixture("thresholds/seuils.csv"), None);
    let r = r.expect("import");
    assert_eq!((r.lignes_lues, r.lignes_gardees, r.lignes_rejetees, r.lignes_avec_drapeau), (9, 5, 4, 1));
    assert_eq!(r.cle, "2023,2024");
    let t = table(dir.path(), "seuils");
    assert_eq!(t.get_column_names(), ["epci", "annee", "eur_uc", "source"]);
    assert_eq!(
        (cell(&t, "eur_uc", 0), cell(&t, "source", 0)),
        ("9168.5".to_owned(), "arrêté du 13 mai 2024".to_owned())
    );
    assert_eq!(cell(&t, "source", 1), "seuils.csv");
    assert_eq!(cell(&t, "eur_uc", row_of(&t, "epci", "R11")), "11000.0");
    let rules: Vec<(u64, String)> = findings(dir.path()).into_iter().map(|f| (f.0, f.2)).collect();
    let want = [(5, "T06"), (5, "T05"), (7, "T04"), (8, "T01"), (9, "T02"), (10, "T03")];
    assert_eq!(rules, want.map(|(l, r)| (l, r.to_owned())));
}

#[test]
fn the_year_asked_for_rejects_the_others() {
    let (dir, r) = run(&fixture("thresholds/seuils.csv"), Some(2023));
    assert_eq!(r.expect("import").lignes_gardees, 1);
    assert_eq!(cell(&table(dir.path(), "seuils"), "epci", 0), "240100750");
}

#[test]
fn the_table_of_the_journal_officiel_of_2020_needs_its_year_and_is_read_whole() {
    let Some(path) = shared("demande_ops/seuil_premier_quartile_2020_extrait_01_02_03.csv") else { return };
    let (_dir, r) = run(&path, None);
    assert!(matches!(r, Err(ThresholdsError::NoYear { .. })));
    let (dir, r) = run(&path, Some(2020));
    let r = r.expect("import");
    assert_eq!((r.lignes_lues, r.lignes_gardees, r.lignes_avec_drapeau), (18, 18, 0), "{:?}", r.regles);
    let t = table(dir.path(), "seuils");
    let i = row_of(&t, "epci", "240100750");
    assert_eq!((cell(&t, "annee", i), cell(&t, "eur_uc", i)), ("2020".to_owned(), "10260.0".to_owned()));
}
