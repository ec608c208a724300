//! Each predicate of the catalogue at its borders.

use super::*;
use crate::reference::scoring::criteria;
use crate::scoring::demands::Commune;

/// One demand of which nothing is known.
fn blank() -> Demands {
    let commune = |code: &str, epci| Commune { code: code.into(), nom: String::new(), epci };
    Demands {
        extrait: 20_241_231,
        communes: vec![commune("73001", 0), commune("73002", 1), commune("38001", NONE)],
        nud: vec![1],
        depot: vec![20_241_231],
        fin: vec![0],
        statut: vec![1],
        motif_fin: vec![0],
        starts: vec![0, 1],
        asked: vec![0],
        typologies: vec![0],
        actuel: vec![NONE],
        travail: vec![NONE],
        mode: vec![0],
        motifs: vec![0],
        mutation: vec![0],
        dalo: vec![0],
        accord: vec![0],
        priorites: vec![0],
        relogement: vec![0],
        age: vec![255],
        personnes: vec![255],
        mineurs: vec![255],
        a_naitre: vec![255],
        garde: vec![255],
        cotitulaire: vec![false],
        uc: vec![f64::NAN],
        ressources: vec![f64::NAN],
        natures: vec![0],
        revenu_uc: vec![f64::NAN],
        activite: vec![0],
        employeur: vec![0],
        loyer: vec![f64::NAN],
        surface: vec![0],
        pieces: vec![255],
        entree: vec![0],
        qpv: vec![false],
        handicap: vec![false],
        refus: vec![255],
        refus_le: vec![0],
        justifies: vec![NONE],
        locaux: vec![NONE],
        ..Demands::default()
    }
}

const THRESHOLD: f64 = 9_130.0;

fn facts(d: &Demands) -> Facts {
    let on = Territory {
        epci: 0,
        threshold: Some(Threshold { euros: THRESHOLD, year: 2024, provisional: false }),
    };
    Facts::of(d, vec![0], on, criteria().unwrap(), Mix::embedded().unwrap())
}

/// Codes that a demand meets.
fn met(change: impl FnOnce(&mut Demands)) -> Vec<String> {
    let mut d = blank();
    change(&mut d);
    let (f, c) = (facts(&d), criteria().unwrap());
    c.liste.iter().enumerate().filter(|(i, _)| f.met[0] >> i & 1 == 1).map(|(_, c)| c.code.clone()).collect()
}

fn has(code: &str, change: impl FnOnce(&mut Demands)) -> bool {
    met(change).iter().any(|c| c == code)
}

#[test]
fn a_demand_of_which_nothing_is_known_meets_nothing() {
    assert_eq!(met(|_| ()), Vec::<String>::new());
}

/// The code, if there is one.
fn some(code: &str) -> Vec<&str> {
    [code].into_iter().filter(|c| !c.is_empty()).collect()
}

#[test]
fn every_code_of_a_list_meets_the_criteria_that_name_it_and_no_other() {
    // Priorities of L.441-1, letter by letter.
    let by_letter =
        ["C03", "C04", "C05", "C06", "C07", "C08", "C09", "C11", "C12", "C13", "", "", "C18", "C19"];
    for (n, want) in by_letter.iter().enumerate() {
        let found = met(|d| d.priorites[0] = 1 << n);
        assert_eq!(found, some(want), "letter {n}");
    }
    // Motives 01 to 23 (03 asks for a minor, 07 and 08 for an age).
    let by_motive = [
        "", "C27", "", "C26", "C18", "C09", "", "C52", "", "C30", "C37", "C38", "C29", "", "C39", "C42",
        "C54", "C43", "C44", "", "C40", "C32", "",
    ];
    for (n, want) in by_motive.iter().enumerate() {
        let found = met(|d| d.motifs[0] = 1 << n);
        assert_eq!(found, some(want), "motive {}", n + 1);
    }
    let by_mode: [&[&str]; 17] = [
        &[],
        &[],
        &["C22"],
        &["C06", "C22"],
        &[],
        &["C06", "C25"],
        &["C06", "C23"],
        &["C06", "C23"],
        &["C17"],
        &["C17"],
        &[],
        &["C24"],
        &[],
        &["C21"],
        &["C20"],
        &["C16"],
        &["C21"],
    ];
    for (n, want) in (1..).zip(by_mode) {
        assert_eq!(met(|d| d.mode[0] = n), want, "mode {n}");
    }
    for (n, want) in (1..).zip([&[][..], &["C01"], &[], &[]]) {
        assert_eq!(met(|d| d.dalo[0] = n), want, "DALO {n}");
    }
    for (n, want) in (1..).zip([&["C02"][..], &["C02"], &[], &[]]) {
        assert_eq!(met(|d| d.accord[0] = n), want, "accord {n}");
    }
    for (n, want) in (1..).zip([&[][..], &["C34"], &["C33"], &["C08"], &[]]) {
        assert_eq!(met(|d| d.relogement[0] = n), want, "relogement {n}");
    }
    for (n, want) in (1..).zip([&[][..], &["C46"], &[], &[], &["C47"], &["C47"], &[], &[]]) {
        assert_eq!(met(|d| d.activite[0] = n), want, "activité {n}");
    }
    for (n, want) in (1..).zip([&[][..], &["C61"], &[], &[]]) {
        assert_eq!(met(|d| d.mutation[0] = n), want, "mutation {n}");
    }
    let by_income: [&[&str]; 14] =
        [&[], &[], &[], &[], &[], &[], &["C03", "C51"], &["C03"], &[], &["C51"], &["C51"], &[], &[], &[]];
    for (n, want) in by_income.iter().enumerate() {
        assert_eq!(met(|d| d.natures[0] = 1 << n), *want, "ressource {}", n + 1);
    }
    assert_eq!(met(|d| d.handicap[0] = true), ["C03"]);
}

#[test]
fn ages_and_seniorities_at_their_borders() {
    assert!(has("C58", |d| d.age[0] = 29) && !has("C58", |d| d.age[0] = 30));
    assert!(!has("C59", |d| d.age[0] = 64) && has("C59", |d| d.age[0] = 65));
    let health = |age| move |d: &mut Demands| (d.age[0], d.motifs[0]) = (age, 1 << 6);
    assert!(!has("C31", health(64)) && has("C31", health(65)));
    assert!(has("C57", |d| d.depot[0] = 20_231_231) && !has("C57", |d| d.depot[0] = 20_240_101));
    assert!(has("C62", |d| d.entree[0] = 20_191_231) && !has("C62", |d| d.entree[0] = 20_200_101));
}

#[test]
fn households_at_their_borders() {
    let family = |persons, minors| move |d: &mut Demands| (d.personnes[0], d.mineurs[0]) = (persons, minors);
    assert!(has("C35", family(2, 1)) && has("C35", family(4, 3)));
    assert!(!has("C35", family(1, 0)) && !has("C35", family(3, 1)));
    assert!(has("C36", |d| d.a_naitre[0] = 1) && !has("C36", |d| d.a_naitre[0] = 0));
    assert!(has("C41", |d| d.garde[0] = 1) && !has("C41", |d| d.garde[0] = 0));
    let unfit = |minors| move |d: &mut Demands| (d.mineurs[0], d.motifs[0]) = (minors, 1 << 2);
    assert!(has("C15", unfit(1)) && !has("C15", unfit(0)));
    // 9 m² for one, 16 for two, 9 more each, 70 at most.
    for (persons, least) in [(1, 9), (2, 16), (3, 25), (7, 61), (8, 70), (12, 70)] {
        let crowded = |surface| {
            move |d: &mut Demands| {
                family(persons, 1)(d);
                d.surface[0] = surface;
            }
        };
        assert!(has("C14", crowded(least - 1)) && !has("C14", crowded(least)), "{persons}");
    }
    let room = |persons, surface| move |d: &mut Demands| (d.personnes[0], d.surface[0]) = (persons, surface);
    assert!(has("C66", room(3, 26)) && !has("C66", room(3, 27)));
}

#[test]
fn moneys_at_their_borders() {
    let rent = |rent, income| move |d: &mut Demands| (d.loyer[0], d.ressources[0]) = (rent, income);
    assert!(has("C28", rent(330.0, 1_000.0)) && !has("C28", rent(329.99, 1_000.0)));
    assert!(!has("C28", rent(330.0, 0.0)), "no rate without resources");
    let left = |income| move |d: &mut Demands| (d.loyer[0], d.ressources[0], d.uc[0]) = (500.0, income, 1.5);
    assert!(has("C65", left(1_099.99)) && !has("C65", left(1_100.0)));
    assert!(has("C65", left(0.0)));
    assert!(has("C48", |d| d.revenu_uc[0] = THRESHOLD - 0.01) && !has("C48", |d| d.revenu_uc[0] = THRESHOLD));
    assert!(has("C50", |d| d.revenu_uc[0] = THRESHOLD) && !has("C50", |d| d.revenu_uc[0] = THRESHOLD - 0.01));
}

#[test]
fn the_territory_that_scores_says_who_lives_and_works_there() {
    for (commune, here) in [(0, true), (1, false), (2, false), (NONE, false)] {
        assert_eq!(has("C55", |d| d.actuel[0] = commune), here);
        assert_eq!(has("C56", |d| d.travail[0] = commune), here);
    }
}

#[test]
fn mutations_at_their_borders() {
    let large = |kind, rooms, persons| {
        move |d: &mut Demands| (d.mutation[0], d.pieces[0], d.personnes[0]) = (kind, rooms, persons)
    };
    assert!(has("C63", large(2, 4, 2)) && has("C63", large(3, 5, 1)) && has("C63", large(4, 4, 1)));
    assert!(!has("C63", large(2, 3, 1)) && !has("C63", large(2, 4, 3)) && !has("C63", large(1, 4, 2)));
    let from = |kind, qpv| move |d: &mut Demands| (d.mutation[0], d.qpv[0]) = (kind, qpv);
    assert!(has("C64", from(3, true)) && !has("C64", from(3, false)) && !has("C64", from(1, true)));
}

#[test]
fn what_is_ticked_by_hand_or_checked_on_evidence_is_told_apart() {
    let mut d = blank();
    d.tokens = vec!["C18|L01".into(), "C45|L02".into()];
    (d.justifies[0], d.locaux[0]) = (0, 1);
    let (f, c) = (facts(&d), criteria().unwrap());
    let bit = |mask: u128, code: &str| mask >> c.place(code).unwrap() & 1 == 1;
    assert!(bit(f.met[0], "C45") && bit(f.met[0], "L02") && !bit(f.met[0], "C18"));
    assert!(bit(f.proven[0], "C18") && bit(f.proven[0], "L01") && !bit(f.proven[0], "C45"));
}

#[test]
fn a_refusal_is_counted_in_whole_months_and_not_for_a_dalo_household() {
    let past = |day, dalo| {
        let mut d = blank();
        (d.refus_le[0], d.dalo[0]) = (day, dalo);
        facts(&d).refused[0]
    };
    assert_eq!(past(20_231_231, 1), 12);
    assert_eq!(past(20_240_101, 1), 11);
    assert_eq!(past(20_240_101, 2), u32::MAX, "DALO");
    assert_eq!((past(0, 1), past(20_250_101, 1)), (u32::MAX, u32::MAX));
}
