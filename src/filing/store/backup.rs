//! A copy of the store elsewhere while it serves, and back: every file with its length and hash, what is not
//! finished never taken for a copy.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::manifest::Sum;
use super::{Store, StoreError, Writer, at, damage, sum};

/// What says that a copy is whole: written last.
pub const LABEL: &str = "sauvegarde.json";
/// The store's part of a copy.
pub const PART: &str = "magasin";
/// Small things of the store beside what the manifest names: keys, who it is, that it is a demonstration,
/// texts of the organisation, rules that it changes.
const BESIDE: [&str; 8] =
    ["secret", "journal", "cle-pseudonymes", "identite", "demonstration", "textes", "reglages", "promesses"];
/// Mark of a folder that is on the way.
const ON_THE_WAY: &str = ".en-cours-";

/// What a copy is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Of this layout.
    pub format: u32,
    pub programme: String,
    /// Seconds since 1970.
    pub le: i64,
    /// Where accounts and the audit trail are: `sqlite` (in the copy) or `apart`.
    pub base: String,
    /// Last line of the audit trail, `RANG:EMPREINTE`.
    pub temoin: String,
    /// Files by their path in the copy.
    pub fichiers: BTreeMap<String, Sum>,
}

/// The layout that this program writes and reads.
pub const FORMAT: u32 = 1;

/// A copy that is being made, under a temporary name beside its own.
#[derive(Debug)]
pub struct Copying {
    folder: tempfile::TempDir,
    target: PathBuf,
    files: BTreeMap<String, Sum>,
}

impl Copying {
    /// Begins a copy in `target`, which must not be there; what a copy that was killed left beside is
    /// removed.
    ///
    /// # Errors
    /// Something is there, or the disk refuses.
    pub fn begin(target: &Path) -> Result<Self, StoreError> {
        let taken = fs::read_dir(target).map(|mut d| d.next().is_some()).unwrap_or(target.exists());
        if taken {
            return Err(StoreError::Taken(target.to_owned()));
        }
        let target = std::path::absolute(target).map_err(at(target))?;
        let parent = target.parent().unwrap_or(Path::new("/")).to_owned();
        fs::create_dir_all(&parent).map_err(at(&parent))?;
        // A finished copy takes its place by a change of name, which no disk lets another one do.
        if target.exists() && disk(&target)? != disk(&parent)? {
            return Err(StoreError::Mount(target));
        }
        let prefix = format!(".{}{ON_THE_WAY}", name(&target));
        for entry in fs::read_dir(&parent).map_err(at(&parent))?.flatten() {
            let path = entry.path();
            // Without a lock it was killed before its first file, or after its last one.
            let idle = || match File::open(path.join("verrou")) {
                Ok(lock) => lock.try_lock().is_ok(),
                Err(e) => e.kind() == std::io::ErrorKind::NotFound,
            };
            if name(&path).starts_with(&prefix) && idle() {
                fs::remove_dir_all(&path).map_err(at(&path))?;
            }
        }
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir_in(&parent).map_err(at(&parent))?;
        Ok(Self { folder, target, files: BTreeMap::new() })
    }

    /// Holds the place against a copy that sweeps; to be kept until the end.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn lock(&self) -> Result<File, StoreError> {
        let path = self.folder.path().join("verrou");
        let file = File::create(&path).map_err(at(&path))?;
        file.lock().map_err(at(&path))?;
        Ok(file)
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Copies a file, or a folder with all that it holds; what is not there is left out.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn take(&mut self, root: &Path, relative: &str, into: &str) -> Result<(), StoreError> {
        let from = root.join(relative);
        let to = if into.is_empty() { relative.to_owned() } else { format!("{into}/{relative}") };
        if from.is_dir() {
            for entry in fs::read_dir(&from).map_err(at(&from))? {
                let entry = entry.map_err(at(&from))?.file_name().to_string_lossy().into_owned();
                self.take(root, &format!("{relative}/{entry}"), into)?;
            }
            return Ok(());
        }
        if !from.exists() {
            return Ok(());
        }
        let copied = copy(&from, &self.folder.path().join(&to))?;
        self.files.insert(to, copied);
        Ok(())
    }

    /// Notes a file that something else wrote into the copy.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn note(&mut self, relative: &str) -> Result<(), StoreError> {
        let path = self.folder.path().join(relative);
        File::open(&path).and_then(|f| f.sync_all()).map_err(at(&path))?;
        self.files.insert(relative.to_owned(), sum(&path)?);
        Ok(())
    }

    /// Takes the store as it is while `writer` holds it, but for the folders that the manifest names: these
    /// do not change, and are taken by [`Self::folders`].
    ///
    /// # Errors
    /// The disk refuses.
    pub fn held(&mut self, writer: &Writer) -> Result<(), StoreError> {
        let root = writer.store().root().to_owned();
        for what in BESIDE.iter().chain(&["manifeste.json", "quarantaine"]) {
            self.take(&root, what, PART)?;
        }
        Ok(())
    }

    /// Takes every folder that the store's manifest names; a file that is no longer what was written stops
    /// the copy.
    ///
    /// # Errors
    /// A file is damaged, or the disk refuses.
    pub fn folders(&mut self, store: &Store, told: &dyn Fn(usize, usize)) -> Result<(), StoreError> {
        let folders: Vec<String> = store.manifest().folders().into_iter().map(str::to_owned).collect();
        for (done, folder) in folders.iter().enumerate() {
            told(done, folders.len());
            self.take(store.root(), folder, PART)?;
        }
        told(folders.len(), folders.len());
        for (path, want) in store.sums() {
            let copied = self.files.get(&format!("{PART}/{path}"));
            if copied != Some(&want) {
                let path = store.root().join(path);
                return Err(StoreError::Damaged { path });
            }
        }
        Ok(())
    }

    /// Writes the label and gives the copy its name; nothing stands under it before.
    ///
    /// # Errors
    /// The disk refuses; nothing is left.
    pub fn finish(self, mut label: Label) -> Result<Label, StoreError> {
        label.fichiers = self.files;
        let path = self.folder.path().join(LABEL);
        let json = serde_json::to_vec_pretty(&label)
            .map_err(|e| StoreError::Manifest { path: path.clone(), message: e.to_string() })?;
        super::write_synced(&path, &json)?;
        settle(self.folder, &self.target)?;
        Ok(label)
    }

    /// Gives a restored store its name, without a label.
    ///
    /// # Errors
    /// The disk refuses; nothing is left.
    pub fn finish_bare(self) -> Result<(), StoreError> {
        settle(self.folder, &self.target)
    }
}

/// The disk that a folder is on.
fn disk(path: &Path) -> Result<u64, StoreError> {
    Ok(fs::metadata(path).map_err(at(path))?.dev())
}

fn settle(folder: tempfile::TempDir, target: &Path) -> Result<(), StoreError> {
    let lock = folder.path().join("verrou");
    if lock.exists() {
        fs::remove_file(&lock).map_err(at(&lock))?;
    }
    sync_folders(folder.path())?;
    fs::rename(folder.path(), target).map_err(at(target))?;
    // It is no longer there under its first name.
    let _ = folder.keep();
    let parent = target.parent().unwrap_or(Path::new("/"));
    File::open(parent).and_then(|f| f.sync_all()).map_err(at(parent))
}

fn sync_folders(folder: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let path = entry.map_err(at(folder))?.path();
        if path.is_dir() {
            sync_folders(&path)?;
        }
    }
    File::open(folder).and_then(|f| f.sync_all()).map_err(at(folder))
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

/// Copies a file, hashed as it is read.
fn copy(from: &Path, to: &Path) -> Result<Sum, StoreError> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(at(parent))?;
    }
    let (mut input, mut output) = (File::open(from).map_err(at(from))?, File::create(to).map_err(at(to))?);
    let (mut hash, mut octets, mut buffer) = (blake3::Hasher::new(), 0, vec![0; 1 << 20]);
    loop {
        let n = input.read(&mut buffer).map_err(at(from))?;
        if n == 0 {
            break;
        }
        hash.update(&buffer[..n]);
        output.write_all(&buffer[..n]).map_err(at(to))?;
        octets += n as u64;
    }
    output.sync_all().map_err(at(to))?;
    Ok(Sum { octets, empreinte: hash.finalize().to_hex().to_string() })
}

/// Reads the label of a copy and checks every file that it names.
///
/// # Errors
/// It is no finished copy, is one of a newer program, or a file is not what was written.
pub fn check(copy: &Path) -> Result<Label, StoreError> {
    let path = copy.join(LABEL);
    let Ok(bytes) = fs::read(&path) else { return Err(StoreError::NoBackup(copy.to_owned())) };
    let label: Label = serde_json::from_slice(&bytes)
        .map_err(|e| StoreError::Manifest { path: path.clone(), message: e.to_string() })?;
    if label.format > FORMAT {
        return Err(StoreError::Newer { path: copy.to_owned(), programme: label.programme });
    }
    for (relative, want) in &label.fichiers {
        // A name that leaves the folder is none that this program wrote.
        let inside = Path::new(relative).components().all(|c| matches!(c, std::path::Component::Normal(_)));
        if !inside {
            return Err(StoreError::Damaged { path: copy.join(relative) });
        }
        if let Some(d) = damage(&copy.join(relative), want, true) {
            return Err(StoreError::Damaged { path: d.path });
        }
    }
    Ok(label)
}

/// Copies that lie in a folder, by name, the latest first; what has no label is none.
#[must_use]
pub fn list(folder: &Path) -> Vec<(String, Label)> {
    let there = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<(String, Label)> = there
        .filter_map(|entry| {
            let bytes = fs::read(entry.path().join(LABEL)).ok()?;
            Some((name(&entry.path()), serde_json::from_slice(&bytes).ok()?))
        })
        .collect();
    found.sort_by(|(a, x), (b, y)| (y.le, b).cmp(&(x.le, a)));
    found
}

/// Removes a copy, its label first: half of one is none.
///
/// # Errors
/// It is no copy, or the disk refuses.
pub fn remove(copy: &Path) -> Result<(), StoreError> {
    let label = copy.join(LABEL);
    if !label.is_file() {
        return Err(StoreError::NoBackup(copy.to_owned()));
    }
    fs::remove_file(&label).map_err(at(&label))?;
    fs::remove_dir_all(copy).map_err(at(copy))
}

impl Label {
    /// What it takes on the disk, without itself.
    #[must_use]
    pub fn octets(&self) -> u64 {
        self.fichiers.values().map(|s| s.octets).sum()
    }
}

impl Store {
    /// Bytes of what its manifest names: about what a copy takes.
    #[must_use]
    pub fn octets(&self) -> u64 {
        let files: BTreeMap<String, Sum> = self.sums().into_iter().collect();
        files.values().map(|s| s.octets).sum()
    }

    /// Files whose sums the manifest knows, by their path in the store.
    fn sums(&self) -> Vec<(String, Sum)> {
        let m = self.manifest();
        let shown = self.in_force();
        let sets = m.jeux.iter().chain(&shown.manifest.jeux);
        let former = m.historique.iter().flat_map(|o| &o.avant);
        let mut out: Vec<(String, Sum)> = sets
            .chain(former)
            .flat_map(|d| d.fichiers.iter().map(|(n, s)| (format!("{}/{n}", d.dossier), s.clone())))
            .collect();
        for cube in m.cubes.iter().chain(&shown.manifest.cubes) {
            if let Some(octets) = cube.octets {
                let sum = Sum { octets, empreinte: cube.empreinte.clone() };
                out.push((format!("{}/cube.bin", cube.dossier), sum));
            }
        }
        for book in &m.carnets {
            let sum = Sum { octets: book.octets, empreinte: book.empreinte.clone() };
            out.push((format!("{}/carnet.bin", book.dossier), sum));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finished_is_no_copy_and_is_swept_by_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("copie");
        let left = Copying::begin(&target).unwrap();
        drop(left.lock().unwrap());
        fs::write(left.folder().join("x"), "half").unwrap();
        let path = left.folder.keep();
        assert!(matches!(check(&path), Err(StoreError::NoBackup(_))));
        let mut next = Copying::begin(&target).unwrap();
        assert!(!path.exists(), "swept");
        fs::write(dir.path().join("a"), "whole").unwrap();
        next.take(dir.path(), "a", "").unwrap();
        let label = Label {
            format: FORMAT,
            programme: "essai".to_owned(),
            le: 0,
            base: "sqlite".to_owned(),
            temoin: String::new(),
            fichiers: BTreeMap::new(),
        };
        next.finish(label.clone()).unwrap();
        assert_eq!(check(&target).unwrap().fichiers.len(), 1);
        assert!(matches!(Copying::begin(&target), Err(StoreError::Taken(_))));
        let names = || list(dir.path()).into_iter().map(|(name, l)| (name, l.octets())).collect::<Vec<_>>();
        assert_eq!(names(), [("copie".to_owned(), 5)]);
        fs::write(target.join("a"), "whole, but changed").unwrap();
        assert!(matches!(check(&target), Err(StoreError::Damaged { .. })));
        assert!(matches!(remove(dir.path()), Err(StoreError::NoBackup(_))), "a folder that is no copy stays");
        remove(&target).unwrap();
        assert!(names().is_empty() && !target.exists());
    }
}
