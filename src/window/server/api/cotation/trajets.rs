//! `GET /api/cotation/trajets`: where those who wait for a dwelling of an EPCI live, and the communes that
//! they name.

use axum::Json;
use axum::extract::Extension;

use crate::desk::cotation::trajets::{Trajets, answer};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Origine des demandes
///
/// Commune où habitent les ménages dont la demande attend, et communes d'un EPCI qu'ils demandent : une
/// demande compte dans chacune des communes qu'elle nomme, et une fois dans l'EPCI. Les autres origines
/// sont regroupées par EPCI. À cinq près ; un trajet de 1 à 10 demandes n'est pas donné, ni ceux qui le
/// feraient retrouver.
#[utoipa::path(
    get, path = "/api/cotation/trajets", tag = "cotation", operation_id = "cotation_trajets",
    params(("epci" = String, Query, description = "SIREN de l'EPCI demandé")),
    responses(
        (status = OK, body = Trajets),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn trajets(
    Current(app): Current,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<Trajets>), Problem> {
    let epci = params.take("epci").ok_or_else(|| Problem::missing("epci", "le SIREN de l'EPCI demandé"))?;
    params.finish()?;
    let work = move || answer(&app, &epci);
    let found = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
    let trace = Trace::new("cotation_trajets", found.epci.as_str()).rows(found.trajets.len(), true);
    Ok((Extension(trace), Json(found)))
}
