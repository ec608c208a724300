//! Which cubes are missing or were made from other data, and making them.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use super::build::{build, build_again};
use super::editions::book::Book;
use super::editions::place;
use crate::arrays::CubeError;
use crate::days;
use crate::reference::ReferenceError;
use crate::reference::indicators::Catalogue;
use crate::reference::magasin::magasin;
use crate::reference::reglages::{self, Fault};
use crate::reference::secrecy::Secrecy;
use crate::reference::survey::Survey;
use crate::stock::events::Events;
use crate::stock::facts::{BuildReport, Facts};
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
    #[error(
        "« {} » n'est plus le carnet des ménages qui a été écrit ({why}) : reprenez-le d'une sauvegarde. Sans lui, une \
         correction pourrait révéler des ménages, rien n'est construit",
        .path.display()
    )]
    Book { path: std::path::PathBuf, why: String },
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

/// Cubes that are missing, damaged or were made from other sources, or that show households of a wave
/// without a book: millésime, and whether it is the edition up to date. Of those longer than `hashed` bytes,
/// only the length is looked at. Of one wave, the millésime of its own year comes first: it cuts the atoms.
///
/// # Errors
/// The store cannot be read.
pub fn stale(store: &Store, hashed: u64) -> Result<Vec<(u16, bool)>, RefreshError> {
    let mut out = Vec::new();
    for edition in editions(store)? {
        let (wave, sources) = expected_sources(store, edition)?;
        let kept = wave.is_none_or(|w| store.manifest().book(w).is_some());
        let fresh = store.manifest().cubes.iter().any(|c| {
            c.edition() == edition && c.sources == sources && store.cube_damage(c, hashed).is_none()
        });
        if !(fresh && kept) {
            out.push((wave, edition));
        }
    }
    out.sort_by_key(|(wave, (year, up_to_date))| {
        (*up_to_date, *wave, wave.map(|w| w.abs_diff(*year)), *year)
    });
    Ok(out.into_iter().map(|(_, edition)| edition).collect())
}

/// Makes what is stale, and puts it in force with the data that it was made from, all together; `told` hears
/// of each cube.
///
/// # Errors
/// A cube cannot be made, or the book of a wave is damaged; those before it are in force.
pub fn refresh(writer: &mut Writer, told: &mut dyn FnMut(&Built)) -> Result<(), RefreshError> {
    let catalogue = Catalogue::embedded()?;
    let list = stale(writer.store(), u64::MAX)?;
    for edition in list {
        let start = Instant::now();
        let (vague, sources) = expected_sources(writer.store(), edition)?;
        let (millesime, a_jour) = edition;
        let load = if a_jour { stock::load_up_to_date } else { stock::load };
        let facts = load(writer.store(), millesime, catalogue)?;
        let report = facts.report.clone();
        let read = start.elapsed();
        let folder = writer.temporary()?;
        let (empreinte, book) = made(writer, facts, vague, &folder.path().join("cube.bin"))?;
        let book = book.map(|book| kept(writer, &book)).transpose()?;
        writer.publish_edition(
            folder,
            CubeEntry { millesime, vague, a_jour, dossier: String::new(), empreinte, octets: None, sources },
            book,
        )?;
        told(&Built { millesime, vague, a_jour, read, total: start.elapsed(), report });
    }
    stock::sweep(writer.store())?;
    Ok(writer.put_in_force(&editions(writer.store())?)?)
}

/// Builds a cube as the book of its wave allows; gives the hash of the cube, and the book if it changed.
fn made(
    writer: &Writer,
    mut facts: Facts,
    wave: Option<u16>,
    path: &Path,
) -> Result<(String, Option<Book>), RefreshError> {
    let (catalogue, secrecy) = (Catalogue::embedded()?, Secrecy::embedded()?);
    let key = writer.record_key()?;
    let Some(wave) = wave else { return Ok((build(&facts, catalogue, secrecy, &key, path)?.0, None)) };
    let today = days::today().to_string();
    let Some(mut book) = book(writer.store(), wave)? else {
        let (hash, atoms) = build(&facts, catalogue, secrecy, &key, path)?;
        return Ok((hash, Some(place::first(wave, &facts, catalogue, &atoms, &today))));
    };
    let placed = place::place(&mut book, &mut facts, catalogue, secrecy, &today);
    let hash = build_again(&facts, catalogue, secrecy, &key, path, &placed)?;
    let changed = placed.changed;
    Ok((hash, changed.then_some(book)))
}

/// The book of a wave; None if nothing was ever said of its households.
fn book(store: &Store, wave: u16) -> Result<Option<Book>, RefreshError> {
    let Some(entry) = store.manifest().book(wave) else { return Ok(None) };
    if let Some(damage) = store.book_damage(entry) {
        return Err(RefreshError::Book { path: damage.path, why: damage.why });
    }
    Ok(Some(Book::read(&store.book_file(entry).0)?))
}

/// A book in a folder of its own, and its hash.
fn kept(writer: &Writer, book: &Book) -> Result<(tempfile::TempDir, String), RefreshError> {
    let folder = writer.temporary()?;
    let hash = book.write(&folder.path().join("carnet.bin"))?;
    Ok((folder, hash))
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
