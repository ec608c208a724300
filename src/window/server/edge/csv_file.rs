//! A CSV that leaves the server for a French spreadsheet: `;`, UTF-8 that says so, a name to save it under.

use axum::http::{HeaderName, HeaderValue, header};

use crate::desk::problem::Problem;

/// What makes spreadsheets read a file as UTF-8.
pub const MARK: &str = "\u{feff}";

/// A writer of such a file.
pub fn writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().delimiter(b';').from_writer(MARK.as_bytes().to_vec())
}

/// What was written.
///
/// # Errors
/// The last lines cannot be added.
pub fn bytes(writer: csv::Writer<Vec<u8>>) -> Result<Vec<u8>, csv::Error> {
    writer.into_inner().map_err(|e| csv::Error::from(e.into_error()))
}

/// Headers of the answer that carries it.
///
/// # Errors
/// The name has signs that a header cannot hold.
pub fn headers(name: &str) -> Result<[(HeaderName, HeaderValue); 2], Problem> {
    let saved = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .map_err(|e| Problem::internal(&e))?;
    Ok([
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, saved),
    ])
}

/// What a user wrote, so that no spreadsheet runs it as a formula.
pub fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
