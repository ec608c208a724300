//! Finds, for one cube, what part of a zone may be published, for each population, item and viewer.
//!
//! Parts of movers and of viewers are made of whole parts of everyone's, so that what one viewer sees and
//! what all see are unions of the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::ground::Ground;
use super::hierarchy::Hierarchy;
use crate::arrays::narrow;
use crate::cube::Cube;
use crate::cube::bits::{self, Bits, from_fn};
use crate::cube::editions::parts::{Base, Rule, joined};
#[cfg(test)]
use crate::cube::partition::OUT;
use crate::cube::partition::{Index, Partition};
use crate::cube::runs::Runs;
use crate::reference::indicators::{Catalogue, Indicator};
use crate::reference::secrecy::Secrecy;

/// Which households a figure describes.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Population {
    /// Tous les ménages répondants.
    #[default]
    Tous,
    /// Emménagés récents (24 mois avant le 1er janvier de la vague).
    Recents,
    /// Les autres (« non récents »).
    Anciens,
}

/// What the parts of a figure must satisfy besides holding at least `k` respondents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cut {
    /// The item that the figure is about (see [`Publisher::item`]): none or at least `k` answers to it.
    pub item: usize,
    /// Whether recent movers are told from the others: none or at least `k` of each where both live.
    pub moves: bool,
    /// A bailleur who knows its own tenants: all this holds of the others' households.
    pub viewer: Option<u16>,
}

/// Bailleurs whose parts are kept: each has some for every item, megabytes for a country.
const VIEWERS: usize = 8;

/// The parts of a rule: to be asked; of each atom, the same in every edition; and without those that may not
/// be shown in this one. Both are empty for the atoms of a first edition: each is its own.
#[derive(Debug)]
struct Parts {
    index: Index,
    of: Vec<u32>,
    shown: Vec<u32>,
}

impl Parts {
    /// The part of each atom.
    fn atoms(&self, base: &Base<'_>) -> Vec<u32> {
        if self.of.is_empty() { base.alone() } else { self.of.clone() }
    }
}

/// Parts that were made for a rule, and when they were asked for last.
#[derive(Debug)]
struct Known {
    parts: Arc<Parts>,
    last: AtomicU64,
}

/// The way out of one cube.
#[derive(Debug)]
pub struct Publisher {
    cube: Arc<Cube>,
    k: u32,
    /// Addresses that a zone must hold, before each address rank: those with respondents, and the first of an
    /// atom without any.
    rank: Vec<u32>,
    ground: Ground,
    atoms: Arc<Parts>,
    pub(super) hierarchy: Hierarchy,
    /// Attributes of households that figures are about together, none first.
    items: Vec<BTreeSet<String>>,
    cuts: RwLock<BTreeMap<Cut, Known>>,
    /// Questions so far: what was asked last stays longest.
    asked: AtomicU64,
    /// Households that did not move in recently.
    settled: Vec<u64>,
    stock: Index,
}

impl Publisher {
    #[must_use]
    pub fn new(cube: Arc<Cube>, catalogue: &Catalogue, secrecy: &Secrecy) -> Self {
        let ground = Ground::new(Arc::clone(&cube), catalogue);
        let rank = ranks(&cube, &cube.atoms());
        let atoms = if ground.is_first() {
            Parts { index: Index::new(cube.atoms(), &rank), of: Vec::new(), shown: Vec::new() }
        } else {
            let (base, rule) = (ground.base(), Rule { known: 0, moves: false, viewer: None });
            let of = base.parts(&base.alone(), &base.alone(), rule, secrecy.k);
            let shown = ground.shown(&of, &[], &[], rule, cube.respondents(), secrecy.k);
            Parts { index: Index::new(ground.partition(&shown, false), &rank), of, shown }
        };
        let hierarchy = Hierarchy::new(&cube, &atoms.index.partition);
        let parts = cube.stock_parts();
        let addresses: Vec<u32> = (0..=narrow(cube.meta().adresses)).collect();
        let stock = Index::new(parts, &addresses);
        let recents = cube.recents();
        let settled = recents.0.iter().map(|w| !w).collect();
        let mut items: Vec<BTreeSet<String>> =
            catalogue.indicators.iter().map(|i| catalogue.about(i)).chain([BTreeSet::new()]).collect();
        items.sort();
        items.dedup();
        Self {
            ground,
            atoms: Arc::new(atoms),
            k: secrecy.k,
            rank,
            hierarchy,
            items,
            cuts: RwLock::default(),
            asked: AtomicU64::new(0),
            settled,
            stock,
            cube,
        }
    }

    #[must_use]
    pub fn cube(&self) -> &Arc<Cube> {
        &self.cube
    }

    #[must_use]
    pub fn k(&self) -> u32 {
        self.k
    }

    /// Number of the item that an indicator is about; 0 if it is about no answer in particular.
    #[must_use]
    pub fn item(&self, catalogue: &Catalogue, indicator: &Indicator) -> usize {
        self.items.binary_search(&catalogue.about(indicator)).unwrap_or(0)
    }

    /// Households that did not move in recently.
    #[must_use]
    pub fn settled(&self) -> Bits<'_> {
        Bits(&self.settled)
    }

    /// Addresses of a zone whose households may be published together, by parts that satisfy a rule.
    #[must_use]
    pub fn described(&self, zone: &Runs, cut: Cut) -> Runs {
        let index = &self.index(cut).index;
        index.addresses(&index.inside(&self.ranked(zone)))
    }

    /// Atoms of a zone, as pieces of the hierarchy.
    #[must_use]
    pub fn pieces(&self, zone: &Runs) -> Runs {
        self.atoms.index.inside(&self.ranked(zone))
    }

    /// Addresses of pieces of the hierarchy.
    #[must_use]
    pub fn addresses(&self, pieces: &Runs) -> Runs {
        self.atoms.index.addresses(pieces)
    }

    /// First and last (excluded) address of a piece.
    #[must_use]
    pub(super) fn piece(&self, piece: u32) -> (u32, u32) {
        let starts = &self.atoms.index.partition.starts;
        (starts[piece as usize], starts[piece as usize + 1])
    }

    /// Addresses of the parts that lie wholly in a zone and all of whose households `keeps` holds: a filter
    /// takes nothing from them, so that their figures are those of all households.
    #[must_use]
    pub fn untouched(&self, zone: &Runs, cut: Cut, keeps: Bits<'_>) -> Runs {
        let index = &self.index(cut).index;
        let (starts, respondents) = (self.cube.starts(), self.cube.respondents());
        let bounds = &index.partition.starts;
        let inside = index.inside(&self.ranked(zone));
        let whole = |piece: u32| {
            let rows = starts[bounds[piece as usize] as usize] as usize
                ..starts[bounds[piece as usize + 1] as usize] as usize;
            respondents.count(rows.clone()) == respondents.count_and(keeps, rows)
        };
        let mut touched: FxHashSet<u32> = FxHashSet::default();
        let pieces: Vec<u32> = inside.iter().flat_map(|(s, e)| s..e).collect();
        for &piece in pieces.iter().filter(|p| !whole(**p)) {
            touched.insert(index.partition.parts[piece as usize]);
        }
        let kept = pieces.into_iter().filter(|p| !touched.contains(&index.partition.parts[*p as usize]));
        index.addresses(&Runs::new(kept.map(|p| (p, p + 1)).collect()))
    }

    /// Addresses of a zone by whose parts restricted columns of the register may be shown to the public.
    #[must_use]
    pub fn stock_described(&self, zone: &Runs) -> Runs {
        self.stock.addresses(&self.stock.inside(zone))
    }

    /// Dwellings of the parts that tell one or two bailleurs, who know their own tenants, of too few others:
    /// their commune allows nothing better.
    #[cfg(test)]
    pub(super) fn exposed(&self, cut: Cut) -> Vec<u64> {
        let base = self.ground.base();
        let of = self.index(cut).atoms(&base);
        let grains = self.index(Cut { moves: false, ..cut }).atoms(&base);
        let mut parts: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (atom, part) in (0..).zip(of).filter(|(_, part)| *part != OUT) {
            parts.entry(part).or_default().push(atom);
        }
        let told = |atoms: &[u32]| base.told(atoms.iter().copied(), &grains, self.rule(cut));
        let exposed = parts.into_values().filter(|atoms| told(atoms).exposes(self.k)).flatten();
        self.ground.dwellings(&exposed.collect())
    }

    /// The part of each address, for a rule.
    #[cfg(test)]
    pub(super) fn parts_of(&self, cut: Cut) -> Vec<u32> {
        let index = self.index(cut);
        let Partition { starts, parts } = &index.index.partition;
        let pieces = parts.iter().zip(starts.windows(2));
        pieces.flat_map(|(part, pair)| (pair[0]..pair[1]).map(move |_| *part)).collect()
    }

    fn ranked(&self, zone: &Runs) -> Runs {
        Runs::new(zone.iter().map(|(s, e)| (self.rank[s as usize], self.rank[e as usize])).collect())
    }

    fn index(&self, cut: Cut) -> Arc<Parts> {
        if cut == Cut::default() {
            return Arc::clone(&self.atoms);
        }
        let now = self.asked.fetch_add(1, Ordering::Relaxed);
        if let Some(known) = self.cuts.read().unwrap_or_else(PoisonError::into_inner).get(&cut) {
            known.last.store(now, Ordering::Relaxed);
            return Arc::clone(&known.parts);
        }
        let parts = Arc::new(self.made(cut));
        let known = Known { parts: Arc::clone(&parts), last: AtomicU64::new(now) };
        let mut cuts = self.cuts.write().unwrap_or_else(PoisonError::into_inner);
        cuts.insert(cut, known);
        // Those of bailleurs are many: a bailleur that asked long ago has them made again.
        let theirs = |cuts: &BTreeMap<Cut, Known>| cuts.keys().filter(|c| c.viewer.is_some()).count();
        while theirs(&cuts) > VIEWERS * self.items.len() {
            let those = cuts.iter().filter(|(c, _)| c.viewer.is_some());
            let oldest = those.min_by_key(|(_, k)| k.last.load(Ordering::Relaxed)).map(|(c, _)| *c);
            oldest.map(|c| cuts.remove(&c));
        }
        parts
    }

    /// Puts parts together until they satisfy a rule: atoms, or parts of the same item that must not be
    /// parted.
    fn made(&self, cut: Cut) -> Parts {
        let base = self.ground.base();
        let of = |parts: &Parts| parts.atoms(&base);
        let rule = self.rule(cut);
        let (everyone, settled) = (Cut { viewer: None, ..cut }, Cut { moves: false, ..cut });
        let (made_of, together, grains) = match (cut.viewer, cut.moves) {
            (None, false) => (vec![self.index(Cut::default())], None, None),
            (None, true) => (vec![self.index(settled)], None, Some(0)),
            (Some(_), false) => (vec![self.index(everyone)], None, None),
            (Some(_), true) => {
                let both = vec![self.index(everyone), self.index(settled)];
                let together = joined(&of(&both[0]), &of(&both[1]));
                (both, Some(together), Some(1))
            }
        };
        let together = together.unwrap_or_else(|| of(&made_of[0]));
        let grains = grains.map_or_else(Vec::new, |i| of(&made_of[i]));
        let parts = base.parts(&together, &grains, rule, self.k);
        let hides: Vec<&[u32]> =
            made_of.iter().map(|p| p.shown.as_slice()).filter(|s| !s.is_empty()).collect();
        let shown = self.ground.shown(&parts, &grains, &hides, rule, Bits(&self.told(cut)), self.k);
        Parts { index: Index::new(self.ground.partition(&shown, true), &self.rank), of: parts, shown }
    }

    fn rule(&self, cut: Cut) -> Rule {
        let known = self.items.get(cut.item).map_or(0, |item| self.ground.known(item));
        Rule { known, moves: cut.moves, viewer: cut.viewer }
    }

    /// Households that a rule counts.
    fn told(&self, cut: Cut) -> Vec<u64> {
        let mut rows = self.cube.respondents().0.to_vec();
        let mut keep = |column: Vec<u64>| bits::keep(&mut rows, &column);
        for id in self.items.get(cut.item).into_iter().flatten() {
            let column = self.cube.attribute(id);
            keep(from_fn(column.len(), |i| column[i] != 0));
        }
        if let Some(viewer) = cut.viewer {
            let owners = self.cube.bailleur_of();
            keep(from_fn(owners.len(), |i| owners[i] != viewer));
        }
        rows
    }
}

/// Addresses that a zone must hold, before each address rank.
fn ranks(cube: &Cube, atoms: &Partition) -> Vec<u32> {
    let (starts, respondents) = (cube.starts(), cube.respondents());
    let held =
        |s: u32, e: u32| respondents.count(starts[s as usize] as usize..starts[e as usize] as usize) > 0;
    let mut needed: Vec<bool> = (0..narrow(cube.meta().adresses)).map(|a| held(a, a + 1)).collect();
    for pair in atoms.starts.windows(2).filter(|p| !held(p[0], p[1])) {
        needed[pair[0] as usize] = true;
    }
    let mut rank = 0;
    let counts = needed.into_iter().map(|n| {
        rank += u32::from(n);
        rank
    });
    std::iter::once(0).chain(counts).collect()
}

#[cfg(test)]
mod tests {
    use super::super::attack_tests::town;
    use super::*;
    use crate::cube::build::build;
    use crate::cube::{Filter, bits};

    #[test]
    fn parts_of_many_bailleurs_are_not_all_kept_and_are_made_again_alike() {
        let (catalogue, secrecy) = (Catalogue::embedded().unwrap(), Secrecy::embedded().unwrap());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cube.bin");
        build(&town(5, 300), catalogue, secrecy, &[7; 32], &path).unwrap();
        let p = Publisher::new(Arc::new(Cube::open(&path, catalogue).unwrap()), catalogue, secrecy);
        let cut = |viewer: u16| Cut { item: 1, moves: true, viewer: Some(viewer) };
        let first = p.parts_of(cut(1));
        p.parts_of(Cut { item: 1, moves: true, viewer: None });
        let most = VIEWERS * p.items.len();
        for viewer in 0..u16::try_from(most).unwrap() {
            p.parts_of(cut(viewer));
        }
        let kept: Vec<Cut> = p.cuts.read().unwrap().keys().copied().collect();
        assert_eq!(kept.iter().filter(|c| c.viewer.is_some()).count(), most);
        assert!(!kept.contains(&cut(1)), "the one that was asked for first is gone");
        assert!(kept.iter().any(|c| c.viewer.is_none()), "those of everyone stay");
        assert_eq!(p.parts_of(cut(1)), first);
    }

    #[test]
    fn what_any_rule_describes_of_a_zone_lies_in_what_everyone_is_shown_of_it() {
        let (catalogue, secrecy) = (Catalogue::embedded().unwrap(), Secrecy::embedded().unwrap());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cube.bin");
        build(&town(6, 300), catalogue, secrecy, &[7; 32], &path).unwrap();
        let p = Publisher::new(Arc::new(Cube::open(&path, catalogue).unwrap()), catalogue, secrecy);
        let n = narrow(p.cube.meta().adresses);
        let mut rng = fastrand::Rng::with_seed(3);
        let cuts: Vec<Cut> = (0..p.items.len())
            .flat_map(|item| [false, true].map(|moves| (item, moves)))
            .flat_map(|(item, moves)| [None, Some(1)].map(|viewer| Cut { item, moves, viewer }))
            .collect();
        let (mut some, mut none) = (0, 0);
        for _ in 0..400 {
            let start = rng.u32(0..n);
            let long = [2, 8, 60][rng.usize(0..3)];
            let zone = Runs::new(vec![(start, (start + 1 + rng.u32(0..long)).min(n))]);
            let everyone = p.described(&zone, Cut::default());
            if everyone.is_empty() {
                none += 1
            } else {
                some += 1
            }
            for cut in &cuts {
                let shown = p.described(&zone, *cut);
                assert!(shown.minus(&everyone).is_empty(), "{zone:?} {cut:?}");
            }
        }
        assert!(some > 50 && none > 50, "{some} {none}");
    }

    #[test]
    fn a_mask_keeps_the_rows_that_meet_each_condition() {
        let (catalogue, secrecy) = (Catalogue::embedded().unwrap(), Secrecy::embedded().unwrap());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cube.bin");
        build(&town(9, 300), catalogue, secrecy, &[7; 32], &path).unwrap();
        let cube = Cube::open(&path, catalogue).unwrap();
        let n = cube.meta().logements;
        assert!(n > 200 && !n.is_multiple_of(64));
        let of = |id: &str, classes: &[u8]| (id.to_owned(), classes.to_vec());
        for classes in [
            vec![],
            vec![of("financement", &[1])],
            vec![of("financement", &[1, 3]), of("periode", &[2])],
            vec![of("typologie", &[0])],
            vec![of("financement", &[250])],
        ] {
            for bailleurs in [vec![], vec![1], vec![0, 2], vec![77]] {
                let filter = Filter { classes: classes.iter().cloned().collect(), bailleurs };
                let naive = bits::from_fn(n, |row| {
                    filter.classes.iter().all(|(id, c)| c.contains(&cube.attribute(id)[row]))
                        && (filter.bailleurs.is_empty()
                            || filter.bailleurs.contains(&cube.bailleur_of()[row]))
                });
                assert_eq!(cube.mask(&filter), naive, "{filter:?}");
            }
        }
    }
}
