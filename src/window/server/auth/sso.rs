//! Signing in by an OpenID Connect provider (ProConnect): authorisation code with PKCE.
//!
//! Configured by the environment: `OIDC_ISSUER`, `OIDC_CLIENT_ID`, `OIDC_CLIENT_SECRET`, `OIDC_REDIRECT` (the
//! public address of `/api/connexion/retour`) and `OIDC_NOM`. The provider says who a person is; which
//! organisation they are of is decided here: an account must exist for the verified e-mail address.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as FromState;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::reqwest;
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
};
use tokio::sync::RwLock;

use super::session;
use super::trail::Trace;
use super::visitor::{self, Who};
use crate::server::params::Params;
use crate::server::problem::{Document, Problem};
use crate::server::router::Server;
use crate::state::{self, Pending, random_token};

/// Why signing in by the provider is not set up.
#[derive(Debug, thiserror::Error)]
pub enum SsoError {
    #[error("connexion par fournisseur d'identité : la variable {0} manque")]
    Missing(&'static str),
    #[error("connexion par fournisseur d'identité : {0} n'est pas une adresse : {1}")]
    Url(&'static str, String),
    #[error("connexion par fournisseur d'identité : {0}")]
    Http(#[from] reqwest::Error),
}

/// A provider.
#[derive(Debug)]
pub struct Sso {
    nom: String,
    issuer: IssuerUrl,
    client: ClientId,
    secret: ClientSecret,
    redirect: RedirectUrl,
    http: reqwest::Client,
    /// What the provider says of itself; asked at the first sign-in, so that it need not run when this server
    /// starts.
    metadata: RwLock<Option<(i64, Arc<CoreProviderMetadata>)>>,
}

/// Cookie that ties the return to the browser that left.
const COOKIE: &str = "mosaique_connexion";
/// Longest wait for the provider.
const WAIT: Duration = Duration::from_secs(10);
/// How long what the provider says of itself is kept, in seconds: its keys change.
const KEPT: i64 = 3_600;

impl Sso {
    /// The provider that the environment names, if it does.
    ///
    /// # Errors
    /// Only a part of the settings is there, or one is not an address.
    pub fn from_env() -> Result<Option<Self>, SsoError> {
        let read = |name: &'static str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let Some(issuer) = read("OIDC_ISSUER") else { return Ok(None) };
        let need = |name: &'static str| read(name).ok_or(SsoError::Missing(name));
        Ok(Some(Self {
            nom: read("OIDC_NOM").unwrap_or_else(|| "ProConnect".to_owned()),
            issuer: IssuerUrl::new(issuer).map_err(|e| SsoError::Url("OIDC_ISSUER", e.to_string()))?,
            client: ClientId::new(need("OIDC_CLIENT_ID")?),
            secret: ClientSecret::new(need("OIDC_CLIENT_SECRET")?),
            redirect: RedirectUrl::new(need("OIDC_REDIRECT")?)
                .map_err(|e| SsoError::Url("OIDC_REDIRECT", e.to_string()))?,
            // A provider that sends elsewhere could make this server ask inside its own network.
            http: reqwest::ClientBuilder::new()
                .redirect(reqwest::redirect::Policy::none())
                .timeout(WAIT)
                .build()?,
            metadata: RwLock::default(),
        }))
    }

    #[must_use]
    pub fn nom(&self) -> &str {
        &self.nom
    }

    async fn metadata(&self) -> Result<Arc<CoreProviderMetadata>, Problem> {
        let now = state::now();
        if let Some((asked, known)) = &*self.metadata.read().await
            && now - asked < KEPT
        {
            return Ok(Arc::clone(known));
        }
        let found = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.http)
            .await
            .map_err(|e| Problem::provider(&self.nom, &e))?;
        let found = Arc::new(found);
        *self.metadata.write().await = Some((now, Arc::clone(&found)));
        Ok(found)
    }

    /// Where to send the browser, with the `state` to come back with and what must then be found again.
    async fn leave(&self) -> Result<(String, String, Pending), Problem> {
        let metadata = self.metadata().await?;
        let client = CoreClient::from_provider_metadata(
            (*metadata).clone(),
            self.client.clone(),
            Some(self.secret.clone()),
        )
        .set_redirect_uri(self.redirect.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let pending = Pending { nonce: nonce.secret().clone(), verificateur: verifier.secret().clone() };
        Ok((url.to_string(), state.secret().clone(), pending))
    }

    /// Subject and verified e-mail address of who comes back with a code.
    async fn enter(&self, code: String, pending: Pending) -> Result<(String, Option<String>), Problem> {
        let metadata = self.metadata().await?;
        let client = CoreClient::from_provider_metadata(
            (*metadata).clone(),
            self.client.clone(),
            Some(self.secret.clone()),
        )
        .set_redirect_uri(self.redirect.clone());
        let fault = |e: &dyn std::fmt::Display| Problem::provider(&self.nom, e);
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|e| fault(&e))?
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verificateur))
            .request_async(&self.http)
            .await
            .map_err(|e| fault(&e))?;
        let token = answer.id_token().ok_or_else(|| fault(&"pas de jeton d'identité"))?;
        let claims =
            token.claims(&client.id_token_verifier(), &Nonce::new(pending.nonce)).map_err(|e| fault(&e))?;
        let subject = claims.subject().to_string();
        let mut verified =
            claims.email().filter(|_| claims.email_verified() != Some(false)).map(|e| e.to_string());
        if verified.is_none() {
            let asked = client
                .user_info(answer.access_token().clone(), Some(claims.subject().clone()))
                .map_err(|e| fault(&e))?
                .request_async(&self.http)
                .await;
            let info: CoreUserInfoClaims = asked.map_err(|e| fault(&e))?;
            verified = info.email().filter(|_| info.email_verified() != Some(false)).map(|e| e.to_string());
        }
        // Subjects are the issuer's own: two providers may use the same.
        Ok((format!("{} {subject}", self.issuer.as_str()), verified))
    }
}

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
        ("code" = Option<String>, Query, description = "Code d'autorisation"), ("state" = Option<String>, Query, description = "État"),
        ("iss" = Option<String>, Query, description = "Fournisseur"), ("error" = Option<String>, Query, description = "Refus du fournisseur"),
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
    let (subject, verified) = sso.enter(code, pending).await?;
    let Some(compte) = server.state.account_of_subject(&subject, verified.as_deref()).await? else {
        let mut response = to_page("/connexion?connexion=inconnu")?;
        response
            .extensions_mut()
            .insert(Trace::new("connexion_refusee", verified.unwrap_or_default()).with("par", sso.nom()));
        return Ok(response);
    };
    let (_, opened) = session::enter(&server, &visitor, &headers, &compte, sso.nom()).await?;
    let mut response = to_page("/")?;
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().append(header::SET_COOKIE, opened);
    Ok(response)
}
