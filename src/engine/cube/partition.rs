//! Partitions of addresses: the parts that are published whole or not at all, and how they are put together.
//!
//! A [`Partition`] cuts the order of addresses into pieces. Most parts are one piece; a few are several that
//! stand or fall together: what a commune has without a place joins its located addresses, and communes that
//! are too small alone are taken together inside their EPCI. [`group`] makes parts that satisfy a rule
//! ([`Tally`]) at the narrowest level where they can, and never across the border of a commune that can
//! satisfy it by itself.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::runs::Runs;
use crate::arrays::narrow;

/// What is in no part: it is too little even together with all the like.
pub const OUT: u32 = u32::MAX;

/// Zones of an address, widest first: département, EPCI, commune, block (IRIS × QPV), residence.
pub type Zones = [u32; 5];
/// How many of them name a commune, an EPCI and a département.
pub const COMMUNE: usize = 3;
const EPCI: usize = 2;
const DEPARTEMENT: usize = 1;

/// What a part is measured by.
pub trait Tally: Clone {
    fn add(&mut self, other: &Self);
    /// Whether a part of this much may be published.
    fn fits(&self, k: u32) -> bool;
    /// Whether there is nothing in it.
    fn is_empty(&self) -> bool;
    /// How much there is: a leftover joins the part with the least.
    fn weight(&self) -> u64;
}

/// Households of one kind: at least `k`.
impl Tally for u32 {
    fn add(&mut self, other: &Self) {
        *self += other;
    }

    fn fits(&self, k: u32) -> bool {
        *self >= k
    }

    fn is_empty(&self) -> bool {
        *self == 0
    }

    fn weight(&self) -> u64 {
        u64::from(*self)
    }
}

/// Households of two kinds, each of which is none or at least `k`.
impl Tally for [u32; 2] {
    fn add(&mut self, other: &Self) {
        self[0] += other[0];
        self[1] += other[1];
    }

    fn fits(&self, k: u32) -> bool {
        self.iter().all(|&n| n == 0 || n >= k)
    }

    fn is_empty(&self) -> bool {
        *self == [0, 0]
    }

    fn weight(&self) -> u64 {
        u64::from(self[0]) + u64::from(self[1])
    }
}

/// Dwellings, of at least two owners.
#[derive(Debug, Clone, Copy, Default)]
pub struct Owned {
    pub dwellings: u32,
    /// The owner, if there is only one.
    pub owner: Option<u16>,
    pub several: bool,
}

impl Tally for Owned {
    fn add(&mut self, other: &Self) {
        self.dwellings += other.dwellings;
        self.several |= other.several || matches!((self.owner, other.owner), (Some(a), Some(b)) if a != b);
        self.owner = self.owner.or(other.owner);
    }

    fn fits(&self, k: u32) -> bool {
        self.dwellings >= k && self.several
    }

    fn is_empty(&self) -> bool {
        self.dwellings == 0
    }

    fn weight(&self) -> u64 {
        u64::from(self.dwellings)
    }
}

/// Addresses that are put together: a run, and more runs if they are not neighbours.
#[derive(Debug, Clone)]
pub struct Unit<T> {
    pub start: u32,
    pub end: u32,
    pub more: Vec<(u32, u32)>,
    /// Of the first address.
    pub zones: Zones,
    pub tally: T,
}

impl<T> Unit<T> {
    /// All runs, the first one first.
    pub fn runs(&self) -> impl Iterator<Item = (u32, u32)> {
        std::iter::once((self.start, self.end)).chain(self.more.iter().copied())
    }
}

impl<T: Tally> Unit<T> {
    /// Takes the addresses of another in.
    pub fn join(&mut self, other: Self) {
        self.tally.add(&other.tally);
        if self.more.is_empty() && self.end == other.start {
            self.end = other.end;
        } else {
            self.more.push((other.start, other.end));
        }
        self.more.extend(other.more);
    }
}

/// Puts units together until each fits: consecutive ones inside their residence, then their block, then their
/// commune; what a commune has left joins its smallest part; communes that are too small go together inside
/// their EPCI, their département, or all together. Gives the parts, and what is left out.
pub fn group<T: Tally>(mut units: Vec<Unit<T>>, k: u32) -> (Vec<Unit<T>>, Vec<Unit<T>>) {
    for depth in (COMMUNE..=5).rev() {
        units = merge(units, depth, k);
    }
    let (mut done, small) = communes(units, k);
    let mut pool = small;
    for depth in [EPCI, DEPARTEMENT, 0] {
        pool = pooled(pool, depth, k, &mut done);
    }
    (done, pool)
}

/// As [`group`], but what a commune has too little of is left out: it may have enough another day.
pub fn group_in_communes<T: Tally>(mut units: Vec<Unit<T>>, k: u32) -> Vec<Unit<T>> {
    for depth in (COMMUNE..=5).rev() {
        units = merge(units, depth, k);
    }
    communes(units, k).0
}

/// One pass along the order: inside each zone of a level, units grow until they fit; a leftover joins the
/// last.
fn merge<T: Tally>(units: Vec<Unit<T>>, depth: usize, k: u32) -> Vec<Unit<T>> {
    let mut out: Vec<Unit<T>> = Vec::with_capacity(units.len() / 2 + 1);
    // First output of the current zone, and whether its last output still waits for more.
    let (mut first, mut open) = (0, false);
    for unit in units {
        let same = out.len() > first && out.last().is_some_and(|l| l.zones[..depth] == unit.zones[..depth]);
        if !same {
            close(&mut out, first, open, k);
            first = out.len();
        } else if let Some(last) = out.last_mut()
            && (open || (unit.tally.is_empty() && !unit.tally.fits(k)))
        {
            last.join(unit);
            open = !last.tally.fits(k);
            continue;
        }
        open = !unit.tally.fits(k);
        out.push(unit);
    }
    close(&mut out, first, open, k);
    out
}

/// Joins the last unit of a zone, which does not fit, to the one before it in the same zone.
fn close<T: Tally>(out: &mut Vec<Unit<T>>, first: usize, mut open: bool, k: u32) {
    while open && out.len() > first + 1 {
        let Some(last) = out.pop() else { return };
        if let Some(previous) = out.last_mut() {
            previous.join(last);
            open = !previous.tally.fits(k);
        }
    }
}

/// Inside each commune, what does not fit goes together or joins the smallest part. Gives the parts, and the
/// communes that have too little by themselves.
fn communes<T: Tally>(units: Vec<Unit<T>>, k: u32) -> (Vec<Unit<T>>, Vec<Unit<T>>) {
    let key = |u: &Unit<T>| (u.zones[0], u.zones[1], u.zones[2]);
    let mut left: BTreeMap<(u32, u32, u32), Unit<T>> = BTreeMap::new();
    let mut done = Vec::with_capacity(units.len());
    for unit in units {
        if unit.tally.fits(k) {
            done.push(unit);
        } else if let Some(known) = left.get_mut(&key(&unit)) {
            known.join(unit);
        } else {
            left.insert(key(&unit), unit);
        }
    }
    let mut smallest: FxHashMap<(u32, u32, u32), usize> = FxHashMap::default();
    for (i, unit) in done.iter().enumerate().filter(|(_, u)| !u.tally.is_empty()) {
        if left.contains_key(&key(unit)) {
            let known = smallest.entry(key(unit)).or_insert(i);
            if unit.tally.weight() < done[*known].tally.weight() {
                *known = i;
            }
        }
    }
    let mut small = Vec::new();
    for (at, unit) in left {
        if unit.tally.fits(k) || unit.tally.is_empty() {
            done.push(unit);
        } else if let Some(&i) = smallest.get(&at) {
            done[i].join(unit);
        } else {
            small.push(unit);
        }
    }
    (done, small)
}

/// Takes small communes together inside zones of a level; gives those that are too few there.
fn pooled<T: Tally>(mut small: Vec<Unit<T>>, depth: usize, k: u32, done: &mut Vec<Unit<T>>) -> Vec<Unit<T>> {
    small.sort_by_key(|u| (u.zones, u.start));
    let mut rest = Vec::new();
    let mut small = small.into_iter().peekable();
    while let Some(mut open) = small.next() {
        let zone = open.zones;
        let mut last: Option<usize> = None;
        while let Some(next) = small.next_if(|u| u.zones[..depth] == zone[..depth]) {
            if open.tally.fits(k) {
                last = Some(done.len());
                done.push(std::mem::replace(&mut open, next));
            } else {
                open.join(next);
            }
        }
        match last {
            _ if open.tally.fits(k) => done.push(open),
            Some(i) => done[i].join(open),
            None => rest.push(open),
        }
    }
    rest
}

/// Addresses cut into parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// First address rank of each piece, and the number of addresses.
    pub starts: Vec<u32>,
    /// Part of each piece: the number of its first piece, or [`OUT`].
    pub parts: Vec<u32>,
}

impl Partition {
    /// `parts` and `out` hold each of `addresses` once.
    #[must_use]
    pub fn new<T>(parts: &[Unit<T>], out: &[Unit<T>], addresses: u32) -> Self {
        let numbered = parts.iter().enumerate().chain(out.iter().map(|u| (usize::MAX, u)));
        let mut pieces: Vec<(u32, u32, usize)> =
            numbered.flat_map(|(i, u)| u.runs().map(move |(s, e)| (s, e, i))).collect();
        pieces.sort_unstable();
        let mut first: FxHashMap<usize, u32> = FxHashMap::default();
        let (mut starts, mut of) = (Vec::with_capacity(pieces.len() + 1), Vec::with_capacity(pieces.len()));
        let mut before = None;
        for (start, _, unit) in pieces {
            if before == Some(unit) {
                continue;
            }
            before = Some(unit);
            let n = u32::try_from(of.len()).unwrap_or(OUT);
            of.push(if unit == usize::MAX { OUT } else { *first.entry(unit).or_insert(n) });
            starts.push(start);
        }
        starts.push(addresses);
        Self { starts, parts: of }
    }

    /// The runs of each part, parts in the order of their first piece.
    #[must_use]
    pub fn runs(&self) -> Vec<Vec<(u32, u32)>> {
        let mut of: FxHashMap<u32, usize> = FxHashMap::default();
        let mut out: Vec<Vec<(u32, u32)>> = Vec::new();
        for (part, pair) in self.parts.iter().zip(self.starts.windows(2)).filter(|(p, _)| **p != OUT) {
            let i = *of.entry(*part).or_insert_with(|| {
                out.push(Vec::with_capacity(1));
                out.len() - 1
            });
            out[i].push((pair[0], pair[1]));
        }
        out
    }
}

/// A partition ready to be asked.
#[derive(Debug)]
pub struct Index {
    pub partition: Partition,
    /// Rank, among the addresses that must be in a zone, of the first of each piece; and their number.
    ranks: Vec<u32>,
    /// Pieces of parts that have several, and their part; pieces that are in no part.
    joined: Vec<(u32, u32)>,
    /// Pieces of each part that has several.
    sizes: FxHashMap<u32, u32>,
}

/// How many at the beginning of a growing list are no more than something, looked for from the beginning on.
fn at_most(list: &[u32], most: u32) -> usize {
    let mut step = 1;
    while step <= list.len() && list[step - 1] <= most {
        step *= 2;
    }
    let low = step / 2;
    low + list[low..list.len().min(step)].partition_point(|v| *v <= most)
}

impl Index {
    /// `rank`: how many addresses that a zone must hold come before each address. Every part has one at
    /// least.
    #[must_use]
    pub fn new(partition: Partition, rank: &[u32]) -> Self {
        let ranks = partition.starts.iter().map(|s| rank[*s as usize]).collect();
        let mut sizes: FxHashMap<u32, u32> = FxHashMap::default();
        for (i, part) in (0u32..).zip(&partition.parts) {
            if *part != i && *part != OUT {
                *sizes.entry(*part).or_insert(1) += 1;
            }
        }
        let joined = (0u32..)
            .zip(&partition.parts)
            .filter(|(i, part)| **part != *i || sizes.contains_key(part))
            .map(|(i, part)| (i, *part))
            .collect();
        Self { partition, ranks, joined, sizes }
    }

    /// Pieces of the parts that lie wholly in a zone, given in ranks.
    #[must_use]
    pub fn inside(&self, zone: &Runs) -> Runs {
        let m = self.partition.parts.len();
        let mut found = Runs::default();
        for (s, e) in zone.iter() {
            let from = self.ranks[..m].partition_point(|r| *r < s);
            // Most zones are small: their end is near.
            let to = from + at_most(&self.ranks[from + 1..], e);
            if from < to {
                found.push(narrow(from), narrow(to));
            }
        }
        let mut there: FxHashMap<u32, u32> = FxHashMap::default();
        let mut joined = Vec::new();
        for (s, e) in found.iter() {
            let from = self.joined.partition_point(|(piece, _)| *piece < s);
            for &(piece, part) in self.joined[from..].iter().take_while(|(piece, _)| *piece < e) {
                *there.entry(part).or_default() += 1;
                joined.push((piece, part));
            }
        }
        joined.retain(|(_, part)| self.sizes.get(part) != there.get(part));
        if joined.is_empty() {
            return found;
        }
        found.minus(&Runs::new(joined.into_iter().map(|(piece, _)| (piece, piece + 1)).collect()))
    }

    /// Addresses of pieces.
    #[must_use]
    pub fn addresses(&self, pieces: &Runs) -> Runs {
        let starts = &self.partition.starts;
        let mut runs = Runs::default();
        for (s, e) in pieces.iter() {
            runs.push(starts[s as usize], starts[e as usize]);
        }
        runs
    }
}
