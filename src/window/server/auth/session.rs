//! `/api/session`: who I am, signing in and out, changing my password.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::visitor::{COOKIE, cookie};
use super::who::{Visitor, Way, Who};
use crate::access::Person;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::reference::access::{Level, Role, access};
use crate::reference::comptes::comptes;
use crate::server::app::Server;
use crate::server::edge::body::Body;
use crate::server::edge::problem::Document;
use crate::state;

/// Qui je suis.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionOut {
    pub connecte: bool,
    pub nom: String,
    pub courriel: String,
    pub role: Role,
    /// Le rôle en mots.
    pub role_libelle: &'static str,
    pub organisme: String,
    pub gestionnaire: bool,
    pub administrateur: bool,
    /// Vrai tant que le mot de passe reçu n'a pas été changé : rien d'autre n'est alors ouvert.
    pub doit_changer: bool,
    /// À répéter dans l'en-tête `x-csrf-token` de toute requête qui modifie ; nul hors session.
    pub csrf: Option<String>,
    /// Nom du fournisseur d'identité, si la connexion par lui est ouverte.
    pub fournisseur: Option<String>,
}

impl SessionOut {
    fn new(server: &Server, person: &Person, way: &Way) -> Self {
        let (csrf, doit_changer) = match way {
            Way::Session { csrf, provisoire, .. } => (Some(csrf.clone()), *provisoire),
            _ => (None, false),
        };
        Self {
            connecte: person.compte.is_some(),
            nom: person.nom.clone(),
            courriel: person.courriel.clone(),
            role: person.role(),
            role_libelle: &access().rights(person.role()).libelle,
            organisme: person.organisation.as_ref().map(|o| o.nom.clone()).unwrap_or_default(),
            gestionnaire: person.level() >= Level::Gestionnaire,
            administrateur: person.level() == Level::Administrateur,
            doit_changer,
            csrf,
            fournisseur: server.sso.as_ref().map(|s| s.nom().to_owned()),
        }
    }
}

/// Une connexion.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Connexion {
    pub courriel: String,
    pub mot_de_passe: String,
}

/// Un nouveau mot de passe.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangementMotDePasse {
    pub actuel: String,
    pub nouveau: String,
}

/// Answers hold secrets: nothing on the way keeps them.
fn private(response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Qui je suis
#[utoipa::path(
    get, path = "/api/session", tag = "compte", operation_id = "session",
    responses((status = OK, body = SessionOut))
)]
pub async fn session(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    Ok(private(Json(SessionOut::new(&server, &visitor.person, &visitor.way))))
}

/// Se connecter
///
/// Le cookie de session est posé ; toute requête qui modifie doit répéter `csrf` dans l'en-tête
/// `x-csrf-token`.
#[utoipa::path(
    post, path = "/api/session", tag = "compte", operation_id = "session_ouvrir", request_body = Connexion,
    responses(
        (status = OK, body = SessionOut),
        (status = UNAUTHORIZED, body = Document, content_type = "application/problem+json"),
        (status = TOO_MANY_REQUESTS, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn ouvrir(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    headers: HeaderMap,
    Body(asked): Body<Connexion>,
) -> Result<Response, Problem> {
    let now = state::now();
    if let Err(throttled) = server.state.attempt(&asked.courriel, &visitor.ip, now).await? {
        let mut response = Problem::too_many(throttled.wait).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, throttled.wait.into());
        return Ok(response);
    }
    let known = server.state.credentials(&asked.courriel).await?;
    let (compte, kept) = known.map_or((None, None), |(compte, kept)| (Some(compte), kept));
    let right = asked.mot_de_passe.len() <= comptes().mot_de_passe.longueur_max * 4
        && server.passwords.verify(asked.mot_de_passe, kept).await?;
    let Some(compte) = compte.filter(|_| right) else {
        // The address as typed may be a password: only that of an account is written down.
        let known = server.state.account_of(&asked.courriel).await?;
        let trace = Trace::new(
            "connexion_refusee",
            known.map_or_else(|| "compte inconnu".to_owned(), |a| a.courriel),
        );
        return Ok((Extension(trace), Problem::wrong_password()).into_response());
    };
    server.state.forgive(&asked.courriel, &visitor.ip).await?;
    if server.state.one_time_is_over(&compte, now).await? {
        let trace =
            Trace::new("connexion_refusee", asked.courriel).with("motif", "mot de passe provisoire périmé");
        return Ok((Extension(trace), Problem::one_time_over()).into_response());
    }
    let (out, opened) = enter(&server, &visitor, &headers, &compte, "mot de passe").await?;
    let mut response = private(Json(out));
    response.headers_mut().append(header::SET_COOKIE, opened);
    Ok(response)
}

/// Opens a session for an account: who it is, and the cookie to set.
pub(super) async fn enter(
    server: &Server,
    visitor: &Visitor,
    headers: &HeaderMap,
    compte: &str,
    by: &str,
) -> Result<(SessionOut, HeaderValue), Problem> {
    let now = state::now();
    let opened = server.state.open_session(compte, cookie(headers, COOKIE), now).await?;
    let session = server
        .state
        .session(&opened.cookie, now)
        .await?
        .ok_or_else(|| Problem::internal(&"session perdue"))?;
    let way = Way::Session {
        cookie: opened.cookie.clone(),
        mark: session.mark,
        csrf: session.csrf,
        provisoire: session.provisoire,
    };
    let out = SessionOut::new(server, &session.person, &way);
    let entered = Visitor { person: session.person, way, ..visitor.clone() };
    let line = Trace::new("connexion", entered.person.courriel.clone()).with("par", by).entry(&entered);
    server.trail.write(vec![line]).await.map_err(|e| Problem::internal(&e))?;
    Ok((out, set_cookie(server, &opened.cookie, comptes().session.duree_h * 3600)?))
}

/// The cookie: out of reach of scripts, not sent by other sites, and by TLS only where this server is not for
/// one machine.
fn set_cookie(server: &Server, value: &str, seconds: i64) -> Result<HeaderValue, Problem> {
    let secure = if server.options.secure_cookies() { "; Secure" } else { "" };
    HeaderValue::from_str(&format!(
        "{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
    ))
    .map_err(|e| Problem::internal(&e))
}

/// Se déconnecter
#[utoipa::path(
    delete, path = "/api/session", tag = "compte", operation_id = "session_fermer",
    responses((status = NO_CONTENT, description = "Session close"))
)]
pub async fn fermer(FromState(server): FromState<Server>, Who(visitor): Who) -> Result<Response, Problem> {
    if let Way::Session { cookie, .. } = &visitor.way {
        server.state.close_session(cookie).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().append(header::SET_COOKIE, set_cookie(&server, "", 0)?);
    if visitor.person.compte.is_some() {
        response.extensions_mut().insert(Trace::new("deconnexion", visitor.person.courriel.clone()));
    }
    Ok(response)
}

/// Changer mon mot de passe
///
/// Les autres sessions et les jetons du compte sont clos.
#[utoipa::path(
    put, path = "/api/session/mot-de-passe", tag = "compte", operation_id = "session_mot_de_passe",
    request_body = ChangementMotDePasse,
    responses(
        (status = NO_CONTENT, description = "Mot de passe changé"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn mot_de_passe(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Body(asked): Body<ChangementMotDePasse>,
) -> Result<(Extension<Trace>, StatusCode), Problem> {
    let (Way::Session { mark, .. }, Some(compte)) = (&visitor.way, &visitor.person.compte) else {
        return Err(Problem::sign_in());
    };
    let courriel = &visitor.person.courriel;
    if let Err(throttled) = server.state.attempt(courriel, &visitor.ip, state::now()).await? {
        return Err(Problem::too_many(throttled.wait));
    }
    let kept = server.state.password_of(compte).await?;
    if !server.passwords.verify(asked.actuel.clone(), kept).await? {
        return Err(Problem::value("actuel", "", "Le mot de passe actuel n'est pas celui-là."));
    }
    server.state.forgive(courriel, &visitor.ip).await?;
    if asked.actuel == asked.nouveau {
        return Err(Problem::value("nouveau", "", "Choisissez un mot de passe différent de l'actuel."));
    }
    state::check_password(&asked.nouveau, courriel)
        .map_err(|e| Problem::value("nouveau", "", e.to_string()))?;
    let hash = server.passwords.hash(asked.nouveau).await?;
    server.state.set_password(compte, &hash, None, Some(mark)).await?;
    Ok((Extension(Trace::new("mot_de_passe", courriel.clone())), StatusCode::NO_CONTENT))
}
