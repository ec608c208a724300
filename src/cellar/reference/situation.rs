//! `data/situation.toml`: how near to an edge the answer « in a QPV or not » is uncertain.

use serde::Deserialize;

use super::reglages::held::Held;
use super::{ReferenceError, parse};

/// One quality of location.
#[derive(Debug, Clone, Deserialize)]
pub struct Quality {
    /// `QUALITE_XY`.
    pub code: u8,
    pub libelle: String,
    #[serde(default)]
    pub tolerance_m: f64,
    #[serde(default)]
    pub toujours_incertain: bool,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
pub struct SituationRules {
    pub tolerance_defaut_m: f64,
    pub distance_max_m: f64,
    /// How near to the contour of a commune a point is as good as in it.
    pub contour_tolerance_m: f64,
    pub epsg_defaut: u16,
    pub qualite: Vec<Quality>,
}

impl SituationRules {
    #[must_use]
    pub fn quality(&self, code: u8) -> Option<&Quality> {
        self.qualite.iter().find(|q| q.code == code)
    }
}

fn load(text: &str) -> Result<SituationRules, ReferenceError> {
    parse("situation.toml", text)
}

pub(super) static DATA: Held<SituationRules> =
    Held::new(&[("situation.toml", include_str!("../../../data/situation.toml"))], |t| load(t[0]));

/// The file, read once.
///
/// # Panics
/// If the compiled-in file is wrong, which a test excludes.
#[must_use]
pub fn situation() -> &'static SituationRules {
    DATA.known()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_worse_the_quality_the_wider_the_tolerance() {
        let rules = super::DATA.get().unwrap();
        let t = |code| rules.quality(code).unwrap().tolerance_m;
        assert!(t(11) < t(21) && t(21) < t(12) && t(12) < rules.distance_max_m);
        assert!(rules.quality(33).unwrap().toujours_incertain);
    }
}
