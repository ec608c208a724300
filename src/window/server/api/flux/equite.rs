//! `GET /api/flux/equite`: whether the same dwellings are offered to each réservataire.

use axum::Json;
use axum::extract::{Extension, State as FromState};

use crate::desk::flux::equite::{self as desk, EquiteFlux};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::api::flux::opened;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Équité des propositions
///
/// Les mêmes logements sont-ils proposés à chaque réservataire ? La distance est donnée à côté de ce que le
/// hasard seul produit (1 999 redistributions, graine fixe) ; un écart n'est signalé que si la probabilité
/// corrigée (Holm) reste sous le risque annoncé, jamais sous 11 propositions.
#[utoipa::path(
    get, path = "/api/flux/equite", tag = "flux", operation_id = "flux_equite",
    params(
        ("annee" = Option<u16>, Query, description = "La dernière par défaut"),
        ("bailleur" = Option<String>, Query, description = "Un bailleur seulement (SIREN)"),
    ),
    responses(
        (status = OK, body = EquiteFlux),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn equite(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<EquiteFlux>), Problem> {
    let (year, bailleur) = (params.number("annee")?, params.take("bailleur"));
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let work = move || desk::answer(&book, &view, year, bailleur.as_deref());
    let found = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
    let trace = Trace::new("flux_equite", found.annee.to_string()).rows(found.ecarts.len(), false);
    Ok((Extension(trace), Json(found)))
}
