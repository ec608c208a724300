//! CSV for a French spreadsheet: `;`, decimal comma, UTF-8 that says so; the names of columns are those of
//! the interface.

use super::PublishError;
use super::table::{Cell, Table, columns};

/// What makes spreadsheets read a file as UTF-8.
const MARK: &str = "\u{feff}";

/// # Errors
/// It cannot be written.
pub fn write(table: &Table<'_>) -> Result<Vec<u8>, PublishError> {
    let columns = columns(&table.indicators);
    let mut out = csv::WriterBuilder::new().delimiter(b';').from_writer(MARK.as_bytes().to_vec());
    out.write_record(columns.iter().map(|c| c.name.as_str()))?;
    for row in &table.rows {
        let cells = columns.iter().map(|c| match c.cell(row, table.millesime, table.vague) {
            Cell::Text(text) => inert(text),
            Cell::Badge(letter) => letter.to_string(),
            Cell::Whole(n) => n.to_string(),
            Cell::Number(n) => n.to_string().replace('.', ","),
            Cell::Empty => String::new(),
        });
        out.write_record(cells)?;
    }
    Ok(out.into_inner().map_err(|e| csv::Error::from(e.into_error()))?)
}

/// What someone wrote, so that no spreadsheet runs it as a formula.
fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
