//! `GET /api/zones` (the zones of a scale) and `GET /api/zones/{echelle}/{code}` (the figures of one).

use axum::Json;
use axum::extract::{Extension, Path};
use axum::http::HeaderMap;
use axum::response::Response;
use geo::{BoundingRect, InteriorPoint};
use rayon::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::trail::Trace;
use super::auth::who::Who;
use super::desk::Desk;
use super::fiche::sheet;
use super::kept::{AnswerKey, Made};
use super::mesure::Mesure;
use super::params::Params;
use super::places::{self, Within};
use super::problem::{Document, Problem};
use super::query::{self, Asked, SharedParams};
use super::state::{Current, Loaded};
use super::tiles::shapes::cell_area;
use crate::cube::Layer;
use crate::reference::access::Class;
use crate::reference::scales;

/// Les zones d'une échelle.
#[derive(Debug, Serialize, ToSchema)]
pub struct Zones {
    pub echelle: String,
    /// Nombre de zones, pages comprises.
    pub total: u64,
    pub zones: Vec<ZoneListee>,
}

/// Une zone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ZoneListee {
    pub code: String,
    pub nom: String,
    /// Logements du répertoire, filtres communs appliqués.
    pub logements: u64,
    /// Commune, EPCI et département qui contiennent toutes les adresses de la zone.
    pub commune: Option<String>,
    pub epci: Option<String>,
    pub departement: Option<String>,
    /// Longitude et latitude d'un point de la zone.
    pub centre: Option<Vec<f64>>,
    /// Ouest, sud, est, nord.
    pub emprise: Option<Vec<f64>>,
}

const DEFAULT_PAGE: usize = 1_000;
const LARGEST_PAGE: usize = 100_000;

/// Les zones d'une échelle
#[utoipa::path(
    get, path = "/api/zones", tag = "zones", operation_id = "zones",
    params(
        ("echelle" = String, Query, description = "Échelle (`/api/catalogue` les liste)"),
        ("dans" = Option<String>, Query, description = "Zone parente, `échelle:code`"),
        ("limite" = Option<usize>, Query, description = "Nombre de zones au plus : 1 000 par défaut, 100 000 \
            au plus"),
        ("decalage" = Option<usize>, Query, description = "Nombre de zones à passer"),
        SharedParams,
    ),
    responses(
        (status = OK, body = Zones),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    Current(app): Current,
    Who(visitor): Who,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let echelle = params.required("echelle", "l'échelle dont on veut les zones")?;
    let dans = params.take("dans");
    let limit: usize = params.number("limite")?.unwrap_or(DEFAULT_PAGE);
    let skip: usize = params.number("decalage")?.unwrap_or(0);
    let asked = Asked::take(&mut params, app.catalogue)?;
    params.finish()?;
    if limit == 0 || limit > LARGEST_PAGE {
        let detail = format!("« limite » va de 1 à {LARGEST_PAGE}.");
        return Err(Problem::value("limite", &limit.to_string(), detail));
    }
    let work = move || {
        let desk = Desk::new(&app, &visitor.person, asked, Vec::new())?;
        let loaded = desk.loaded();
        let class = scales::scale(&echelle).acces;
        let key = AnswerKey {
            route: "zones",
            cube: loaded.id.clone(),
            question: format!("{:?}", (&echelle, &dans, limit, skip, &desk.whole.filter)),
            rights: desk.key(class),
        };
        let made = || listed(&desk, &echelle, dans.as_deref(), (skip, limit)).map(Made::of);
        app.answers.get(key, made)?.respond(class, &headers)
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

/// A page of the zones of a scale.
fn listed(
    desk: &Desk<'_>,
    echelle: &str,
    dans: Option<&str>,
    (skip, limit): (usize, usize),
) -> Result<Zones, Problem> {
    let loaded = desk.loaded();
    let layer = places::layer(loaded, "echelle", echelle)?;
    let counter = desk.counter(scales::scale(echelle).acces)?;
    let within = dans.map(|d| Within::parse(loaded, d)).transpose()?;
    let mut zones = places::zones_with_addresses(&layer, within.as_ref());
    // Zones without a dwelling are zones too; an imported contour may say what they are part of.
    zones.retain(|z| counter.lists(&layer.addresses(*z), false));
    zones.extend(without_addresses(loaded, &layer, within.as_ref()));
    zones.sort_unstable();
    let mask = counter.selection.mask.as_ref().map(|m| m.as_slice());
    if let Some(contours) = loaded.zones.get(echelle).filter(|_| limit > DEFAULT_PAGE) {
        contours.centres();
    }
    let rows: Vec<ZoneListee> = zones
        .par_iter()
        .skip(skip)
        .take(limit)
        .map(|&z| row(loaded, &layer, z, loaded.dwellings(&layer, z, mask)))
        .collect();
    Ok(Zones { echelle: echelle.to_owned(), total: zones.len() as u64, zones: rows })
}

/// Zones of a layer without any address, in a parent if one is asked.
pub(super) fn without_addresses(loaded: &Loaded, layer: &Layer<'_>, within: Option<&Within<'_>>) -> Vec<u32> {
    let n = u32::try_from(layer.codes.len()).unwrap_or(u32::MAX);
    let contours = loaded.zones.get(&layer.meta.id);
    (0..n)
        .filter(|z| layer.runs_of(*z).next().is_none())
        .filter(|z| {
            let Some(w) = within else { return true };
            let zone = contours.and_then(|g| g.layer.zone(layer.codes.get(*z as usize)));
            let part = zone.and_then(|z| match w.layer.meta.id.as_str() {
                "commune" => z.commune.as_deref(),
                "epci" => z.epci.as_deref(),
                "departement" => z.departement.as_deref(),
                _ => None,
            });
            part == Some(w.code())
        })
        .collect()
}

/// A zone as lists give it.
pub(super) fn row(loaded: &Loaded, layer: &Layer<'_>, zone: u32, logements: u64) -> ZoneListee {
    let code = layer.codes.get(zone as usize);
    let id = layer.meta.id.as_str();
    let contour = loaded.zones.get(id).and_then(|g| Some((g, g.layer.index_of(code)?)));
    let contour = contour.and_then(|(g, i)| Some((g, i, g.layer.zones.get(i as usize)?)));
    let [commune, epci, departement] = parents(loaded, layer, zone);
    let (centre, emprise) = match contour {
        Some((g, i, z)) if z.bbox[0] <= z.bbox[2] => (g.centre(i), Some(z.bbox)),
        _ => match cell_area(id, code) {
            Some(area) => {
                (inside(&area), area.bounding_rect().map(|r| [r.min().x, r.min().y, r.max().x, r.max().y]))
            }
            None => of_addresses(loaded, layer, zone),
        },
    };
    ZoneListee {
        code: code.to_owned(),
        nom: layer.title(zone),
        logements,
        commune,
        epci,
        departement,
        centre: centre.map(|c| c.map(rounded).to_vec()),
        emprise: emprise.map(|e| e.map(rounded).to_vec()),
    }
}

/// Commune, EPCI and département that hold all addresses of a zone; of one without, what its contour says.
pub(super) fn parents(loaded: &Loaded, layer: &Layer<'_>, zone: u32) -> [Option<String>; 3] {
    let contour = loaded.zones.get(&layer.meta.id);
    let contour = contour.and_then(|g| g.layer.zone(layer.codes.get(zone as usize)));
    let parent =
        |wide: &str, own: Option<&String>| places::parent(loaded, layer, zone, wide).or_else(|| own.cloned());
    [
        parent("commune", contour.and_then(|z| z.commune.as_ref())),
        parent("epci", contour.and_then(|z| z.epci.as_ref())),
        parent("departement", contour.and_then(|z| z.departement.as_ref())),
    ]
}

/// Six decimals of a degree are ten centimetres.
fn rounded(degrees: f64) -> f64 {
    (degrees * 1e6).round() / 1e6
}

/// A point of an area.
pub(super) fn inside(area: &geo::MultiPolygon<f64>) -> Option<[f64; 2]> {
    area.interior_point().map(|p| [p.x(), p.y()])
}

/// Mean place and box of the located addresses of a zone.
pub(super) fn of_addresses(
    loaded: &Loaded,
    layer: &Layer<'_>,
    zone: u32,
) -> (Option<[f64; 2]>, Option<[f64; 4]>) {
    let (lon, lat) = loaded.cube().points();
    let (mut n, mut sum) = (0.0, [0.0; 2]);
    let mut b = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for a in layer.runs_of(zone).flat_map(|(s, e)| s as usize..e as usize).filter(|a| *a < lon.len()) {
        let (x, y) = (lon[a], lat[a]);
        n += 1.0;
        sum = [sum[0] + x, sum[1] + y];
        b = [b[0].min(x), b[1].min(y), b[2].max(x), b[3].max(y)];
    }
    if n > 0.0 { (Some([sum[0] / n, sum[1] / n]), Some(b)) } else { (None, None) }
}

/// Les chiffres d'une zone
#[utoipa::path(
    get, path = "/api/zones/{echelle}/{code}", tag = "zones", operation_id = "zone",
    params(
        ("echelle" = String, Path, description = "Échelle"), ("code" = String, Path, description = "Code de \
            la zone"),
        ("indicateurs" = Option<String>, Query, description = "Identifiants séparés par des virgules ; tous \
            par défaut"),
        SharedParams,
    ),
    responses(
        (status = OK, body = Mesure),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn one(
    Current(app): Current,
    Who(visitor): Who,
    Path((echelle, code)): Path<(String, String)>,
    mut params: Params,
) -> Result<(Extension<Vec<Trace>>, Json<Mesure>), Problem> {
    let ids = params.list("indicateurs");
    let asked = Asked::take(&mut params, app.catalogue)?;
    params.finish()?;
    let indicators = query::indicators(&app, ids.as_deref())?;
    let work = move || {
        let (mesure, question) = sheet(&app, &visitor.person, asked, indicators, (&echelle, &code))?;
        let wide = scales::scale(&echelle).acces == Class::Large;
        let traces = if wide { Vec::new() } else { vec![mesure.trace(&question)] };
        Ok((Extension(traces), Json(mesure)))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
