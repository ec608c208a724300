//! `GET /api/zones` (the zones of a scale) and `GET /api/zones/{echelle}/{code}` (the figures of one).

use axum::Json;
use axum::extract::{Extension, Path};
use axum::http::HeaderMap;
use axum::response::Response;
use rayon::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::counter::Desk;
use crate::desk::fiche::sheet;
use crate::desk::kept::{AnswerKey, Made};
use crate::desk::mesure::Mesure;
use crate::desk::params::Params;
use crate::desk::places::{self, Within};
use crate::desk::problem::Problem;
use crate::desk::query::{self, Asked};
use crate::desk::trace::Trace;
use crate::desk::zones::{ZoneListee, row, without_addresses};
use crate::reference::access::Class;
use crate::reference::scales;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::kept;
use crate::server::edge::params::SharedParams;
use crate::server::edge::problem::Document;

/// Les zones d'une échelle.
#[derive(Debug, Serialize, ToSchema)]
pub struct Zones {
    pub echelle: String,
    /// Nombre de zones, pages comprises.
    pub total: u64,
    pub zones: Vec<ZoneListee>,
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
        kept::answer(&app.answers.get(key, made)?, class, &headers)
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
