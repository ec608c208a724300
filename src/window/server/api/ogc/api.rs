//! The document of this interface (OpenAPI 3.0): QGIS reads in it how large a page may be, and which
//! properties are parameters.

use serde_json::{Map, Value, json};

use super::id::Collection;
use super::schemas::FILTERS;
use super::{ROOT, crs};
use crate::reference::publication::publication;
use crate::server::edge::base::Base;

fn reference(kind: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{kind}/{name}")})
}

fn answer(words: &str, kind: &str) -> Value {
    json!({"description": words, "content": {kind: {"schema": {"type": "object"}}}})
}

fn operation(id: &str, summary: &str, parameters: &[Value], answers: &Value) -> Value {
    json!({"get": {
        "operationId": id, "summary": summary, "tags": ["ogc"], "parameters": parameters, "responses": answers,
    }})
}

fn parameter(name: &str, words: &str, schema: &Value) -> Value {
    json!({
        "name": name, "in": "query", "required": false, "style": "form", "explode": false, "description": words,
        "schema": schema,
    })
}

/// The whole document, with a path for each collection.
#[must_use]
pub fn document(base: &Base, collections: &[Collection]) -> Value {
    let good =
        |words: &str, kind: &str| json!({"200": answer(words, kind), "400": reference("responses", "Refus")});
    let f = reference("parameters", "f");
    let mut paths = Map::new();
    let plain = [
        ("/", "landing", "Premier document"),
        ("/conformance", "conformance", "Conformité"),
        ("/collections", "collections", "Collections"),
    ];
    for (path, id, words) in plain {
        paths.insert(
            path.into(),
            operation(id, words, std::slice::from_ref(&f), &good(words, "application/json")),
        );
    }
    for collection in collections {
        let id = collection.id();
        let title = collection.title();
        let path = format!("/collections/{id}");
        let answers = good(&title, "application/json");
        paths.insert(
            path.clone(),
            operation(&format!("{id}.collection"), &title, std::slice::from_ref(&f), &answers),
        );
        let names = ["limit", "offset", "bbox", "bbox-crs", "crs", "datetime"];
        let parameters: Vec<Value> = names
            .into_iter()
            .chain(FILTERS.iter().map(|(name, _)| *name))
            .map(|n| reference("parameters", n))
            .chain([f.clone()])
            .collect();
        let answers = good("Une page d'entités", "application/geo+json");
        paths.insert(
            format!("{path}/items"),
            operation(&format!("{id}.items"), &title, &parameters, &answers),
        );
        let code = json!({
            "name": "featureId", "in": "path", "required": true, "description": "Code de la zone", "schema": {"type": "string"},
        });
        let mut answers = good("L'entité", "application/geo+json");
        answers["404"] = reference("responses", "Absent");
        let parameters = [code, reference("parameters", "crs"), f.clone()];
        let one = operation(&format!("{id}.item"), &title, &parameters, &answers);
        paths.insert(format!("{path}/items/{{featureId}}"), one);
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "mosaïque – OGC API", "version": env!("CARGO_PKG_VERSION"),
            "description": "Chiffres du parc social et de son occupation, par zone.",
            "license": {"name": "MIT OR Apache-2.0", "url": "https://opensource.org/license/mit"},
        },
        "servers": [{"url": base.join(ROOT), "description": "Ce serveur"}],
        "tags": [{"name": "ogc", "description": "OGC API – Features"}],
        "security": [{}, {"jeton": []}, {"jeton_mot_de_passe": []}],
        "paths": paths,
        "components": {
            "parameters": parameters(),
            "responses": {
                "Refus": answer("La demande n'est pas acceptable", "application/json"),
                "Absent": answer("Rien de ce nom n'est ouvert", "application/json"),
            },
            "securitySchemes": {
                "jeton": {"type": "http", "scheme": "bearer"},
                "jeton_mot_de_passe": {"type": "http", "scheme": "basic"},
            },
        },
    })
}

/// Parameters by name: QGIS looks for `limit` here and nowhere else.
fn parameters() -> Map<String, Value> {
    let pages = &publication().ogc;
    let text = json!({"type": "string"});
    let system = json!({"type": "string", "format": "uri", "default": crs::CRS84});
    let corners = json!({
        "type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"},
    });
    let count = |least: usize, most: usize, default: usize| {
        json!({
            "type": "integer", "minimum": least, "maximum": most, "default": default,
        })
    };
    let mut all = vec![
        ("f", "Forme de la réponse", json!({"type": "string", "enum": ["json", "html"]})),
        ("limit", "Entités d'une page", count(1, pages.page_max, pages.page)),
        ("offset", "Entités à passer", json!({"type": "integer", "minimum": 0, "default": 0})),
        ("bbox", "Emprise", corners),
        ("bbox-crs", "Système de coordonnées de l'emprise", system.clone()),
        ("crs", "Système de coordonnées des entités", system),
        ("datetime", "Sans effet : le millésime est dans le nom de la collection", text.clone()),
    ];
    all.extend(FILTERS.iter().map(|(name, words)| (*name, *words, text.clone())));
    all.into_iter().map(|(name, words, schema)| (name.to_owned(), parameter(name, words, &schema))).collect()
}
