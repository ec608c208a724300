//! Leases that a person may see, and what every page of leases shares: choices, réservataires, rates in
//! words.

pub mod controle;
pub mod counted;
pub mod dalo;
pub mod mixite;
pub mod objectifs;
pub mod objectifs_csv;
pub mod plan;
pub mod rates;
pub mod rpems;
pub mod rpems_pdf;

use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{self, Person, Scope};
use crate::desk::problem::Problem;
use crate::policy::facts::{Allocation, Allocations, Named};
use crate::reference::attributions::attributions;
use crate::reference::registre::Valeur;

/// Un code et son nom.
#[derive(Debug, Serialize, ToSchema)]
pub struct Choix {
    pub code: String,
    pub nom: String,
}

/// Leases that a person's rights open.
pub struct Open {
    communes: Option<Vec<bool>>,
    bailleur: Option<u32>,
    reservataire: Option<u8>,
}

impl Open {
    /// # Errors
    /// None are open; the problem says why.
    pub fn new(all: &Allocations, person: &Person) -> Result<Self, Problem> {
        let mut open = Self { communes: None, bailleur: None, reservataire: None };
        if person.has_contingent() {
            // The contingent is named after the organisation.
            open.reservataire = reservataires()
                .iter()
                .find(|v| v.id.eq_ignore_ascii_case(person.role().id()))
                .map(|v| v.code)
                .or(Some(u8::MAX));
        }
        match access::leases(person) {
            Scope::Everywhere => {}
            Scope::Nowhere(why) => return Err(Problem::forbidden(why)),
            Scope::Stock(siren) | Scope::Presence(siren) => {
                let place = all.bailleurs.iter().position(|b| b.code == siren);
                open.bailleur = Some(place.and_then(|i| u32::try_from(i).ok()).unwrap_or(u32::MAX - 1));
            }
            Scope::Zones(places) => {
                let mut within = vec![false; all.communes.len()];
                for a in all.list.iter().filter(|a| a.commune != u32::MAX) {
                    let i = a.commune as usize;
                    let epci = all.epcis.get(a.epci as usize).map(|e| e.code.as_str());
                    within[i] |= places.iter().any(|p| match p.echelle.as_str() {
                        "commune" => all.communes[i].code == p.code,
                        "epci" => epci == Some(p.code.as_str()),
                        // Codes of communes begin with that of their département.
                        "departement" => all.communes[i].code.starts_with(&p.code),
                        _ => false,
                    });
                }
                open.communes = Some(within);
            }
        }
        Ok(open)
    }

    pub fn holds(&self, a: &Allocation) -> bool {
        self.communes.as_ref().is_none_or(|within| within.get(a.commune as usize).copied().unwrap_or(false))
            && self.bailleur.is_none_or(|b| a.bailleur == b)
            && self.reservataire.is_none_or(|r| a.reservataire == r)
    }
}

pub fn number(champ: &str, code: Option<&str>, list: &[Named]) -> Result<Option<u32>, Problem> {
    code.map(|code| {
        let place = list.iter().position(|n| n.code == code).and_then(|i| u32::try_from(i).ok());
        place.ok_or_else(|| Problem::unknown(champ, code, list.iter().map(|n| n.code.as_str())))
    })
    .transpose()
}

pub fn reservataires() -> &'static [Valeur] {
    attributions().ok().and_then(|a| a.registre.liste("reservataire")).map_or(&[], |l| &l.valeurs)
}

/// A share in %, with one decimal.
pub fn percent(share: f64) -> f64 {
    (share * 1000.0).round() / 10.0
}

/// A target in %, with the decimals that a convention may give it.
#[must_use]
pub fn target_percent(share: f64) -> f64 {
    (share * 10_000.0).round() / 100.0
}
