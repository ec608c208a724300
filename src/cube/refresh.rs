//! Which cubes are missing or were made from other data, and making them.

use std::path::Path;
use std::time::{Duration, Instant};

use super::build::build;
use super::file::CubeError;
use crate::reference::ReferenceError;
use crate::reference::indicators::Catalogue;
use crate::reference::secrecy::Secrecy;
use crate::reference::survey::Survey;
use crate::stock::facts::BuildReport;
use crate::stock::{self, StockError, parts};
use crate::store::{CubeEntry, Store, StoreError, Writer};

/// Why cubes cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Cube(#[from] CubeError),
    #[error("indicateurs : {0}")]
    Json(#[from] serde_json::Error),
}

/// A cube that was just made.
#[derive(Debug, Clone)]
pub struct Built {
    pub millesime: u16,
    pub vague: Option<u16>,
    /// Reading and joining.
    pub read: Duration,
    pub total: Duration,
    pub report: BuildReport,
}

/// What identifies the content of a cube: its sources and the indicators that it was made with.
fn expected_sources(store: &Store, millesime: u16) -> Result<(Option<u16>, Vec<String>), RefreshError> {
    let wave = stock::wave_of(store, millesime, Survey::embedded()?.ecart_millesime);
    let mut sources = stock::sources(store, millesime, wave)?;
    let catalogue = Catalogue::embedded()?;
    let measures = serde_json::to_vec(&catalogue.measures)?;
    sources.push(format!("mesures {}", blake3::hash(&measures).to_hex()));
    sources.push(format!("format {}", super::file::VERSION));
    Ok((wave, sources))
}

/// Millésimes of the store whose cube is missing or was made from other sources.
///
/// # Errors
/// The store cannot be read.
pub fn stale(store: &Store) -> Result<Vec<u16>, RefreshError> {
    let mut out = Vec::new();
    for millesime in parts::years(store, "rpls") {
        let (_, sources) = expected_sources(store, millesime)?;
        let fresh = store.manifest().cubes.iter().any(|c| c.millesime == millesime && c.sources == sources);
        if !fresh {
            out.push(millesime);
        }
    }
    Ok(out)
}

/// Makes what is stale; `told` hears of each cube.
///
/// # Errors
/// A cube cannot be made; those before it are in force.
pub fn refresh(writer: &mut Writer, told: &mut dyn FnMut(&Built)) -> Result<(), RefreshError> {
    let (catalogue, secrecy) = (Catalogue::embedded()?, Secrecy::embedded()?);
    for millesime in stale(writer.store())? {
        let start = Instant::now();
        let (vague, sources) = expected_sources(writer.store(), millesime)?;
        let facts = stock::load(writer.store(), millesime, catalogue)?;
        let read = start.elapsed();
        let folder = writer.temporary()?;
        let empreinte = build(&facts, catalogue, secrecy, &folder.path().join("cube.bin"))?;
        writer.publish_cube(folder, CubeEntry { millesime, vague, dossier: String::new(), empreinte, sources })?;
        told(&Built { millesime, vague, read, total: start.elapsed(), report: facts.report });
    }
    writer.forget_cubes(&parts::years(writer.store(), "rpls"))?;
    Ok(())
}

/// Makes what is stale in a store; takes the writer's lock only if there is something to make.
///
/// # Errors
/// As [`refresh`].
pub fn refresh_at(root: &Path, told: &mut dyn FnMut(&Built)) -> Result<(), RefreshError> {
    if !stale(&Store::open(root)?)?.is_empty() {
        refresh(&mut Writer::open(root)?, told)?;
    }
    Ok(())
}
