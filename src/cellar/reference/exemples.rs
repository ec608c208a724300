//! `data/exemples.json`: a request of each operation of the interface, with the answer that a small
//! territory gave.
//!
//! Tests send each request again and compare (`tests/api/examples.rs`, which also writes the file).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

static DATA: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    // The compiled-in file is written by a program; a test reads each entry.
    serde_json::from_str(include_str!("../../../data/exemples.json")).unwrap_or_default()
});

/// The example of an operation: `adresse`, `corps` (null without), `type` and `reponse`.
#[must_use]
pub fn example(operation: &str) -> Option<&'static Value> {
    DATA.get(operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_example_is_a_request_and_its_answer() {
        assert!(!DATA.is_empty(), "data/exemples.json is no object of objects");
        for (operation, e) in DATA.iter() {
            assert!(e["adresse"].as_str().is_some_and(|a| a.starts_with('/')), "{operation}");
            assert!(e["type"].is_string() && !e["reponse"].is_null(), "{operation}");
        }
    }
}
