//! `manifeste.json`: the current data sets and cubes, those in force, and what can be put back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::registers::report::Report;

/// One imported file, current for its register and key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dataset {
    /// Folder, relative to the store.
    pub dossier: String,
    /// Of the last file that it was made from.
    pub rapport: Report,
    /// Files that it is made from, in the order of their import, those of which nothing is left included;
    /// empty for what no user imported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<Piece>,
    /// Files of the folder. Empty: written before they were noted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fichiers: BTreeMap<String, Sum>,
}

/// A file of a user, of which something is still in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    pub fichier: String,
    pub empreinte: String,
    /// Seconds since 1970.
    pub le: i64,
    /// Who imported it.
    pub par: String,
    /// Its rows that are in force.
    pub lignes: u64,
}

/// What a file must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    pub octets: u64,
    /// BLAKE3, in hexadecimal.
    pub empreinte: String,
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
    /// Length of the file; None if it was written before lengths were noted.
    #[serde(default)]
    pub octets: Option<u64>,
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

/// The book of a wave of the survey: what was said of its households, kept whatever is built again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookEntry {
    pub vague: u16,
    /// Folder, relative to the store; set by the writer.
    pub dossier: String,
    /// Hash of the content of the book.
    pub empreinte: String,
    /// Length of the file; set by the writer.
    pub octets: u64,
}

/// Data and the cubes that were made from them: what answers are read from, all together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    pub jeux: Vec<Dataset>,
    pub cubes: Vec<CubeEntry>,
}

/// What was done to the current data sets by a user, so that it can be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Seconds since 1970.
    pub le: i64,
    pub par: String,
    pub acte: Acte,
    pub registre: String,
    pub cle: String,
    /// Data sets that were current before and are no longer.
    pub avant: Vec<Dataset>,
    /// Folders that are current since.
    pub apres: Vec<String>,
}

/// Kinds of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Acte {
    Import,
    Retrait,
    Retour,
}

/// A folder that nothing names any more, kept for those who may still read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Retired {
    pub dossier: String,
    /// Seconds since 1970.
    pub le: i64,
    /// The first generation that did not name it.
    pub generation: u64,
}

/// Everything that is current.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Grows by one with each change.
    #[serde(default)]
    pub generation: u64,
    pub jeux: Vec<Dataset>,
    pub cubes: Vec<CubeEntry>,
    /// By wave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carnets: Vec<BookEntry>,
    /// What answers are read from while the cubes of newer data are not built; None: what is current.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) en_vigueur: Option<Edition>,
    /// The oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub historique: Vec<Operation>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) retires: Vec<Retired>,
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

    /// The book of a wave.
    #[must_use]
    pub fn book(&self, wave: u16) -> Option<&BookEntry> {
        self.carnets.iter().find(|b| b.vague == wave)
    }

    /// Current data that answers do not show yet, for their cubes are not built.
    #[must_use]
    pub fn not_built(&self) -> Vec<&Dataset> {
        let Some(shown) = &self.en_vigueur else { return Vec::new() };
        self.jeux.iter().filter(|d| shown.jeux.iter().all(|s| s.dossier != d.dossier)).collect()
    }

    pub(super) fn put(&mut self, dataset: Dataset) {
        self.remove(&dataset.rapport.registre.clone(), &dataset.rapport.cle.clone());
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

    /// Keeps what answers are read from as it is, until the cubes of what changes now are built. Before the
    /// first cube nothing is shown, and there is nothing to keep.
    pub(super) fn hold(&mut self) {
        if self.en_vigueur.is_none() && !self.cubes.is_empty() {
            self.en_vigueur = Some(Edition { jeux: self.jeux.clone(), cubes: self.cubes.clone() });
        }
    }

    /// Every folder that is named: current, in force, or to be put back.
    pub(super) fn folders(&self) -> BTreeSet<&str> {
        let shown = self.en_vigueur.iter();
        let former = self.historique.iter().flat_map(|o| &o.avant);
        self.jeux
            .iter()
            .chain(former)
            .map(|d| d.dossier.as_str())
            .chain(self.cubes.iter().map(|c| c.dossier.as_str()))
            .chain(self.carnets.iter().map(|b| b.dossier.as_str()))
            .chain(shown.clone().flat_map(|e| &e.jeux).map(|d| d.dossier.as_str()))
            .chain(shown.flat_map(|e| &e.cubes).map(|c| c.dossier.as_str()))
            .collect()
    }
}
