//! Atoms and what was known of their households when they came in, for the first edition of a wave and for
//! those that follow.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use crate::cube::bits::Bits;
use crate::cube::coalition::{Grain, Told};
use crate::cube::editions::EMPTY;
use crate::cube::editions::parts::{Base, RECENT, Rule};
use crate::cube::partition::{OUT, Partition, Zones};
use crate::cube::{Cube, Edition};
use crate::reference::indicators::Catalogue;
use crate::stock::facts::NONE;

/// What parts are made from. That of a first edition is read off its cube, once somebody asks.
#[derive(Debug)]
pub struct Ground {
    cube: Arc<Cube>,
    /// First address of each piece, and their number; the atom of each piece, [`OUT`] or [`EMPTY`].
    starts: Vec<u32>,
    pieces: Vec<u32>,
    /// Attributes of households, in the order of their bits.
    attributes: Vec<String>,
    own: OnceLock<Own>,
}

#[derive(Debug, Default)]
struct Own {
    zones: Vec<Zones>,
    generations: Vec<u32>,
    starts: Vec<u32>,
    told: Vec<u32>,
    owners: Vec<u16>,
    closed: Vec<u8>,
}

impl Ground {
    #[must_use]
    pub fn new(cube: Arc<Cube>, catalogue: &Catalogue) -> Self {
        let Partition { starts, parts } = cube.atoms();
        let (pieces, attributes) = match (cube.edition(), &cube.meta().edition) {
            (Some(edition), Some(meta)) => (edition.atoms.to_vec(), meta.attributs.clone()),
            _ => {
                let mut number: FxHashMap<u32, u32> = FxHashMap::default();
                let of = |part: &u32| {
                    let next = u32::try_from(number.len()).unwrap_or(OUT);
                    if *part == OUT { OUT } else { *number.entry(*part).or_insert(next) }
                };
                let ids = catalogue.attributes.iter().filter(|a| a.occupation).map(|a| a.id.clone());
                (parts.iter().map(of).collect(), ids.collect())
            }
        };
        Self { cube, starts, pieces, attributes, own: OnceLock::new() }
    }

    fn edition(&self) -> Option<Edition<'_>> {
        self.cube.edition()
    }

    #[must_use]
    pub fn is_first(&self) -> bool {
        self.edition().is_none()
    }

    #[must_use]
    pub fn base(&self) -> Base<'_> {
        if let Some(edition) = self.edition() {
            return edition.base;
        }
        let own = self.own.get_or_init(|| self.read());
        Base {
            zones: &own.zones,
            generations: &own.generations,
            starts: &own.starts,
            told: &own.told,
            owners: &own.owners,
            closed: &own.closed,
        }
    }

    /// Bits of the attributes of an item.
    #[must_use]
    pub fn known(&self, item: &BTreeSet<String>) -> u32 {
        let bits = (0u32..).zip(&self.attributes).filter(|(_, a)| item.contains(*a));
        bits.fold(0, |mask, (i, _)| mask | 1 << i)
    }

    fn read(&self) -> Own {
        let cube = &self.cube;
        let of = |id: &str| cube.layer(id).map_or(&[][..], |l| l.of);
        let layers = [of("departement"), of("epci"), of("commune"), cube.blocks(), of("residence")];
        let columns: Vec<&[u8]> = self.attributes.iter().map(|a| cube.attribute(a)).collect();
        let (rows, owners, recents) = (cube.starts(), cube.bailleur_of(), cube.recents());
        let n = self.pieces.iter().filter(|a| **a != OUT).max().map_or(0, |a| *a as usize + 1);
        let mut runs: Vec<Vec<(u32, u32)>> = vec![Vec::new(); n];
        for (atom, pair) in self.pieces.iter().zip(self.starts.windows(2)).filter(|(a, _)| **a != OUT) {
            runs[*atom as usize].push((pair[0], pair[1]));
        }
        let mut own = Own { starts: vec![0], ..Own::default() };
        for runs in &runs {
            let start = runs.first().map_or(0, |(s, _)| *s as usize);
            own.zones.push(layers.map(|l| l.get(start).copied().unwrap_or(NONE)));
            for &(s, e) in runs {
                cube.respondents().each(rows[s as usize] as usize..rows[e as usize] as usize, |row| {
                    let known = (0u32..).zip(&columns).filter(|(_, c)| c.get(row).is_some_and(|v| *v != 0));
                    let moved = if recents.get(row) { RECENT } else { 0 };
                    own.told.push(known.fold(moved, |bits, (i, _)| bits | 1 << i));
                    own.owners.push(owners[row]);
                });
            }
            own.starts.push(u32::try_from(own.told.len()).unwrap_or(u32::MAX));
        }
        own.generations = vec![0; n];
        own.closed = vec![0; n];
        own
    }

    /// Dwellings of some atoms, as bits.
    #[cfg(test)]
    pub(super) fn dwellings(&self, atoms: &BTreeSet<u32>) -> Vec<u64> {
        let rows = self.cube.starts();
        let mut out = vec![0u64; self.cube.respondents().0.len()];
        for (_, pair) in self.pieces.iter().zip(self.starts.windows(2)).filter(|(a, _)| atoms.contains(a)) {
            (rows[pair[0] as usize]..rows[pair[1] as usize])
                .for_each(|i| out[i as usize / 64] |= 1 << (i % 64));
        }
        out
    }

    /// The pieces of parts of atoms. Neighbours of one part are one piece, if that is wished.
    #[must_use]
    pub fn partition(&self, parts: &[u32], wide: bool) -> Partition {
        let mut first: FxHashMap<u32, u32> = FxHashMap::default();
        let mut out = Partition { starts: Vec::new(), parts: Vec::new() };
        let mut before = None;
        for (&atom, &start) in self.pieces.iter().zip(&self.starts) {
            let part = if atom < EMPTY { parts[atom as usize] } else { atom };
            if wide && before == Some(part) && part != EMPTY {
                continue;
            }
            before = Some(part);
            let piece = u32::try_from(out.parts.len()).unwrap_or(OUT);
            out.starts.push(start);
            out.parts.push(match part {
                OUT => OUT,
                EMPTY => piece,
                part => *first.entry(part).or_insert(piece),
            });
        }
        out.starts.extend(self.starts.last());
        out
    }

    /// Parts without those that may not be shown here: that no longer satisfy their rule, of what is counted
    /// now (`rows`, those that the rule counts), that lack an atom here, whose movers are no longer told
    /// apart, or that are made of parts that are not shown (`made_of`). In a first edition all are shown.
    #[must_use]
    pub fn shown(
        &self,
        parts: &[u32],
        grains: &[u32],
        made_of: &[&[u32]],
        rule: Rule,
        rows: Bits<'_>,
        k: u32,
    ) -> Vec<u32> {
        let Some(edition) = self.edition() else { return parts.to_vec() };
        let (starts, recents, owners) = (self.cube.starts(), self.cube.recents(), self.cube.bailleur_of());
        let mut of: BTreeMap<u32, BTreeMap<u32, Grain>> = BTreeMap::new();
        for (&atom, pair) in self.pieces.iter().zip(self.starts.windows(2)).filter(|(a, _)| **a < EMPTY) {
            let grain = if rule.moves { grains[atom as usize] } else { 0 };
            if grain == OUT || parts[atom as usize] == OUT {
                continue;
            }
            let own = of.entry(parts[atom as usize]).or_default().entry(grain).or_default();
            rows.each(starts[pair[0] as usize] as usize..starts[pair[1] as usize] as usize, |row| {
                own.entry(owners[row]).or_default()[usize::from(recents.get(row))] += 1;
            });
        }
        let mut atoms: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        (0..).zip(parts).for_each(|(atom, part)| atoms.entry(*part).or_default().push(atom));
        let mut out: BTreeSet<u32> = edition.absent.iter().map(|a| parts[*a as usize]).collect();
        for (part, grains_of) in of {
            let now = Told::new(grains_of.into_values().collect(), rule.moves);
            // What its commune could never help, this edition does not mend.
            let came_in = || edition.base.told(atoms[&part].iter().copied(), grains, rule);
            let exposes = || rule.viewer.is_none() && now.exposes(k) && !came_in().exposes(k);
            if (1..k).contains(&now.without(&[])) || exposes() {
                out.insert(part);
            }
        }
        for (atom, part) in parts.iter().enumerate() {
            if made_of.iter().any(|of| of[atom] == OUT) || rule.moves && edition.base.closed[atom] != 0 {
                out.insert(*part);
            }
        }
        parts.iter().map(|part| if out.contains(part) { OUT } else { *part }).collect()
    }
}
