//! `GET /healthz` (the process answers) and `GET /readyz` (everything that it stands on does).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Json;
use axum::extract::State as FromState;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::reference::limites::limits;
use crate::server::app::Server;
use crate::state::State;

/// État du serveur.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Etat)]
pub struct Health {
    /// `en_marche` : le programme répond. `/readyz` dit si ce dont il dépend répond aussi.
    etat: &'static str,
    version: &'static str,
}

/// Ce dont le serveur dépend.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Disponibilite)]
pub struct Ready {
    /// `pret` ou `indisponible`.
    etat: &'static str,
    /// La base des comptes répond.
    base: bool,
    /// Le manifeste du magasin se lit.
    magasin: bool,
    /// Millésimes chargés.
    millesimes: usize,
    /// Place libre sur le disque du magasin, en octets ; nulle si le système ne la dit pas.
    disque_libre: Option<u64>,
    /// Ce qui manque, en une phrase chacun.
    manques: Vec<String>,
}

/// Whether the database answers, as a task sees it every other second.
#[derive(Debug, Clone)]
pub struct Pulse(Arc<AtomicBool>);

/// How often the database is asked, and how long it may take.
const EVERY: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(1);

impl Pulse {
    /// Starts the task; it lives as long as the runtime.
    #[must_use]
    pub fn start(state: State) -> Self {
        let pulse = Self(Arc::new(AtomicBool::new(true)));
        let told = pulse.clone();
        tokio::spawn(async move {
            loop {
                told.0.store(asked(&state).await, Ordering::Relaxed);
                tokio::time::sleep(EVERY).await;
            }
        });
        pulse
    }

    #[must_use]
    pub fn beats(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

async fn asked(state: &State) -> bool {
    matches!(tokio::time::timeout(PATIENCE, state.ping()).await, Ok(Ok(())))
}

/// Le serveur est en marche
#[utoipa::path(
    get, path = "/healthz", tag = "service", operation_id = "healthz",
    responses((status = OK, body = Health))
)]
pub async fn healthz() -> Json<Health> {
    Json(Health { etat: "en_marche", version: env!("CARGO_PKG_VERSION") })
}

/// Le serveur est prêt
///
/// La base des comptes, le magasin et le disque sont regardés à chaque demande.
#[utoipa::path(
    get, path = "/readyz", tag = "service", operation_id = "readyz",
    responses((status = OK, body = Ready), (status = SERVICE_UNAVAILABLE, body = Ready))
)]
pub async fn readyz(FromState(server): FromState<Server>) -> (StatusCode, Json<Ready>) {
    let app = server.live.get();
    let base = asked(&server.state).await;
    let magasin = std::fs::read(app.root().join("manifeste.json")).is_ok();
    let disque_libre = free(app.root());
    let least = limits().disque.libre_min_mio;
    let short = disque_libre.is_some_and(|octets| octets >> 20 < least);
    let manques: Vec<String> = [
        (!base).then(|| "La base des comptes ne répond pas.".to_owned()),
        (!magasin).then(|| "Le manifeste du magasin ne se lit pas.".to_owned()),
        app.millesimes.is_empty().then(|| "Aucun millésime n'est chargé.".to_owned()),
        short.then(|| format!("Il reste moins de {least} Mio sur le disque du magasin.")),
    ]
    .into_iter()
    .flatten()
    .collect();
    // A store without a millésime is one that nothing was imported into yet: the server is well.
    let well = base && magasin && !short;
    let (status, etat) =
        if well { (StatusCode::OK, "pret") } else { (StatusCode::SERVICE_UNAVAILABLE, "indisponible") };
    (status, Json(Ready { etat, base, magasin, millesimes: app.millesimes.len(), disque_libre, manques }))
}

/// Bytes that are free where a folder is.
pub fn free(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}
