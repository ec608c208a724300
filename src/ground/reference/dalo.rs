//! `data/rules/dalo.toml`: reasons that a bailleur may give for a DALO placement in QPV.

use std::sync::OnceLock;

use serde::Deserialize;

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
    pub version: String,
    /// Texts that ask for it.
    pub texte: String,
    #[serde(rename = "motif")]
    pub reasons: Vec<Reason>,
}

impl Watchlist {
    /// The list compiled into the program.
    ///
    /// # Errors
    /// `data/rules/dalo.toml` is malformed.
    pub fn embedded() -> Result<&'static Self, ReferenceError> {
        static LIST: OnceLock<Watchlist> = OnceLock::new();
        if let Some(l) = LIST.get() {
            return Ok(l);
        }
        let list = parse("rules/dalo.toml", include_str!("../../../data/rules/dalo.toml"))?;
        Ok(LIST.get_or_init(|| list))
    }
}
