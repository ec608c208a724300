//! `GET /api/affichage`: what the command that started the server adds to the page.

use axum::Json;
use axum::extract::State as FromState;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::reference::fonds::Basemap;
use crate::server::app::Server;

/// Réglages de la page.
#[derive(Debug, Serialize, ToSchema)]
pub struct Affichage {
    /// Fonds de carte proposés en plus du fond hors ligne ; aucun par défaut.
    pub fonds: Vec<Basemap>,
    /// Sites autorisés à intégrer la carte ; aucun par défaut.
    pub integration: Vec<String>,
}

/// Réglages de la page
#[utoipa::path(
    get, path = "/api/affichage", tag = "catalogue", operation_id = "affichage", responses((status = OK,
    body = Affichage))
)]
pub async fn affichage(
    FromState(server): FromState<Server>,
    params: Params,
) -> Result<Json<Affichage>, Problem> {
    params.finish()?;
    Ok(Json(Affichage {
        fonds: server.options.fonds.clone(),
        integration: server.options.integration.clone(),
    }))
}
