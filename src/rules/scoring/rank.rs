//! The rank of a demand among those like it.

use super::demands::Demands;

/// Order of a list: the higher note, then the older deposit, then a stable order (that of pseudonyms, which
/// says nothing of a household).
#[must_use]
pub fn order(all: &Demands, rows: &[u32], notes: &[i32]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..rows.len()).collect();
    let key = |i: usize| {
        let row = rows[i] as usize;
        (std::cmp::Reverse(notes[i]), all.depot[row], all.nud[row])
    };
    places.sort_unstable_by_key(|i| key(*i));
    places
}

/// A rank, as precise as may be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// One more than the demands with a higher note.
    Exact { rank: u32, of: u32 },
    /// In this quarter of so many demands: 1 is the first.
    Quarter { quarter: u8, of: u32 },
    /// Fewer than `k` demands alike.
    Secret,
}

/// The rank among `of` similar demands of one that `higher` of them pass.
#[must_use]
pub fn standing(higher: u32, of: u32, exact_from: u32, k: u32) -> Standing {
    if of < k {
        return Standing::Secret;
    }
    if of < exact_from {
        let quarter = u8::try_from((u64::from(higher) * 4 / u64::from(of)).min(3)).unwrap_or(3);
        return Standing::Quarter { quarter: quarter + 1, of };
    }
    Standing::Exact { rank: higher + 1, of }
}

/// How many of each demand's group have a higher note, and the size of the group. `group` says which demands
/// are alike.
#[must_use]
pub fn higher(notes: &[i32], group: &[u64]) -> Vec<(u32, u32)> {
    let mut places: Vec<usize> = (0..notes.len()).collect();
    places.sort_unstable_by_key(|i| (group[*i], std::cmp::Reverse(notes[*i])));
    let mut out = vec![(0, 0); notes.len()];
    for chunk in places.chunk_by(|a, b| group[*a] == group[*b]) {
        let of = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
        let mut before = 0;
        for (n, i) in chunk.iter().enumerate() {
            if n > 0 && notes[*i] != notes[chunk[n - 1]] {
                before = u32::try_from(n).unwrap_or(u32::MAX);
            }
            out[*i] = (before, of);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_notes_share_a_rank() {
        let found = higher(&[50, 90, 50, 10, 70], &[1, 1, 1, 1, 2]);
        assert_eq!(found, [(1, 4), (0, 4), (1, 4), (3, 4), (0, 1)]);
    }

    #[test]
    fn ranks_of_few_are_in_bands_and_of_fewer_secret() {
        let of = |higher, n| standing(higher, n, 50, 11);
        assert_eq!(of(0, 10), Standing::Secret);
        assert_eq!(of(0, 11), Standing::Quarter { quarter: 1, of: 11 });
        assert_eq!(of(10, 11), Standing::Quarter { quarter: 4, of: 11 });
        assert_eq!(of(12, 49), Standing::Quarter { quarter: 1, of: 49 });
        assert_eq!(of(13, 49), Standing::Quarter { quarter: 2, of: 49 });
        assert_eq!(of(13, 50), Standing::Exact { rank: 14, of: 50 });
    }

    #[test]
    fn ties_go_by_seniority_then_by_a_stable_order() {
        let all = Demands {
            depot: vec![20_240_101, 20_230_101, 20_240_101],
            nud: vec![9, 8, 7],
            ..Demands::default()
        };
        assert_eq!(order(&all, &[0, 1, 2], &[5, 5, 5]), [1, 2, 0]);
        assert_eq!(order(&all, &[0, 1, 2], &[6, 5, 5]), [0, 1, 2]);
    }
}
