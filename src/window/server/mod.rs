//! Who asks: the HTTP interface of `docs/API-DESIGN.md`.
//!
//! [`router`] is the list of routes, one file a resource. A handler reads its parameters ([`params`],
//! [`query`]), asks `disclosure` and answers; it never makes a figure of households itself. Faults are
//! [`problem`] documents. What is loaded is in [`state`]; the manifest is watched, so that a new import is
//! served without a restart.

mod admin;
mod adresses;
mod affichage;
mod auth;
mod catalogue;
mod controle;
mod csv_body;
mod csv_file;
mod dalo;
mod depots;
mod desk;
mod ensembles;
mod facettes;
mod fiche;
mod fragilite;
mod geocodage;
mod geocodage_csv;
mod geocodage_distant;
mod geometry;
mod health;
mod indicateurs;
mod mesure;
mod mixite;
mod objectifs;
mod objectifs_csv;
mod openapi;
mod params;
mod parc;
mod places;
mod plan;
mod problem;
mod query;
mod rights;
mod router;
mod rpems;
mod security;
mod segregation;
mod situation;
mod situation_csv;
mod soundness;
mod state;
mod territoires;
mod tiles;
mod valeurs;
mod web;
mod works;
mod zones;
mod zones_fichier;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use axum::serve::ListenerExt;

pub use self::auth::sso::SsoError;
pub use self::auth::trail::Trace;
pub use self::controle::measure as measure_checks;
pub use self::geocodage_distant::{RemoteError, configured as remote_ban};
pub use self::openapi::document;
pub use self::parc::events::bring;
pub use self::router::{Server, router, router_for_holder};
pub use self::state::{App, Live};
pub use self::works::bring_up_to_date;
use crate::cube::file::CubeError;
use crate::disclosure::publisher::LedgerError;
use crate::reference::ReferenceError;
use crate::reference::fonds::Basemap;
use crate::state::{State, StateError};
use crate::stock::StockError;
use crate::store::{Store, StoreError};
use crate::territory::layer::LayerError;

/// How to serve.
#[derive(Debug, Clone, Default)]
pub struct ServeOptions {
    /// Folder of the built web application.
    pub web: Option<PathBuf>,
    /// Listen beyond this machine, and answer to any host name.
    pub allow_remote: bool,
    /// A BAN API that answers questions about addresses instead of the imported ones.
    pub ban: Option<String>,
    /// A relay stands before this server and says in `X-Forwarded-For` where requests come from.
    pub behind_proxy: bool,
    /// Base maps of other hosts that the page may show.
    pub fonds: Vec<Basemap>,
    /// Sites (`https://host[:port]`) that may show `/integre` in a frame.
    pub integration: Vec<String>,
}

impl ServeOptions {
    /// Whether cookies go by TLS only: wherever this server is not for one machine alone.
    #[must_use]
    pub fn secure_cookies(&self) -> bool {
        self.allow_remote || self.behind_proxy
    }
}

/// Why the server cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error(
        "l'adresse {0} ouvrirait les données au réseau : écoutez sur 127.0.0.1, ou demandez-le expressément"
    )]
    NotLoopback(SocketAddr),
    #[error("impossible d'écouter sur {addr} : {source}")]
    Bind { addr: SocketAddr, source: std::io::Error },
    #[error("le serveur s'est arrêté : {0}")]
    Serve(std::io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Sso(#[from] SsoError),
    #[error(transparent)]
    Cube(#[from] CubeError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Layer(#[from] LayerError),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Ban(#[from] RemoteError),
}

/// How often the manifest is looked at.
const WATCH: Duration = Duration::from_secs(3);

/// Serves until SIGINT or SIGTERM, then ends the requests that have begun.
///
/// # Errors
/// The address is not of this machine and `allow_remote` is not set, it is taken, or the store cannot be
/// loaded.
pub async fn serve(store: Store, addr: SocketAddr, options: ServeOptions) -> Result<(), ServerError> {
    let begun = Instant::now();
    if !addr.ip().is_loopback() && !options.allow_remote {
        return Err(ServerError::NotLoopback(addr));
    }
    let root = store.root().to_owned();
    let seen = changed(&root);
    // Before any request: nothing else needs this thread.
    let live = Live::new(App::load(&store, None)?);
    let listener =
        tokio::net::TcpListener::bind(addr).await.map_err(|source| ServerError::Bind { addr, source })?;
    let addr = listener.local_addr().unwrap_or(addr);
    let state = State::of_store(&root).await?;
    let server = Server::new(live.clone(), state, options)?;
    tokio::spawn(soundness::watch(live.clone(), root.clone(), server.works.clone()));
    let routes = router(server);
    tokio::spawn(watch(live, root, seen));
    // Nobody may be there to read it.
    let _ = writeln!(std::io::stdout(), "prêt : http://{addr} (en {:.2} s)", begun.elapsed().as_secs_f64());
    let listener = listener.tap_io(|stream| {
        // Answers are small: waiting to fill packets would only add delay.
        if let Err(e) = stream.set_nodelay(true) {
            tracing::debug!("TCP_NODELAY : {e}");
        }
    });
    axum::serve(listener, routes.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(stopped())
        .await
        .map_err(ServerError::Serve)
}

/// When the manifest was last replaced.
fn changed(root: &Path) -> Option<SystemTime> {
    std::fs::metadata(root.join("manifeste.json")).and_then(|m| m.modified()).ok()
}

/// Loads again each time that the manifest is replaced.
async fn watch(live: Live, root: PathBuf, mut seen: Option<SystemTime>) {
    loop {
        tokio::time::sleep(WATCH).await;
        let now = changed(&root);
        if now == seen {
            continue;
        }
        seen = now;
        let (live, root) = (live.clone(), root.clone());
        match tokio::task::spawn_blocking(move || live.reload(&root)).await {
            Ok(Ok(())) => tracing::info!("le magasin a changé : données rechargées"),
            Ok(Err(e)) => tracing::error!("le magasin a changé mais ne se recharge pas : {e}"),
            Err(e) => tracing::error!("rechargement interrompu : {e}"),
        }
    }
}

/// Resolves when the process is asked to stop.
async fn stopped() {
    let interrupt = async {
        if let Err(e) = tokio::signal::ctrl_c().await {
            tracing::error!("SIGINT : {e}");
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(e) => {
                tracing::error!("SIGTERM : {e}");
                std::future::pending::<()>().await;
            }
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
