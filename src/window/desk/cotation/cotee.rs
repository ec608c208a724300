//! One scored demand as it is told: its note with its detail, its rank and how long those like it waited. A
//! sensitive criterion is counted, never named.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::days;
use crate::desk::cotation::justificatifs::Ticks;
use crate::desk::cotation::pression::{Delai, back, catalogue, sizes};
use crate::desk::cotation::{Window, facts, rows};
use crate::desk::problem::Problem;
use crate::reference::scoring::Criteria;
use crate::scoring::demands::{Demands, months};
use crate::scoring::facts::Facts;
use crate::scoring::grid::Grille;
use crate::scoring::note::{self, Basis, Reason, notes};
use crate::scoring::rank::{self, Standing};
use crate::scoring::wait::{self, Wait};

/// Un critère dans le détail d'une note.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartNote {
    pub code: String,
    pub libelle: String,
    pub points: i32,
    /// `compte`, `autre_du_groupe` (un autre critère du groupe donne plus) ou `sans_justificatif`.
    pub raison: &'static str,
}

/// Une demande notée.
#[derive(Debug, Serialize, ToSchema)]
pub struct DemandeCotee {
    /// Début du pseudonyme du numéro unique.
    pub reference: String,
    pub note: i32,
    /// Rang parmi les demandes semblables (même territoire, même genre, même première typologie) ; nul quand
    /// elles sont peu nombreuses.
    pub rang: Option<u32>,
    /// Quart de la file (1 à 4), quand le rang n'est pas donné.
    pub quart: Option<u8>,
    /// Demandes semblables ; nul : moins de 11.
    pub semblables: Option<u32>,
    /// Délai d'attente des demandes semblables ; nul : trop peu ont été satisfaites, même dans l'EPCI.
    pub delai: Option<Delai>,
    /// Premier dépôt.
    pub depot: String,
    /// Mois entiers depuis le premier dépôt.
    pub anciennete: i32,
    pub personnes: Option<u8>,
    pub typologie: Option<String>,
    /// Communes demandées, dans l'ordre.
    pub communes: Vec<String>,
    /// Critères remplis, sans ceux qui sont sensibles.
    pub detail: Vec<PartNote>,
    /// Ce que donnent ensemble les critères sensibles, une fois les plafonds de groupe appliqués.
    pub autres_points: i32,
    /// Points retirés après un refus.
    pub refus: i32,
}

/// Demands of a territory and kind that wait, scored by a grid.
pub(super) struct Scored<'a> {
    pub all: &'a Demands,
    pub grille: &'a Grille,
    pub facts: Facts,
    pub notes: Vec<i32>,
    basis: Basis,
    criteria: &'static Criteria,
    higher: Vec<(u32, u32)>,
    waits: BTreeMap<u8, Option<Wait>>,
    /// Of all typologies together.
    wait: Option<Wait>,
    k: u32,
}

impl<'a> Scored<'a> {
    /// # Errors
    /// The rules that were compiled in are faulty.
    pub fn new(
        all: &'a Demands,
        epci: u32,
        grille: &'a Grille,
        basis: Basis,
        ticks: &Ticks,
        k: u32,
    ) -> Result<Self, Problem> {
        let criteria = catalogue()?;
        // Ranks are among all demands of the territory, whatever is shown of them.
        let whole = Window { epci, commune: None };
        let mut facts = facts(all, rows(all, whole, grille.genre, |r| all.waits(r)), epci)?;
        facts.prove(all, ticks);
        let notes = notes(&facts, grille, criteria, basis);
        let alike: Vec<u64> = facts.rows.iter().map(|r| u64::from(all.typologie(*r as usize))).collect();
        let higher = rank::higher(&notes, &alike);
        let since = back(all.extrait, criteria.regles.delai_mois);
        let mut by: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
        for row in rows(all, whole, grille.genre, |_| true) {
            by.entry(all.typologie(row as usize)).or_default().push(row as usize);
        }
        let enough = |w: &Wait| w.housed >= k;
        let wait = wait::wait(all, by.values().flatten().copied(), since).filter(enough);
        let waits =
            by.into_iter().map(|(t, rows)| (t, wait::wait(all, rows, since).filter(enough))).collect();
        Ok(Self { all, grille, facts, notes, basis, criteria, higher, waits, wait, k })
    }

    /// Places in the order of the grid of the demands that meet a condition on their row.
    pub fn order(&self, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        let order = rank::order(self.all, &self.facts.rows, &self.notes);
        order.into_iter().filter(|i| wanted(self.facts.rows[*i] as usize)).collect()
    }

    /// The demand at a place.
    ///
    /// # Errors
    /// The rules that were compiled in are faulty.
    pub fn told(&self, i: usize) -> Result<DemandeCotee, Problem> {
        let (all, row) = (self.all, self.facts.rows[i] as usize);
        let detail = note::detail(&self.facts, i, self.grille, self.criteria, self.basis);
        let (before, of) = self.higher[i];
        let exact = u32::try_from(self.criteria.regles.rang_exact_des).unwrap_or(u32::MAX);
        let (rang, quart, semblables) = match rank::standing(before, of, exact, self.k) {
            Standing::Exact { rank, of } => (Some(rank), None, Some(of)),
            Standing::Quarter { quarter, of } => (None, Some(quarter), Some(of)),
            Standing::Secret => (None, None, None),
        };
        let parts: Vec<PartNote> = detail.parts.iter().filter_map(|p| self.part(p)).collect();
        let counted: i32 = parts.iter().filter(|p| p.raison == "compte").map(|p| p.points).sum();
        let typologie = all.typologie(row);
        let own = self.waits.get(&typologie).copied().flatten();
        Ok(DemandeCotee {
            reference: format!("{:032x}", all.nud[row])[..10].to_owned(),
            note: detail.note,
            rang,
            quart,
            semblables,
            delai: own.or(self.wait).map(|w| Delai::of(w, own.is_none(), self.k)),
            depot: days::iso(all.depot[row]),
            anciennete: months(all.depot[row], all.extrait),
            personnes: Some(all.personnes[row]).filter(|p| *p != 255),
            typologie: sizes()?.iter().find(|v| v.code == typologie).map(|v| v.id.clone()),
            communes: names(all, row),
            detail: parts,
            autres_points: detail.note + detail.refusal - counted,
            refus: detail.refusal,
        })
    }

    /// A criterion of a detail; a sensitive one is not named.
    fn part(&self, p: &note::Part) -> Option<PartNote> {
        let known = self.criteria.critere(&p.code);
        if known.is_some_and(|c| c.sensible) {
            return None;
        }
        let local = || self.grille.criteres.iter().find(|l| l.code == p.code).and_then(|l| l.libelle.clone());
        Some(PartNote {
            code: p.code.clone(),
            libelle: known.map_or_else(|| local().unwrap_or_default(), |c| c.libelle.clone()),
            points: p.points,
            raison: match p.reason {
                Reason::Counts => "compte",
                Reason::GroupGivesMore => "autre_du_groupe",
                Reason::NoEvidence => "sans_justificatif",
            },
        })
    }
}

fn names(all: &Demands, row: usize) -> Vec<String> {
    let named =
        |c: &u32| all.communes.get(*c as usize).map(|c| if c.nom.is_empty() { &c.code } else { &c.nom });
    all.asks(row).iter().filter_map(named).cloned().collect()
}
