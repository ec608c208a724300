//! The fixed zones that perturbed figures are made by: atom, block, commune, EPCI, département, all.
//!
//! A zone that is asked is parted into the widest of these that it holds wholly. So the same households are
//! always looked at through the same few zones, whatever is drawn: asking again otherwise tells nothing new.
//!
//! Atoms nest in communes, but those of a thin commune reach over several blocks: each piece of an atom is of
//! the block in which it begins.

use rustc_hash::FxHashMap;

use crate::cube::Cube;
use crate::cube::partition::{OUT, Partition};
use crate::cube::runs::Runs;
use crate::reference::perturbation::LEVELS;
use crate::stock::facts::NONE;

/// How many levels there are.
const DEPTH: usize = LEVELS.len();

/// For each piece of an atom, the zone of each level that it is in.
#[derive(Debug)]
pub struct Hierarchy {
    of: Vec<[u32; DEPTH]>,
    /// Pieces of each zone of each level.
    sizes: [FxHashMap<u32, u32>; DEPTH],
}

impl Hierarchy {
    #[must_use]
    pub fn new(cube: &Cube, atoms: &Partition) -> Self {
        let layers = ["commune", "epci", "departement"].map(|id| cube.layer(id).map(|l| l.of));
        let blocks = cube.blocks();
        let of: Vec<[u32; DEPTH]> = atoms
            .parts
            .iter()
            .zip(&atoms.starts)
            .map(|(part, start)| {
                let a = *start as usize;
                let [commune, epci, departement] = layers.map(|l| l.map_or(NONE, |of| of[a]));
                [*part, blocks.get(a).copied().unwrap_or(NONE), commune, epci, departement, 0]
            })
            .collect();
        let mut sizes: [FxHashMap<u32, u32>; DEPTH] = Default::default();
        // What is left out of every figure keeps no zone from being whole.
        for zones in of.iter().filter(|z| z[0] != OUT) {
            for (size, zone) in sizes.iter_mut().zip(zones) {
                *size.entry(*zone).or_default() += 1;
            }
        }
        Self { of, sizes }
    }

    /// Parts pieces into the widest zones that they fill.
    #[must_use]
    pub fn parted(&self, pieces: &Runs) -> Vec<Vec<u32>> {
        let mut counts: [FxHashMap<u32, u32>; DEPTH] = Default::default();
        let pieces: Vec<u32> = pieces.iter().flat_map(|(s, e)| s..e).collect();
        for &piece in &pieces {
            for (count, zone) in counts.iter_mut().zip(&self.of[piece as usize]) {
                *count.entry(*zone).or_default() += 1;
            }
        }
        let mut placed: Vec<((usize, u32), u32)> = pieces
            .into_iter()
            .map(|piece| {
                let zones = &self.of[piece as usize];
                let full = |l: &usize| {
                    zones[*l] != NONE && counts[*l].get(&zones[*l]) == self.sizes[*l].get(&zones[*l])
                };
                let level = (0..DEPTH).rev().find(full).unwrap_or(0);
                ((level, zones[level]), piece)
            })
            .collect();
        placed.sort_unstable();
        placed
            .chunk_by(|a, b| a.0 == b.0)
            .map(|same| same.iter().map(|(_, piece)| *piece).collect())
            .collect()
    }

    /// The narrowest level of which one zone holds both pieces.
    #[must_use]
    pub fn shared(&self, a: u32, b: u32) -> usize {
        let (a, b) = (&self.of[a as usize], &self.of[b as usize]);
        (0..DEPTH).find(|l| a[*l] == b[*l] && a[*l] != NONE).unwrap_or(DEPTH - 1)
    }
}
