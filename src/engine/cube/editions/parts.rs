//! The parts that figures of an item, a population and a viewer are made of: atoms put together until each
//! part satisfies the rule. A function of what was known when each household came in.

use std::collections::BTreeMap;

use super::super::coalition::{self, Grain, Told};
use super::super::partition::{self, OUT, Unit, Zones};
use crate::arrays::narrow;

/// Of a household that moved in recently.
pub const RECENT: u32 = 1 << 31;

/// What parts are made from: atoms in their order, and the households of each when they came in.
#[derive(Debug, Clone, Copy)]
pub struct Base<'a> {
    pub zones: &'a [Zones],
    /// The edition that each atom came with: parts hold atoms of one.
    pub generations: &'a [u32],
    /// First household of each atom, and their number.
    pub starts: &'a [u32],
    /// What each household answered: a bit an attribute, and [`RECENT`].
    pub told: &'a [u32],
    pub owners: &'a [u16],
    /// Atoms whose movers are no longer told apart.
    pub closed: &'a [u8],
}

/// What the parts must satisfy: none or at least `k` households that answered all of `known`, or, if movers
/// are told apart, none or at least `k` that hide behind those of the other kind.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    pub known: u32,
    pub moves: bool,
    /// Whose own households count for nothing.
    pub viewer: Option<u16>,
}

impl Base<'_> {
    #[must_use]
    pub fn atoms(&self) -> usize {
        self.zones.len()
    }

    /// Settled households and recent movers of an atom that a rule counts.
    #[must_use]
    pub fn counts(&self, atom: usize, rule: Rule) -> [u32; 2] {
        let mut counts = [0; 2];
        for row in self.starts[atom] as usize..self.starts[atom + 1] as usize {
            if self.told[row] & rule.known == rule.known && rule.viewer != Some(self.owners[row]) {
                counts[usize::from(self.told[row] & RECENT != 0)] += 1;
            }
        }
        counts
    }

    /// What figures of some atoms tell of their households, by bailleur. `grains`: see [`Self::parts`].
    #[must_use]
    pub fn told(&self, atoms: impl Iterator<Item = u32>, grains: &[u32], rule: Rule) -> Told {
        let mut of: BTreeMap<u32, Grain> = BTreeMap::new();
        for atom in atoms {
            let grain = if rule.moves { grains[atom as usize] } else { 0 };
            if grain == OUT {
                continue;
            }
            let own = of.entry(grain).or_default();
            for row in self.starts[atom as usize] as usize..self.starts[atom as usize + 1] as usize {
                if self.told[row] & rule.known == rule.known && rule.viewer != Some(self.owners[row]) {
                    own.entry(self.owners[row]).or_default()[usize::from(self.told[row] & RECENT != 0)] += 1;
                }
            }
        }
        Told::new(of.into_values().collect(), rule.moves)
    }

    /// Each atom alone.
    #[must_use]
    pub fn alone(&self) -> Vec<u32> {
        (0..narrow(self.atoms())).collect()
    }

    /// The part of each atom: the number of its first atom, or [`OUT`]. Never another one in a later edition:
    /// nothing here changes but that atoms are added. `together`: atoms that are not to be
    /// parted, in the same form. `grains`: within which movers are told apart (see [`hidden`]).
    #[must_use]
    pub fn parts(&self, together: &[u32], grains: &[u32], rule: Rule, k: u32) -> Vec<u32> {
        let counts: Vec<[u32; 2]> = (0..self.atoms()).map(|a| self.counts(a, rule)).collect();
        let mut tallies = vec![[0u32; 2]; self.atoms()];
        if rule.moves {
            let mut of: BTreeMap<u32, [u32; 2]> = BTreeMap::new();
            for (grain, c) in grains.iter().zip(&counts).filter(|(g, _)| **g != OUT) {
                let sum = of.entry(*grain).or_default();
                *sum = [sum[0] + c[0], sum[1] + c[1]];
            }
            for (grain, c) in of {
                tallies[grain as usize] = [hidden(c), 0];
            }
        } else {
            for (tally, c) in tallies.iter_mut().zip(&counts) {
                *tally = [c[0] + c[1], 0];
            }
        }
        let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (atom, root) in (0u32..).zip(together).filter(|(_, r)| **r != OUT) {
            members.entry(*root).or_default().push(atom);
        }
        let mut generations: BTreeMap<u32, Vec<Unit<[u32; 2]>>> = BTreeMap::new();
        for (root, atoms) in &members {
            let mut runs: Vec<(u32, u32)> = Vec::new();
            let mut tally = [0; 2];
            for &atom in atoms {
                let t = tallies[atom as usize];
                tally = [tally[0] + t[0], tally[1] + t[1]];
                match runs.last_mut() {
                    Some(last) if last.1 == atom => last.1 = atom + 1,
                    _ => runs.push((atom, atom + 1)),
                }
            }
            let (start, end) = runs[0];
            let zones = self.zones[*root as usize];
            let unit = Unit { start, end, more: runs[1..].to_vec(), zones, tally };
            generations.entry(self.generations[*root as usize]).or_default().push(unit);
        }
        let mut parts = vec![OUT; self.atoms()];
        for units in generations.into_values() {
            let (mut done, _) = partition::group(units, k);
            if rule.viewer.is_none() {
                let told = |unit: &Unit<_>| self.told(unit.runs().flat_map(|(s, e)| s..e), grains, rule);
                done = coalition::mend(done, self.zones, told, k);
            }
            for unit in done {
                let first = unit.runs().map(|(s, _)| s).min().unwrap_or(OUT);
                unit.runs().for_each(|(s, e)| parts[s as usize..e as usize].fill(first));
            }
        }
        parts
    }
}

/// Households that are told only together with those of the other kind: where figures of all and of one kind
/// are known, each place may give away the fewer of the two, and no more.
#[must_use]
pub fn hidden([settled, recent]: [u32; 2]) -> u32 {
    settled.min(recent)
}

/// The finest parts that hold whole parts of both; one that has something in no part of either is in none.
#[must_use]
pub fn joined(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut root: Vec<u32> = (0..narrow(a.len())).collect();
    fn find(root: &mut [u32], mut i: u32) -> u32 {
        while root[i as usize] != i {
            root[i as usize] = root[root[i as usize] as usize];
            i = root[i as usize];
        }
        i
    }
    for of in [a, b] {
        for (i, &part) in (0u32..).zip(of).filter(|(_, p)| **p != OUT) {
            let (x, y) = (find(&mut root, i), find(&mut root, part));
            root[x.max(y) as usize] = x.min(y);
        }
    }
    let mut of: Vec<u32> = (0..narrow(a.len())).map(|i| find(&mut root, i)).collect();
    let mut out = vec![false; a.len()];
    for (i, part) in of.iter().enumerate() {
        out[*part as usize] |= a[i] == OUT || b[i] == OUT;
    }
    of.iter_mut().for_each(|p| {
        if out[*p as usize] {
            *p = OUT;
        }
    });
    of
}
