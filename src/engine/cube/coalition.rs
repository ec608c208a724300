//! What parts tell bailleurs that put what they know beside everyone's figures.
//!
//! Everyone's figure of a part minus the tenants of a bailleur, or of two, is a figure of the others: there
//! are none of them or at least `k`, wherever the commune allows. [`mend`] joins parts that break this,
//! inside their block, then their commune, then with neighbours that bring enough other tenants. A commune
//! keeps its exact figure even where all others together are too few: its border is never crossed.

use std::collections::{BTreeMap, BTreeSet};

use super::editions::parts::hidden;
use super::partition::{COMMUNE, Tally, Unit, Zones};

/// How many bailleurs may put what they know together.
const TOGETHER: usize = 2;

/// Households of one place by bailleur: settled, and recent movers.
pub type Grain = BTreeMap<u16, [u32; 2]>;

/// Households of a part that its figures tell of, by bailleur.
#[derive(Debug, Clone)]
pub enum Told {
    /// All of them.
    All(BTreeMap<u16, u32>),
    /// Those that hide behind the other kind, place by place (see [`hidden`]).
    Movers(Vec<Grain>),
}

impl Told {
    /// Of households place by place.
    #[must_use]
    pub fn new(grains: Vec<Grain>, moves: bool) -> Self {
        if moves {
            return Self::Movers(grains);
        }
        let mut all = BTreeMap::new();
        for (owner, n) in grains.into_iter().flatten() {
            *all.entry(owner).or_default() += n[0] + n[1];
        }
        Self::All(all)
    }

    fn add(&mut self, other: &Self) {
        match (self, other) {
            (Self::All(own), Self::All(more)) => {
                more.iter().for_each(|(owner, n)| *own.entry(*owner).or_default() += n);
            }
            (Self::Movers(own), Self::Movers(more)) => own.extend(more.iter().cloned()),
            _ => {}
        }
    }

    /// Households that are told of to those who know the tenants of some.
    #[must_use]
    pub fn without(&self, known: &[u16]) -> u32 {
        match self {
            Self::All(own) => own.iter().filter(|(owner, _)| !known.contains(owner)).map(|(_, n)| n).sum(),
            Self::Movers(grains) => {
                let others = |g: &Grain| {
                    g.iter()
                        .filter(|(owner, _)| !known.contains(owner))
                        .fold([0, 0], |sum, (_, n)| [sum[0] + n[0], sum[1] + n[1]])
                };
                grains.iter().map(|g| hidden(others(g))).sum()
            }
        }
    }

    /// Bailleurs, those with most households first.
    fn owners(&self) -> Vec<(u32, u16)> {
        let mut of: BTreeMap<u16, u32> = BTreeMap::new();
        match self {
            Self::All(own) => of.clone_from(own),
            Self::Movers(grains) => {
                for (owner, n) in grains.iter().flatten() {
                    *of.entry(*owner).or_default() += n[0] + n[1];
                }
            }
        }
        let mut owners: Vec<(u32, u16)> = of.into_iter().map(|(owner, n)| (n, owner)).collect();
        owners.sort_unstable_by_key(|(n, owner)| (std::cmp::Reverse(*n), *owner));
        owners
    }

    /// The bailleurs, `together` at most, to whom the part tells of 1 to `k` − 1 households of others.
    #[must_use]
    pub fn exposed_to(&self, k: u32, together: usize) -> Option<Vec<u16>> {
        let all = self.without(&[]);
        let owners = self.owners();
        // Without n households at most n fewer are told of.
        let risky = |n: u32| all.saturating_sub(n) < k;
        let tells = |known: &[u16]| (1..k).contains(&self.without(known));
        for (i, &(n, a)) in owners.iter().enumerate() {
            if risky(n) && tells(&[a]) {
                return Some(vec![a]);
            }
            let pairs = owners[i + 1..].iter().take_while(|(m, _)| together > 1 && risky(n + m));
            for &(_, b) in pairs {
                if tells(&[a, b]) {
                    return Some(vec![a, b]);
                }
            }
        }
        None
    }

    /// Whether none or at least `k` are told of, whoever takes its own tenants out.
    #[must_use]
    pub fn is_enough(&self, k: u32) -> bool {
        !(1..k).contains(&self.without(&[])) && !self.exposes(k)
    }

    /// Whether any bailleurs that may put what they know together learn of too few others.
    #[must_use]
    pub fn exposes(&self, k: u32) -> bool {
        self.exposed_to(k, TOGETHER).is_some()
    }
}

/// Puts parts together until none tells a bailleur, or two, of too few others, where their commune allows.
/// `zones`: of each place in the order that parts are runs of; `told`: of a part.
#[must_use]
pub fn mend<T: Tally>(
    parts: Vec<Unit<T>>,
    zones: &[Zones],
    told: impl Fn(&Unit<T>) -> Told,
    k: u32,
) -> Vec<Unit<T>> {
    // Parts of one commune; those of small communes that were taken together, by EPCI and wider.
    let mut scopes: BTreeMap<(usize, Vec<u32>), Vec<Part<T>>> = BTreeMap::new();
    for unit in parts {
        let ends: Vec<Zones> =
            unit.runs().flat_map(|(s, e)| [zones[s as usize], zones[e as usize - 1]]).collect();
        let same = |depth: usize| ends.iter().all(|z| z[..depth] == ends[0][..depth]);
        let depth = (0..=COMMUNE).rev().find(|d| same(*d)).unwrap_or(0);
        let told = told(&unit);
        scopes.entry((depth, ends[0][..depth].to_vec())).or_default().push(Part { unit, told });
    }
    let mut out = Vec::new();
    for ((depth, _), mut parts) in scopes {
        for together in 1..=TOGETHER {
            parts = mended(parts, depth, together, k);
        }
        out.extend(parts.into_iter().map(|p| p.unit));
    }
    out
}

#[derive(Clone)]
struct Part<T> {
    unit: Unit<T>,
    told: Told,
}

impl<T: Tally> Part<T> {
    fn join(&mut self, other: Self) {
        self.told.add(&other.told);
        self.unit.join(other.unit);
    }
}

/// Parts of one scope, by block.
type Blocks<T> = BTreeMap<Vec<u32>, Vec<Part<T>>>;

/// Of one commune (or one group of small ones).
fn mended<T: Tally>(parts: Vec<Part<T>>, depth: usize, together: usize, k: u32) -> Vec<Part<T>> {
    let exposed = |p: &Part<T>| p.told.exposed_to(k, together);
    let block = |p: &Part<T>| p.unit.zones[..=COMMUNE].to_vec();
    let (mut open, good): (Vec<_>, Vec<_>) = parts.into_iter().partition(|p| exposed(p).is_some());
    let mut safe: Blocks<T> = BTreeMap::new();
    good.into_iter().for_each(|p| safe.entry(block(&p)).or_default().push(p));
    for level in [COMMUNE + 1, depth] {
        open.sort_by_key(|p| (p.unit.zones, p.unit.start));
        let mut left: Vec<Part<T>> = Vec::new();
        for part in open {
            match left.last_mut() {
                Some(last) if last.unit.zones[..level] == part.unit.zones[..level] => last.join(part),
                _ => left.push(part),
            }
            if left.last().is_some_and(|last| exposed(last).is_none())
                && let Some(done) = left.pop()
            {
                safe.entry(block(&done)).or_default().push(done);
            }
        }
        left.retain_mut(|part| {
            let Some((whole, taken)) = helped(part, &safe, level, exposed, k) else { return true };
            for (at, i) in taken.into_iter().rev() {
                safe.get_mut(&at).map(|b| b.remove(i));
            }
            safe.entry(block(&whole)).or_default().push(whole);
            false
        });
        open = left;
    }
    safe.into_values().flatten().chain(open).collect()
}

/// A part with parts of the same zone that bring what it lacks, and which; None if they are not enough.
fn helped<T: Tally>(
    part: &Part<T>,
    safe: &Blocks<T>,
    level: usize,
    exposed: impl Fn(&Part<T>) -> Option<Vec<u16>>,
    k: u32,
) -> Option<(Part<T>, BTreeSet<(Vec<u32>, usize)>)> {
    let zone = &part.unit.zones[..level];
    let (mut whole, mut taken) = (part.clone(), BTreeSet::new());
    while let Some(known) = exposed(&whole) {
        let lacks = k - whole.told.without(&known);
        let here =
            safe.range(zone.to_vec()..).take_while(|(at, _)| at.starts_with(&zone[..level.min(at.len())]));
        let all = here.flat_map(|(at, of)| of.iter().enumerate().map(move |(i, p)| ((at.clone(), i), p)));
        let brings = all.filter(|(at, p)| !taken.contains(at) && p.told.without(&known) >= lacks);
        let (at, more) = brings.min_by_key(|(_, p)| (p.unit.tally.weight(), p.unit.start))?;
        whole.join(more.clone());
        taken.insert(at);
    }
    Some((whole, taken))
}
