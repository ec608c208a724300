//! The Base adresse nationale (`data/registers/ban.toml`): columns, bounds and rules of its files.

use std::sync::LazyLock;

use serde::Deserialize;

use super::registre::{Registre, RegistreFichier};
use super::{ReferenceError, parse};

const FILE: &str = "registers/ban.toml";

/// Box of all French territories, degrees WGS84.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seuils {
    pub lon: [f64; 2],
    pub lat: [f64; 2],
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    seuils: Seuils,
    ban: RegistreFichier,
}

/// The files of the BAN.
#[derive(Debug)]
pub struct Ban {
    pub seuils: Seuils,
    pub registre: Registre,
}

static BAN: LazyLock<Result<Ban, ReferenceError>> = LazyLock::new(|| {
    let f: File = parse(FILE, include_str!("../../../data/registers/ban.toml"))?;
    Ok(Ban { seuils: f.seuils, registre: Registre::new(FILE, f.ban)? })
});

/// The description of `data/registers/ban.toml`.
///
/// # Errors
/// The file that was compiled in is faulty (a test reads it).
pub fn ban() -> Result<&'static Ban, ReferenceError> {
    BAN.as_ref().map_err(Clone::clone)
}
