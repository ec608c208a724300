//! Cotation: which demands a person may see, and what is told of them.

pub mod candidats;
pub mod cotee;
pub mod demandes;
pub mod grilles;
pub mod grilles_csv;
pub mod justificatifs;
pub mod ma_demande;
pub mod pression;
pub mod simulation;
pub mod trajets;

use crate::access::{self, Person, Scope};
use crate::desk::cotation::pression::{catalogue, mix};
use crate::desk::problem::Problem;
use crate::scoring::demands::{Demands, NONE};
use crate::scoring::facts::{Facts, Territory};
use crate::scoring::grid::Genre;

/// What a person may read of demands on the territory of an EPCI.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    epci: u32,
    /// Demands that name this commune only; None: all of the EPCI.
    commune: Option<u32>,
}

pub const ELSEWHERE: &str = "Les demandes de ce territoire ne sont pas ouvertes à votre organisme.";

/// The demands that a person's rights open on an EPCI.
///
/// # Errors
/// It has no demands, or they are not open to the person.
pub fn window(all: &Demands, person: &Person, code: &str) -> Result<Window, Problem> {
    let known = || all.epcis.iter().map(|e| e.code.as_str());
    let epci = all.epci(code).ok_or_else(|| Problem::unknown("epci", code, known()))?;
    let whole = Window { epci, commune: None };
    let places = match access::leases(person) {
        Scope::Everywhere if !person.has_contingent() => return Ok(whole),
        Scope::Zones(places) => places,
        Scope::Nowhere(why) => return Err(Problem::forbidden(why)),
        _ => return Err(Problem::forbidden(ELSEWHERE)),
    };
    let mut narrow = None;
    for p in places {
        match p.echelle.as_str() {
            "epci" if p.code == code => return Ok(whole),
            // Codes of communes begin with that of their département.
            "departement" if all.communes.iter().any(|c| c.epci == epci && c.code.starts_with(&p.code)) => {
                return Ok(whole);
            }
            "commune" => narrow = narrow.or(all.commune(&p.code).filter(|c| all.epci_of(*c) == epci)),
            _ => {}
        }
    }
    narrow.map(|c| Window { epci, commune: Some(c) }).ok_or_else(|| Problem::forbidden(ELSEWHERE))
}

/// EPCI whose demands are open to a person, as far as they have any.
pub fn open_epcis(all: &Demands, person: &Person) -> Vec<u32> {
    let open = |n: &u32| window(all, person, &all.epcis[*n as usize].code).is_ok();
    (0..u32::try_from(all.epcis.len()).unwrap_or(NONE)).filter(open).collect()
}

/// Rows of a kind of demand that name a territory and meet a condition.
pub fn rows(all: &Demands, on: Window, genre: Genre, also: impl Fn(usize) -> bool) -> Vec<u32> {
    let there = |row: usize| match on.commune {
        Some(c) => all.asks(row).contains(&c),
        None => all.asks_epci(row, on.epci),
    };
    let kind = |row: usize| all.is_mutation(row) == (genre == Genre::Mutation);
    (0..all.len())
        .filter(|row| kind(*row) && also(*row) && there(*row))
        .filter_map(|row| u32::try_from(row).ok())
        .collect()
}

/// Facts of rows on the territory of an EPCI.
pub fn facts(all: &Demands, rows: Vec<u32>, epci: u32) -> Result<Facts, Problem> {
    let mix = mix()?;
    Ok(Facts::of(all, rows, Territory::new(all, epci, mix), catalogue()?, mix))
}
