//! Faults of this interface: a code that programs know, a sentence for people.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::problem::Problem;
use crate::reference::limites::limits;

/// Why a request cannot be answered.
#[derive(Debug, Clone)]
pub struct Fault {
    status: StatusCode,
    description: String,
}

/// Une erreur d'OGC API.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErreurOgc)]
pub struct Document {
    /// `InvalidParameterValue`, `NotFound`, `NotAuthorized`, `Forbidden`, `ServerError`.
    code: &'static str,
    /// Ce qui ne va pas et que faire, en une phrase.
    description: String,
}

impl Fault {
    /// A parameter holds what cannot be used.
    #[must_use]
    pub fn value(name: &str, why: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, description: format!("{name} : {why}") }
    }

    #[must_use]
    pub fn absent(what: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, description: what.into() }
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self { status: problem.status(), description: problem.told() }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let code = match self.status {
            StatusCode::NOT_FOUND => "NotFound",
            StatusCode::UNAUTHORIZED => "NotAuthorized",
            StatusCode::FORBIDDEN => "Forbidden",
            s if s.is_client_error() => "InvalidParameterValue",
            _ => "ServerError",
        };
        let body = axum::Json(Document { code, description: self.description });
        let mut response = (self.status, body).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, limits().requetes.revenir_s.into());
        }
        response
    }
}
