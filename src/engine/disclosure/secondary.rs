//! Secondary suppression in a table of counts whose total is published (domain §9.2 rule 4).
//!
//! Figures made of atoms need it no more: a child below `k` stands in one atom with a neighbour. Tables
//! received already summed (aggregate waves of the survey) do.

/// Which children of a published total may be shown: those below `k` are hidden and, while the hidden ones
/// are alone or together below `k`, the next smallest child is hidden too.
///
#[must_use]
pub fn shown(children: &[u64], k: u64) -> Vec<bool> {
    let mut shown: Vec<bool> = children.iter().map(|&n| n == 0 || n >= k).collect();
    loop {
        let hidden: Vec<u64> = children.iter().zip(&shown).filter(|(_, s)| !**s).map(|(n, _)| *n).collect();
        if hidden.is_empty() || (hidden.len() >= 2 && hidden.iter().sum::<u64>() >= k) {
            return shown;
        }
        let next =
            (0..children.len()).filter(|&i| shown[i] && children[i] > 0).min_by_key(|&i| (children[i], i));
        match next {
            Some(i) => shown[i] = false,
            None => return shown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn the_worked_example_9_is_hidden_and_30_with_it() {
        assert_eq!(shown(&[45, 30, 9, 60], 11), [true, false, false, true]);
    }

    #[test]
    fn when_8_recent_movers_are_hidden_the_others_are_hidden_with_them() {
        assert_eq!(shown(&[8, 70], 11), [false, false]);
    }

    #[test]
    fn a_table_without_small_counts_is_shown_whole() {
        assert_eq!(shown(&[45, 30, 0, 60], 11), [true; 4]);
    }
}
