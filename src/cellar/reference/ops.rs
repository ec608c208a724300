//! The OPS survey (`data/registers/ops.toml`): columns, code lists, thresholds and rules of both formats.

use std::sync::LazyLock;

use serde::Deserialize;

use super::registre::{Registre, RegistreFichier};
use super::{ReferenceError, parse};

const FILE: &str = "registers/ops.toml";

/// Thresholds of the rules.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seuils {
    pub nb_personnes: [u8; 2],
    pub age_titulaire: [u8; 2],
    /// Years before the wave.
    pub anciennete_max: u16,
    /// Month (1–12) of the reference date, in the year of the wave.
    pub mois_reference: u8,
    /// €/year.
    pub rfr_max: i32,
    /// Percent.
    pub pct_plafond_max: f64,
    /// Points.
    pub pct_plafond_ecart: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    pct_donne_prime: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    seuils: Seuils,
    options: Options,
    reponse: RegistreFichier,
    agregat: RegistreFichier,
}

/// The OPS survey.
#[derive(Debug)]
pub struct Ops {
    pub seuils: Seuils,
    /// The percentage of the file wins over the computed one.
    pub pct_donne_prime: bool,
    /// One row a dwelling.
    pub reponse: Registre,
    /// Aggregates of older waves.
    pub agregat: Registre,
}

impl Ops {
    /// Reads and checks the text of `ops.toml`.
    ///
    /// # Errors
    /// A shape that does not fit; see [`Registre::new`].
    pub fn from_toml(text: &str) -> Result<Self, ReferenceError> {
        let f: File = parse(FILE, text)?;
        if f.seuils.nb_personnes[0] > f.seuils.nb_personnes[1]
            || f.seuils.age_titulaire[0] > f.seuils.age_titulaire[1]
        {
            return Err(ReferenceError { file: FILE, message: "seuils : bornes en désordre".into() });
        }
        Ok(Self {
            seuils: f.seuils,
            pct_donne_prime: f.options.pct_donne_prime,
            reponse: Registre::new(FILE, f.reponse)?,
            agregat: Registre::new(FILE, f.agregat)?,
        })
    }
}

static OPS: LazyLock<Result<Ops, ReferenceError>> =
    LazyLock::new(|| Ops::from_toml(include_str!("../../../data/registers/ops.toml")));

/// The description of `data/registers/ops.toml`.
///
/// # Errors
/// The file that was compiled in is faulty (a test reads it).
pub fn ops() -> Result<&'static Ops, ReferenceError> {
    OPS.as_ref().map_err(Clone::clone)
}
