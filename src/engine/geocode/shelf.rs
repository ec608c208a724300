//! The index beside the store: made from the imported BAN when it changes, kept under a name that says what
//! it was made from.
//!
//! `recherche/{hash}/` is written under a temporary name and renamed; readers that still hold a former one
//! keep its mapped files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use polars::prelude::*;

use super::builder::{Builder, Row};
use super::{FORMAT, Geocoder, GeocoderError};
use crate::reference::geocodage::geocodage;
use crate::store::Store;

/// Folder of the store that holds the index.
const FOLDER: &str = "recherche";

/// Opens the index of the addresses that the store holds, making it first if there is none yet.
///
/// # Errors
/// The store has no addresses, a table cannot be read, or the index cannot be written.
pub fn open(store: &Store) -> Result<Geocoder, GeocoderError> {
    Geocoder::open(&ensure(store)?)
}

/// Where the index of the present addresses is, or is to be.
///
/// # Errors
/// The store has no addresses.
pub fn place(store: &Store) -> Result<PathBuf, GeocoderError> {
    let sets: Vec<_> = store.manifest().of_register("addresses").collect();
    if sets.is_empty() {
        return Err(GeocoderError::Empty);
    }
    let mut hash = blake3::Hasher::new();
    hash.update(format!("{FORMAT} {}", geocodage().version).as_bytes());
    for set in &sets {
        hash.update(set.dossier.as_bytes());
        hash.update(set.rapport.empreinte.as_bytes());
    }
    Ok(store.root().join(FOLDER).join(&hash.finalize().to_hex()[..16]))
}

/// What names the present addresses; None without any.
#[must_use]
pub fn mark(store: &Store) -> Option<String> {
    Some(place(store).ok()?.file_name()?.to_string_lossy().into_owned())
}

/// Whether the store has addresses that no index holds yet. Imports leave it so: a country comes in a hundred
/// files, and its index is made once.
#[must_use]
pub fn is_stale(store: &Store) -> bool {
    place(store).is_ok_and(|p| !p.exists())
}

/// Makes the index if there is none for the present addresses; returns its folder.
///
/// # Errors
/// Like [`open`].
pub fn ensure(store: &Store) -> Result<PathBuf, GeocoderError> {
    let target = place(store)?;
    if target.exists() {
        return Ok(target);
    }
    let root = store.root().join(FOLDER);
    fs::create_dir_all(&root).map_err(at(&root))?;
    let folder = tempfile::Builder::new().prefix(".en-cours-").tempdir_in(&root).map_err(at(&root))?;
    let mut builder = Builder::new();
    rows(store, |row| builder.add(row))?;
    builder.finish(folder.path())?;
    for entry in fs::read_dir(folder.path()).map_err(at(folder.path()))? {
        let path = entry.map_err(at(folder.path()))?.path();
        File::open(&path).and_then(|f| f.sync_all()).map_err(at(&path))?;
    }
    let made = folder.keep();
    if let Err(source) = fs::rename(&made, &target) {
        let _ = fs::remove_dir_all(&made);
        // Another process made the same index meanwhile.
        if !target.exists() {
            return Err(GeocoderError::Io { path: target, source });
        }
    }
    sweep(&target);
    Ok(target)
}

/// Removes indexes of former addresses; one that cannot be removed now is removed next time.
fn sweep(keep: &Path) {
    let entries = keep.parent().and_then(|root| fs::read_dir(root).ok()).into_iter().flatten().flatten();
    for entry in
        entries.filter(|e| e.path() != keep && !e.file_name().to_string_lossy().starts_with(".en-cours-"))
    {
        let _ = fs::remove_dir_all(entry.path());
    }
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> GeocoderError + '_ {
    move |source| GeocoderError::Io { path: path.to_owned(), source }
}

/// Calls `each` with all addresses of the store.
///
/// # Errors
/// A table cannot be read.
pub fn rows(store: &Store, mut each: impl FnMut(&Row<'_>)) -> Result<(), GeocoderError> {
    for set in store.manifest().of_register("addresses") {
        read(&store.folder(set).join("adresses.parquet"), &mut each)?;
    }
    Ok(())
}

fn read(path: &Path, each: &mut impl FnMut(&Row<'_>)) -> Result<(), GeocoderError> {
    let fault = |e: PolarsError| GeocoderError::Index(format!("{} : {e}", path.display()));
    let table = ParquetReader::new(File::open(path).map_err(at(path))?).finish().map_err(fault)?;
    let text = |name: &str| table.column(name).and_then(|c| c.str().cloned()).map_err(fault);
    // Tables that were imported before these columns were kept have none.
    let optional =
        |name: &str| text(name).unwrap_or_else(|_| StringChunked::full_null(name.into(), table.height()));
    let number = |name: &str| table.column(name).and_then(|c| c.f64().cloned()).map_err(fault);
    let numero = table.column("numero").and_then(|c| c.u32().cloned()).map_err(fault)?;
    let (id, rep, nom_voie) = (text("id")?, text("rep")?, text("nom_voie")?);
    let (code_postal, code_insee, nom_commune) =
        (text("code_postal")?, text("code_insee")?, text("nom_commune")?);
    let (lon, lat) = (number("lon")?, number("lat")?);
    let (code_ancienne, nom_ancienne, nom_ld) =
        (optional("code_ancienne"), optional("nom_ancienne"), optional("nom_ld"));
    for i in 0..table.height() {
        let (Some(lon), Some(lat), Some(nom_voie)) = (lon.get(i), lat.get(i), nom_voie.get(i)) else {
            continue;
        };
        each(&Row {
            id: id.get(i).unwrap_or(""),
            numero: numero.get(i),
            rep: rep.get(i),
            nom_voie,
            code_postal: code_postal.get(i),
            code_insee: code_insee.get(i).unwrap_or(""),
            nom_commune: nom_commune.get(i).unwrap_or(""),
            lon,
            lat,
            code_ancienne: code_ancienne.get(i),
            nom_ancienne: nom_ancienne.get(i),
            nom_ld: nom_ld.get(i),
        });
    }
    Ok(())
}
