//! The store's own key, which record keys of the perturbation are made with (`disclosure::cells`). It is
//! drawn once, never leaves the store and is never replaced: with another one, the same question would get
//! another answer, and both together would tell more than either.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use super::{StoreError, Writer, at};

/// Where it is, in the store.
const PLACE: &str = "secret/cle";

impl Writer {
    /// The key; drawn if there is none yet.
    ///
    /// # Errors
    /// The disk refuses, or the file is not a key.
    pub fn record_key(&self) -> Result<[u8; 32], StoreError> {
        key_at(&self.store().root().join(PLACE))
    }
}

/// The key in a file; drawn if there is none yet, readable by its owner only.
///
/// # Errors
/// The disk refuses, or the file is not a key.
pub fn key_at(path: &Path) -> Result<[u8; 32], StoreError> {
    if !path.exists() {
        draw(path)?;
    }
    let bytes = fs::read(path).map_err(at(path))?;
    bytes.try_into().map_err(|_| StoreError::Key(path.to_owned()))
}

fn draw(path: &Path) -> Result<(), StoreError> {
    let mut key = [0u8; 32];
    getrandom::fill(&mut key).map_err(|e| at(path)(std::io::Error::other(e)))?;
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(at(parent))?;
    }
    let temporary = path.with_extension("tmp");
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary).map_err(at(&temporary))?;
    file.write_all(&key).and_then(|()| file.sync_all()).map_err(at(&temporary))?;
    fs::rename(&temporary, path).map_err(at(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_drawn_once_and_a_damaged_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let writer = Writer::open(dir.path()).unwrap();
        let key = writer.record_key().unwrap();
        assert_eq!(writer.record_key().unwrap(), key);
        assert_ne!(key, [0; 32]);
        fs::write(dir.path().join(PLACE), b"short").unwrap();
        assert!(writer.record_key().is_err());
    }
}
