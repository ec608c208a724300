//! The ceilings against another copy of them, and the law's example.

use std::collections::BTreeSet;

use crate::common::shared;
use mosaique::reference::plafonds::{Zone, plafonds};

#[test]
fn every_ceiling_of_2017_to_2026_is_the_one_of_the_journal_officiel() {
    let Some(path) = shared("demande_ops/plafonds_ressources_plus_plai_2017_2026.csv") else { return };
    let p = plafonds().expect("data/plafonds.toml");
    let mut reader = csv::Reader::from_path(path).expect("file");
    let mut seen = BTreeSet::new();
    for r in reader.records() {
        let r = r.expect("record");
        // One line repeats a value on 2 January 2020.
        let (Some(year), "PLUS") = (r[3].strip_suffix("-01-01"), &r[0]) else { continue };
        let year: u16 = year.parse().expect("year");
        let zone = match &r[2] {
            "paris_communes_limitrophes" => Zone::ParisCommunesLimitrophes,
            "ile_de_france" => Zone::IleDeFrance,
            "autres_regions" => Zone::AutresRegions,
            other => panic!("{other}"),
        };
        let want: u32 = r[4].parse().expect("ceiling");
        let got = match r[1].parse::<u8>() {
            Ok(category) => p.ceiling(year, zone, category).expect("ceiling"),
            Err(_) => p.ceiling(year, zone, 7).expect("7") - p.ceiling(year, zone, 6).expect("6"),
        };
        assert_eq!(got, want, "{r:?}");
        seen.insert((year, r[2].to_owned(), r[1].to_owned()));
    }
    assert_eq!(seen.len(), 10 * 3 * 7);
}
