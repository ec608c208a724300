//! Who reads the store: while a reader lives, the folders that its manifest names stay.
//!
//! A reader holds a lock on a file of its own in `lecteurs/`, which says the generation of the manifest that
//! it read. A lock ends with its process, however it ends: a file without a lock is nobody's. Several
//! machines on one folder may not see each other's locks; `grace_s` of `data/store.toml` is for them.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

const FOLDER: &str = "lecteurs";

/// A place among the readers, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Lease {
    path: PathBuf,
    file: File,
}

impl Lease {
    /// Takes a place, for all generations until [`Self::settle`]. None where nothing may be written: who only
    /// may read a folder cannot keep what others remove.
    pub fn take(root: &Path) -> Option<Self> {
        let folder = root.join(FOLDER);
        fs::create_dir_all(&folder).ok()?;
        // The writer removes files that nobody locks, maybe this one before it is locked: then another.
        for _ in 0..8 {
            let (mut file, path) =
                tempfile::Builder::new().prefix("lecteur-").tempfile_in(&folder).ok()?.keep().ok()?;
            file.lock_shared().ok()?;
            if path.exists() && file.write_all(b"0").is_ok() {
                return Some(Self { path, file });
            }
        }
        None
    }

    /// Says which generation is read.
    pub fn settle(&mut self, generation: u64) {
        let text = generation.to_string();
        // Unwritten, it stands for all generations: nothing is removed too early.
        let _ = self.file.rewind().and_then(|()| self.file.write_all(text.as_bytes()));
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// The oldest generation that somebody reads; None if nobody does. Files that nobody holds are removed.
pub(super) fn oldest(root: &Path) -> Option<u64> {
    let mut oldest = None;
    for entry in fs::read_dir(root.join(FOLDER)).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(mut file) = OpenOptions::new().read(true).open(&path) else { continue };
        if file.try_lock().is_ok() {
            let _ = fs::remove_file(&path);
            continue;
        }
        let mut text = String::new();
        let read = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse::<u64>().ok());
        let generation = read.unwrap_or(0);
        oldest = Some(oldest.map_or(generation, |o: u64| o.min(generation)));
    }
    oldest
}
