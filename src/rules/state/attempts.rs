//! Throttle of what is asked with a secret: wrong passwords are counted by account and address of the
//! network, and by each alone; wrong proofs of applicants by number in the same way.

use super::{State, StateError, secrets};
use crate::reference::comptes::comptes;

/// What a secret opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// An account, by its e-mail address.
    Account,
    /// The note of a demand, by its number.
    Demand,
}

/// Too many wrong secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// Seconds to wait.
    pub wait: i64,
}

/// The counters of an attempt, with what each allows: the account from this address, the account from
/// anywhere, the address. Five wrong guesses from one place must not shut out the owner of the account, who
/// is elsewhere. An e-mail address is kept as a hash: people type passwords there.
fn counters(lock: Lock, subject: &str, ip: &str) -> ([(String, i64); 3], i64) {
    let mark = secrets::mark(&super::accounts::folded(subject));
    let mark = &mark[..32];
    let (one, place, [here, anywhere, address], minutes) = match lock {
        Lock::Account => {
            let r = &comptes().tentatives;
            ("compte", "adresse", [r.par_compte, r.par_compte_partout, r.par_adresse], r.fenetre_min)
        }
        Lock::Demand => {
            let r = &comptes().demandeur;
            ("demande", "demandeur", [r.par_numero, r.par_numero_partout, r.par_adresse], r.fenetre_min)
        }
    };
    let counters = [
        (format!("{one}:{mark}:{ip}"), here),
        (format!("{one}:{mark}"), anywhere),
        (format!("{place}:{ip}"), address),
    ];
    (counters, minutes * 60)
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
        self.attempt_on(Lock::Account, courriel, ip, now).await
    }

    /// The same for any lock.
    ///
    /// # Errors
    /// The database fails.
    pub async fn attempt_on(
        &self,
        lock: Lock,
        subject: &str,
        ip: &str,
        now: i64,
    ) -> Result<Result<(), Throttled>, StateError> {
        let (counters, window) = counters(lock, subject, ip);
        let mut tx = self.write().await?;
        let mut refused = None;
        for (key, most) in counters {
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

    /// Forgets the attempts on an account from this address, and this one from its other counters: the
    /// password was right.
    ///
    /// # Errors
    /// The database fails.
    pub async fn forgive(&self, courriel: &str, ip: &str) -> Result<(), StateError> {
        self.forgive_on(Lock::Account, courriel, ip).await
    }

    /// The same for any lock.
    ///
    /// # Errors
    /// The database fails.
    pub async fn forgive_on(&self, lock: Lock, subject: &str, ip: &str) -> Result<(), StateError> {
        let ([(here, _), (anywhere, _), (address, _)], _) = counters(lock, subject, ip);
        sqlx::query("DELETE FROM tentatives WHERE cle = $1").bind(here).execute(&self.pool).await?;
        for key in [anywhere, address] {
            sqlx::query("UPDATE tentatives SET n = n - 1 WHERE cle = $1 AND n > 0")
                .bind(key)
                .execute(&self.pool)
                .await?;
        }
        Ok(())
    }
}
