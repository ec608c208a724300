//! Sign-ins that went to an OpenID Connect provider and have not come back, and the accounts that come back.

use super::{State, StateError, accounts, secrets};

/// What must be found again when the browser comes back from the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub nonce: String,
    /// PKCE verifier.
    pub verificateur: String,
}

/// How long a sign-in may stay at the provider, in seconds.
const LONGEST: i64 = 600;

impl State {
    /// Remembers a sign-in under its `state`.
    ///
    /// # Errors
    /// The database fails.
    pub async fn remember_signin(&self, state: &str, pending: &Pending, now: i64) -> Result<(), StateError> {
        sqlx::query("INSERT INTO connexions (etat, nonce, verificateur, expire) VALUES ($1, $2, $3, $4)")
            .bind(secrets::mark(state))
            .bind(&pending.nonce)
            .bind(&pending.verificateur)
            .bind(now + LONGEST)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Takes a sign-in back, once.
    ///
    /// # Errors
    /// The database fails.
    pub async fn take_signin(&self, state: &str, now: i64) -> Result<Option<Pending>, StateError> {
        let row: Option<(String, String)> = sqlx::query_as(
            "DELETE FROM connexions WHERE etat = $1 AND expire > $2 RETURNING nonce, verificateur",
        )
        .bind(secrets::mark(state))
        .bind(now)
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|(nonce, verificateur)| Pending { nonce, verificateur }))
    }

    /// The open account of a subject of the provider. The first time, the account of the verified e-mail
    /// address becomes the subject's; an account that has a subject is never given to another.
    ///
    /// # Errors
    /// The database fails.
    pub async fn account_of_subject(
        &self,
        subject: &str,
        verified: Option<&str>,
    ) -> Result<Option<String>, StateError> {
        if let Some(courriel) = verified {
            // The one-time password goes with it: from now on the provider vouches for this person.
            sqlx::query(
                "UPDATE comptes SET sujet = $1, provisoire = 0, mot_de_passe = CASE WHEN provisoire = 1 THEN NULL ELSE mot_de_passe END \
                 WHERE courriel = $2 AND sujet IS NULL AND NOT EXISTS (SELECT 1 FROM comptes d WHERE d.sujet \
                 = $1)",
            )
            .bind(subject)
            .bind(accounts::folded(courriel))
            .execute(&self.pool)
            .await?;
        }
        let row: Option<(String,)> = sqlx::query_as(
            "SELECT c.id FROM comptes c JOIN organisations o ON o.id = c.organisation \
             WHERE c.sujet = $1 AND c.ferme IS NULL AND o.ferme IS NULL",
        )
        .bind(subject)
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| r.0))
    }
}
