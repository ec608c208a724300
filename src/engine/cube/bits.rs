//! Bit columns: one bit a dwelling, counted 64 at a time.

use std::ops::Range;

/// A read-only column of bits, mapped from a cube or owned by a filter.
#[derive(Debug, Clone, Copy)]
pub struct Bits<'a>(pub &'a [u64]);

/// Number of words for `n` bits.
#[must_use]
pub fn words(n: usize) -> usize {
    n.div_ceil(64)
}

/// Calls `f(word index, mask of the bits of that word which are in the range)`.
#[inline]
fn for_words(range: Range<usize>, mut f: impl FnMut(usize, u64)) {
    if range.is_empty() {
        return;
    }
    let (first, last) = (range.start / 64, (range.end - 1) / 64);
    let head = u64::MAX << (range.start % 64);
    let tail = u64::MAX >> (63 - (range.end - 1) % 64);
    if first == last {
        f(first, head & tail);
        return;
    }
    f(first, head);
    for w in first + 1..last {
        f(w, u64::MAX);
    }
    f(last, tail);
}

impl Bits<'_> {
    #[must_use]
    pub fn get(&self, i: usize) -> bool {
        self.0[i / 64] >> (i % 64) & 1 == 1
    }

    /// Number of set bits in the range.
    #[must_use]
    #[inline]
    pub fn count(&self, range: Range<usize>) -> u64 {
        let mut n = 0;
        for_words(range, |w, m| n += u64::from((self.0[w] & m).count_ones()));
        n
    }

    /// Number of bits set in both columns in the range.
    #[must_use]
    #[inline]
    pub fn count_and(&self, other: Bits<'_>, range: Range<usize>) -> u64 {
        let mut n = 0;
        for_words(range, |w, m| n += u64::from((self.0[w] & other.0[w] & m).count_ones()));
        n
    }

    /// Calls `f` with each set bit of the range, in order.
    #[inline]
    pub fn each(&self, range: Range<usize>, mut f: impl FnMut(usize)) {
        for_words(range, |w, m| {
            let mut word = self.0[w] & m;
            while word != 0 {
                f(w * 64 + word.trailing_zeros() as usize);
                word &= word - 1;
            }
        });
    }

    /// The bits set in both columns.
    #[must_use]
    pub fn and(&self, other: Bits<'_>) -> Vec<u64> {
        self.0.iter().zip(other.0).map(|(a, b)| a & b).collect()
    }
}

/// A column of `n` bits made by a test on each index.
#[must_use]
pub fn from_fn(n: usize, mut test: impl FnMut(usize) -> bool) -> Vec<u64> {
    let mut word =
        |w: usize| (w * 64..n.min(w * 64 + 64)).fold(0u64, |word, i| word | u64::from(test(i)) << (i % 64));
    (0..words(n)).map(&mut word).collect()
}

/// One column a class of `column`, up to the highest that it has: the rows that are in it.
#[must_use]
pub fn by_class(column: &[u8]) -> Vec<Vec<u64>> {
    let most = column.iter().max().map_or(0, |c| usize::from(*c) + 1);
    let mut out = vec![vec![0; words(column.len())]; most];
    for (w, rows) in column.chunks(64).enumerate() {
        let mut own = [0u64; 256];
        for (i, class) in rows.iter().enumerate() {
            own[usize::from(*class)] |= 1 << i;
        }
        for (column, word) in out.iter_mut().zip(own) {
            column[w] = word;
        }
    }
    out
}

/// A column of `n` bits, all set.
#[must_use]
pub fn full(n: usize) -> Vec<u64> {
    let mut bits = vec![u64::MAX; words(n)];
    if let Some(last) = bits.last_mut()
        && !n.is_multiple_of(64)
    {
        *last = u64::MAX >> (64 - n % 64);
    }
    bits
}

/// Clears the bits of a column that are not set in another.
pub fn keep(column: &mut [u64], other: &[u64]) {
    column.iter_mut().zip(other).for_each(|(c, o)| *c &= o);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_column_is_that_of_a_test_that_always_holds() {
        for n in [0, 1, 63, 64, 65, 200] {
            assert_eq!(full(n), from_fn(n, |_| true), "{n}");
        }
    }

    #[test]
    fn columns_of_classes_are_those_of_a_test_on_each_row() {
        let mut rng = fastrand::Rng::with_seed(3);
        for n in [0, 1, 64, 65, 500] {
            let column: Vec<u8> = (0..n).map(|_| [0, 1, 2, 9, 255][rng.usize(0..5)]).collect();
            for (class, bits) in (0..=255).zip(by_class(&column)) {
                assert_eq!(bits, from_fn(n, |i| column[i] == class), "{n}, {class}");
            }
        }
        assert_eq!(by_class(&[0, 3]).len(), 4);
    }

    #[test]
    fn counts_equal_a_naive_count_on_every_range() {
        let bits = from_fn(200, |i| i % 3 == 0 || i % 7 == 1);
        let b = Bits(&bits);
        for start in 0..200 {
            for end in start..=200 {
                let naive = (start..end).filter(|i| i % 3 == 0 || i % 7 == 1).count() as u64;
                assert_eq!(b.count(start..end), naive);
                let mut n = 0;
                b.each(start..end, |i| {
                    assert!((start..end).contains(&i));
                    n += 1;
                });
                assert_eq!(n, naive);
            }
        }
    }
}
