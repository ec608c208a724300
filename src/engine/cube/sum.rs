//! Sums of measures over runs of addresses: whole nodes from the tree, the rest counted in bit columns.

use super::bits::Bits;
use super::tree::{FAN, LEAF};

/// One measure: the rows that it keeps and, if it does not merely count them, their values.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    pub rows: Bits<'a>,
    pub values: Option<&'a [u32]>,
    /// Sums of all nodes, leaves first, as made by [`levels`]; None when a filter applies.
    pub nodes: Option<&'a [u64]>,
}

impl Column<'_> {
    /// Sum over dwelling ranks.
    #[inline]
    fn dwellings(&self, mask: Option<Bits<'_>>, start: u32, end: u32) -> u64 {
        let range = start as usize..end as usize;
        match (self.values, mask) {
            (None, None) => self.rows.count(range),
            (None, Some(m)) => self.rows.count_and(m, range),
            (Some(v), m) => {
                let mut sum = 0;
                self.rows.each(range, |i| {
                    if m.is_none_or(|m| m.get(i)) {
                        sum += u64::from(v[i]);
                    }
                });
                sum
            }
        }
    }

    /// Sum over address ranks `start..end`; `starts` gives the first dwelling of each address.
    #[must_use]
    pub fn run(&self, mask: Option<Bits<'_>>, starts: &[u32], start: u32, end: u32) -> u64 {
        let plain = |a: usize, b: usize| self.dwellings(mask, starts[a], starts[b]);
        let (a, b) = (start as usize, end as usize);
        let Some(nodes) = self.nodes else { return plain(a, b) };
        let (mut lo, mut hi) = (a.div_ceil(LEAF), b / LEAF);
        if b == starts.len() - 1 {
            hi = b.div_ceil(LEAF);
        }
        if lo >= hi {
            return plain(a, b);
        }
        let mut sum = plain(a, lo * LEAF) + plain((hi * LEAF).min(b), b);
        // Climb while whole parents fit; take the ends at each level.
        let (mut base, mut size) = (0, (starts.len() - 1).div_ceil(LEAF));
        while lo < hi {
            let (up, down) = (lo.div_ceil(FAN), hi / FAN);
            if up >= down || size == 1 {
                sum += nodes[base + lo..base + hi].iter().sum::<u64>();
                break;
            }
            sum += nodes[base + lo..base + up * FAN].iter().sum::<u64>();
            sum += nodes[base + down * FAN..base + hi].iter().sum::<u64>();
            base += size;
            size = size.div_ceil(FAN);
            (lo, hi) = (up, down);
        }
        sum
    }
}

/// Sums of one measure for every node, leaves first.
#[must_use]
pub fn levels(rows: &[u64], values: Option<&[u32]>, mask: Option<&[u64]>, starts: &[u32]) -> Vec<u64> {
    let column = Column { rows: Bits(rows), values, nodes: None };
    let n = starts.len() - 1;
    let mut level: Vec<u64> = (0..n.div_ceil(LEAF))
        .map(|leaf| {
            let (a, b) = (leaf * LEAF, ((leaf + 1) * LEAF).min(n));
            column.dwellings(mask.map(Bits), starts[a], starts[b])
        })
        .collect();
    let mut out = Vec::new();
    while !level.is_empty() {
        out.extend_from_slice(&level);
        if level.len() == 1 {
            break;
        }
        level = level.chunks(FAN).map(|c| c.iter().sum()).collect();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cube::bits::from_fn;

    #[test]
    fn every_run_sums_to_what_a_naive_count_gives() {
        let mut rng = fastrand::Rng::with_seed(7);
        let n = 3_000;
        let mut starts = vec![0u32];
        for _ in 0..n {
            starts.push(starts.last().copied().unwrap_or(0) + rng.u32(0..6));
        }
        let d = starts[n] as usize;
        let rows = from_fn(d, |_| rng.bool());
        let mask = from_fn(d, |_| rng.u8(0..4) == 0);
        let values: Vec<u32> = (0..d).map(|_| rng.u32(0..1000)).collect();
        for (values, mask) in
            [(None, None), (Some(values.as_slice()), None), (Some(values.as_slice()), Some(mask.as_slice()))]
        {
            let nodes = levels(&rows, values, mask, &starts);
            let fast = Column { rows: Bits(&rows), values, nodes: Some(&nodes) };
            for _ in 0..2_000 {
                let a = rng.usize(0..=n);
                let b = rng.usize(a..=n);
                let naive: u64 = (starts[a] as usize..starts[b] as usize)
                    .filter(|&i| Bits(&rows).get(i) && mask.is_none_or(|m| Bits(m).get(i)))
                    .map(|i| values.map_or(1, |v| u64::from(v[i])))
                    .sum();
                assert_eq!(fast.run(mask.map(Bits), &starts, a as u32, b as u32), naive);
            }
        }
    }
}
