//! `data/survey.toml`: how the survey is read, residences grouped and places trusted.

use serde::Deserialize;

use super::reglages::held::Held;
use super::{ReferenceError, parse};

/// How residences are grouped (domain §3.3).
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Residences {
    pub lien_m: f64,
    pub programme_m: f64,
    pub segment_logements: usize,
}

/// Which place is good for what (domain §1.7).
#[derive(Debug, Clone, Deserialize)]
pub struct Places {
    pub exactes: Vec<u8>,
    pub rue: Vec<u8>,
    pub commune: Vec<u8>,
    pub tolerance_commune_m: f64,
    /// Part of the mean edge of a contour that a point may be outside of it.
    pub contour_part_arete: f64,
    pub contour_sommets_min: usize,
    pub contour_max_m: f64,
    pub empilement: usize,
}

/// How dwellings without a point are located.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct ByAddress {
    /// Quality of a point at the number in the BAN, and of one in its street.
    pub numero: u8,
    pub voie: u8,
    /// Metres between the points of one address that still say where it is.
    pub voisins_m: f64,
}

/// Parameters of the join.
#[derive(Debug, Clone, Deserialize)]
pub struct Survey {
    pub mois_recents: u16,
    pub mois_recents_avant: u16,
    pub derniere_vague_avant: u16,
    pub ecart_millesime: u16,
    pub residences: Residences,
    pub localisation: Places,
    pub adresse: ByAddress,
}

pub(super) static DATA: Held<Survey> =
    Held::new(&[("survey.toml", include_str!("../../../data/survey.toml"))], |t| Survey::read(t[0]));

impl Survey {
    /// The parameters in force: what the program holds, with the changes of the store ([`super::reglages`]).
    ///
    /// # Errors
    /// `data/survey.toml` is malformed.
    pub fn embedded() -> Result<&'static Self, ReferenceError> {
        DATA.get()
    }

    fn read(text: &str) -> Result<Self, ReferenceError> {
        let s = parse("survey.toml", text)?;
        Ok(s)
    }

    /// Months before the reference date within which a lease is recent, for one wave.
    #[must_use]
    pub fn recent_months(&self, wave: u16) -> u16 {
        if wave <= self.derniere_vague_avant { self.mois_recents_avant } else { self.mois_recents }
    }
}
