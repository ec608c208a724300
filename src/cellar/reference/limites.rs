//! `data/limites.toml`: what one server takes on at once.

use std::time::Duration;

use serde::Deserialize;

use super::reglages::held::Held;
use super::{ReferenceError, parse};

/// Limits of connections.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    pub au_plus: usize,
    entete_s: u64,
    corps_s: u64,
    arret_s: u64,
}

impl Connections {
    /// Longest time for the head of a request, and between two requests.
    #[must_use]
    pub fn head(&self) -> Duration {
        Duration::from_secs(self.entete_s)
    }

    /// Longest silence within a body.
    #[must_use]
    pub fn body(&self) -> Duration {
        Duration::from_secs(self.corps_s)
    }

    /// What requests that have begun are given when the server stops.
    #[must_use]
    pub fn stop(&self) -> Duration {
        Duration::from_secs(self.arret_s)
    }
}

/// Limits of requests.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requests {
    pub a_la_fois: usize,
    /// Seconds after which one may come back.
    pub revenir_s: u64,
    attente_s: u64,
    /// Costly requests that may wait.
    pub en_attente: usize,
    pub couteuses_par_coeur: usize,
    /// Operations that take a processor for long.
    pub couteuses: Vec<String>,
    /// Operations that are not counted.
    pub hors_compte: Vec<String>,
}

impl Requests {
    /// Longest wait of a costly request for its turn.
    #[must_use]
    pub fn wait(&self) -> Duration {
        Duration::from_secs(self.attente_s)
    }
}

/// Limits of the disk.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    pub libre_min_mio: u64,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub connexions: Connections,
    pub requetes: Requests,
    pub disque: Disk,
}

fn load(text: &str) -> Result<Limits, ReferenceError> {
    parse("limites.toml", text)
}

pub(super) static DATA: Held<Limits> =
    Held::new(&[("limites.toml", include_str!("../../../data/limites.toml"))], |t| load(t[0]));

/// The file, read once.
///
/// # Panics
/// If the compiled-in file is wrong, which a test excludes.
#[must_use]
pub fn limits() -> &'static Limits {
    DATA.known()
}

#[cfg(test)]
mod tests {
    use crate::reference::access::access;

    #[test]
    fn the_file_reads_and_names_operations_that_exist() {
        let limits = super::DATA.get().unwrap();
        for id in limits.requetes.couteuses.iter().chain(&limits.requetes.hors_compte) {
            assert!(access().operations.contains_key(id), "« {id} » is no operation");
        }
        assert!(limits.connexions.au_plus > limits.requetes.a_la_fois);
    }
}
