//! The address that clients know this server by: several of them read no link that does not begin with it.

use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;

use crate::server::app::Server;

/// `https://host[:port]`, without a slash behind.
#[derive(Debug, Clone)]
pub struct Base(pub String);

impl Base {
    /// The absolute address of a path of this server.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Base
where
    Server: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let options = Server::from_ref(state).options;
        if let Some(address) = &options.adresse_publique {
            return Ok(Self(address.clone()));
        }
        let text = |name| parts.headers.get(name).and_then(|v| v.to_str().ok());
        // Only a relay that is declared says how it was called.
        let relayed =
            options.behind_proxy && parts.headers.get("x-forwarded-proto").is_some_and(|v| v == "https");
        let named = text(header::HOST).or_else(|| parts.uri.host()).unwrap_or("localhost");
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]_".contains(c);
        let host = if named.chars().all(plain) { named } else { "localhost" };
        Ok(Self(format!("{}://{host}", if relayed { "https" } else { "http" })))
    }
}
