//! `POST /api/plan`: who could be given the dwellings that are expected to become vacant, so that every
//! target is met. It advises; it decides nothing, and keeps nothing: the households are those of the file
//! that is sent, and are forgotten with the answer.

use axum::Json;
use axum::extract::{Extension, State as FromState};

use crate::desk::leases::plan::{DemandePlan, PlanPropose, answer};
use crate::desk::leases::rates::rates;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Plan : qui pourrait recevoir les logements attendus
///
/// Affecte les logements attendus aux ménages en attente pour atteindre chaque objectif avec le moins
/// d'écarts aux règles et aux souhaits (optimisation en nombres entiers). Donne la borne prouvée, et les
/// objectifs impossibles. C'est un conseil : il ne décide de rien.
#[utoipa::path(
    post, path = "/api/plan", tag = "mixite", operation_id = "plan", request_body = DemandePlan,
    responses(
        (status = OK, body = PlanPropose),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn propose(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<DemandePlan>,
) -> Result<(Extension<Trace>, Json<PlanPropose>), Problem> {
    let rates = rates(&server.state).await?;
    let work = move || {
        let found = answer(&app, &visitor.person, &rates, &asked)?;
        let trace = Trace::new("plan", found.epci.code.as_str())
            .with("annee", found.annee)
            .with("menages", found.menages)
            .rows(found.affectations.len(), false);
        Ok((Extension(trace), Json(found)))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
