//! Sends what is kept compressed: tiles and answers, or the word that the client has them.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::accept::accepts_gzip;
use crate::desk::kept::Kept;
use crate::desk::problem::Problem;
use crate::mvt::cache::Encoded;
use crate::reference::access::Class;

/// Sends bytes as they are kept, or says that the client has them.
///
/// # Errors
/// They cannot be unpacked for a client that does not read gzip.
pub fn respond(kept: &Encoded, kind: HeaderValue, headers: &HeaderMap) -> Result<Response, Problem> {
    let etag = HeaderValue::from_str(&kept.etag).map_err(|e| Problem::internal(&e))?;
    let marks = [(header::ETAG, etag), (header::VARY, HeaderValue::from_static("accept-encoding"))];
    let text = |name| headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok()).unwrap_or("");
    if text(header::IF_NONE_MATCH).split(',').any(|t| t.trim().trim_start_matches("W/") == &*kept.etag) {
        return Ok((StatusCode::NOT_MODIFIED, marks).into_response());
    }
    let kind = [(header::CONTENT_TYPE, kind)];
    if accepts_gzip(text(header::ACCEPT_ENCODING)) {
        let encoding = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
        return Ok((marks, kind, encoding, kept.gzip.clone()).into_response());
    }
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&kept.gzip[..]), &mut plain)
        .map_err(|e| Problem::internal(&e))?;
    Ok((marks, kind, plain).into_response())
}

/// Sends an answer, or says that the client has it. What is of a wide class may stay in the browser of who
/// asked, which asks again each time; anything finer may not (`guard::keep_private`).
///
/// # Errors
/// It cannot be read back.
pub fn answer(kept: &Kept, class: Class, headers: &HeaderMap) -> Result<Response, Problem> {
    let mut response = respond(&kept.encoded, HeaderValue::from_static("application/json"), headers)?;
    if class == Class::Large {
        let keeping = HeaderValue::from_static("private, no-cache");
        response.headers_mut().insert(header::CACHE_CONTROL, keeping);
    }
    Ok(response)
}
