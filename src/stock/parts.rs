//! One register of one year, from its general file and from what bailleurs have deposited since.
//!
//! A deposit is the data set `depot_rpls` or `depot_ops` of key `{year}-{SIREN}`. It takes the place of its bailleur's rows in the
//! general file, and of any row there with the same national number (a dwelling that changed hands). General file and deposits stay
//! separate in the store and are joined when they are read: withdrawing a deposit gives the former rows back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::StockError;
use super::table::Table;
use crate::store::{Dataset, Store};

/// Register of the deposits of a register.
#[must_use]
pub fn deposit_register(register: &str) -> String {
    format!("depot_{register}")
}

/// Key of a bailleur's deposit for a year.
#[must_use]
pub fn deposit_key(year: u16, siren: &str) -> String {
    format!("{year}-{siren}")
}

/// Table of dwellings or households that a register writes.
#[must_use]
pub fn table_of(register: &str) -> &'static str {
    if register == "ops" { "menages" } else { "logements" }
}

/// The files of one register and year.
#[derive(Debug, Clone)]
pub struct Parts {
    general: Option<PathBuf>,
    /// SIREN → table.
    deposits: BTreeMap<String, PathBuf>,
    folders: Vec<String>,
}

/// Years of a register that the store has, general files and deposits together.
#[must_use]
pub fn years(store: &Store, register: &str) -> BTreeSet<u16> {
    let table = format!("{}.parquet", table_of(register));
    let whole = store.manifest().of_register(register);
    // What tests publish without a table is a year all the same, but for the survey: waves of aggregates have no households.
    let whole = whole.filter(|d| register != "ops" || store.folder(d).join(&table).exists());
    let deposits = deposit_register(register);
    let keys: Vec<&str> = whole.chain(store.manifest().of_register(&deposits)).map(|d| d.rapport.cle.as_str()).collect();
    keys.iter().filter_map(|k| k.split('-').next()?.parse().ok()).collect()
}

impl Parts {
    /// What the store has of a register for a year; None if it has nothing.
    #[must_use]
    pub fn of(store: &Store, register: &str, year: u16) -> Option<Self> {
        let path = |d: &Dataset| store.folder(d).join(format!("{}.parquet", table_of(register)));
        let general = store.manifest().dataset(register, &year.to_string()).filter(|d| path(d).exists());
        let prefix = format!("{year}-");
        let register = deposit_register(register);
        let deposits: Vec<&Dataset> =
            store.manifest().of_register(&register).filter(|d| d.rapport.cle.starts_with(&prefix)).collect();
        if general.is_none() && deposits.is_empty() {
            return None;
        }
        Some(Self {
            general: general.map(path),
            deposits: deposits.iter().map(|d| (d.rapport.cle[prefix.len()..].to_owned(), path(d))).collect(),
            folders: general.into_iter().chain(deposits.iter().copied()).map(|d| d.dossier.clone()).collect(),
        })
    }

    /// Folders that it is made of, relative to the store.
    #[must_use]
    pub fn folders(&self) -> &[String] {
        &self.folders
    }

    /// The rows in force, with the columns asked for.
    ///
    /// # Errors
    /// A table cannot be read or lacks a column.
    pub fn read(&self, columns: &[&str]) -> Result<Table, StockError> {
        let general = self.general.iter().map(|p| (None, p));
        let all: Vec<(Option<&str>, &PathBuf)> =
            general.chain(self.deposits.iter().map(|(siren, path)| (Some(siren.as_str()), path))).collect();
        Table::joined(&all, columns)
    }
}
