//! `/api/ensembles`: sets of zones that people keep and share. They hold contours and codes; figures are
//! asked of `/api/mesure` by who opens them, with their own rights.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::editions::Loaded;
use crate::desk::params::{Params, name};
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::desk::{geometry, places};
use crate::reference::zonage;
use crate::server::app::Server;
use crate::server::auth::who::{Visitor, Who};
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::state::{self, Asker, NewZoneSet, Visibilite, ZoneSet, ZoneSetChange};

/// Une zone gardée : dessinée (`geometrie`) ou listée (`codes`).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneGardee {
    pub nom: String,
    /// GeoJSON en degrés WGS 84 : Polygon ou MultiPolygon.
    #[schema(value_type = Option<std::collections::BTreeMap<String, serde_json::Value>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geometrie: Option<serde_json::Value>,
    /// Zones à réunir.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codes: Option<Vec<CodeGarde>>,
}

/// Une zone par son code.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeGarde {
    pub echelle: String,
    pub code: String,
}

/// Un ensemble à garder.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NouvelEnsemble {
    pub nom: String,
    pub visibilite: Visibilite,
    pub zones: Vec<ZoneGardee>,
}

/// Ce qui change d'un ensemble.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModificationEnsemble {
    /// Version que vous avez ouverte : si elle n'est plus la dernière, rien ne change.
    pub version: i64,
    pub nom: Option<String>,
    pub visibilite: Option<Visibilite>,
    pub zones: Option<Vec<ZoneGardee>>,
}

/// Un ensemble et ses zones.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnsembleOuvert {
    pub ensemble: ZoneSet,
    pub zones: Vec<ZoneGardee>,
}

/// Ce qui vient d'être gardé.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnsembleCree {
    pub id: String,
}

fn asker(visitor: &Visitor) -> Result<Asker<'_>, Problem> {
    let person = &visitor.person;
    let compte = person.compte.as_deref().ok_or_else(Problem::sign_in)?;
    let organisation = person.organisation.as_ref().map(|o| o.id.as_str()).ok_or_else(Problem::sign_in)?;
    Ok(Asker { compte, organisation, gestionnaire: person.gestionnaire })
}

/// Zones as they are kept, once each is checked; how many, and their JSON.
fn checked(loaded: &Loaded, zones: &[ZoneGardee]) -> Result<(usize, String), Problem> {
    let limits = zonage::limits();
    let n = zones.len();
    if n == 0 || n > limits.zones_max {
        return Err(Problem::value(
            "zones",
            &n.to_string(),
            format!("Un ensemble a de 1 à {} zones, or celui-ci en a {n}.", limits.zones_max),
        ));
    }
    let effort = geometry::effort(limits);
    for (i, zone) in zones.iter().enumerate() {
        let at = |field: &str| format!("zones[{i}].{field}");
        name(&at("nom"), &zone.nom)?;
        match (&zone.geometrie, &zone.codes) {
            (Some(geometry), None) => drop(geometry::areas(&at("geometrie"), geometry, limits, &effort)?),
            (None, Some(codes)) => listed(loaded, &at("codes"), codes, limits.codes_max)?,
            (None, None) => {
                return Err(Problem::missing(
                    &at("geometrie"),
                    "une zone a une « geometrie » ou une liste de « codes »",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(Problem::value(
                    &at("codes"),
                    &zone.nom,
                    "Une zone a une « geometrie » ou une liste de « codes », pas les deux.",
                ));
            }
        }
    }
    let text = serde_json::to_string(zones).map_err(|e| Problem::internal(&e))?;
    Ok((n, text))
}

/// [`checked`], which may take a while, away from the threads that answer.
async fn kept(loaded: Arc<Loaded>, zones: Vec<ZoneGardee>) -> Result<(usize, String), Problem> {
    tokio::task::spawn_blocking(move || checked(&loaded, &zones)).await.map_err(|e| Problem::internal(&e))?
}

/// Codes that can be asked one day: a known scale, a written code. That the zone exists is a matter of the
/// millésime it is asked of.
fn listed(loaded: &Loaded, champ: &str, codes: &[CodeGarde], most: usize) -> Result<(), Problem> {
    if codes.is_empty() || codes.len() > most {
        let detail = format!("Une liste a de 1 à {most} codes, or celle-ci en a {}.", codes.len());
        return Err(Problem::value(champ, &codes.len().to_string(), detail));
    }
    for (j, CodeGarde { echelle, code }) in codes.iter().enumerate() {
        places::layer(loaded, &format!("{champ}[{j}].echelle"), echelle)?;
        let written = !code.is_empty() && code.len() <= 200 && !code.chars().any(char::is_control);
        if !written {
            return Err(Problem::value(
                &format!("{champ}[{j}].code"),
                code,
                "Un code a de 1 à 200 caractères, sans retour à la ligne.",
            ));
        }
    }
    Ok(())
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
