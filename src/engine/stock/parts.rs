//! One register of one year, from its general file and from what bailleurs have deposited since.
//!
//! A deposit is the data set `depot_rpls` or `depot_ops` of key `{year}-{SIREN}`. It takes the place of its
//! bailleur's rows in the general file; who keeps a national number that both hold is said in
//! [`super::ownership`]. General file and deposits stay separate in the store and are joined when they are
//! read: withdrawing a deposit gives the former rows back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::StockError;
use super::ownership::{Deposit, keepers};
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
    year: u16,
    general: Option<PathBuf>,
    /// SIREN → table.
    deposits: BTreeMap<String, PathBuf>,
    folders: Vec<String>,
}

/// A dwelling of a bailleur whose national number another bailleur files too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub ident_rep: String,
    pub ident_int: String,
    /// Address key, as this bailleur files it.
    pub adresse: String,
    pub codepostal: String,
    pub libcom: String,
    /// The bailleur whose row counts, by its SIREN.
    pub keeper: String,
    /// The other bailleurs that file it, or that have it in the register.
    pub others: Vec<String>,
}

/// Years of a register that the store has, general files and deposits together.
#[must_use]
pub fn years(store: &Store, register: &str) -> BTreeSet<u16> {
    let whole = store.manifest().of_register(register);
    // What tests publish without a table is a year all the same, but for the survey: waves of aggregates have
    // no households.
    let whole = whole.filter(|d| register != "ops" || store.table(d, table_of(register)).is_some());
    let deposits = deposit_register(register);
    let keys: Vec<&str> =
        whole.chain(store.manifest().of_register(&deposits)).map(|d| d.rapport.cle.as_str()).collect();
    keys.iter().filter_map(|k| k.split('-').next()?.parse().ok()).collect()
}

impl Parts {
    /// What the store has of a register for a year; None if it has nothing.
    #[must_use]
    pub fn of(store: &Store, register: &str, year: u16) -> Option<Self> {
        let path = |d: &Dataset| store.folder(d).join(format!("{}.parquet", table_of(register)));
        let has = |d: &&Dataset| store.table(d, table_of(register)).is_some();
        let general = store.manifest().dataset(register, &year.to_string()).filter(has);
        let prefix = format!("{year}-");
        let register = deposit_register(register);
        let deposits: Vec<&Dataset> =
            store.manifest().of_register(&register).filter(|d| d.rapport.cle.starts_with(&prefix)).collect();
        if general.is_none() && deposits.is_empty() {
            return None;
        }
        Some(Self {
            year,
            general: general.map(path),
            deposits: deposits.iter().map(|d| (d.rapport.cle[prefix.len()..].to_owned(), path(d))).collect(),
            folders: general.into_iter().chain(deposits.iter().copied()).map(|d| d.dossier.clone()).collect(),
        })
    }

    /// Millésime or wave.
    #[must_use]
    pub fn year(&self) -> u16 {
        self.year
    }

    /// Whether each table is there.
    #[must_use]
    pub fn present(&self) -> bool {
        self.general.iter().chain(self.deposits.values()).all(|path| path.exists())
    }

    /// Folders that it is made of, relative to the store.
    #[must_use]
    pub fn folders(&self) -> &[String] {
        &self.folders
    }

    /// Dwellings that a bailleur files, or has in the register, and that another bailleur files too, by
    /// national number.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn claims(&self, siren: &str) -> Result<Vec<Claim>, StockError> {
        let Some(own) = self.deposits.get(siren).or(self.general.as_ref()) else { return Ok(Vec::new()) };
        let mut deposits: Vec<(&str, Vec<u64>)> = Vec::new();
        for (siren, path) in &self.deposits {
            let mut numbers = Table::read(path, &["ident_rep"])?.hashes("ident_rep")?;
            numbers.sort_unstable();
            deposits.push((siren, numbers));
        }
        if deposits.is_empty() {
            return Ok(Vec::new());
        }
        let register = match &self.general {
            Some(path) => {
                let t = Table::read(path, &["ident_rep", "siren"])?;
                Some((t.hashes("ident_rep")?, t.texts("siren")?))
            }
            None => None,
        };
        let views: Vec<Deposit<'_>> = deposits.iter().map(|(s, i)| (*s, i.as_slice())).collect();
        let keepers = keepers(register.as_ref().map(|(i, s)| (i.as_slice(), s)), &views);

        let t = Table::read(own, &["ident_rep", "ident_int", "siren", "adresse", "codepostal", "libcom"])?;
        let (idents, numbers, filed_by) = (t.texts("ident_rep")?, t.hashes("ident_rep")?, t.texts("siren")?);
        let (own, key) = (t.texts("ident_int")?, t.texts("adresse")?);
        let (code, city) = (t.texts("codepostal")?, t.texts("libcom")?);
        let whole = self.deposits.contains_key(siren);
        let claim = |row: usize| {
            let number = Some(numbers[row]).filter(|n| *n != 0 && (whole || filed_by.get(row) == siren))?;
            let keeper = *keepers.get(&number)?;
            let others: BTreeSet<&str> = views
                .iter()
                .filter(|(other, filed)| *other != siren && filed.binary_search(&number).is_ok())
                .map(|(other, _)| *other)
                .chain((keeper != siren).then_some(keeper))
                .collect();
            (!others.is_empty()).then(|| Claim {
                ident_rep: idents.get(row).to_owned(),
                ident_int: own.get(row).to_owned(),
                adresse: key.get(row).to_owned(),
                codepostal: code.get(row).to_owned(),
                libcom: city.get(row).to_owned(),
                keeper: keeper.to_owned(),
                others: others.into_iter().map(str::to_owned).collect(),
            })
        };
        Ok((0..t.rows()).filter_map(claim).collect())
    }

    /// The rows that one bailleur files, whoever keeps their numbers: of other rows of the register only the
    /// owner is read. None if the store has neither a deposit of it nor a register.
    ///
    /// # Errors
    /// A table cannot be read or lacks a column.
    pub fn filed_by(&self, siren: &str, columns: &[&str]) -> Result<Option<Table>, StockError> {
        if let Some(path) = self.deposits.get(siren) {
            return Table::read(path, columns).map(Some);
        }
        self.general.as_ref().map(|path| Table::of_owner(path, siren, columns)).transpose()
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
