//! Where the rules stand before an allocation: for the EPCI, the commune, the bailleur and the réservataire,
//! under the same secrecy as the tables of `/api/mixite`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::facts::Allocation;
use super::mix::{self, Line, Score};
use crate::reference::mix::Mix;
use crate::reference::secrecy::Secrecy;

/// De quoi l'effet est mesuré.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Niveau {
    Epci,
    Commune,
    Bailleur,
    Reservataire,
    /// Le bailleur dans le département : où se juge la part de l'État.
    BailleurDepartement,
}

impl Niveau {
    pub const ALL: [Self; 5] =
        [Self::Epci, Self::Commune, Self::Bailleur, Self::Reservataire, Self::BailleurDepartement];
}

/// Leases of an EPCI and year, as far as they are open to who asks, by commune, bailleur and réservataire;
/// those of the département too, by bailleur.
#[derive(Debug)]
pub struct Counts {
    whole: Line,
    lines: [BTreeMap<u32, Line>; 3],
    departement: BTreeMap<(u32, u32), Line>,
    rules: usize,
}

impl Counts {
    /// Counts leases and takes out what would tell of few households. `around`: leases of every EPCI, as far
    /// as they are open, for what is judged by bailleur and département.
    pub fn new<'a>(
        mix: &Mix,
        leases: impl Iterator<Item = &'a Allocation> + Clone,
        around: impl Iterator<Item = &'a Allocation>,
        secrecy: &Secrecy,
    ) -> Self {
        let by = |key: fn(&Allocation) -> u32| {
            let mut table = mix::table(mix, leases.clone(), key);
            table.protect(secrecy);
            table
        };
        let communes = by(|a| a.commune);
        let lines = [by(|a| a.bailleur).lines, by(|a| a.reservataire.into()).lines];
        let [bailleurs, reservataires] = lines;
        let mut departement = mix::table(mix, around, |a| (a.bailleur, a.departement));
        departement.protect(secrecy);
        Self {
            whole: communes.whole,
            lines: [communes.lines, bailleurs, reservataires],
            departement: departement.lines,
            rules: mix.rules.len(),
        }
    }

    /// Leases of a line.
    #[must_use]
    pub fn leases(&self, level: Niveau, a: &Allocation) -> u32 {
        self.line(level, a).map_or(0, |l| l.leases)
    }

    /// Scores of a line, one a rule; None where it may not be shown. A line without a lease has scores of
    /// zero.
    #[must_use]
    pub fn scores(&self, level: Niveau, a: &Allocation) -> Vec<Option<Score>> {
        self.line(level, a).map_or_else(|| vec![Some(Score::default()); self.rules], |l| l.scores.clone())
    }

    fn line(&self, level: Niveau, a: &Allocation) -> Option<&Line> {
        match level {
            Niveau::Epci => Some(&self.whole),
            Niveau::Commune => self.lines[0].get(&a.commune),
            Niveau::Bailleur => self.lines[1].get(&a.bailleur),
            Niveau::Reservataire => self.lines[2].get(&a.reservataire.into()),
            Niveau::BailleurDepartement => self.departement.get(&(a.bailleur, a.departement)),
        }
    }
}
