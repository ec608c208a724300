//! `manifeste.json`: the current data sets and cubes.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::registers::report::Report;

/// One imported file, current for its register and key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dataset {
    /// Folder, relative to the store.
    pub dossier: String,
    pub rapport: Report,
}

/// A cube built for one millésime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CubeEntry {
    pub millesime: u16,
    /// OPS wave joined to it, if any.
    pub vague: Option<u16>,
    /// The edition with the events since 1 January, beside the one as filed.
    #[serde(default)]
    pub a_jour: bool,
    /// Folder, relative to the store; set by the writer.
    pub dossier: String,
    /// Hash of the content of the cube.
    pub empreinte: String,
    /// Folders of the data sets that it was built from: when they are no longer current, it is stale.
    pub sources: Vec<String>,
}

impl CubeEntry {
    /// What it is the cube of: millésime, and whether it is up to date.
    #[must_use]
    pub fn edition(&self) -> (u16, bool) {
        (self.millesime, self.a_jour)
    }
}

/// Everything that is current.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub jeux: Vec<Dataset>,
    pub cubes: Vec<CubeEntry>,
}

impl Manifest {
    pub(super) fn read(path: &Path) -> Result<Self, StoreError> {
        let fault = |message: String| StoreError::Manifest { path: path.to_owned(), message };
        let text = std::fs::read(path).map_err(|e| fault(e.to_string()))?;
        serde_json::from_slice(&text).map_err(|e| fault(e.to_string()))
    }

    /// The current data set of a register and key.
    #[must_use]
    pub fn dataset(&self, register: &str, key: &str) -> Option<&Dataset> {
        self.jeux.iter().find(|d| d.rapport.registre == register && d.rapport.cle == key)
    }

    /// All data sets of a register, by key.
    pub fn of_register(&self, register: &str) -> impl Iterator<Item = &Dataset> {
        self.jeux.iter().filter(move |d| d.rapport.registre == register)
    }

    pub(super) fn put(&mut self, dataset: Dataset) {
        self.jeux.retain(|d| {
            (&d.rapport.registre, &d.rapport.cle) != (&dataset.rapport.registre, &dataset.rapport.cle)
        });
        self.jeux.push(dataset);
        self.jeux.sort_by(|a, b| {
            (&a.rapport.registre, &a.rapport.cle).cmp(&(&b.rapport.registre, &b.rapport.cle))
        });
    }

    /// Whether there was one.
    pub(super) fn remove(&mut self, register: &str, key: &str) -> bool {
        let before = self.jeux.len();
        self.jeux.retain(|d| (d.rapport.registre.as_str(), d.rapport.cle.as_str()) != (register, key));
        self.jeux.len() != before
    }

    pub(super) fn put_cube(&mut self, cube: CubeEntry) {
        self.cubes.retain(|c| c.edition() != cube.edition());
        self.cubes.push(cube);
        self.cubes.sort_by_key(CubeEntry::edition);
    }

    /// Every folder that is named.
    pub(super) fn folders(&self) -> BTreeSet<&str> {
        self.jeux
            .iter()
            .map(|d| d.dossier.as_str())
            .chain(self.cubes.iter().map(|c| c.dossier.as_str()))
            .collect()
    }
}
