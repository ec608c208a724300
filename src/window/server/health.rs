//! `GET /healthz`.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// État du serveur.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Etat)]
pub struct Health {
    etat: &'static str,
}

/// État du serveur
#[utoipa::path(
    get, path = "/healthz", tag = "service", operation_id = "healthz", responses((status = OK, body = Health))
)]
pub async fn healthz() -> Json<Health> {
    Json(Health { etat: "pret" })
}
