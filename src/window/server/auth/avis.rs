//! `/api/avis`: whether I want notices by mail. `/api/admin/avis`: how they leave.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::who::Who;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::edge::body::Body;
use crate::server::edge::problem::Document;

/// Mes avis par courriel.
#[derive(Debug, Serialize, ToSchema)]
pub struct MesAvis {
    /// Faux : ce serveur n'envoie pas de courriel.
    pub proposes: bool,
    pub voulus: bool,
}

/// Un choix.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoixAvis {
    pub voulus: bool,
}

/// Comment partent les avis par courriel.
#[derive(Debug, Serialize, ToSchema)]
pub struct AvisEnvoyes {
    /// Relais, sans rien de secret ; nul si aucun courriel n'est envoyé.
    pub relais: Option<String>,
    pub en_attente: i64,
    /// Parmi eux, ceux qui n'ont pu partir et seront réessayés.
    pub en_echec: i64,
    pub envoyes: i64,
    pub abandonnes: i64,
    /// Secondes depuis 1970.
    pub dernier_envoi: Option<i64>,
    /// Les derniers abandonnés.
    pub perdus: Vec<AvisPerdu>,
}

/// Un avis qui n'est jamais parti.
#[derive(Debug, Serialize, ToSchema)]
pub struct AvisPerdu {
    pub courriel: String,
    pub sujet: String,
    pub essais: i64,
    /// Ce qu'a répondu le relais, ou le réseau.
    pub erreur: String,
    /// Secondes depuis 1970.
    pub quand: i64,
}

/// Those that are listed.
const LISTED: i64 = 20;

/// Mes avis par courriel
#[utoipa::path(
    get, path = "/api/avis", tag = "compte", operation_id = "avis",
    responses(
        (status = OK, body = MesAvis),
        (status = UNAUTHORIZED, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn mine(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    params: Params,
) -> Result<Json<MesAvis>, Problem> {
    params.finish()?;
    let voulus = server.state.wants_notices(visitor.account()?).await?;
    Ok(Json(MesAvis { proposes: server.post.is_some(), voulus }))
}

/// Recevoir ou non les avis par courriel
#[utoipa::path(
    put, path = "/api/avis", tag = "compte", operation_id = "avis_choisir", request_body = ChoixAvis,
    responses(
        (status = NO_CONTENT, description = "Noté"),
        (status = UNAUTHORIZED, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn choose(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Body(asked): Body<ChoixAvis>,
) -> Result<(Extension<Trace>, StatusCode), Problem> {
    server.state.want_notices(visitor.account()?, asked.voulus).await?;
    let trace = Trace::new("avis_choisis", if asked.voulus { "oui" } else { "non" });
    Ok((Extension(trace), StatusCode::NO_CONTENT))
}

/// Comment partent les avis par courriel
#[utoipa::path(
    get, path = "/api/admin/avis", tag = "administration", operation_id = "admin_avis",
    responses(
        (status = OK, body = AvisEnvoyes),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn sent(
    FromState(server): FromState<Server>,
    params: Params,
) -> Result<Json<AvisEnvoyes>, Problem> {
    params.finish()?;
    let (queued, lost) = (server.state.queued_mails().await?, server.state.lost_mails(LISTED).await?);
    Ok(Json(AvisEnvoyes {
        relais: server.post.as_ref().map(|p| p.relay.clone()),
        en_attente: queued.en_attente,
        en_echec: queued.en_echec,
        envoyes: queued.envoyes,
        abandonnes: queued.abandonnes,
        dernier_envoi: queued.dernier_envoi,
        perdus: lost
            .into_iter()
            .map(|m| AvisPerdu {
                courriel: m.courriel,
                sujet: m.sujet,
                essais: m.essais,
                erreur: m.erreur,
                quand: m.fin,
            })
            .collect(),
    }))
}
