//! Sessions of browsers: a cookie whose hash is kept, with a second secret that state-changing requests
//! repeat.

use super::{State, StateError, day, secrets};
use crate::access::Person;
use crate::reference::comptes::comptes;

/// A session that was just opened: what the browser keeps.
#[derive(Debug, Clone)]
pub struct Opened {
    pub cookie: String,
    pub csrf: String,
}

/// A session in force.
#[derive(Debug, Clone)]
pub struct Session {
    /// Hash of the cookie.
    pub mark: String,
    pub csrf: String,
    pub person: Person,
    /// Whether the password is a one-time one, to be changed before anything else.
    pub provisoire: bool,
}

/// The last use is written at most this often, in seconds.
const GRAIN: i64 = 60;

impl State {
    /// Opens a session; the one that the browser came with ends.
    ///
    /// # Errors
    /// The account does not exist.
    pub async fn open_session(
        &self,
        compte: &str,
        former: Option<&str>,
        now: i64,
    ) -> Result<Opened, StateError> {
        let opened = Opened { cookie: secrets::secret()?, csrf: secrets::secret()? };
        let mut tx = self.write().await?;
        sqlx::query("UPDATE comptes SET vu = $2 WHERE id = $1")
            .bind(compte)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        if let Some(former) = former {
            sqlx::query("DELETE FROM sessions WHERE empreinte = $1")
                .bind(secrets::mark(former))
                .execute(&mut *tx)
                .await?;
        }
        sqlx::query(
            "INSERT INTO sessions (empreinte, compte, csrf, cree, vue, expire) VALUES ($1, $2, $3, \
            $4, $4, $5)",
        )
        .bind(secrets::mark(&opened.cookie))
        .bind(compte)
        .bind(&opened.csrf)
        .bind(now)
        .bind(now + comptes().session.duree_h * 3600)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(opened)
    }

    /// The session of a cookie, unless it ended, was left alone too long, or its account was closed.
    ///
    /// # Errors
    /// The database fails.
    pub async fn session(&self, cookie: &str, now: i64) -> Result<Option<Session>, StateError> {
        let mark = secrets::mark(cookie);
        let row: Option<(String, String, i64)> = sqlx::query_as(
            "SELECT compte, csrf, vue FROM sessions WHERE empreinte = $1 AND expire > $2 AND vue > $3",
        )
        .bind(&mark)
        .bind(now)
        .bind(now - comptes().session.inactivite_min * 60)
        .fetch_optional(&self.pool)
        .await?;
        let Some((compte, csrf, seen)) = row else { return Ok(None) };
        let Some((person, provisoire)) = self.person(&compte, &day(now)).await? else { return Ok(None) };
        if now - seen >= GRAIN {
            sqlx::query("UPDATE sessions SET vue = $2 WHERE empreinte = $1")
                .bind(&mark)
                .bind(now)
                .execute(&self.pool)
                .await?;
        }
        Ok(Some(Session { mark, csrf, person, provisoire }))
    }

    /// Ends the session of a cookie.
    ///
    /// # Errors
    /// The database fails.
    pub async fn close_session(&self, cookie: &str) -> Result<(), StateError> {
        sqlx::query("DELETE FROM sessions WHERE empreinte = $1")
            .bind(secrets::mark(cookie))
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
