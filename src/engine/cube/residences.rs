//! Residences in runs of addresses, each counted once.

use rustc_hash::FxHashSet;

use super::running;
use super::runs::Runs;

/// Address that is in no residence.
const NONE: u32 = u32::MAX;

/// What counts residences. Addresses of one follow each other, except where blocks (IRIS, QPV) part them:
/// those residences are in pieces, and are few.
#[derive(Debug)]
pub struct Residences {
    /// Residences in one piece that begin before each address.
    whole: Vec<u32>,
    /// Pieces of the others by their first address: it, the end, the residence.
    pieces: Vec<[u32; 3]>,
}

impl Residences {
    /// `of`: the residence of each address.
    #[must_use]
    pub fn new(of: &[u32]) -> Self {
        let mut all: Vec<[u32; 3]> = Vec::new();
        for (a, &residence) in (0u32..).zip(of) {
            match all.last_mut() {
                Some(last) if last[2] == residence && last[1] == a => last[1] = a + 1,
                _ if residence == NONE => {}
                _ => all.push([a, a + 1, residence]),
            }
        }
        let most = all.iter().map(|p| p[2] as usize + 1).max().unwrap_or(0);
        let mut parts = vec![0u8; most];
        for p in &all {
            let n = &mut parts[p[2] as usize];
            *n = n.saturating_add(1);
        }
        let mut begins = vec![false; of.len()];
        let mut pieces = Vec::new();
        for p in all {
            if parts[p[2] as usize] == 1 {
                begins[p[0] as usize] = true;
            } else {
                pieces.push(p);
            }
        }
        Self { whole: running(begins.into_iter()), pieces }
    }

    /// Distinct residences that have an address in the runs.
    #[must_use]
    pub fn count(&self, of: &[u32], runs: &Runs) -> u64 {
        let mut parted: FxHashSet<u32> = FxHashSet::default();
        let (mut n, mut last) = (0, NONE);
        for (s, e) in runs.iter().filter(|(s, e)| s < e) {
            let from = self.pieces.partition_point(|p| p[1] <= s);
            parted.extend(self.pieces[from..].iter().take_while(|p| p[0] < e).map(|p| p[2]));
            let (first, end) = (s as usize, e as usize);
            n += u64::from(self.whole[end] - self.whole[first]);
            // One that began before the run is in it too, unless the run before had it already.
            let begun = self.whole[first + 1] == self.whole[first] && of[first] != NONE;
            if begun && of[first] != last && !parted.contains(&of[first]) {
                n += 1;
            }
            last = of[end - 1];
        }
        n + parted.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_residence_of_any_runs_counts_once() {
        // 3 is parted by a block, 9 three times; some addresses are in none.
        let of = [0, 0, 3, 3, 1, NONE, NONE, 3, 2, 2, 9, 4, 9, NONE, 9, 5];
        let residences = Residences::new(&of);
        let n = u32::try_from(of.len()).unwrap();
        for a in 0..n {
            for b in a + 1..=n {
                for c in b..n {
                    for d in c + 1..=n {
                        let runs = Runs::new(vec![(a, b), (c, d)]);
                        let held: BTreeSet<u32> =
                            (a..b).chain(c..d).map(|i| of[i as usize]).filter(|r| *r != NONE).collect();
                        assert_eq!(residences.count(&of, &runs), held.len() as u64, "{a}..{b}, {c}..{d}");
                    }
                }
            }
        }
    }
}
