//! Signing in by an OpenID Connect provider (ProConnect): authorisation code with PKCE.
//!
//! Configured by the environment: `OIDC_ISSUER`, `OIDC_CLIENT_ID`, `OIDC_CLIENT_SECRET`, `OIDC_REDIRECT` (the
//! public address of `/api/connexion/retour`), `OIDC_NOM`, and `OIDC_COURRIELS_VERIFIES=oui` for a provider
//! that gives only addresses that it has verified without saying so of each. The provider says who a person
//! is; which organisation they are of is decided here: an account must exist for the verified e-mail address.

use axum::extract::State as FromState;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::provider::Sso;
use super::who::Who;
use super::{session, visitor};
use crate::access;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::edge::problem::Document;
use crate::state::{self, random_token};

/// Cookie that ties the return to the browser that left.
const COOKIE: &str = "mosaique_connexion";

fn set_cookie(server: &Server, value: &str, seconds: i64) -> Result<HeaderValue, Problem> {
    let secure = if server.options.secure_cookies() { "; Secure" } else { "" };
    HeaderValue::from_str(&format!(
        "{COOKIE}={value}; Path=/api/connexion; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
    ))
    .map_err(|e| Problem::internal(&e))
}

fn provider(server: &Server) -> Result<&Sso, Problem> {
    server.sso.as_deref().ok_or_else(|| {
        Problem::not_found(
            "connexion",
            "",
            "Aucun fournisseur d'identité n'est configuré : connectez-vous par mot de passe.",
        )
    })
}

/// Aller au fournisseur d'identité
#[utoipa::path(
    get, path = "/api/connexion", tag = "compte", operation_id = "connexion",
    responses(
        (status = SEE_OTHER, description = "Vers le fournisseur d'identité"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn leave(FromState(server): FromState<Server>, params: Params) -> Result<Response, Problem> {
    params.finish()?;
    let (url, state, pending) = provider(&server)?.leave().await?;
    // The browser must come back with both halves: what the provider repeats, and what only this browser was
    // given.
    let browser = random_token(40)?;
    server.state.remember_signin(&format!("{state} {browser}"), &pending, state::now()).await?;
    let mut response = Redirect::to(&url).into_response();
    response.headers_mut().append(header::SET_COOKIE, set_cookie(&server, &browser, 600)?);
    Ok(response)
}

/// Revenir du fournisseur d'identité
#[utoipa::path(
    get, path = "/api/connexion/retour", tag = "compte", operation_id = "connexion_retour",
    params(
        ("code" = Option<String>, Query, description = "Code d'autorisation"), ("state" = Option<String>,
        Query, description = "État"),
        ("iss" = Option<String>, Query, description = "Fournisseur"), ("error" = Option<String>, Query,
        description = "Refus du fournisseur"),
    ),
    responses(
        (status = SEE_OTHER, description = "Vers la page, connecté ou avec une erreur"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn back(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let sso = provider(&server)?;
    let (code, state, refused) = (params.take("code"), params.take("state"), params.take("error"));
    for known in ["iss", "session_state", "error_description", "error_uri"] {
        params.take(known);
    }
    params.finish()?;
    let to_page = |why: &str| -> Result<Response, Problem> {
        let mut response = Redirect::to(why).into_response();
        response.headers_mut().append(header::SET_COOKIE, set_cookie(&server, "", 0)?);
        Ok(response)
    };
    if refused.is_some() {
        return to_page("/connexion?connexion=refusee");
    }
    let missing = |name| Problem::missing(name, "le fournisseur d'identité le renvoie");
    let (code, state) = (code.ok_or_else(|| missing("code"))?, state.ok_or_else(|| missing("state"))?);
    let browser = visitor::cookie(&headers, COOKIE).unwrap_or("");
    let Some(pending) = server.state.take_signin(&format!("{state} {browser}"), state::now()).await? else {
        return to_page("/connexion?connexion=perdue");
    };
    let entered = sso.enter(code, pending).await?;
    let refused = |page: &str, why: &str| -> Result<Response, Problem> {
        let mut response = to_page(page)?;
        let whom = entered.courriel.clone().unwrap_or_default();
        let trace = Trace::new("connexion_refusee", whom).with("par", sso.nom()).with("motif", why);
        response.extensions_mut().insert(trace);
        Ok(response)
    };
    let found = server.state.account_of_subject(&entered.subject, entered.courriel.as_deref()).await?;
    let Some(compte) = found else {
        return refused("/connexion?connexion=inconnu", "compte inconnu");
    };
    // Who changes administration with the same mailbox loses the former one's rights.
    let person = server.state.person(&compte, &state::day(state::now())).await?.map(|(person, _)| person);
    if person.is_some_and(|p| !access::works_for(&p, entered.siret.as_deref())) {
        return refused("/connexion?connexion=organisme", "établissement d'un autre organisme");
    }
    let (_, opened) = session::enter(&server, &visitor, &headers, &compte, sso.nom()).await?;
    let mut response = to_page("/")?;
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().append(header::SET_COOKIE, opened);
    Ok(response)
}
