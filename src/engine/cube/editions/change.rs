//! What may change of what was counted, over all editions so far.
//!
//! Each household has a *pattern*: which editions counted the same of it. What additions and subtractions of
//! editions can leave of a part is everything, or a union of patterns with all that are finer than them. So a
//! change comes into force where each pattern but the constant one, with all finer ones, has none or at least
//! `k` households, for each item, in each of its parts, and the same without those of one or two bailleurs.
//! What does not pass stays as it was published. Movers that cannot follow are no longer told apart there.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use super::super::coalition::{Grain, Told};
use super::super::partition::OUT;
use super::book::{Book, Item, MOVED_IN, RESPONDENT, Values, items};
use super::parts::Rule;
use crate::reference::indicators::Catalogue;

/// What comes into force.
#[derive(Debug, Default)]
pub struct Allowed {
    /// New values by household.
    pub values: BTreeMap<u32, Values>,
    /// Atoms whose movers are no longer told apart.
    pub closed: BTreeSet<u32>,
}

/// Which households of an item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    All,
    Recent,
    Settled,
}

/// A household that changed once, or would now: what was and would be counted of it, the oldest first.
struct Story {
    row: u32,
    stages: Vec<Values>,
}

struct Scene<'a> {
    book: &'a Book,
    respondent: usize,
    moved: usize,
    atoms: Vec<u32>,
    k: u32,
}

/// What may come into force of `wanted` (values that differ from those published, by household).
#[must_use]
pub fn allowed(book: &Book, catalogue: &Catalogue, wanted: BTreeMap<u32, Values>, k: u32) -> Allowed {
    let (Some(respondent), Some(moved)) = (book.attribute(RESPONDENT), book.attribute(MOVED_IN)) else {
        return Allowed::default();
    };
    if wanted.is_empty() {
        return Allowed::default();
    }
    let scene = Scene { book, respondent, moved, atoms: book.atom_of(), k };
    let mut stories = scene.stories(&wanted);
    let (base, alone) = (book.base(), book.base().alone());
    let rule = |known: u32, moves: bool| Rule { known, moves, viewer: None };
    let default = base.parts(&alone, &alone, rule(0, false), k);
    let items: Vec<(Item, Vec<u32>)> = items(book, catalogue)
        .into_iter()
        .map(|item| {
            let parts = if item.known == 0 {
                default.clone()
            } else {
                base.parts(&default, &default, rule(item.known, false), k)
            };
            (item, parts)
        })
        .collect();
    loop {
        let mut taken_back = BTreeSet::new();
        for (item, parts) in &items {
            taken_back.extend(scene.too_few(&stories, item, parts).into_iter().map(|s| (s, item.known)));
        }
        if taken_back.is_empty() {
            break;
        }
        for (story, known) in taken_back {
            let item = items.iter().find(|(i, _)| i.known == known).map(|(i, _)| i);
            item.iter().for_each(|item| scene.take_back(&mut stories[story], item));
        }
    }
    let mut closed = BTreeSet::new();
    for (item, parts) in &items {
        let told = base.parts(parts, parts, rule(item.known, true), k);
        let shut = scene.movers_to_close(&stories, item, parts, &told);
        closed.extend((0u32..).zip(&told).filter(|(_, p)| shut.contains(p)).map(|(a, _)| a));
    }
    let values = stories
        .into_iter()
        .filter(|s| s.changes())
        .filter_map(|mut s| Some((s.row, s.stages.pop()?)))
        .collect();
    Allowed { values, closed }
}

impl Story {
    fn changes(&self) -> bool {
        self.stages.iter().rev().take(2).collect::<Vec<_>>().windows(2).any(|p| p[0] != p[1])
    }
}

impl Scene<'_> {
    fn stories(&self, wanted: &BTreeMap<u32, Values>) -> Vec<Story> {
        let book = self.book;
        let mut past: BTreeMap<u32, BTreeMap<u32, usize>> = BTreeMap::new();
        for (i, (row, change)) in book.past_rows.iter().zip(&book.past_changes).enumerate() {
            past.entry(*row).or_default().insert(*change, i);
        }
        let changes = book.changes();
        let rows: BTreeSet<u32> = wanted.keys().chain(past.keys()).copied().collect();
        rows.into_iter()
            .map(|row| {
                let now = book.now.of(row as usize);
                let before = past.get(&row);
                let at = |stage: u32| {
                    let kept = before.and_then(|b| b.range(stage..).next());
                    kept.map_or_else(|| now.clone(), |(_, i)| book.past.of(*i))
                };
                let mut stages: Vec<Values> = (0..changes).map(at).collect();
                stages.push(now.clone());
                stages.push(wanted.get(&row).unwrap_or(&now).clone());
                Story { row, stages }
            })
            .collect()
    }

    /// What figures of an item read of a household; 0 if it is not among those that they count.
    fn read(&self, values: &Values, item: &Item, kind: Kind) -> u64 {
        let known = (0..values.attributes.len()).filter(|a| item.known & 1 << a != 0);
        let recent = values.attributes[self.moved] == 1;
        let counted = values.attributes[self.respondent] != 0
            && known.into_iter().all(|a| values.attributes[a] != 0)
            && match kind {
                Kind::All => true,
                Kind::Recent => recent,
                Kind::Settled => !recent,
            };
        if !counted {
            return 0;
        }
        let mut h = FxHasher::default();
        item.attributes.iter().for_each(|a| values.attributes[*a].hash(&mut h));
        item.quantities.iter().for_each(|q| values.quantities[*q].hash(&mut h));
        h.finish().max(1)
    }

    /// Which editions counted the same: the number of the first that did, for each.
    fn pattern(&self, story: &Story, item: &Item, kind: Kind) -> Vec<usize> {
        let read: Vec<u64> = story.stages.iter().map(|v| self.read(v, item, kind)).collect();
        read.iter().map(|v| read.iter().position(|w| w == v).unwrap_or(0)).collect()
    }

    /// Whether none or enough, whoever takes its own out.
    fn enough(&self, rows: &[u32]) -> bool {
        let mut of = BTreeMap::new();
        rows.iter().for_each(|r| *of.entry(self.book.owners[*r as usize]).or_default() += 1);
        Told::All(of).is_enough(self.k)
    }

    /// Stories that change now in a part where that would tell of too few.
    fn too_few(&self, stories: &[Story], item: &Item, parts: &[u32]) -> Vec<usize> {
        let mut of: BTreeMap<u32, BTreeMap<Vec<usize>, Vec<usize>>> = BTreeMap::new();
        for (i, story) in stories.iter().enumerate() {
            let part = parts[self.atoms[story.row as usize] as usize];
            let pattern = self.pattern(story, item, Kind::All);
            if part != OUT && pattern.iter().any(|p| *p != 0) {
                of.entry(part).or_default().entry(pattern).or_default().push(i);
            }
        }
        let mut out = Vec::new();
        for patterns in of.values() {
            let new = |p: &[usize]| p[p.len() - 1] != p[p.len() - 2];
            let moving: Vec<usize> =
                patterns.iter().filter(|(p, _)| new(p)).flat_map(|(_, s)| s).copied().collect();
            if moving.is_empty() {
                continue;
            }
            for pattern in patterns.keys() {
                let finer = patterns.iter().filter(|(p, _)| refines(p, pattern));
                let held: Vec<usize> = finer.flat_map(|(_, s)| s).copied().collect();
                let rows: Vec<u32> = held.iter().map(|s| stories[*s].row).collect();
                if !self.enough(&rows) {
                    let mine: Vec<usize> = held.into_iter().filter(|s| moving.contains(s)).collect();
                    out.extend(if mine.is_empty() { moving.clone() } else { mine });
                }
            }
        }
        out
    }

    /// What a story would change of an item is as it was published; all of it, if the household comes or
    /// goes.
    fn take_back(&self, story: &mut Story, item: &Item) {
        let n = story.stages.len();
        let was = story.stages[n - 2].clone();
        let now = &mut story.stages[n - 1];
        let here = |v: &Values| v.attributes[self.respondent];
        if item.known == 0 && item.attributes.is_empty() && item.quantities.is_empty()
            || here(&was) != here(now)
        {
            *now = was;
            return;
        }
        for a in (0..was.attributes.len()).filter(|a| item.known & 1 << a != 0) {
            now.attributes[a] = was.attributes[a];
        }
        item.attributes.iter().for_each(|a| now.attributes[*a] = was.attributes[*a]);
        item.quantities.iter().for_each(|q| now.quantities[*q] = was.quantities[*q]);
    }

    /// Parts by movers where the two kinds can no longer be told apart: they changed before, or those that
    /// change are too few behind the other kind.
    fn movers_to_close(&self, stories: &[Story], item: &Item, parts: &[u32], told: &[u32]) -> BTreeSet<u32> {
        // By part and grain: changing households of each kind, by bailleur; and whether some changed before.
        let mut of: BTreeMap<u32, BTreeMap<u32, Grain>> = BTreeMap::new();
        let (mut again, mut moving) = (BTreeSet::new(), BTreeSet::new());
        for story in stories {
            let atom = self.atoms[story.row as usize] as usize;
            let (part, grain) = (told[atom], parts[atom]);
            if part == OUT {
                continue;
            }
            for (i, kind) in [(0, Kind::Settled), (1, Kind::Recent)] {
                let pattern = self.pattern(story, item, kind);
                let n = pattern.len();
                if pattern[..n - 1].iter().any(|p| *p != 0) {
                    again.insert(part);
                }
                if pattern[n - 1] != pattern[n - 2] {
                    moving.insert(part);
                    let owner = self.book.owners[story.row as usize];
                    let own = of.entry(part).or_default().entry(grain).or_default();
                    own.entry(owner).or_default()[i] += 1;
                }
            }
        }
        let shut = |part: &u32| {
            again.contains(part)
                || of
                    .get(part)
                    .is_some_and(|g| !Told::Movers(g.values().cloned().collect()).is_enough(self.k))
        };
        moving.iter().copied().filter(shut).collect()
    }
}

/// Whether two editions that a pattern holds alike are alike in the other too.
fn refines(fine: &[usize], coarse: &[usize]) -> bool {
    // Labels are first places: it is enough to look at each place and its label.
    fine.iter().enumerate().all(|(i, first)| coarse[i] == coarse[*first])
}
