//! The vocabulary of the index, and which of its words are near to a misspelt one.
//!
//! Near words are found by deletions: a word and its misspelling, both shortened by one or two letters, meet
//! at the same remainder (the method of SymSpell). Remainders of all words are in one sorted table; what
//! meets is then measured by the optimal string alignment distance of rapidfuzz, in which two letters swapped
//! count as one fault.

use rapidfuzz::distance::osa;

use crate::arrays::Strings;

/// Remainders are made of this many first letters.
const PREFIX: usize = 7;
/// Sorted remainders are found by the first bits of their hash.
const BUCKET_BITS: u32 = 16;
/// What two faults count.
const TWO_FAULTS: f32 = 2.6;
/// Near words that are kept for one word.
const NEAR: usize = 12;

/// Faults that are looked for in a word of this many letters.
#[must_use]
pub fn tolerance(letters: usize) -> usize {
    match letters {
        0..=2 => 0,
        3..=4 => 1,
        _ => 2,
    }
}

/// Table of remainders: (first bits → range), (other bits, word).
#[derive(Debug, Default)]
pub struct Remainders {
    pub starts: Vec<u32>,
    pub keys: Vec<u16>,
    pub words: Vec<u32>,
}

/// The table of a sorted vocabulary.
#[must_use]
pub fn remainders<S: AsRef<str>>(words: &[S]) -> Remainders {
    let mut all: Vec<(u32, u32)> = Vec::new();
    let mut scratch = Vec::new();
    for (id, word) in (0u32..).zip(words) {
        let word = word.as_ref().as_bytes();
        if word.iter().any(u8::is_ascii_digit) || word.len() < 3 {
            continue;
        }
        shortened(word, tolerance(word.len()), &mut scratch);
        all.extend(scratch.iter().map(|h| (*h, id)));
    }
    all.sort_unstable();
    let mut table = Remainders { starts: vec![0; (1 << BUCKET_BITS) + 1], ..Remainders::default() };
    for (hash, word) in all {
        table.starts[(hash >> (32 - BUCKET_BITS)) as usize + 1] += 1;
        table.keys.push(hash as u16);
        table.words.push(word);
    }
    for i in 0..1 << BUCKET_BITS {
        table.starts[i + 1] += table.starts[i];
    }
    table
}

/// Hashes of a word's beginning and of what is left of it without 1 to `faults` letters; each once.
fn shortened(word: &[u8], faults: usize, out: &mut Vec<u32>) {
    let word = &word[..word.len().min(PREFIX)];
    out.clear();
    out.push(hash(word, usize::MAX, usize::MAX));
    if faults >= 1 {
        out.extend((0..word.len()).map(|i| hash(word, i, usize::MAX)));
    }
    if faults >= 2 {
        for i in 0..word.len() {
            out.extend((i + 1..word.len()).map(|j| hash(word, i, j)));
        }
    }
    out.sort_unstable();
    out.dedup();
}

/// FNV-1a with a last mixing: stands in files, so it is no library's that may change.
fn hash(word: &[u8], without: usize, nor: usize) -> u32 {
    let mut h = 0x811c_9dc5_u32;
    for (i, b) in word.iter().enumerate() {
        if i != without && i != nor {
            h = (h ^ u32::from(*b)).wrapping_mul(0x0100_0193);
        }
    }
    h = (h ^ (h >> 15)).wrapping_mul(0x2c1b_3c6d);
    h ^ (h >> 12)
}

/// The mapped vocabulary.
#[derive(Debug, Clone, Copy)]
pub struct Vocabulary<'a> {
    pub words: Strings<'a>,
    pub starts: &'a [u32],
    pub keys: &'a [u16],
    pub ids: &'a [u32],
}

/// A word of the vocabulary and how alike it is, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    pub word: u32,
    pub alike: f32,
}

impl Vocabulary<'_> {
    /// The word itself.
    #[must_use]
    pub fn exact(&self, word: &str) -> Option<u32> {
        let at = self.lower_bound(word);
        ((at as usize) < self.words.len() && self.words.get(at as usize) == word).then_some(at)
    }

    /// The first word that does not come before.
    fn lower_bound(&self, word: &str) -> u32 {
        let (mut low, mut high) = (0, self.words.len());
        while low < high {
            let middle = (low + high) / 2;
            if self.words.get(middle) < word { low = middle + 1 } else { high = middle }
        }
        low as u32
    }

    /// Words that begin so, those of `weight` first.
    pub fn beginning(&self, prefix: &str, most: usize, weight: impl Fn(u32) -> u32, out: &mut Vec<Near>) {
        let from = self.lower_bound(prefix);
        let mut found: Vec<u32> = (from..self.words.len() as u32)
            .take_while(|w| self.words.get(*w as usize).starts_with(prefix))
            .take(2_000)
            .collect();
        found.sort_by_key(|w| std::cmp::Reverse(weight(*w)));
        for w in found.into_iter().take(most) {
            let share = prefix.len() as f32 / self.words.get(w as usize).len().max(1) as f32;
            out.push(Near { word: w, alike: 0.6 + 0.35 * share });
        }
    }

    /// Words at one or two faults, the nearest first.
    pub fn near(&self, word: &str, scratch: &mut Vec<u32>, out: &mut Vec<Near>) {
        let bytes = word.as_bytes();
        let faults = tolerance(bytes.len());
        if faults == 0 || bytes.iter().any(u8::is_ascii_digit) {
            return;
        }
        shortened(bytes, faults, scratch);
        let mut met: Vec<u32> = Vec::new();
        for h in scratch.iter() {
            let bucket = (h >> (32 - BUCKET_BITS)) as usize;
            for i in self.starts[bucket] as usize..self.starts[bucket + 1] as usize {
                if self.keys[i] == *h as u16 {
                    met.push(self.ids[i]);
                }
            }
        }
        met.sort_unstable();
        met.dedup();
        let from = out.len();
        let measure = osa::BatchComparator::new(bytes.iter().copied());
        for w in met {
            let other = self.words.get(w as usize);
            if other.len().abs_diff(bytes.len()) > faults {
                continue;
            }
            let args = osa::Args::default().score_cutoff(faults);
            let Some(d) = measure.distance_with_args(other.bytes(), &args) else { continue };
            let longest = other.len().max(bytes.len());
            // Two faults in a short word leave nothing of it.
            if d == 0 || d > tolerance(other.len().min(bytes.len())) {
                continue;
            }
            // The second fault counts more than the first: BERTHE is not MARTHE.
            let faults = if d > 1 { TWO_FAULTS } else { d as f32 };
            out.push(Near { word: w, alike: 1.0 - faults / longest as f32 });
        }
        out[from..].sort_by(|a, b| b.alike.total_cmp(&a.alike));
        out.truncate(from + NEAR);
    }
}
