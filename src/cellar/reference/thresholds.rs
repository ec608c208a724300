//! First-quartile thresholds (`data/registers/thresholds.toml`): columns, bounds and rules of their files.

use std::sync::LazyLock;

use serde::Deserialize;

use super::registre::{Registre, RegistreFichier};
use super::{ReferenceError, parse};

const FILE: &str = "registers/thresholds.toml";

/// Bounds of the rules.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seuils {
    pub annee: [u16; 2],
    /// € a year and consumption unit.
    pub eur_uc: [f64; 2],
    /// Codes that files give to the single threshold of Île-de-France.
    pub region_codes: Vec<String>,
    /// Code under which it is kept.
    pub region: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    seuils: Seuils,
    seuil: RegistreFichier,
}

/// The files of thresholds.
#[derive(Debug)]
pub struct Thresholds {
    pub seuils: Seuils,
    pub registre: Registre,
}

static THRESHOLDS: LazyLock<Result<Thresholds, ReferenceError>> = LazyLock::new(|| {
    let f: File = parse(FILE, include_str!("../../../data/registers/thresholds.toml"))?;
    Ok(Thresholds { seuils: f.seuils, registre: Registre::new(FILE, f.seuil)? })
});

/// The description of `data/registers/thresholds.toml`.
///
/// # Errors
/// The file that was compiled in is faulty (a test reads it).
pub fn thresholds() -> Result<&'static Thresholds, ReferenceError> {
    THRESHOLDS.as_ref().map_err(Clone::clone)
}
