//! Reading requests: query parameters, none of which is ignored in silence, and JSON bodies.

use std::collections::BTreeMap;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::header;
use axum::http::request::Parts;
use jiff::civil::Date;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// Largest body that is read, in bytes.
pub const BODY_LIMIT: usize = 10_000_000;

/// The query parameters of a request. Handlers take what they know; [`Params::finish`] refuses the rest.
#[derive(Debug, Default)]
pub struct Params {
    map: BTreeMap<String, String>,
    known: Vec<&'static str>,
}

impl Params {
    /// Takes a parameter; an empty one is as good as none.
    pub fn take(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        self.map.remove(name).filter(|v| !v.is_empty())
    }

    /// Takes a parameter that must be given; `what` says what it is.
    ///
    /// # Errors
    /// It is not given.
    pub fn required(&mut self, name: &'static str, what: &str) -> Result<String, Problem> {
        self.take(name).ok_or_else(|| Problem::missing(name, what))
    }

    /// Takes a parameter that is a number.
    ///
    /// # Errors
    /// It is something else.
    pub fn number<T: FromStr>(&mut self, name: &'static str) -> Result<Option<T>, Problem> {
        self.take(name)
            .map(|v| {
                let plain = v.trim().replace(',', ".");
                plain.parse().map_err(|_| {
                    Problem::value(
                        name,
                        &v,
                        format!("« {v} » n'est pas un nombre acceptable pour « {name} »."),
                    )
                })
            })
            .transpose()
    }

    /// Takes a list separated by commas.
    pub fn list(&mut self, name: &'static str) -> Option<Vec<String>> {
        self.take(name)
            .map(|v| v.split(',').map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect())
    }

    /// Refuses what nobody took.
    ///
    /// # Errors
    /// A parameter has a name that nothing here reads.
    pub fn finish(self) -> Result<(), Problem> {
        match self.map.into_iter().next() {
            None => Ok(()),
            Some((name, value)) => {
                let detail = format!(
                    "Le paramètre « {name} » n'existe pas ici. Paramètres acceptés : {}.",
                    self.known.join(", ")
                );
                Err(Problem {
                    acceptees: Some(self.known.iter().map(|k| (*k).to_owned()).collect()),
                    ..Problem::value(&name, &value, detail)
                })
            }
        }
    }
}

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
        Ok(Self { map, known: Vec::new() })
    }
}

/// The name of a file without folders nor control characters, of so many characters at most.
pub fn file_name(name: &str, most: usize) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or("").chars().filter(|c| !c.is_control()).take(most).collect()
}

/// A day as a request writes it.
///
/// # Errors
/// It is not `YYYY-MM-DD`, or no such day exists.
pub fn day(champ: &str, text: &str) -> Result<Date, Problem> {
    text.trim().parse().map_err(|_| Problem::value(champ, text, NO_DAY))
}

/// What is said of a day that cannot be read.
pub const NO_DAY: &str = "Une date s'écrit AAAA-MM-JJ, par exemple 2026-12-31.";

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

/// Checks a name or title that a person typed.
pub fn name<'a>(champ: &str, text: &'a str) -> Result<&'a str, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 120 || text.chars().any(char::is_control) {
        return Err(Problem::value(champ, text, "Un nom a de 1 à 120 caractères, sans retour à la ligne."));
    }
    Ok(text)
}
