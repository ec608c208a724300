//! Everything that is kept of gestion en flux, read at once, and the years that it gives.

use std::collections::{BTreeMap, BTreeSet};

use crate::flow::convention::{ConventionFlux, Decompte};
use crate::flow::event::EvenementFlux;
use crate::flow::rights::Droit;
use crate::flow::way::{self, Way};
use crate::flow::year::{Assiette, CalculFlux, Caps, calculated};
use crate::reference::flux::flux;
use crate::server::problem::Problem;
use crate::state::State;

/// What is kept.
#[derive(Debug, Default)]
pub struct Book {
    pub conventions: Vec<(i64, ConventionFlux)>,
    pub bases: Vec<Assiette>,
    pub rights: Vec<Droit>,
    pub ways: Vec<Way>,
    /// Last day that an event tells of, by year.
    pub until: BTreeMap<u16, String>,
}

/// Year of a day `YYYY-MM-DD`.
pub fn year(day: &str) -> u16 {
    day.get(..4).and_then(|y| y.parse().ok()).unwrap_or(0)
}

/// Month of a day, 1 to 12; 0 if it is no day.
pub fn month(day: &str) -> u8 {
    day.get(5..7).and_then(|m| m.parse().ok()).unwrap_or(0)
}

/// Département of a commune: two signs, three overseas.
pub fn departement(commune: &str) -> &str {
    let n = if commune.starts_with("97") || commune.starts_with("98") { 3 } else { 2 };
    commune.get(..n).unwrap_or(commune)
}

pub fn caps() -> Result<Caps, Problem> {
    let f = flux().map_err(|e| Problem::internal(&e))?;
    Ok(Caps { state: f.etat, agents: f.agents, guarantees: f.garanties })
}

impl Book {
    pub async fn read(state: &State) -> Result<Self, Problem> {
        let events: Vec<EvenementFlux> = state.flux_events(None, None).await?;
        let mut until: BTreeMap<u16, String> = BTreeMap::new();
        for e in &events {
            let last = until.entry(year(&e.jour)).or_default();
            if *last < e.jour {
                last.clone_from(&e.jour);
            }
        }
        Ok(Self {
            conventions: state.flux().await?,
            bases: state.flux().await?.into_iter().map(|(_, b)| b).collect(),
            rights: state.flux().await?.into_iter().map(|(_, d)| d).collect(),
            ways: way::ways(&events),
            until,
        })
    }

    /// Years that events or bases tell of.
    pub fn years(&self) -> Vec<u16> {
        let of_bases = self.bases.iter().map(|b| b.annee);
        let all: BTreeSet<u16> = self.until.keys().copied().chain(of_bases).collect();
        all.into_iter().collect()
    }

    /// Last day of what is known of a year, and its number of whole months (12 once another year has
    /// begun).
    pub fn known(&self, annee: u16) -> (String, u8) {
        let last = self.until.get(&annee);
        if self.until.keys().any(|y| *y > annee) {
            return (format!("{annee}-12-31"), 12);
        }
        let day = last.cloned().unwrap_or_else(|| format!("{annee}-01-01"));
        let m = month(&day).clamp(1, 12);
        (day, m)
    }

    /// Conventions of a bailleur in a département that hold in a year.
    pub fn of(&self, bailleur: &str, departement: &str, annee: u16) -> Vec<ConventionFlux> {
        self.conventions
            .iter()
            .map(|(_, c)| c)
            .filter(|c| c.bailleur == bailleur && c.departement == departement && c.holds(annee))
            .cloned()
            .collect()
    }

    /// The base of a year in the whole département.
    pub fn base(&self, bailleur: &str, departement: &str, annee: u16) -> Option<&Assiette> {
        self.bases.iter().find(|b| {
            b.bailleur == bailleur && b.departement == departement && b.annee == annee && b.commune.is_empty()
        })
    }

    /// What earlier years leave to a year: fractions by réservataire.
    pub fn carried(
        &self,
        bailleur: &str,
        departement: &str,
        annee: u16,
    ) -> Result<Vec<(String, f64)>, Problem> {
        let caps = caps()?;
        let mut earlier: Vec<&Assiette> = self
            .bases
            .iter()
            .filter(|b| {
                b.bailleur == bailleur
                    && b.departement == departement
                    && b.annee < annee
                    && b.commune.is_empty()
            })
            .collect();
        earlier.sort_by_key(|b| b.annee);
        let mut carried = Vec::new();
        for base in earlier {
            let list = self.of(bailleur, departement, base.annee);
            if let Some(c) = calculated(base, &list, &carried, caps) {
                carried = c.parts.into_iter().map(|p| (p.reservataire, p.reporte)).collect();
            }
        }
        Ok(carried)
    }

    /// The flow of a year, if its base is known.
    pub fn flow(&self, bailleur: &str, departement: &str, annee: u16) -> Result<Option<CalculFlux>, Problem> {
        let Some(base) = self.base(bailleur, departement, annee) else { return Ok(None) };
        let carried = self.carried(bailleur, departement, annee)?;
        Ok(calculated(base, &self.of(bailleur, departement, annee), &carried, caps()?))
    }

    /// How a bailleur and a réservataire count; leases where no convention says it.
    pub fn counting(&self, bailleur: &str, departement: &str, reservataire: &str, annee: u16) -> Decompte {
        let list = self.of(bailleur, departement, annee);
        list.iter().find(|c| c.reservataire == reservataire).map_or(Decompte::Bail, |c| c.decompte)
    }
}
