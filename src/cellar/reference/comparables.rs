//! `data/rules/comparables.toml`: which measures say that two territories have the same kind of stock.

use serde::Deserialize;

use super::reglages::held::Held;
use super::{ReferenceError, parse};

const FILE: &str = "rules/comparables.toml";

/// One measure of a territory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    pub id: String,
    pub libelle: String,
    /// Indicators of `data/indicators.toml` whose values are summed; all of one unit.
    pub indicateurs: Vec<String>,
    /// Whether its decimal logarithm is compared.
    #[serde(default)]
    pub logarithme: bool,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alike {
    pub version: String,
    /// Scales whose zones are compared.
    pub echelles: Vec<String>,
    pub logements_min: u64,
    pub zones_min: usize,
    pub mesures_min: usize,
    pub z_max: f64,
    pub proches: usize,
    pub proches_max: usize,
    pub semblable: f64,
    pub different: f64,
    #[serde(rename = "mesure")]
    pub measures: Vec<Measure>,
}

pub(super) static DATA: Held<Alike> =
    Held::new(&[(FILE, include_str!("../../../data/rules/comparables.toml"))], |t| Alike::read(t[0]));

/// What the file says.
///
/// # Panics
/// If the compiled-in file is wrong, which a test excludes.
#[must_use]
pub fn alike() -> &'static Alike {
    DATA.known()
}

impl Alike {
    fn read(text: &str) -> Result<Self, ReferenceError> {
        let rules: Self = parse(FILE, text)?;
        let fault = |message: &str| ReferenceError { file: FILE, message: message.to_owned() };
        if rules.mesures_min == 0 || rules.mesures_min > rules.measures.len() {
            return Err(fault("« mesures_min » va de 1 au nombre de mesures"));
        }
        if rules.measures.iter().any(|m| m.indicateurs.is_empty()) {
            return Err(fault("une mesure a au moins un indicateur"));
        }
        let ordered =
            0.0 < rules.semblable && rules.semblable < rules.different && rules.different < rules.z_max;
        if !ordered || rules.zones_min < 3 || rules.proches == 0 || rules.proches > rules.proches_max {
            return Err(fault("les bornes ne se suivent pas"));
        }
        Ok(rules)
    }

    /// Every indicator of a measure, each once.
    #[must_use]
    pub fn indicateurs(&self) -> Vec<String> {
        let mut out: Vec<String> = self.measures.iter().flat_map(|m| m.indicateurs.clone()).collect();
        out.sort_unstable();
        out.dedup();
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::indicators::Catalogue;
    use crate::reference::scales;

    #[test]
    fn every_measure_is_one_of_dwellings_and_every_scale_exists() {
        let (rules, catalogue) = (alike(), Catalogue::embedded().unwrap());
        for measure in &rules.measures {
            let found: Vec<_> =
                measure.indicateurs.iter().map(|id| catalogue.indicator(id).unwrap()).collect();
            assert!(found.iter().all(|i| !catalogue.describes_households(i)), "{}", measure.id);
            assert!(found.iter().all(|i| i.unite == found[0].unite), "{}", measure.id);
            assert!(!measure.logarithme || found[0].unite == "nombre", "{}", measure.id);
        }
        assert!(rules.echelles.iter().all(|e| scales::scale(e).id == *e));
    }
}
