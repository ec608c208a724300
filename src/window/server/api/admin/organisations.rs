//! `/api/admin/organisations`, and the data sets in force.

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access;
use crate::desk::params::{Params, name};
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::reference::access::Role;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::receipts::Cree;
use crate::state::{self, Org};

/// Un organisme à créer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NouvelOrganisme {
    pub nom: String,
    pub role: Role,
    /// SIREN (bailleur, EPCI, agence), code Insee (commune), département (DDETS), région (DREAL) ; vide pour
    /// les autres.
    #[serde(default)]
    pub code: String,
}

/// Ce qui change d'un organisme.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModificationOrganisme {
    /// Vrai : ses membres ne peuvent plus se connecter.
    pub ferme: bool,
}

/// Un jeu de données en vigueur.
#[derive(Debug, Serialize, ToSchema)]
pub struct Jeu {
    pub registre: String,
    pub cle: String,
    pub fichier: String,
    /// Empreinte BLAKE3 du fichier.
    pub empreinte: String,
    pub lignes_lues: u64,
    pub lignes_rejetees: u64,
    pub lignes_avec_drapeau: u64,
}

/// Checks that a code is what the role asks for.
fn code(role: Role, text: &str) -> Result<&str, Problem> {
    access::checked_code(role, text)
        .map_err(|what| Problem::value("code", text, format!("Pour ce rôle, le code est {what}.")))
}

/// Organismes
#[utoipa::path(
    get, path = "/api/admin/organisations", tag = "administration", operation_id = "admin_organisations",
    responses((status = OK, body = Vec<Org>))
)]
pub async fn list(FromState(server): FromState<Server>, params: Params) -> Result<Json<Vec<Org>>, Problem> {
    params.finish()?;
    Ok(Json(server.state.organisations().await?))
}

/// Ajouter un organisme
#[utoipa::path(
    post, path = "/api/admin/organisations", tag = "administration",
    operation_id = "admin_organisation_ajouter",
    request_body = NouvelOrganisme,
    responses(
        (status = CREATED, body = Cree),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn add(
    FromState(server): FromState<Server>,
    Body(asked): Body<NouvelOrganisme>,
) -> Result<(StatusCode, Extension<Trace>, Json<Cree>), Problem> {
    // « 005 120 340 », as SIREN are printed.
    let bare: String = asked.code.chars().filter(|c| !c.is_whitespace()).collect();
    let code = code(asked.role, &bare)?;
    let nom = name("nom", &asked.nom)?;
    let known = server.state.organisations().await?;
    let same = |o: &&Org| o.role == asked.role && !code.is_empty() && o.code == code && !o.ferme;
    if let Some(other) = known.iter().find(same) {
        return Err(Problem::conflict(format!(
            "« {} » a déjà ce rôle et ce code, et tout ce qu'ils ouvrent : ajoutez-y des comptes.",
            other.nom
        )));
    }
    let id = server.state.add_organisation(asked.role, code, nom, state::now()).await?;
    let trace = Trace::new("organisme_cree", id.clone())
        .with("nom", nom)
        .with("role", asked.role.id())
        .with("code", code);
    Ok((StatusCode::CREATED, Extension(trace), Json(Cree { id })))
}

/// Fermer ou rouvrir un organisme
#[utoipa::path(
    patch, path = "/api/admin/organisations/{id}", tag = "administration",
    operation_id = "admin_organisation_modifier",
    params(("id" = String, Path, description = "Identifiant de l'organisme")),
    request_body = ModificationOrganisme,
    responses(
        (status = NO_CONTENT, description = "Modifié"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn change(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
    Body(asked): Body<ModificationOrganisme>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    if visitor.person.organisation.as_ref().is_some_and(|o| o.id == id) {
        return Err(Problem::value(
            "id",
            &id,
            "Votre propre organisme ne se ferme pas : plus personne ne pourrait le rouvrir.",
        ));
    }
    server.state.close_organisation(&id, asked.ferme.then(state::now)).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Trace::new("organisme_modifie", id).with("ferme", asked.ferme))))
}

/// Jeux de données en vigueur
#[utoipa::path(
    get, path = "/api/admin/jeux", tag = "administration", operation_id = "admin_jeux",
    responses((status = OK, body = Vec<Jeu>))
)]
pub async fn datasets(Current(app): Current, params: Params) -> Result<Json<Vec<Jeu>>, Problem> {
    params.finish()?;
    let set = |r: &crate::registers::report::Report| Jeu {
        registre: r.registre.clone(),
        cle: r.cle.clone(),
        fichier: r.fichier.clone(),
        empreinte: r.empreinte.clone(),
        lignes_lues: r.lignes_lues,
        lignes_rejetees: r.lignes_rejetees,
        lignes_avec_drapeau: r.lignes_avec_drapeau,
    };
    Ok(Json(app.imports.iter().map(set).collect()))
}
