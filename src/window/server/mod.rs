//! Who asks: the HTTP interface of `docs/API-DESIGN.md`.
//!
//! [`router`] is the list of routes, one file a resource. A handler reads its parameters ([`params`],
//! [`query`]), asks `disclosure` and answers; it never makes a figure of households itself. Faults are
//! [`problem`] documents. What is loaded is in [`state`]; the manifest is watched, so that a new import is
//! served without a restart.

mod api;
mod app;
mod auth;
mod background;
mod edge;
mod error;
mod options;
mod router;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

pub use self::api::ban::geocodage_distant::{RemoteError, configured as remote_ban};
pub use self::app::Server;
pub use self::auth::provider::SsoError;
pub use self::background::courriel::Smtp;
pub use self::background::late::{Imported, note_imports, recover_deposits};
pub use self::background::works::bring_up_to_date;
use self::background::{avis, soundness, warm, works};
use self::edge::{listen, metrics};
pub use self::error::ServerError;
pub use self::options::ServeOptions;
pub use self::router::{document, router};

use crate::days;
use crate::desk::editions::{App, Live};
pub use crate::desk::lessor::events::bring;
use crate::reference::reglages as rules;
use crate::state::State;
use crate::store::{Store, Writer, reglages};

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
    finish_late(&root, &state).await;
    let metrics = options.metrics;
    tokio::spawn(note_heads(state.clone()));
    let journal = state.clone();
    let server = Server::new(live.clone(), state, options)?;
    if let Some(addr) = metrics {
        let watched = server.clone();
        metrics::serve(addr, move || watched.metrics.text(watched.load.answering(), watched.pulse.beats()))
            .await?;
    }
    tokio::spawn(soundness::watch(live.clone(), root.clone(), server.works.clone()));
    tokio::spawn(warm::follow(live.clone()));
    tokio::spawn(avis::follow(server.clone()));
    tokio::spawn(follow_rules(live.clone(), root.clone(), server.works.clone()));
    let routes = router(server);
    tokio::spawn(watch(live, root, seen));
    // Nobody may be there to read it.
    let _ = writeln!(std::io::stdout(), "prêt : http://{addr} (en {:.2} s)", begun.elapsed().as_secs_f64());
    listen::serve(listener, routes, stopped()).await;
    note_head(&journal).await;
    Ok(())
}

/// How often the last line of the audit trail is noted outside of its database.
const HEADS: Duration = Duration::from_secs(3_600);

async fn note_heads(state: State) {
    loop {
        note_head(&state).await;
        tokio::time::sleep(HEADS).await;
    }
}

async fn note_head(state: &State) {
    match state.note_head().await {
        Ok(Some((rank, mark))) => tracing::info!("tête du journal : {rank}:{mark}"),
        Ok(None) => {}
        Err(e) => tracing::error!("tête du journal d'audit : {e}"),
    }
}

/// Finishes what was killed half done, before anybody asks. Who writes now finishes by itself; a fault keeps
/// nobody from the figures that are in force.
async fn finish_late(root: &Path, state: &State) {
    let done = async {
        match Writer::open(root) {
            Ok(held) => {
                let lines = note_imports(&held, state).await?;
                Ok::<_, works::WorkError>((lines, recover_deposits(held, state).await?))
            }
            Err(_) => Ok((0, 0)),
        }
    };
    match done.await {
        Ok((0, 0)) => {}
        Ok((lines, deposits)) => {
            tracing::warn!("repris après un arrêt : {lines} import(s) au journal, {deposits} dépôt(s)");
        }
        Err(e) => tracing::error!("reprise après un arrêt : {e}"),
    }
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

/// Takes up the rules that the store changes, as their files do and as their days come; figures that depend
/// on them are made anew. A fault leaves the rules as they were.
async fn follow_rules(live: Live, root: PathBuf, works: works::Works) {
    let mut seen = None;
    loop {
        let now = Some((reglages::mark(&root), days::today()));
        if now != seen {
            seen = now;
            let (live, root) = (live.clone(), root.clone());
            match tokio::task::spawn_blocking(move || rules_changed(&live, &root)).await {
                Ok(Ok(Some(figures))) => {
                    tracing::info!("les réglages du magasin ont changé : ils valent maintenant");
                    if figures {
                        works.changed();
                    }
                }
                Ok(Ok(None)) => {}
                Ok(Err(e)) => {
                    tracing::error!("réglages refusés, les règles restent comme elles étaient : {e}")
                }
                Err(e) => tracing::error!("réglages : {e}"),
            }
        }
        tokio::time::sleep(WATCH).await;
    }
}

/// Takes up what the store's folder says; whether figures have to be made anew, None if nothing changed.
/// Otherwise answers follow from here on.
fn rules_changed(live: &Live, root: &Path) -> Result<Option<bool>, Box<dyn std::error::Error + Send + Sync>> {
    let before = rules::in_force().mark()?;
    if !reglages::take_up(root, days::today())? {
        return Ok(None);
    }
    let figures = rules::in_force().mark()? != before;
    if !figures {
        live.reload(root)?;
    }
    Ok(Some(figures))
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
