//! Attacks on the way out: thousands of nested zones, filters and populations, compared two by two.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::publisher::{Population, Publisher};
use crate::cube::bits::Bits;
use crate::cube::build::build;
use crate::cube::runs::Runs;
use crate::cube::{Cube, Filter};
use crate::reference::indicators::Catalogue;
use crate::reference::secrecy::Secrecy;
use crate::stock::facts::{Address, BuildReport, Facts, LayerFacts};

/// A random town: streets of addresses in blocks and communes; financing, rooms and period depend on the
/// building, so that sub-populations are often nested in each other, which is what an attacker looks for.
pub(crate) fn town(seed: u64, addresses: usize) -> Facts {
    let mut rng = fastrand::Rng::with_seed(seed);
    let catalogue = Catalogue::embedded().unwrap();
    let mut facts = Facts { millesime: 2024, vague: Some(2024), ..Facts::default() };
    let ids = ["departement", "epci", "commune", "iris", "qpv2015", "qpv2024", "residence", "adresse"];
    let odds = [u32::MAX, 900, 150, 40, 60, 60, 4, 1];
    let mut zones = [0u32; 8];
    let mut of: Vec<Vec<u32>> = vec![Vec::new(); 8];
    let mut columns: BTreeMap<String, Vec<u8>> =
        catalogue.attributes.iter().map(|a| (a.id.clone(), Vec::new())).collect();
    let (mut finan, mut rooms, mut period) = (1, 3, 2);
    for a in 0..addresses {
        for i in 0..8 {
            if a > 0 && rng.u32(0..odds[i]) == 0 {
                (i..8).for_each(|j| zones[j] += 1);
                (finan, rooms, period) = (rng.u8(1..4), rng.u8(1..6), rng.u8(1..6));
            }
            of[i].push(zones[i]);
        }
        let located = rng.u8(0..25) > 0;
        facts.addresses.push(Address {
            lon: if located { 5.0 + (a % 60) as f64 * 1e-3 + rng.f64() * 1e-3 } else { f64::NAN },
            lat: if located { 45.0 + (a / 60) as f64 * 1e-3 + rng.f64() * 1e-3 } else { f64::NAN },
            approximate: false,
        });
        for _ in 0..if rng.u8(0..6) == 0 { rng.u32(12..40) } else { rng.u32(0..6) } {
            facts.address_of.push(a as u32);
            facts.bailleur_of.push((zones[6] % 3) as u16);
            let answers = rng.u8(0..10) < 8;
            for a in &catalogue.attributes {
                let own = match a.id.as_str() {
                    "financement" if rng.u8(0..12) > 0 => finan,
                    "typologie" if rng.u8(0..3) > 0 => rooms,
                    "periode" => period,
                    "repertoire" | "interroge" => 1,
                    "repondant" | "entree_connue" => u8::from(answers),
                    "emmenagement" if answers => 1 + u8::from(rng.u8(0..6) > 0),
                    _ if a.occupation && (!answers || rng.u8(0..10) == 0) => 0,
                    _ => rng.u8(1..=a.classes.len() as u8),
                };
                columns.get_mut(&a.id).unwrap().push(if a.occupation && !answers { 0 } else { own });
            }
        }
    }
    let rows = facts.address_of.len();
    facts.attributes = columns;
    for q in [
        "surface",
        "loyer",
        "personnes",
        "mineurs",
        "majeurs",
        "sans_emploi",
        "emploi_stable",
        "emploi_precaire",
        "anciennete",
    ] {
        facts.quantities.insert(q.into(), (0..rows).map(|_| rng.u32(0..5)).collect());
    }
    facts.bailleurs = (0..3).map(|i| (format!("00000000{i}"), format!("Bailleur {i}"))).collect();
    facts.layers = ids
        .iter()
        .zip(of)
        .map(|(id, of_address)| LayerFacts {
            id: (*id).into(),
            libelle: (*id).into(),
            codes: (0..=of_address[of_address.len() - 1]).map(|z| format!("{id}{z}")).collect(),
            noms: (0..=of_address[of_address.len() - 1]).map(|_| String::new()).collect(),
            of_address,
            also: Vec::new(),
        })
        .collect();
    facts.report = BuildReport::default();
    facts
}

fn publisher(facts: &Facts) -> (tempfile::TempDir, Publisher) {
    let (catalogue, secrecy) = (Catalogue::embedded().unwrap(), Secrecy::embedded().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cube.bin");
    build(facts, catalogue, secrecy, &path).unwrap();
    let cube = Arc::new(Cube::open(&path, catalogue).unwrap());
    let publisher = Publisher::new(cube, catalogue, secrecy, None).unwrap();
    (dir, publisher)
}

/// The households that an answer describes, as bits over dwellings.
fn described(p: &Publisher, zone: &Runs, population: Population, filter: &Filter) -> Vec<u64> {
    let (runs, release) = p.publishable(zone, population, filter).unwrap();
    let cube = p.cube();
    let starts = cube.starts();
    let rows = release.map_or_else(|| cube.respondents().0.to_vec(), |r| r.rows.clone());
    let mut out = vec![0u64; rows.len()];
    for (s, e) in runs.iter() {
        Bits(&rows)
            .each(starts[s as usize] as usize..starts[e as usize] as usize, |i| out[i / 64] |= 1 << (i % 64));
    }
    out
}

fn size(set: &[u64]) -> u32 {
    set.iter().map(|w| w.count_ones()).sum()
}

/// Zones that an attacker would try: a random set of runs, then the same with an address more or less at the
/// edges.
fn zones(rng: &mut fastrand::Rng, addresses: u32) -> Vec<Runs> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for _ in 0..rng.u32(1..5) {
        let s = rng.u32(0..addresses);
        runs.push((s, (s + rng.u32(1..addresses / 3)).min(addresses)));
    }
    let mut out = vec![Runs::new(runs.clone())];
    for _ in 0..8 {
        let i = rng.usize(0..runs.len());
        let (s, e) = runs[i];
        runs[i] = match rng.u8(0..4) {
            0 => ((s + 1).min(e), e),
            1 => (s, e.saturating_sub(1).max(s)),
            2 => (s.saturating_sub(1), e),
            _ => (s, (e + 1).min(addresses)),
        };
        out.push(Runs::new(runs.clone()));
    }
    out
}

fn filter(rng: &mut fastrand::Rng) -> Filter {
    let catalogue = Catalogue::embedded().unwrap();
    let mut filter = Filter::default();
    let offered: Vec<_> = catalogue.attributes.iter().filter(|a| a.filtre).collect();
    for _ in 0..rng.u8(0..4) {
        let a = offered[rng.usize(0..offered.len())];
        let mut classes: Vec<u8> = (1..=a.classes.len() as u8).filter(|_| rng.bool()).collect();
        if classes.is_empty() {
            classes.push(1);
        }
        classes.sort_unstable();
        filter.classes.insert(a.id.clone(), classes);
    }
    if rng.u8(0..4) == 0 {
        filter.bailleurs = vec![rng.u16(0..3)];
    }
    filter
}

#[test]
fn no_difference_of_two_answers_describes_1_to_10_households() {
    let k = Secrecy::embedded().unwrap().k;
    let (mut compared, mut nested, mut answered) = (0u64, 0u64, 0u64);
    for seed in 0..60 {
        let facts = town(seed, 700);
        let (_dir, p) = publisher(&facts);
        let mut rng = fastrand::Rng::with_seed(1_000 + seed);
        let addresses = u32::try_from(facts.addresses.len()).unwrap();
        let filters: Vec<Filter> = (0..12).map(|_| filter(&mut rng)).collect();
        let mut answers: Vec<Vec<u64>> = Vec::new();
        for _ in 0..10 {
            for zone in zones(&mut rng, addresses) {
                for _ in 0..6 {
                    let population =
                        [Population::Tous, Population::Recents, Population::Anciens][rng.usize(0..3)];
                    let f = &filters[rng.usize(0..filters.len())];
                    let f = if rng.u8(0..3) == 0 { &Filter::default() } else { f };
                    let set = described(&p, &zone, population, f);
                    let n = size(&set);
                    assert!(n == 0 || n >= k, "an answer describes {n} households");
                    if n > 0 {
                        answered += 1;
                        answers.push(set);
                    }
                }
            }
        }
        answers.sort_unstable();
        answers.dedup();
        for (i, a) in answers.iter().enumerate() {
            for b in &answers[i + 1..] {
                let (mut only_a, mut only_b) = (0, 0);
                for (x, y) in a.iter().zip(b) {
                    only_a += (x & !y).count_ones();
                    only_b += (y & !x).count_ones();
                }
                compared += 1;
                if only_a == 0 || only_b == 0 {
                    nested += 1;
                    let d = only_a + only_b;
                    assert!(d == 0 || d >= k, "seed {seed}: a difference describes {d} households");
                }
            }
        }
    }
    println!("{answered} answers, {compared} pairs compared, {nested} nested");
    assert!(nested > 10_000, "the attack must find nested answers to compare: {nested}");
}

#[test]
fn the_same_attack_without_the_rules_finds_differences_so_it_is_able_to() {
    // Answers taken without atoms nor releases: the attack must break them at once.
    let facts = town(1, 700);
    let (_dir, p) = publisher(&facts);
    let (starts, rows) = (p.cube().starts(), p.cube().respondents());
    let raw = |zone: &Runs| -> u64 {
        zone.iter().map(|(s, e)| rows.count(starts[s as usize] as usize..starts[e as usize] as usize)).sum()
    };
    let mut rng = fastrand::Rng::with_seed(3);
    let broken = (0..200).any(|_| {
        let z = zones(&mut rng, 700);
        z.windows(2).any(|w| (1..11).contains(&raw(&w[0]).abs_diff(raw(&w[1]))))
    });
    assert!(broken);
}

#[test]
fn most_households_can_be_published_and_most_recent_movers_too() {
    let facts = town(5, 3_000);
    let (_dir, p) = publisher(&facts);
    let everything = Runs::new(vec![(0, 3_000)]);
    let total = size(p.cube().respondents().0);
    let recents = p.cube().respondents().count_and(p.cube().recents(), 0..p.cube().meta().logements);
    let all = size(&described(&p, &everything, Population::Tous, &Filter::default()));
    let moved = size(&described(&p, &everything, Population::Recents, &Filter::default()));
    assert_eq!(all, total);
    assert!(f64::from(moved) > 0.97 * recents as f64, "{moved} of {recents}");
}

#[test]
fn a_question_asked_again_gets_the_same_answer_after_a_restart() {
    let (catalogue, secrecy) = (Catalogue::embedded().unwrap(), Secrecy::embedded().unwrap());
    let facts = town(8, 800);
    let (dir, first) = publisher(&facts);
    let cube = Arc::clone(first.cube());
    let ledger = dir.path().join("registre.jsonl");
    let mut rng = fastrand::Rng::with_seed(9);
    let questions: Vec<(Runs, Filter)> =
        (0..30).map(|_| (zones(&mut rng, 800).remove(0), filter(&mut rng))).collect();
    let ask = |p: &Publisher| -> Vec<Vec<u64>> {
        questions.iter().map(|(z, f)| described(p, z, Population::Tous, f)).collect()
    };
    let before = ask(&Publisher::new(Arc::clone(&cube), catalogue, secrecy, Some(ledger.clone())).unwrap());
    let again = Publisher::new(cube, catalogue, secrecy, Some(ledger)).unwrap();
    // In another order: what was decided first stays decided first.
    let mut reversed: Vec<Vec<u64>> =
        questions.iter().rev().map(|(z, f)| described(&again, z, Population::Tous, f)).collect();
    reversed.reverse();
    assert_eq!(before, reversed);
}

#[test]
fn two_servers_on_one_store_answer_as_one() {
    let (catalogue, secrecy) = (Catalogue::embedded().unwrap(), Secrecy::embedded().unwrap());
    let facts = town(12, 800);
    let (dir, alone) = publisher(&facts);
    let ledger = dir.path().join("registre.jsonl");
    let open = || Publisher::new(Arc::clone(alone.cube()), catalogue, secrecy, Some(ledger.clone())).unwrap();
    let both = [open(), open()];
    let mut rng = fastrand::Rng::with_seed(21);
    // Of the whole town: what one sub-population withholds from another then shows.
    let mut questions = || -> Vec<(Runs, Filter)> {
        (0..120).map(|_| (Runs::new(vec![(0, 800)]), filter(&mut rng))).collect()
    };
    let (questions, more) = (questions(), questions());
    let ask = |p: &Publisher, (zone, f): &(Runs, Filter)| described(p, zone, Population::Tous, f);
    // Now one is asked, now the other: each must withhold what the other's answers make unsafe.
    let shared: Vec<Vec<u64>> = questions.iter().enumerate().map(|(i, q)| ask(&both[i % 2], q)).collect();
    let expected: Vec<Vec<u64>> = questions.iter().map(|q| ask(&alone, q)).collect();
    assert_eq!(shared, expected);
    // A server that knew nothing of the other would have answered more: the test can fail.
    let (_other, unaware) = publisher(&facts);
    let half: Vec<Vec<u64>> = questions.iter().skip(1).step_by(2).map(|q| ask(&unaware, q)).collect();
    assert!(half.iter().zip(expected.iter().skip(1).step_by(2)).any(|(h, e)| h != e));
    // At the same time, from two threads: whatever the order, both end with the same decisions.
    let both = [open(), open()];
    std::thread::scope(|s| {
        s.spawn(|| more.iter().for_each(|q| drop(ask(&both[0], q))));
        s.spawn(|| more.iter().rev().for_each(|q| drop(ask(&both[1], q))));
    });
    for q in &more {
        assert_eq!(ask(&both[0], q), ask(&both[1], q));
    }
}
