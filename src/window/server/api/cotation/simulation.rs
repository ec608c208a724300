//! `POST /api/cotation/simulation`: what a grid changes to the order of demands, before it is adopted.

use axum::Json;
use axum::extract::Extension;

use crate::desk::cotation::pression::all;
use crate::desk::cotation::simulation::{Comparaison, Simulation, answer};
use crate::desk::cotation::window;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Comparer deux grilles
///
/// Les demandes en attente du territoire sont notées par les deux grilles : qui monte, qui descend, les
/// critères qui ne départagent personne, comptent deux fois ou ne sont jamais prouvés. Des effectifs
/// seulement, arrondis ; aucun de 1 à 10.
#[utoipa::path(
    post, path = "/api/cotation/simulation", tag = "cotation", operation_id = "cotation_simulation",
    request_body = Comparaison,
    responses(
        (status = OK, body = Simulation),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn simulation(
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<Comparaison>,
) -> Result<(Extension<Trace>, Json<Simulation>), Problem> {
    let work = move || {
        let demands = all(&app)?;
        let on = window(&demands, &visitor.person, &asked.apres.epci)?;
        let found = answer(&app, &demands, on, &asked)?;
        let trace = Trace::new("cotation_simulation", asked.apres.epci.as_str())
            .with("genre", asked.apres.genre.id())
            .rows(found.criteres.len(), found.demandes.is_none());
        Ok((Extension(trace), Json(found)))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
