//! A CSV that leaves for a French spreadsheet: `;`, UTF-8 that says so, nothing that runs as a formula.

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

/// What a user wrote, so that no spreadsheet runs it as a formula.
pub fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
