//! OPS files: what is kept, flagged and rejected, and the percentage of the ceiling.

use std::path::Path;

use crate::common::{cell, findings, fixture, row_of, table};
use mosaique::registers::ops::{OpsError, Options, import};
use mosaique::registers::output::Output;
use mosaique::registers::report::Report;

fn run(path: &Path, vague: u16) -> (tempfile::TempDir, Result<Report, OpsError>) {
    let dir = tempfile::tempdir().expect("folder");
    let report = import(path, &Options { vague }, &Output::new(dir.path()), &|_, _| ());
    (dir, report)
}

#[test]
fn each_row_is_kept_flagged_or_rejected_and_the_report_adds_up() {
    let (dir, report) = run(&fixture("ops/reponses.csv"), 2025);
    let r = report.expect("import");
    assert_eq!((r.lignes_lues, r.lignes_gardees, r.lignes_rejetees), (15, 11, 4));
    assert_eq!(r.lignes_lues, r.lignes_gardees + r.lignes_rejetees);
    assert_eq!(r.comptes.get("lignes_vides"), Some(&1));
    assert_eq!(r.separateur, "point-virgule");
    assert_eq!(r.format, "OPS, une ligne par logement");
    let t = table(dir.path(), "menages");
    assert_eq!(t.height(), 11);

    let mut rejected: Vec<(u64, String)> =
        findings(dir.path()).into_iter().filter(|f| f.3 == "rejet").map(|f| (f.0, f.2)).collect();
    rejected.sort();
    let want = [(5, "O04"), (6, "O01"), (10, "O02"), (16, "O00")];
    assert_eq!(rejected, want.map(|(l, r)| (l, r.to_owned())));
    for (rule, n) in [("O04", 1), ("O01", 1), ("O02", 1), ("O00", 1), ("O05", 1)] {
        assert_eq!(r.regles.get(rule).map(|c| c.lignes), Some(n), "{rule}");
    }
}

#[test]
fn the_worked_example_of_a_young_couple_gives_40_26_percent() {
    let (dir, report) = run(&fixture("ops/reponses.csv"), 2025);
    report.expect("import");
    let t = table(dir.path(), "menages");
    let i = row_of(&t, "ident_rep", "AA00000001");
    assert!(
        (cell(&t, "pct_plafond", i).parse::<f64>().expect("pct") - 100.0 * 15_000.0 / 37_259.0).abs() < 1e-4
    );
    assert_eq!(cell(&t, "plafond", i), "3");
    assert_eq!(cell(&t, "entree", i), "201903");
    assert_eq!(cell(&t, "adresse", i), "73065:12:BIS:RUE DES LILAS");
    assert_eq!(cell(&t, "drapeaux", i), "0");
}

#[test]
fn accents_and_plain_words_are_understood_and_a_negative_income_is_zero_percent() {
    let (dir, report) = run(&fixture("ops/reponses.csv"), 2025);
    report.expect("import");
    let t = table(dir.path(), "menages");
    let i = row_of(&t, "ident_rep", "AA00000002");
    for (column, want) in [
        ("statut_logement", "1"),
        ("statut_reponse", "1"),
        ("type_menage", "1"),
        ("aide", "3"),
        ("act_titulaire", "4"),
        ("rfr", "-250"),
        ("pct_plafond", "0.0"),
        ("plafond", "1"),
        ("entree", "202403"),
        ("drapeaux", "0"),
    ] {
        assert_eq!(cell(&t, column, i), want, "{column}");
    }
}

#[test]
fn a_household_that_did_not_answer_stays_without_values() {
    let (dir, report) = run(&fixture("ops/reponses.csv"), 2025);
    report.expect("import");
    let t = table(dir.path(), "menages");
    let i = row_of(&t, "ident_rep", "AA00000003");
    for column in [
        "nb_personnes",
        "nb_mineurs",
        "rfr",
        "pct_plafond",
        "plafond",
        "aide",
        "act_titulaire",
        "nb_0_17",
        "entree",
    ] {
        assert_eq!(cell(&t, column, i), "", "{column}");
    }
    assert_eq!(cell(&t, "statut_reponse", i), "3");
}

#[test]
fn overseas_a_household_is_measured_by_the_lls_and_the_percentage_given_is_kept() {
    let (dir, report) = run(&fixture("ops/reponses.csv"), 2025);
    report.expect("import");
    let t = table(dir.path(), "menages");
    let i = row_of(&t, "ident_rep", "AA00000006");
    let pct = cell(&t, "pct_plafond", i).parse::<f64>().expect("pct");
    // LLS of 2025 for one person: 23,201 × 0.9, rounded to the euro.
    assert!((pct - 100.0 * 12_000.0 / 20_881.0).abs() < 1e-4);
    assert_eq!((cell(&t, "plafond", i), cell(&t, "drapeaux", i)), ("3".to_owned(), "0".to_owned()));
    // 20.0 is on the border: class 20–40.
    let i = row_of(&t, "ident_rep", "AA00000007");
    assert_eq!((cell(&t, "pct_plafond", i), cell(&t, "plafond", i)), ("20.0".to_owned(), "2".to_owned()));
    assert_eq!(cell(&t, "drapeaux", i), "0");
}

#[test]
fn values_beyond_belief_are_flagged_and_missing_never_zero() {
    let (dir, report) = run(&fixture("ops/reponses.csv"), 2025);
    report.expect("import");
    let t = table(dir.path(), "menages");
    let i = row_of(&t, "ident_rep", "AA00000008");
    assert_eq!(cell(&t, "depcom", i), "06029");
    assert_eq!(cell(&t, "siren", i), "200071752");
    for column in [
        "entree",
        "type_menage",
        "nb_personnes",
        "age_titulaire",
        "rfr",
        "pct_plafond",
        "plafond",
        "aide",
        "adresse",
    ] {
        assert_eq!(cell(&t, column, i), "", "{column}");
    }
    let mut rules: Vec<String> = findings(dir.path()).into_iter().filter(|f| f.0 == 9).map(|f| f.2).collect();
    rules.sort();
    assert_eq!(rules, ["O06", "O08", "O08", "O09", "O10", "O13", "O14", "O18", "O29"]);
}

#[test]
fn a_lone_parent_ranks_one_above_and_without_commune_nothing_is_computed() {
    let (dir, report) = run(&fixture("ops/reponses.csv"), 2025);
    report.expect("import");
    let t = table(dir.path(), "menages");
    let i = row_of(&t, "ident_rep", "AA00000011");
    assert_eq!(
        (cell(&t, "rfr", i), cell(&t, "pct_plafond", i), cell(&t, "plafond", i)),
        ("44982".to_owned(), "100.0".to_owned(), "6".to_owned())
    );
    let i = row_of(&t, "ligne", "11");
    assert_eq!((cell(&t, "pct_plafond", i), cell(&t, "depcom", i)), (String::new(), String::new()));
    let rules: Vec<String> = findings(dir.path()).into_iter().filter(|f| f.0 == 11).map(|f| f.2).collect();
    assert_eq!(rules, ["O05", "O22"]);
}

#[test]
fn a_couple_that_may_be_young_gets_the_ceiling_of_two_and_a_flag() {
    let (dir, report) = run(&fixture("ops/reponses.csv"), 2025);
    let r = report.expect("import");
    let t = table(dir.path(), "menages");
    let i = row_of(&t, "ident_rep", "AA00000012");
    assert_eq!((cell(&t, "pct_plafond", i), cell(&t, "plafond", i)), ("100.0".to_owned(), "6".to_owned()));
    // O15 (entered after 1 January) and O23.
    assert_eq!(cell(&t, "drapeaux", i), ((1u32 << 14) | (1 << 22)).to_string());
    assert_eq!(r.regles["O23"].lignes, 1);
}

#[test]
fn contradictions_inside_a_household_are_each_named() {
    let (dir, report) = run(&fixture("ops/reponses.csv"), 2025);
    report.expect("import");
    let t = table(dir.path(), "menages");
    let i = row_of(&t, "ident_rep", "AA00000013");
    assert_eq!(cell(&t, "nb_mineurs", i), "");
    assert_eq!(cell(&t, "pct_plafond", i), "99.0");
    let rules = |line: u64| -> Vec<String> {
        let mut r: Vec<String> =
            findings(dir.path()).into_iter().filter(|f| f.0 == line).map(|f| f.2).collect();
        r.sort();
        r
    };
    assert_eq!(rules(14), ["O11", "O12", "O19", "O26"]);
    assert_eq!(rules(15), ["O22", "O24", "O27"]);
}

#[test]
fn a_file_of_another_wave_is_refused_as_a_whole() {
    let (_dir, report) = run(&fixture("ops/reponses.csv"), 2018);
    let e = report.expect_err("other wave").to_string();
    assert!(e.contains("2018") && e.contains("2023, 2025"), "{e}");
}

#[test]
fn a_file_without_the_columns_is_refused_with_their_names() {
    let dir = tempfile::tempdir().expect("folder");
    let path = dir.path().join("x.csv");
    std::fs::write(&path, "vague;depcom;rfr\n2024;73065;1\n").expect("file");
    let (_dir, report) = run(&path, 2024);
    let e = report.expect_err("no columns").to_string();
    assert!(
        e.contains("statut_logement") && e.contains("statut_reponse") && e.contains("bailleur_siren"),
        "{e}"
    );
}

#[test]
fn a_spreadsheets_damage_changes_nothing_in_the_table() {
    // The sound file, through a spreadsheet: Windows encoding, other separator, other case of the header,
    // decimal numbers everywhere, codes without their zero, mark at the beginning.
    let sound = "VAGUE;BAILLEUR_SIREN;DEPCOM;STATUT_LOGEMENT;STATUT_REPONSE;TYPE_MENAGE;NB_PERSONNES;NB_MINEURS;RFR;PCT_PLAFOND;NOMVOIE\n\
        2024;005520135;06029;OCCUPE;REPONSE;ISOLE;1;0;12000;52.5;ALLEE DE L'EGLISE\n";
    let damaged = "vague\tBailleur_Siren\tdepcom\tstatut_logement\tstatut_reponse\ttype_menage\tnb_personnes\tnb_mineurs\trfr\tpct_plafond\tnomvoie\r\n\
        2024,0\t5520135\t6029\tOccupé\tRéponse\tisolé\t1,0\t0,0\t1,2000E+04\t52,5 %\tAllée de l’Église\r\n";
    let dir = tempfile::tempdir().expect("folder");
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(damaged);
    let mut bom = b"\xef\xbb\xbf".to_vec();
    bom.extend_from_slice(sound.as_bytes());
    std::fs::write(dir.path().join("a.csv"), bom).expect("file");
    std::fs::write(dir.path().join("b.csv"), &bytes).expect("file");
    let (a, ra) = run(&dir.path().join("a.csv"), 2024);
    let (b, rb) = run(&dir.path().join("b.csv"), 2024);
    let (ra, rb) = (ra.expect("sound"), rb.expect("damaged"));
    assert_eq!(rb.encodage, "Windows-1252");
    assert_eq!(rb.separateur, "tabulation");
    assert_eq!(ra.regles.len(), rb.regles.len());
    let (ta, tb) = (table(a.path(), "menages"), table(b.path(), "menages"));
    assert!(ta.equals_missing(&tb), "{ta}\n{tb}");
    assert_eq!(cell(&tb, "siren", 0), "005520135");
    assert_eq!(cell(&tb, "pct_plafond", 0), "52.5");
}

#[test]
fn the_aggregates_of_an_old_wave_are_recognised_and_checked() {
    let (dir, report) = run(&fixture("ops/agregats.csv"), 2014);
    let r = report.expect("import");
    assert_eq!(r.format, "OPS, agrégats d'une vague ancienne");
    assert_eq!((r.lignes_lues, r.lignes_gardees, r.lignes_rejetees, r.lignes_avec_drapeau), (7, 3, 4, 1));
    assert!(r.remarques.iter().any(|m| m.contains("non comparable")));
    let t = table(dir.path(), "agregats");
    assert_eq!(
        t.get_column_names(),
        [
            "vague",
            "zone_type",
            "zone_code",
            "bailleur",
            "population",
            "indicateur",
            "classe",
            "effectif",
            "base"
        ]
    );
    assert_eq!(
        (cell(&t, "zone_code", 0), cell(&t, "zone_type", 0), cell(&t, "effectif", 0)),
        ("06029".to_owned(), "COMMUNE".to_owned(), "12.5".to_owned())
    );
    assert_eq!((cell(&t, "population", 1), cell(&t, "bailleur", 1)), ("RECENTS".to_owned(), String::new()));
    let rejected: Vec<(u64, String)> =
        findings(dir.path()).into_iter().filter(|f| f.3 == "rejet").map(|f| (f.0, f.2)).collect();
    assert_eq!(rejected, [(4, "G06"), (6, "G02"), (7, "G01"), (8, "G05")].map(|(l, r)| (l, r.to_owned())));
}

#[test]
fn the_table_has_the_columns_that_the_architecture_promises() {
    let (dir, report) = run(&fixture("ops/reponses.csv"), 2025);
    report.expect("import");
    let t = table(dir.path(), "menages");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/TABLES.md"))
        .expect("docs/TABLES.md");
    let section =
        text.split("### `menages.parquet`").nth(1).and_then(|s| s.split("### ").next()).expect("section");
    let promised: Vec<&str> = section
        .lines()
        .filter_map(|l| l.strip_prefix("| "))
        .skip(1)
        .flat_map(|l| l.split('|').next().unwrap_or("").split(','))
        .map(|n| n.split_whitespace().next().unwrap_or(""))
        .filter(|n| !n.is_empty())
        .collect();
    assert!(promised.len() > 30, "{promised:?}");
    assert_eq!(t.get_column_names(), promised);
}
