//! What there is: the first page, what is conformed to, collections, and the document of this interface.

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::id::{self, Collection};
use super::{Document, Fault, ROOT, Written, api, crs, html, json_of, link, selves, written};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::server::api::figures::tiles;
use crate::server::auth::who::Who;
use crate::server::edge::base::Base;
use crate::server::edge::current::Current;

/// Kind of the document of the interface, by which clients find it.
const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.0";
/// Relation of a schema of properties (Part 5).
const SCHEMA: &str = "http://www.opengis.net/def/rel/ogc/1.0/schema";
const QUERYABLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/queryables";

const CONFORMS: [&str; 12] = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
];

/// Premier document d'OGC API
#[utoipa::path(
    get, path = "/ogc", tag = "ogc", operation_id = "ogc",
    params(("f" = Option<String>, Query, description = "`json` ou `html`")),
    responses(
        (status = OK, description = "Ce que l'interface offre, par des liens", body = Value),
        (status = BAD_REQUEST, body = Document),
    )
)]
pub async fn landing(
    base: Base,
    params: Result<Params, Problem>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let mut params = params?;
    let written = written(&mut params, &headers)?;
    params.finish()?;
    let at = |path: &str| base.join(&format!("{ROOT}{path}"));
    let mut links = selves(&base, ROOT, written);
    links.extend([
        link(&at("/conformance"), "conformance", "application/json", "Ce à quoi l'interface se conforme"),
        link(&at("/api"), "service-desc", OPENAPI, "Description de l'interface (OpenAPI 3.0)"),
        link(&at("/api?f=html"), "service-doc", "text/html", "Comment s'y connecter"),
        link(&at("/collections"), "data", "application/json", "Collections"),
    ]);
    let document = json!({
        "title": "mosaïque", "description": "Chiffres du parc social et de son occupation, par zone.", "links": links,
    });
    Ok(match written {
        Written::Json => json_of("application/json", &document),
        Written::Html => html::landing(&base),
    })
}

/// Conformité
#[utoipa::path(
    get, path = "/ogc/conformance", tag = "ogc", operation_id = "ogc_conformite",
    params(("f" = Option<String>, Query, description = "`json` ou `html`")),
    responses(
        (status = OK, description = "Ce à quoi l'interface se conforme", body = Value),
        (status = BAD_REQUEST, body = Document),
    )
)]
pub async fn conformance(params: Result<Params, Problem>, headers: HeaderMap) -> Result<Response, Fault> {
    let mut params = params?;
    let written = written(&mut params, &headers)?;
    params.finish()?;
    Ok(match written {
        Written::Json => json_of("application/json", &json!({"conformsTo": CONFORMS})),
        Written::Html => html::list("Conformité", CONFORMS.map(|c| (c.to_owned(), c.to_owned()))),
    })
}

/// Description OpenAPI 3.0 de cette interface
#[utoipa::path(
    get, path = "/ogc/api", tag = "ogc", operation_id = "ogc_api",
    params(("f" = Option<String>, Query, description = "`json` ou `html`")),
    responses(
        (
            status = OK, description = "La description, avec un chemin par collection ouverte", body = Value,
            content_type = "application/vnd.oai.openapi+json"
        ),
        (status = BAD_REQUEST, body = Document),
    )
)]
pub async fn description(
    Current(app): Current,
    Who(visitor): Who,
    base: Base,
    params: Result<Params, Problem>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let mut params = params?;
    let written = written(&mut params, &headers)?;
    params.finish()?;
    Ok(match written {
        Written::Json => json_of(OPENAPI, &api::document(&base, &id::all(&app, &visitor.person))),
        Written::Html => html::clients(&base),
    })
}

/// Collections : une par échelle et par millésime
#[utoipa::path(
    get, path = "/ogc/collections", tag = "ogc", operation_id = "ogc_collections",
    params(("f" = Option<String>, Query, description = "`json` ou `html`")),
    responses(
        (status = OK, description = "Les collections qui vous sont ouvertes", body = Value),
        (status = BAD_REQUEST, body = Document),
    )
)]
pub async fn list(
    Current(app): Current,
    Who(visitor): Who,
    base: Base,
    params: Result<Params, Problem>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let mut params = params?;
    let written = written(&mut params, &headers)?;
    params.finish()?;
    let all = id::all(&app, &visitor.person);
    Ok(match written {
        Written::Json => {
            let list: Vec<Value> = all.iter().map(|c| described(&base, c)).collect();
            let path = format!("{ROOT}/collections");
            json_of("application/json", &json!({"links": selves(&base, &path, written), "collections": list}))
        }
        Written::Html => {
            let links = all.iter().map(|c| (format!("{ROOT}/collections/{}?f=html", c.id()), c.title()));
            html::list("Collections", links)
        }
    })
}

/// Une collection
#[utoipa::path(
    get, path = "/ogc/collections/{collection}", tag = "ogc", operation_id = "ogc_collection",
    params(
        ("collection" = String, Path, description = "Échelle et millésime, `commune_2024`"),
        ("f" = Option<String>, Query, description = "`json` ou `html`"),
    ),
    responses(
        (status = OK, description = "La collection", body = Value),
        (status = BAD_REQUEST, body = Document), (status = NOT_FOUND, body = Document),
    )
)]
pub async fn one(
    Current(app): Current,
    Who(visitor): Who,
    base: Base,
    Path(name): Path<String>,
    params: Result<Params, Problem>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let mut params = params?;
    let written = written(&mut params, &headers)?;
    params.finish()?;
    let collection = id::one(&app, &visitor.person, &name)?;
    Ok(match written {
        Written::Json => json_of("application/json", &described(&base, &collection)),
        Written::Html => html::collection(&base, &collection).into_response(),
    })
}

/// A collection as clients read it.
fn described(base: &Base, collection: &Collection) -> Value {
    let id = collection.id();
    let at = |path: &str| base.join(&format!("{ROOT}/collections/{id}{path}"));
    let extent = tiles::extent(&collection.loaded, &collection.echelle);
    let storage = crs::storage(extent);
    let schema = "application/schema+json";
    let mut links = vec![
        link(&at(""), "self", "application/json", "Cette collection"),
        link(&at("?f=html"), "alternate", "text/html", "Cette collection en page"),
        link(&at("/items"), "items", "application/geo+json", "Entités"),
        link(&at("/items?f=html"), "items", "text/html", "Entités en page"),
        // GDAL reads the types of a feature's properties here, QGIS those of the logical schema.
        link(&at("/schema-entite"), "describedby", schema, "Schéma d'une entité"),
        link(&at("/schema"), SCHEMA, schema, "Schéma des propriétés"),
        link(&at("/queryables"), QUERYABLES, schema, "Propriétés sur lesquelles filtrer"),
    ];
    if tiles::known(&collection.loaded, &collection.echelle).is_ok() {
        let rel = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector";
        links.push(link(&at("/tiles"), rel, "application/json", "Tuiles vectorielles"));
    }
    json!({
        "id": id, "title": collection.title(), "itemType": "feature",
        "description": "Une entité par zone. Un chiffre secret est nul ; la propriété « …_statut » dit pourquoi.",
        "extent": {"spatial": {"bbox": [extent], "crs": crs::CRS84}},
        "crs": crs::offered(storage), "storageCrs": storage.uri(), "links": links,
    })
}
