//! `data/registers/objectifs.toml`: the file of the rates that a convention sets.

use std::sync::LazyLock;

use super::registre::{Registre, RegistreFichier};
use super::{ReferenceError, parse};

const FILE: &str = "registers/objectifs.toml";

static REGISTRE: LazyLock<Result<Registre, ReferenceError>> = LazyLock::new(|| {
    let f: RegistreFichier = parse(FILE, include_str!("../../../data/registers/objectifs.toml"))?;
    Registre::new(FILE, f)
});

/// Its columns and rules.
///
/// # Errors
/// The file that was compiled in is faulty (a test reads it).
pub fn objectifs() -> Result<&'static Registre, ReferenceError> {
    REGISTRE.as_ref().map_err(Clone::clone)
}
