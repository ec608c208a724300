//! `/api/ensembles`: sets of zones that people keep and share. They hold contours and codes; figures are
//! asked of `/api/mesure` by who opens them, with their own rights.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;

use crate::desk::figures::ensembles::{
    EnsembleCree, EnsembleOuvert, ModificationEnsemble, NouvelEnsemble, kept,
};
use crate::desk::params::{Params, name};
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::auth::who::{Visitor, Who};
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::state::{self, Asker, NewZoneSet, Visibilite, ZoneSet, ZoneSetChange};

fn asker(visitor: &Visitor) -> Result<Asker<'_>, Problem> {
    let person = &visitor.person;
    let compte = person.compte.as_deref().ok_or_else(Problem::sign_in)?;
    let organisation = person.organisation.as_ref().map(|o| o.id.as_str()).ok_or_else(Problem::sign_in)?;
    Ok(Asker { compte, organisation, gestionnaire: person.gestionnaire })
}

/// Ensembles de zones
///
/// Les vôtres, ceux que votre organisme partage en son sein, et ceux de ses partenaires (parties d'une même
/// convention en vigueur).
#[utoipa::path(
    get, path = "/api/ensembles", tag = "zones", operation_id = "ensembles",
    responses((status = OK, body = Vec<ZoneSet>))
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    params: Params,
) -> Result<Json<Vec<ZoneSet>>, Problem> {
    params.finish()?;
    Ok(Json(server.state.zone_sets(asker(&visitor)?, state::now()).await?))
}

/// Garder un ensemble de zones
///
/// Il garde des contours et des codes, aucun chiffre : qui l'ouvre voit ce que ses propres droits montrent.
#[utoipa::path(
    post, path = "/api/ensembles", tag = "zones", operation_id = "ensemble_ajouter",
    request_body = NouvelEnsemble,
    responses(
        (status = CREATED, body = EnsembleCree),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn add(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<NouvelEnsemble>,
) -> Result<(StatusCode, Extension<Trace>, Json<EnsembleCree>), Problem> {
    let who = asker(&visitor)?;
    let nom = name("nom", &asked.nom)?.to_owned();
    let loaded = app.millesimes.last().ok_or_else(Problem::nothing_loaded)?;
    let (millesime, vague) = (loaded.meta().millesime, loaded.meta().vague);
    let (n, zones) = kept(Arc::clone(loaded), asked.zones).await?;
    let new = NewZoneSet { nom: &nom, visibilite: asked.visibilite, millesime, vague, n, zones: &zones };
    let id = server.state.add_zone_set(who, &new, state::now()).await?;
    let trace = Trace::new("ensemble_cree", id.clone())
        .with("nom", nom.as_str())
        .with("visibilite", asked.visibilite.id())
        .rows(n, false);
    Ok((StatusCode::CREATED, Extension(trace), Json(EnsembleCree { id })))
}

/// Ouvrir un ensemble de zones
#[utoipa::path(
    get, path = "/api/ensembles/{id}", tag = "zones", operation_id = "ensemble",
    params(("id" = String, Path, description = "Identifiant de l'ensemble")),
    responses(
        (status = OK, body = EnsembleOuvert),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn one(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<EnsembleOuvert>, Problem> {
    params.finish()?;
    let (ensemble, zones) = server.state.zone_set(asker(&visitor)?, &id, state::now()).await?;
    let zones = serde_json::from_str(&zones).map_err(|e| Problem::internal(&e))?;
    Ok(Json(EnsembleOuvert { ensemble, zones }))
}

/// Modifier un ensemble de zones
#[utoipa::path(
    patch, path = "/api/ensembles/{id}", tag = "zones", operation_id = "ensemble_modifier",
    params(("id" = String, Path, description = "Identifiant de l'ensemble")),
    request_body = ModificationEnsemble,
    responses(
        (status = NO_CONTENT, description = "Modifié"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn change(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Path(id): Path<String>,
    Body(asked): Body<ModificationEnsemble>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    let nom = asked.nom.as_deref().map(|n| name("nom", n)).transpose()?;
    let zones = match asked.zones {
        None => None,
        Some(zones) => {
            Some(kept(Arc::clone(app.millesimes.last().ok_or_else(Problem::nothing_loaded)?), zones).await?)
        }
    };
    let change = ZoneSetChange {
        nom,
        visibilite: asked.visibilite,
        zones: zones.as_ref().map(|(n, text)| (*n, text.as_str())),
        version: asked.version,
    };
    server.state.change_zone_set(asker(&visitor)?, &id, change, state::now()).await?;
    let trace = Trace::new("ensemble_modifie", id)
        .with("nom", nom.unwrap_or_default())
        .with("visibilite", asked.visibilite.map_or("", Visibilite::id))
        .rows(change.zones.map_or(0, |(n, _)| n), false);
    Ok((StatusCode::NO_CONTENT, Extension(trace)))
}

/// Effacer un ensemble de zones
///
/// Il peut être restauré pendant un mois.
#[utoipa::path(
    delete, path = "/api/ensembles/{id}", tag = "zones", operation_id = "ensemble_effacer",
    params(("id" = String, Path, description = "Identifiant de l'ensemble")),
    responses(
        (status = NO_CONTENT, description = "Effacé"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn erase(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    server.state.erase_zone_set(asker(&visitor)?, &id, true, state::now()).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Trace::new("ensemble_efface", id))))
}

/// Restaurer un ensemble effacé
#[utoipa::path(
    post, path = "/api/ensembles/{id}/restauration", tag = "zones", operation_id = "ensemble_restaurer",
    params(("id" = String, Path, description = "Identifiant de l'ensemble")),
    responses(
        (status = NO_CONTENT, description = "Restauré"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn restore(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    server.state.erase_zone_set(asker(&visitor)?, &id, false, state::now()).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Trace::new("ensemble_restaure", id))))
}
