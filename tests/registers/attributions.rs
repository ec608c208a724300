//! Allocations: typing, rules, and the unique number that never leaves in clear.

use std::path::{Path, PathBuf};

use crate::common::{cell, findings, fixture, row_of, table};
use mosaique::registers::attributions::{AttributionsError, Options, import, pseudonym, read_key};
use mosaique::registers::output::Output;
use mosaique::registers::report::Report;

fn key_file(dir: &Path) -> PathBuf {
    let path = dir.join("cle.txt");
    std::fs::write(&path, "une cle de test qui a plus de trente-deux octets\n").expect("key");
    path
}

fn run(annee: u16) -> (tempfile::TempDir, Report, [u8; 32]) {
    let keys = tempfile::tempdir().expect("folder");
    let cle = key_file(keys.path());
    let key = read_key(&cle).expect("key");
    let dir = tempfile::tempdir().expect("folder");
    let options = Options { annee, cle: Some(cle) };
    let report =
        import(&fixture("attributions/attributions.csv"), &options, &Output::new(dir.path()), &|_, _| ());
    (dir, report.expect("import"), key)
}

#[test]
fn a_full_row_is_typed_and_its_income_per_unit_computed() {
    let (dir, r, key) = run(2024);
    assert_eq!((r.lignes_lues, r.lignes_gardees, r.lignes_rejetees), (6, 4, 2));
    let t = table(dir.path(), "attributions");
    let i = row_of(&t, "ident_rep", "AA00000001");
    for (column, want) in [
        ("date_caleol", "20240312"),
        ("date_bail", "20240401"),
        ("reservataire", "1"),
        ("mutation_genre", "1"),
        ("statut_dalo", "2"),
        ("accord_collectif", "3"),
        ("priorite_l441_1", "a,gbis,k"),
        ("relogement", "1"),
        ("typologie", "3"),
        ("financement", "2"),
        ("activite", "1"),
        ("adresse", "73065:12:BIS:RUE DES LILAS"),
        ("premiere_mise_en_location", "false"),
        ("decote_gestion_directe", ""),
        ("drapeaux", "0"),
        ("nud", pseudonym(&key, "0731234567890").as_str()),
    ] {
        assert_eq!(cell(&t, column, i), want, "{column}");
    }
    assert_eq!(format!("{:.0}", cell(&t, "revenu_uc", i).parse::<f64>().expect("income")), "9130");
}

#[test]
fn words_of_the_sne_and_french_dates_are_understood() {
    let (dir, _, _) = run(2024);
    let t = table(dir.path(), "attributions");
    let i = row_of(&t, "ident_rep", "AA00000002");
    for (column, want) in [
        ("date_caleol", "20240312"),
        ("date_bail", ""),
        ("reservataire", "1"),
        ("mutation_genre", "4"),
        ("statut_dalo", "1"),
        ("accord_collectif", "1"),
        ("relogement", "2"),
        ("ressources_mensuelles", "1200.5"),
        ("revenu_uc", "14406.0"),
        ("typologie", "1"),
        ("financement", "1"),
        ("activite", "4"),
        ("rfr", ""),
        ("drapeaux", "0"),
    ] {
        assert_eq!(cell(&t, column, i), want, "{column}");
    }
    let i = row_of(&t, "ident_rep", "AA00000005");
    // No number, a lease without a day, a size written T6+, a financing code, an income of 0 that stays 0.
    for (column, want) in [
        ("nud", ""),
        ("date_bail", ""),
        ("typologie", "6"),
        ("financement", "2"),
        ("ressources_mensuelles", "0.0"),
        ("revenu_uc", ""),
        ("reservataire", "10"),
    ] {
        assert_eq!(cell(&t, column, i), want, "{column}");
    }
}

#[test]
fn each_fault_has_its_rule_and_rejections_their_line() {
    let (dir, r, _) = run(2024);
    let all = findings(dir.path());
    let rejected: Vec<(u64, &str)> =
        all.iter().filter(|f| f.3 == "rejet").map(|f| (f.0, f.2.as_str())).collect();
    assert_eq!(rejected, [(4, "A02"), (5, "A01")]);
    let mut rules: Vec<&str> = all.iter().filter(|f| f.0 == 6).map(|f| f.2.as_str()).collect();
    rules.sort_unstable();
    assert_eq!(rules, ["A03", "A05", "A06", "A08", "A09", "A09", "A09", "A09", "A10", "A12", "A13", "A16"]);
    let t = table(dir.path(), "attributions");
    let i = row_of(&t, "ligne", "6");
    for column in [
        "reservataire",
        "mutation_genre",
        "ressources_mensuelles",
        "revenu_uc",
        "rfr",
        "cat_plafond",
        "typologie",
        "priorite_l441_1",
    ] {
        assert_eq!(cell(&t, column, i), "", "{column}");
    }
    assert_eq!(cell(&t, "depcom", i), "06029");
    assert_eq!(r.regles["A09"].lignes, 1);
}

#[test]
fn no_file_that_the_import_writes_holds_a_unique_number() {
    let (dir, _, _) = run(2024);
    let mut seen = 0;
    for entry in std::fs::read_dir(dir.path()).expect("folder") {
        let bytes = std::fs::read(entry.expect("entry").path()).expect("file");
        assert!(memchr::memmem::find(&bytes, b"0731234567").is_none());
        seen += 1;
    }
    assert!(seen >= 2);
}

#[test]
fn a_file_with_numbers_is_refused_without_a_key_or_with_a_short_one() {
    let dir = tempfile::tempdir().expect("folder");
    let go = |cle: Option<PathBuf>| {
        import(
            &fixture("attributions/attributions.csv"),
            &Options { annee: 2024, cle },
            &Output::new(dir.path()),
            &|_, _| (),
        )
    };
    assert!(matches!(go(None), Err(AttributionsError::NoKey { .. })));
    let short = dir.path().join("courte");
    std::fs::write(&short, "trop court").expect("key");
    assert!(matches!(go(Some(short)), Err(AttributionsError::KeyTooShort { found: 10, .. })));
    assert!(matches!(go(Some(dir.path().join("absente"))), Err(AttributionsError::KeyUnreadable { .. })));
}
