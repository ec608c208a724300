//! Who a paper is edited for, and when: what stands beside its title whatever it is of.

use super::editions::App;
use crate::access::Person;
use crate::state;

/// Who asks for a paper.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Empty if they are of none.
    pub organisme: String,
    /// `YYYY-MM-DD`.
    pub jour: String,
    pub demonstration: bool,
    /// Fewest households that are told.
    pub k: u32,
}

impl Asker {
    #[must_use]
    pub fn new(app: &App, person: &Person) -> Self {
        Self {
            organisme: person.organisation.as_ref().map(|o| o.nom.clone()).unwrap_or_default(),
            jour: state::day(state::now()),
            demonstration: app.demonstration,
            k: app.secrecy.k,
        }
    }
}
