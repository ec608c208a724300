//! Demands: typing, rules, and nothing of people but what a grid scores.

use std::path::{Path, PathBuf};

use crate::common::{cell, findings, fixture, row_of, table};
use mosaique::registers::attributions::{AttributionsError, pseudonym, read_key};
use mosaique::registers::demandes::{DemandesError, Options, import};
use mosaique::registers::output::Output;
use mosaique::registers::report::Report;

fn key_file(dir: &Path) -> PathBuf {
    let path = dir.join("cle.txt");
    std::fs::write(&path, "une cle de test qui a plus de trente-deux octets\n").expect("key");
    path
}

fn run() -> (tempfile::TempDir, Report, [u8; 32]) {
    let keys = tempfile::tempdir().expect("folder");
    let cle = key_file(keys.path());
    let key = read_key(&cle).expect("key");
    let dir = tempfile::tempdir().expect("folder");
    let options = Options { extrait: 20_241_231, cle };
    let report = import(&fixture("demandes/demandes.csv"), &options, &Output::new(dir.path()), &|_, _| ());
    (dir, report.expect("import"), key)
}

#[test]
fn a_full_row_is_typed() {
    let (dir, r, key) = run();
    assert_eq!((r.lignes_lues, r.lignes_gardees, r.lignes_rejetees), (8, 3, 5));
    assert_eq!((r.registre.as_str(), r.cle.as_str()), ("demandes", "2024"));
    let t = table(dir.path(), "demandes");
    let i = row_of(&t, "nud", &pseudonym(&key, "0730318016982G1104"));
    for (column, want) in [
        ("extrait", "20241231"),
        ("date_depot", "20220529"),
        ("statut", "1"),
        ("date_radiation", ""),
        ("depcom", "73065"),
        ("communes", "73065|73008"),
        ("elargie", "true"),
        ("typologies", "12"),
        ("depcom_travail", "73008"),
        ("mode_logement", "10"),
        // 01, 05 and 13: bits 0, 4 and 12.
        ("motifs", "4113"),
        ("mutation_genre", "1"),
        ("statut_dalo", "2"),
        // a, g bis and k: codes 1, 8 and 12.
        ("priorites", "2177"),
        ("nb_a_naitre", "1"),
        ("ressources_natures", "33"),
        ("employeur", "1"),
        ("surface", "45"),
        ("qpv_actuel", "true"),
        ("handicap", "false"),
        ("nb_refus", "1"),
        ("date_dernier_refus", "20240301"),
        ("justificatifs", "C03|C18"),
        ("drapeaux", "0"),
    ] {
        assert_eq!(cell(&t, column, i), want, "{column}");
    }
    assert_eq!(format!("{:.0}", cell(&t, "revenu_uc", i).parse::<f64>().expect("income")), "9130");
    let i = row_of(&t, "nud", &pseudonym(&key, "0730318016982G1105"));
    for (column, want) in
        [("statut", "2"), ("motif_radiation", "1"), ("typologies", "1"), ("justificatifs", "")]
    {
        assert_eq!(cell(&t, column, i), want, "{column}");
    }
}

#[test]
fn each_fault_has_its_rule_and_rejections_their_line() {
    let (dir, _, _) = run();
    let all = findings(dir.path());
    let rejected: Vec<(u64, &str)> =
        all.iter().filter(|f| f.3 == "rejet").map(|f| (f.0, f.2.as_str())).collect();
    assert_eq!(rejected, [(4, "S02"), (5, "S01"), (6, "S03"), (7, "S01"), (8, "S15")]);
    let flagged: Vec<&str> =
        all.iter().filter(|f| f.0 == 9 && f.3 == "drapeau").map(|f| f.2.as_str()).collect();
    for rule in ["S06", "S08", "S11", "S12", "S13", "S16"] {
        assert!(flagged.contains(&rule), "{rule}: {flagged:?}");
    }
}

#[test]
fn nothing_that_names_people_is_in_what_is_written() {
    let (dir, report, _) = run();
    let mut bytes = serde_json::to_vec(&report).expect("report");
    for entry in std::fs::read_dir(dir.path()).expect("folder") {
        bytes.extend(std::fs::read(entry.expect("entry").path()).expect("file"));
    }
    // The cells too, as they are once unpacked.
    let t = table(dir.path(), "demandes");
    for name in t.get_column_names() {
        for i in 0..t.height() {
            bytes.extend(cell(&t, name, i).into_bytes());
            bytes.push(b'\n');
        }
    }
    for secret in [
        "Zwingelstein",
        "Cunégonde",
        "Cunegonde",
        "0699887766",
        "cunegonde",
        "285127306504209",
        "Zèbres",
        "0730318016982G1104",
        "0730318016982G1105",
        "016982G1109",
    ] {
        let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
        assert!(!found, "« {secret} » was kept");
    }
}

#[test]
fn without_a_sound_key_nothing_is_read() {
    let keys = tempfile::tempdir().expect("folder");
    let cle = keys.path().join("courte");
    std::fs::write(&cle, "courte").expect("key");
    let dir = tempfile::tempdir().expect("folder");
    let options = Options { extrait: 20_241_231, cle };
    let e = import(&fixture("demandes/demandes.csv"), &options, &Output::new(dir.path()), &|_, _| ())
        .expect_err("a key of six bytes");
    assert!(matches!(e, DemandesError::Key(AttributionsError::KeyTooShort { found: 6, .. })), "{e}");
}
