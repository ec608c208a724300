//! The interface as the web application knows it is the interface as the code has it.
//! `UPDATE=1` writes the file instead of comparing.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

#[test]
fn the_document_of_the_web_application_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/src/api/openapi.json");
    let mut now = mosaique::server::document().to_pretty_json().unwrap();
    now.push('\n');
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &now).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = now.lines().zip(kept.lines()).position(|(a, b)| a != b).unwrap_or(kept.lines().count());
    assert!(now == kept, "web/src/api/openapi.json differs from line {}: run `make bless`", differs + 1);
}

/// Operations of the document: where each is, and what it says.
fn operations(document: &Value) -> Vec<(String, Value)> {
    let mut out = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            out.push((format!("{method} {path}"), operation.clone()));
        }
    }
    assert!(out.len() > 100);
    out
}

fn document() -> Value {
    serde_json::to_value(mosaique::server::document()).unwrap()
}

#[test]
fn every_operation_has_a_rule_and_every_rule_an_operation() {
    let document = document();
    let id = |operation: &Value| operation["operationId"].as_str().map(str::to_owned);
    let mut ids: BTreeSet<String> = operations(&document).iter().filter_map(|(_, o)| id(o)).collect();
    // The description does not describe itself.
    ids.insert("openapi".to_owned());
    for id in &ids {
        assert!(mosaique::access::level(id).is_some(), "« {id} » has no rule in data/access.toml");
    }
    let data = mosaique::reference::access::access();
    for id in data.operations.keys().chain(&data.lectures).chain(&data.par_session) {
        assert!(ids.contains(id), "data/access.toml names « {id} », which is no operation");
    }
}

#[test]
fn every_answer_says_what_it_is() {
    for (at, operation) in operations(&document()) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let words = response["description"].as_str().unwrap_or_default();
            assert!(words.len() > 3, "{at}: {status} has no description");
        }
    }
}

#[test]
fn every_operation_says_who_may_call_it_and_its_group_is_declared() {
    let document = document();
    let declared: Vec<&str> =
        document["tags"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    for (at, operation) in operations(&document) {
        let ways = operation["security"].as_array().unwrap_or_else(|| panic!("{at}: no security"));
        let named = |name: &str| ways.iter().any(|w| w.get(name).is_some());
        assert!(ways.iter().all(|w| w.as_object().unwrap().keys().all(|k| schemes.contains_key(k))), "{at}");
        assert!(named("session"), "{at}");
        let open = ways.iter().any(|w| w.as_object().unwrap().is_empty());
        assert!(open || operation["responses"]["401"].is_object(), "{at}: who is nobody is told nothing");
        for tag in operation["tags"].as_array().unwrap() {
            assert!(declared.contains(&tag.as_str().unwrap()), "{at}: {tag}");
        }
    }
    let way = |id: &str| {
        let all = operations(&document);
        all.into_iter().find(|(_, o)| o["operationId"] == id).unwrap().1["security"].to_string()
    };
    assert!(way("catalogue").contains("{}") && way("catalogue").contains("jeton_mot_de_passe"));
    assert!(!way("mixite").contains("{}"));
    assert!(!way("jeton_creer").contains("jeton"), "a token makes no other");
}
