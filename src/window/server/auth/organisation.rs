//! `/api/organisation`: my organisation, its conventions, its members.

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::who::{Visitor, Who};
use crate::access::scope;
use crate::desk::params::{Params, name};
use crate::desk::problem::Problem;
use crate::desk::rights;
use crate::desk::trace::Trace;
use crate::reference::access::{Class, Donnees, access};
use crate::server::app::Server;
use crate::server::edge::body::Body;
use crate::server::edge::problem::Document;
use crate::state::{self, Account, Closer, Convention, NewAccount, one_time};

/// Mon organisme.
#[derive(Debug, Serialize, ToSchema)]
pub struct MonOrganisme {
    pub nom: String,
    pub role_libelle: &'static str,
    /// SIREN, code Insee, département ou région ; `code_libelle` dit lequel.
    pub code: String,
    pub code_libelle: &'static str,
    pub gestionnaire: bool,
    /// Ce que voient ses membres, en mots.
    pub droits: Vec<Droit>,
    pub conventions: Vec<Convention>,
    pub membres: Vec<Account>,
}

/// Ce que le rôle et les conventions ouvrent pour une classe d'échelles.
#[derive(Debug, Serialize, ToSchema)]
pub struct Droit {
    pub echelles: &'static str,
    pub parc: String,
    pub occupation: String,
}

/// Un compte à créer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NouveauMembre {
    pub courriel: String,
    pub nom: String,
    #[serde(default)]
    pub gestionnaire: bool,
}

/// Un compte qui vient d'être créé, ou dont le mot de passe vient d'être remplacé.
#[derive(Debug, Serialize, ToSchema)]
pub struct MotDePasseRemis {
    pub compte: String,
    /// À remettre à la personne : il ne sert qu'une fois et ne sera plus montré.
    pub mot_de_passe: String,
}

/// Ce qui change d'un compte.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModificationCompte {
    pub gestionnaire: Option<bool>,
    /// Vrai : ne peut plus se connecter ; ses sessions et ses jetons sont clos.
    pub ferme: Option<bool>,
}

/// Mon organisme
#[utoipa::path(
    get, path = "/api/organisation", tag = "compte", operation_id = "organisation", responses((status = OK,
    body = MonOrganisme))
)]
pub async fn mine(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    params: Params,
) -> Result<Json<MonOrganisme>, Problem> {
    params.finish()?;
    let org = visitor.organisation()?;
    let rights = access().rights(org.role);
    let words = |class, data| rights::in_words(&scope(&visitor.person, class, data));
    let right = |echelles, class| Droit {
        echelles,
        parc: words(class, Donnees::Rpls),
        occupation: words(class, Donnees::Ops),
    };
    Ok(Json(MonOrganisme {
        nom: org.nom.clone(),
        role_libelle: &rights.libelle,
        code: org.code.clone(),
        code_libelle: &rights.code,
        gestionnaire: visitor.person.gestionnaire,
        droits: vec![
            right("Adresse et résidence", Class::Fine),
            right("Zone dessinée", Class::Zone),
            right("IRIS, carreau, QPV", Class::Proche),
            right("Commune et au-delà", Class::Large),
        ],
        conventions: server.state.conventions(Some(&org.id)).await?,
        membres: server.state.accounts(Some(&org.id)).await?,
    }))
}

/// Checks an e-mail address as far as this can be done without writing to it.
pub(crate) fn courriel(text: &str) -> Result<&str, Problem> {
    let text = text.trim();
    let ok = text.len() <= 200
        && text.chars().all(|c| !c.is_whitespace() && !c.is_control())
        && text.split_once('@').is_some_and(|(a, b)| {
            !a.is_empty() && b.contains('.') && !b.contains('@') && !b.starts_with('.') && !b.ends_with('.')
        });
    if ok {
        Ok(text)
    } else {
        Err(Problem::value("courriel", text, "Ce n'est pas une adresse électronique : nom@domaine.fr."))
    }
}

/// Makes an account with a one-time password.
pub(crate) async fn add(
    server: &Server,
    organisation: &str,
    asked: &NouveauMembre,
) -> Result<(StatusCode, Extension<Trace>, Json<MotDePasseRemis>), Problem> {
    let password = one_time()?;
    let hash = server.passwords.hash(password.clone()).await?;
    let new = NewAccount {
        courriel: courriel(&asked.courriel)?,
        nom: name("nom", &asked.nom)?,
        organisation,
        gestionnaire: asked.gestionnaire,
        mot_de_passe: &hash,
    };
    let compte = server.state.add_account(&new, state::now()).await?;
    let trace = Trace::new("compte_cree", compte.clone())
        .with("courriel", new.courriel)
        .with("organisation", organisation)
        .with("gestionnaire", asked.gestionnaire);
    Ok((StatusCode::CREATED, Extension(trace), Json(MotDePasseRemis { compte, mot_de_passe: password })))
}

/// Changes an account.
pub(crate) async fn change(
    server: &Server,
    visitor: &Visitor,
    id: &str,
    asked: &ModificationCompte,
    by: Closer,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    if visitor.person.compte.as_deref() == Some(id) {
        return Err(Problem::value(
            "id",
            id,
            "Votre propre compte se modifie par un autre gestionnaire ou par l'administration.",
        ));
    }
    if let Some(manager) = asked.gestionnaire {
        server.state.set_manager(id, manager).await?;
    }
    if let Some(closed) = asked.ferme {
        server.state.close_account(id, closed.then(state::now), by).await?;
    }
    let trace =
        Trace::new("compte_modifie", id).with("gestionnaire", asked.gestionnaire).with("ferme", asked.ferme);
    Ok((StatusCode::NO_CONTENT, Extension(trace)))
}

/// Gives an account a new one-time password.
pub(crate) async fn reset(
    server: &Server,
    visitor: &Visitor,
    id: &str,
) -> Result<(Extension<Trace>, Json<MotDePasseRemis>), Problem> {
    if visitor.person.compte.as_deref() == Some(id) {
        return Err(Problem::value(
            "id",
            id,
            "Votre propre mot de passe se change par le menu de votre compte.",
        ));
    }
    let password = one_time()?;
    let hash = server.passwords.hash(password.clone()).await?;
    server.state.set_password(id, &hash, Some(state::now()), None).await?;
    let trace = Trace::new("mot_de_passe_remis", id);
    Ok((Extension(trace), Json(MotDePasseRemis { compte: id.to_owned(), mot_de_passe: password })))
}

/// Refuses an account of another organisation as if it did not exist.
async fn member(server: &Server, visitor: &Visitor, id: &str) -> Result<(), Problem> {
    let org = visitor.organisation()?;
    match server.state.account(id).await? {
        Some(a) if a.organisation == org.id => Ok(()),
        _ => Err(crate::state::StateError::Absent(id.to_owned()).into()),
    }
}

/// Ajouter un membre
#[utoipa::path(
    post, path = "/api/organisation/membres", tag = "compte", operation_id = "membre_ajouter",
    request_body = NouveauMembre,
    responses(
        (status = CREATED, body = MotDePasseRemis),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn add_member(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Body(asked): Body<NouveauMembre>,
) -> Result<(StatusCode, Extension<Trace>, Json<MotDePasseRemis>), Problem> {
    let org = visitor.organisation()?.id.clone();
    add(&server, &org, &asked).await
}

/// Modifier un membre
#[utoipa::path(
    patch, path = "/api/organisation/membres/{id}", tag = "compte", operation_id = "membre_modifier",
    params(("id" = String, Path, description = "Identifiant du compte")), request_body = ModificationCompte,
    responses(
        (status = NO_CONTENT, description = "Modifié"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn change_member(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
    Body(asked): Body<ModificationCompte>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    member(&server, &visitor, &id).await?;
    change(&server, &visitor, &id, &asked, Closer::Gestionnaire).await
}

/// Remettre un mot de passe à un membre
#[utoipa::path(
    post, path = "/api/organisation/membres/{id}/mot-de-passe", tag = "compte",
    operation_id = "membre_mot_de_passe",
    params(("id" = String, Path, description = "Identifiant du compte")),
    responses(
        (status = OK, body = MotDePasseRemis),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn reset_member(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(Extension<Trace>, Json<MotDePasseRemis>), Problem> {
    member(&server, &visitor, &id).await?;
    reset(&server, &visitor, &id).await
}
