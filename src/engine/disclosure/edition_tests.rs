//! Attacks over time: figures of several editions of one wave, with ordinary corrections between them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::attack_tests::town;
use super::publisher::{Cut, Population, Publisher};
use crate::cube::Cube;
use crate::cube::bits::Bits;
use crate::cube::build::{build, build_again};
use crate::cube::editions::book::Book;
use crate::cube::editions::place;
use crate::cube::runs::Runs;
use crate::reference::indicators::Catalogue;
use crate::reference::secrecy::Secrecy;
use crate::stock::facts::Facts;

const KEY: [u8; 32] = [7; 32];
const K: u64 = 11;
/// What corrections change, and what figures read.
const ITEM: &str = "plafond";

/// An edition: its cube, and the households of its rows with what figures count of them.
struct Published {
    _dir: tempfile::TempDir,
    publisher: Publisher,
    rows: Vec<u64>,
}

/// Builds as `refresh` does; `frozen`: as the book allows, else anew, as before there were books.
fn publish(facts: &Facts, book: &mut Option<Book>, frozen: bool) -> Published {
    let (catalogue, secrecy) = (Catalogue::embedded().unwrap(), Secrecy::embedded().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cube.bin");
    let mut facts = facts.clone();
    match book {
        Some(book) if frozen => {
            let placed = place::place(book, &mut facts, catalogue, secrecy, "2026-02-01");
            build_again(&facts, catalogue, secrecy, &KEY, &path, &placed).unwrap();
        }
        _ => {
            let (_, atoms) = build(&facts, catalogue, secrecy, &KEY, &path).unwrap();
            *book = Some(place::first(2024, &facts, catalogue, &atoms, "2026-01-01"));
        }
    }
    let cube = Arc::new(Cube::open(&path, catalogue).unwrap());
    // What the attacker knows of a household is its record key.
    let rows = cube.keys().iter().map(|k| u64::from(*k)).collect();
    Published { _dir: dir, publisher: Publisher::new(cube, catalogue, secrecy), rows }
}

/// A version of a household: who, and what is counted of it.
type Version = (u64, u8);

/// Which population, item or not, viewer: what exact figures there are.
const QUESTIONS: [(Population, bool, Option<u16>); 9] = [
    (Population::Tous, false, None),
    (Population::Tous, true, None),
    (Population::Recents, false, None),
    (Population::Anciens, false, None),
    (Population::Recents, true, None),
    (Population::Anciens, true, None),
    (Population::Tous, true, Some(1)),
    (Population::Recents, true, Some(1)),
    (Population::Anciens, true, Some(1)),
];

fn cut_of(p: &Published, (population, item, viewer): (Population, bool, Option<u16>)) -> Cut {
    let catalogue = Catalogue::embedded().unwrap();
    let indicator = catalogue
        .indicators
        .iter()
        .find(|i| catalogue.about(i).iter().eq([ITEM]) && !catalogue.crosses(i))
        .unwrap();
    Cut {
        item: if item { p.publisher.item(catalogue, indicator) } else { 0 },
        moves: population != Population::Tous,
        viewer,
    }
}

/// The versions that an exact figure counts, for the item or for presence; those of tenants whom its readers
/// know are left out.
fn counted(
    p: &Published,
    zone: &Runs,
    question: (Population, bool, Option<u16>),
    known: &[u16],
) -> BTreeSet<Version> {
    let ((population, item, viewer), cut) = (question, cut_of(p, question));
    let cube = p.publisher.cube();
    let (starts, owners, values) = (cube.starts(), cube.bailleur_of(), cube.attribute(ITEM));
    let mut out = BTreeSet::new();
    for (s, e) in p.publisher.described(zone, cut).iter() {
        cube.respondents().each(starts[s as usize] as usize..starts[e as usize] as usize, |row| {
            let recent = cube.recents().get(row);
            let kept = match population {
                Population::Tous => true,
                Population::Recents => recent,
                Population::Anciens => !recent,
            };
            let told = viewer != Some(owners[row]) && !known.contains(&owners[row]);
            if kept && told && (!item || values[row] != 0) {
                out.insert((p.rows[row], if item { values[row] } else { 1 }));
            }
        });
    }
    out
}

/// The sets of fewer than `k` households that sums and differences of figures read something of, as far as
/// the search finds any. A household whose versions cancel is not read.
fn small_sets(figures: &BTreeSet<Vec<Version>>) -> Vec<Vec<u64>> {
    const P: u64 = (1 << 61) - 1;
    let mul = |a: u64, b: u64| (u128::from(a) * u128::from(b) % u128::from(P)) as u64;
    let power = |mut base: u64, mut n: u64| {
        let mut out = 1;
        while n > 0 {
            out = if n & 1 == 1 { mul(out, base) } else { out };
            (base, n) = (mul(base, base), n >> 1);
        }
        out
    };
    // Versions that the same figures count are one unknown; a household is the unknowns of its versions.
    let mut by: BTreeMap<Version, Vec<u32>> = BTreeMap::new();
    for (f, versions) in (0u32..).zip(figures) {
        versions.iter().for_each(|v| by.entry(*v).or_default().push(f));
    }
    let mut unknowns: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
    let mut of: FxHashMap<u64, BTreeSet<usize>> = FxHashMap::default();
    for ((household, _), figures) in by {
        let next = unknowns.len();
        let u = *unknowns.entry(figures).or_insert(next);
        of.entry(household).or_default().insert(u);
    }
    let mut groups: BTreeMap<BTreeSet<usize>, Vec<u64>> = BTreeMap::new();
    of.into_iter().for_each(|(household, g)| groups.entry(g).or_default().push(household));
    let n = unknowns.len();
    let mut rows: Vec<Vec<u64>> = vec![vec![0; n]; figures.len()];
    for (at, u) in &unknowns {
        at.iter().for_each(|f| rows[*f as usize][*u] = 1);
    }
    let eliminate = |rows: &mut Vec<Vec<u64>>, order: &[usize]| {
        let mut done = 0;
        for &column in order {
            let Some(found) = (done..rows.len()).find(|r| rows[*r][column] != 0) else { continue };
            rows.swap(done, found);
            let scale = power(rows[done][column], P - 2);
            rows[done].iter_mut().for_each(|v| *v = mul(*v, scale));
            let pivot = rows[done].clone();
            for (r, row) in rows.iter_mut().enumerate() {
                if r != done && row[column] != 0 {
                    let factor = row[column];
                    row.iter_mut().zip(&pivot).for_each(|(v, p)| *v = (*v + P - mul(factor, *p)) % P);
                }
            }
            done += 1;
        }
        rows.truncate(done);
    };
    let read = |row: &Vec<u64>| -> Vec<u64> {
        let groups = groups.iter().filter(|(g, _)| g.iter().any(|u| row[*u] != 0));
        groups.flat_map(|(_, households)| households).copied().collect()
    };
    let few = |set: &Vec<u64>| !set.is_empty() && (set.len() as u64) < K;
    // Elimination in many orders: a row of an echelon form reads few unknowns.
    let mut rng = fastrand::Rng::with_seed(5);
    let mut order: Vec<usize> = (0..n).collect();
    let mut found = Vec::new();
    for _ in 0..12 {
        eliminate(&mut rows, &order);
        let sets: Vec<Vec<u64>> = rows.iter().map(read).collect();
        found.extend(sets.iter().filter(|s| few(s)).cloned());
        // Differences and sums of two rows as well.
        for i in 0..rows.len() {
            for j in i + 1..rows.len() {
                if (sets[i].len().abs_diff(sets[j].len()) as u64) < K {
                    let minus: Vec<u64> =
                        rows[i].iter().zip(&rows[j]).map(|(a, b)| (a + P - b) % P).collect();
                    found.extend(Some(read(&minus)).filter(few));
                }
            }
        }
        rng.shuffle(&mut order);
    }
    found
}

/// Ordinary corrections: addresses moved, residences split, answers corrected, households gone and come, a
/// bailleur's file deposited again.
fn corrected(facts: &Facts, rng: &mut fastrand::Rng, whole: bool) -> Facts {
    let mut facts = facts.clone();
    let addresses = facts.addresses.len();
    for _ in 0..addresses / 25 {
        // To another's place, in the zones of that place.
        let (a, b) = (rng.usize(0..addresses), rng.usize(0..addresses));
        facts.addresses[a] = facts.addresses[b];
        facts.layers.iter_mut().filter(|l| l.id != "residence" && l.id != "adresse").for_each(|l| {
            l.of_address[a] = l.of_address[b];
        });
    }
    let residence = facts.layers.iter_mut().find(|l| l.id == "residence").unwrap();
    let next = residence.codes.len() as u32;
    residence.codes.push("partagee".into());
    residence.noms.push(String::new());
    for a in 0..addresses {
        if residence.of_address[a] % 17 == 3 && rng.bool() {
            residence.of_address[a] = next;
        }
    }
    let n = facts.address_of.len();
    let answers = |facts: &Facts, row: usize| facts.attributes["repondant"][row] != 0;
    for row in 0..n {
        let again = whole && facts.bailleur_of[row] == 2;
        if answers(&facts, row) && (rng.u8(0..50) == 0 || again && rng.u8(0..10) < 8) {
            facts.attributes.get_mut(ITEM).unwrap()[row] = rng.u8(0..6);
        }
        if answers(&facts, row) && rng.u8(0..60) == 0 {
            facts.attributes.get_mut("emmenagement").unwrap()[row] = rng.u8(1..3);
        }
        match rng.u8(0..60) {
            0 if answers(&facts, row) => {
                let silent: Vec<String> = Catalogue::embedded()
                    .unwrap()
                    .attributes
                    .iter()
                    .filter(|a| a.occupation)
                    .map(|a| a.id.clone())
                    .collect();
                silent.iter().for_each(|id| facts.attributes.get_mut(id).unwrap()[row] = 0);
            }
            1 if !answers(&facts, row) => {
                for (id, v) in [("repondant", 1), ("emmenagement", rng.u8(1..3)), (ITEM, rng.u8(1..6))] {
                    facts.attributes.get_mut(id).unwrap()[row] = v;
                }
            }
            2 => facts.address_of[row] = rng.u32(0..addresses as u32),
            _ => {}
        }
    }
    facts
}

fn zones(rng: &mut fastrand::Rng, p: &Publisher) -> Vec<Runs> {
    let addresses = u32::try_from(p.cube().meta().adresses).unwrap();
    let mut out: Vec<Runs> = (0..25)
        .map(|_| {
            let s = rng.u32(0..addresses);
            Runs::new(vec![(s, (s + rng.u32(1..addresses / 2)).min(addresses))])
        })
        .collect();
    for id in ["epci", "commune", "iris", "qpv2024", "residence"] {
        let layer = p.cube().layer(id).unwrap();
        out.extend((0..layer.codes.iter().count() as u32).map(|z| layer.addresses(z)));
    }
    out
}

/// Households of the parts of an edition that tell readers who know tenants of too few others: their commune
/// has no more.
fn helpless(p: &Published) -> BTreeSet<u64> {
    let cube = p.publisher.cube();
    let mut out = BTreeSet::new();
    for question in &QUESTIONS[..6] {
        let exposed = p.publisher.exposed(cut_of(p, *question));
        let exposed = Bits(&exposed).and(cube.respondents());
        Bits(&exposed).each(0..p.rows.len(), |row| out.extend([p.rows[row]]));
    }
    out
}

/// Runs three editions (four for odd seeds) with corrections between, every third time with what was there at
/// first put back after the first of them, for readers who know the tenants of some; gives the small sets
/// found, and how many figures there were and how many values changed between editions.
fn attack(seed: u64, frozen: bool, known: &[u16]) -> (Vec<Vec<u64>>, usize, u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut facts = town(seed, 220);
    let mut book = None;
    let mut editions = Vec::new();
    let first = facts.clone();
    for edition in 0..3 + seed % 2 {
        editions.push(publish(&facts, &mut book, frozen));
        if edition == 1 && seed.is_multiple_of(3) {
            editions.push(publish(&first, &mut book, frozen));
        }
        facts = corrected(&facts, &mut rng, edition == 0);
    }
    let mut found = Vec::new();
    let mut asked = 0;
    // Everyone's answers to the item by all three populations together; presence; and a bailleur's.
    let apart = [&QUESTIONS[..1], &QUESTIONS[1..2], &QUESTIONS[2..4], &QUESTIONS[4..6], &QUESTIONS[6..]];
    // Who knows the tenants of the viewer reads all that it sees besides.
    let together = [&QUESTIONS[..1], &QUESTIONS[1..2], &QUESTIONS[2..4], &QUESTIONS[4..]];
    for question in if known.contains(&1) { &together[..] } else { &apart[..] } {
        let mut figures: BTreeSet<Vec<Version>> = BTreeSet::new();
        for p in &editions {
            for zone in zones(&mut rng, &p.publisher) {
                for &q in *question {
                    figures.insert(counted(p, &zone, q, known).into_iter().collect());
                    if q.0 != Population::Tous {
                        // Movers and all, of one item, are put together.
                        let all = (Population::Tous, q.1, q.2);
                        figures.insert(counted(p, &zone, all, known).into_iter().collect());
                    }
                }
            }
        }
        asked += figures.len();
        found.extend(small_sets(&figures));
    }
    if !known.is_empty() {
        let helpless: BTreeSet<u64> = editions.iter().flat_map(helpless).collect();
        found.retain(|set| !set.iter().all(|h| helpless.contains(h)));
    }
    let changes = book.unwrap().editions.iter().map(|e| e.changes + e.entres).skip(1).sum();
    (found, asked, changes)
}

#[test]
fn three_editions_with_corrections_between_tell_of_no_1_to_10_households() {
    let (mut asked, mut changed) = (0, 0);
    for seed in 0..12 {
        let (found, figures, changes) = attack(seed, true, &[]);
        assert!(found.is_empty(), "seed {seed}: sets of {found:?} households");
        asked += figures;
        changed += changes;
    }
    println!(
        "{asked} exact figures of three or four editions put together: no set of 1 to 10 households; {changed} \
         households counted otherwise"
    );
    assert!(asked > 1_000 && changed > 50, "{asked} figures, {changed} changes");
}

#[test]
fn nor_to_an_epci_with_one_or_two_bailleurs_but_where_the_commune_has_no_more_of_others() {
    let (mut asked, mut changed) = (0, 0);
    for (seed, known) in (20..32).zip([&[1][..], &[0, 1], &[2], &[1, 2]].into_iter().cycle()) {
        let (found, figures, changes) = attack(seed, true, known);
        assert!(found.is_empty(), "seed {seed}, {known:?}: sets {found:?}");
        asked += figures;
        changed += changes;
    }
    println!(
        "{asked} exact figures of three or four editions, tenants of bailleurs taken out; {changed} changes"
    );
    assert!(asked > 1_000 && changed > 50, "{asked} figures, {changed} changes");
}

#[test]
fn atoms_cut_anew_at_each_build_do_tell_so_the_attack_is_able_to() {
    let (found, ..) = attack(1, false, &[]);
    let (with, ..) = attack(20, false, &[1]);
    println!("cut anew: {} sets of 1 to 10 households, {} to a bailleur's help", found.len(), with.len());
    assert!(found.len() > 10 && with.len() > 10);
}

#[test]
fn a_build_without_changes_says_the_same_and_the_same_book_makes_the_same_bytes() {
    let (catalogue, secrecy) = (Catalogue::embedded().unwrap(), Secrecy::embedded().unwrap());
    let facts = town(3, 400);
    let mut book = None;
    let first = publish(&facts, &mut book, true);
    let former = book.clone().unwrap();
    let again = publish(&facts, &mut book, true);
    assert_eq!(book.as_ref(), Some(&former), "nothing changed");
    let mut rng = fastrand::Rng::with_seed(1);
    for zone in zones(&mut rng, &first.publisher) {
        for question in QUESTIONS {
            assert_eq!(
                counted(&first, &zone, question, &[]),
                counted(&again, &zone, question, &[]),
                "{question:?}"
            );
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let bytes = |name: &str| {
        let (mut book, mut facts) =
            (former.clone(), corrected(&facts, &mut fastrand::Rng::with_seed(2), true));
        let path = dir.path().join(name);
        let placed = place::place(&mut book, &mut facts, catalogue, secrecy, "2026-02-01");
        let cube = build_again(&facts, catalogue, secrecy, &KEY, &path, &placed).unwrap();
        let written = book.write(&path).unwrap();
        assert_eq!(Book::read(&path).unwrap(), book);
        (cube, written)
    };
    assert_eq!(bytes("a"), bytes("b"));
}

/// Households and dwellings of a zone, as they are counted.
fn totals(p: &Published, layer: &str, zone: u32) -> (u64, usize) {
    let cube = p.publisher.cube();
    let zone = cube.layer(layer).unwrap().addresses(zone);
    let question = (Population::Tous, true, None);
    let dwellings = cube.sum(
        &zone,
        &[Catalogue::embedded().unwrap().measure_index(&super::answer::dwellings()).unwrap()],
        crate::cube::Rows::All,
    );
    (dwellings[0], counted(p, &zone, question, &[]).len())
}

#[test]
fn a_moved_address_takes_its_dwellings_along_at_once_and_its_households_with_their_atom() {
    let mut facts = town(6, 600);
    let mut book = None;
    let before = publish(&facts, &mut book, true);
    let commune = facts.layers.iter().position(|l| l.id == "commune").unwrap();
    let (here, there) = (facts.layers[commune].of_address[40], facts.layers[commune].of_address[599]);
    assert_ne!(here, there);
    let moved = (0..600)
        .filter(|a| facts.layers[commune].of_address[*a] == here && facts.addresses[*a].is_located())
        .find(|a| (2..9).contains(&facts.address_of.iter().filter(|d| **d as usize == *a).count()))
        .unwrap();
    facts.addresses[moved] = facts.addresses[599];
    for layer in facts.layers.iter_mut().filter(|l| l.id != "adresse" && l.id != "residence") {
        layer.of_address[moved] = layer.of_address[599];
    }
    let n = facts.address_of.iter().filter(|d| **d as usize == moved).count() as u64;
    let after = publish(&facts, &mut book, true);
    let of = |p: &Published, zone| totals(p, "commune", zone);
    assert_eq!(of(&after, here).0, of(&before, here).0 - n);
    assert_eq!(of(&after, there).0, of(&before, there).0 + n);
    let lost = of(&before, here).1 - of(&after, here).1;
    assert!(lost == 0 || lost >= 11, "its whole part is left out, never less: {lost}");
    assert_eq!(of(&after, there).1, of(&before, there).1, "nobody joins the households there");
}

#[test]
fn a_wrong_file_that_is_put_back_leaves_no_trace_in_figures_of_movers() {
    let facts = town(9, 600);
    let mut book = None;
    let before = publish(&facts, &mut book, true);
    let closed = |book: &Option<Book>| book.as_ref().unwrap().closed.iter().filter(|c| **c != 0).count();
    let movers = |p: &Published| {
        let layer = p.publisher.cube().layer("commune").unwrap();
        let zones = (0..layer.codes.iter().count() as u32).map(|z| layer.addresses(z));
        zones.map(|zone| counted(p, &zone, QUESTIONS[4], &[])).collect::<Vec<_>>()
    };
    let mut wrong = facts.clone();
    for row in 0..facts.address_of.len() {
        if facts.attributes["repondant"][row] != 0 && row % 3 != 0 {
            let moved = &mut wrong.attributes.get_mut("emmenagement").unwrap()[row];
            *moved = 3 - *moved;
        }
    }
    publish(&wrong, &mut book, true);
    assert!(closed(&book) > 0, "a wrong file that closes nothing would prove nothing");
    let after = publish(&facts, &mut book, true);
    assert_eq!(closed(&book), 0);
    assert_eq!(movers(&after), movers(&before));
    assert!(movers(&before).iter().any(|m| !m.is_empty()));
    // What is put back once more closes and opens again.
    publish(&wrong, &mut book, true);
    assert!(closed(&book) > 0);
    publish(&facts, &mut book, true);
    assert_eq!(closed(&book), 0);
}

#[test]
fn few_corrections_wait_a_whole_file_does_not_and_newcomers_come_by_their_commune() {
    let mut facts = town(7, 500);
    let mut book = None;
    publish(&facts, &mut book, true);
    let answers: Vec<usize> =
        (0..facts.address_of.len()).filter(|r| facts.attributes["repondant"][*r] != 0).collect();
    let value = |v: u8| if v == 1 { 2 } else { 1 };
    // Three answers of one building.
    let place = facts.address_of[answers[20]];
    let few: Vec<usize> = answers.iter().copied().filter(|r| facts.address_of[*r] == place).take(3).collect();
    let mut little = facts.clone();
    few.iter().for_each(|r| {
        let column = little.attributes.get_mut(ITEM).unwrap();
        column[*r] = value(column[*r]);
    });
    let counted = |book: &Option<Book>| {
        let book = book.as_ref().unwrap();
        let at = book.attribute(ITEM).unwrap();
        let of: BTreeMap<u64, u8> =
            book.keys.iter().copied().zip(book.now.attributes[at].iter().copied()).collect();
        of
    };
    let said = counted(&book);
    publish(&little, &mut book, true);
    assert_eq!(counted(&book), said, "three corrections wait");
    // Everybody's.
    answers.iter().for_each(|r| {
        let column = facts.attributes.get_mut(ITEM).unwrap();
        column[*r] = value(column[*r]);
    });
    publish(&facts, &mut book, true);
    let now = counted(&book);
    let followed =
        answers.iter().filter(|r| now.get(&facts.identity[**r]) == Some(&facts.attributes[ITEM][**r]));
    let share = followed.count() as f64 / answers.len() as f64;
    println!("{:.0} % of the answers of a file that was deposited again are counted", 100.0 * share);
    // Most atoms of this town mix bailleurs, so that one of them would learn of too few others.
    assert!(share > 0.4);
    // Those who did not answer do now.
    let before = book.as_ref().unwrap().keys.len();
    let silent: Vec<usize> =
        (0..facts.address_of.len()).filter(|r| facts.attributes["repondant"][*r] == 0).collect();
    for (id, v) in [("repondant", 1), ("emmenagement", 2), (ITEM, 3)] {
        silent.iter().for_each(|r| facts.attributes.get_mut(id).unwrap()[*r] = v);
    }
    publish(&facts, &mut book, true);
    let book = book.unwrap();
    assert!(book.keys.len() > before + silent.len() / 2, "{} of {}", book.keys.len() - before, silent.len());
    assert_eq!(book.editions.len(), 3);
}
