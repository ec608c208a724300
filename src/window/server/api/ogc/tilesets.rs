//! Vector tiles of a collection, described: where they are and how they are cut.

use axum::extract::Path;
use axum::response::Response;
use serde_json::{Value, json};

use super::id::{self, Collection};
use super::{Document, Fault, ROOT, json_of, link};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::server::api::figures::tiles;
use crate::server::auth::who::Who;
use crate::server::edge::base::Base;
use crate::server::edge::current::Current;

const GRID: &str = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad";
const MERCATOR: &str = "http://www.opengis.net/def/crs/EPSG/0/3857";

fn tileset(collection: &Collection, mut links: Vec<Value>) -> Value {
    let scheme = link(
        GRID,
        "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme",
        "application/json",
        "WebMercatorQuad",
    );
    links.push(scheme);
    json!({
        "title": collection.title(), "dataType": "vector", "crs": MERCATOR, "tileMatrixSetURI": GRID, "links": links,
    })
}

/// Jeux de tuiles d'une collection
#[utoipa::path(
    get, path = "/ogc/collections/{collection}/tiles", tag = "ogc", operation_id = "ogc_tuiles",
    params(
        ("collection" = String, Path, description = "Échelle et millésime, `commune_2024`"),
        ("f" = Option<String>, Query, description = "`json`"),
    ),
    responses(
        (status = OK, description = "Les jeux de tuiles", body = Value),
        (status = NOT_FOUND, body = Document),
    )
)]
pub async fn list(
    Current(app): Current,
    Who(visitor): Who,
    base: Base,
    Path(name): Path<String>,
    params: Result<Params, Problem>,
) -> Result<Response, Fault> {
    plain(params?)?;
    let collection = open(id::one(&app, &visitor.person, &name)?)?;
    let at = base.join(&format!("{ROOT}/collections/{name}/tiles"));
    let own = link(&format!("{at}/WebMercatorQuad"), "self", "application/json", "Ce jeu de tuiles");
    let document = json!({
        "links": [link(&at, "self", "application/json", "Jeux de tuiles")],
        "tilesets": [tileset(&collection, vec![own])],
    });
    Ok(json_of("application/json", &document))
}

/// Tuiles d'une collection dans la grille WebMercatorQuad
#[utoipa::path(
    get, path = "/ogc/collections/{collection}/tiles/WebMercatorQuad", tag = "ogc", operation_id = "ogc_tuiles_grille",
    params(
        ("collection" = String, Path, description = "Échelle et millésime, `commune_2024`"),
        ("f" = Option<String>, Query, description = "`json`"),
    ),
    responses(
        (status = OK, description = "Le jeu de tuiles, avec le gabarit de leurs adresses", body = Value),
        (status = NOT_FOUND, body = Document),
    )
)]
pub async fn one(
    Current(app): Current,
    Who(visitor): Who,
    base: Base,
    Path(name): Path<String>,
    params: Result<Params, Problem>,
) -> Result<Response, Fault> {
    plain(params?)?;
    let collection = open(id::one(&app, &visitor.person, &name)?)?;
    let scale = &collection.echelle;
    let year = collection.loaded.meta().millesime;
    let at = base.join(&format!("{ROOT}/collections/{name}/tiles/WebMercatorQuad"));
    let template = format!("/tiles/{scale}/{{tileMatrix}}/{{tileCol}}/{{tileRow}}.mvt?millesime={year}");
    let mut item = link(&base.join(&template), "item", "application/vnd.mapbox-vector-tile", "Tuiles");
    item["templated"] = json!(true);
    let json =
        link(&base.join(&format!("/tiles/{scale}.json")), "describedby", "application/json", "TileJSON");
    let document =
        tileset(&collection, vec![link(&at, "self", "application/json", "Ce jeu de tuiles"), item, json]);
    Ok(json_of("application/json", &document))
}

/// Refuses a collection that has neither contours nor points.
fn open(collection: Collection) -> Result<Collection, Fault> {
    match tiles::known(&collection.loaded, &collection.echelle) {
        Ok(()) => Ok(collection),
        Err(_) => Err(Fault::absent(format!("La collection « {} » n'a pas de tuiles.", collection.id()))),
    }
}

fn plain(mut params: Params) -> Result<(), Fault> {
    match params.take("f").as_deref() {
        None | Some("json") => Ok(params.finish()?),
        Some(other) => Err(Fault::value("f", &format!("« {other} » : écrivez json."))),
    }
}
