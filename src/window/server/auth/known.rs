//! Who asked a moment ago: a map asks for dozens of tiles with one cookie, and reading its session from the
//! database took ten times as long as the tile.
//!
//! What is remembered is as old as [`LONGEST`] at most, and forgotten as soon as anything changes through
//! this server: what another server of the same state store closes is closed here within that time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::Method;
use quick_cache::sync::Cache;

use super::who::Way;
use crate::access::Person;

/// How long a person is taken for who they were.
const LONGEST: Duration = Duration::from_secs(1);
/// People remembered at once.
const PEOPLE: usize = 4_096;

/// People of the last moment, by the hash of their secret.
#[derive(Debug, Clone)]
pub struct Known(Arc<Cache<[u8; 32], (Instant, Person, Way)>>);

impl Default for Known {
    fn default() -> Self {
        Self(Arc::new(Cache::new(PEOPLE)))
    }
}

fn mark(secret: &[u8]) -> [u8; 32] {
    *blake3::hash(secret).as_bytes()
}

impl Known {
    /// Whether a request only reads, so that who asks it may be remembered.
    #[must_use]
    pub fn reads(method: &Method, path: &str) -> bool {
        matches!(*method, Method::GET | Method::HEAD) && !path.starts_with("/api/connexion")
    }

    /// Who came with this secret a moment ago.
    #[must_use]
    pub fn get(&self, secret: &[u8]) -> Option<(Person, Way)> {
        let (since, person, way) = self.0.get(&mark(secret))?;
        (since.elapsed() < LONGEST).then_some((person, way))
    }

    /// Remembers whom a secret was read for, at the instant of reading.
    pub fn put(&self, secret: &[u8], since: Instant, person: &Person, way: &Way) {
        self.0.insert(mark(secret), (since, person.clone(), way.clone()));
    }

    /// Something may have changed: everyone is read anew.
    pub fn forget(&self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_remembered_for_a_moment_and_forgotten_at_any_change() {
        let known = Known::default();
        let person = Person { nom: "Agente".into(), ..Person::default() };
        known.put(b"secret", Instant::now(), &person, &Way::Public);
        assert_eq!(known.get(b"secret").map(|(p, _)| p.nom), Some("Agente".to_owned()));
        assert!(known.get(b"autre").is_none());
        known.put(b"ancien", Instant::now().checked_sub(LONGEST).unwrap(), &person, &Way::Public);
        assert!(known.get(b"ancien").is_none());
        known.forget();
        assert!(known.get(b"secret").is_none());
        assert!(Known::reads(&Method::GET, "/tiles/commune/1/1/1.mvt"));
        assert!(
            !Known::reads(&Method::POST, "/api/session")
                && !Known::reads(&Method::GET, "/api/connexion/retour")
        );
    }
}
