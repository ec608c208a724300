//! Throttle of sign-in: wrong passwords are counted by account and by address of the network.

use super::{State, StateError, secrets};
use crate::reference::comptes::comptes;

/// Too many wrong passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// Seconds to wait.
    pub wait: i64,
}

/// The two counters of an attempt, with what each allows. An e-mail address is kept as a hash: people type
/// passwords there.
fn counters(courriel: &str, ip: &str) -> [(String, i64); 2] {
    let rules = &comptes().tentatives;
    let account = secrets::mark(&super::accounts::folded(courriel));
    [(format!("compte:{}", &account[..32]), rules.par_compte), (format!("adresse:{ip}"), rules.par_adresse)]
}

impl State {
    /// Counts an attempt before its password is looked at, so that many at once are counted too;
    /// [`State::forgive`] takes it back.
    ///
    /// # Errors
    /// The database fails.
    pub async fn attempt(
        &self,
        courriel: &str,
        ip: &str,
        now: i64,
    ) -> Result<Result<(), Throttled>, StateError> {
        let window = comptes().tentatives.fenetre_min * 60;
        let mut tx = self.pool.begin().await?;
        let mut refused = None;
        for (key, most) in counters(courriel, ip) {
            let (n, begun): (i64, i64) = sqlx::query_as(
                "INSERT INTO tentatives (cle, n, debut) VALUES ($1, 1, $2) ON CONFLICT (cle) DO UPDATE SET \
                 n = CASE WHEN tentatives.debut <= $3 THEN 1 ELSE tentatives.n + 1 END, \
                 debut = CASE WHEN tentatives.debut <= $3 THEN $2 ELSE tentatives.debut END RETURNING n, \
                 debut",
            )
            .bind(key)
            .bind(now)
            .bind(now - window)
            .fetch_one(&mut *tx)
            .await?;
            if n > most {
                refused = Some(Throttled { wait: (begun + window - now).max(1) });
            }
        }
        tx.commit().await?;
        Ok(refused.map_or(Ok(()), Err))
    }

    /// Forgets the attempts on an account, and this one from its address: the password was right.
    ///
    /// # Errors
    /// The database fails.
    pub async fn forgive(&self, courriel: &str, ip: &str) -> Result<(), StateError> {
        let [(account, _), (address, _)] = counters(courriel, ip);
        sqlx::query("DELETE FROM tentatives WHERE cle = $1").bind(account).execute(&self.pool).await?;
        sqlx::query("UPDATE tentatives SET n = n - 1 WHERE cle = $1 AND n > 0")
            .bind(address)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
