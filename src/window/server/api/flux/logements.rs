//! `GET /api/flux/logements`: dwellings on the way, with the days that are left to designate.

use axum::Json;
use axum::extract::{Extension, State as FromState};

use crate::desk::flux::logements::{self as desk, LogementsFlux};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::api::flux::opened;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Logements en cours de désignation
///
/// Étape, jours restants, refus. Un délai vient de la convention ; sans convention, aucun n'est compté.
/// Seul le bailleur lit le numéro d'un logement.
#[utoipa::path(
    get, path = "/api/flux/logements", tag = "flux", operation_id = "flux_logements",
    params(("au" = Option<String>, Query, description = "Jour d'où les délais sont comptés, AAAA-MM-JJ ; le dernier \
        événement connu par défaut")),
    responses(
        (status = OK, body = LogementsFlux),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn logements(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<LogementsFlux>), Problem> {
    let asked = params.take("au");
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let answer = desk::answer(&book, &view, asked.as_deref())?;
    let trace = Trace::new("flux_logements", answer.au.clone()).rows(answer.total, false);
    Ok((Extension(trace), Json(answer)))
}
