//! `GET /api/flux/carte`: the flow on the map, by commune or QPV, and a lessor's own dwellings.

use axum::Json;
use axum::extract::{Extension, State as FromState};

use crate::desk::flux::carte::{self as desk, Asked, CarteFlux};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::api::flux::opened;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Le flux sur la carte
///
/// Baux et propositions par réservataire, logements refusés deux fois et plus, logements en cours : par
/// commune ou par QPV, en QPV et hors QPV. Un bailleur reçoit aussi ses logements en cours ou refusés, un à
/// un.
#[utoipa::path(
    get, path = "/api/flux/carte", tag = "flux", operation_id = "flux_carte",
    params(
        ("annee" = Option<u16>, Query, description = "La dernière par défaut"),
        ("quoi" = Option<String>, Query, description = "`baux` (par défaut), `offres`, `refuses` ou `en_cours`"),
        ("par" = Option<String>, Query, description = "`commune` (par défaut), `qpv` ou `arrondissement`"),
    ),
    responses(
        (status = OK, body = CarteFlux),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn carte(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<CarteFlux>), Problem> {
    let asked = Asked { annee: params.number("annee")?, quoi: params.take("quoi"), par: params.take("par") };
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let work = move || {
        let checker = app.checker().map_err(|e| Problem::internal(&e))?;
        desk::answer(&app, &checker, &book, &view, &asked)
    };
    let found = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
    let trace = Trace::new("flux_carte", found.annee.to_string())
        .with("quoi", found.quoi)
        .with("par", found.par)
        .rows(found.lieux.len() + found.logements.len(), false);
    Ok((Extension(trace), Json(found)))
}
