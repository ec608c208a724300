//! Allocations (`data/registers/attributions.toml`): columns, code lists of the SNE, thresholds and rules.

use std::sync::LazyLock;

use serde::Deserialize;

use super::registre::{Registre, RegistreFichier};
use super::{ReferenceError, parse};

const FILE: &str = "registers/attributions.toml";

/// Thresholds of the rules.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seuils {
    /// First year that a date may have.
    pub annee_min: u16,
    pub nb_personnes: [u8; 2],
    /// €/month.
    pub ressources_mensuelles_max: f64,
    /// €/year.
    pub rfr_max: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    seuils: Seuils,
    attribution: RegistreFichier,
}

/// The files of allocations.
#[derive(Debug)]
pub struct Attributions {
    pub seuils: Seuils,
    pub registre: Registre,
}

static ATTRIBUTIONS: LazyLock<Result<Attributions, ReferenceError>> = LazyLock::new(|| {
    let f: File = parse(FILE, include_str!("../../../data/registers/attributions.toml"))?;
    Ok(Attributions { seuils: f.seuils, registre: Registre::new(FILE, f.attribution)? })
});

/// The description of `data/registers/attributions.toml`.
///
/// # Errors
/// The file that was compiled in is faulty (a test reads it).
pub fn attributions() -> Result<&'static Attributions, ReferenceError> {
    ATTRIBUTIONS.as_ref().map_err(Clone::clone)
}
