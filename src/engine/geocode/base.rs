//! `adresses.bin`: streets, localities and communes with their house numbers, as mapped arrays.
//!
//! A *rue* is a street, a locality or a commune: the document of the index. Its words and its numbers are
//! ranges of two long arrays; communes, present and former, are *lieux*. Positions are ten-millionths of
//! degrees.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::GeocoderError;
use super::words::Vocabulary;
use crate::arrays::{Mapped, Strings};

/// No former commune.
pub const NONE: u32 = u32::MAX;
/// Kinds of documents.
pub const STREET: u8 = 0;
pub const LOCALITY: u8 = 1;
pub const MUNICIPALITY: u8 = 2;

/// What stands beside the arrays.
#[derive(Debug, Serialize, Deserialize)]
pub struct Meta {
    pub format: u32,
    /// Version of `data/geocodage.toml`.
    pub mots: String,
    pub adresses: u64,
}

/// Degrees of a stored position.
#[must_use]
pub fn degrees(stored: i32) -> f64 {
    f64::from(stored) / 1e7
}

/// A stored position of degrees.
#[must_use]
pub fn stored(degrees: f64) -> i32 {
    (degrees * 1e7).round() as i32
}

/// All arrays, viewed.
#[derive(Debug, Clone, Copy)]
pub struct Views<'a> {
    pub names: Strings<'a>,
    pub ids: Strings<'a>,
    pub kinds: &'a [u8],
    /// Commune and former commune of a rue, as lieux.
    pub communes: &'a [u32],
    pub formers: &'a [u32],
    pub postcodes: &'a [u32],
    pub lons: &'a [i32],
    pub lats: &'a [i32],
    word_starts: &'a [u32],
    words: &'a [u32],
    number_starts: &'a [u32],
    pub numbers: &'a [u32],
    pub number_signs: &'a [u16],
    pub number_lons: &'a [i32],
    pub number_lats: &'a [i32],
    pub number_ids: Strings<'a>,
    pub signs: Strings<'a>,
    pub place_names: Strings<'a>,
    pub place_codes: Strings<'a>,
    place_word_starts: &'a [u32],
    place_words: &'a [u32],
    pub vocabulary: Vocabulary<'a>,
    /// What a word says in the name of a rue, and of a lieu.
    pub weights: &'a [f32],
    pub place_weights: &'a [f32],
}

impl<'a> Views<'a> {
    /// Words of the name of a rue, in their order.
    #[must_use]
    pub fn words_of(&self, rue: u32) -> &'a [u32] {
        range(self.word_starts, self.words, rue)
    }

    /// Words of the name of a lieu.
    #[must_use]
    pub fn words_of_place(&self, place: u32) -> &'a [u32] {
        range(self.place_word_starts, self.place_words, place)
    }

    /// Indexes of the house numbers of a rue.
    #[must_use]
    pub fn numbers_of(&self, rue: u32) -> std::ops::Range<usize> {
        self.number_starts[rue as usize] as usize..self.number_starts[rue as usize + 1] as usize
    }

    /// The rue that a house number belongs to.
    #[must_use]
    pub fn rue_of(&self, number: u32) -> u32 {
        (self.number_starts.partition_point(|s| *s <= number) - 1) as u32
    }
}

fn range<'a>(starts: &[u32], values: &'a [u32], i: u32) -> &'a [u32] {
    &values[starts[i as usize] as usize..starts[i as usize + 1] as usize]
}

/// The mapped file.
#[derive(Debug)]
pub struct Base {
    mapped: Mapped,
    pub meta: Meta,
}

impl Base {
    /// Maps the file.
    ///
    /// # Errors
    /// It is missing, cut short or of another version.
    pub fn open(path: &Path) -> Result<Self, GeocoderError> {
        let (mapped, meta) = Mapped::open::<Meta>(path)?;
        let base = Self { mapped, meta };
        base.views()?;
        Ok(base)
    }

    /// All arrays.
    ///
    /// # Errors
    /// One is missing.
    pub fn views(&self) -> Result<Views<'_>, GeocoderError> {
        let m = &self.mapped;
        Ok(Views {
            names: m.strings("rue.nom")?,
            ids: m.strings("rue.id")?,
            kinds: m.array("rue.genre")?,
            communes: m.array("rue.commune")?,
            formers: m.array("rue.ancienne")?,
            postcodes: m.array("rue.code_postal")?,
            lons: m.array("rue.lon")?,
            lats: m.array("rue.lat")?,
            word_starts: m.array("rue.mots.debut")?,
            words: m.array("rue.mots")?,
            number_starts: m.array("rue.numeros.debut")?,
            numbers: m.array("numero")?,
            number_signs: m.array("numero.signe")?,
            number_lons: m.array("numero.lon")?,
            number_lats: m.array("numero.lat")?,
            number_ids: m.strings("numero.id")?,
            signs: m.strings("signe")?,
            place_names: m.strings("lieu.nom")?,
            place_codes: m.strings("lieu.code")?,
            place_word_starts: m.array("lieu.mots.debut")?,
            place_words: m.array("lieu.mots")?,
            vocabulary: Vocabulary {
                words: m.strings("mot")?,
                starts: m.array("reste.debut")?,
                keys: m.array("reste.cle")?,
                ids: m.array("reste.mot")?,
            },
            weights: m.array("mot.poids")?,
            place_weights: m.array("mot.poids_lieu")?,
        })
    }
}
