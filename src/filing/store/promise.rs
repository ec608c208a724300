//! What is to be written down elsewhere once the store has changed: kept in the store meanwhile, so that who
//! is killed between both leaves a trace to be finished.

use std::fs;
use std::path::{Path, PathBuf};

use super::{StoreError, at, write_synced};

const FOLDER: &str = "promesses";

/// A promise that was not kept yet.
#[derive(Debug)]
pub struct Promise {
    path: PathBuf,
    pub text: String,
}

impl Promise {
    /// Notes what is to be written down.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn make(root: &Path, text: &str) -> Result<Self, StoreError> {
        let folder = root.join(FOLDER);
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        let name = blake3::hash(text.as_bytes()).to_hex().to_string();
        let path = folder.join(format!("{}.json", &name[..16]));
        write_synced(&path, text.as_bytes())?;
        Ok(Self { path, text: text.to_owned() })
    }

    /// Those that somebody did not keep.
    #[must_use]
    pub fn left(root: &Path) -> Vec<Self> {
        let entries = fs::read_dir(root.join(FOLDER)).into_iter().flatten().flatten();
        let read = entries.map(|e| e.path()).filter_map(|path| {
            let text = fs::read_to_string(&path).ok()?;
            Some(Self { path, text })
        });
        read.collect()
    }

    /// It is written down, or there is nothing to write.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn kept(self) -> Result<(), StoreError> {
        fs::remove_file(&self.path).map_err(at(&self.path))
    }
}
