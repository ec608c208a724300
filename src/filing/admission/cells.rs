//! Columns of a table as the rules of `data/store.toml` look at them: parts and identities, a number a row.

use std::fs::File;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use polars::prelude::*;
use rustc_hash::FxHasher;

use super::AdmissionError;
use crate::reference::magasin::{Par, Partie};
use crate::registers::zones::departement_of;

/// Some columns of one table.
pub(super) struct Cells {
    path: PathBuf,
    frame: DataFrame,
}

/// A column whose cells are written as text.
enum Texts {
    Text(StringChunked),
    Number(UInt64Chunked),
    None,
}

impl Texts {
    fn get(&self, row: usize) -> Option<std::borrow::Cow<'_, str>> {
        match self {
            Self::Text(c) => c.get(row).filter(|t| !t.is_empty()).map(Into::into),
            Self::Number(c) => c.get(row).map(|n| n.to_string().into()),
            Self::None => None,
        }
    }
}

impl Cells {
    /// Reads the columns that the table has, of those asked for.
    pub fn read(path: &Path, columns: &[&str]) -> Result<Self, AdmissionError> {
        let fault = |source: PolarsError| AdmissionError::Table { path: path.to_owned(), source };
        let open = || File::open(path).map_err(|e| fault(e.into()));
        let schema = ParquetReader::new(open()?).schema().map_err(fault)?;
        let mut there: Vec<String> =
            columns.iter().filter(|c| schema.contains(c)).map(|c| (*c).to_owned()).collect();
        there.sort_unstable();
        there.dedup();
        let frame = if there.is_empty() {
            let rows = ParquetReader::new(open()?).num_rows().map_err(fault)?;
            DataFrame::empty_with_height(rows)
        } else {
            ParquetReader::new(open()?).with_columns(Some(there)).finish().map_err(fault)?
        };
        Ok(Self { path: path.to_owned(), frame })
    }

    pub fn rows(&self) -> usize {
        self.frame.height()
    }

    fn texts(&self, name: &str) -> Result<Texts, AdmissionError> {
        let fault = |source| AdmissionError::Table { path: self.path.clone(), source };
        let Ok(column) = self.frame.column(name) else { return Ok(Texts::None) };
        Ok(match column.dtype() {
            DataType::String => Texts::Text(column.str().map_err(fault)?.clone()),
            _ => Texts::Number(column.cast(&DataType::UInt64).and_then(|c| c.u64().cloned()).map_err(fault)?),
        })
    }

    /// Numbers of a column, None where it has none.
    pub fn numbers(&self, name: &str) -> Result<Vec<Option<u32>>, AdmissionError> {
        let fault = |source| AdmissionError::Table { path: self.path.clone(), source };
        let Ok(column) = self.frame.column(name) else { return Ok(Vec::new()) };
        let column = column.cast(&DataType::UInt32).map_err(fault)?;
        Ok(column.u32().map_err(fault)?.iter().collect())
    }

    /// How many of some rows have a value in a column.
    pub fn filled(&self, name: &str, which: impl Fn(usize) -> bool) -> u64 {
        let Ok(column) = self.frame.column(name) else { return 0 };
        let there = column.is_not_null();
        there.iter().enumerate().filter(|(row, there)| *there == Some(true) && which(*row)).count() as u64
    }

    /// Texts of a column, empty where it has none.
    pub fn strings(&self, name: &str) -> Result<Vec<String>, AdmissionError> {
        let texts = self.texts(name)?;
        Ok((0..self.rows()).map(|r| texts.get(r).unwrap_or_default().into_owned()).collect())
    }

    /// Which part each row is of, and its name for people: « 73 », « 73 2024-05 ».
    pub fn parts(&self, rules: &[Partie]) -> Result<Vec<Part>, AdmissionError> {
        let mut columns = Vec::new();
        for rule in rules {
            let texts: Result<Vec<Texts>, _> = rule.colonnes.iter().map(|c| self.texts(c)).collect();
            columns.push((rule.par, texts?));
        }
        Ok((0..self.rows())
            .map(|row| {
                let words = columns.iter().map(|(par, texts)| {
                    let cell = texts.iter().find_map(|t| t.get(row)).unwrap_or_default();
                    match par {
                        Par::Valeur => cell.into_owned(),
                        Par::Departement => departement_of(&cell).unwrap_or_default(),
                        Par::Mois => {
                            cell.get(..6).map(|m| format!("{}-{}", &m[..4], &m[4..])).unwrap_or_default()
                        }
                    }
                });
                Part(words.collect::<Vec<_>>().join(" "))
            })
            .collect())
    }

    /// A hash of the values of some columns in each row; None where fewer than `least` have a value.
    pub fn identities(&self, names: &[String], least: usize) -> Result<Vec<Option<u64>>, AdmissionError> {
        let columns = names.iter().map(|n| self.texts(n)).collect::<Result<Vec<_>, _>>()?;
        Ok((0..self.rows())
            .map(|row| {
                let mut hash = FxHasher::default();
                let mut known = 0;
                for column in &columns {
                    let cell = column.get(row);
                    known += usize::from(cell.is_some());
                    cell.hash(&mut hash);
                }
                (known >= least).then(|| hash.finish())
            })
            .collect())
    }
}

/// A part of a register, by its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Part(pub String);
