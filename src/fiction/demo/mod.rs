//! The demonstration: a fictional territory, its files with their dirt, and the truth that was planted.
//!
//! [`write`] draws an agglomeration of about twenty communes (or, with `national`, a whole country) and
//! writes the files that a user would bring: dwelling register, occupancy survey, allocations, addresses,
//! contours, in their real formats. `verite/` tells what is true and what was spoilt, so that tests compare
//! what was found with what was planted. Everything is fictional: communes, bailleurs, programmes,
//! households; the ground is real land east of Bugey, and département codes exist so that readers accept
//! them.
//!
//! It knows file formats only, and nothing of the rest of the crate but its own data in `data/demo/`.
//! The same options give the same bytes.
//!
//! In reading order: [`dice`] (chance), [`geometry`], [`lattice`] (shared borders), [`plan`] (communes,
//! estates), [`streets`] and [`estates`] (addresses), [`ground`] (what rows are made from), [`stock`]
//! (dwellings), [`households`], [`dirt`], then one file a format: [`rpls`], [`ops`], [`attributions`],
//! [`demands`], [`events`], [`flux`], [`contours`]; [`local`] and [`national`] put them together.

pub use crate::reference::demo::Territory;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub mod attributions;
pub mod cells;
pub mod columns;
pub mod contours;
mod country;
pub mod demands;
pub mod dice;
pub mod dirt;
pub mod estates;
pub mod events;
pub mod exchange;
pub mod flux;
pub mod geometry;
pub mod ground;
pub mod households;
pub mod lattice;
mod local;
mod national;
pub mod ops;
pub mod plan;
pub mod rpls;
pub mod stock;
pub mod streets;

/// What to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoOptions {
    /// Dwellings of the register of 2024; see [`LOCAL_RANGE`] and [`NATIONAL_RANGE`].
    pub dwellings: u32,
    pub seed: u64,
    /// A country instead of an agglomeration.
    pub national: bool,
    /// Which territory, unless it is the country.
    pub territory: Territory,
}

/// Dwellings that an agglomeration can hold.
pub const LOCAL_RANGE: std::ops::RangeInclusive<u32> = 200..=300_000;
/// Dwellings that the country can hold.
pub const NATIONAL_RANGE: std::ops::RangeInclusive<u32> = 50_000..=6_000_000;
/// Dwellings of the default demonstration.
pub const DEFAULT_DWELLINGS: u32 = 20_000;
/// Dwellings of the other territories, unless one says how many.
pub const TERRITORY_DWELLINGS: u32 = 8_000;

/// Called with what is being made, how much is done and out of how much.
pub type Progress<'a> = &'a dyn Fn(&str, u64, u64);

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DemoSummary {
    pub seed: u64,
    /// File name in the folder → data rows or features.
    pub files: BTreeMap<String, u64>,
    /// Millésime → dwellings of the register, repetitions not counted.
    pub dwellings: BTreeMap<u16, u64>,
    /// Addresses of the territory (all, not only those of dwellings).
    pub addresses: u64,
    /// Kind of dirt → cells spoilt, all files together.
    pub defects: BTreeMap<String, u64>,
}

impl DemoSummary {
    fn new(options: &DemoOptions) -> Self {
        Self {
            seed: options.seed,
            files: BTreeMap::new(),
            dwellings: BTreeMap::new(),
            addresses: 0,
            defects: BTreeMap::new(),
        }
    }
}

/// Why the demonstration could not be written.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("nombre de logements {value} hors des bornes : de {min} à {max} pour cette démonstration")]
    Dwellings { value: u32, min: u32, max: u32 },
    #[error("écriture impossible de « {} » : {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("paramètres de la démonstration illisibles : {0}")]
    Data(String),
}

/// Writes the demonstration into `dir`, which is made when missing; files of the same names are replaced.
///
/// # Errors
/// The number of dwellings is out of bounds, or a file cannot be written.
pub fn write(options: &DemoOptions, dir: &Path, progress: Progress<'_>) -> Result<DemoSummary, DemoError> {
    let data =
        crate::reference::demo::demo_of(options.territory).map_err(|e| DemoError::Data(e.to_string()))?;
    let range = if options.national { NATIONAL_RANGE } else { LOCAL_RANGE };
    if !range.contains(&options.dwellings) {
        return Err(DemoError::Dwellings {
            value: options.dwellings,
            min: *range.start(),
            max: *range.end(),
        });
    }
    std::fs::create_dir_all(dir).map_err(|source| DemoError::Write { path: dir.to_owned(), source })?;
    if options.national {
        national::write(data, options, dir, progress)
    } else {
        local::write(data, options, dir, progress)
    }
}
