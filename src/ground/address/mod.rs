//! One spelling for every address: the key that joins dwellings, households, allocations and the BAN.
//!
//! The key is `{depcom}:{number or 0}:{repetition sign or -}:{street}`; the street is upper case,
//! without accents and punctuation, its kind of road and its abbreviations written out, without what
//! describes a building (`BAT A`). A letter that the file lost (`?` or U+FFFD) stays as `?`.
//! [`key`] does one address; [`Normalizer`] does millions: it remembers the streets it has seen.

mod number;
mod street;

pub use number::HouseNumber;
use rustc_hash::FxHashMap;
use street::Street;
pub use street::unaccent;
use unicode_normalization::UnicodeNormalization;

use crate::reference::addresses::{Words, words};

/// Where the house number was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// In its own column.
    Own,
    /// In front of the street's name (`175 AVENUE MICHEL JOURDAN` in NOMVOIE).
    Street,
    /// In the complement (`151 avenue Michel Jourdan` in COMPLIDENT); the street comes from there too.
    Complement,
    #[default]
    Nowhere,
}

/// An address in one spelling.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParsedAddress {
    /// The first number written.
    pub number: Option<u32>,
    /// Repetition sign: `BIS`, `TER`, `A`…
    pub suffix: Option<String>,
    /// Every number written (`8/10` gives 8 and 10); empty without a number.
    pub numbers: Vec<u32>,
    /// Kind of road and name, normalised; empty when the file gives none.
    pub street: String,
    pub key: String,
    pub origin: Origin,
}

/// Normalises one address from its columns (RPLS names; pass "" for what the file lacks).
#[must_use]
pub fn key(
    depcom: &str,
    numvoie: &str,
    indrep: &str,
    typvoie: &str,
    nomvoie: &str,
    complident: &str,
) -> ParsedAddress {
    Normalizer::new().key(depcom, numvoie, indrep, typvoie, nomvoie, complident).clone()
}

/// Normalises many addresses; neighbours in a file mostly share theirs.
#[derive(Debug)]
pub struct Normalizer {
    words: &'static Words,
    streets: FxHashMap<Box<str>, Street>,
    complements: FxHashMap<Box<str>, Option<(HouseNumber, String)>>,
    asked: String,
    probe: String,
    last: ParsedAddress,
}

/// Streets remembered before the memory is emptied.
const REMEMBERED: usize = 50_000;

impl Default for Normalizer {
    fn default() -> Self {
        Self::new()
    }
}

impl Normalizer {
    #[must_use]
    pub fn new() -> Self {
        Self {
            words: words(),
            streets: FxHashMap::default(),
            complements: FxHashMap::default(),
            asked: String::new(),
            probe: String::new(),
            last: ParsedAddress::default(),
        }
    }

    /// Like [`key`]; the answer stands until the next question.
    pub fn key(
        &mut self,
        depcom: &str,
        numvoie: &str,
        indrep: &str,
        typvoie: &str,
        nomvoie: &str,
        complident: &str,
    ) -> &ParsedAddress {
        self.probe.clear();
        for part in [depcom, numvoie, indrep, typvoie, nomvoie, complident] {
            self.probe.push_str(part);
            self.probe.push('\0');
        }
        if self.probe != self.asked {
            std::mem::swap(&mut self.probe, &mut self.asked);
            self.last = self.make(depcom, numvoie, indrep, typvoie, nomvoie, complident);
        }
        &self.last
    }

    fn make(
        &mut self,
        depcom: &str,
        numvoie: &str,
        indrep: &str,
        typvoie: &str,
        nomvoie: &str,
        complident: &str,
    ) -> ParsedAddress {
        let words = self.words;
        let own = self.own_number(numvoie);
        let street = self.street(typvoie, nomvoie, own.is_some());
        let (mut number, mut name, mut origin) = match (own, &street.number) {
            (Some(own), _) => (Some(own), street.name.clone(), Origin::Own),
            (None, Some(n)) => (Some(n.clone()), street.name.clone(), Origin::Street),
            (None, None) => (None, street.name.clone(), Origin::Nowhere),
        };
        let lost_sign = street.sign.clone();
        if number.is_none()
            && let Some((n, other)) = self.complement(complident)
        {
            origin = Origin::Complement;
            number = Some(n);
            // « 24 avenue Fran » is « AVENUE FRANCIS TONNER » cut at an accent, if the file says so.
            // A kind of road alone (« 1 all », cut there too) says less than the name.
            if !(name.starts_with(&other) || (!other.contains(' ') && !name.is_empty())) {
                name = other;
            }
        }
        let mut suffix = street::sign(indrep, words);
        let mut numbers = Vec::new();
        let number = number.map(|n| {
            if suffix.is_none() {
                suffix = n.suffix.or(lost_sign);
            }
            numbers = n.all;
            n.first
        });
        if number.is_none() {
            suffix = None;
        }
        use std::fmt::Write;
        let mut key = String::with_capacity(depcom.len() + name.len() + 12);
        // Writing to a String cannot fail.
        let _ = write!(key, "{depcom}:{}:{}:{name}", number.unwrap_or(0), suffix.as_deref().unwrap_or("-"));
        ParsedAddress { number, suffix, numbers, street: name, key, origin }
    }

    fn own_number(&self, numvoie: &str) -> Option<HouseNumber> {
        let raw = numvoie.trim();
        if raw.is_empty() {
            return None;
        }
        if raw.len() <= 5
            && let Ok(first) = raw.parse::<u32>()
        {
            return (!self.words.numbers.faux.contains(&first)).then(|| HouseNumber {
                first,
                suffix: None,
                all: vec![first],
            });
        }
        // Full-width digits and `№` are digits and `No` once decomposed.
        let upper = if raw.is_ascii() {
            street::unaccent(raw)
        } else {
            street::unaccent(&raw.nfkc().collect::<String>())
        };
        if self.words.numbers.aucun.contains(&upper) {
            return None;
        }
        number::own(&upper, self.words)
    }

    fn street(&mut self, typvoie: &str, nomvoie: &str, has_number: bool) -> &Street {
        if self.streets.len() > REMEMBERED {
            self.streets.clear();
        }
        self.probe.clear();
        self.probe.push_str(typvoie);
        self.probe.push(if has_number { '\u{1}' } else { '\0' });
        self.probe.push_str(nomvoie);
        let words = self.words;
        self.streets
            .entry(self.probe.as_str().into())
            .or_insert_with(|| street::parse(typvoie, nomvoie, has_number, words))
    }

    fn complement(&mut self, complident: &str) -> Option<(HouseNumber, String)> {
        if !complident.trim_start().starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        if self.complements.len() > REMEMBERED {
            self.complements.clear();
        }
        let words = self.words;
        self.complements
            .entry(complident.into())
            .or_insert_with(|| street::complement(complident, words))
            .clone()
    }
}

#[cfg(test)]
mod tests;
