//! `data/secrecy.toml`: thresholds of statistical secrecy and of reliability badges.

use serde::Deserialize;

use super::reglages::held::Held;
use super::{ReferenceError, parse};

/// Lower bounds of the response rate for badges A, B and C.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Badges {
    #[serde(rename = "A")]
    pub a: f64,
    #[serde(rename = "B")]
    pub b: f64,
    #[serde(rename = "C")]
    pub c: f64,
}

/// What segregation figures need.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Segregation {
    /// No index over fewer units.
    pub unites_min: usize,
    pub decimales: i32,
}

/// The rules of domain §9.2, as numbers.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Secrecy {
    /// No figure describes fewer responding households.
    pub k: u32,
    /// Numerators 1 … c−1 are not shown.
    pub c_numerateur: u32,
    /// Rates of 0 % or 100 % are not shown under this number of households.
    pub k2_attribut: u32,
    /// Share of the dwellings of a zone that its figures may leave out.
    pub ecartes_max: f64,
    /// Rates have one decimal from this denominator on.
    pub n_decimale: u32,
    pub badges: Badges,
    pub segregation: Segregation,
}

pub(super) static DATA: Held<Secrecy> =
    Held::new(&[("secrecy.toml", include_str!("../../../data/secrecy.toml"))], |t| Secrecy::read(t[0]));

impl Secrecy {
    /// The rules in force: what the program holds, with the changes of the store ([`super::reglages`]).
    ///
    /// # Errors
    /// `data/secrecy.toml` is malformed.
    pub fn embedded() -> Result<&'static Self, ReferenceError> {
        DATA.get()
    }

    fn read(text: &str) -> Result<Self, ReferenceError> {
        let s = parse("secrecy.toml", text)?;
        Ok(s)
    }

    /// Badge of a response rate (domain §2.7).
    #[must_use]
    pub fn badge(&self, rate: f64) -> char {
        match rate {
            r if r >= self.badges.a => 'A',
            r if r >= self.badges.b => 'B',
            r if r >= self.badges.c => 'C',
            _ => 'D',
        }
    }
}
