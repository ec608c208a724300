//! Groups of a sub-population: the smallest unions of atoms by which it may be published.

use crate::cube::bits::Bits;

/// Consecutive atoms that are published together, or not at all, for one sub-population.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// The node of the hierarchy: atoms `start..end`.
    pub start: u32,
    pub end: u32,
    /// First and last (excluded) atoms of the node that hold the sub-population.
    pub first: u32,
    pub last: u32,
    /// Households of the sub-population in the node.
    pub households: u32,
}

/// What may be published of one sub-population.
#[derive(Debug, Clone)]
pub struct Release {
    /// Sorted, disjoint groups.
    pub groups: Vec<Group>,
    /// The households: one bit a dwelling.
    pub rows: Vec<u64>,
}

impl Release {
    /// Memory that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rows.len() * size_of::<u64>() + self.groups.len() * size_of::<Group>()
    }
}

/// Atoms, in dwellings, and the partitions above them.
#[derive(Debug, Clone)]
pub struct Hierarchy {
    /// First dwelling of each atom, and the total.
    pub dwellings: Vec<u32>,
    /// First atoms of the nodes of each partition, finest first.
    pub partitions: Vec<Vec<u32>>,
}

impl Hierarchy {
    #[must_use]
    pub fn atoms(&self) -> usize {
        self.dwellings.len().saturating_sub(1)
    }

    /// Running totals, over atoms, of the rows that a count gives for each atom.
    fn prefix(&self, count: impl Fn(std::ops::Range<usize>) -> u32) -> Vec<u32> {
        let mut out = Vec::with_capacity(self.dwellings.len());
        let mut total = 0;
        out.push(0);
        for pair in self.dwellings.windows(2) {
            total += count(pair[0] as usize..pair[1] as usize);
            out.push(total);
        }
        out
    }
}

/// Counts over atoms as running totals.
struct Totals {
    /// Households of the sub-population.
    inside: Vec<u32>,
    /// … in atoms that it fills wholly.
    pure: Vec<u32>,
    /// All households of the atoms that it touches.
    touched: Vec<u32>,
}

impl Totals {
    fn new(h: &Hierarchy, rows: Bits<'_>, everyone: Bits<'_>) -> Self {
        let inside = h.prefix(|r| narrow(rows.count(r)));
        let all = h.prefix(|r| narrow(everyone.count(r)));
        let (mut pure, mut touched) = (vec![0], vec![0]);
        for a in 0..h.atoms() {
            let (n, m) = (inside[a + 1] - inside[a], all[a + 1] - all[a]);
            pure.push(pure[a] + if n == m { n } else { 0 });
            touched.push(touched[a] + if n > 0 { m } else { 0 });
        }
        Self { inside, pure, touched }
    }

    /// Whether a node may be published against all households.
    fn publishable(&self, start: u32, end: u32, k: u32, at_least: u32) -> bool {
        let over = |v: &[u32]| v[end as usize] - v[start as usize];
        let (n, pure, touched) = (over(&self.inside), over(&self.pure), over(&self.touched));
        let safe = |d: u32| d == 0 || d >= k;
        (n >= at_least || n == 0) && safe(n) && safe(n - pure) && safe(touched - n)
    }
}

fn narrow(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A leftover joins its neighbours only in nodes of at most this many times `k` households of the
/// sub-population: beyond, it costs less to leave it out than to publish a whole town as one group.
const LARGEST_MERGE: u32 = 16;

/// Cuts the groups of a sub-population, from the atoms up: a node whose children may all be published is
/// published by them; else as one group if it may be; else it waits for its parent. What still waits in a
/// node of more than [`LARGEST_MERGE`]` × k` households, or at the top, is left out.
///
/// `items`: bit columns of the households that answered each item used in cutting atoms; the same rule holds
/// for the sub-population's answers to each of them.
#[must_use]
pub fn cut(h: &Hierarchy, rows: Vec<u64>, everyone: Bits<'_>, items: &[Bits<'_>], k: u32) -> Release {
    let base = Totals::new(h, Bits(&rows), everyone);
    let answered: Vec<Totals> = items
        .iter()
        .map(|item| Totals::new(h, Bits(&Bits(&rows).and(*item)), Bits(&everyone.and(*item))))
        .collect();
    let publishable = |start: u32, end: u32| {
        base.publishable(start, end, k, k) && answered.iter().all(|t| t.publishable(start, end, k, 0))
    };
    let households = |start: u32, end: u32| base.inside[end as usize] - base.inside[start as usize];
    let m = narrow(h.atoms() as u64);
    // Nodes of the partition below, with whether they wait, and the groups found so far (sorted).
    let mut below: Vec<(u32, bool)> = Vec::new();
    let mut groups: Vec<(u32, u32)> = Vec::new();
    for (depth, partition) in h.partitions.iter().enumerate() {
        let mut nodes = Vec::with_capacity(partition.len());
        let mut next = Vec::with_capacity(groups.len());
        let (mut child, mut group) = (0, 0);
        for (i, &start) in partition.iter().enumerate() {
            let end = partition.get(i + 1).copied().unwrap_or(m);
            let mut waits = depth == 0 && households(start, end) > 0;
            while child < below.len() && below[child].0 < end {
                waits |= below[child].1;
                child += 1;
            }
            let first_group = group;
            while group < groups.len() && groups[group].0 < end {
                group += 1;
            }
            let small = first_group == group || households(start, end) <= LARGEST_MERGE * k;
            if waits && small && publishable(start, end) {
                next.push((start, end));
                waits = false;
            } else {
                waits &= small;
                next.extend_from_slice(&groups[first_group..group]);
            }
            nodes.push((start, waits));
        }
        below = nodes;
        groups = next;
    }
    let groups = groups
        .into_iter()
        .map(|(start, end)| {
            let holds = |a: &u32| households(*a, *a + 1) > 0;
            let first = (start..end).find(holds).unwrap_or(start);
            let last = (start..end).rev().find(holds).map_or(end, |a| a + 1);
            Group { start, end, first, last, households: households(start, end) }
        })
        .collect();
    Release { groups, rows }
}

/// Withholds the groups of `new` that, compared with a release already answered, would let a difference
/// describe 1 to `k − 1` households. Groups of both are nodes of one hierarchy: one contains the other or
/// they are disjoint.
pub fn withhold(h: &Hierarchy, new: &mut Release, old: &Release, k: u32) {
    let both = {
        let common = Bits(&new.rows).and(Bits(&old.rows));
        h.prefix(|r| narrow(Bits(&common).count(r)))
    };
    let shared = |g: &Group| both[g.end as usize] - both[g.start as usize];
    let risky = |d: i64| (1..i64::from(k)).contains(&d);
    let mut keep = vec![true; new.groups.len()];
    let (mut i, mut j) = (0, 0);
    while i < new.groups.len() && j < old.groups.len() {
        let (f, g) = (new.groups[i], old.groups[j]);
        if f.end <= g.start {
            i += 1;
        } else if g.end <= f.start {
            j += 1;
        } else if f.start <= g.start && g.end <= f.end {
            // One new group over one or several old ones.
            let from = j;
            while j < old.groups.len() && old.groups[j].end <= f.end {
                j += 1;
            }
            let within = &old.groups[from..j];
            keep[i] = !conflict(&f, shared(&f), within, &shared, &risky);
            i += 1;
        } else {
            // One old group over several new ones: withhold the smallest until no difference is risky.
            let from = i;
            while i < new.groups.len() && new.groups[i].end <= g.end {
                i += 1;
            }
            loop {
                let within: Vec<Group> = (from..i).filter(|x| keep[*x]).map(|x| new.groups[x]).collect();
                if !conflict(&g, shared(&g), &within, &shared, &risky) {
                    break;
                }
                let smallest = (from..i)
                    .filter(|x| keep[*x] && shared(&new.groups[*x]) > 0)
                    .min_by_key(|x| new.groups[*x].households);
                let Some(x) = smallest else { break };
                keep[x] = false;
            }
            j += 1;
        }
    }
    let mut kept = keep.into_iter();
    new.groups.retain(|_| kept.next().unwrap_or(true));
}

/// Whether the large group, or the small ones inside it, can be had from the other by a risky difference.
fn conflict(
    large: &Group,
    shared_large: u32,
    small: &[Group],
    shared: &impl Fn(&Group) -> u32,
    risky: &impl Fn(i64) -> bool,
) -> bool {
    let n = i64::from(large.households);
    // Small groups that lie wholly in the large one: what remains of it.
    let covered: i64 =
        small.iter().filter(|s| shared(s) == s.households).map(|s| i64::from(s.households)).sum();
    if covered > 0 && risky(n - covered) {
        return true;
    }
    // Small groups that together hold the whole large one: what they hold besides.
    let touching: Vec<&Group> = small.iter().filter(|s| shared(s) > 0).collect();
    let held: u32 = touching.iter().map(|s| shared(s)).sum();
    let cover: i64 = touching.iter().map(|s| i64::from(s.households)).sum();
    held == shared_large && i64::from(shared_large) == n && risky(cover - n)
}
