//! `data/rules/flux.toml`: caps of gestion en flux, and from when a gap is told.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{ReferenceError, parse};

const FILE: &str = "rules/flux.toml";

/// Caps and tolerances. Shares are from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flux {
    pub etat: f64,
    pub agents: f64,
    pub garanties: f64,
    pub tolerance: f64,
    pub alerte_jours: i32,
    pub alpha: f64,
    pub offres_min: u32,
}

static FLUX: LazyLock<Result<Flux, ReferenceError>> =
    LazyLock::new(|| parse(FILE, include_str!("../../../data/rules/flux.toml")));

/// The rules of gestion en flux.
///
/// # Errors
/// The file that was compiled in is faulty (a test reads it).
pub fn flux() -> Result<&'static Flux, ReferenceError> {
    FLUX.as_ref().map_err(Clone::clone)
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
