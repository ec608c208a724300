//! What a request brings: query parameters and bodies, JSON, CSV or a file.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::header;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::desk::params::Params;
use crate::desk::problem::Problem;

/// Largest body that is read, in bytes.
pub const BODY_LIMIT: usize = 10_000_000;

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or("");
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(|e| {
            Problem::value("requête", query, format!("Les paramètres sont illisibles : {e}."))
        })?;
        let mut map = BTreeMap::new();
        for (name, value) in pairs {
            if map.contains_key(&name) {
                let detail = format!(
                    "Le paramètre « {name} » est donné deux fois ; séparez plusieurs codes par des virgules."
                );
                return Err(Problem::value(&name, &value, detail));
            }
            map.insert(name, value);
        }
        Ok(Self::new(map))
    }
}

/// A body read as JSON.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        require_type(&request, &["application/json", "application/geo+json"], "application/json")?;
        let bytes = read(request, state).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|e| {
            Problem::body(format!(
                "Le corps n'est pas le JSON attendu (ligne {}, colonne {}) : {e}.",
                e.line(),
                e.column()
            ))
        })
    }
}

/// A body read as CSV text, as it came.
#[derive(Debug)]
pub struct CsvBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for CsvBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        require_type(&request, &["text/csv", "text/plain", "application/octet-stream"], "text/csv")?;
        read(request, state).await.map(Self)
    }
}

/// A small file, as it came.
#[derive(Debug)]
pub struct FileBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for FileBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        require_type(&request, &["application/octet-stream"], "application/octet-stream")?;
        read(request, state).await.map(Self)
    }
}

/// Refuses a body that says to be something else; a browser cannot send these types to another site without
/// asking.
fn require_type(request: &Request, accepted: &[&str], expected: &str) -> Result<(), Problem> {
    let given = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let essence = given.split(';').next().unwrap_or("").trim();
    if accepted.iter().any(|a| a.eq_ignore_ascii_case(essence)) {
        Ok(())
    } else {
        Err(Problem::media_type(expected))
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|e| {
        if e.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
            Problem::too_large(BODY_LIMIT)
        } else {
            Problem::body("La requête s'est interrompue avant la fin.")
        }
    })
}
