//! `GET /api/flux/suivi`: objectives and counts of a year in the three ways, side by side.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::response::{IntoResponse, Response};

use crate::desk::flux::suivi::{Asked, SuiviFlux, answer, written};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::api::flux::opened;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::saved::csv_headers;

/// Suivi de la gestion en flux
///
/// Objectif de l'année et logements comptés des trois façons, par bailleur et réservataire, par
/// réservataire ou par commune. Un logement compte pour le dernier réservataire qui l'a accepté ; premières
/// mises en location, mutations internes et relogements sont hors du flux.
#[utoipa::path(
    get, path = "/api/flux/suivi", tag = "flux", operation_id = "flux_suivi",
    params(
        ("annee" = Option<u16>, Query, description = "La dernière par défaut"),
        ("par" = Option<String>, Query, description = "`convention` (par défaut), `reservataire`, `commune`"),
        ("bailleur" = Option<String>, Query, description = "Un bailleur seulement (SIREN)"),
    ),
    responses(
        (status = OK, body = SuiviFlux),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn suivi(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<SuiviFlux>), Problem> {
    let asked = Asked::of(&mut params)?;
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let found = answer(&book, &view, &asked)?;
    let trace = Trace::new("flux_suivi", found.annee.to_string()).rows(found.lignes.len(), false);
    Ok((Extension(trace), Json(found)))
}

/// Suivi de la gestion en flux (CSV)
#[utoipa::path(
    get, path = "/api/flux/suivi.csv", tag = "flux", operation_id = "flux_suivi_csv",
    params(
        ("annee" = Option<u16>, Query, description = "La dernière par défaut"),
        ("par" = Option<String>, Query, description = "`convention` (par défaut), `reservataire`, `commune`"),
        ("bailleur" = Option<String>, Query, description = "Un bailleur seulement (SIREN)"),
    ),
    responses((status = OK, body = String, content_type = "text/csv"))
)]
pub async fn csv(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<Response, Problem> {
    let asked = Asked::of(&mut params)?;
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let found = answer(&book, &view, &asked)?;
    let text = written(&found).map_err(|e| Problem::internal(&e))?;
    let headers = csv_headers(&format!("mosaique_flux_suivi_{}_{}.csv", found.annee, found.par))?;
    let trace = Trace::new("export", "flux_suivi").with("annee", found.annee).rows(found.lignes.len(), false);
    Ok((Extension(trace), headers, text).into_response())
}
