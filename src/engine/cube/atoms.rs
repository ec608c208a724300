//! Atoms: the smallest sets of neighbouring addresses that a published figure may be made of.
//!
//! An atom is a run of addresses along the cube's order that holds at least `k` responding households and,
//! for each item of the survey (income, activity…), either none or at least `k` households that answered it.
//! Atoms are cut inside residences, else inside blocks (IRIS × QPV), else communes, and so on: a leftover
//! below `k` joins its neighbour at the narrowest level where that is possible. Every published figure is a
//! sum over whole atoms, so no difference of two figures describes 1 to `k − 1` households (`disclosure`
//! argues this for filters too).
//!
//! Above the atoms stands one fixed hierarchy: neighbours are paired inside blocks, then communes, EPCI,
//! départements. Sub-populations are published by nodes of this hierarchy (`disclosure::release`).

use super::bits::Bits;
use crate::reference::indicators::{Catalogue, Measure};
use crate::reference::secrecy::Secrecy;

/// For each level, widest first (département, EPCI, commune, block, residence), the zone of each address
/// rank.
#[derive(Debug)]
pub struct Levels(pub Vec<Vec<u32>>);

/// Atoms and their hierarchy.
#[derive(Debug, PartialEq, Eq)]
pub struct Cut {
    /// First address rank of each atom, and the number of addresses at the end.
    pub starts: Vec<u32>,
    /// Partitions of the atoms, each coarser than the one before: first atoms of its nodes, ended by the
    /// number of atoms.
    pub hierarchy: Vec<u32>,
    /// Whether each item took part in the cut (1) or is answered too rarely (0).
    pub items: Vec<u8>,
}

/// Known-answer populations of the survey's items: denominators whose conditions only ask that an answer is
/// known.
#[must_use]
pub fn items(catalogue: &Catalogue) -> Vec<Measure> {
    let mut out: Vec<Measure> = catalogue
        .measures
        .iter()
        .filter(|m| {
            !m.conditions.is_empty()
                && catalogue.is_occupancy(m)
                && m.conditions.iter().all(|(id, codes)| {
                    let single = catalogue.attribute(id).is_some_and(|a| a.classes.len() == 1);
                    codes.iter().all(|c| c == "*") || single
                })
        })
        .cloned()
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    out.retain(|m| seen.insert(m.conditions.clone()));
    out
}

/// Respondents and answered items of a set of households.
#[derive(Debug, Clone)]
struct Counts {
    respondents: u32,
    items: Vec<u32>,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.respondents += other.respondents;
        for (a, b) in self.items.iter_mut().zip(&other.items) {
            *a += b;
        }
    }

    fn publishable(&self, k: u32) -> bool {
        self.respondents >= k && self.items.iter().all(|&n| n == 0 || n >= k)
    }
}

#[derive(Debug, Clone)]
struct Segment {
    start: u32,
    end: u32,
    counts: Counts,
}

/// Cuts atoms. `items` are bit columns of the respondents that answered each item.
#[must_use]
pub fn cut(items: &[&[u64]], respondents: &[u64], starts: &[u32], levels: &Levels, secrecy: &Secrecy) -> Cut {
    let n = starts.len() - 1;
    let all = 0..starts[n] as usize;
    let total = Bits(respondents).count(all.clone());
    let used: Vec<bool> = items
        .iter()
        .map(|i| Bits(i).count(all.clone()) as f64 >= secrecy.part_item_minimale * total as f64)
        .collect();
    let kept: Vec<Bits<'_>> = items.iter().zip(&used).filter(|(_, u)| **u).map(|(i, _)| Bits(i)).collect();
    let count = |b: &Bits<'_>, a: usize| {
        u32::try_from(b.count(starts[a] as usize..starts[a + 1] as usize)).unwrap_or(u32::MAX)
    };
    let mut segments: Vec<Segment> = (0..n)
        .map(|a| Segment {
            start: u32::try_from(a).unwrap_or(u32::MAX),
            end: u32::try_from(a + 1).unwrap_or(u32::MAX),
            counts: Counts {
                respondents: count(&Bits(respondents), a),
                items: kept.iter().map(|b| count(b, a)).collect(),
            },
        })
        .collect();
    let k = secrecy.k;
    let deep = levels.0.len();
    for depth in (0..=deep).rev() {
        // At depth d, segments merge inside the same zone of levels 0..d.
        let same = |a: u32, b: u32| levels.0[..depth].iter().all(|l| l[a as usize] == l[b as usize]);
        segments = merge(segments, same, k);
    }
    let mut atom_starts: Vec<u32> = segments.iter().map(|s| s.start).collect();
    let firsts = atom_starts.clone();
    atom_starts.push(u32::try_from(n).unwrap_or(u32::MAX));
    Cut {
        hierarchy: hierarchy(&firsts, levels),
        starts: atom_starts,
        items: used.into_iter().map(u8::from).collect(),
    }
}

/// One pass: inside each group of consecutive segments, segments grow until publishable; a leftover joins the
/// last one.
fn merge(segments: Vec<Segment>, same: impl Fn(u32, u32) -> bool, k: u32) -> Vec<Segment> {
    let mut out: Vec<Segment> = Vec::with_capacity(segments.len() / 2 + 1);
    // First output of the current group, and whether its last output still waits for more households.
    let (mut group, mut open) = (0, false);
    for s in segments {
        let continues = out.len() > group && out.last().is_some_and(|last| same(last.start, s.start));
        if !continues {
            close(&mut out, group, open, k);
            group = out.len();
            open = !s.counts.publishable(k);
            out.push(s);
            continue;
        }
        let Some(last) = out.last_mut() else { continue };
        if open || s.counts.respondents == 0 {
            last.end = s.end;
            last.counts.add(&s.counts);
            open = !last.counts.publishable(k);
        } else {
            open = !s.counts.publishable(k);
            out.push(s);
        }
    }
    close(&mut out, group, open, k);
    out
}

/// Joins the last, unpublishable segment of a group to the one before it in the same group.
fn close(out: &mut Vec<Segment>, group: usize, open: bool, k: u32) {
    let mut open = open;
    while open && out.len() > group + 1 {
        let Some(last) = out.pop() else { return };
        if let Some(previous) = out.last_mut() {
            previous.end = last.end;
            previous.counts.add(&last.counts);
            open = !previous.counts.publishable(k);
        }
    }
}

/// Pairs neighbouring nodes inside blocks until each block is one node, then inside communes, and so on to
/// one node.
fn hierarchy(atoms: &[u32], levels: &Levels) -> Vec<u32> {
    let m = u32::try_from(atoms.len()).unwrap_or(u32::MAX);
    let mut out = Vec::new();
    let mut nodes: Vec<u32> = (0..m).collect();
    out.extend_from_slice(&nodes);
    out.push(m);
    // Residences are narrower than most atoms: start at blocks.
    for depth in (0..levels.0.len()).rev() {
        let same = |a: u32, b: u32| {
            let (a, b) = (atoms[a as usize] as usize, atoms[b as usize] as usize);
            levels.0[..depth].iter().all(|l| l[a] == l[b])
        };
        loop {
            let mut next = Vec::with_capacity(nodes.len() / 2 + 1);
            let mut i = 0;
            while i < nodes.len() {
                next.push(nodes[i]);
                i += if i + 1 < nodes.len() && same(nodes[i], nodes[i + 1]) { 2 } else { 1 };
            }
            if next.len() == nodes.len() {
                break;
            }
            out.extend_from_slice(&next);
            out.push(m);
            nodes = next;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cube::bits::from_fn;

    fn secrecy() -> Secrecy {
        *Secrecy::embedded().unwrap()
    }

    /// A random territory: addresses with 0 to 8 dwellings, in nested zones.
    fn territory(seed: u64) -> (Vec<u32>, Vec<u64>, Vec<u64>, Levels) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let n = 2_000;
        let mut starts = vec![0];
        let mut zones = [0u32; 5];
        let mut levels = vec![Vec::new(); 5];
        for _ in 0..n {
            starts.push(starts[starts.len() - 1] + rng.u32(0..9));
            for (d, odds) in [2_000, 900, 150, 30, 5].into_iter().enumerate() {
                if rng.u32(0..odds) == 0 {
                    zones[d..].iter_mut().for_each(|z| *z += 1);
                }
                levels[d].push(zones[d]);
            }
        }
        let d = starts[n] as usize;
        let respondents = from_fn(d, |_| rng.u8(0..10) < 8);
        let income = from_fn(d, |i| Bits(&respondents).get(i) && rng.u8(0..10) < 9);
        (starts, respondents, income, Levels(levels))
    }

    #[test]
    fn every_atom_holds_k_respondents_and_no_item_between_1_and_k() {
        for seed in 0..20 {
            let (starts, respondents, income, levels) = territory(seed);
            let cut = cut(&[&income], &respondents, &starts, &levels, &secrecy());
            assert!(cut.starts.len() > 100, "seed {seed}: the cut stays fine");
            for pair in cut.starts.windows(2) {
                let rows = starts[pair[0] as usize] as usize..starts[pair[1] as usize] as usize;
                assert!(Bits(&respondents).count(rows.clone()) >= 11);
                let answered = Bits(&income).count(rows);
                assert!(answered == 0 || answered >= 11);
            }
        }
    }

    #[test]
    fn the_worked_example_9_households_join_a_neighbour_inside_the_commune() {
        // Domain §13: children of 45, 30, 9 and 60 households (here four blocks of one address each).
        let starts = vec![0, 45, 75, 84, 144];
        let respondents = from_fn(144, |_| true);
        let levels = Levels(vec![vec![0; 4], vec![0; 4], vec![0; 4], vec![0, 1, 2, 3], vec![0, 1, 2, 3]]);
        let cut = cut(&[], &respondents, &starts, &levels, &secrecy());
        // The 9 cannot be had by difference: they stand in one atom with a neighbour.
        assert_eq!(cut.starts, [0, 1, 2, 4]);
    }

    #[test]
    fn each_partition_of_the_hierarchy_is_a_coarsening_of_the_one_before() {
        let (starts, respondents, income, levels) = territory(3);
        let cut = cut(&[&income], &respondents, &starts, &levels, &secrecy());
        let m = u32::try_from(cut.starts.len() - 1).unwrap();
        let partitions: Vec<&[u32]> = cut.hierarchy.split(|x| *x == m).filter(|p| !p.is_empty()).collect();
        for pair in partitions.windows(2) {
            assert!(pair[1].len() < pair[0].len());
            assert!(pair[1].iter().all(|s| pair[0].binary_search(s).is_ok()));
        }
        assert_eq!(partitions.last().unwrap().len(), 1);
    }
}
