//! Whether files are still what was written: lengths and hashes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::manifest::Sum;
use super::{Store, StoreError, at};

/// Length and hash of a file.
///
/// # Errors
/// It cannot be read.
pub fn sum(path: &Path) -> Result<Sum, StoreError> {
    let mut file = File::open(path).map_err(at(path))?;
    let (mut hash, mut octets) = (blake3::Hasher::new(), 0);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = file.read(&mut buffer).map_err(at(path))?;
        if n == 0 {
            break;
        }
        hash.update(&buffer[..n]);
        octets += n as u64;
    }
    Ok(Sum { octets, empreinte: hash.finalize().to_hex().to_string() })
}

/// Those of all files of a folder, by name.
///
/// # Errors
/// One cannot be read.
pub(super) fn of_folder(folder: &Path) -> Result<BTreeMap<String, Sum>, StoreError> {
    let mut out = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let entry = entry.map_err(at(folder))?;
        out.insert(entry.file_name().to_string_lossy().into_owned(), sum(&entry.path())?);
    }
    Ok(out)
}

/// A file that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    pub path: PathBuf,
    /// What is wrong, in French.
    pub why: String,
}

/// What is wrong with a file, if something is. `hashed`: look at all bytes, not at the length alone.
#[must_use]
pub fn damage(path: &Path, want: &Sum, hashed: bool) -> Option<Damage> {
    let told = |why: String| Some(Damage { path: path.to_owned(), why });
    let length = match fs::metadata(path) {
        Ok(m) => m.len(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return told("il manque".to_owned()),
        Err(e) => return told(format!("il ne se lit pas ({e})")),
    };
    if length != want.octets {
        return told(format!("il a {length} octets, {} ont été écrits", want.octets));
    }
    match hashed.then(|| sum(path)) {
        None => None,
        Some(Ok(found)) if found.empreinte == want.empreinte => None,
        Some(Ok(_)) => told("son contenu a changé depuis qu'il a été écrit".to_owned()),
        Some(Err(e)) => told(format!("il ne se lit pas ({e})")),
    }
}

impl Store {
    /// The file of a cube and what it must be; None if its length was not noted.
    #[must_use]
    pub fn cube_file(&self, cube: &super::CubeEntry) -> (PathBuf, Option<Sum>) {
        let path = self.root().join(&cube.dossier).join("cube.bin");
        let sum = cube.octets.map(|octets| Sum { octets, empreinte: cube.empreinte.clone() });
        (path, sum)
    }

    /// What is wrong with a cube; its bytes are read if it has at most `hashed` of them.
    #[must_use]
    pub fn cube_damage(&self, cube: &super::CubeEntry, hashed: u64) -> Option<Damage> {
        match self.cube_file(cube) {
            (path, Some(want)) => damage(&path, &want, want.octets <= hashed),
            (path, None) if !path.exists() => Some(Damage { path, why: "il manque".to_owned() }),
            (_, None) => None,
        }
    }

    /// The file of a book and what it must be.
    #[must_use]
    pub fn book_file(&self, book: &super::BookEntry) -> (PathBuf, Sum) {
        let path = self.root().join(&book.dossier).join("carnet.bin");
        (path, Sum { octets: book.octets, empreinte: book.empreinte.clone() })
    }

    /// What is wrong with a book; all of its bytes are read.
    #[must_use]
    pub fn book_damage(&self, book: &super::BookEntry) -> Option<Damage> {
        let (path, want) = self.book_file(book);
        damage(&path, &want, true)
    }

    /// Files of a data set that are not what was written.
    #[must_use]
    pub fn dataset_damage(&self, dataset: &super::Dataset) -> Vec<Damage> {
        let folder = self.folder(dataset);
        if dataset.fichiers.is_empty() && !folder.exists() {
            return vec![Damage { path: folder, why: "il manque".to_owned() }];
        }
        dataset.fichiers.iter().filter_map(|(name, want)| damage(&folder.join(name), want, true)).collect()
    }
}
