//! What we keep: one folder a data set, one manifest that names the current ones.
//!
//! ```text
//! magasin/
//!   manifeste.json                 the only truth: which folder is current for which register and key
//!   donnees/rpls/2024-1f3a…/       logements.parquet, constats.csv, rapport.json
//!   cubes/2024-77ab…/              what `build` makes from them
//!   etapes/                        steps of builds that the next one need not do again
//!   lecteurs/                      who reads, and since which generation of the manifest
//!   reglages/                      rules of the program that this store changes
//!   secret/cle                     the key of the perturbation; never leaves the store
//!   verrou                         held by the one process that writes
//! ```
//!
//! A folder is written under a temporary name, synced, renamed, and only then named by the manifest, which is
//! itself replaced by a rename. A process killed at any instant leaves the old state or the new one; folders
//! that no manifest names are swept by the next writer, those that a manifest once named only when nobody
//! reads that manifest any more ([`lease`]). Nothing here knows what the tables mean.
//!
//! Answers are read from the *edition in force*: data and cubes made from them. What is imported comes into
//! force, all together, when its cubes are built.

pub mod backup;
mod lease;
mod manifest;
mod promise;
mod record_key;
pub mod reglages;
mod sums;
mod writer;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::lease::Lease;
pub use manifest::{Acte, BookEntry, CubeEntry, Dataset, Edition, Manifest, Operation, Piece, Sum};
pub use promise::Promise;
pub use record_key::key_at;
pub use sums::{Damage, damage, sum};
pub use writer::{By, Writer};

/// Why the store cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("le magasin « {} » n'existe pas : importez d'abord un fichier (mosaique import …)", .0.display())]
    Missing(PathBuf),
    #[error("un autre programme écrit dans le magasin « {} » : attendez qu'il ait fini", .0.display())]
    Locked(PathBuf),
    #[error("le manifeste « {} » est illisible : {message}", .path.display())]
    Manifest { path: PathBuf, message: String },
    #[error("le magasin n'a pas de données « {register} {key} »{}", there(.known))]
    Unknown { register: String, key: String, known: Vec<String> },
    #[error("rien à remettre pour « {register} {key} »{}", there(.known))]
    NoFormer { register: String, key: String, known: Vec<String> },
    #[error("« {register} {key} » a changé depuis : retirez d'abord {now} (mosaique imports remove {now})")]
    Changed { register: String, key: String, now: String },
    #[error("« {} » n'est pas une clé du secret statistique de 32 octets : reprenez-la d'une sauvegarde", .0.display())]
    Key(PathBuf),
    #[error("« {} » est la racine d'un disque : donnez un dossier à l'intérieur, comme « {}/magasin »", .0.display(), .0.display())]
    Mount(PathBuf),
    #[error("« {} » existe déjà et n'est pas vide : donnez un dossier neuf", .0.display())]
    Taken(PathBuf),
    #[error("« {} » n'est pas une sauvegarde finie : « sauvegarde.json » manque", .0.display())]
    NoBackup(PathBuf),
    #[error("« {} » vient d'une version plus récente (mosaique {programme}) : mettez ce programme à jour", .path.display())]
    Newer { path: PathBuf, programme: String },
    #[error("« {} » n'est plus le fichier qui a été écrit : « mosaique verifier » dit ce qui est endommagé et comment le refaire", .path.display())]
    Damaged { path: PathBuf },
    #[error("« {} » : {source}", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
}

/// « (il y a : rpls 2024, ops 2022) ».
fn there(known: &[String]) -> String {
    if known.is_empty() { String::new() } else { format!(" (il y a : {})", known.join(", ")) }
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

/// A store opened for reading. What its manifest names stays as long as it lives.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    manifest: Manifest,
    /// None for the one who writes, and where nothing may be written.
    _lease: Option<Arc<Lease>>,
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
        // Before the manifest is read: what it names cannot go meanwhile.
        let mut lease = Lease::take(root);
        let manifest = Manifest::read(&path)?;
        if let Some(lease) = &mut lease {
            lease.settle(manifest.generation);
        }
        Ok(Self { root: root.to_owned(), manifest, _lease: lease.map(Arc::new) })
    }

    /// Whether some process reads the store at `root` now.
    #[must_use]
    pub fn is_read(root: &Path) -> bool {
        lease::oldest(root).is_some()
    }

    /// The same store with the data and cubes that answers are read from.
    #[must_use]
    pub fn in_force(&self) -> Self {
        let mut shown = self.clone();
        if let Some(edition) = shown.manifest.en_vigueur.take() {
            (shown.manifest.jeux, shown.manifest.cubes) = (edition.jeux, edition.cubes);
        }
        shown
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

    /// A table of a data set, `name.parquet`; None if the data set has no such table. A table that it has and
    /// that is not there is a fault for who reads it, never an empty table.
    #[must_use]
    pub fn table(&self, dataset: &Dataset, name: &str) -> Option<PathBuf> {
        let file = format!("{name}.parquet");
        let path = self.folder(dataset).join(&file);
        let known = if dataset.fichiers.is_empty() {
            // Written before files were noted. A folder that is gone had all its tables.
            path.exists() || !self.folder(dataset).exists()
        } else {
            dataset.fichiers.contains_key(&file)
        };
        known.then_some(path)
    }
}

pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = std::fs::File::create(path).map_err(at(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(at(path))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::registers::report::Report;

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

    /// As a user's file: what it replaces can be put back.
    fn admit(root: &Path, hash: &str) {
        let mut w = Writer::open(root).unwrap();
        let folder = w.temporary().unwrap();
        fs::write(folder.path().join("t.parquet"), hash).unwrap();
        let mut report = Report::new("rpls", "2024", "x.csv");
        report.empreinte = hash.repeat(16);
        w.admit(folder, report, Vec::new(), &["2024".to_owned()], &By::now("essai")).unwrap();
    }

    fn content(root: &Path) -> String {
        let store = Store::open(root).unwrap();
        let d = store.manifest().dataset("rpls", "2024").unwrap();
        fs::read_to_string(store.table(d, "t").unwrap()).unwrap()
    }

    fn folders(root: &Path) -> usize {
        fs::read_dir(root.join("donnees/rpls")).unwrap().count()
    }

    /// The grace of folders that were retired is over.
    fn age(root: &Path) {
        let path = root.join("manifeste.json");
        let mut m = Manifest::read(&path).unwrap();
        m.retires.iter_mut().for_each(|r| r.le = 0);
        m.historique.iter_mut().for_each(|o| o.le = 0);
        fs::write(&path, serde_json::to_vec(&m).unwrap()).unwrap();
    }

    #[test]
    fn a_new_file_replaces_the_former_one_which_goes_when_its_grace_is_over() {
        let dir = tempfile::tempdir().unwrap();
        import(dir.path(), "a");
        import(dir.path(), "b");
        assert_eq!((content(dir.path()).as_str(), folders(dir.path())), ("b", 2));
        age(dir.path());
        drop(Writer::open(dir.path()).unwrap());
        assert_eq!((content(dir.path()).as_str(), folders(dir.path())), ("b", 1));
    }

    #[test]
    fn a_folder_stays_as_long_as_somebody_reads_the_manifest_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        import(dir.path(), "a");
        let reader = Store::open(dir.path()).unwrap();
        let second = reader.clone();
        import(dir.path(), "b");
        age(dir.path());
        drop(Writer::open(dir.path()).unwrap());
        let d = reader.manifest().dataset("rpls", "2024").unwrap();
        assert_eq!(fs::read_to_string(reader.table(d, "t").unwrap()).unwrap(), "a");
        drop(reader);
        drop(Writer::open(dir.path()).unwrap());
        assert_eq!(folders(dir.path()), 2, "the clone still reads it");
        drop(second);
        drop(Writer::open(dir.path()).unwrap());
        assert_eq!(folders(dir.path()), 1);
    }

    /// A reader that was killed leaves its file, without its lock.
    #[test]
    fn a_reader_that_died_keeps_nothing() {
        let dir = tempfile::tempdir().unwrap();
        import(dir.path(), "a");
        fs::create_dir_all(dir.path().join("lecteurs")).unwrap();
        fs::write(dir.path().join("lecteurs/lecteur-mort"), "0").unwrap();
        import(dir.path(), "b");
        age(dir.path());
        drop(Writer::open(dir.path()).unwrap());
        assert_eq!(folders(dir.path()), 1);
        assert_eq!(fs::read_dir(dir.path().join("lecteurs")).unwrap().count(), 0);
    }

    #[test]
    fn what_an_import_replaced_is_put_back_and_what_is_put_back_too() {
        let dir = tempfile::tempdir().unwrap();
        let restore = |root: &Path| Writer::open(root).unwrap().restore("rpls", "2024", &By::now("essai"));
        admit(dir.path(), "a");
        assert!(matches!(restore(dir.path()), Err(StoreError::NoFormer { .. })), "nothing was there before");
        admit(dir.path(), "b");
        restore(dir.path()).unwrap();
        assert_eq!(content(dir.path()), "a");
        restore(dir.path()).unwrap();
        assert_eq!(content(dir.path()), "b");
        Writer::open(dir.path()).unwrap().remove("rpls", "2024", &By::now("essai")).unwrap();
        assert!(Store::open(dir.path()).unwrap().manifest().jeux.is_empty());
        restore(dir.path()).unwrap();
        assert_eq!(content(dir.path()), "b");
    }

    #[test]
    fn what_was_replaced_is_kept_for_its_time_and_no_longer() {
        let dir = tempfile::tempdir().unwrap();
        admit(dir.path(), "a");
        admit(dir.path(), "b");
        age(dir.path());
        let mut w = Writer::open(dir.path()).unwrap();
        assert_eq!(folders(dir.path()), 2, "until somebody asks to forget it");
        assert_eq!(w.forget_former(By::now("").le).unwrap().len(), 1);
        drop(w);
        age(dir.path());
        drop(Writer::open(dir.path()).unwrap());
        assert_eq!(folders(dir.path()), 1);
    }

    #[test]
    fn answers_are_read_from_the_edition_in_force_until_the_new_one_is_built() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let cube = |w: &mut Writer, mark: &str| {
            let folder = w.temporary().unwrap();
            fs::write(folder.path().join("cube.bin"), mark).unwrap();
            let empreinte = sum(&folder.path().join("cube.bin")).unwrap().empreinte;
            let (dossier, sources) = (String::new(), Vec::new());
            let entry = CubeEntry {
                millesime: 2024,
                vague: None,
                a_jour: false,
                dossier,
                empreinte,
                octets: None,
                sources,
            };
            w.publish_cube(folder, entry).unwrap();
        };
        admit(root, "a");
        cube(&mut Writer::open(root).unwrap(), "A");
        assert!(Store::open(root).unwrap().manifest().not_built().is_empty());
        admit(root, "b");
        let shown = |root: &Path| {
            let store = Store::open(root).unwrap().in_force();
            let d = &store.manifest().jeux[0];
            let data = fs::read_to_string(store.table(d, "t").unwrap()).unwrap();
            data + &fs::read_to_string(store.cube_file(&store.manifest().cubes[0]).0).unwrap()
        };
        assert_eq!((shown(root).as_str(), content(root).as_str()), ("aA", "b"));
        assert_eq!(Store::open(root).unwrap().manifest().not_built().len(), 1);
        let mut w = Writer::open(root).unwrap();
        cube(&mut w, "B");
        assert_eq!(shown(root), "aA", "all together, when all is built");
        w.put_in_force(&[(2024, false)].into()).unwrap();
        assert_eq!(shown(root), "bB");
    }

    #[test]
    fn a_flipped_byte_a_lost_one_and_a_lost_file_are_told_apart_from_a_sound_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, b"douze octets").unwrap();
        let want = sum(&path).unwrap();
        assert_eq!(damage(&path, &want, true), None);
        fs::write(&path, b"douze octetS").unwrap();
        assert!(damage(&path, &want, true).is_some() && damage(&path, &want, false).is_none());
        fs::write(&path, b"onze octets").unwrap();
        assert!(damage(&path, &want, false).is_some());
        fs::remove_file(&path).unwrap();
        assert_eq!(damage(&path, &want, false).unwrap().why, "il manque");
    }

    #[test]
    fn what_is_withdrawn_is_gone_and_the_rest_stands() {
        let dir = tempfile::tempdir().unwrap();
        import(dir.path(), "a");
        let mut w = Writer::open(dir.path()).unwrap();
        assert!(!w.withdraw("rpls", "2023").unwrap());
        assert!(w.withdraw("rpls", "2024").unwrap());
        assert!(w.store().manifest().jeux.is_empty());
        drop(w);
        age(dir.path());
        drop(Writer::open(dir.path()).unwrap());
        assert_eq!(folders(dir.path()), 0);
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
