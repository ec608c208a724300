//! Evidence ticked by hand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Person;
use crate::desk::cotation::Window;
use crate::desk::cotation::grilles::grid_of;
use crate::desk::cotation::pression::{all, catalogue};
use crate::desk::cotation::window;
use crate::desk::editions::App;
use crate::desk::problem::Problem;
use crate::reference::scoring::BITS;
use crate::scoring::demands::Demands;
use crate::scoring::grid::{Genre, Grille};
use crate::state::State;

/// Evidence in force: bits of criteria, by pseudonym.
pub type Ticks = BTreeMap<u128, u128>;

/// Letters of a pseudonym by which lists name a demand.
pub const REFERENCE: usize = 10;

/// Un justificatif coché.
#[derive(Debug, Serialize, ToSchema)]
pub struct Justificatif {
    pub id: String,
    pub critere: String,
    pub libelle: String,
    /// Qui l'a coché, et pour quel organisme.
    pub par: String,
    pub organisme: String,
    /// Jour, AAAA-MM-JJ.
    pub le: String,
    /// Qui l'a retiré et quand ; nuls : il compte.
    pub retire_par: Option<String>,
    pub retire_le: Option<String>,
}

/// Un critère dont la grille demande la preuve.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreuveDemandee {
    pub critere: String,
    pub libelle: String,
    /// La pièce attendue.
    pub piece: Option<String>,
    /// L'extraction du SNE dit déjà la preuve faite.
    pub au_sne: bool,
}

/// Les justificatifs d'une demande.
#[derive(Debug, Serialize, ToSchema)]
pub struct Justificatifs {
    pub reference: String,
    /// Ce que la grille en vigueur demande de prouver et que la demande déclare, sans les critères sensibles.
    pub demandes: Vec<PreuveDemandee>,
    /// Cochés ici, du plus récent au plus ancien, avec ceux qui ont été retirés.
    pub coches: Vec<Justificatif>,
}

/// Un justificatif à cocher.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JustificatifRecu {
    /// SIREN de l'EPCI dont la grille demande la preuve.
    pub epci: String,
    /// Critère, par son code.
    pub critere: String,
}

/// A demand of a person's window, by the beginning of its pseudonym.
pub fn named(all: &Demands, on: Window, reference: &str) -> Result<usize, Problem> {
    let absent = || {
        Problem::not_found(
            "reference",
            reference,
            "Aucune demande en attente de ce territoire n'a cette référence.",
        )
    };
    let sound = reference.len() == REFERENCE && reference.bytes().all(|b| b.is_ascii_hexdigit());
    let wanted = u128::from_str_radix(reference, 16).ok().filter(|_| sound).ok_or_else(absent)?;
    let there = |row: &usize| match on.commune {
        Some(c) => all.asks(*row).contains(&c),
        None => all.asks_epci(*row, on.epci),
    };
    let shift = 128 - 4 * REFERENCE;
    let mut found = (0..all.len()).filter(|r| all.nud[*r] >> shift == wanted && all.waits(*r)).filter(there);
    match (found.next(), found.next()) {
        (Some(row), None) => Ok(row),
        (Some(_), Some(_)) => {
            Err(Problem::conflict("Deux demandes ont cette référence : cochez le justificatif dans le SNE."))
        }
        _ => Err(absent()),
    }
}

/// First demand or mutation.
pub fn kind(all: &Demands, row: usize) -> Genre {
    if all.is_mutation(row) { Genre::Mutation } else { Genre::Premiere }
}

/// What a grid asks to prove and a demand declares, but for what is sensitive.
pub fn asked(all: &Demands, row: usize, on: Window, grille: &Grille) -> Result<Vec<PreuveDemandee>, Problem> {
    let criteria = catalogue()?;
    let row = u32::try_from(row).unwrap_or(u32::MAX);
    let facts = super::facts(all, vec![row], on.epci)?;
    let bit = |mask: u128, code: &str| criteria.place(code).is_some_and(|p| p < BITS && mask >> p & 1 == 1);
    let lines = grille.criteres.iter().filter(|l| l.preuve && bit(facts.met[0], &l.code));
    let told = lines.filter_map(|l| {
        let known = criteria.critere(&l.code);
        if known.is_some_and(|c| c.sensible) {
            return None;
        }
        Some(PreuveDemandee {
            critere: l.code.clone(),
            libelle: known.map_or_else(|| l.libelle.clone().unwrap_or_default(), |c| c.libelle.clone()),
            piece: known.and_then(|c| c.preuve.clone()),
            au_sne: bit(facts.proven[0], &l.code),
        })
    });
    Ok(told.collect())
}

/// Evidence ticked on a territory.
pub async fn ticks(state: &State, epci: &str) -> Result<Ticks, Problem> {
    let criteria = catalogue()?;
    let mut out = Ticks::new();
    for t in state.ticks(epci, false).await? {
        let place = criteria.place(&t.critere).filter(|p| *p < BITS);
        if let (Ok(nud), Some(place)) = (u128::from_str_radix(&t.nud, 16), place) {
            *out.entry(nud).or_default() |= 1 << place;
        }
    }
    Ok(out)
}

/// The demand of a reference, for who may tick: its row, its pseudonym, and what it is asked to prove.
pub async fn opened(
    state: &State,
    app: &App,
    person: &Person,
    (epci, reference): (&str, &str),
) -> Result<(String, Vec<PreuveDemandee>), Problem> {
    let demands = all(app)?;
    let on = window(&demands, person, epci)?;
    let row = named(&demands, on, reference)?;
    let grille = grid_of(state, epci, kind(&demands, row)).await?;
    Ok((format!("{:032x}", demands.nud[row]), asked(&demands, row, on, &grille)?))
}
