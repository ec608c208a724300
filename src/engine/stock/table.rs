//! Columns of a Parquet table as plain vectors; 0, NaN or an empty text where a value is missing.

use std::fs::File;
use std::path::{Path, PathBuf};

use hashbrown::HashSet as Set;
use polars::prelude::*;
use rustc_hash::FxBuildHasher;

use super::StockError;
use super::ownership::{Deposit, keepers};

type HashSet<T> = Set<T, FxBuildHasher>;

/// Rows of others between two rows of an owner from which it is worth leaving them out.
const FAR: usize = 1 << 16;

/// Columns that a table imported by an earlier version has not: they are read as « not told ».
const ADDED: [(&str, DataType); 1] = [("sru_expir", DataType::UInt16)];

/// What a point is, and where it holds.
const POINT: [&str; 4] = ["lon", "lat", "qualite", "adresse"];

/// Some columns of a Parquet file, all its rows or a slice of them.
fn frame(file: File, columns: &[&str], slice: Option<(usize, usize)>) -> PolarsResult<DataFrame> {
    let mut reader = ParquetReader::new(file);
    let schema = reader.schema()?;
    let (there, absent): (Vec<&str>, Vec<&str>) =
        columns.iter().partition(|c| schema.contains(c) || ADDED.iter().all(|(added, _)| added != *c));
    let names = there.iter().map(|c| (*c).to_owned()).collect();
    let mut frame = reader.with_columns(Some(names)).with_slice(slice).finish()?;
    for (name, kind) in ADDED.iter().filter(|(name, _)| absent.contains(name)) {
        frame.with_column(Column::full_null((*name).into(), frame.height(), kind))?;
    }
    Ok(frame)
}

/// A table read from Parquet, only the columns asked for.
pub struct Table {
    name: String,
    frame: DataFrame,
}

impl Table {
    pub fn read(path: &Path, columns: &[&str]) -> Result<Self, StockError> {
        let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let fault = |source| StockError::Table { name: name.clone(), source };
        let file = File::open(path).map_err(|e| fault(e.into()))?;
        let frame = frame(file, columns, None).map_err(fault)?;
        Ok(Self { name, frame })
    }

    /// Whether the table has a column: one imported by an earlier version may not.
    ///
    /// # Errors
    /// The file is no readable table.
    pub fn has(path: &Path, column: &str) -> Result<bool, StockError> {
        let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let fault = |source| StockError::Table { name: name.clone(), source };
        let file = File::open(path).map_err(|e| fault(e.into()))?;
        let schema = ParquetReader::new(file).schema().map_err(fault)?;
        Ok(schema.contains(column))
    }

    /// Rows of one owner of a register. What lies between them by more than [`FAR`] rows is not read.
    pub fn of_owner(path: &Path, siren: &str, columns: &[&str]) -> Result<Self, StockError> {
        let owners = Self::read(path, &["siren"])?;
        let fault = |source| StockError::Table { name: owners.name.clone(), source };
        let column = owners.column("siren")?.str().map_err(fault)?;
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for (row, _) in column.iter().enumerate().filter(|(_, s)| *s == Some(siren)) {
            match spans.last_mut() {
                Some((_, end)) if row - *end < FAR => *end = row + 1,
                _ => spans.push((row, row + 1)),
            }
        }
        if spans.is_empty() {
            spans.push((0, 0));
        }
        let mut whole: Option<DataFrame> = None;
        for (start, end) in spans {
            let file = File::open(path).map_err(|e| fault(e.into()))?;
            let part = frame(file, columns, Some((start, end - start))).map_err(fault)?;
            let owner = column.slice(start as i64, end - start);
            let own: BooleanChunked = owner.iter().map(|s| s == Some(siren)).collect();
            let part = part.filter(&own).map_err(fault)?;
            whole = Some(match whole {
                None => part,
                Some(w) => w.vstack(&part).map_err(fault)?,
            });
        }
        let frame = whole.unwrap_or_default().select(columns.iter().copied()).map_err(fault)?;
        Ok(Self { name: owners.name.clone(), frame })
    }

    /// The rows that a condition keeps.
    pub(super) fn only(self, keep: &[bool]) -> Result<Self, StockError> {
        let fault = |source| StockError::Table { name: self.name.clone(), source };
        let frame = self.frame.filter(&BooleanChunked::from_slice(PlSmallStr::EMPTY, keep)).map_err(fault)?;
        Ok(Self { frame, ..self })
    }

    /// Rows of a general file and of the deposits of bailleurs, each with its SIREN: a deposit takes the
    /// place of its bailleur's rows. A number that several of them hold is its keeper's ([`keepers`]): the
    /// rows of the others are left out.
    pub fn joined(parts: &[(Option<&str>, &PathBuf)], columns: &[&str]) -> Result<Self, StockError> {
        if let [(_, path)] = parts {
            return Self::read(path, columns);
        }
        let mut wanted: Vec<&str> = columns.to_vec();
        wanted.extend(["siren", "ident_rep"].into_iter().filter(|c| !columns.contains(c)));
        let owners: HashSet<&str> = parts.iter().filter_map(|(siren, _)| *siren).collect();
        // Deposits first, by SIREN.
        let mut sorted: Vec<&(Option<&str>, &PathBuf)> = parts.iter().collect();
        sorted.sort_by_key(|(siren, _)| (siren.is_none(), *siren));
        let (mut tables, mut rows) = (Vec::new(), Vec::new());
        for (siren, path) in sorted {
            let t = Self::read(path, &wanted)?;
            rows.push((*siren, t.hashes("ident_rep")?, t.texts("siren")?));
            tables.push(t);
        }
        if POINT.iter().all(|c| columns.contains(c))
            && let Some((general, deposits)) = tables.split_last_mut()
            && rows.last().is_some_and(|(siren, ..)| siren.is_none())
        {
            let idents: Vec<&[u64]> = rows.iter().map(|(_, idents, _)| idents.as_slice()).collect();
            Self::keep_points(deposits, general, &idents)?;
        }
        let deposits: Vec<Deposit<'_>> =
            rows.iter().filter_map(|(siren, idents, _)| Some(((*siren)?, idents.as_slice()))).collect();
        let register = rows.iter().find(|(siren, ..)| siren.is_none());
        let keepers = keepers(register.map(|(_, idents, sirens)| (idents.as_slice(), sirens)), &deposits);
        let mut whole: Option<Self> = None;
        for (mut t, (siren, idents, sirens)) in tables.into_iter().zip(&rows) {
            let keeps = |row: usize| {
                let of = siren.unwrap_or_else(|| sirens.get(row));
                (siren.is_some() || !owners.contains(of))
                    && keepers.get(&idents[row]).is_none_or(|keeper| *keeper == of)
            };
            let keep: Vec<bool> = (0..t.rows()).map(keeps).collect();
            let fault = |source| StockError::Table { name: t.name.clone(), source };
            let kept =
                t.frame.filter(&BooleanChunked::from_slice(PlSmallStr::EMPTY, &keep)).map_err(fault)?;
            t.frame = kept.select(wanted.iter().copied()).map_err(fault)?;
            whole = Some(match whole {
                None => t,
                Some(mut w) => {
                    w.frame = w.frame.vstack(&t.frame).map_err(fault)?;
                    w
                }
            });
        }
        whole.ok_or_else(|| StockError::Table {
            name: String::new(),
            source: PolarsError::NoData("aucune table".into()),
        })
    }

    /// Dwellings that a deposit files without a point keep that of the general file, if it has the same
    /// number at the same address: the collection file of bailleurs has no points. `idents`: numbers of
    /// rows of each deposit, then of the general file.
    fn keep_points(deposits: &mut [Self], general: &Self, idents: &[&[u64]]) -> Result<(), StockError> {
        let lacks = |t: &Self| t.f64s("lon").map(|lon| lon.iter().any(|x| x.is_nan()));
        let mut known: hashbrown::HashMap<u64, usize, FxBuildHasher> = hashbrown::HashMap::default();
        let (lon, lat, quality) = (general.f64s("lon")?, general.f64s("lat")?, general.column("qualite")?);
        let (quality, address) = (quality.u8().map_err(general.fault())?, general.texts("adresse")?);
        for (table, numbers) in deposits.iter_mut().zip(idents) {
            if !lacks(table)? {
                continue;
            }
            if known.is_empty() {
                let own = idents.last().copied().unwrap_or_default();
                let placed = own.iter().enumerate().filter(|(row, n)| **n != 0 && lon[*row].is_finite());
                known = placed.map(|(row, n)| (*n, row)).collect();
            }
            let (mut x, mut y, there) = (table.f64s("lon")?, table.f64s("lat")?, table.texts("adresse")?);
            let mut of: Vec<Option<u8>> =
                table.column("qualite")?.u8().map_err(table.fault())?.iter().collect();
            for row in (0..x.len()).filter(|row| x[*row].is_nan()).collect::<Vec<_>>() {
                let same = known.get(&numbers[row]).filter(|at| address.get(**at) == there.get(row));
                if let Some(&at) = same {
                    (x[row], y[row], of[row]) = (lon[at], lat[at], quality.get(at));
                }
            }
            let columns = [
                Column::new("lon".into(), x),
                Column::new("lat".into(), y),
                Column::new("qualite".into(), of),
            ];
            for column in columns {
                let fault = |source| StockError::Table { name: table.name.clone(), source };
                let frame = table.frame.with_column(column).map(|_| ());
                frame.map_err(fault)?;
            }
        }
        Ok(())
    }

    /// The same rows as polars has them, to be written.
    pub(super) fn into_frame(self) -> DataFrame {
        self.frame
    }

    /// Rows that were made otherwise than from a file.
    pub(super) fn of_frame(name: &str, frame: DataFrame) -> Self {
        Self { name: name.to_owned(), frame }
    }

    pub fn rows(&self) -> usize {
        self.frame.height()
    }

    fn column(&self, name: &str) -> Result<&Column, StockError> {
        self.frame.column(name).map_err(|source| StockError::Table { name: self.name.clone(), source })
    }

    fn fault(&self) -> impl Fn(PolarsError) -> StockError + '_ {
        |source| StockError::Table { name: self.name.clone(), source }
    }

    pub fn u8s(&self, name: &str) -> Result<Vec<u8>, StockError> {
        Ok(self.column(name)?.u8().map_err(self.fault())?.iter().map(Option::unwrap_or_default).collect())
    }

    /// As [`Self::u8s`], 255 where missing: for numbers that may be 0.
    pub fn u8s_or_255(&self, name: &str) -> Result<Vec<u8>, StockError> {
        Ok(self.column(name)?.u8().map_err(self.fault())?.iter().map(|v| v.unwrap_or(255)).collect())
    }

    /// False where missing.
    pub fn flags(&self, name: &str) -> Result<Vec<bool>, StockError> {
        Ok(self.column(name)?.bool().map_err(self.fault())?.iter().map(Option::unwrap_or_default).collect())
    }

    pub fn u16s(&self, name: &str) -> Result<Vec<u16>, StockError> {
        Ok(self.column(name)?.u16().map_err(self.fault())?.iter().map(Option::unwrap_or_default).collect())
    }

    pub fn u32s(&self, name: &str) -> Result<Vec<u32>, StockError> {
        Ok(self.column(name)?.u32().map_err(self.fault())?.iter().map(Option::unwrap_or_default).collect())
    }

    pub fn u64s(&self, name: &str) -> Result<Vec<u64>, StockError> {
        Ok(self.column(name)?.u64().map_err(self.fault())?.iter().map(Option::unwrap_or_default).collect())
    }

    pub fn f64s(&self, name: &str) -> Result<Vec<f64>, StockError> {
        Ok(self.column(name)?.f64().map_err(self.fault())?.iter().map(|v| v.unwrap_or(f64::NAN)).collect())
    }

    /// Whole numbers that may be negative or 0; NaN where missing.
    pub fn i32s_or_nan(&self, name: &str) -> Result<Vec<f64>, StockError> {
        let list = self.column(name)?.i32().map_err(self.fault())?;
        Ok(list.iter().map(|v| v.map_or(f64::NAN, f64::from)).collect())
    }

    pub fn f32s(&self, name: &str) -> Result<Vec<f32>, StockError> {
        Ok(self.column(name)?.f32().map_err(self.fault())?.iter().map(|v| v.unwrap_or(f32::NAN)).collect())
    }

    /// Texts, numbered: the number of each row's text in the list; `u32::MAX` where missing.
    pub fn texts(&self, name: &str) -> Result<Texts, StockError> {
        let column = self.column(name)?.str().map_err(self.fault())?;
        let mut index: hashbrown::HashMap<&str, u32, rustc_hash::FxBuildHasher> =
            hashbrown::HashMap::default();
        let mut list: Vec<String> = Vec::new();
        let mut of = Vec::with_capacity(column.len());
        let mut last: (Option<&str>, u32) = (None, u32::MAX);
        for value in column.iter() {
            let value = value.filter(|v| !v.is_empty());
            if value != last.0 || value.is_none() {
                let number = value.map_or(u32::MAX, |v| {
                    *index.entry(v).or_insert_with(|| {
                        list.push(v.to_owned());
                        u32::try_from(list.len() - 1).unwrap_or(u32::MAX)
                    })
                });
                last = (value, number);
            }
            of.push(last.1);
        }
        Ok(Texts { list, of })
    }

    /// Texts of some rows; empty where missing.
    pub fn some_texts(&self, name: &str, rows: &[usize]) -> Result<Vec<String>, StockError> {
        let column = self.column(name)?.str().map_err(self.fault())?;
        Ok(rows.iter().map(|r| column.get(*r).unwrap_or("").to_owned()).collect())
    }

    /// Hash of each row's text; 0 where missing. For keys that are only compared.
    pub fn hashes(&self, name: &str) -> Result<Vec<u64>, StockError> {
        let column = self.column(name)?.str().map_err(self.fault())?;
        Ok(column.iter().map(|v| v.filter(|v| !v.is_empty()).map_or(0, hash)).collect())
    }
}

/// A 64-bit hash that is the same on every run.
pub fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hasher};
    let mut h = DefaultHasher::new();
    h.write(text.as_bytes());
    h.finish().max(1)
}

/// A column of texts with many repeats.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    pub list: Vec<String>,
    pub of: Vec<u32>,
}

impl Texts {
    /// Text of a row; empty if missing.
    pub fn get(&self, row: usize) -> &str {
        self.list.get(self.of[row] as usize).map_or("", String::as_str)
    }

    /// Changes the text of a row. `known` remembers numbers of texts; it may serve several columns.
    pub fn set(&mut self, row: usize, text: &str, known: &mut hashbrown::HashMap<String, u32>) {
        if text.is_empty() {
            self.of[row] = u32::MAX;
            return;
        }
        let there =
            known.get(text).copied().filter(|n| self.list.get(*n as usize).is_some_and(|t| t == text));
        let number = there.unwrap_or_else(|| {
            let place = self.list.iter().position(|t| t == text).unwrap_or_else(|| {
                self.list.push(text.to_owned());
                self.list.len() - 1
            });
            u32::try_from(place).unwrap_or(u32::MAX)
        });
        known.insert(text.to_owned(), number);
        self.of[row] = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_an_earlier_version_did_not_write_is_not_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("logements.parquet");
        let write = |mut frame: DataFrame| {
            ParquetWriter::new(File::create(&path).unwrap()).finish(&mut frame).unwrap();
        };
        let siren = Column::new("siren".into(), ["1", "2", "2"]);
        write(DataFrame::new(3, vec![siren.clone()]).unwrap());
        let all = Table::read(&path, &["siren", "sru_expir"]).unwrap();
        assert_eq!(all.u16s("sru_expir").unwrap(), [0, 0, 0]);
        let own = Table::of_owner(&path, "2", &["siren", "sru_expir"]).unwrap();
        assert_eq!((own.rows(), own.u16s("sru_expir").unwrap()), (2, vec![0, 0]));
        assert!(Table::read(&path, &["loyer"]).is_err(), "any other column must be there");
        write(DataFrame::new(3, vec![siren, Column::new("sru_expir".into(), [2030u16, 0, 2040])]).unwrap());
        assert_eq!(Table::read(&path, &["sru_expir"]).unwrap().u16s("sru_expir").unwrap(), [2030, 0, 2040]);
    }
}
