//! Tokens for scripts and QGIS: shown once, kept as a hash, for reading only unless said otherwise, until a
//! day.

use serde::Serialize;
use utoipa::ToSchema;

use super::accounts::existing;
use super::{State, StateError, day, secrets};
use crate::access::Person;
use crate::reference::comptes::comptes;

/// Un jeton, sans son secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Jeton)]
pub struct Token {
    pub id: String,
    pub nom: String,
    /// Vrai s'il peut modifier ; sinon il ne fait que lire.
    pub ecriture: bool,
    /// Secondes depuis 1970.
    pub cree: i64,
    pub expire: i64,
    pub vu: Option<i64>,
    pub revoque: bool,
}

/// A token that was just made: the only time that its secret is known.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = NouveauJeton)]
pub struct NewToken {
    pub id: String,
    /// À copier maintenant : il ne sera plus montré.
    pub secret: String,
    /// Secondes depuis 1970.
    pub expire: i64,
}

/// What tokens begin with, so that a scanner of secrets finds one that was leaked.
pub const PREFIX: &str = "mq_";

impl State {
    /// Makes a token.
    ///
    /// # Errors
    /// The account has as many as it may.
    pub async fn add_token(
        &self,
        compte: &str,
        nom: &str,
        writes: bool,
        days: i64,
        now: i64,
    ) -> Result<NewToken, StateError> {
        let rules = &comptes().jeton;
        let alive = self.tokens(compte).await?.iter().filter(|t| !t.revoque && t.expire > now).count();
        if i64::try_from(alive).unwrap_or(i64::MAX) >= rules.par_compte_max {
            return Err(StateError::Taken(format!(
                "Un compte a {} jetons au plus : supprimez-en un.",
                rules.par_compte_max
            )));
        }
        let id = secrets::id()?;
        let secret = format!("{PREFIX}{}", secrets::secret()?);
        let expire = now + days.clamp(1, rules.duree_max_j) * 86_400;
        sqlx::query(
            "INSERT INTO jetons (id, compte, nom, empreinte, ecriture, cree, expire) VALUES ($1, $2, $3, $4, \
                $5, $6, $7)",
        )
        .bind(&id)
        .bind(compte)
        .bind(nom)
        .bind(secrets::mark(&secret))
        .bind(i64::from(writes))
        .bind(now)
        .bind(expire)
        .execute(&self.pool)
        .await?;
        Ok(NewToken { id, secret, expire })
    }

    /// Tokens of an account, the newest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn tokens(&self, compte: &str) -> Result<Vec<Token>, StateError> {
        type Row = (String, String, i64, i64, i64, Option<i64>, Option<i64>);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, nom, ecriture, cree, expire, vu, revoque FROM jetons WHERE compte = $1 ORDER BY cree \
                DESC, id",
        )
        .bind(compte)
        .fetch_all(&self.pool)
        .await?;
        let token = |(id, nom, w, cree, expire, vu, revoked): Row| Token {
            id,
            nom,
            ecriture: w != 0,
            cree,
            expire,
            vu,
            revoque: revoked.is_some(),
        };
        Ok(rows.into_iter().map(token).collect())
    }

    /// Ends a token of an account.
    ///
    /// # Errors
    /// The account has no such token.
    pub async fn revoke_token(&self, compte: &str, id: &str, now: i64) -> Result<(), StateError> {
        let done =
            sqlx::query("UPDATE jetons SET revoque = $3 WHERE id = $1 AND compte = $2 AND revoque IS NULL")
                .bind(id)
                .bind(compte)
                .bind(now)
                .execute(&self.pool)
                .await?;
        existing(done.rows_affected(), id)
    }

    /// Who a token stands for and whether it may write, unless it ended.
    ///
    /// # Errors
    /// The database fails.
    pub async fn bearer(&self, secret: &str, now: i64) -> Result<Option<(Person, bool)>, StateError> {
        let row: Option<(String, String, i64, Option<i64>)> = sqlx::query_as(
            "SELECT id, compte, ecriture, vu FROM jetons WHERE empreinte = $1 AND revoque IS NULL AND expire \
                > $2",
        )
        .bind(secrets::mark(secret))
        .bind(now)
        .fetch_optional(&self.pool)
        .await?;
        let Some((id, compte, writes, seen)) = row else { return Ok(None) };
        if seen.is_none_or(|s| now - s >= 3600) {
            sqlx::query("UPDATE jetons SET vu = $2 WHERE id = $1")
                .bind(&id)
                .bind(now)
                .execute(&self.pool)
                .await?;
        }
        Ok(self.person(&compte, &day(now)).await?.map(|(person, _)| (person, writes != 0)))
    }
}
