//! `GET /api/openapi.json` and `/api/documentation`: the interface, generated from the handlers, for
//! programs and for people.

mod complete;
mod examples;
mod page;

pub use self::complete::complete;

use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;

/// What is not a handler of its own in the router's list: the title, and the two routes whose names have a
/// suffix.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "mosaïque",
        description = "Occupation du parc social : RPLS × OPS. Un chiffre secret a `valeur: null` et `secret: true`, jamais 0. \
            Les erreurs sont des documents RFC 9457 (`application/problem+json`).",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(crate::server::api::figures::tiles::tilejson, crate::server::api::figures::tiles::tile)
)]
pub struct Description;

/// The document as it is sent.
#[derive(Debug, Clone)]
pub struct Served(Bytes);

impl Served {
    pub fn new(document: &utoipa::openapi::OpenApi) -> Self {
        // A document made of strings and maps always serialises; an empty body would show the fault at once.
        Self(document.to_pretty_json().unwrap_or_default().into())
    }
}

pub async fn openapi(document: Served) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], document.0).into_response()
}

/// The same as a page.
#[derive(Debug, Clone)]
pub struct Page(Bytes);

impl Page {
    pub fn new(document: &utoipa::openapi::OpenApi) -> Self {
        // As above: a document that is empty would show.
        Self(page::page(&serde_json::to_value(document).unwrap_or_default()).into())
    }
}

pub async fn documentation(page: Page) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], page.0).into_response()
}
