//! OGC API – Features and Tiles: scales as collections, figures as typed properties, for mapping programs.
//!
//! It stands on the same desk as everything else (`desk::figures`), and has its own answers: links that
//! are absolute, pages whose `next` grows, one type a column whatever its first values, and its own faults.
//! What real clients did with other choices is told where each is made.

mod api;
pub mod collections;
pub mod crs;
mod fault;
mod html;
pub mod id;
pub mod items;
mod order;
pub mod schemas;
pub mod tilesets;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

pub use self::fault::{Document, Fault};
use crate::desk::params::Params;
use crate::server::edge::base::Base;

/// Root of this interface.
pub const ROOT: &str = "/ogc";

/// What an answer is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Json,
    Html,
}

/// What is asked for: `f`, else what the client prefers. A browser asks for pages first.
pub fn written(params: &mut Params, headers: &HeaderMap) -> Result<Written, Fault> {
    match params.take("f").as_deref() {
        Some("json" | "geojson") => Ok(Written::Json),
        Some("html") => Ok(Written::Html),
        Some(other) => Err(Fault::value("f", &format!("« {other} » : écrivez json ou html."))),
        None => {
            let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("");
            Ok(if accept.trim_start().starts_with("text/html") { Written::Html } else { Written::Json })
        }
    }
}

/// A link as every answer gives them.
#[must_use]
pub fn link(href: &str, rel: &str, kind: &str, title: &str) -> Value {
    json!({"href": href, "rel": rel, "type": kind, "title": title})
}

/// JSON of a kind of its own.
pub fn json_of(kind: &'static str, value: &Value) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], value.to_string()).into_response()
}

/// Links to an answer itself and to its other form.
#[must_use]
pub fn selves(base: &Base, path: &str, written: Written) -> Vec<Value> {
    let href = base.join(path);
    let (json, html) = match written {
        Written::Json => ("self", "alternate"),
        Written::Html => ("alternate", "self"),
    };
    vec![
        link(&format!("{href}?f=json"), json, "application/json", "Ce document en JSON"),
        link(&format!("{href}?f=html"), html, "text/html", "Ce document en page"),
    ]
}
