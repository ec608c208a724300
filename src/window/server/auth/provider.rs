//! The identity provider, as an OpenID Connect client: discovery, leaving with a request, coming back with a
//! code.
//!
//! What ProConnect's guide for service providers asks: `state` and `nonce` of 32 characters and more, the
//! secret in the body, no parameter that the provider does not announce (PKCE only where it is announced),
//! user information signed by ES256 or RS256, the claim `siret`.

use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
    CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::reqwest::{self, header};
use openidconnect::{
    AccessToken, AdditionalClaims, AdditionalProviderMetadata, AuthType, AuthorizationCode, ClientId,
    ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata, RedirectUrl, Scope,
    TokenResponse,
};
use serde::{Deserialize, Serialize};
use tokio::sync::RwLock;

use crate::desk::problem::Problem;
use crate::state::{self, Pending};

/// What the provider says of itself beyond the standard's own list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Announced {
    code_challenge_methods_supported: Option<Vec<String>>,
}

impl AdditionalProviderMetadata for Announced {}

type Metadata = ProviderMetadata<
    Announced,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Claims of ProConnect beyond the standard's own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct OfAdministration {
    siret: Option<String>,
}

impl AdditionalClaims for OfAdministration {}

/// User information that is signed reads as a token of identity.
type SignedInfo =
    IdToken<OfAdministration, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// User information that is not signed: it came by TLS from the provider itself.
#[derive(Debug, Deserialize)]
struct PlainInfo {
    sub: String,
    email: Option<String>,
    email_verified: Option<bool>,
    siret: Option<String>,
}

/// Who came back.
#[derive(Debug, Clone)]
pub struct Entered {
    /// Issuer and subject: two providers may use the same subject.
    pub subject: String,
    /// E-mail address that the provider vouches for.
    pub courriel: Option<String>,
    /// Establishment that the person works for.
    pub siret: Option<String>,
}

/// Signatures that are accepted; none that a secret shared with others could make.
const SIGNED_BY: [CoreJwsSigningAlgorithm; 2] =
    [CoreJwsSigningAlgorithm::EcdsaP256Sha256, CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256];
/// Random bytes of `state` and of `nonce`: 43 characters each.
const RANDOM: u32 = 32;

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
    metadata: RwLock<Option<(i64, Arc<Metadata>)>>,
    /// Whether the provider gives only addresses that it has verified, without saying so of each
    /// (ProConnect).
    vouches: bool,
}

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
            vouches: read("OIDC_COURRIELS_VERIFIES")
                .is_some_and(|v| matches!(v.as_str(), "1" | "oui" | "true")),
        }))
    }

    #[must_use]
    pub fn nom(&self) -> &str {
        &self.nom
    }

    async fn metadata(&self) -> Result<Arc<Metadata>, Problem> {
        let now = state::now();
        if let Some((asked, known)) = &*self.metadata.read().await
            && now - asked < KEPT
        {
            return Ok(Arc::clone(known));
        }
        let found = Metadata::discover_async(self.issuer.clone(), &self.http)
            .await
            .map_err(|e| Problem::provider(&self.nom, &e))?;
        let found = Arc::new(found);
        *self.metadata.write().await = Some((now, Arc::clone(&found)));
        Ok(found)
    }

    fn client(&self, metadata: &Metadata) -> Client {
        let methods = metadata.token_endpoint_auth_methods_supported();
        // The standard's default is `client_secret_basic`; a provider that lists only the other means it.
        let in_body = methods.is_some_and(|m| !m.contains(&CoreClientAuthMethod::ClientSecretBasic));
        CoreClient::from_provider_metadata(metadata.clone(), self.client.clone(), Some(self.secret.clone()))
            .set_redirect_uri(self.redirect.clone())
            .set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth })
    }

    /// Where to send the browser, with the `state` to come back with and what must then be found again.
    pub(super) async fn leave(&self) -> Result<(String, String, Pending), Problem> {
        let metadata = self.metadata().await?;
        let client = self.client(&metadata);
        let mut request = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            || CsrfToken::new_random_len(RANDOM),
            || Nonce::new_random_len(RANDOM),
        );
        request = request.add_scope(Scope::new("email".to_owned()));
        let scopes = metadata.scopes_supported();
        if scopes.is_some_and(|list| list.iter().any(|s| s.as_str() == "siret")) {
            request = request.add_scope(Scope::new("siret".to_owned()));
        }
        let methods = metadata.additional_metadata().code_challenge_methods_supported.as_deref();
        let mut verificateur = String::new();
        if methods.is_some_and(|m| m.iter().any(|m| m == "S256")) {
            let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
            request = request.set_pkce_challenge(challenge);
            verificateur = verifier.secret().clone();
        }
        let (url, state, nonce) = request.url();
        let pending = Pending { nonce: nonce.secret().clone(), verificateur };
        Ok((url.to_string(), state.secret().clone(), pending))
    }

    /// Who comes back with a code.
    pub(super) async fn enter(&self, code: String, pending: Pending) -> Result<Entered, Problem> {
        let metadata = self.metadata().await?;
        let client = self.client(&metadata);
        let fault = |e: &dyn std::fmt::Display| Problem::provider(&self.nom, e);
        let mut exchange = client.exchange_code(AuthorizationCode::new(code)).map_err(|e| fault(&e))?;
        if !pending.verificateur.is_empty() {
            exchange = exchange.set_pkce_verifier(PkceCodeVerifier::new(pending.verificateur));
        }
        let answer = exchange.request_async(&self.http).await.map_err(|e| fault(&e))?;
        let token = answer.id_token().ok_or_else(|| fault(&"pas de jeton d'identité"))?;
        let verifier = client.id_token_verifier().set_allowed_algs(SIGNED_BY);
        let claims = token.claims(&verifier, &Nonce::new(pending.nonce)).map_err(|e| fault(&e))?;
        let subject = claims.subject().to_string();
        let of_token = claims.email().map(|e| e.to_string());
        let mut courriel = of_token.filter(|_| self.trusts(claims.email_verified()));
        let mut siret = None;
        if let Some(info) = self.info(&metadata, &client, answer.access_token()).await? {
            if info.sub != subject {
                return Err(fault(&"les informations sont celles d'une autre personne"));
            }
            courriel = courriel.or(info.email.filter(|_| self.trusts(info.email_verified)));
            siret = info.siret;
        }
        Ok(Entered { subject: format!("{} {subject}", self.issuer.as_str()), courriel, siret })
    }

    /// Whether an address may be taken for the person's own.
    fn trusts(&self, verified: Option<bool>) -> bool {
        verified.unwrap_or(self.vouches)
    }

    /// What the provider tells of the person beside the token, signed or not; None if it tells nothing.
    async fn info(
        &self,
        metadata: &Metadata,
        client: &Client,
        token: &AccessToken,
    ) -> Result<Option<PlainInfo>, Problem> {
        let fault = |e: &dyn std::fmt::Display| Problem::provider(&self.nom, e);
        let Some(url) = metadata.userinfo_endpoint() else { return Ok(None) };
        let asked = self.http.get(url.as_str()).bearer_auth(token.secret());
        let asked = asked.header(header::ACCEPT, "application/json, application/jwt");
        let answer = asked.send().await.and_then(reqwest::Response::error_for_status);
        let answer = answer.map_err(|e| fault(&e))?;
        let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
        let signed = kind.contains("jwt");
        let text = answer.text().await.map_err(|e| fault(&e))?;
        if !signed {
            return serde_json::from_str(&text).map(Some).map_err(|e| fault(&e));
        }
        let info: SignedInfo = text.trim().parse().map_err(|e: serde_json::Error| fault(&e))?;
        let verifier = client.id_token_verifier().set_allowed_algs(SIGNED_BY);
        // The nonce belongs to the token of identity.
        let claims = info.claims(&verifier, |_: Option<&Nonce>| Ok(())).map_err(|e| fault(&e))?;
        Ok(Some(PlainInfo {
            sub: claims.subject().to_string(),
            email: claims.email().map(|e| e.to_string()),
            email_verified: claims.email_verified(),
            siret: claims.additional_claims().siret.clone(),
        }))
    }
}
