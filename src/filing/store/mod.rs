//! What we keep: one folder a data set, one manifest that names the current ones.
//!
//! ```text
//! magasin/
//!   manifeste.json                 the only truth: which folder is current for which register and key
//!   donnees/rpls/2024-1f3a…/       logements.parquet, constats.csv, rapport.json
//!   cubes/2024-77ab…/              what `build` makes from them
//!   secret/cle                     the key of the perturbation; never leaves the store
//!   verrou                         held by the one process that writes
//! ```
//!
//! A folder is written under a temporary name, synced, renamed, and only then named by the manifest, which is
//! itself replaced by a rename. A process killed at any instant leaves the old state or the new one; folders
//! that no manifest names are swept by the next writer. Nothing here knows what the tables mean.

mod manifest;
mod record_key;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

pub use manifest::{CubeEntry, Dataset, Manifest};

use crate::registers::report::Report;

/// Why the store cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("le magasin « {} » n'existe pas : importez d'abord un fichier (mosaique import …)", .0.display())]
    Missing(PathBuf),
    #[error("un autre programme écrit dans le magasin « {} » : attendez qu'il ait fini", .0.display())]
    Locked(PathBuf),
    #[error("le manifeste « {} » est illisible : {message}", .path.display())]
    Manifest { path: PathBuf, message: String },
    #[error("« {} » n'est pas une clé du secret statistique de 32 octets : reprenez-la d'une sauvegarde", .0.display())]
    Key(PathBuf),
    #[error("« {} » : {source}", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
}

/// Adds the path to an input-output fault.
fn at(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError + '_ {
    move |source| StoreError::Io { path: path.to_owned(), source }
}

/// Folder of a deposit that waits for its acceptance, outside of what figures are made from; of all of them
/// for an empty name.
#[must_use]
pub fn quarantine(root: &Path, id: &str) -> PathBuf {
    root.join("quarantaine").join(id)
}

/// A store opened for reading.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    manifest: Manifest,
}

impl Store {
    /// Opens an existing store.
    ///
    /// # Errors
    /// There is none at `root`, or its manifest cannot be read.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let path = root.join("manifeste.json");
        if !path.exists() {
            return Err(StoreError::Missing(root.to_owned()));
        }
        Ok(Self { root: root.to_owned(), manifest: Manifest::read(&path)? })
    }

    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Folder of a data set.
    #[must_use]
    pub fn folder(&self, dataset: &Dataset) -> PathBuf {
        self.root.join(&dataset.dossier)
    }
}

/// A store opened for writing: at most one process at a time.
#[derive(Debug)]
pub struct Writer {
    store: Store,
    _lock: File,
}

impl Writer {
    /// Takes the lock, making an empty store if there is none, and sweeps what an interrupted writer left.
    ///
    /// # Errors
    /// Another process writes, or the disk refuses.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(root.join("donnees")).map_err(at(root))?;
        fs::create_dir_all(root.join("cubes")).map_err(at(root))?;
        let lock_path = root.join("verrou");
        let lock = File::create(&lock_path).map_err(at(&lock_path))?;
        lock.try_lock().map_err(|_| StoreError::Locked(root.to_owned()))?;
        let path = root.join("manifeste.json");
        let manifest = if path.exists() { Manifest::read(&path)? } else { Manifest::default() };
        let writer = Self { store: Store { root: root.to_owned(), manifest }, _lock: lock };
        writer.sweep()?;
        Ok(writer)
    }

    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// An empty folder under a temporary name, on the same disk as the store.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn temporary(&self) -> Result<tempfile::TempDir, StoreError> {
        tempfile::Builder::new()
            .prefix(".en-cours-")
            .tempdir_in(&self.store.root)
            .map_err(at(&self.store.root))
    }

    /// Publishes an import. Importing the same file with the same result changes nothing (returns false).
    ///
    /// # Errors
    /// The disk refuses; the store is then as before.
    pub fn publish(&mut self, folder: tempfile::TempDir, report: Report) -> Result<bool, StoreError> {
        let current = self.store.manifest.dataset(&report.registre, &report.cle);
        if current.is_some_and(|d| d.rapport == report) {
            return Ok(false);
        }
        let dossier = self.free_name(&format!(
            "donnees/{}/{}-{}",
            report.registre,
            report.cle,
            report.empreinte.get(..16).unwrap_or(&report.empreinte)
        ));
        let json = serde_json::to_vec_pretty(&report).map_err(|e| StoreError::Manifest {
            path: folder.path().join("rapport.json"),
            message: e.to_string(),
        })?;
        write_synced(&folder.path().join("rapport.json"), &json)?;
        let target = self.store.root.join(&dossier);
        self.settle(folder, &target)?;
        self.store.manifest.put(Dataset { dossier, rapport: report });
        self.write_manifest()?;
        self.sweep()?;
        Ok(true)
    }

    /// Publishes a cube that was built in `folder`, and forgets the former one of this millésime.
    ///
    /// # Errors
    /// The disk refuses; the store is then as before.
    pub fn publish_cube(
        &mut self,
        folder: tempfile::TempDir,
        mut entry: CubeEntry,
    ) -> Result<(), StoreError> {
        entry.dossier = self.free_name(&format!(
            "cubes/{}-{}",
            entry.millesime,
            entry.empreinte.get(..16).unwrap_or(&entry.empreinte)
        ));
        let target = self.store.root.join(&entry.dossier);
        self.settle(folder, &target)?;
        self.store.manifest.put_cube(entry);
        self.write_manifest()?;
        self.sweep()
    }

    /// Takes a data set out of force; whether there was one.
    ///
    /// # Errors
    /// The disk refuses; the store is then as before.
    pub fn withdraw(&mut self, register: &str, key: &str) -> Result<bool, StoreError> {
        if !self.store.manifest.remove(register, key) {
            return Ok(false);
        }
        self.write_manifest()?;
        self.sweep()?;
        Ok(true)
    }

    /// Forgets the cubes of other years than these.
    ///
    /// # Errors
    /// The disk refuses; the store is then as before.
    pub fn forget_cubes(
        &mut self,
        editions: &std::collections::BTreeSet<(u16, bool)>,
    ) -> Result<(), StoreError> {
        if self.store.manifest.cubes.iter().all(|c| editions.contains(&c.edition())) {
            return Ok(());
        }
        self.store.manifest.cubes.retain(|c| editions.contains(&c.edition()));
        self.write_manifest()?;
        self.sweep()
    }

    /// `name`, or `name-2`… when the manifest still names a folder with the same content (other options).
    fn free_name(&self, name: &str) -> String {
        std::iter::once(name.to_owned())
            .chain((2..).map(|n| format!("{name}-{n}")))
            .find(|n| !self.store.root.join(n).exists())
            .unwrap_or_default()
    }

    /// Moves a finished folder to its name.
    fn settle(&self, folder: tempfile::TempDir, target: &Path) -> Result<(), StoreError> {
        for entry in fs::read_dir(folder.path()).map_err(at(folder.path()))? {
            let path = entry.map_err(at(folder.path()))?.path();
            File::open(&path).and_then(|f| f.sync_all()).map_err(at(&path))?;
        }
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(at(parent))?;
        }
        let path = folder.keep();
        fs::rename(&path, target).map_err(at(target))
    }

    fn write_manifest(&self) -> Result<(), StoreError> {
        let path = self.store.root.join("manifeste.json");
        let json = serde_json::to_vec_pretty(&self.store.manifest)
            .map_err(|e| StoreError::Manifest { path: path.clone(), message: e.to_string() })?;
        let temporary = self.store.root.join("manifeste.json.tmp");
        write_synced(&temporary, &json)?;
        fs::rename(&temporary, &path).map_err(at(&path))?;
        File::open(&self.store.root).and_then(|d| d.sync_all()).map_err(at(&self.store.root))
    }

    /// Removes folders that the manifest does not name.
    fn sweep(&self) -> Result<(), StoreError> {
        let root = &self.store.root;
        for entry in fs::read_dir(root).map_err(at(root))? {
            let path = entry.map_err(at(root))?.path();
            if path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(".en-cours-")) {
                fs::remove_dir_all(&path).map_err(at(&path))?;
            }
        }
        let named = self.store.manifest.folders();
        let mut parents = vec![root.join("cubes")];
        for entry in fs::read_dir(root.join("donnees")).map_err(at(root))? {
            parents.push(entry.map_err(at(root))?.path());
        }
        for parent in parents {
            for entry in fs::read_dir(&parent).map_err(at(&parent))? {
                let path = entry.map_err(at(&parent))?.path();
                let known =
                    path.strip_prefix(root).is_ok_and(|p| named.contains(p.to_string_lossy().as_ref()));
                if !known {
                    fs::remove_dir_all(&path).map_err(at(&path))?;
                }
            }
        }
        Ok(())
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = File::create(path).map_err(at(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(at(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(root: &Path, hash: &str) -> bool {
        let mut w = Writer::open(root).unwrap();
        let folder = w.temporary().unwrap();
        fs::write(folder.path().join("t.parquet"), hash).unwrap();
        let mut report = Report::new("rpls", "2024", "x.csv");
        report.empreinte = hash.repeat(16);
        w.publish(folder, report).unwrap()
    }

    #[test]
    fn importing_the_same_file_twice_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert!(import(dir.path(), "a"));
        let before = fs::read(dir.path().join("manifeste.json")).unwrap();
        assert!(!import(dir.path(), "a"));
        assert_eq!(before, fs::read(dir.path().join("manifeste.json")).unwrap());
    }

    #[test]
    fn a_new_file_replaces_the_former_one_and_sweeps_it() {
        let dir = tempfile::tempdir().unwrap();
        import(dir.path(), "a");
        import(dir.path(), "b");
        let store = Store::open(dir.path()).unwrap();
        let d = store.manifest().dataset("rpls", "2024").unwrap();
        assert_eq!(fs::read_to_string(store.folder(d).join("t.parquet")).unwrap(), "b");
        assert_eq!(fs::read_dir(dir.path().join("donnees/rpls")).unwrap().count(), 1);
    }

    #[test]
    fn what_is_withdrawn_is_gone_and_the_rest_stands() {
        let dir = tempfile::tempdir().unwrap();
        import(dir.path(), "a");
        let mut w = Writer::open(dir.path()).unwrap();
        assert!(!w.withdraw("rpls", "2023").unwrap());
        assert!(w.withdraw("rpls", "2024").unwrap());
        assert!(w.store().manifest().jeux.is_empty());
        assert_eq!(fs::read_dir(dir.path().join("donnees/rpls")).unwrap().count(), 0);
    }

    #[test]
    fn what_an_interrupted_writer_left_is_swept_and_the_old_state_stands() {
        let dir = tempfile::tempdir().unwrap();
        import(dir.path(), "a");
        fs::create_dir_all(dir.path().join(".en-cours-xyz")).unwrap();
        fs::create_dir_all(dir.path().join("donnees/rpls/2024-orphan")).unwrap();
        drop(Writer::open(dir.path()).unwrap());
        assert!(!dir.path().join(".en-cours-xyz").exists());
        assert!(!dir.path().join("donnees/rpls/2024-orphan").exists());
        assert!(Store::open(dir.path()).unwrap().manifest().dataset("rpls", "2024").is_some());
    }

    #[test]
    fn two_writers_never_write_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let _first = Writer::open(dir.path()).unwrap();
        assert!(matches!(Writer::open(dir.path()), Err(StoreError::Locked(_))));
    }
}
