//! Work in the background: files that are checked, cubes that are made anew after a change, and telling who
//! waits.
//!
//! One task makes cubes; changes that come while it works are made together in its next round. What is told
//! is a [`watch`] value, so that who comes late sees the present state; streams end when the work does, and
//! do not keep a server that is stopped.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::response::sse::{Event, Sse};
use serde::Serialize;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

use super::warm;
use crate::cube::refresh::{RefreshError, refresh};
use crate::desk::editions::Live;
use crate::reference::depots::Deposits;
use crate::registers::report::Report;
use crate::state::{State, StateError};
use crate::stock::{edits, events};
use crate::store::{Store, StoreError, Writer, quarantine};

/// Où en est la mise à jour des chiffres.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Travaux {
    pub en_cours: bool,
    /// Numéro de la dernière modification demandée, et de la dernière que montrent les chiffres.
    pub demande: u64,
    pub fait: u64,
    /// Durée de la dernière mise à jour, en millisecondes.
    pub duree_ms: Option<u64>,
    /// Pourquoi la dernière a échoué ; les chiffres d'avant restent.
    pub erreur: Option<String>,
}

/// Où en est le contrôle d'un fichier.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Avancement {
    /// Octets lus, et leur total.
    pub lus: u64,
    pub total: u64,
    pub fini: bool,
}

/// Why figures are not brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Refresh(#[from] RefreshError),
    #[error(transparent)]
    Reload(#[from] Box<crate::desk::error::DeskError>),
    #[error("retouches : {0}")]
    Csv(#[from] csv::Error),
    #[error("retouches : {0}")]
    Io(#[from] std::io::Error),
    #[error("travail interrompu : {0}")]
    Join(#[from] tokio::task::JoinError),
}

/// The work of one server.
#[derive(Debug, Clone)]
pub struct Works(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    asked: AtomicU64,
    wake: Notify,
    told: watch::Sender<Travaux>,
    checks: Mutex<HashMap<String, watch::Sender<Avancement>>>,
    places: Semaphore,
}

/// How long a change waits for another writer of the store.
const PATIENCE: Duration = Duration::from_secs(120);

impl Works {
    /// Starts the task; it lives as long as the runtime.
    #[must_use]
    pub fn start(root: &Path, state: State, live: Live) -> Self {
        let works = Self(Arc::new(Inner {
            root: root.to_owned(),
            asked: AtomicU64::new(0),
            wake: Notify::new(),
            told: watch::Sender::default(),
            checks: Mutex::default(),
            places: Semaphore::new(Deposits::embedded().map_or(1, |d| d.controles)),
        }));
        let inner = Arc::clone(&works.0);
        let begun = works.clone();
        tokio::spawn(async move {
            match waits(&inner.root, &state).await {
                Ok(true) => _ = begun.changed(),
                Ok(false) => {}
                Err(e) => tracing::error!("mise à jour des chiffres : {e}"),
            }
            loop {
                let until = inner.asked.load(Ordering::SeqCst);
                if inner.told.borrow().fait >= until {
                    inner.wake.notified().await;
                    continue;
                }
                inner.told.send_modify(|t| t.en_cours = true);
                let start = Instant::now();
                let outcome = rebuild(&inner.root, &state, &live).await;
                if let Err(e) = &outcome {
                    tracing::error!("mise à jour des chiffres : {e}");
                }
                inner.told.send_modify(|t| {
                    t.fait = until;
                    t.en_cours = inner.asked.load(Ordering::SeqCst) > until;
                    t.duree_ms = u64::try_from(start.elapsed().as_millis()).ok();
                    t.erreur = outcome.err().map(|e| e.to_string());
                });
            }
        });
        works
    }

    /// Asks for figures that show what just changed; the number of the change.
    pub fn changed(&self) -> u64 {
        let n = self.0.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.told.send_modify(|t| (t.demande, t.en_cours) = (n, true));
        self.0.wake.notify_one();
        n
    }

    /// The state of the figures.
    #[must_use]
    pub fn figures(&self) -> watch::Receiver<Travaux> {
        self.0.told.subscribe()
    }

    /// Folder of a deposit, outside of what figures are made from.
    #[must_use]
    pub fn quarantine(&self, id: &str) -> PathBuf {
        quarantine(&self.0.root, id)
    }

    /// Begins to tell how the check of a deposit goes on.
    #[must_use]
    pub fn begin_check(&self, id: &str) -> watch::Sender<Avancement> {
        let sender = watch::Sender::default();
        self.0.checks.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), sender.clone());
        sender
    }

    /// Ends it.
    pub fn end_check(&self, id: &str) {
        let sender = self.0.checks.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        if let Some(sender) = sender {
            sender.send_modify(|a| a.fini = true);
        }
    }

    /// How a check goes on here; None if none does.
    #[must_use]
    pub fn check(&self, id: &str) -> Option<watch::Receiver<Avancement>> {
        self.0.checks.lock().unwrap_or_else(PoisonError::into_inner).get(id).map(watch::Sender::subscribe)
    }

    /// A place among those who check.
    pub async fn place(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        self.0.places.acquire().await.ok()
    }

    /// Folder of the store.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0.root
    }

    /// Takes the store's lock, waiting for who has it. To be called where one may wait.
    ///
    /// # Errors
    /// Another writer keeps it too long, or the disk refuses.
    pub fn writer(&self) -> Result<Writer, StoreError> {
        writer(&self.0.root)
    }
}

fn writer(root: &Path) -> Result<Writer, StoreError> {
    let begun = Instant::now();
    loop {
        match Writer::open(root) {
            Err(StoreError::Locked(_)) if begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(100))
            }
            other => return other,
        }
    }
}

/// Publishes what bailleurs changed, makes the cubes that are stale and serves them.
async fn rebuild(root: &Path, state: &State, live: &Live) -> Result<(), WorkError> {
    bring_up_to_date(root, state).await?;
    let (root, live) = (root.to_owned(), live.clone());
    tokio::task::spawn_blocking(move || live.reload(&root).map_err(Box::new)).await??;
    warm::give_back();
    Ok(())
}

/// Publishes what bailleurs changed and makes the cubes that are stale.
///
/// # Errors
/// The state store or the store of data fails; what was there before stays in force.
pub async fn bring_up_to_date(root: &Path, state: &State) -> Result<(), WorkError> {
    let changed = changed(state).await?;
    let root = root.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut writer = writer(&root)?;
        for set in &changed {
            if set.differs(writer.store()) {
                set.publish(&mut writer)?;
            }
        }
        refresh(&mut writer, &mut |b| {
            tracing::info!("cube {} refait en {:.2} s", b.millesime, b.total.as_secs_f64());
        })?;
        Ok(())
    })
    .await?
}

/// Rows of the state store as a data set that builds read.
struct Published {
    register: &'static str,
    key: &'static str,
    name: &'static str,
    files: Vec<(&'static str, Vec<u8>)>,
    rows: usize,
}

/// Everything of the state store that builds read.
async fn changed(state: &State) -> Result<[Published; 2], WorkError> {
    Ok([edits_of(state).await?, events_of(state).await?])
}

/// What bailleurs changed: points of addresses, residences.
async fn edits_of(state: &State) -> Result<Published, WorkError> {
    let (points, homes) = (state.points_in_force().await?, state.homes_in_force().await?);
    let names = ["siren", "adresse", "ident_rep", "des", "lon", "lat", "qualite", "cle"];
    Ok(Published {
        register: edits::REGISTER,
        key: edits::KEY,
        name: "retouches des bailleurs",
        files: vec![
            (edits::POINTS, written(&names, &points)?),
            (edits::HOMES, written(&["siren", "adresse", "code", "libelle"], &homes)?),
        ],
        rows: points.len() + homes.len(),
    })
}

/// What happened to the stock.
async fn events_of(state: &State) -> Result<Published, WorkError> {
    let list = state.happenings().await?;
    let names = [
        "date",
        "siren",
        "effet",
        "autre",
        "commune",
        "adresse",
        "logements",
        "ident_rep",
        "lon",
        "lat",
        "qualite",
        "annee",
        "financement",
        "pieces",
        "dpe",
        "surface",
    ];
    Ok(Published {
        register: events::REGISTER,
        key: events::KEY,
        name: "événements du parc",
        files: vec![(events::FILE, written(&names, &list)?)],
        rows: list.len(),
    })
}

impl Published {
    fn mark(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        self.files.iter().for_each(|(_, bytes)| {
            hasher.update(bytes);
        });
        hasher.finalize().to_hex().to_string()
    }

    /// Whether the store has something else; nothing to publish and nothing published are the same.
    fn differs(&self, store: &Store) -> bool {
        match store.manifest().dataset(self.register, self.key) {
            None => self.rows > 0,
            Some(there) => there.rapport.empreinte != self.mark(),
        }
    }

    fn publish(&self, writer: &mut Writer) -> Result<(), WorkError> {
        let folder = writer.temporary()?;
        for (file, bytes) in &self.files {
            std::fs::write(folder.path().join(file), bytes)?;
        }
        let mut report = Report::new(self.register, self.key, self.name);
        report.empreinte = self.mark();
        report.lignes_lues = self.rows as u64;
        report.lignes_gardees = report.lignes_lues;
        writer.publish(folder, report)?;
        Ok(())
    }
}

/// Whether figures wait for something that bailleurs changed: the server may have been stopped before it was
/// done. A state store that knows of nothing is a new one, and empties nothing.
async fn waits(root: &Path, state: &State) -> Result<bool, WorkError> {
    let changed = changed(state).await?;
    let store = Store::open(root)?;
    // A deposit that was published and not built, by a server that was killed, waits too.
    let deposits = store.manifest().not_built().iter().any(|d| d.rapport.registre.starts_with("depot_"));
    Ok(deposits || changed.iter().any(|set| set.rows > 0 && set.differs(&store)))
}

fn written<T: Serialize>(header: &[&str], rows: &[T]) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv::WriterBuilder::new().delimiter(b';').has_headers(false).from_writer(Vec::new());
    out.write_record(header)?;
    for row in rows {
        out.serialize(row)?;
    }
    out.into_inner().map_err(|e| csv::Error::from(e.into_error()))
}

/// Tells a value as it changes, until it is over.
pub fn follow<T>(
    mut told: watch::Receiver<T>,
    over: fn(&T) -> bool,
) -> Sse<ReceiverStream<Result<Event, Infallible>>>
where
    T: Clone + Serialize + Send + Sync + 'static,
{
    let (sender, events) = mpsc::channel(8);
    tokio::spawn(async move {
        loop {
            let now = told.borrow_and_update().clone();
            let last = over(&now);
            // Plain numbers and texts always serialise.
            let event = Event::default().json_data(&now).unwrap_or_default();
            if sender.send(Ok(event)).await.is_err() || last || told.changed().await.is_err() {
                break;
            }
        }
    });
    Sse::new(ReceiverStream::new(events))
}
