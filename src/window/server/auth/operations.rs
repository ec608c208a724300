//! Which operation of the interface a request is, from the generated description: a route that it does not
//! describe is nobody's.

use std::collections::{HashMap, HashSet};

use axum::http::Method;
use utoipa::openapi::OpenApi;

/// Operations by path of the router and method.
#[derive(Debug)]
pub struct Operations {
    by_route: HashMap<(String, Method), String>,
    paths: HashSet<String>,
}

/// What a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked<'a> {
    Operation(&'a str),
    /// A path of the interface, by a method that it does not have.
    NoMethod,
    /// A route that is not described.
    Unknown,
}

/// The path of the router for a path of the description: names with a suffix are one segment to the router.
fn route(path: &str) -> String {
    path.replace("{couche}.json", "{couche}").replace("{y}.mvt", "{y}")
}

impl Operations {
    #[must_use]
    pub fn new(document: &OpenApi) -> Self {
        let mut by_route = HashMap::new();
        for (path, item) in &document.paths.paths {
            let methods = [
                (Method::GET, &item.get),
                (Method::POST, &item.post),
                (Method::PUT, &item.put),
                (Method::PATCH, &item.patch),
                (Method::DELETE, &item.delete),
            ];
            for (method, operation) in methods {
                if let Some(id) = operation.as_ref().and_then(|o| o.operation_id.clone()) {
                    by_route.insert((route(path), method), id);
                }
            }
        }
        // The description itself, which does not describe itself.
        for path in ["/api/openapi.json", "/api/documentation"] {
            by_route.insert((path.to_owned(), Method::GET), "openapi".to_owned());
        }
        let paths = by_route.keys().map(|(path, _)| path.clone()).collect();
        Self { by_route, paths }
    }

    /// What a request is, by the path that the router matched.
    #[must_use]
    pub fn find(&self, path: &str, method: &Method) -> Asked<'_> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        // The same operation with a slash behind, as clients of the BAN API write it.
        let path = path.strip_suffix('/').unwrap_or(path);
        match self.by_route.get(&(path.to_owned(), method.clone())) {
            Some(id) => Asked::Operation(id),
            None if self.paths.contains(path) => Asked::NoMethod,
            None => Asked::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    // A description of three routes: that of the program would pull every handler into this test program.
    #[test]
    fn a_route_is_found_by_what_the_router_matched() {
        let get = |id: &str| json!({ "get": { "operationId": id, "responses": {} } });
        let document = json!({
            "openapi": "3.1.0",
            "info": { "title": "", "version": "" },
            "paths": {
                "/tiles/{couche}/{z}/{x}/{y}.mvt": get("tuile"),
                "/tiles/{couche}.json": get("tilejson"),
                "/search": get("adresse_chercher"),
                "/api/mesure": { "post": { "operationId": "mesure", "responses": {} } },
            },
        });
        let operations = Operations::new(&serde_json::from_value(document).unwrap());
        assert_eq!(operations.find("/tiles/{couche}/{z}/{x}/{y}", &Method::GET), Asked::Operation("tuile"));
        assert_eq!(operations.find("/tiles/{couche}", &Method::HEAD), Asked::Operation("tilejson"));
        assert_eq!(operations.find("/search/", &Method::GET), Asked::Operation("adresse_chercher"));
        assert_eq!(operations.find("/api/mesure", &Method::GET), Asked::NoMethod);
        assert_eq!(operations.find("/api/mesure", &Method::POST), Asked::Operation("mesure"));
        assert_eq!(operations.find("/api/openapi.json", &Method::GET), Asked::Operation("openapi"));
        assert_eq!(operations.find("/api/nouvelle", &Method::GET), Asked::Unknown);
    }
}
