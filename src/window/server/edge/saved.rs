//! The headers of a file that leaves to be saved: what it is, and a name to save it under.

use axum::http::{HeaderName, HeaderValue, header};

use crate::desk::problem::Problem;

/// Headers of an answer that carries a file of a kind.
///
/// # Errors
/// The name has signs that a header cannot hold.
pub fn saved(kind: &'static str, name: &str) -> Result<[(HeaderName, HeaderValue); 2], Problem> {
    let under = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .map_err(|e| Problem::internal(&e))?;
    Ok([(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_DISPOSITION, under)])
}

/// Those of a CSV.
///
/// # Errors
/// As [`saved`].
pub fn csv_headers(name: &str) -> Result<[(HeaderName, HeaderValue); 2], Problem> {
    saved("text/csv; charset=utf-8", name)
}

/// Those of a paper.
///
/// # Errors
/// As [`saved`].
pub fn pdf_headers(name: &str) -> Result<[(HeaderName, HeaderValue); 2], Problem> {
    saved("application/pdf", name)
}
