//! `/api/admin/comptes`: accounts of all organisations.

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::auth::organisation::{self, ModificationCompte, MotDePasseRemis, NouveauMembre};
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::problem::Document;
use crate::state::{Account, Closer};

/// Un compte à créer dans un organisme.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NouveauCompte {
    /// Identifiant de l'organisme.
    pub organisation: String,
    pub courriel: String,
    pub nom: String,
    #[serde(default)]
    pub gestionnaire: bool,
}

/// Comptes
#[utoipa::path(
    get, path = "/api/admin/comptes", tag = "administration", operation_id = "admin_comptes",
    params(("organisation" = Option<String>, Query, description = "Un organisme seulement")),
    responses((status = OK, body = Vec<Account>))
)]
pub async fn list(
    FromState(server): FromState<Server>,
    mut params: Params,
) -> Result<Json<Vec<Account>>, Problem> {
    let organisation = params.take("organisation");
    params.finish()?;
    Ok(Json(server.state.accounts(organisation.as_deref()).await?))
}

/// Ajouter un compte
#[utoipa::path(
    post, path = "/api/admin/comptes", tag = "administration", operation_id = "admin_compte_ajouter",
    request_body = NouveauCompte,
    responses(
        (status = CREATED, body = MotDePasseRemis),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn add(
    FromState(server): FromState<Server>,
    Body(asked): Body<NouveauCompte>,
) -> Result<(StatusCode, Extension<Trace>, Json<MotDePasseRemis>), Problem> {
    let member = NouveauMembre { courriel: asked.courriel, nom: asked.nom, gestionnaire: asked.gestionnaire };
    organisation::add(&server, &asked.organisation, &member).await
}

/// Modifier un compte
#[utoipa::path(
    patch, path = "/api/admin/comptes/{id}", tag = "administration", operation_id = "admin_compte_modifier",
    params(("id" = String, Path, description = "Identifiant du compte")), request_body = ModificationCompte,
    responses(
        (status = NO_CONTENT, description = "Modifié"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn change(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
    Body(asked): Body<ModificationCompte>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    organisation::change(&server, &visitor, &id, &asked, Closer::Administration).await
}

/// Remettre un mot de passe
#[utoipa::path(
    post, path = "/api/admin/comptes/{id}/mot-de-passe", tag = "administration",
    operation_id = "admin_compte_mot_de_passe",
    params(("id" = String, Path, description = "Identifiant du compte")),
    responses(
        (status = OK, body = MotDePasseRemis),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn reset(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(Extension<Trace>, Json<MotDePasseRemis>), Problem> {
    organisation::reset(&server, &visitor, &id).await
}
