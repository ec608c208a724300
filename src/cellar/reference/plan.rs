//! `data/rules/plan.toml`: what departures from rules and wishes weigh in a proposed assignment.

use serde::Deserialize;

use super::reglages::held::Held;
use super::reglages::version;
use super::{ReferenceError, parse};

const FILE: &str = "rules/plan.toml";

/// A departure that a plan may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Departure {
    /// An allocation that a target misses.
    Cible,
    /// A dwelling that nobody is given.
    Vacant,
    EtatNonPrioritaire,
    DaloPrecaireQpv,
    PieceDeMoins,
    CommuneAutre,
    PieceDePlus,
}

/// What it weighs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weight {
    pub id: Departure,
    pub libelle: String,
    pub poids: f64,
}

/// How much the solver may do, in counts: the same on every machine and day.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    pub iterations_max: i32,
    pub noeuds_max: i32,
    /// Up to this number of unknowns the whole problem is solved in whole leases.
    pub colonnes_exactes: usize,
    pub graine: i32,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanRules {
    #[serde(deserialize_with = "version")]
    pub version: String,
    pub ecart_pieces_max: u8,
    pub travail: Work,
    #[serde(rename = "ecart")]
    pub departures: Vec<Weight>,
}

const ALL: [Departure; 7] = [
    Departure::Cible,
    Departure::Vacant,
    Departure::EtatNonPrioritaire,
    Departure::DaloPrecaireQpv,
    Departure::PieceDeMoins,
    Departure::CommuneAutre,
    Departure::PieceDePlus,
];

pub(super) static DATA: Held<PlanRules> =
    Held::new(&[("rules/plan.toml", include_str!("../../../data/rules/plan.toml"))], |t| {
        PlanRules::read(t[0])
    });

impl PlanRules {
    /// The rules in force: what the program holds, with the changes of the store ([`super::reglages`]).
    ///
    /// # Errors
    /// `data/rules/plan.toml` is malformed or does not weigh each departure once.
    pub fn embedded() -> Result<&'static Self, ReferenceError> {
        DATA.get()
    }

    fn read(text: &str) -> Result<Self, ReferenceError> {
        let rules: Self = parse(FILE, text)?;
        if ALL.iter().any(|d| rules.departures.iter().filter(|w| w.id == *d).count() != 1) {
            return Err(ReferenceError {
                file: FILE,
                message: format!("un [[ecart]] pour chacun de {ALL:?}"),
            });
        }
        Ok(rules)
    }

    /// Weight of a departure.
    #[must_use]
    pub fn weight(&self, departure: Departure) -> f64 {
        self.departures.iter().find(|w| w.id == departure).map_or(0.0, |w| w.poids)
    }
}
