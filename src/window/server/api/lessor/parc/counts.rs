//! `/api/parc`: dwellings of a bailleur by commune and QPV, as the register has them and up to date with its
//! events.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::response::{IntoResponse, Response};

use crate::desk::lessor::counts::{Parc, stock, written};
use crate::desk::lessor::events::latest;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::saved::csv_headers;

/// Mon parc, au 1er janvier et à jour
///
/// Logements par commune et par QPV : du dernier RPLS tel que déposé, et avec les événements postérieurs.
#[utoipa::path(
    get, path = "/api/parc", tag = "bailleur", operation_id = "parc", responses((status = OK, body = Parc))
)]
pub async fn counts(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
) -> Result<Json<Parc>, Problem> {
    params.finish()?;
    Ok(Json(stock(&server.state, &*latest(&app)?, visitor.lessor()?).await?))
}

/// Mon parc, au 1er janvier et à jour, en CSV
#[utoipa::path(
    get, path = "/api/parc.csv", tag = "bailleur", operation_id = "parc_csv",
    responses((status = OK, body = String, content_type = "text/csv"))
)]
pub async fn csv(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    let parc = stock(&server.state, &*latest(&app)?, visitor.lessor()?).await?;
    let text = written(&parc).map_err(|e| Problem::internal(&e))?;
    let headers = csv_headers("parc.csv")?;
    Ok((
        Extension(Trace::new("export", "parc").rows(parc.communes.len() + parc.qpv.len(), false)),
        headers,
        text,
    )
        .into_response())
}
