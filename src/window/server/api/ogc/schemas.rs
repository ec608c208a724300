//! Types of properties, said three ways: of a feature (what GDAL obeys), of the properties (Part 5, what QGIS
//! obeys), and of what one may filter by.

use axum::extract::Path;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::id::{self, Collection};
use super::{Document, Fault, ROOT, json_of};
use crate::access::Person;
use crate::desk::editions::App;
use crate::desk::figures::{self, Question};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::publish::table::{self, Column, Kind};
use crate::reference::scales::{self, Genre};
use crate::server::auth::who::Who;
use crate::server::edge::base::Base;
use crate::server::edge::current::Current;

const KIND: &str = "application/schema+json";
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Properties that items may be filtered by, and what each is.
pub const FILTERS: [(&str, &str); 5] = [
    ("code", "Code de la zone"),
    ("nom", "Nom de la zone"),
    ("commune", "Code Insee de la commune"),
    ("epci", "SIREN de l'EPCI"),
    ("departement", "Code du département"),
];

/// Columns of a collection for a person.
fn columns(app: &App, person: &Person, collection: &Collection) -> Result<Vec<Column>, Problem> {
    let question = Question {
        echelle: collection.echelle.clone(),
        dans: None,
        asked: collection.asked(Asked::default()),
        indicateurs: None,
        places: false,
    };
    figures::read(app, person, &question, |reading| Ok(table::columns(&reading.described())))
}

fn of_column(column: &Column) -> Value {
    let kind = match column.kind {
        Kind::Text => "string",
        Kind::Whole => "integer",
        // Never ["number", "null"], which GDAL reads as text; what is not there is said by the twin.
        Kind::Number => "number",
    };
    let mut out = json!({"type": kind, "title": column.title, "description": column.description});
    if let Some(unit) = &column.unit {
        out["x-ogc-unit"] = json!(unit);
    }
    if column.name == "code" {
        out["x-ogc-role"] = json!("id");
    }
    out
}

fn geometry(collection: &Collection) -> &'static str {
    match scales::scale(&collection.echelle).genre {
        Genre::Points => "point",
        Genre::Zones | Genre::Carreau | Genre::H3 => "multipolygon",
    }
}

/// Schéma des propriétés (OGC API – Features, partie 5)
#[utoipa::path(
    get, path = "/ogc/collections/{collection}/schema", tag = "ogc", operation_id = "ogc_schema",
    params(
        ("collection" = String, Path, description = "Échelle et millésime, `commune_2024`"),
        ("f" = Option<String>, Query, description = "`json`"),
    ),
    responses(
        (status = OK, description = "Le type, l'unité et la définition de chaque propriété", body = Value, content_type = "application/schema+json"),
        (status = NOT_FOUND, body = Document),
    )
)]
pub async fn properties(
    Current(app): Current,
    Who(visitor): Who,
    base: Base,
    Path(name): Path<String>,
    params: Result<Params, Problem>,
) -> Result<Response, Fault> {
    plain(params?)?;
    let collection = id::one(&app, &visitor.person, &name)?;
    let columns = columns(&app, &visitor.person, &collection)?;
    let mut properties = Map::new();
    let shape = format!("geometry-{}", geometry(&collection));
    properties.insert("geometrie".into(), json!({"x-ogc-role": "primary-geometry", "format": shape}));
    properties.extend(columns.iter().map(|c| (c.name.clone(), of_column(c))));
    let document = json!({
        "$schema": DIALECT, "$id": base.join(&format!("{ROOT}/collections/{name}/schema")), "type": "object",
        "title": collection.title(), "properties": properties,
    });
    Ok(json_of(KIND, &document))
}

/// Schéma d'une entité GeoJSON
#[utoipa::path(
    get, path = "/ogc/collections/{collection}/schema-entite", tag = "ogc", operation_id = "ogc_schema_entite",
    params(
        ("collection" = String, Path, description = "Échelle et millésime, `commune_2024`"),
        ("f" = Option<String>, Query, description = "`json`"),
    ),
    responses(
        (status = OK, description = "Le schéma JSON d'une entité", body = Value, content_type = "application/schema+json"),
        (status = NOT_FOUND, body = Document),
    )
)]
pub async fn feature(
    Current(app): Current,
    Who(visitor): Who,
    base: Base,
    Path(name): Path<String>,
    params: Result<Params, Problem>,
) -> Result<Response, Fault> {
    plain(params?)?;
    let collection = id::one(&app, &visitor.person, &name)?;
    let columns = columns(&app, &visitor.person, &collection)?;
    let properties: Map<String, Value> = columns.iter().map(|c| (c.name.clone(), of_column(c))).collect();
    let document = json!({
        "$schema": DIALECT, "$id": base.join(&format!("{ROOT}/collections/{name}/schema-entite")), "type": "object",
        "title": collection.title(),
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "string"},
            "geometry": {"type": "object"},
            "properties": {"type": "object", "properties": properties},
        },
    });
    Ok(json_of(KIND, &document))
}

/// Propriétés sur lesquelles filtrer
#[utoipa::path(
    get, path = "/ogc/collections/{collection}/queryables", tag = "ogc", operation_id = "ogc_champs",
    params(
        ("collection" = String, Path, description = "Échelle et millésime, `commune_2024`"),
        ("f" = Option<String>, Query, description = "`json`"),
    ),
    responses(
        (status = OK, description = "Les propriétés qui sont aussi des paramètres", body = Value, content_type = "application/schema+json"),
        (status = NOT_FOUND, body = Document),
    )
)]
pub async fn queryables(
    Current(app): Current,
    Who(visitor): Who,
    base: Base,
    Path(name): Path<String>,
    params: Result<Params, Problem>,
) -> Result<Response, Fault> {
    plain(params?)?;
    let collection = id::one(&app, &visitor.person, &name)?;
    let properties: Map<String, Value> = FILTERS
        .iter()
        .map(|(name, title)| ((*name).to_owned(), json!({"type": "string", "title": title})))
        .collect();
    let document = json!({
        "$schema": DIALECT, "$id": base.join(&format!("{ROOT}/collections/{name}/queryables")), "type": "object",
        "title": collection.title(), "additionalProperties": false, "properties": properties,
    });
    Ok(json_of(KIND, &document))
}

/// Refuses everything but `f=json`.
fn plain(mut params: Params) -> Result<(), Fault> {
    match params.take("f").as_deref() {
        None | Some("json") => Ok(params.finish()?),
        Some(other) => Err(Fault::value("f", &format!("« {other} » : un schéma ne s'écrit qu'en json."))),
    }
}
