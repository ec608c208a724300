//! Puts the example of each operation into the document: in the operation for people, at its body and its
//! answer for programs.

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::Operation;

use crate::reference::exemples::example;

/// Name of the whole example in the document.
const WHOLE: &str = "x-exemple";

/// Adds what is known of an operation.
pub fn add(operation: &mut Operation) {
    let Some(told) = operation.operation_id.as_deref().and_then(example) else { return };
    operation.extensions.get_or_insert_default().insert(WHOLE.to_owned(), told.clone());
    let kind = told["type"].as_str().unwrap_or_default();
    if let Some(RefOr::T(answer)) = operation.responses.responses.get_mut("200")
        && let Some(RefOr::T(content)) = answer.content.get_mut(kind)
    {
        content.example = Some(told["reponse"].clone());
    }
    if told["corps"] != Value::Null
        && let Some(RefOr::T(body)) = operation.request_body.as_mut()
        && let Some(RefOr::T(content)) = body.content.get_mut("application/json")
    {
        content.example = Some(told["corps"].clone());
    }
}
