//! Damage that changed a figure or cost good lines without a word: each file says now what it said before it
//! went through a spreadsheet, an export or a form.

use std::io::Write;

use crate::spreadsheets::{Done, OPS, RPLS, dwelling, file, household, import, read};

/// Households with these cells in one column.
fn households(column: &str, cells: &[&str]) -> Done {
    let rows: Vec<String> = (0..).zip(cells).map(|(n, cell)| household(n, &[(column, cell)])).collect();
    read("ops", &file(OPS, &rows))
}

/// Dwellings with these cells in one column.
fn dwellings(column: &str, cells: &[&str]) -> Done {
    let rows: Vec<String> = (0..).zip(cells).map(|(n, cell)| dwelling(n, &[(column, cell)])).collect();
    read("rpls", &file(RPLS, &rows))
}

#[test]
fn a_filler_in_the_place_of_a_number_costs_no_dwelling() {
    for filler in ["0", "0000000000", "9999999999", "None", "\\N", "NEANT", "NR"] {
        let got = dwellings("IDENT_REP", &[filler, filler, filler, "CD00000009"]);
        assert_eq!(got.counts(), (4, 4, 0), "{filler}");
        assert_eq!(got.lines("R11"), Vec::<u64>::new(), "{filler}");
    }
}

#[test]
fn words_for_nothing_are_nothing_in_an_address() {
    let sound = dwellings("NUMVOIE", &["4"]).column("adresse");
    for word in ["\\N", "None", "#NULL!", "NaT", "NR", "vide", "N.A."] {
        let header = format!("{RPLS};INDREP;COMPLGEO");
        let got = read("rpls", &file(&header, &[format!("{};{word};{word}", dwelling(0, &[]))]));
        assert_eq!(got.column("adresse"), sound, "{word}");
    }
}

#[test]
fn a_text_written_twice_in_utf_8_is_read_once() {
    let sound =
        read("ops", &file(&format!("{OPS};nomvoie"), &[format!("{};Rue de l'Étang", household(0, &[]))]));
    for twice in ["Rue de l'Ã‰tang", "Rue de l'Ã\u{89}tang"] {
        let header = format!("{OPS};nomvoie");
        let rows =
            [format!("{};{twice}", household(0, &[])), format!("{};Rue du GÃ©nÃ©ral", household(1, &[]))];
        let got = read("ops", &file(&header, &rows));
        assert_eq!(got.column("adresse")[0], sound.column("adresse")[0], "{twice}");
        assert!(got.column("adresse")[1].ends_with("RUE DU GENERAL"), "{:?}", got.column("adresse"));
    }
}

#[test]
fn days_that_are_none_are_no_days_and_firsts_of_months_stay_firsts() {
    let got = dwellings("BAIL", &["01/01/1900", "30/12/1899", "31/12/9999", "06/2015"]);
    assert_eq!(got.column("bail"), ["", "", "", "201506"]);
    // A column of firsts of months, and one American day: none is moved to January in silence.
    let firsts = ["01/03/2019", "01/11/2018", "01/06/2020", "01/09/2017", "01/12/2016", "3/25/2019"];
    let got = dwellings("BAIL", &firsts);
    assert_eq!(got.column("bail"), ["", "", "", "", "", "201903"], "01/03 is two days");
    assert_eq!(got.lines("R15"), [2, 3, 4, 5, 6]);
    // AM and PM say that the month goes before, of their cell.
    let got = households("date_entree", &["3/1/2019 12:00:00 AM", "25/03/2019"]);
    assert_eq!(got.column("entree"), ["201903", "201903"]);
    // SAS writes the year before, in two digits.
    let got = households("date_entree", &["19-07-01", "98-03-01", "21-11-30"]);
    assert_eq!(got.column("entree"), ["201907", "199803", "202111"]);
}

#[test]
fn numbers_are_read_as_one_writes_them_or_flagged() {
    // One great value in a column of fractions: the fractions are percents, it is nobody knows what.
    let share = |n, cell| household(n, &[("rfr", ""), ("pct_plafond", cell)]);
    let rows: Vec<String> = (0..20).map(|n| share(n, "0,4026")).chain([share(20, "65")]).collect();
    let got = read("ops", &file(OPS, &rows));
    let shares = got.column("pct_plafond");
    assert!(shares[..20].iter().all(|s| s.starts_with("40.2")), "{shares:?}");
    assert_eq!((shares[20].as_str(), got.lines("O30")), ("", vec![22]));
    // A space that parts no thousands, and a number that lost its units.
    for cell in ["15 00", "1 5 000", "1,5E+04"] {
        let got = households("rfr", &[cell]);
        assert_eq!(got.lines("O09"), [2], "{cell}");
    }
    assert_eq!(households("rfr", &["15 000"]).column("rfr"), ["15000"]);
    // Years with a sign for thousands.
    for cell in ["1.985", "1,985", "1985-01-01"] {
        let got = dwellings("CONSTRUCT", &[cell]);
        assert_eq!((got.column("construct")[0].as_str(), got.lines("R04")), ("1985", Vec::new()), "{cell}");
    }
}

#[test]
fn what_stands_between_rows_costs_none_of_them() {
    let rows: Vec<String> = (0..3).map(|n| dwelling(n, &[])).collect();
    for between in ["Commune de Grenoble", "Page 2", "(3 rows affected)", RPLS] {
        let with: Vec<String> = [&rows[..2], &[between.to_owned()], &rows[2..]].concat();
        let got = read("rpls", &file(RPLS, &with));
        assert_eq!(got.column("ident_rep").len(), 3, "{between}: {:?}", got.counts());
    }
    // R names rows and not their column.
    let numbered: Vec<String> = (1..).zip(&rows).map(|(n, row)| format!("\"{n}\";{row}")).collect();
    assert_eq!(
        read("rpls", &file(RPLS, &numbered)).column("ident_rep"),
        dwellings("NBPIECE", &["4"; 3]).column("ident_rep")
    );
}

#[test]
fn a_house_number_that_became_a_date_is_told() {
    for cell in ["2024-02-01", "01/02/2024"] {
        let header = format!("{OPS};numvoie;nomvoie");
        let row = |n, number: &str| format!("{};{number};Rue des Lilas", household(n, &[]));
        let got = read("ops", &file(&header, &[row(0, cell), row(1, "12")]));
        let addresses = got.column("adresse");
        assert!(addresses[0].contains(":0:") && addresses[1].contains(":12:"), "{cell}: {addresses:?}");
        assert_eq!(got.count("date_a_la_place"), 1, "{cell}");
    }
}

#[test]
fn names_of_columns_may_have_spaces_and_little_words() {
    let spaced =
        RPLS.replace("NOMVOIE", "Nom voie").replace("SURFHAB", "Surf_hab").replace("NBPIECE", "Nb pièce");
    assert_eq!(read("rpls", &file(&spaced, &[dwelling(0, &[])])).counts(), (1, 1, 0));
    let words = OPS
        .replace("date_entree", "Date d'entrée")
        .replace("nb_personnes", "Nombre de personnes")
        .replace("statut_reponse", "Statut de la réponse");
    let got = read("ops", &file(&words, &[household(0, &[])]));
    assert_eq!(
        (got.column("entree"), got.column("nb_personnes")),
        (vec!["201506".to_owned()], vec!["1".to_owned()])
    );
}

#[test]
fn a_membership_holds_communes_and_epci_only() {
    let list = "commune;epci;nature_juridique;nom\n73065;257301234;SIVU;Syndicat\n73065;200069110;CA;Grand Chambéry\n\
        Total;;3;\n73008;200068674;CA;Grand Lac\n";
    let got = read("appartenance", list);
    assert_eq!(got.column("commune"), ["73008", "73065"]);
    assert_eq!(got.column("epci"), ["200068674", "200069110"]);
    let got = read("appartenance", "commune;epci;nom\n73065;20006867;Grand Lac\n73008;200068674;Grand Lac\n");
    assert_eq!(
        (got.column("commune"), got.lines("A01")),
        (vec!["73008".to_owned()], vec![2]),
        "eight digits"
    );
}

#[test]
fn an_archive_that_stops_before_its_end_says_what_to_do() {
    let rows: Vec<String> = (0..500).map(|n| dwelling(n, &[])).collect();
    let text = file(RPLS, &rows);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(text.as_bytes()).unwrap();
    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("rpls.csv", ::zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    for whole in [gz.finish().unwrap(), zip.finish().unwrap().into_inner()] {
        assert_eq!(import("rpls", &whole).unwrap().counts().0, 500);
        let said = import("rpls", &whole[..whole.len() / 2]).err().unwrap();
        assert!(said.contains("s'arrête avant sa fin") && said.contains("de nouveau"), "{said}");
    }
}

#[test]
fn a_separator_behind_each_row_moves_no_value() {
    let rows: Vec<String> =
        (0..4).map(|n| dwelling(n, &[("IDENT_REP", &format!("10000000{n}1"))]) + ";").collect();
    let got = read("rpls", &file(RPLS, &rows));
    assert_eq!(
        (got.column("ident_rep")[3].as_str(), got.column("depcom")[3].as_str()),
        ("1000000031", "38185")
    );
    assert_eq!(got.counts(), (4, 4, 0));
}

#[test]
fn columns_that_hold_other_things_are_told() {
    for (column, cell, rule) in [
        ("CODEPOSTAL", "@@@", "R15"),
        ("PLG_QP24", "1900-01-01", "R15"),
        ("PLG_IRIS", "@@@", "R15"),
        ("SRU_EXPIR", "bientôt", "R15"),
        ("DISTANCE_PRECISION", "-5", "R15"),
        ("DEPCOM", "38000", "R01"),
    ] {
        let header = if RPLS.contains(column) { RPLS.to_owned() } else { format!("{RPLS};{column}") };
        let row = |n: usize, cell: &str| match RPLS.contains(column) {
            true => dwelling(n, &[(column, cell)]),
            false => format!("{};{cell}", dwelling(n, &[])),
        };
        let got = read(
            "rpls",
            &file(&header, &[row(0, cell), dwelling(1, &[]) + if RPLS.contains(column) { "" } else { ";" }]),
        );
        assert_eq!(got.lines(rule), [2], "{column} {cell}");
    }
    let header = format!("{RPLS};PLG_QP24;PLG_IRIS");
    let of = |iris: [&str; 2]| {
        let row = |n: usize, iris: &str| format!("{};qn03801m - Les Hauts;{iris}", dwelling(n, &[]));
        read("rpls", &file(&header, &[row(0, iris[0]), row(1, iris[1])]))
    };
    assert_eq!(of(["0", "101"]).column("iris_fichier"), ["381850000", "381850101"], "zeros that were lost");
    assert_eq!(of(["0", "381850101"]).column("iris_fichier"), ["", "381850101"]);
    assert_eq!(of(["0", "101"]).column("qpv24_fichier"), ["QN03801M"; 2]);
}

#[test]
fn postcodes_are_no_codes_of_communes() {
    let rows: Vec<String> = [("69003", "69003"), ("13003", "13003"), ("38100", "38100")]
        .iter()
        .enumerate()
        .map(|(n, (commune, postcode))| dwelling(n, &[("DEPCOM", commune), ("CODEPOSTAL", postcode)]))
        .collect();
    let said = import("rpls", file(RPLS, &rows).as_bytes()).err().unwrap();
    assert!(said.contains("codes postaux") && said.contains("DEPCOM"), "{said}");
}

#[test]
fn of_two_columns_that_mean_one_each_row_takes_the_first_that_is_filled() {
    let header = format!("{RPLS};BAIL_DATE");
    let rows = [
        format!("{};07/2018", dwelling(0, &[("BAIL", "")])),
        format!("{};07/2018", dwelling(1, &[("BAIL", "06/2015")])),
    ];
    assert_eq!(read("rpls", &file(&header, &rows)).column("bail"), ["201807", "201506"]);
}

#[test]
fn incomes_in_thousands_are_not_euros() {
    let got = households("rfr", &["15", "12,5", "0", "22,4"]);
    assert_eq!(
        (got.column("rfr"), got.lines("O09")),
        (vec!["".into(), "".into(), "0".to_owned(), "".into()], vec![2, 3, 5])
    );
    assert_eq!(households("rfr", &["15.000", "12.500"]).column("rfr"), ["15000", "12500"]);
}

#[test]
fn words_that_say_why_there_is_no_number_are_none() {
    for word in ["s.o.", "/", "?", "EN ATTENTE", "non connu"] {
        let got = households("ident_rep", &[word, word, "3800000009"]);
        assert_eq!(got.counts(), (3, 3, 0), "{word}");
        assert_eq!(got.column("ident_rep"), ["", "", "3800000009"], "{word}");
        let header = format!("{RPLS};INDREP");
        let got = read("rpls", &file(&header, &[format!("{};{word}", dwelling(0, &[]))]));
        assert_eq!(got.column("adresse"), dwellings("NBPIECE", &["4"]).column("adresse"), "{word}");
    }
}

#[test]
fn a_table_of_epci_is_read_as_it_is_published() {
    let of = |list: &str| {
        let got = read("appartenance", list);
        (got.column("commune").join(" "), got.column("epci").join(" "))
    };
    let metropole = "CODGEO;EPCI;NATURE_EPCI\n69123;200046977;ME\n38185;200040715;ME\n38001;253800001;SIVU\n";
    assert_eq!(of(metropole), ("38185 69123".into(), "200040715 200046977".into()));
    // The SIREN of the commune stands before that of its EPCI.
    let both =
        "code_insee;siren;nom;epci_siren;epci_nom\n73065;217300656;Chambéry;200069110;Grand Chambéry\n";
    assert_eq!(of(both), ("73065".into(), "200069110".into()));
    assert_eq!(read("appartenance", both).column("nom"), ["Grand Chambéry"]);
    let years = "annee;commune;epci\n2023;73065;247300098\n2024;73065;200069110\n";
    assert_eq!(of(years).1, "200069110", "the last year");
    let islands = "commune;epci\n29083;NR\n73065;200069110\n";
    assert_eq!(of(islands).0, "73065");
}

#[test]
fn collection_files_end_to_end_are_told_by_line() {
    let organism = |siret: &str| {
        let mut cells = [""; 12];
        (cells[0], cells[2], cells[9], cells[10]) = ("2024", "OPH", siret, "1");
        cells.join(";")
    };
    let row = |n: usize| {
        let mut cells = vec![String::new(); 64];
        (cells[0], cells[3]) = (format!("CD{n:08}"), "38185".to_owned());
        cells.join(";")
    };
    let [first, second] = ["77568502900123", "00512034000012"].map(organism);
    let both = [first.clone(), row(0), second, row(1)].join("\n");
    let said = import("rpls", both.as_bytes()).err().unwrap();
    assert!(said.contains("ligne 3") && said.contains("005120340"), "{said}");
    let twice = [first.clone(), row(0), first, row(1)].join("\n");
    assert_eq!(read("rpls", &twice).column("siren"), ["775685029"; 2], "the same bailleur");
    let lost = [organism("7,75685E+13"), row(0)].join("\n");
    let said = import("rpls", lost.as_bytes()).err().unwrap();
    assert!(said.contains("champ 10") && said.contains("notation scientifique"), "{said}");
    let hinted = ["sep=;".to_owned(), organism("77568502900123"), row(0)].join("\n");
    assert_eq!(read("rpls", &hinted).counts(), (1, 1, 0));
}

#[test]
fn members_of_an_archive_of_different_years_are_refused() {
    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (n, name) in ["rpls_2023.csv", "rpls_2024.csv"].into_iter().enumerate() {
        zip.start_file(name, ::zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(file(RPLS, &[dwelling(n, &[])]).as_bytes()).unwrap();
    }
    let said = import("rpls", &zip.finish().unwrap().into_inner()).err().unwrap();
    assert!(said.contains("rpls_2023.csv") && said.contains("plusieurs années"), "{said}");
}
