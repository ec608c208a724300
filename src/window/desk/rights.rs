//! What a scope of `access` is in one cube: addresses, or dwellings of one bailleur.

use super::problem::Problem;
use crate::access::{self, Person, Scope};
use crate::cube::runs::Runs;
use crate::desk::editions::Loaded;

/// What of a cube is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    All,
    /// Zones that lie within these addresses.
    Within(Runs),
    /// Dwellings of the person's own organisation.
    Own,
    /// Zones where it has a dwelling.
    Presence,
    Nothing(&'static str),
}

impl Reach {
    /// Turns a scope into addresses. Zones that this cube does not have add nothing.
    #[must_use]
    pub fn new(loaded: &Loaded, scope: &Scope) -> Self {
        match scope {
            Scope::Everywhere => Self::All,
            Scope::Nowhere(why) => Self::Nothing(why),
            Scope::Stock(_) => Self::Own,
            Scope::Presence(_) => Self::Presence,
            Scope::Zones(places) => {
                let runs = places.iter().filter_map(|p| {
                    let layer = loaded.cube().layer(&p.echelle)?;
                    layer.zone(&p.code).map(|z| layer.addresses(z))
                });
                Self::Within(Runs::union(&runs.collect::<Vec<_>>().iter().collect::<Vec<_>>()))
            }
        }
    }

    /// Whether a zone lies within; what is not bounded by addresses holds everything.
    #[must_use]
    pub fn holds(&self, zone: &Runs) -> bool {
        match self {
            Self::Within(runs) => zone.intersection(runs).len() == zone.len(),
            Self::Nothing(_) => false,
            Self::All | Self::Own | Self::Presence => true,
        }
    }
}

/// Whether dwellings of a zone belong to two bailleurs or more.
#[must_use]
pub fn several_owners(loaded: &Loaded, zone: &Runs) -> bool {
    let cube = loaded.cube();
    let (starts, owners) = (cube.starts(), cube.bailleur_of());
    let mut rows = zone.iter().flat_map(|(s, e)| starts[s as usize] as usize..starts[e as usize] as usize);
    let first = rows.next().map(|row| owners[row]);
    rows.any(|row| Some(owners[row]) != first)
}

/// A scope in words, for the page of an organisation.
#[must_use]
pub fn in_words(scope: &Scope) -> String {
    match scope {
        Scope::Everywhere => "partout".to_owned(),
        Scope::Stock(_) => "votre parc".to_owned(),
        Scope::Presence(_) => "là où vous avez un logement".to_owned(),
        Scope::Nowhere(why) => (*why).to_owned(),
        Scope::Zones(places) => {
            let list: Vec<String> = places.iter().map(|p| format!("{} {}", p.echelle, p.code)).collect();
            list.join(", ")
        }
    }
}

const NO_SIREN: &str =
    "Le SIREN de votre organisme n'est pas renseigné : demandez-le à l'administration du service.";

/// The bailleur that a person works for.
///
/// # Errors
/// Their organisation is no bailleur.
pub fn lessor(person: &Person) -> Result<&str, Problem> {
    let why = || access::may(person, "parc").err().unwrap_or(NO_SIREN);
    person.stock().ok_or_else(|| Problem::forbidden(why()))
}
