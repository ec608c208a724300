//! `data/rules/fragilite.toml`: how the fragility of a residence is measured, and the reasons of those who
//! decide.

use serde::{Deserialize, Serialize};

use super::reglages::held::Held;
use super::reglages::version;
use super::{ReferenceError, parse};

const FILE: &str = "rules/fragilite.toml";

/// One figure that is looked at.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    pub id: String,
    pub libelle: String,
    /// Indicator of `data/indicators.toml`.
    pub indicateur: String,
    /// Recent movers minus all households, in points.
    #[serde(default)]
    pub ecart: bool,
    pub poids: f64,
    pub source: String,
    /// Day of the choice, `yyyymmdd`.
    pub depuis: u32,
}

/// A class, from a number of alerts on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    pub id: String,
    pub libelle: String,
    pub alertes: usize,
}

/// When a value is an alert.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AlerteFragilite)]
pub enum Alert {
    /// Above a multiple of the value of the EPCI.
    #[default]
    Ratio,
    /// Above it by some points.
    Points,
    /// When its lower Wilson bound is above it.
    Wilson,
}

impl Alert {
    pub const ALL: [&'static str; 3] = ["ratio", "points", "wilson"];

    /// From its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Ratio, Self::Points, Self::Wilson]
            .into_iter()
            .zip(Self::ALL)
            .find(|(_, n)| *n == name)
            .map(|(a, _)| a)
    }
}

/// What people may do of a residence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// By the bailleur, of its own stock.
    Proposer,
    /// By the EPCI: the residence is on the list.
    Valider,
    /// By the EPCI.
    Refuser,
    /// By the bailleur: it takes its proposal back.
    Retirer,
    /// By the bailleur: three more years.
    Renouveler,
    /// By the EPCI: the residence leaves the list before its day.
    Lever,
}

impl Decision {
    /// The bailleur's, then the EPCI's.
    pub const ALL: [Self; 6] =
        [Self::Proposer, Self::Retirer, Self::Renouveler, Self::Valider, Self::Refuser, Self::Lever];

    /// As written in the interface and in the state store.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Proposer => "proposer",
            Self::Valider => "valider",
            Self::Refuser => "refuser",
            Self::Retirer => "retirer",
            Self::Renouveler => "renouveler",
            Self::Lever => "lever",
        }
    }
}

/// A reason.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    pub id: String,
    pub libelle: String,
    /// Decisions that it may be given for.
    pub decisions: Vec<Decision>,
}

/// How the sensitivity of ranks to weights is found.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sensitivity {
    pub tirages: u32,
    pub graine: u64,
    /// Each weight is drawn between 1 − and 1 + this times its value.
    pub amplitude: f64,
    /// « Among the first N ».
    pub tete: u32,
    pub niveau: f64,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fragility {
    #[serde(deserialize_with = "version")]
    pub version: String,
    pub article: String,
    pub repondants_min: u64,
    pub reponse_min: f64,
    pub alerte_ratio: f64,
    /// Points above the EPCI, and normal quantile of the lower bound, of the two other readings.
    pub alerte_points: f64,
    pub alerte_quantile: f64,
    pub z_max: f64,
    pub duree_ans: i16,
    pub sensibilite: Sensitivity,
    #[serde(rename = "composante")]
    pub components: Vec<Component>,
    #[serde(rename = "classe")]
    pub grades: Vec<Grade>,
    #[serde(rename = "motif")]
    pub reasons: Vec<Reason>,
}

pub(super) static DATA: Held<Fragility> =
    Held::new(&[("rules/fragilite.toml", include_str!("../../../data/rules/fragilite.toml"))], |t| {
        Fragility::read(t[0])
    });

impl Fragility {
    /// The rules in force: what the program holds, with the changes of the store ([`super::reglages`]).
    ///
    /// # Errors
    /// `data/rules/fragilite.toml` is malformed, or its first class does not begin at no alert.
    pub fn embedded() -> Result<&'static Self, ReferenceError> {
        DATA.get()
    }

    fn read(text: &str) -> Result<Self, ReferenceError> {
        let rules: Self = parse(FILE, text)?;
        let growing = rules.grades.windows(2).all(|g| g[0].alertes < g[1].alertes);
        if rules.grades.first().is_none_or(|g| g.alertes != 0) || !growing {
            return Err(ReferenceError {
                file: FILE,
                message: "les classes commencent à 0 alerte et croissent".to_owned(),
            });
        }
        Ok(rules)
    }

    /// Class of a number of alerts.
    #[must_use]
    pub fn grade(&self, alerts: usize) -> &Grade {
        self.grades.iter().rev().find(|g| g.alertes <= alerts).unwrap_or(&self.grades[0])
    }

    /// A reason that may be given for a decision.
    #[must_use]
    pub fn reason(&self, id: &str, decision: Decision) -> Option<&Reason> {
        self.reasons.iter().find(|r| r.id == id && r.decisions.contains(&decision))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::indicators::Catalogue;

    #[test]
    fn the_weights_sum_to_one_and_every_component_is_an_indicator() {
        let rules = Fragility::embedded().unwrap();
        assert!((rules.components.iter().map(|c| c.poids).sum::<f64>() - 1.0).abs() < 1e-12);
        let catalogue = Catalogue::embedded().unwrap();
        assert!(
            rules
                .components
                .iter()
                .all(|c| catalogue.indicator(&c.indicateur).is_some_and(|i| i.unite == "%"))
        );
    }

    #[test]
    fn classes_are_those_of_the_method() {
        let rules = Fragility::embedded().unwrap();
        let of: Vec<&str> = (0..=6).map(|n| rules.grade(n).id.as_str()).collect();
        assert_eq!(
            of,
            ["equilibree", "surveiller", "surveiller", "fragile", "fragile", "tres_fragile", "tres_fragile"]
        );
    }
}
