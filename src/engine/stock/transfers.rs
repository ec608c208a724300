//! Transfers between bailleurs: a dwelling changes hands when both have said so.
//!
//! Else who declares an « acquisition » would take a rival's dwellings, and see what is theirs. One that only
//! one of them declared waits for the other, or for the next register.

use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

use super::events::{Effect, Happening};
use super::table::hash;

/// (Number or address key, from, to), hashed.
type Said = HashSet<(u64, u64, u64), FxBuildHasher>;

/// Not said.
const UNSAID: u64 = 0;

/// What bailleurs said of transfers.
#[derive(Debug, Default)]
pub struct Transfers {
    sold: Said,
    bought: Said,
}

/// Numbers of an event, else the address that all its dwellings are at; hashed.
fn keys(h: &Happening) -> impl Iterator<Item = u64> + '_ {
    let address = (h.ident_rep.is_empty() && !h.adresse.is_empty()).then(|| hash(&h.adresse));
    h.idents().chain(address)
}

fn siren(text: &str) -> u64 {
    if text.is_empty() { UNSAID } else { hash(text) }
}

impl Transfers {
    #[must_use]
    pub fn of(list: &[Happening]) -> Self {
        let mut out = Self::default();
        for h in list {
            let (own, other) = (siren(&h.siren), siren(&h.autre));
            match h.effet {
                Effect::Cession => out.sold.extend(keys(h).map(|k| (k, own, other))),
                Effect::Entree => out.bought.extend(keys(h).map(|k| (k, other, own))),
                Effect::Sortie | Effect::Conge => {}
            }
        }
        out
    }

    /// Whether both say that a dwelling, known by its number or with its whole address, goes from one
    /// bailleur to another.
    #[must_use]
    pub fn agreed(&self, ident: u64, address: u64, from: &str, to: &str) -> bool {
        let (from, to) = (siren(from), siren(to));
        let keys = [ident, address].into_iter().filter(|k| *k != 0);
        let said = |by: &Said, from: u64| keys.clone().any(|k| by.contains(&(k, from, to)));
        // Who buys may not say from whom, if it names the dwelling.
        said(&self.sold, from) && (said(&self.bought, from) || self.bought.contains(&(ident, UNSAID, to)))
    }

    /// Whether the other bailleur of a transfer has not declared it, wholly or in part.
    #[must_use]
    pub fn awaits(&self, h: &Happening) -> bool {
        let (own, other) = (siren(&h.siren), siren(&h.autre));
        other != UNSAID
            && match h.effet {
                Effect::Cession => !keys(h).all(|k| {
                    self.bought.contains(&(k, own, other)) || self.bought.contains(&(k, UNSAID, other))
                }),
                Effect::Entree => !keys(h).all(|k| self.sold.contains(&(k, other, own))),
                Effect::Sortie | Effect::Conge => false,
            }
    }
}
