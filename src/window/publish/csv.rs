//! CSV for a French spreadsheet: `;`, decimal comma, UTF-8 that says so; the names of columns are those of
//! the interface.

use std::io::Write;

use super::PublishError;
use super::table::{Cell, Column, Row, Table, columns};
use crate::french;

/// What makes spreadsheets read a file as UTF-8.
const MARK: &str = "\u{feff}";

/// A file that is being written.
pub struct Pieces<W: Write> {
    inner: csv::Writer<W>,
    columns: Vec<Column>,
    years: (u16, Option<u16>),
}

impl<W: Write> Pieces<W> {
    /// Begins a file of a table's columns.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(mut out: W, first: &Table<'_>) -> Result<Self, PublishError> {
        out.write_all(MARK.as_bytes())?;
        let columns = columns(&first.indicators);
        let mut inner = csv::WriterBuilder::new().delimiter(b';').from_writer(out);
        inner.write_record(columns.iter().map(|c| c.name.as_str()))?;
        Ok(Self { inner, columns, years: (first.millesime, first.vague) })
    }

    /// Adds lines.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add(&mut self, rows: &[Row<'_>]) -> Result<(), PublishError> {
        for row in rows {
            let cells = self.columns.iter().map(|c| match c.cell(row, self.years.0, self.years.1) {
                Cell::Text(text) => inert(text),
                Cell::Badge(letter) => letter.to_string(),
                Cell::Whole(n) => n.to_string(),
                Cell::Number(n) => french::cell(n),
                Cell::Empty => String::new(),
            });
            self.inner.write_record(cells)?;
        }
        Ok(())
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> Result<(), PublishError> {
        Ok(self.inner.flush()?)
    }
}

/// # Errors
/// It cannot be written.
pub fn write(table: &Table<'_>) -> Result<Vec<u8>, PublishError> {
    let mut out = Vec::new();
    let mut pieces = Pieces::new(&mut out, table)?;
    pieces.add(&table.rows)?;
    pieces.finish()?;
    Ok(out)
}

/// What someone wrote, so that no spreadsheet runs it as a formula.
fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
