//! The one who writes: publishing, removing, putting back, and sweeping what nobody needs any more.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::manifest::{Acte, BookEntry, CubeEntry, Dataset, Manifest, Operation, Piece, Retired};
use super::{Store, StoreError, at, lease, sums, write_synced};
use crate::reference::magasin::magasin;
use crate::registers::report::Report;

/// A store opened for writing: at most one process at a time.
#[derive(Debug)]
pub struct Writer {
    store: Store,
    _lock: File,
}

/// Who does something, and when (seconds since 1970).
#[derive(Debug, Clone)]
pub struct By {
    pub par: String,
    pub le: i64,
}

impl By {
    /// Now.
    #[must_use]
    pub fn now(par: &str) -> Self {
        Self { par: par.to_owned(), le: now() }
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(0))
}

impl Writer {
    /// Takes the lock, making an empty store if there is none, and sweeps what an interrupted writer left.
    ///
    /// # Errors
    /// Another process writes, or the disk refuses.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(root.join("donnees")).map_err(at(root))?;
        fs::create_dir_all(root.join("cubes")).map_err(at(root))?;
        fs::create_dir_all(root.join("carnets")).map_err(at(root))?;
        let lock_path = root.join("verrou");
        let lock = File::create(&lock_path).map_err(at(&lock_path))?;
        lock.try_lock().map_err(|_| StoreError::Locked(root.to_owned()))?;
        let path = root.join("manifeste.json");
        let manifest = if path.exists() { Manifest::read(&path)? } else { Manifest::default() };
        let writer = Self { store: Store { root: root.to_owned(), manifest, _lease: None }, _lock: lock };
        writer.sweep()?;
        Ok(writer)
    }

    /// Makes an empty store at `root`, for a server to open; one that is there is left as it is.
    ///
    /// # Errors
    /// Another process writes, or the disk refuses.
    pub fn begin(root: &Path) -> Result<(), StoreError> {
        if root.join("manifeste.json").exists() {
            return Ok(());
        }
        Self::open(root)?.commit(|_| ())
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

    /// Publishes what the program itself makes (deposits, what bailleurs changed). The same content with the
    /// same report changes nothing (returns false).
    ///
    /// # Errors
    /// The disk refuses; the store is then as before.
    pub fn publish(&mut self, folder: tempfile::TempDir, report: Report) -> Result<bool, StoreError> {
        let current = self.store.manifest.dataset(&report.registre, &report.cle);
        if current.is_some_and(|d| d.rapport == report) {
            return Ok(false);
        }
        let dataset = self.settled(folder, report, Vec::new())?;
        self.commit(|m| {
            m.hold();
            m.put(dataset);
        })?;
        Ok(true)
    }

    /// Publishes what a user imported, in the place of the data sets of these keys, which can be put back.
    ///
    /// # Errors
    /// The disk refuses; the store is then as before.
    pub fn admit(
        &mut self,
        folder: tempfile::TempDir,
        report: Report,
        pieces: Vec<Piece>,
        replaced: &[String],
        by: &By,
    ) -> Result<(), StoreError> {
        let (registre, cle) = (report.registre.clone(), report.cle.clone());
        let dataset = self.settled(folder, report, pieces)?;
        let By { par, le } = by.clone();
        self.commit(|m| {
            m.hold();
            let avant = taken(m, |d| d.rapport.registre == registre && replaced.contains(&d.rapport.cle));
            let apres = vec![dataset.dossier.clone()];
            m.put(dataset);
            note(m, Operation { le, par, acte: Acte::Import, registre, cle, avant, apres });
        })
    }

    /// Takes out of force what a user imported; it can be put back.
    ///
    /// # Errors
    /// There is none, or the disk refuses; the store is then as before.
    pub fn remove(&mut self, register: &str, key: &str, by: &By) -> Result<(), StoreError> {
        if self.store.manifest.dataset(register, key).is_none() {
            let known = self.store.manifest.jeux.iter().filter(|d| !d.pieces.is_empty());
            return Err(StoreError::Unknown {
                register: register.to_owned(),
                key: key.to_owned(),
                known: known.map(|d| format!("{} {}", d.rapport.registre, d.rapport.cle)).collect(),
            });
        }
        let By { par, le } = by.clone();
        let (registre, cle) = (register.to_owned(), key.to_owned());
        self.commit(|m| {
            m.hold();
            let avant = taken(m, |d| d.rapport.registre == registre && d.rapport.cle == cle);
            note(m, Operation { le, par, acte: Acte::Retrait, registre, cle, avant, apres: Vec::new() });
        })
    }

    /// Undoes the last import, removal or return of a register and key. What is current since can in turn be
    /// put back.
    ///
    /// # Errors
    /// Nothing is kept of it, or something else was imported in its place since; the disk refuses.
    pub fn restore(&mut self, register: &str, key: &str, by: &By) -> Result<Operation, StoreError> {
        let m = &self.store.manifest;
        let last = m.historique.iter().rposition(|o| o.registre == register && o.touches(key));
        let Some(last) = last else {
            let known = m.historique.iter().map(|o| format!("{} {}", o.registre, o.cle));
            return Err(StoreError::NoFormer {
                register: register.to_owned(),
                key: key.to_owned(),
                known: known.collect::<BTreeSet<_>>().into_iter().collect(),
            });
        };
        let undone = m.historique[last].clone();
        let keys: Vec<&str> = undone.avant.iter().map(|d| d.rapport.cle.as_str()).collect();
        // What stands now where the former is to stand, other than what the operation itself brought.
        let other = m.of_register(register).find(|d| {
            !undone.apres.contains(&d.dossier)
                && keys.iter().any(|k| k.split(',').any(|k| d.rapport.cle.split(',').any(|c| c == k)))
        });
        if let Some(other) = other {
            let now = format!("{} {}", other.rapport.registre, other.rapport.cle);
            return Err(StoreError::Changed { register: register.to_owned(), key: key.to_owned(), now });
        }
        let By { par, le } = by.clone();
        let done = undone.clone();
        self.commit(|m| {
            m.hold();
            m.historique.remove(last);
            let avant = taken(m, |d| done.apres.contains(&d.dossier));
            let apres = done.avant.iter().map(|d| d.dossier.clone()).collect();
            for dataset in done.avant {
                m.put(dataset);
            }
            let (registre, cle) = (done.registre, done.cle);
            note(m, Operation { le, par, acte: Acte::Retour, registre, cle, avant, apres });
        })?;
        Ok(undone)
    }

    /// Forgets what was replaced or removed longer ago than it is kept; what is forgotten.
    ///
    /// # Errors
    /// The disk refuses; the store is then as before.
    pub fn forget_former(&mut self, now: i64) -> Result<Vec<Operation>, StoreError> {
        let gone: Vec<Operation> = self.store.expired(now).cloned().collect();
        if !gone.is_empty() {
            self.commit(|m| m.historique.retain(|o| !gone.contains(o)))?;
        }
        Ok(gone)
    }

    /// Publishes a cube that was built in `folder`, in the place of the former one of this millésime.
    ///
    /// # Errors
    /// The disk refuses; the store is then as before.
    pub fn publish_cube(&mut self, folder: tempfile::TempDir, entry: CubeEntry) -> Result<(), StoreError> {
        self.publish_edition(folder, entry, None)
    }

    /// Publishes a cube, and with it the book of its wave (its folder and the hash of its content) in the
    /// place of the one before: what may have been shown is always in the book.
    ///
    /// # Errors
    /// The disk refuses; the store is then as before.
    pub fn publish_edition(
        &mut self,
        folder: tempfile::TempDir,
        mut entry: CubeEntry,
        book: Option<(tempfile::TempDir, String)>,
    ) -> Result<(), StoreError> {
        let short = |hash: &str| hash.get(..16).unwrap_or(hash).to_owned();
        entry.dossier = self.free_name(&format!("cubes/{}-{}", entry.millesime, short(&entry.empreinte)));
        let file = folder.path().join("cube.bin");
        entry.octets = Some(fs::metadata(&file).map_err(at(&file))?.len());
        let mut kept = None;
        if let (Some((folder, empreinte)), Some(vague)) = (book, entry.vague) {
            let dossier = self.free_name(&format!("carnets/{vague}-{}", short(&empreinte)));
            let file = folder.path().join("carnet.bin");
            let octets = fs::metadata(&file).map_err(at(&file))?.len();
            self.settle(folder, &self.store.root.join(&dossier))?;
            kept = Some(BookEntry { vague, dossier, empreinte, octets });
        }
        self.settle(folder, &self.store.root.join(&entry.dossier))?;
        self.commit(|m| {
            m.hold();
            m.put_cube(entry);
            if let Some(book) = kept {
                m.carnets.retain(|b| b.vague != book.vague);
                m.carnets.push(book);
                m.carnets.sort_by_key(|b| b.vague);
            }
        })
    }

    /// Forgets the book of a wave, so that it is cut anew from today's files; whether there was one.
    ///
    /// The difference between figures of before and after may tell of 1 to 10 households: for a wave that was
    /// shown to nobody, or whose book is lost.
    ///
    /// # Errors
    /// The disk refuses; the store is then as before.
    pub fn forget_book(&mut self, wave: u16) -> Result<bool, StoreError> {
        if self.store.manifest.book(wave).is_none() {
            return Ok(false);
        }
        self.commit(|m| {
            m.hold();
            m.carnets.retain(|b| b.vague != wave);
        })?;
        Ok(true)
    }

    /// What is current comes into force: all its cubes are built, or it needs none. Cubes of other editions
    /// than these are forgotten.
    ///
    /// # Errors
    /// The disk refuses; the store is then as before.
    pub fn put_in_force(&mut self, editions: &BTreeSet<(u16, bool)>) -> Result<(), StoreError> {
        let m = &self.store.manifest;
        if m.en_vigueur.is_none() && m.cubes.iter().all(|c| editions.contains(&c.edition())) {
            return Ok(());
        }
        self.commit(|m| {
            m.cubes.retain(|c| editions.contains(&c.edition()));
            m.en_vigueur = None;
        })
    }

    /// Takes a data set that the program itself made out of force; whether there was one.
    ///
    /// # Errors
    /// The disk refuses; the store is then as before.
    pub fn withdraw(&mut self, register: &str, key: &str) -> Result<bool, StoreError> {
        if self.store.manifest.dataset(register, key).is_none() {
            return Ok(false);
        }
        self.commit(|m| {
            m.hold();
            m.remove(register, key);
        })?;
        Ok(true)
    }

    /// A finished folder as a data set of the store, that no manifest names yet.
    fn settled(
        &self,
        folder: tempfile::TempDir,
        report: Report,
        pieces: Vec<Piece>,
    ) -> Result<Dataset, StoreError> {
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
        let fichiers = sums::of_folder(folder.path())?;
        let target = self.store.root.join(&dossier);
        self.settle(folder, &target)?;
        Ok(Dataset { dossier, rapport: report, pieces, fichiers })
    }

    /// `name`, or `name-2`… while another folder has it (the same content with other options, or one that
    /// somebody still reads).
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
            synced(&path)?;
        }
        synced(folder.path())?;
        let path = folder.keep();
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(at(parent))?;
            fs::rename(&path, target).map_err(at(target))?;
            return synced(parent);
        }
        fs::rename(&path, target).map_err(at(target))
    }

    /// Replaces the manifest by one with a change. What it no longer names is retired: readers of the former
    /// one may still need it.
    fn commit(&mut self, change: impl FnOnce(&mut Manifest)) -> Result<(), StoreError> {
        let mut next = self.store.manifest.clone();
        change(&mut next);
        next.generation += 1;
        let (named, le) = (next.folders(), now());
        let gone = self.store.manifest.folders();
        let gone: Vec<Retired> = gone
            .difference(&named)
            .map(|d| Retired { dossier: (*d).to_owned(), le, generation: next.generation })
            .collect();
        let root = &self.store.root;
        next.retires.retain(|r| root.join(&r.dossier).exists());
        next.retires.extend(gone);
        write_manifest(root, &next)?;
        self.store.manifest = next;
        self.sweep()
    }

    /// Removes folders that the manifest does not name and nobody reads.
    fn sweep(&self) -> Result<(), StoreError> {
        let root = &self.store.root;
        for path in listed(root)? {
            if path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(".en-cours-")) {
                fs::remove_dir_all(&path).map_err(at(&path))?;
            }
        }
        let mut kept = self.store.manifest.folders();
        let (oldest, now) = (lease::oldest(root), now());
        let grace = magasin().map_or(i64::MAX, |m| m.conservation.grace_s);
        let wanted = |r: &&Retired| now - r.le < grace || oldest.is_some_and(|o| o < r.generation);
        kept.extend(self.store.manifest.retires.iter().filter(wanted).map(|r| r.dossier.as_str()));
        let mut parents = vec![root.join("cubes"), root.join("carnets")];
        parents.extend(listed(&root.join("donnees"))?);
        for parent in parents {
            for path in listed(&parent)? {
                let known =
                    path.strip_prefix(root).is_ok_and(|p| kept.contains(p.to_string_lossy().as_ref()));
                if !known {
                    fs::remove_dir_all(&path).map_err(at(&path))?;
                }
            }
        }
        Ok(())
    }
}

impl Operation {
    /// Whether it brought or replaced something of a key.
    fn touches(&self, key: &str) -> bool {
        self.cle == key || self.avant.iter().any(|d| d.rapport.cle == key)
    }
}

impl Store {
    /// Operations that can no longer be undone at an instant (seconds since 1970), for they are kept so long
    /// only.
    pub fn expired(&self, now: i64) -> impl Iterator<Item = &Operation> {
        let days = magasin().map_or(i64::MAX / 86_400, |m| m.conservation.jours);
        self.manifest().historique.iter().filter(move |o| o.le < now - days * 86_400)
    }
}

/// Takes data sets out of the current ones.
fn taken(m: &mut Manifest, which: impl Fn(&Dataset) -> bool) -> Vec<Dataset> {
    let (out, rest) = std::mem::take(&mut m.jeux).into_iter().partition(which);
    m.jeux = rest;
    out
}

/// Adds an operation, unless nothing was there that it replaced, and forgets the oldest beyond those kept.
fn note(m: &mut Manifest, operation: Operation) {
    if operation.avant.is_empty() {
        return;
    }
    let (registre, cle) = (operation.registre.clone(), operation.cle.clone());
    m.historique.push(operation);
    let same = |o: &Operation| o.registre == registre && o.cle == cle;
    let most = magasin().map_or(1, |r| r.conservation.versions.max(1));
    let beyond = m.historique.iter().filter(|o| same(o)).count().saturating_sub(most);
    let mut dropped = 0;
    m.historique.retain(|o| {
        let drop = same(o) && dropped < beyond;
        dropped += usize::from(drop);
        !drop
    });
}

fn write_manifest(root: &Path, manifest: &Manifest) -> Result<(), StoreError> {
    let path = root.join("manifeste.json");
    let json = serde_json::to_vec_pretty(manifest)
        .map_err(|e| StoreError::Manifest { path: path.clone(), message: e.to_string() })?;
    let temporary = root.join("manifeste.json.tmp");
    write_synced(&temporary, &json)?;
    fs::rename(&temporary, &path).map_err(at(&path))?;
    synced(root)
}

fn synced(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|f| f.sync_all()).map_err(at(path))
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = fs::read_dir(folder).map_err(at(folder))?;
    entries.map(|e| e.map(|e| e.path()).map_err(at(folder))).collect()
}
