//! What was read as something else without a word: a column of another object, a line taken for a title, a
//! year shown as a day, sums of a year for those of a month.

use crate::spreadsheets::{Done, OPS, RPLS, dwelling, file, household, import, read};

fn dwellings(column: &str, cells: &[&str]) -> Done {
    let rows: Vec<String> = (0..).zip(cells).map(|(n, cell)| dwelling(n, &[(column, cell)])).collect();
    read("rpls", &file(RPLS, &rows))
}

fn said(done: &Done, word: &str) -> bool {
    done.report.remarques.iter().any(|r| r.contains(word))
}

#[test]
fn a_column_about_the_applicant_is_none_of_the_dwelling() {
    let header = "date_bail;bailleur_siren;ident_rep;Code INSEE du demandeur;Adresse du demandeur;depcom;adresse_logement";
    let row = "2024-03-05;775685029;CD00000001;69123;8 rue de chez lui;38185;4 avenue Édouard Hervé";
    let got = read("attributions", &file(header, &[row.to_owned()]));
    assert_eq!(got.column("depcom"), ["38185"]);
    assert!(!got.column("address")[0].contains("chez lui"), "{:?}", got.column("address"));
    assert!(said(&got, "Adresse du demandeur"), "{:?}", got.report.remarques);
    let halves = format!("{};RFR du conjoint", OPS.replace(";rfr;", ";RFR du demandeur;"));
    let got = read("ops", &file(&halves, &[format!("{};9000", household(0, &[]))]));
    assert_eq!(got.column("rfr"), [""], "half of an income is none");
    assert!(said(&got, "l'autre part"), "{:?}", got.report.remarques);
}

#[test]
fn the_column_that_bears_the_name_is_read_wherever_it_stands_and_contradictions_are_told() {
    let rows = [format!("69123;{}", household(0, &[]))];
    let got = read("ops", &file(&format!("INSEE;{OPS}"), &rows));
    assert_eq!(got.column("depcom"), ["38185"]);
    assert!(said(&got, "dit autre chose que « depcom »"), "{:?}", got.report.remarques);
}

#[test]
fn a_row_in_one_quoted_cell_is_a_row() {
    let comma = |line: &str| line.replace(',', ".").replace(';', ",");
    let sound = [comma(RPLS), comma(&dwelling(0, &[])), comma(&dwelling(1, &[]))];
    let quoted = [sound[0].clone(), sound[1].clone(), format!("\"{}\"", sound[2])].join("\n");
    let (plain, got) = (read("rpls", &sound.join("\n")), read("rpls", &quoted));
    assert_eq!(got.counts(), (2, 2, 0));
    assert_eq!(got.column("ident_rep"), plain.column("ident_rep"));
    // Of another separator than the file's, it is told by its line.
    let other = [RPLS.to_owned(), dwelling(0, &[]), sound[2].clone()].join("\n");
    let got = read("rpls", &other);
    assert_eq!((got.counts(), got.lines("R00")), ((2, 1, 1), vec![3]));
}

#[test]
fn a_header_that_comes_again_in_another_order_stops_the_import() {
    let swapped = RPLS.replace("NBPIECE;SURFHAB", "SURFHAB;NBPIECE");
    let text = [RPLS.to_owned(), dwelling(0, &[]), swapped, dwelling(1, &[])].join("\n");
    let said = import("rpls", text.as_bytes()).err().unwrap();
    assert!(said.contains("ligne 3") && said.contains("autre ordre"), "{said}");
    let ops = OPS.replace("nb_personnes;nb_mineurs", "nb_mineurs;nb_personnes");
    let text = [OPS.to_owned(), household(0, &[]), ops, household(1, &[])].join("\n");
    let said = import("ops", text.as_bytes()).err().unwrap();
    assert!(said.contains("ligne 3") && said.contains("autre ordre"), "{said}");
    let again = [RPLS.to_owned(), dwelling(0, &[]), RPLS.to_owned(), dwelling(1, &[])].join("\n");
    let got = read("rpls", &again);
    assert_eq!(got.counts(), (2, 2, 0));
    assert!(said_of(&got), "{:?}", got.report.remarques);
}

fn said_of(done: &Done) -> bool {
    said(done, "1 ligne hors du tableau")
}

#[test]
fn a_year_shown_as_a_day_is_that_year() {
    let days = ["27/05/1905", "1905-05-27 00:00:00", "5/27/1905", "1974", "01/01/1974"];
    assert_eq!(dwellings("CONSTRUCT", &days).column("construct"), ["1974"; 5]);
}

#[test]
fn days_of_other_programs_are_those_days_or_told() {
    let java = ["Tue Jul 01 00:00:00 CET 2003", "Wed Oct 01 00:00:00 CEST 2014"];
    assert_eq!(dwellings("BAIL", &java).column("bail"), ["200307", "201410"]);
    let utc = ["2014-12-31T23:00:00Z", "2014-06-30T22:00:00+00:00", "2014-06-30T12:00:00Z"];
    let got = dwellings("BAIL", &utc);
    assert_eq!(got.column("bail"), ["201501", "201407", "201406"], "midnight in Paris");
    assert_eq!(got.count("dates_en_temps_universel"), 2);
    let got = dwellings("BAIL", &["2013.10", "2013.1", "2013.03"]);
    assert_eq!(got.column("bail"), ["201310", "", "201303"], "October, as a number, is January's");
}

#[test]
fn a_rent_without_its_decimal_point_is_in_no_sum() {
    let got = dwellings("LOYERPRINC", &["531,20", "53120", "-12"]);
    assert_eq!(got.column("loyer"), ["531.200012", "", ""]);
    assert_eq!(got.lines("R07"), [3, 4]);
}

#[test]
fn sums_of_a_year_are_none_of_a_month() {
    let rows = |sums: [u32; 3], times: u32| -> Vec<String> {
        (0..30).map(|n| format!("2024-03-05;775685029;CD{n:08};38185;{}", sums[n % 3] * times)).collect()
    };
    let header = "date_bail;bailleur_siren;ident_rep;depcom;ressources_mensuelles";
    let got = read("attributions", &file(header, &rows([850, 1_400, 2_100], 12)));
    assert!(got.column("ressources_mensuelles").iter().all(String::is_empty));
    assert_eq!(got.lines("A13").len(), 30);
    let got = read("attributions", &file(header, &rows([850, 1_400, 2_100], 1)));
    assert_eq!(got.column("ressources_mensuelles").iter().filter(|v| v.is_empty()).count(), 0);
}

#[test]
fn a_survey_that_says_no_wave_is_not_another_s() {
    let rows: Vec<String> =
        (0..40).map(|n| household(n, &[("vague", if n == 0 { "2024" } else { "" })])).collect();
    let got = read("ops", &file(OPS, &rows));
    assert_eq!((got.counts(), got.count("vagues_illisibles")), ((40, 1, 39), 39));
}

#[test]
fn a_collection_row_has_sixty_four_fields_or_lacks_empty_last_ones() {
    let organism = || {
        let mut cells = [""; 12];
        (cells[0], cells[2], cells[9], cells[10]) = ("2024", "OPH", "77568502900123", "2");
        cells.join(";")
    };
    let row = |n: usize, width: usize| {
        let mut cells = vec![String::new(); width];
        (cells[0], cells[3]) = (format!("CD{n:08}"), "38185".to_owned());
        cells[width - 1] = if width > 64 { "x".to_owned() } else { String::new() };
        cells.join(";")
    };
    let got = read("rpls", &[organism(), row(0, 63), row(1, 63)].join("\n"));
    assert_eq!(got.counts(), (2, 2, 0), "without its empty last cell");
    let got = read("rpls", &[organism(), row(0, 64), row(1, 65)].join("\n"));
    assert_eq!((got.counts(), got.lines("R00")), ((2, 1, 1), vec![3]), "one field too many moves all others");
}
