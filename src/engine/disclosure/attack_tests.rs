//! Attacks on the way out: what can be worked out from thousands of answers put together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::answer::{Answer, Asker, View};
use super::publisher::{Cut, Population, Publisher};
use crate::cube::bits::Bits;
use crate::cube::build::build;
use crate::cube::runs::Runs;
use crate::cube::{Cube, Filter};
use crate::reference::indicators::{Catalogue, Indicator};
use crate::reference::perturbation::Perturbation;
use crate::reference::secrecy::Secrecy;
use crate::stock::facts::{Address, BuildReport, Facts, LayerFacts};

const KEY: [u8; 32] = [7; 32];
const K: u64 = 11;

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
            facts.identity.push(facts.identity.len() as u64);
            facts.bailleur_of.push((zones[6] % 3) as u16);
            let answers = rng.u8(0..10) < 8;
            for a in &catalogue.attributes {
                let own = match a.id.as_str() {
                    "financement" if rng.u8(0..12) > 0 => finan,
                    "typologie" if rng.u8(0..3) > 0 => rooms,
                    "periode" => period,
                    "repertoire" | "point_depose" | "interroge" => 1,
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
    build(facts, catalogue, secrecy, &KEY, &path).unwrap();
    let cube = Arc::new(Cube::open(&path, catalogue).unwrap());
    (dir, Publisher::new(cube, catalogue, secrecy))
}

fn indicator(id: &str) -> &'static Indicator {
    Catalogue::embedded().unwrap().indicator(id).unwrap()
}

/// What is answered of one indicator.
fn ask(p: &Publisher, zone: &Runs, population: Population, view: View, filter: &Filter, id: &str) -> Answer {
    let mask = (!filter.is_empty()).then(|| p.cube().mask(filter));
    let (catalogue, secrecy) = (Catalogue::embedded().unwrap(), Secrecy::embedded().unwrap());
    let tables = Perturbation::embedded().unwrap();
    let question = (filter, mask.as_deref());
    Asker::new(p, catalogue, secrecy, tables, population, view, question, &[indicator(id)])
        .answer(zone, false)
}

/// The households that an exact answer describes, as bits over dwellings.
fn described(p: &Publisher, zone: &Runs, population: Population, viewer: Option<u16>) -> Vec<u64> {
    let cut = Cut { item: 0, moves: population != Population::Tous, viewer };
    let (cube, starts) = (p.cube(), p.cube().starts());
    let mut out = vec![0u64; cube.respondents().0.len()];
    for (s, e) in p.described(zone, cut).iter() {
        cube.respondents().each(starts[s as usize] as usize..starts[e as usize] as usize, |i| {
            let recent = cube.recents().get(i);
            let kept = match population {
                Population::Tous => true,
                Population::Recents => recent,
                Population::Anciens => !recent,
            };
            out[i / 64] |= u64::from(kept) << (i % 64);
        });
    }
    out
}

fn size(set: &[u64]) -> u64 {
    set.iter().map(|w| u64::from(w.count_ones())).sum()
}

/// Zones that an attacker would try: a random set of runs, then the same with an address more or less at the
/// edges; and the zones of every layer.
fn zones(rng: &mut fastrand::Rng, p: &Publisher, tries: usize) -> Vec<Runs> {
    let addresses = u32::try_from(p.cube().meta().adresses).unwrap();
    let mut out = Vec::new();
    for _ in 0..tries {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for _ in 0..rng.u32(1..5) {
            let s = rng.u32(0..addresses);
            runs.push((s, (s + rng.u32(1..addresses / 3)).min(addresses)));
        }
        out.push(Runs::new(runs.clone()));
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
    }
    for id in ["departement", "epci", "commune", "iris", "qpv2024"] {
        let layer = p.cube().layer(id).unwrap();
        out.extend((0..layer.codes.iter().count() as u32).map(|z| layer.addresses(z)));
    }
    out
}

fn filter(rng: &mut fastrand::Rng, most: u8) -> Filter {
    let catalogue = Catalogue::embedded().unwrap();
    let mut filter = Filter::default();
    let offered: Vec<_> = catalogue.attributes.iter().filter(|a| a.filtre && !a.occupation).collect();
    for _ in 0..rng.u8(1..=most) {
        let a = offered[rng.usize(0..offered.len())];
        let mut classes: Vec<u8> = (1..=a.classes.len() as u8).filter(|_| rng.bool()).collect();
        if classes.is_empty() {
            classes.push(1);
        }
        filter.classes.insert(a.id.clone(), classes);
    }
    if rng.u8(0..4) == 0 {
        filter.bailleurs = vec![rng.u16(0..3)];
    }
    filter
}

/// The sets of fewer than `k` members whose number follows from answers by additions and subtractions, among
/// the sets that answers cannot tell apart and the pairs of them.
fn worked_out(answers: &BTreeSet<Vec<u64>>, members: &[u64]) -> Vec<Vec<usize>> {
    const P: u64 = (1 << 61) - 1;
    let mul = |a: u64, b: u64| (u128::from(a) * u128::from(b) % u128::from(P)) as u64;
    let inverse = |a: u64| {
        let (mut base, mut power, mut out) = (a, P - 2, 1);
        while power > 0 {
            if power & 1 == 1 {
                out = mul(out, base);
            }
            (base, power) = (mul(base, base), power >> 1);
        }
        out
    };
    let answers: Vec<&Vec<u64>> = answers.iter().collect();
    // Members that the same answers hold are one unknown.
    let mut same: BTreeMap<Vec<bool>, Vec<usize>> = BTreeMap::new();
    for i in 0..members.len() * 64 {
        if Bits(members).get(i) {
            same.entry(answers.iter().map(|a| Bits(a).get(i)).collect()).or_default().push(i);
        }
    }
    let sets: Vec<Vec<usize>> = same.values().cloned().collect();
    let columns: Vec<&Vec<bool>> = same.keys().collect();
    let mut rows: Vec<Vec<u64>> =
        (0..answers.len()).map(|a| columns.iter().map(|c| u64::from(c[a])).collect()).collect();
    let mut pivots = Vec::new();
    for column in 0..columns.len() {
        let done = pivots.len();
        let Some(found) = (done..rows.len()).find(|r| rows[*r][column] != 0) else { continue };
        rows.swap(done, found);
        let scale = inverse(rows[done][column]);
        rows[done].iter_mut().for_each(|v| *v = mul(*v, scale));
        let pivot = rows[done].clone();
        for (r, row) in rows.iter_mut().enumerate() {
            if r != done && row[column] != 0 {
                let factor = row[column];
                row.iter_mut().zip(&pivot).for_each(|(v, p)| *v = (*v + P - mul(factor, *p)) % P);
            }
        }
        pivots.push(column);
    }
    let place: FxHashMap<usize, usize> = pivots.iter().enumerate().map(|(r, c)| (*c, r)).collect();
    // A sum of unknowns follows from the answers if it is the sum of the rows of its pivots.
    let follows = |set: &[usize]| {
        let rows: Vec<&Vec<u64>> = set.iter().filter_map(|c| place.get(c)).map(|r| &rows[*r]).collect();
        (0..columns.len())
            .all(|c| rows.iter().fold(0, |sum, r| (sum + r[c]) % P) == u64::from(set.contains(&c)))
    };
    let few = |n: usize| (n as u64) < K;
    let small: Vec<usize> = (0..sets.len()).filter(|c| few(sets[*c].len())).collect();
    let mut out: Vec<Vec<usize>> =
        small.iter().filter(|c| follows(&[**c])).map(|c| sets[*c].clone()).collect();
    for (i, a) in small.iter().enumerate() {
        let few = |b: &&usize| few(sets[*a].len() + sets[**b].len()) && follows(&[*a, **b]);
        out.extend(small[i + 1..].iter().filter(few).map(|b| [&sets[*a][..], &sets[*b][..]].concat()));
    }
    out
}

#[test]
fn no_number_of_exact_answers_put_together_tells_of_1_to_10_households() {
    let mut combined = 0;
    for seed in 0..25 {
        let (_dir, p) = publisher(&town(seed, 500));
        let mut rng = fastrand::Rng::with_seed(1_000 + seed);
        let mut answers: BTreeSet<Vec<u64>> = BTreeSet::new();
        for zone in zones(&mut rng, &p, 12) {
            for population in [Population::Tous, Population::Recents, Population::Anciens] {
                answers.insert(described(&p, &zone, population, None));
            }
        }
        combined += answers.len();
        let found = worked_out(&answers, p.cube().respondents().0);
        assert!(found.is_empty(), "seed {seed}: groups of {found:?} households");
    }
    println!("{combined} different exact answers combined: no group of 1 to 10 households follows from them");
    assert!(combined > 1_500);
}

#[test]
fn a_bailleur_that_takes_its_own_tenants_out_learns_of_no_1_to_10_households_of_others() {
    let mut combined = 0;
    for seed in 30..45 {
        let (_dir, p) = publisher(&town(seed, 500));
        let mut rng = fastrand::Rng::with_seed(seed);
        let owners = p.cube().bailleur_of();
        let others: Vec<u64> = crate::cube::bits::from_fn(owners.len(), |i| owners[i] != 1);
        let others = Bits(&others).and(p.cube().respondents());
        let mut answers = BTreeSet::new();
        for zone in zones(&mut rng, &p, 12) {
            for population in [Population::Tous, Population::Recents, Population::Anciens] {
                answers.insert(Bits(&described(&p, &zone, population, Some(1))).and(Bits(&others)));
            }
        }
        combined += answers.len();
        let found = worked_out(&answers, &others);
        assert!(found.is_empty(), "seed {seed}: groups of {found:?} households of others");
        // Counts as they are would tell: the attack is able to.
        let raw: BTreeSet<Vec<u64>> =
            zones(&mut rng, &p, 12).iter().map(|z| Bits(&raw(&p, z)).and(Bits(&others))).collect();
        assert!(!worked_out(&raw, &others).is_empty(), "seed {seed}: nothing to find");
    }
    println!("{combined} different exact answers combined by a bailleur");
}

#[test]
fn an_epci_with_one_or_two_bailleurs_learns_of_no_1_to_10_tenants_of_others_but_where_a_commune_has_no_more()
{
    let (mut combined, mut exposed, mut all, mut learned) = (0, 0, 0, 0);
    for seed in 100..112 {
        let (_dir, p) = publisher(&town(seed, 600));
        let mut rng = fastrand::Rng::with_seed(seed);
        let owners = p.cube().bailleur_of();
        // Where the commune allows nothing better, they may learn of so few: it is counted.
        let inevitable = [false, true].map(|moves| p.exposed(Cut { item: 0, moves, viewer: None }));
        let inevitable: Vec<u64> = inevitable[0].iter().zip(&inevitable[1]).map(|(a, b)| a | b).collect();
        exposed += Bits(&inevitable).and(p.cube().respondents()).iter().map(|w| w.count_ones()).sum::<u32>();
        all += p.cube().respondents().0.iter().map(|w| w.count_ones()).sum::<u32>();
        let zones = zones(&mut rng, &p, 12);
        for coalition in [vec![0], vec![1], vec![2], vec![0, 1], vec![1, 2]] {
            let unknown = crate::cube::bits::from_fn(owners.len(), |i| !coalition.contains(&owners[i]));
            let unknown = Bits(&unknown).and(p.cube().respondents());
            let mut answers = BTreeSet::new();
            for zone in &zones {
                for population in [Population::Tous, Population::Recents, Population::Anciens] {
                    let own = coalition.iter().map(|b| described(&p, zone, population, Some(*b)));
                    for answer in std::iter::once(described(&p, zone, population, None)).chain(own) {
                        answers.insert(Bits(&answer).and(Bits(&unknown)));
                    }
                }
            }
            combined += answers.len();
            let found = worked_out(&answers, &unknown);
            let (known, more): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|g| g.iter().all(|i| Bits(&inevitable).get(*i)));
            learned += known.len();
            assert!(more.is_empty(), "seed {seed}, {coalition:?}: groups {more:?} of others");
        }
    }
    println!(
        "{combined} different exact answers combined by an EPCI and bailleurs: {learned} groups of others, all where the commune has no \
         more of them ({exposed} of {all} households)"
    );
    assert!(combined > 2_000);
}

/// The respondents of a zone, as a count without protection has them.
fn raw(p: &Publisher, zone: &Runs) -> Vec<u64> {
    let (starts, rows) = (p.cube().starts(), p.cube().respondents());
    let mut out = vec![0u64; rows.0.len()];
    for (s, e) in zone.iter() {
        rows.each(starts[s as usize] as usize..starts[e as usize] as usize, |i| out[i / 64] |= 1 << (i % 64));
    }
    out
}

#[test]
fn the_same_attack_on_raw_counts_finds_groups_so_it_is_able_to() {
    let (_dir, p) = publisher(&town(1, 500));
    let answers = zones(&mut fastrand::Rng::with_seed(3), &p, 12).iter().map(|z| raw(&p, z)).collect();
    assert!(worked_out(&answers, p.cube().respondents().0).len() > 10);
}

#[test]
fn a_commune_that_may_have_a_figure_has_an_exact_one_for_each_population_and_item() {
    let (mut exact, mut answered) = (0, 0);
    for seed in 50..60 {
        let (_dir, p) = publisher(&town(seed, 900));
        let (cube, catalogue) = (p.cube(), Catalogue::embedded().unwrap());
        let layer = cube.layer("commune").unwrap();
        for zone in (0..layer.codes.iter().count() as u32).map(|z| layer.addresses(z)) {
            let count = |rows: Bits<'_>| -> u64 {
                let starts = cube.starts();
                zone.iter()
                    .map(|(s, e)| rows.count(starts[s as usize] as usize..starts[e as usize] as usize))
                    .sum()
            };
            let all = count(cube.respondents());
            let shown = size(&described(&p, &zone, Population::Tous, None));
            assert_eq!(shown, if all < K { 0 } else { all });
            for id in ["I02", "I08", "I05", "X01"] {
                let i = indicator(id);
                let of = |m| cube.measure(catalogue.measure_index(m).unwrap());
                let (n, d) = (count(of(&i.numerateur)), count(of(i.denominateur.as_ref().unwrap())));
                let figure =
                    &ask(&p, &zone, Population::Tous, View::Everyone, &Filter::default(), id).chiffres[0];
                if d >= K {
                    answered += 1;
                    let told = figure.denominateur == Some(d)
                        && figure.numerateur.is_none_or(|told| told == n as f64);
                    assert!(told || figure.secret && (n == 0 || n == d), "{id}: {figure:?} for {n}/{d}");
                    exact += u64::from(figure.numerateur == Some(n as f64));
                }
            }
        }
    }
    println!("{exact} of {answered} communal figures told with their counts, all exact");
    assert!(exact > 100);
}

#[test]
fn the_same_households_have_the_same_figure_however_asked_and_after_a_rebuild() {
    let facts = town(8, 800);
    let (_dir, p) = publisher(&facts);
    // A residence is renamed, as at any rebuild.
    let mut later = facts.clone();
    later.layers.iter_mut().find(|l| l.id == "residence").unwrap().codes[3] = "autre".into();
    let (_other, q) = publisher(&later);
    let mut rng = fastrand::Rng::with_seed(9);
    let layer = p.cube().layer("commune").unwrap();
    for _ in 0..200 {
        let f = filter(&mut rng, 3);
        let zone = layer.addresses(rng.u32(0..layer.codes.iter().count() as u32));
        let first = ask(&p, &zone, Population::Tous, View::Everyone, &f, "I02");
        assert_eq!(first, ask(&q, &zone, Population::Tous, View::Everyone, &f, "I02"));
        // Drawn a little larger, over addresses without a household of the atoms there.
        let pieces = p.pieces(&zone);
        assert_eq!(first.chiffres[0].valeur, {
            let again = p.addresses(&pieces);
            ask(&p, &again, Population::Tous, View::Everyone, &f, "I02").chiffres[0].valeur
        });
    }
}

/// Solves `(A'WA + ridge) x = A'Wy` for sparse rows; gives x and the standard error of each unknown.
fn least_squares(n: usize, rows: &[(Vec<usize>, f64, f64)], ridge: f64, prior: f64) -> (Vec<f64>, Vec<f64>) {
    let mut m = vec![vec![0.0; n]; n];
    let mut b = vec![ridge * prior; n];
    for (i, row) in m.iter_mut().enumerate() {
        row[i] = ridge;
    }
    for (at, y, variance) in rows {
        for &i in at {
            b[i] += y / variance;
            for &j in at {
                m[i][j] += 1.0 / variance;
            }
        }
    }
    // Gauss-Jordan, keeping the inverse for the standard errors.
    let mut inverse = vec![vec![0.0; n]; n];
    (0..n).for_each(|i| inverse[i][i] = 1.0);
    for c in 0..n {
        let p = (c..n).max_by(|a, b| m[*a][c].abs().total_cmp(&m[*b][c].abs())).unwrap();
        m.swap(c, p);
        inverse.swap(c, p);
        let d = m[c][c];
        m[c].iter_mut().chain(inverse[c].iter_mut()).for_each(|v| *v /= d);
        let (row, inv) = (m[c].clone(), inverse[c].clone());
        for r in (0..n).filter(|r| *r != c) {
            let f = m[r][c];
            if f != 0.0 {
                m[r].iter_mut().zip(&row).for_each(|(v, x)| *v -= f * x);
                inverse[r].iter_mut().zip(&inv).for_each(|(v, x)| *v -= f * x);
            }
        }
    }
    let x = (0..n).map(|i| inverse[i].iter().zip(&b).map(|(a, b)| a * b).sum()).collect();
    (x, (0..n).map(|i| inverse[i][i].max(0.0).sqrt()).collect())
}

#[test]
fn a_hundred_thousand_filtered_questions_do_not_tell_of_one_household() {
    let (mut right, mut all, mut base, mut least, mut sure, mut sure_right) =
        (0u64, 0u64, 0u64, f64::MAX, 0u64, 0u64);
    for seed in 70..73 {
        let (_dir, p) = publisher(&town(seed, 90));
        let (cube, catalogue) = (p.cube(), Catalogue::embedded().unwrap());
        let i = indicator("I05");
        let of = |m| cube.measure(catalogue.measure_index(m).unwrap());
        let (poor, known) = (of(&i.numerateur), of(i.denominateur.as_ref().unwrap()));
        let mut unknown: Vec<usize> = Vec::new();
        known.each(0..cube.meta().logements, |row| unknown.push(row));
        let number: FxHashMap<usize, usize> = unknown.iter().enumerate().map(|(i, r)| (*r, i)).collect();
        let truth: Vec<bool> = unknown.iter().map(|r| poor.get(*r)).collect();
        let share = truth.iter().filter(|t| **t).count() as f64 / truth.len() as f64;
        let mut rng = fastrand::Rng::with_seed(seed);
        let (starts, mut rows, mut asked) = (cube.starts(), Vec::new(), 0);
        let zones = zones(&mut rng, &p, 10);
        let mut seen = BTreeSet::new();
        while asked < 34_000 {
            let zone = &zones[rng.usize(0..zones.len())];
            let f = if rng.u8(0..50) == 0 { Filter::default() } else { filter(&mut rng, 4) };
            asked += 1;
            let answer = ask(&p, zone, Population::Tous, View::Everyone, &f, "I05");
            let Some(n) = answer.chiffres[0].numerateur.map(|n| n as u64) else { continue };
            // The attacker knows who was counted: everything but the answers themselves.
            let mask = cube.mask(&f);
            let mut at = Vec::new();
            let counted = if f.is_empty() {
                p.described(zone, Cut { item: p.item(catalogue, i), moves: false, viewer: None })
            } else {
                p.addresses(&p.pieces(zone))
            };
            for (s, e) in counted.iter() {
                known.each(starts[s as usize] as usize..starts[e as usize] as usize, |row| {
                    if Bits(&mask).get(row) {
                        at.push(number[&row]);
                    }
                });
            }
            let d = answer.chiffres[0].denominateur.unwrap() as f64;
            let spread = answer.chiffres[0].incertitude.map_or(1e-3, |u| u / 100.0 * d / 1.96);
            if seen.insert((at.clone(), n)) {
                rows.push((at, n as f64, spread.powi(2).max(1e-6)));
            }
        }
        // A household is helped or not: a prior of that spread, as anyone would have.
        let (x, error) = least_squares(unknown.len(), &rows, 1.0 / (share * (1.0 - share)), share);
        for ((x, error), truth) in x.iter().zip(&error).zip(&truth) {
            all += 1;
            right += u64::from((*x > 0.5) == *truth);
            base += u64::from((share > 0.5) == *truth);
            least = least.min(*error);
            if !(0.1..=0.9).contains(x) {
                sure += 1;
                sure_right += u64::from((*x > 0.5) == *truth);
            }
        }
        println!(
            "seed {seed}: {} households, {} distinct answers kept of {asked} questions",
            unknown.len(),
            rows.len()
        );
    }
    let percent = |n: u64| 100.0 * n as f64 / all as f64;
    println!(
        "households guessed right: {:.1} % (by the share alone: {:.1} %); least standard error {least:.2}; seeming sure: {sure}, right {sure_right}",
        percent(right),
        percent(base)
    );
    assert!(percent(right) < 80.0, "three chances of four is the bound that is stated");
}

#[test]
fn filtered_rates_are_useful() {
    let mut errors: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut inside = (0u64, 0u64);
    for seed in 80..84 {
        let (_dir, p) = publisher(&town(seed, 2_500));
        let (cube, catalogue) = (p.cube(), Catalogue::embedded().unwrap());
        let i = indicator("I02");
        let of = |m| cube.measure(catalogue.measure_index(m).unwrap());
        let (poor, known) = (of(&i.numerateur), of(i.denominateur.as_ref().unwrap()));
        let mut rng = fastrand::Rng::with_seed(seed);
        for scale in ["iris", "commune", "epci"] {
            let layer = cube.layer(scale).unwrap();
            for zone in (0..layer.codes.iter().count() as u32).map(|z| layer.addresses(z)) {
                let f = filter(&mut rng, 1);
                let mask = cube.mask(&f);
                let counted = p.addresses(&p.pieces(&zone));
                let count = |rows: Bits<'_>| -> u64 {
                    let starts = cube.starts();
                    let range = |s: u32, e: u32| starts[s as usize] as usize..starts[e as usize] as usize;
                    counted.iter().map(|(s, e)| rows.count_and(Bits(&mask), range(s, e))).sum()
                };
                let figure = &ask(&p, &zone, Population::Tous, View::Everyone, &f, "I02").chiffres[0];
                if let (Some(v), Some(u)) = (figure.valeur, figure.incertitude) {
                    let error = (v - 100.0 * count(poor) as f64 / count(known) as f64).abs();
                    errors.entry(scale).or_default().push(error);
                    inside = (inside.0 + u64::from(error <= u + 0.5), inside.1 + 1);
                }
            }
        }
    }
    for (scale, list) in &mut errors {
        list.sort_by(f64::total_cmp);
        let mean = list.iter().sum::<f64>() / list.len() as f64;
        println!(
            "{scale}: {} filtered rates, mean error {mean:.2} points, 95 %: {:.2}",
            list.len(),
            list[list.len() * 95 / 100]
        );
    }
    println!("{} of {} rates within what is said (± at 95 %)", inside.0, inside.1);
    assert!(inside.0 as f64 >= 0.93 * inside.1 as f64);
}

#[test]
fn a_part_is_never_said_to_be_more_than_its_whole() {
    let (_dir, p) = publisher(&town(5, 900));
    let cube = p.cube();
    let layer = cube.layer("iris").unwrap();
    let mut seen = 0;
    for class in 1..5u8 {
        let mut f = Filter::default();
        f.classes.insert("typologie".into(), vec![class]);
        for zone in 0..layer.codes.iter().count() as u32 {
            for i in Catalogue::embedded().unwrap().indicators.iter().filter(|i| i.unite == "%") {
                let told = ask(&p, &layer.addresses(zone), Population::Tous, View::Everyone, &f, &i.id);
                let figure = &told.chiffres[0];
                let Some(d) = figure.denominateur.filter(|_| figure.incertitude.is_some()) else { continue };
                assert!(figure.numerateur.is_none_or(|n| n <= d as f64), "{}: {figure:?}", i.id);
                if i.denominateur.as_ref().is_some_and(|m| m.somme == "menages") {
                    assert!(told.couverture.repondants.is_some_and(|n| d <= n), "{}: {told:?}", i.id);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 100, "{seen}");
}

/// Where `tests/oracle/test_perturbation.py` finds households with their record keys, and what is said of
/// them.
const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/secret");

#[test]
fn figures_are_those_of_the_vectors_that_a_second_program_makes_again() {
    let (_dir, p) = publisher(&town(5, 900));
    let (cube, catalogue) = (p.cube(), Catalogue::embedded().unwrap());
    let i = indicator("I02");
    let measures =
        [&i.numerateur, i.denominateur.as_ref().unwrap()].map(|m| catalogue.measure_index(m).unwrap());
    let cut = Cut { item: p.item(catalogue, i), moves: false, viewer: None };
    let (starts, owners) = (cube.starts(), cube.bailleur_of());
    let of = |id: &str, a: usize| cube.layer(id).unwrap().of[a];
    let part = p.parts_of(cut);
    let atom = p.parts_of(Cut::default());
    let mut households = String::from(
        "commune;epci;departement;ilot;atome;part;typologie;financement;bailleur;connu;pauvre;cle\n",
    );
    // The hierarchy takes a piece of an atom for the block in which it begins, however far it reaches.
    let everywhere = Runs::new(vec![(0, u32::try_from(cube.meta().adresses).unwrap())]);
    let mut begins: Vec<usize> = (0..cube.meta().adresses).collect();
    for (s, e) in p.pieces(&everywhere).iter().flat_map(|(s, e)| s..e).map(|piece| p.piece(piece)) {
        begins[s as usize..e as usize].fill(s as usize);
    }
    for a in 0..cube.meta().adresses {
        cube.respondents().each(starts[a] as usize..starts[a + 1] as usize, |row| {
            let zones = ["commune", "epci", "departement"].map(|id| of(id, a).to_string()).join(";");
            let (typologie, financement) =
                (cube.attribute("typologie")[row], cube.attribute("financement")[row]);
            let told = [measures[1], measures[0]].map(|m| u8::from(cube.measure(m).get(row)));
            households.push_str(&format!(
                "{zones};{};{};{};{typologie};{financement};{};{};{};{}\n",
                cube.blocks()[begins[a]],
                atom[a],
                part[a],
                owners[row],
                told[0],
                told[1],
                cube.keys()[row]
            ));
        });
    }
    let mut figures =
        String::from("commune;typologie;financement;bailleur;numerateur;denominateur;variance\n");
    let layer = cube.layer("commune").unwrap();
    for commune in 0..layer.codes.iter().count() as u32 {
        for (typologie, financement, bailleur) in [
            (vec![1], vec![], vec![]),
            (vec![2, 3], vec![], vec![]),
            (vec![1, 2, 5], vec![1, 2], vec![]),
            (vec![], vec![3], vec![1]),
            (vec![4], vec![], vec![0, 2]),
        ] {
            let mut f = Filter { bailleurs: bailleur.clone(), ..Filter::default() };
            for (id, classes) in [("typologie", &typologie), ("financement", &financement)] {
                if !classes.is_empty() {
                    f.classes.insert(id.into(), classes.clone());
                }
            }
            let (mask, crossing) = (cube.mask(&f), super::cells::Crossing::new(cube, &f));
            let asked = super::cells::Asked {
                rows: Bits(&mask),
                crossing: &crossing,
                exact: Some(cut),
                measures: &measures,
            };
            let tables = Perturbation::embedded().unwrap();
            let told = super::cells::estimate(&p, catalogue, tables, &layer.addresses(commune), asked);
            let list = |v: &[u8]| v.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
            let owners: Vec<u8> = bailleur.iter().map(|b| *b as u8).collect();
            figures.push_str(&format!(
                "{commune};{};{};{};{};{};{}\n",
                list(&typologie),
                list(&financement),
                list(&owners),
                told[0].said,
                told[1].said,
                told[1].variance
            ));
        }
    }
    for (name, made) in [("menages.csv", households), ("chiffres.csv", figures)] {
        let path = std::path::Path::new(VECTORS).join(name);
        if std::env::var_os("MOSAIQUE_BLESS").is_some() {
            std::fs::create_dir_all(VECTORS).unwrap();
            std::fs::write(&path, &made).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), made, "{name}");
    }
}
