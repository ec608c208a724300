//! `GET /api/adresses/corrections.csv`: the corrected dwellings, for the bailleur's own system.

use axum::extract::{Extension, State as FromState};
use axum::response::{IntoResponse, Response};

use crate::desk::lessor::corrections_csv::written;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::saved::csv_headers;
use crate::state::{Correction, StatutCorrection};

/// Adresses corrigées, en CSV
///
/// Une ligne par logement du dernier millésime : identifiants, ancienne et nouvelle adresse, point en degrés
/// et dans le système local.
#[utoipa::path(
    get, path = "/api/adresses/corrections.csv", tag = "bailleur", operation_id = "adresses_corrections_csv",
    responses((status = OK, body = String, content_type = "text/csv"))
)]
pub async fn csv(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    let siren = visitor.lessor()?.to_owned();
    let in_force = |c: &Correction| c.statut == StatutCorrection::Acceptee;
    let list: Vec<Correction> =
        server.state.corrections(&siren).await?.into_iter().filter(in_force).collect();
    let millesime = app.millesimes.last().ok_or_else(Problem::nothing_loaded)?.meta().millesime;
    let (n, text) = tokio::task::spawn_blocking(move || written(app.store(), millesime, &siren, &list))
        .await
        .map_err(|e| Problem::internal(&e))?
        .map_err(|e| Problem::internal(&e))?;
    let headers = csv_headers("adresses-corrigees.csv")?;
    Ok((Extension(Trace::new("export", "adresses corrigées").rows(n, false)), headers, text).into_response())
}
