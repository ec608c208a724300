//! `GET /api/flux/action-logement`: the three objectives of Action Logement Services beside what was done.

use axum::Json;
use axum::extract::{Extension, State as FromState};

use crate::desk::flux::action_logement::{self as desk, ActionLogementFlux};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::api::flux::opened;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Les trois objectifs d'Action Logement
///
/// Placements, logements mis à disposition, part de la gestion partenariale ; et ce qui est proposé hors du
/// flux. Une ligne par convention.
#[utoipa::path(
    get, path = "/api/flux/action-logement", tag = "flux", operation_id = "flux_action_logement",
    params(("annee" = Option<u16>, Query, description = "La dernière par défaut")),
    responses(
        (status = OK, body = ActionLogementFlux),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn action_logement(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<ActionLogementFlux>), Problem> {
    let year = params.number("annee")?;
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let answer = desk::answer(&book, &view, year)?;
    let trace = Trace::new("flux_action_logement", answer.annee.to_string()).rows(answer.lignes.len(), false);
    Ok((Extension(trace), Json(answer)))
}
