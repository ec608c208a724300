//! `data/rules/dalo.toml`: reasons that a bailleur may give for a DALO placement in QPV.

use serde::Deserialize;

use super::reglages::held::Held;
use super::reglages::version;
use super::{ReferenceError, parse};

/// A reason.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    pub id: String,
    pub libelle: String,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watchlist {
    #[serde(deserialize_with = "version")]
    pub version: String,
    /// Texts that ask for it.
    pub texte: String,
    /// Days to answer, from the day that a placement entered the list, or that its reason was contested.
    pub delai_jours: u16,
    /// Days before somebody is reminded once more.
    pub relance_jours: u16,
    #[serde(rename = "motif")]
    pub reasons: Vec<Reason>,
}

pub(super) static DATA: Held<Watchlist> =
    Held::new(&[("rules/dalo.toml", include_str!("../../../data/rules/dalo.toml"))], |t| {
        Watchlist::read(t[0])
    });

impl Watchlist {
    /// The list in force: what the program holds, with the changes of the store ([`super::reglages`]).
    ///
    /// # Errors
    /// `data/rules/dalo.toml` is malformed.
    pub fn embedded() -> Result<&'static Self, ReferenceError> {
        DATA.get()
    }

    fn read(text: &str) -> Result<Self, ReferenceError> {
        let list = parse("rules/dalo.toml", text)?;
        Ok(list)
    }
}
