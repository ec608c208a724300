//! Which cubes are missing or were made from other data, and making them.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use super::build::build;
use crate::arrays::CubeError;
use crate::reference::ReferenceError;
use crate::reference::indicators::Catalogue;
use crate::reference::magasin::magasin;
use crate::reference::reglages::{self, Fault};
use crate::reference::secrecy::Secrecy;
use crate::reference::survey::Survey;
use crate::stock::events::Events;
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
    #[error(transparent)]
    Settings(#[from] Fault),
    #[error("indicateurs : {0}")]
    Json(#[from] serde_json::Error),
}

/// A cube that was just made.
#[derive(Debug, Clone)]
pub struct Built {
    pub millesime: u16,
    pub vague: Option<u16>,
    /// Whether it is the edition with the events since 1 January.
    pub a_jour: bool,
    /// Reading and joining.
    pub read: Duration,
    pub total: Duration,
    pub report: BuildReport,
}

/// What cubes there should be: one a millésime, and of the latest one more if something happened since.
fn editions(store: &Store) -> Result<BTreeSet<(u16, bool)>, RefreshError> {
    let years = parts::years(store, "rpls");
    let events = Events::of(store)?;
    let up_to_date = years.last().filter(|y| events.mark(**y).is_some()).map(|y| (*y, true));
    Ok(years.into_iter().map(|y| (y, false)).chain(up_to_date).collect())
}

/// What identifies the content of a cube: its sources, the indicators and the rules that it was made with.
fn expected_sources(
    store: &Store,
    (millesime, a_jour): (u16, bool),
) -> Result<(Option<u16>, Vec<String>), RefreshError> {
    let wave = stock::wave_of(store, millesime, Survey::embedded()?.ecart_millesime);
    let mut sources = stock::sources(store, millesime, wave)?;
    if a_jour {
        sources.extend(Events::of(store)?.mark(millesime).map(|m| format!("evenements {m}")));
    }
    let catalogue = Catalogue::embedded()?;
    let measures = serde_json::to_vec(&catalogue.measures)?;
    sources.push(format!("mesures {}", blake3::hash(&measures).to_hex()));
    if let Some(rules) = reglages::in_force().mark()? {
        sources.push(format!("regles {}", blake3::hash(rules.as_bytes()).to_hex()));
    }
    sources.push(format!("format {}", crate::arrays::VERSION));
    Ok((wave.filter(|_| !a_jour), sources))
}

/// Cubes that are missing, damaged or were made from other sources: millésime, and whether it is the edition
/// up to date. Of those that are longer than `hashed` bytes, only the length is looked at.
///
/// # Errors
/// The store cannot be read.
pub fn stale(store: &Store, hashed: u64) -> Result<Vec<(u16, bool)>, RefreshError> {
    let mut out = Vec::new();
    for edition in editions(store)? {
        let (_, sources) = expected_sources(store, edition)?;
        let fresh = store.manifest().cubes.iter().any(|c| {
            c.edition() == edition && c.sources == sources && store.cube_damage(c, hashed).is_none()
        });
        if !fresh {
            out.push(edition);
        }
    }
    Ok(out)
}

/// Makes what is stale, and puts it in force with the data that it was made from, all together; `told` hears
/// of each cube.
///
/// # Errors
/// A cube cannot be made; those before it are in force.
pub fn refresh(writer: &mut Writer, told: &mut dyn FnMut(&Built)) -> Result<(), RefreshError> {
    let (catalogue, secrecy) = (Catalogue::embedded()?, Secrecy::embedded()?);
    for edition in stale(writer.store(), u64::MAX)? {
        let start = Instant::now();
        let (vague, sources) = expected_sources(writer.store(), edition)?;
        let (millesime, a_jour) = edition;
        let load = if a_jour { stock::load_up_to_date } else { stock::load };
        let facts = load(writer.store(), millesime, catalogue)?;
        let read = start.elapsed();
        let folder = writer.temporary()?;
        let empreinte =
            build(&facts, catalogue, secrecy, &writer.record_key()?, &folder.path().join("cube.bin"))?;
        writer.publish_cube(
            folder,
            CubeEntry { millesime, vague, a_jour, dossier: String::new(), empreinte, octets: None, sources },
        )?;
        told(&Built { millesime, vague, a_jour, read, total: start.elapsed(), report: facts.report });
    }
    Ok(writer.put_in_force(&editions(writer.store())?)?)
}

/// Makes what is stale in a store; takes the writer's lock only if there is something to make.
///
/// # Errors
/// As [`refresh`].
pub fn refresh_at(root: &Path, told: &mut dyn FnMut(&Built)) -> Result<(), RefreshError> {
    let store = Store::open(root)?;
    let hashed = magasin()?.verification.octets_a_l_ouverture;
    if !stale(&store, hashed)?.is_empty() || !store.manifest().not_built().is_empty() {
        refresh(&mut Writer::open(root)?, told)?;
    }
    Ok(())
}
