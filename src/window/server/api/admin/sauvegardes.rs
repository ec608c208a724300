//! `/api/admin/sauvegardes`: copies of the whole store, made, read again and removed by the page.

use std::path::PathBuf;

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;

use crate::desk::admin::sauvegardes::{Sauvegarde, Sauvegardes, postgres};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::api::site::health::free;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::problem::Document;
use crate::state;
use crate::store::{Store, backup};

const NO_FOLDER: &str =
    "Le service n'a pas de dossier de sauvegardes : démarrez-le avec --sauvegardes DOSSIER.";
const BUSY: &str = "Une sauvegarde se fait ou se relit déjà : attendez qu'elle ait fini.";

/// Why copies cannot be made here.
fn hindrance(server: &Server) -> Option<String> {
    if let Some(url) = postgres() {
        return Some(format!(
            "Les comptes et le journal sont dans PostgreSQL ({url}), que ce service ne copie pas : une sauvegarde \
             entière se fait sur sa machine, par pg_dump puis mosaique sauvegarde --sans-base."
        ));
    }
    server.saves.folder().is_none().then(|| NO_FOLDER.to_owned())
}

async fn told(server: &Server) -> Result<Json<Sauvegardes>, Problem> {
    let (saves, root) = (server.saves.clone(), server.works.root().to_owned());
    let empechement = hindrance(server);
    let found = tokio::task::spawn_blocking(move || {
        let now = saves.now();
        let besoin = Store::open(&root).map_err(|e| Problem::internal(&e))?.octets();
        let list = saves.folder().map(backup::list).unwrap_or_default();
        Ok::<_, Problem>(Sauvegardes {
            dossier: saves.folder().map(|f| f.display().to_string()),
            magasin: root.display().to_string(),
            empechement,
            libre: saves.folder().and_then(|f| f.ancestors().find_map(free)),
            besoin,
            en_cours: now.job,
            echec: now.failed,
            sauvegardes: list
                .into_iter()
                .map(|(nom, label)| {
                    let controle = now.checked.get(&nom).cloned();
                    Sauvegarde::of(nom, &label, controle)
                })
                .collect(),
        })
    });
    Ok(Json(found.await.map_err(|e| Problem::internal(&e))??))
}

/// The folder of a finished copy.
fn one(server: &Server, nom: &str) -> Result<PathBuf, Problem> {
    let folder = server.saves.folder().ok_or_else(|| Problem::conflict(NO_FOLDER))?;
    let known = backup::list(folder).into_iter().any(|(name, _)| name == nom);
    let absent = || Problem::not_found("nom", nom, "Aucune sauvegarde finie n'a ce nom.").in_path();
    known.then(|| folder.join(nom)).ok_or_else(absent)
}

/// Sauvegardes du service
#[utoipa::path(
    get, path = "/api/admin/sauvegardes", tag = "administration", operation_id = "admin_sauvegardes",
    responses((status = OK, body = Sauvegardes))
)]
pub async fn list(
    FromState(server): FromState<Server>,
    params: Params,
) -> Result<Json<Sauvegardes>, Problem> {
    params.finish()?;
    told(&server).await
}

/// Sauvegarder le service
///
/// Données, chiffres, comptes, journal et clés, pendant qu'il sert. La réponse dit ce qui commence.
#[utoipa::path(
    post, path = "/api/admin/sauvegardes", tag = "administration", operation_id = "admin_sauvegarder",
    responses(
        (status = ACCEPTED, body = Sauvegardes),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn make(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
) -> Result<(StatusCode, Extension<Trace>, Json<Sauvegardes>), Problem> {
    if let Some(why) = hindrance(&server) {
        return Err(Problem::conflict(why));
    }
    let before = told(&server).await?;
    if before.libre.is_some_and(|free| free < before.besoin) {
        return Err(Problem::conflict(
            "Il ne reste pas assez de place sur le disque des sauvegardes : supprimez-en une, ou agrandissez-le.",
        ));
    }
    let nom = state::stamp(state::now());
    let folder = server.saves.folder().ok_or_else(|| Problem::conflict(NO_FOLDER))?;
    let target = folder.join(&nom);
    if !server.saves.begin(&nom, false) {
        return Err(Problem::conflict(BUSY));
    }
    let trace = Trace::new("sauvegarde_demandee", target.display().to_string());
    let (saves, state) = (server.saves.clone(), server.state.clone());
    tokio::spawn(saves.make(target, state, server.works.clone(), server.trail.clone(), visitor));
    Ok((StatusCode::ACCEPTED, Extension(trace), told(&server).await?))
}

/// Relire une sauvegarde
///
/// Chaque fichier est comparé à ce qui a été écrit.
#[utoipa::path(
    post, path = "/api/admin/sauvegardes/{nom}/controle", tag = "administration",
    operation_id = "admin_sauvegarde_controler",
    params(("nom" = String, Path, description = "Nom de la sauvegarde.")),
    responses(
        (status = ACCEPTED, body = Sauvegardes),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn check(
    FromState(server): FromState<Server>,
    Path(nom): Path<String>,
) -> Result<(StatusCode, Extension<Trace>, Json<Sauvegardes>), Problem> {
    let copy = one(&server, &nom)?;
    if !server.saves.begin(&nom, true) {
        return Err(Problem::conflict(BUSY));
    }
    let trace = Trace::new("sauvegarde_relue", copy.display().to_string());
    tokio::spawn(server.saves.clone().read_again(nom, copy));
    Ok((StatusCode::ACCEPTED, Extension(trace), told(&server).await?))
}

/// Supprimer une sauvegarde
#[utoipa::path(
    delete, path = "/api/admin/sauvegardes/{nom}", tag = "administration",
    operation_id = "admin_sauvegarde_supprimer",
    params(("nom" = String, Path, description = "Nom de la sauvegarde.")),
    responses(
        (status = OK, body = Sauvegardes),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn remove(
    FromState(server): FromState<Server>,
    Path(nom): Path<String>,
) -> Result<(Extension<Trace>, Json<Sauvegardes>), Problem> {
    let copy = one(&server, &nom)?;
    if server.saves.now().job.is_some_and(|job| job.nom == nom) {
        return Err(Problem::conflict(BUSY));
    }
    let trace = Trace::new("sauvegarde_supprimee", copy.display().to_string());
    let gone = tokio::task::spawn_blocking(move || backup::remove(&copy));
    gone.await.map_err(|e| Problem::internal(&e))?.map_err(|e| Problem::internal(&e))?;
    server.saves.forget(&nom);
    Ok((Extension(trace), told(&server).await?))
}
