//! A BAN API that answers instead of the imported addresses: questions are passed on, answers come back as
//! they are.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use openidconnect::reqwest;

use crate::desk::problem::Problem;
use crate::geocode::Query;
use crate::reference::geocodage::geocodage;

/// Longest wait for an answer.
const WAIT: Duration = Duration::from_secs(50);

/// The API.
#[derive(Debug, Clone)]
pub struct Remote {
    base: reqwest::Url,
    http: reqwest::Client,
}

/// Why the address of the API cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("API BAN distante « {base} » (MOSAIQUE_BAN_URL ou data/geocodage.toml) : {message}")]
pub struct RemoteError {
    base: String,
    message: String,
}

/// The address that the environment or the data name, if they do.
#[must_use]
pub fn configured() -> Option<String> {
    std::env::var("MOSAIQUE_BAN_URL")
        .ok()
        .or_else(|| Some(geocodage().distant.clone()))
        .filter(|u| !u.trim().is_empty())
}

impl Remote {
    /// # Errors
    /// `base` is no http address.
    pub fn new(base: &str) -> Result<Self, RemoteError> {
        let fault = |message: String| RemoteError { base: base.to_owned(), message };
        // Paths are added behind it.
        let url = reqwest::Url::parse(&format!("{}/", base.trim().trim_end_matches('/')))
            .map_err(|e| fault(e.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(fault("une adresse http ou https est attendue".to_owned()));
        }
        let http = reqwest::ClientBuilder::new()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(WAIT)
            .build()
            .map_err(|e| fault(e.to_string()))?;
        Ok(Self { base: url, http })
    }

    fn url(&self, path: &str) -> Result<reqwest::Url, Problem> {
        self.base.join(path).map_err(|e| Problem::internal(&e))
    }

    /// # Errors
    /// The API does not answer.
    pub async fn search(&self, query: &Query) -> Result<Response, Problem> {
        let mut url = self.url("search")?;
        url.query_pairs_mut()
            .append_pair("q", &query.text)
            .append_pair("autocomplete", if query.autocomplete { "1" } else { "0" });
        if let Some([lon, lat]) = query.near {
            url.query_pairs_mut().append_pair("lon", &lon.to_string()).append_pair("lat", &lat.to_string());
        }
        filters(&mut url, query);
        self.send(self.http.get(url)).await
    }

    /// # Errors
    /// The API does not answer.
    pub async fn reverse(&self, at: [f64; 2], query: &Query) -> Result<Response, Problem> {
        let mut url = self.url("reverse")?;
        url.query_pairs_mut().append_pair("lon", &at[0].to_string()).append_pair("lat", &at[1].to_string());
        filters(&mut url, query);
        self.send(self.http.get(url)).await
    }

    /// Passes a form on as it came; `kind`: its content type, with its boundary.
    ///
    /// # Errors
    /// The API does not answer.
    pub async fn csv(&self, path: &str, kind: &HeaderValue, form: Bytes) -> Result<Response, Problem> {
        let kind = kind.to_str().map_err(|_| Problem::media_type("multipart/form-data"))?;
        if !kind.starts_with("multipart/form-data") {
            return Err(Problem::media_type("multipart/form-data"));
        }
        self.send(self.http.post(self.url(path)?).header("content-type", kind).body(form.to_vec())).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Response, Problem> {
        let lost = |e: reqwest::Error| Problem::remote(&e);
        let answer = request.send().await.map_err(lost)?;
        let status = StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
        if status.is_server_error() {
            return Err(Problem::remote(&status));
        }
        let kind = answer
            .headers()
            .get("content-type")
            .and_then(|v| v.to_str().ok())
            .and_then(|v| HeaderValue::from_str(v).ok());
        let body = answer.bytes().await.map_err(lost)?;
        let kind = kind.unwrap_or_else(|| HeaderValue::from_static("application/json"));
        Ok((status, [(header::CONTENT_TYPE, kind)], body).into_response())
    }
}

fn filters(url: &mut reqwest::Url, query: &Query) {
    let mut pairs = url.query_pairs_mut();
    pairs.append_pair("limit", &query.limit.to_string());
    let kind = query.kind.map(|k| k.id().to_owned());
    for (name, value) in
        [("type", kind), ("postcode", query.postcode.clone()), ("citycode", query.citycode.clone())]
    {
        if let Some(value) = value {
            pairs.append_pair(name, &value);
        }
    }
}
