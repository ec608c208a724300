//! `POST /api/mesure`: figures of zones that are drawn or listed.

use axum::Json;
use axum::extract::Extension;

use crate::desk::mesure::{self as desk, DemandeMesure, Mesures};
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Chiffres de zones dessinées ou listées
///
/// Un logement compte dans la zone qui contient le point de son adresse. Les chiffres d'occupation portent
/// sur les groupes d'adresses entièrement dans la zone ; `couverture` dit combien de logements sont écartés
/// et pourquoi.
#[utoipa::path(
    post, path = "/api/mesure", tag = "zones", operation_id = "mesure", request_body = DemandeMesure,
    responses(
        (status = OK, body = Mesures),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = PAYLOAD_TOO_LARGE, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn mesure(
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<DemandeMesure>,
) -> Result<(Extension<Vec<Trace>>, Json<Mesures>), Problem> {
    let work = move || desk::mesures(&app, &visitor.person, asked);
    let (traces, mesures) = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
    Ok((Extension(traces), Json(mesures)))
}
