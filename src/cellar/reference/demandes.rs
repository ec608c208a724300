//! Demands (`data/registers/demandes.toml`): columns, code lists of the SNE, thresholds and rules.

use std::sync::LazyLock;

use serde::Deserialize;

use super::registre::{Registre, RegistreFichier};
use super::{ReferenceError, parse};

const FILE: &str = "registers/demandes.toml";

/// Thresholds of the rules.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seuils {
    /// First year that a date may have.
    pub annee_min: u16,
    pub nb_personnes: [u8; 2],
    pub age: [u8; 2],
    /// €/month.
    pub ressources_mensuelles_max: f64,
    /// €/year.
    pub rfr_max: i32,
    /// €/month, charges included.
    pub loyer_max: f64,
    /// m².
    pub surface: [u16; 2],
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    seuils: Seuils,
    demande: RegistreFichier,
}

/// The files of demands.
#[derive(Debug)]
pub struct Demandes {
    pub seuils: Seuils,
    pub registre: Registre,
}

static DEMANDES: LazyLock<Result<Demandes, ReferenceError>> = LazyLock::new(|| {
    let f: File = parse(FILE, include_str!("../../../data/registers/demandes.toml"))?;
    Ok(Demandes { seuils: f.seuils, registre: Registre::new(FILE, f.demande)? })
});

/// The description of `data/registers/demandes.toml`.
///
/// # Errors
/// The file that was compiled in is faulty (a test reads it).
pub fn demandes() -> Result<&'static Demandes, ReferenceError> {
    DEMANDES.as_ref().map_err(Clone::clone)
}
