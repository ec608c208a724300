//! `/api/signalements`: residences that their bailleur flags as sensitive, to itself or to the territory.

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;

use crate::access::{Scope, scope};
use crate::desk::lessor::flags::NouveauSignalement;
use crate::desk::lessor::residences;
use crate::desk::params::{Params, day as date, words};
use crate::desk::problem::Problem;
use crate::desk::rights::Reach;
use crate::desk::trace::Trace;
use crate::reference::access::{Class, Donnees};
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::state::{self, NewFlag, Signalement};

/// Résidences signalées
///
/// Pour un bailleur, toutes les siennes ; pour les autres, celles que les bailleurs partagent et qui sont
/// dans leur territoire.
#[utoipa::path(
    get, path = "/api/signalements", tag = "bailleur", operation_id = "signalements", responses((status = OK,
    body = Vec<Signalement>))
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
) -> Result<Json<Vec<Signalement>>, Problem> {
    params.finish()?;
    if visitor.person.owns() {
        return Ok(Json(server.state.flags(Some(visitor.lessor()?)).await?));
    }
    // Who may see a residence's dwellings may see that it is flagged.
    let Some(loaded) = app.millesimes.last() else { return Ok(Json(Vec::new())) };
    let open = scope(&visitor.person, Class::Fine, Donnees::Rpls);
    if matches!(open, Scope::Nowhere(_)) {
        return Ok(Json(Vec::new()));
    }
    let reach = Reach::new(loaded, &open);
    let layer = loaded.cube().layer("residence");
    let seen = |f: &Signalement| {
        layer
            .as_ref()
            .and_then(|l| l.zone(&f.residence).map(|z| reach.holds(&l.addresses(z))))
            .unwrap_or(false)
    };
    let shared = server.state.flags(None).await?;
    Ok(Json(shared.into_iter().filter(|f| f.leve.is_none() && seen(f)).collect()))
}

/// Signaler une résidence
#[utoipa::path(
    post, path = "/api/signalements", tag = "bailleur", operation_id = "signalement_ajouter",
    request_body = NouveauSignalement,
    responses(
        (status = CREATED, description = "Signalée"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn add(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<NouveauSignalement>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    let siren = visitor.lessor()?;
    let motif = words("motif", &asked.motif, 500)?;
    if motif.is_empty() {
        return Err(Problem::missing("motif", "pourquoi la résidence est sensible"));
    }
    let du = date("du", &asked.du)?;
    let au = if asked.au.is_empty() { None } else { Some(date("au", &asked.au)?) };
    if au.is_some_and(|a| a < du) {
        return Err(Problem::value("au", &asked.au, "Un signalement finit après son premier jour."));
    }
    let (du, au) = (du.to_string(), au.map(|a| a.to_string()).unwrap_or_default());
    let residence = residences::one(&app, siren, &asked.residence).await?;
    let new = NewFlag {
        siren,
        residence: &residence.code,
        nom: &residence.nom,
        commune: &residence.commune,
        motif: &motif,
        du: &du,
        au: &au,
        partage: asked.partage,
    };
    let id = server.state.add_flag(&new, &visitor.author(), state::now()).await?;
    let trace = Trace::new("signalement", id)
        .with("residence", residence.code.as_str())
        .with("motif", motif.as_str())
        .with("partage", asked.partage);
    Ok((StatusCode::CREATED, Extension(trace)))
}

/// Lever un signalement
///
/// Il reste dans l'historique. Le lever une seconde fois ne change rien.
#[utoipa::path(
    delete, path = "/api/signalements/{id}", tag = "bailleur", operation_id = "signalement_lever",
    params(("id" = String, Path, description = "Identifiant du signalement")),
    responses(
        (status = NO_CONTENT, description = "Levé"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn lift(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    server.state.lift_flag(visitor.lessor()?, &id, &visitor.author(), Some(state::now())).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Trace::new("signalement_leve", id))))
}

/// Remettre un signalement levé
#[utoipa::path(
    put, path = "/api/signalements/{id}", tag = "bailleur", operation_id = "signalement_remettre",
    params(("id" = String, Path, description = "Identifiant du signalement")),
    responses(
        (status = NO_CONTENT, description = "Remis"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn restore(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    server.state.lift_flag(visitor.lessor()?, &id, &visitor.author(), None).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Trace::new("signalement_remis", id))))
}
