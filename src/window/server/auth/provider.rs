//! The identity provider, as an OpenID Connect client: discovery, leaving with a request, coming back with a code.

use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::reqwest;
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
};
use tokio::sync::RwLock;

use crate::server::problem::Problem;
use crate::state::{self, Pending};

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
    pub(super) async fn leave(&self) -> Result<(String, String, Pending), Problem> {
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
    pub(super) async fn enter(
        &self,
        code: String,
        pending: Pending,
    ) -> Result<(String, Option<String>), Problem> {
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
