//! The headers of a CSV that leaves: a name to save it under.

use axum::http::{HeaderName, HeaderValue, header};

use crate::desk::problem::Problem;

/// Headers of the answer that carries it.
///
/// # Errors
/// The name has signs that a header cannot hold.
pub fn csv_headers(name: &str) -> Result<[(HeaderName, HeaderValue); 2], Problem> {
    let saved = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .map_err(|e| Problem::internal(&e))?;
    Ok([
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, saved),
    ])
}
