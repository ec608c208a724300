//! What a watcher of the server reads: counts and times by operation, never a person, an address or a
//! territory.
//!
//! In the text format of Prometheus, on an address of its own (`--metriques`).

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::server::error::ServerError;

/// Borders of the classes of times, in seconds.
const BORDERS: [f64; 11] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    operation: String,
    statut: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Timed {
    operation: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Mailed {
    resultat: &'static str,
}

/// What is counted.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Answered, Counter>,
    times: Family<Timed, Histogram>,
    answering: Gauge,
    database: Gauge,
    memory: Gauge,
    mails: Family<Mailed, Counter>,
    waiting: Gauge,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    #[must_use]
    pub fn new() -> Self {
        let requests = Family::<Answered, Counter>::default();
        let times = Family::<Timed, Histogram>::new_with_constructor(|| Histogram::new(BORDERS));
        let (answering, database, memory) = (Gauge::default(), Gauge::default(), Gauge::default());
        let (mails, waiting) = (Family::<Mailed, Counter>::default(), Gauge::default());
        let mut registry = Registry::with_prefix("mosaique");
        registry.register("requetes", "Requêtes par opération et statut", requests.clone());
        registry.register_with_unit("duree", "Temps de réponse par opération", Unit::Seconds, times.clone());
        registry.register("en_cours", "Requêtes en cours", answering.clone());
        registry.register("base_joignable", "1 : la base des comptes répond", database.clone());
        registry.register_with_unit("memoire", "Mémoire du processus", Unit::Bytes, memory.clone());
        registry.register("avis", "Avis par courriel : envoyés, en échec, abandonnés", mails.clone());
        registry.register("avis_en_attente", "Avis par courriel qui ne sont pas partis", waiting.clone());
        Self { registry: Arc::new(registry), requests, times, answering, database, memory, mails, waiting }
    }

    /// Counts an answer.
    pub fn answered(&self, operation: &str, statut: u16, time: Duration) {
        self.requests.get_or_create(&Answered { operation: operation.to_owned(), statut }).inc();
        self.times.get_or_create(&Timed { operation: operation.to_owned() }).observe(time.as_secs_f64());
    }

    /// Counts an attempt to send a notice: `envoye`, `echec`, `abandonne`.
    pub fn mailed(&self, resultat: &'static str) {
        self.mails.get_or_create(&Mailed { resultat }).inc();
    }

    /// Notices that have not left.
    pub fn mails_waiting(&self, n: i64) {
        self.waiting.set(n);
    }

    /// The text of Prometheus. `answering`: requests being answered; `database`: whether it answers.
    #[must_use]
    pub fn text(&self, answering: usize, database: bool) -> String {
        self.answering.set(i64::try_from(answering).unwrap_or(i64::MAX));
        self.database.set(i64::from(database));
        self.memory.set(resident().unwrap_or(0));
        let mut text = String::new();
        // Writing to a string does not fail.
        if encode(&mut text, &self.registry).is_err() {
            text.clear();
        }
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// Bytes of memory that the process holds; None where the system does not say.
fn resident() -> Option<i64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: i64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * i64::try_from(rustix::param::page_size()).ok()?)
}

/// Serves the text on an address of its own, for as long as the server runs.
///
/// # Errors
/// The address is taken.
pub async fn serve(
    addr: SocketAddr,
    text: impl Fn() -> String + Clone + Send + Sync + 'static,
) -> Result<(), ServerError> {
    let listener =
        tokio::net::TcpListener::bind(addr).await.map_err(|source| ServerError::Bind { addr, source })?;
    let answer = move || {
        let text = text();
        async move {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
    };
    let routes = Router::new().route("/metrics", get(answer));
    tokio::spawn(crate::server::edge::listen::serve(listener, routes, std::future::pending()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_watchers_know() {
        let metrics = Metrics::new();
        metrics.answered("catalogue", 200, Duration::from_millis(3));
        metrics.mailed("envoye");
        let text = metrics.text(2, true);
        let mut names: Vec<&str> =
            text.lines().filter_map(|l| l.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "mosaique_avis",
                "mosaique_avis_en_attente",
                "mosaique_base_joignable",
                "mosaique_duree_seconds",
                "mosaique_en_cours",
                "mosaique_memoire_bytes",
                "mosaique_requetes"
            ]
        );
        assert!(text.contains("mosaique_requetes_total{operation=\"catalogue\",statut=\"200\"} 1"), "{text}");
        assert!(text.contains("mosaique_en_cours 2"), "{text}");
    }
}
