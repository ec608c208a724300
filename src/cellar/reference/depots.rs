//! `data/depots.toml`: limits of deposits, and what makes an address worth looking at.

use serde::Deserialize;

use super::reglages::held::Held;
use super::{ReferenceError, parse};

/// What makes an address worth looking at, beyond `data/survey.toml`.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Addresses {
    pub loin_m: f64,
    pub multiples_m: f64,
    /// Below this score of the geocoder an address is not the one that is looked for.
    pub score_min: f64,
}

/// Parameters of deposits.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Deposits {
    pub octets_max: u64,
    /// Files checked at once.
    pub controles: usize,
    /// Share of a commune's rows whose loss is pointed at, if it had `effectif_min`.
    pub perte_signalee: f64,
    pub effectif_min: u64,
    pub taux_reponse_bas: f64,
    pub adresses: Addresses,
}

pub(super) static DATA: Held<Deposits> =
    Held::new(&[("depots.toml", include_str!("../../../data/depots.toml"))], |t| Deposits::read(t[0]));

impl Deposits {
    /// The parameters in force: what the program holds, with the changes of the store ([`super::reglages`]).
    ///
    /// # Errors
    /// `data/depots.toml` is malformed.
    pub fn embedded() -> Result<&'static Self, ReferenceError> {
        DATA.get()
    }

    fn read(text: &str) -> Result<Self, ReferenceError> {
        let d = parse("depots.toml", text)?;
        Ok(d)
    }
}
