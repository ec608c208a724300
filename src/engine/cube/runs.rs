//! A set of address points as runs of consecutive ranks along the cube's order.

/// Sorted, disjoint, non-empty, maximal half-open runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Runs(Vec<(u32, u32)>);

impl Runs {
    /// Sorts and merges runs in any order; empty ones are dropped, overlaps counted once.
    #[must_use]
    pub fn new(mut runs: Vec<(u32, u32)>) -> Self {
        runs.sort_unstable();
        let mut out = Self::default();
        for (s, e) in runs {
            out.push(s, e);
        }
        out
    }

    /// Appends a run that starts at or after the start of the last one.
    #[inline]
    pub fn push(&mut self, start: u32, end: u32) {
        if start >= end {
            return;
        }
        match self.0.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => self.0.push((start, end)),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.0.iter().copied()
    }

    #[must_use]
    pub fn as_slice(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// Number of addresses.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.iter().map(|(s, e)| u64::from(e - s)).sum()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The union of several sets.
    #[must_use]
    pub fn union(sets: &[&Self]) -> Self {
        Self::new(sets.iter().flat_map(|r| r.0.iter().copied()).collect())
    }

    /// What is in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (mut i, mut j, mut out) = (0, 0, Self::default());
        while i < self.0.len() && j < other.0.len() {
            let (a, b) = (self.0[i], other.0[j]);
            out.push(a.0.max(b.0), a.1.min(b.1));
            if a.1 <= b.1 { i += 1 } else { j += 1 }
        }
        out
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let (mut j, mut out) = (0, Self::default());
        for (mut start, end) in self.iter() {
            while other.0.get(j).is_some_and(|hole| hole.1 <= start) {
                j += 1;
            }
            // A hole may reach into the next run: it is looked at again there.
            let mut k = j;
            while let Some(&(s, e)) = other.0.get(k).filter(|hole| hole.0 < end) {
                out.push(start, s.max(start));
                start = e;
                k += 1;
            }
            out.push(start, end);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_touch_or_overlap_become_one() {
        assert_eq!(Runs::new(vec![(5, 7), (0, 2), (2, 3), (6, 9), (4, 4)]).as_slice(), [(0, 3), (5, 9)]);
    }

    #[test]
    fn the_intersection_keeps_what_is_in_both() {
        let a = Runs::new(vec![(0, 5), (8, 12)]);
        let b = Runs::new(vec![(3, 9), (11, 20)]);
        assert_eq!(a.intersection(&b).as_slice(), [(3, 5), (8, 9), (11, 12)]);
    }

    #[test]
    fn a_set_is_parted_by_any_other_in_what_is_in_it_and_what_is_not() {
        let mut state = 7_u32;
        let mut draw = |n: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % n
        };
        for _ in 0..500 {
            let mut set = || {
                let n = draw(6);
                let mut run = || (draw(40), draw(9));
                Runs::new((0..n).map(|_| run()).map(|(start, length)| (start, start + 1 + length)).collect())
            };
            let (a, b) = (set(), set());
            let (both, rest) = (a.intersection(&b), a.minus(&b));
            assert_eq!(both.len() + rest.len(), a.len());
            assert!(rest.intersection(&b).is_empty());
            assert_eq!(Runs::union(&[&both, &rest]), a);
        }
    }
}
