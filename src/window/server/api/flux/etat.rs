//! `GET /api/flux/etat`: the State's share of each lessor's flow by département, its shortfall, and the two
//! clauses that hold unless a convention says otherwise (CCH R.441-5-2).

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::response::{IntoResponse, Response};

use crate::desk::flux::etat::{EtatFlux, answer, written};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::api::flux::opened;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::saved::csv_headers;

/// Part de l'État
///
/// Par bailleur et département : ce que les conventions donnent à l'État et ce qui manque pour 30 %, ce qui
/// lui a été attribué, en QPV et hors QPV, par commune. Sauf stipulation contraire, sa part est la même dans
/// chaque commune et d'au moins 30 % du flux hors QPV (CCH R.441-5-2, II).
#[utoipa::path(
    get, path = "/api/flux/etat", tag = "flux", operation_id = "flux_etat",
    params(("annee" = Option<u16>, Query, description = "La dernière par défaut")),
    responses(
        (status = OK, body = EtatFlux),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn etat(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<EtatFlux>), Problem> {
    let year = params.number("annee")?;
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let found = answer(&book, &view, year)?;
    let trace = Trace::new("flux_etat", found.annee.to_string()).rows(found.lignes.len(), false);
    Ok((Extension(trace), Json(found)))
}

/// Part de l'État (CSV)
#[utoipa::path(
    get, path = "/api/flux/etat.csv", tag = "flux", operation_id = "flux_etat_csv",
    params(("annee" = Option<u16>, Query, description = "La dernière par défaut")),
    responses((status = OK, body = String, content_type = "text/csv"))
)]
pub async fn csv(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<Response, Problem> {
    let year = params.number("annee")?;
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let found = answer(&book, &view, year)?;
    let text = written(&found).map_err(|e| Problem::internal(&e))?;
    let headers = csv_headers(&format!("mosaique_flux_etat_{}.csv", found.annee))?;
    let trace = Trace::new("export", "flux_etat").with("annee", found.annee).rows(found.lignes.len(), false);
    Ok((Extension(trace), headers, text).into_response())
}
