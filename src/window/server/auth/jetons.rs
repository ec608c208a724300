//! `/api/jetons`: tokens of the person, for scripts and QGIS.

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::who::Who;
use crate::desk::params::{Params, name};
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::reference::comptes::comptes;
use crate::server::app::Server;
use crate::server::edge::body::Body;
use crate::server::edge::problem::Document;
use crate::state::{self, NewToken, Token};

/// Un jeton à créer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandeJeton {
    /// À quoi il sert : « QGIS », « export du lundi »…
    pub nom: String,
    /// Vrai pour pouvoir modifier ; par défaut il ne fait que lire.
    #[serde(default)]
    pub ecriture: bool,
    /// Durée en jours ; 90 par défaut, 365 au plus.
    pub jours: Option<i64>,
}

/// Mes jetons
#[utoipa::path(
    get, path = "/api/jetons", tag = "compte", operation_id = "jetons", responses((status = OK,
    body = Vec<Token>))
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    params: Params,
) -> Result<Json<Vec<Token>>, Problem> {
    params.finish()?;
    Ok(Json(server.state.tokens(visitor.account()?).await?))
}

/// Créer un jeton
///
/// Le secret n'est montré qu'une fois. Un jeton a les droits de son compte, jamais plus.
#[utoipa::path(
    post, path = "/api/jetons", tag = "compte", operation_id = "jeton_creer", request_body = DemandeJeton,
    responses(
        (status = CREATED, body = NewToken),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Body(asked): Body<DemandeJeton>,
) -> Result<(StatusCode, Extension<Trace>, Json<NewToken>), Problem> {
    let rules = &comptes().jeton;
    let days = asked.jours.unwrap_or(rules.duree_defaut_j);
    if !(1..=rules.duree_max_j).contains(&days) {
        let detail = format!("Un jeton dure de 1 à {} jours.", rules.duree_max_j);
        return Err(Problem::value("jours", &days.to_string(), detail));
    }
    let nom = name("nom", &asked.nom)?;
    let token = server.state.add_token(visitor.account()?, nom, asked.ecriture, days, state::now()).await?;
    let trace = Trace::new("jeton_cree", token.id.clone())
        .with("nom", nom)
        .with("ecriture", asked.ecriture)
        .with("jours", days);
    Ok((StatusCode::CREATED, Extension(trace), Json(token)))
}

/// Révoquer un jeton
#[utoipa::path(
    delete, path = "/api/jetons/{id}", tag = "compte", operation_id = "jeton_revoquer",
    params(("id" = String, Path, description = "Identifiant du jeton")),
    responses(
        (status = NO_CONTENT, description = "Jeton révoqué"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn revoke(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    server.state.revoke_token(visitor.account()?, &id, state::now()).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Trace::new("jeton_revoque", id))))
}
