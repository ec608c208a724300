//! `GET /api/situation`: where a point is, and whether it is in a QPV, said in three values.

use axum::Json;
use utoipa::IntoParams;

use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::desk::situation::{Situation, check, locate, projected};
use crate::reference::situation::situation as rules;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::territory::grid;

/// Paramètres d'un point (documentation de l'interface).
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are the documentation; `Params` reads the values")]
pub struct PointParams {
    /// Longitude WGS 84, en degrés (avec `lat`).
    pub lon: Option<f64>,
    /// Latitude WGS 84, en degrés.
    pub lat: Option<f64>,
    /// Abscisse dans le système `epsg` (avec `y`).
    pub x: Option<f64>,
    /// Ordonnée dans le système `epsg`.
    pub y: Option<f64>,
    /// Système de `x` et `y` ; 2154 (Lambert-93) par défaut.
    pub epsg: Option<u16>,
    /// Qualité de la localisation (QUALITE_XY du RPLS : 11, 21, 12, 22, 33).
    pub qualite: Option<u8>,
    /// Millésime du RPLS, pour la génération des contours ; par défaut le dernier.
    pub millesime: Option<u16>,
}

/// Où est un point
#[utoipa::path(
    get, path = "/api/situation", tag = "situation", operation_id = "situation", params(PointParams),
    responses(
        (status = OK, body = Situation),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn situation(Current(app): Current, mut params: Params) -> Result<Json<Situation>, Problem> {
    let (lon, lat) = (params.number("lon")?, params.number("lat")?);
    let (x, y) = (params.number("x")?, params.number("y")?);
    let epsg = params.number("epsg")?;
    let quality = params.number::<u8>("qualite")?;
    let millesime = params.number("millesime")?;
    params.finish()?;
    let rules = rules();
    if let Some(q) = quality.filter(|q| rules.quality(*q).is_none()) {
        return Err(Problem::unknown(
            "qualite",
            &q.to_string(),
            rules.qualite.iter().map(|q| q.code.to_string()),
        ));
    }
    let point = match (lon, lat, x, y) {
        (Some(lon), Some(lat), None, None) => [lon, lat],
        (None, None, Some(x), Some(y)) => projected(epsg.unwrap_or(rules.epsg_defaut), x, y)?,
        (Some(_), None, ..) => return Err(Problem::missing("lat", "la latitude du point")),
        (None, Some(_), ..) => return Err(Problem::missing("lon", "la longitude du point")),
        _ => return Err(Problem::missing("lon", "donnez « lon » et « lat », ou « x » et « y »")),
    };
    check(point)?;
    let loaded = Asked { millesime, ..Asked::default() }.resolve(&app)?.loaded;
    let cell = grid::cells(&[point]).map_err(|e| Problem::internal(&e))?.into_iter().next().flatten();
    Ok(Json(locate(&loaded, rules, point, quality, cell)))
}
