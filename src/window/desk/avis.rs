//! What awaits an organisation, for notices by mail: names that tell things apart, never what they are.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::Person;
use crate::desk::editions::App;
use crate::desk::leases::dalo::{Asked, Known, is_open, leases, side, watchlist};
use crate::desk::problem::Problem;
use crate::state::dalo::Word;
use crate::state::{State, StateError, StatutDepot, day};

/// Names of what awaits, by subject of `data/avis.toml`.
pub type Awaited = Vec<(&'static str, Vec<String>)>;

/// Placements that wait for an answer or a decision of a person's organisation. A name changes each time that
/// it is their turn again, or that they are reminded.
///
/// # Errors
/// The leases cannot be read.
pub fn dalo(
    app: &App,
    state: &State,
    person: &Person,
    said: &BTreeMap<String, Vec<Word>>,
    now: i64,
) -> Result<Vec<String>, Problem> {
    if !is_open(person) {
        return Ok(Vec::new());
    }
    let found = leases(app, state, person, &Asked::default())?;
    let (seen, gone, today) = (BTreeMap::new(), BTreeSet::new(), day(now));
    let known =
        Known { said, gone: &gone, seen: &seen, fresh: &[], days: watchlist()?.delai_jours, today: &today };
    let side = side(person);
    let words = |id: &str| said.get(id).map_or(0, Vec::len);
    Ok(found
        .dalo
        .iter()
        .filter(|f| f.concerne && f.turn(&known).who == Some(side))
        .map(|f| format!("{} {}", f.id, words(&f.id)))
        .collect())
}

/// Deposits of a bailleur that were checked, or could not be read.
///
/// # Errors
/// The database fails.
pub async fn deposits(state: &State, person: &Person) -> Result<Vec<String>, StateError> {
    let Some(siren) = person.stock() else { return Ok(Vec::new()) };
    let waits = |s: StatutDepot| matches!(s, StatutDepot::Pret | StatutDepot::Echec);
    Ok(state.deposits(siren).await?.into_iter().filter(|d| waits(d.statut)).map(|d| d.id).collect())
}
