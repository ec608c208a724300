//! Vector tiles: contours of zones, and points of residences and addresses that the shared filters count.
//!
//! A tile carries `code`, `nom` and `logements` (RPLS, public) and never a figure of households: the map asks
//! for those apart and joins them by `code`.

use std::sync::Arc;

use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fast_mvt::{MvtCoord, MvtError, MvtGeomType, MvtLayerBuilder, MvtValueRef};
use serde::Serialize;
use utoipa::ToSchema;

use crate::cube::Filter;
use crate::desk::counter::{Counter, Desk};
use crate::desk::editions::{App, Loaded};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::mvt::cache::{Encoded, TileKey};
use crate::mvt::mercator::{MAX_ZOOM, Tile};
use crate::mvt::shapes::DETAIL_ZOOM;
use crate::reference::scales::{self, Genre};
use crate::server::auth::who::Who;
use crate::server::edge::base::Base;
use crate::server::edge::current::Current;
use crate::server::edge::kept;
use crate::server::edge::params::SharedParams;
use crate::server::edge::problem::Document;

/// Description d'une couche de tuiles (TileJSON 3.0).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TileJson)]
pub struct TileJson {
    tilejson: &'static str,
    name: String,
    /// Gabarits d'adresses.
    tiles: Vec<String>,
    minzoom: u8,
    maxzoom: u8,
    /// Ouest, sud, est, nord.
    bounds: Vec<f64>,
    vector_layers: Vec<VectorLayer>,
}

/// Couche d'une tuile.
#[derive(Debug, Serialize, ToSchema)]
pub struct VectorLayer {
    id: String,
    description: String,
    minzoom: u8,
    maxzoom: u8,
    /// Propriété → type.
    fields: std::collections::BTreeMap<&'static str, &'static str>,
}

/// Description d'une couche de tuiles (TileJSON)
#[utoipa::path(
    get, path = "/tiles/{couche}.json", tag = "carte", operation_id = "tilejson",
    params(("couche" = String, Path, description = "Échelle ou couche importée")),
    responses((status = OK, body = TileJson), (status = NOT_FOUND, body = Document, content_type = "application/problem+json"))
)]
pub async fn tilejson(
    Current(app): Current,
    base: Base,
    Path(file): Path<String>,
    params: Params,
) -> Result<Json<TileJson>, Problem> {
    params.finish()?;
    let id = file.strip_suffix(".json").ok_or_else(|| Problem::no_route(&format!("/tiles/{file}")))?;
    let loaded = Asked::default().resolve(&app)?.loaded;
    known(&loaded, id)?;
    let scale = scales::scale(id);
    let label = loaded.cube().layer(id).map_or_else(|| scale.libelle.clone(), |l| l.meta.libelle.clone());
    Ok(Json(TileJson {
        tilejson: "3.0.0",
        name: label.clone(),
        tiles: vec![base.join(&format!("/tiles/{id}/{{z}}/{{x}}/{{y}}.mvt"))],
        minzoom: scale.tuile_min,
        maxzoom: DETAIL_ZOOM.max(scale.tuile_min),
        bounds: extent(&loaded, id).to_vec(),
        vector_layers: vec![VectorLayer {
            id: id.to_owned(),
            description: label,
            minzoom: scale.tuile_min,
            maxzoom: DETAIL_ZOOM.max(scale.tuile_min),
            fields: [("code", "String"), ("nom", "String"), ("logements", "Number")].into(),
        }],
    }))
}

/// Tuile vectorielle
///
/// Une couche du nom demandé, propriétés `code`, `nom`, `logements`. Pour les points (`residence`,
/// `adresse`), les filtres communs s'appliquent à `logements` et un point sans logement retenu n'y est pas ;
/// la population ne s'applique pas.
#[utoipa::path(
    get, path = "/tiles/{couche}/{z}/{x}/{y}.mvt", tag = "carte", operation_id = "tuile",
    params(
        ("couche" = String, Path, description = "Échelle ou couche importée"),
        ("z" = u8, Path, description = "Zoom"), ("x" = u32, Path, description = "Colonne"), ("y" = u32, Path,
        description = "Ligne"),
        SharedParams,
    ),
    responses(
        (status = OK, body = Vec<u8>, content_type = "application/vnd.mapbox-vector-tile"),
        (status = NO_CONTENT, description = "Rien dans cette tuile"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn tile(
    Current(app): Current,
    Who(visitor): Who,
    Path((layer, z, x, y)): Path<(String, String, String, String)>,
    mut params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Asked::take(&mut params, app.catalogue)?;
    params.finish()?;
    let tile = parse(&z, &x, &y)?;
    let selection = asked.clone().resolve(&app)?;
    known(&selection.loaded, &layer)?;
    let scale = scales::scale(&layer);
    if tile.z < scale.tuile_min {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let cube = Arc::clone(&selection.loaded.id);
    // Contours carry the number of all dwellings: one tile whatever the filter and for everyone.
    if scale.genre != Genre::Points {
        let key = TileKey { cube, layer, tile, filter: Filter::default(), rights: String::new() };
        if let Some(encoded) = app.tiles.0.get(&key) {
            return respond(&encoded, &headers);
        }
        let work = move || encode(&app, &selection.loaded, key, None);
        let encoded = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
        return respond(&encoded, &headers);
    }
    let work = move || {
        let desk = Desk::new(&app, &visitor.person, asked, Vec::new())?;
        let rights = desk.key(scale.acces);
        let key = TileKey { cube, layer, tile, filter: selection.filter, rights };
        match app.tiles.0.get(&key) {
            Some(encoded) => Ok(encoded),
            None => encode(&app, desk.loaded(), key, Some(&desk.counter(scale.acces)?)),
        }
    };
    let encoded = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
    respond(&encoded, &headers)
}

fn parse(z: &str, x: &str, y: &str) -> Result<Tile, Problem> {
    let y = y.strip_suffix(".mvt").ok_or_else(|| {
        Problem::not_found("y", y, "Une tuile se demande par /tiles/{couche}/{z}/{x}/{y}.mvt.")
    })?;
    let tile = match (z.parse(), x.parse(), y.parse()) {
        (Ok(z), Ok(x), Ok(y)) => Tile::new(z, x, y),
        _ => None,
    };
    tile.ok_or_else(|| {
        Problem::value(
            "z/x/y",
            &format!("{z}/{x}/{y}"),
            format!(
                "Il n'y a pas de tuile {z}/{x}/{y} : le zoom va de 0 à {MAX_ZOOM}, x et y de 0 à 2^zoom − 1."
            ),
        )
    })
}

/// Refuses a layer that has neither contours nor points.
pub fn known(loaded: &Loaded, layer: &str) -> Result<(), Problem> {
    let ids = || {
        let cells = loaded
            .meta()
            .couches
            .iter()
            .map(|l| l.id.clone())
            .filter(|id| scales::scale(id).genre != Genre::Zones);
        loaded.zones.keys().cloned().chain(cells)
    };
    if ids().any(|id| id == layer) {
        return Ok(());
    }
    Err(Problem::unknown("couche", layer, ids()).in_path())
}

/// West, south, east, north of a layer: of its contours, else of all addresses.
pub fn extent(loaded: &Loaded, layer: &str) -> [f64; 4] {
    let join = |a: [f64; 4], b: [f64; 4]| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])];
    let zones = loaded.zones.get(layer).and_then(|g| g.layer.zones.iter().map(|z| z.bbox).reduce(join));
    zones
        .filter(|b| b[0] <= b[2])
        .or_else(|| loaded.cube().tree().extent())
        .unwrap_or([-180.0, -85.0, 180.0, 85.0])
}

fn encode(
    app: &App,
    loaded: &Loaded,
    key: TileKey,
    counter: Option<&Counter<'_>>,
) -> Result<Encoded, Problem> {
    let bytes = draw(loaded, &key, counter).map_err(|e| Problem::internal(&e))?;
    let encoded = Encoded::new(&bytes).map_err(|e| Problem::internal(&e))?;
    app.tiles.0.insert(key, encoded.clone());
    Ok(encoded)
}

/// Draws a tile; no bytes if nothing is in it. `counter`: the points that are open, and the dwellings that
/// count for them.
fn draw(loaded: &Loaded, key: &TileKey, counter: Option<&Counter<'_>>) -> Result<Vec<u8>, MvtError> {
    let mask = counter.and_then(|c| c.selection.mask.as_ref()).map(|m| m.as_slice());
    let mut builder = MvtLayerBuilder::new(key.layer.as_str())?;
    let cube_layer = loaded.cube().layer(&key.layer);
    if let (Some(points), Some(l)) = (loaded.points(&key.layer), &cube_layer) {
        for (zone, [x, y]) in points.in_tile(key.tile) {
            let count = loaded.dwellings(l, zone, mask);
            if count == 0 || counter.is_none_or(|c| !c.lists(&l.addresses(zone), false)) {
                continue;
            }
            let mut feature = builder.feature_of(MvtGeomType::Point);
            feature.points([MvtCoord { x, y }])?;
            feature.tag_ref("code", MvtValueRef::String(l.codes.get(zone as usize)))?;
            feature.tag_ref("nom", MvtValueRef::String(l.names.get(zone as usize)))?;
            feature.tag_ref("logements", MvtValueRef::UInt(count))?;
            builder = feature.end();
        }
    } else if let Some(shapes) = loaded.shapes(&key.layer) {
        for (i, polygons) in shapes.in_tile(key.tile) {
            let shape = &shapes.zones[i];
            let zone = cube_layer.as_ref().and_then(|l| l.zone(&shape.code).map(|z| (l, z)));
            let mut feature = builder.feature_of(MvtGeomType::Polygon);
            for rings in polygons {
                for (n, ring) in rings.into_iter().enumerate() {
                    feature.ring(ring, n == 0)?;
                }
            }
            feature.tag_ref("code", MvtValueRef::String(&shape.code))?;
            feature.tag_ref("nom", MvtValueRef::String(&shape.nom))?;
            feature.tag_ref(
                "logements",
                MvtValueRef::UInt(zone.map_or(0, |(l, z)| loaded.dwellings(l, z, None))),
            )?;
            builder = feature.end();
        }
    }
    Ok(if builder.num_features() == 0 { Vec::new() } else { builder.encode() })
}

/// Sends a tile as it is kept, or not at all if the client has it or it is empty.
fn respond(tile: &Encoded, headers: &HeaderMap) -> Result<Response, Problem> {
    if tile.gzip.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let kind = HeaderValue::from_static("application/vnd.mapbox-vector-tile");
    let mut response = kept::respond(tile, kind, headers)?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=60"));
    Ok(response)
}
