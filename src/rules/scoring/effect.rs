//! What another grid changes: how far two orders agree, who moves up and down, criteria that decide nothing,
//! and how many of those who were housed would have been at the top.

use super::demands::{Demands, months};
use super::facts::{Facts, Territory, quartile};
use super::grid::{Cumul, Grille};
use super::note::{Basis, notes};
use crate::policy::household::Quartile;
use crate::reference::mix::Mix;
use crate::reference::scoring::Criteria;

/// Kendall's τ-b of two notes of the same demands, ties counted (Knight's algorithm, n·log n). None if one
/// gives all the same note.
#[must_use]
pub fn kendall(a: &[i32], b: &[i32]) -> Option<f64> {
    let mut pairs: Vec<(i32, i32)> = a.iter().copied().zip(b.iter().copied()).collect();
    pairs.sort_unstable();
    let among = |n: usize| (n as u64) * (n as u64).saturating_sub(1) / 2;
    let all = among(pairs.len());
    let tied_a: u64 = pairs.chunk_by(|x, y| x.0 == y.0).map(|c| among(c.len())).sum();
    let tied_both: u64 = pairs.chunk_by(|x, y| x == y).map(|c| among(c.len())).sum();
    let mut second: Vec<i32> = pairs.iter().map(|p| p.1).collect();
    let mut room = second.clone();
    let swaps = exchanges(&mut second, &mut room);
    let tied_b: u64 = second.chunk_by(|x, y| x == y).map(|c| among(c.len())).sum();
    let below = ((all - tied_a) as f64).sqrt() * ((all - tied_b) as f64).sqrt();
    let above = all as f64 - tied_a as f64 - tied_b as f64 + tied_both as f64 - 2.0 * swaps as f64;
    (below > 0.0).then(|| (above / below).clamp(-1.0, 1.0))
}

/// Sorts by merging and counts the exchanges that a sort by neighbours would take.
fn exchanges(list: &mut [i32], room: &mut [i32]) -> u64 {
    let n = list.len();
    if n < 2 {
        return 0;
    }
    let (left, right) = list.split_at_mut(n / 2);
    let (room_left, room_right) = room.split_at_mut(n / 2);
    let mut swaps = exchanges(left, room_left) + exchanges(right, room_right);
    let (mut i, mut j) = (0, 0);
    for slot in room.iter_mut() {
        if j >= right.len() || (i < left.len() && left[i] <= right[j]) {
            *slot = left[i];
            i += 1;
        } else {
            *slot = right[j];
            swaps += (left.len() - i) as u64;
            j += 1;
        }
    }
    list.copy_from_slice(room);
    swaps
}

/// How far one demand at most moves Kendall's τ of two notes: the more demands and the fewer ties, the less.
/// None where τ is not defined.
#[must_use]
pub fn weight_in_tau(a: &[i32], b: &[i32]) -> Option<f64> {
    let among = |n: usize| n as f64 * (n as f64 - 1.0) / 2.0;
    let apart = |notes: &[i32]| {
        let mut sorted = notes.to_vec();
        sorted.sort_unstable();
        among(notes.len()) - sorted.chunk_by(|x, y| x == y).map(|c| among(c.len())).sum::<f64>()
    };
    // A demand is in n − 1 pairs: the sum of signs moves by 2 for each at most, the pairs of different notes
    // by 1 (half of that after the root).
    let least = apart(a).min(apart(b));
    (least > 0.0).then(|| 2.5 * (a.len() as f64 - 1.0) / least)
}

/// A figure rounded to the finest of these steps that `k` demands together cannot pass, each of which moves
/// it by `weight` at most; None if even the widest is too fine. Grids can be made up at will: without it, one
/// that favours a handful would count them.
#[must_use]
pub fn coarse(value: f64, weight: f64, k: u32, steps: &[f64]) -> Option<f64> {
    let step = steps.iter().find(|s| weight * f64::from(k) <= **s)?;
    // Through the inverse, whose multiples print without a tail: 0.85, not 0.8500000000000001.
    let parts = (1.0 / step).round();
    Some(if *step < 1.0 { (value * parts).round() / parts } else { (value / step).round() * step })
}

/// Place of each demand from 0 (first) to 1 (last); equal notes share the middle of their places.
#[must_use]
pub fn places(notes: &[i32]) -> Vec<f64> {
    let mut by: Vec<usize> = (0..notes.len()).collect();
    by.sort_unstable_by_key(|i| std::cmp::Reverse(notes[*i]));
    let n = notes.len() as f64;
    let mut out = vec![0.0; notes.len()];
    let mut before = 0;
    for tied in by.chunk_by(|a, b| notes[*a] == notes[*b]) {
        let middle = (before as f64 + tied.len() as f64 / 2.0) / n;
        tied.iter().for_each(|i| out[*i] = middle);
        before += tied.len();
    }
    out
}

/// Demands that share their note with another.
#[must_use]
pub fn tied(notes: &[i32]) -> u32 {
    let mut sorted = notes.to_vec();
    sorted.sort_unstable();
    let n: usize = sorted.chunk_by(|a, b| a == b).filter(|c| c.len() > 1).map(<[i32]>::len).sum();
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A way to cut demands into groups, and the group of each (`u8::MAX`: none).
#[derive(Debug, Clone)]
pub struct Cut {
    pub id: &'static str,
    pub libelle: &'static str,
    pub groups: &'static [&'static str],
    pub of: Vec<u8>,
}

/// The cuts that a simulation shows.
#[must_use]
pub fn cuts(all: &Demands, rows: &[u32], on: Territory, mix: &Mix) -> Vec<Cut> {
    let cut = |id, libelle, groups, of: &dyn Fn(usize) -> u8| Cut {
        id,
        libelle,
        groups,
        of: rows.iter().map(|r| of(*r as usize)).collect(),
    };
    let known = |n: u8| (n != u8::MAX).then_some(n);
    let household = |r: usize| {
        let (Some(persons), Some(minors)) = (known(all.personnes[r]), known(all.mineurs[r])) else {
            return u8::MAX;
        };
        match (persons.saturating_sub(minors), minors) {
            (0 | 1, 0) => 0,
            (_, 0) => 1,
            (0 | 1, _) => 2,
            _ => 3,
        }
    };
    vec![
        cut(
            "menage",
            "Ménage",
            &[
                "Une personne",
                "Plusieurs adultes",
                "Un adulte et des mineurs",
                "Plusieurs adultes et des mineurs",
            ],
            &household,
        ),
        cut("dalo", "DALO", &["Reconnus DALO", "Autres"], &|r| {
            u8::from(!mix.dalo.statut.contains(&all.dalo[r]))
        }),
        cut("priorite", "Publics de l'article L.441-1", &["Prioritaires", "Autres"], &|r| {
            u8::from(all.priorites[r] == 0)
        }),
        cut("quartile", "Ressources", &["Premier quartile", "Autres quartiles"], &|r| match quartile(
            all, r, on, mix,
        ) {
            Quartile::First => 0,
            Quartile::Other => 1,
            Quartile::Unknown => u8::MAX,
        }),
        cut(
            "anciennete",
            "Ancienneté",
            &["Moins d'un an", "D'un à trois ans", "Trois ans et plus"],
            &|r| match months(all.depot[r], all.extrait) {
                ..12 => 0,
                12..36 => 1,
                _ => 2,
            },
        ),
        cut("emploi", "Employeur", &["Public", "Privé", "Sans employeur"], &|r| {
            all.employeur[r].checked_sub(1).unwrap_or(u8::MAX)
        }),
        cut("qpv", "Logement actuel", &["En quartier prioritaire", "Ailleurs"], &|r| u8::from(!all.qpv[r])),
    ]
}

/// How a group moves.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moves {
    pub of: u32,
    pub up: u32,
    pub down: u32,
    /// Mean places, from 0 (first) to 1 (last).
    pub before: f64,
    pub after: f64,
}

/// How each group of a cut moves, from places to places; who moves less than `least` does not move.
#[must_use]
pub fn moves(cut: &Cut, before: &[f64], after: &[f64], least: f64) -> Vec<Moves> {
    let mut out = vec![Moves::default(); cut.groups.len()];
    for (i, group) in cut.of.iter().enumerate() {
        let Some(m) = out.get_mut(usize::from(*group)) else { continue };
        m.of += 1;
        m.up += u32::from(before[i] - after[i] >= least);
        m.down += u32::from(after[i] - before[i] >= least);
        m.before += before[i];
        m.after += after[i];
    }
    for m in &mut out {
        let n = f64::from(m.of.max(1));
        (m.before, m.after) = (m.before / n, m.after / n);
    }
    out
}

/// What a criterion does in a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    pub code: String,
    /// Demands that meet it, and of those the ones with evidence.
    pub met: u32,
    pub proven: u32,
    /// It changes the distance between no two demands: all have the same from it.
    pub idle: bool,
    /// It asks for evidence, and none was ever checked.
    pub unproven: bool,
    /// Another criterion of the grid that is met by the same demands, and counts beside it.
    pub double: Option<String>,
}

/// What each criterion of a grid does.
#[must_use]
pub fn work(facts: &Facts, grid: &Grille, criteria: &Criteria) -> Vec<Work> {
    let placed = grid.placed(criteria);
    let whole = notes(facts, grid, criteria, Basis::Provisional);
    let words = facts.len().div_ceil(64);
    let bits = |place: usize| {
        let mut out = vec![0u64; words];
        facts.met.iter().enumerate().for_each(|(i, m)| out[i / 64] |= ((m >> place & 1) as u64) << (i % 64));
        out
    };
    let columns: Vec<Vec<u64>> = placed.iter().map(|p| bits(p.place)).collect();
    let count = |words: &mut dyn Iterator<Item = u64>| words.map(|w| w.count_ones()).sum::<u32>();
    let highest = |group: Option<&str>| {
        grid.groupes.iter().any(|g| Some(g.id.as_str()) == group && g.cumul == Cumul::Maximum)
    };
    let mut out = Vec::new();
    for (n, p) in placed.iter().enumerate() {
        let mut without = grid.clone();
        without.criteres.retain(|l| l.code != p.ligne.code);
        let rest = notes(facts, &without, criteria, Basis::Provisional);
        let mut given = whole.iter().zip(&rest).map(|(w, r)| w - r);
        let first = given.next();
        let idle = given.all(|g| Some(g) == first);
        let met = count(&mut columns[n].iter().copied());
        let proven =
            facts.proven.iter().zip(&facts.met).filter(|(p_, m)| (*p_ & *m) >> p.place & 1 == 1).count();
        let double = placed.iter().enumerate().find(|(other, q)| {
            let rivals = p.ligne.groupe == q.ligne.groupe && highest(p.ligne.groupe.as_deref());
            if *other == n || rivals || met == 0 {
                return false;
            }
            let pairs = || columns[n].iter().zip(&columns[*other]);
            let both = count(&mut pairs().map(|(a, b)| a & b));
            let either = count(&mut pairs().map(|(a, b)| a | b));
            f64::from(both) >= criteria.regles.double_des * f64::from(either)
        });
        out.push(Work {
            code: p.ligne.code.clone(),
            met,
            proven: u32::try_from(proven).unwrap_or(u32::MAX),
            idle,
            unproven: p.ligne.preuve && met > 0 && proven == 0,
            double: double.map(|(_, q)| q.ligne.code.clone()),
        });
    }
    out
}

/// Of `notes`, how many of the marked ones are among the first, as many as are marked: those who were housed
/// and would have been at the top. Of equal notes at the edge, their share of the places left.
#[must_use]
pub fn at_the_top(notes: &[i32], marked: &[bool]) -> f64 {
    let mut by: Vec<usize> = (0..notes.len()).collect();
    by.sort_unstable_by_key(|i| std::cmp::Reverse(notes[*i]));
    let mut left = marked.iter().filter(|m| **m).count();
    let mut found = 0.0;
    for tied in by.chunk_by(|a, b| notes[*a] == notes[*b]) {
        let here = tied.iter().filter(|i| marked[**i]).count() as f64;
        if tied.len() > left {
            return found + here * left as f64 / tied.len() as f64;
        }
        found += here;
        left -= tied.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// τ-b by its definition, pair by pair.
    fn slow(a: &[i32], b: &[i32]) -> Option<f64> {
        let (mut sum, mut in_a, mut in_b) = (0i64, 0i64, 0i64);
        for i in 0..a.len() {
            for j in 0..i {
                let (x, y) = ((a[i] - a[j]).signum(), (b[i] - b[j]).signum());
                sum += i64::from(x * y);
                in_a += i64::from(x != 0);
                in_b += i64::from(y != 0);
            }
        }
        (in_a > 0 && in_b > 0).then(|| sum as f64 / ((in_a as f64) * (in_b as f64)).sqrt())
    }

    #[test]
    fn tau_is_that_of_its_definition() {
        let mut dice = fastrand::Rng::with_seed(7);
        for n in [2usize, 3, 10, 57, 200] {
            for spread in [1, 3, 1000] {
                let mut draw = || (0..n).map(|_| dice.i32(0..=spread)).collect::<Vec<_>>();
                let (a, b) = (draw(), draw());
                match (kendall(&a, &b), slow(&a, &b)) {
                    (Some(x), Some(y)) => assert!((x - y).abs() < 1e-12, "{x} {y}"),
                    (x, y) => assert_eq!(x, y),
                }
            }
        }
        assert_eq!(kendall(&[1, 2, 3], &[10, 20, 30]), Some(1.0));
        assert_eq!(kendall(&[1, 2, 3], &[30, 20, 10]), Some(-1.0));
        assert_eq!(kendall(&[1, 1, 1], &[30, 20, 10]), None);
        assert_eq!(kendall(&[], &[]), None);
    }

    #[test]
    fn a_figure_is_as_coarse_as_a_handful_of_demands_is_heavy() {
        let steps = [0.01, 0.02, 0.05, 0.1];
        assert_eq!(coarse(0.8537, 0.000_9, 11, &steps), Some(0.85));
        assert_eq!(coarse(0.8537, 0.001, 11, &steps), Some(0.86));
        assert_eq!(coarse(0.8537, 0.009, 11, &steps), Some(0.9));
        assert_eq!(coarse(0.8537, 0.01, 11, &steps), None);
        assert_eq!(coarse(37.4, 0.2, 11, &[1.0, 2.0, 5.0]), Some(35.0));
        assert_eq!(coarse(37.4, 0.1, 11, &[1.0, 2.0, 5.0]), Some(38.0));
    }

    /// τ never moves by more than the weight when one demand changes its note.
    #[test]
    fn the_weight_bounds_what_one_demand_does() {
        let mut dice = fastrand::Rng::with_seed(3);
        for spread in [4, 40, 4000] {
            let mut draw = || (0..120).map(|_| dice.i32(0..=spread)).collect::<Vec<_>>();
            let (a, mut b) = (draw(), draw());
            let before = kendall(&a, &b).expect("defined");
            let first = weight_in_tau(&a, &b).expect("defined");
            b[17] = spread;
            let after = kendall(&a, &b).expect("defined");
            let weight = first.max(weight_in_tau(&a, &b).expect("defined"));
            assert!((after - before).abs() <= weight, "{spread}: {before} {after} {weight}");
        }
    }

    #[test]
    fn equal_notes_share_the_middle_of_their_places() {
        assert_eq!(places(&[5, 9, 5, 1]), [0.5, 0.125, 0.5, 0.875]);
        assert_eq!(tied(&[5, 9, 5, 1]), 2);
    }

    #[test]
    fn who_moves_is_counted_by_group() {
        let cut = Cut { id: "x", libelle: "x", groups: &["a", "b"], of: vec![0, 0, 1, u8::MAX] };
        let found = moves(&cut, &[0.1, 0.5, 0.6, 0.9], &[0.2, 0.495, 0.3, 0.1], 0.01);
        assert_eq!((found[0].of, found[0].up, found[0].down), (2, 0, 1));
        assert_eq!((found[1].of, found[1].up, found[1].down), (1, 1, 0));
        assert!((found[0].before - 0.3).abs() < 1e-12);
    }

    #[test]
    fn at_the_top_are_as_many_places_as_were_given() {
        assert!((at_the_top(&[9, 8, 7, 1], &[true, false, true, false]) - 1.0).abs() < 1e-12);
        // Two places, one of them among three equal notes of which one was housed.
        assert!((at_the_top(&[9, 5, 5, 5], &[true, true, false, false]) - (1.0 + 1.0 / 3.0)).abs() < 1e-12);
        assert!(at_the_top(&[], &[]).abs() < 1e-12);
    }
}
