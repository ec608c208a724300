//! `data/rules/flux.toml`: caps of gestion en flux, and from when a gap is told.

use serde::Deserialize;

use super::reglages::held::Held;
use super::reglages::version;
use super::{ReferenceError, parse};

const FILE: &str = "rules/flux.toml";

/// Caps and tolerances. Shares are from 0 to 1.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flux {
    #[serde(deserialize_with = "version")]
    pub version: String,
    pub etat: f64,
    pub agents: f64,
    pub garanties: f64,
    pub tolerance: f64,
    pub alerte_jours: i32,
    pub alpha: f64,
    pub offres_min: u32,
}

pub(super) static DATA: Held<Flux> =
    Held::new(&[(FILE, include_str!("../../../data/rules/flux.toml"))], |t| read(t[0]));

fn read(text: &str) -> Result<Flux, ReferenceError> {
    let f: Flux = parse(FILE, text)?;
    let message = "la part des agents (« agents ») est comprise dans celle de l'État (« etat »)".to_owned();
    if f.agents > f.etat { Err(ReferenceError { file: FILE, message }) } else { Ok(f) }
}

/// The rules of gestion en flux in force: what the program holds, with the changes of the store.
///
/// # Errors
/// The file that was compiled in is faulty (a test reads it).
pub fn flux() -> Result<&'static Flux, ReferenceError> {
    DATA.get()
}

#[cfg(test)]
mod tests {
    #[test]
    fn shares_are_shares() {
        let f = super::flux().expect("the file that is compiled in");
        for share in [f.etat, f.agents, f.garanties, f.tolerance, f.alpha] {
            assert!((0.0..1.0).contains(&share));
        }
        assert!(f.agents < f.etat);
    }
}
