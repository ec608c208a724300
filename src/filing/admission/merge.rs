//! One table from the rows of a new file and those of former ones that stay.
//!
//! Rows are copied by slices, so that a national table does not have to fit in memory. The column `piece`
//! says of which file a row is, as a place in the list of files of the data set.

use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::*;

use super::AdmissionError;
use crate::reference::magasin::TableRule;
use crate::registers::output::{Output, TableWriter};
use crate::store::Piece;

/// Rows copied at once.
const SLICE: usize = 200_000;
const PIECE: &str = "piece";

/// Rows of a former table that stay.
#[derive(Debug)]
pub(super) struct Kept {
    pub path: PathBuf,
    /// Place of its first file in the list of all.
    pub first: usize,
    pub stays: Vec<bool>,
    pub rows: usize,
}

/// Rewrites the table of `rule` in `folder` with the rows that stay, and sets how many rows each file has;
/// the last piece is that of the new file, the others those of the former tables in their order.
pub(super) fn merge(
    folder: &Path,
    rule: &TableRule,
    kept: &[Kept],
    pieces: &mut [Piece],
) -> Result<(), AdmissionError> {
    let path = folder.join(format!("{}.parquet", rule.fichier));
    let fault = |source: PolarsError| AdmissionError::Table { path: path.clone(), source };
    let last = pieces.len().saturating_sub(1);
    let mut copy =
        Joining { schema: None, out: None, folder, rule, counts: vec![0; pieces.len()], sorted: Vec::new() };
    let new = folder.join(format!("{}-lu.parquet", rule.fichier));
    std::fs::rename(&path, &new).map_err(|source| AdmissionError::Io { path: path.clone(), source })?;
    copy.table(&new, None, last).map_err(fault)?;
    for k in kept {
        copy.table(&k.path, Some(&k.stays), k.first).map_err(fault)?;
    }
    let counts = copy.finish().map_err(fault)?;
    std::fs::remove_file(&new).map_err(|source| AdmissionError::Io { path: new.clone(), source })?;
    for (piece, n) in pieces.iter_mut().zip(counts) {
        piece.lignes = n;
    }
    Ok(())
}

struct Joining<'a> {
    schema: Option<Schema>,
    out: Option<TableWriter>,
    folder: &'a Path,
    rule: &'a TableRule,
    counts: Vec<u64>,
    /// Rows of a table that is kept in an order: small ones only.
    sorted: Vec<DataFrame>,
}

impl Joining<'_> {
    /// Copies rows of a table, of which `stays` says those that do; its pieces are numbered from `first`.
    fn table(&mut self, from: &Path, stays: Option<&Vec<bool>>, first: usize) -> PolarsResult<()> {
        let rows = ParquetReader::new(File::open(from)?).num_rows()?;
        let mut at = 0;
        while at < rows {
            let n = SLICE.min(rows - at);
            let mut frame = ParquetReader::new(File::open(from)?).with_slice(Some((at, n))).finish()?;
            let own: Vec<u16> = match frame.column(PIECE) {
                Ok(c) => c.u16()?.iter().map(Option::unwrap_or_default).collect(),
                Err(_) => vec![0; frame.height()],
            };
            let moved: Vec<u16> =
                own.iter().map(|p| u16::try_from(usize::from(*p) + first).unwrap_or(u16::MAX)).collect();
            frame.with_column(UInt16Chunked::from_vec(PIECE.into(), moved).into_column())?;
            if let Some(stays) = stays {
                let mask = &stays[at..at + frame.height()];
                frame = frame.filter(&BooleanChunked::from_slice(PlSmallStr::EMPTY, mask))?;
            }
            at += n;
            self.add(frame)?;
        }
        Ok(())
    }

    fn add(&mut self, frame: DataFrame) -> PolarsResult<()> {
        let frame = match &self.schema {
            None => {
                self.schema = Some(frame.schema().as_ref().clone());
                frame
            }
            Some(schema) => fitted(&frame, schema)?,
        };
        for piece in frame.column(PIECE)?.u16()?.iter().flatten() {
            if let Some(n) = self.counts.get_mut(usize::from(piece)) {
                *n += 1;
            }
        }
        if !self.rule.trie.is_empty() {
            self.sorted.push(frame);
            return Ok(());
        }
        self.write(&frame)
    }

    fn write(&mut self, frame: &DataFrame) -> PolarsResult<()> {
        if self.out.is_none() {
            self.out = Some(Output::new(self.folder).table(&self.rule.fichier, frame.schema())?);
        }
        match &mut self.out {
            Some(out) if frame.height() > 0 => out.write(frame),
            _ => Ok(()),
        }
    }

    fn finish(mut self) -> PolarsResult<Vec<u64>> {
        let mut parts = std::mem::take(&mut self.sorted).into_iter();
        if let Some(mut whole) = parts.next() {
            for part in parts {
                whole.vstack_mut(&part)?;
            }
            let by: Vec<PlSmallStr> = self.rule.trie.iter().map(|c| c.as_str().into()).collect();
            self.write(&whole.sort(by, SortMultipleOptions::default())?)?;
        }
        if let Some(out) = self.out {
            out.finish()?;
        }
        Ok(self.counts)
    }
}

/// The columns of a schema, in its order: a table of an older version may lack some, which are then empty.
fn fitted(frame: &DataFrame, schema: &Schema) -> PolarsResult<DataFrame> {
    let columns = schema.iter().map(|(name, dtype)| match frame.column(name) {
        Ok(column) if column.dtype() == dtype => Ok(column.clone()),
        Ok(column) => column.cast(dtype),
        Err(_) => Ok(Column::full_null(name.clone(), frame.height(), dtype)),
    });
    DataFrame::new(frame.height(), columns.collect::<PolarsResult<Vec<_>>>()?)
}
