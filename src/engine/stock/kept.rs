//! Steps of a build that no correction changes, kept beside the cubes as files of arrays.
//!
//! `etapes/{step}-{mark}/{content}.bin`: the folder is named by what the step was made from, the file by its
//! own content. One that is missing, damaged, of other files or of another program is made again from the
//! tables: nothing but time is lost with it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::arrays::{CubeError, Mapped, Writer};
use crate::reference::reglages;
use crate::store::{self, Store};

/// Folder of the store that holds the steps.
const FOLDER: &str = "etapes";

/// The program that runs: a step holds for the one that made it, whose code and `data/` it follows from.
static PROGRAM: LazyLock<String> = LazyLock::new(|| {
    let of = |path: PathBuf| {
        let file = fs::metadata(path)?;
        Ok(format!("{} {:?}", file.len(), file.modified()?))
    };
    std::env::current_exe()
        .and_then(of)
        .unwrap_or_else(|_: std::io::Error| env!("CARGO_PKG_VERSION").to_owned())
});

/// One step of one millésime.
#[derive(Debug, Clone)]
pub struct Kept {
    folder: PathBuf,
}

impl Kept {
    /// `step`: its name, with the number of what it makes of the same files; `from`: folders of the store;
    /// `more`: what else its result follows from.
    #[must_use]
    pub fn of<'a>(store: &Store, step: &str, from: impl Iterator<Item = &'a str>, more: &str) -> Self {
        let mut hash = blake3::Hasher::new();
        let mut add = |text: &str| _ = hash.update(text.as_bytes()).update(b"\n");
        add(&PROGRAM);
        add(more);
        // Malformed rules stop the build before.
        add(&reglages::in_force().mark().ok().flatten().unwrap_or_default());
        for folder in from {
            add(folder);
            let sets = store.manifest().jeux.iter().filter(|d| d.dossier == folder);
            for (name, sum) in sets.flat_map(|d| &d.fichiers) {
                add(name);
                add(&sum.empreinte);
            }
        }
        let name = format!("{step}-{}", &hash.finalize().to_hex()[..16]);
        Self { folder: store.root().join(FOLDER).join(name) }
    }

    /// The file, if it is there and is what was written.
    #[must_use]
    pub fn open<M: DeserializeOwned>(&self) -> Option<(Mapped, M)> {
        let files = fs::read_dir(&self.folder).ok()?.flatten().map(|e| e.path());
        let path = files.into_iter().find(|p| p.extension().is_some_and(|e| e == "bin"))?;
        let sound = store::sum(&path).is_ok_and(|s| path.file_stem().is_some_and(|n| *n == *s.empreinte));
        sound.then(|| Mapped::open(&path).ok()).flatten()
    }

    /// Writes the file under a temporary name, in a folder that takes its name last, in the place of one that
    /// is damaged. `fill` gives what stands beside the arrays.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write<M: Serialize>(
        &self,
        fill: impl FnOnce(&mut Writer) -> Result<M, CubeError>,
    ) -> Result<(), CubeError> {
        let io = |source| CubeError::Io { path: self.folder.clone(), source };
        let root = self.folder.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(root).map_err(io)?;
        let temporary = tempfile::Builder::new().prefix(".en-cours-").tempdir_in(root).map_err(io)?;
        let path = temporary.path().join("arrays");
        let mut writer = Writer::create(&path)?;
        let meta = fill(&mut writer)?;
        let hash = writer.finish(&meta)?;
        fs::rename(&path, temporary.path().join(format!("{hash}.bin"))).map_err(io)?;
        let _ = fs::remove_dir_all(&self.folder);
        let made = temporary.keep();
        fs::rename(&made, &self.folder).map_err(|source| {
            let _ = fs::remove_dir_all(&made);
            io(source)
        })?;
        File::open(root).and_then(|f| f.sync_all()).map_err(io)
    }
}

/// Removes steps that are none of these, and what killed builds left; what cannot be removed now is removed
/// next time. For the one who writes the store.
pub fn sweep(store: &Store, wanted: &[Kept]) {
    for entry in fs::read_dir(store.root().join(FOLDER)).into_iter().flatten().flatten() {
        if wanted.iter().all(|k| k.folder != entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
