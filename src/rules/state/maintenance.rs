//! What is kept no longer than it may be (`data/comptes.toml`, domain §9.4).

use super::{State, StateError};
use crate::reference::comptes::comptes;

/// Rows that were dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    pub audit: u64,
    pub sessions: u64,
    pub jetons: u64,
    pub tentatives: u64,
    pub ensembles: u64,
    pub courriels: u64,
}

impl State {
    /// Drops what is too old.
    ///
    /// # Errors
    /// The database fails.
    pub async fn purge(&self, now: i64) -> Result<Purged, StateError> {
        let keep = &comptes().conservation;
        // A month is 31 days here: what is kept longer by a few days is dropped at the next run.
        let audit = self.forget_audit((now - keep.journal_mois * 31 * 86_400) * 1000).await?;
        let before = |days: i64| now - days * 86_400;
        let sessions =
            sqlx::query("DELETE FROM sessions WHERE expire < $1").bind(now).execute(&self.pool).await?;
        let jetons = sqlx::query("DELETE FROM jetons WHERE expire < $1 OR revoque < $1")
            .bind(before(keep.sessions_j))
            .execute(&self.pool)
            .await?;
        // Counters of the longer window are told from the others by their names.
        let mut tentatives = 0;
        for (minutes, of_demands) in
            [(comptes().tentatives.fenetre_min, false), (comptes().demandeur.fenetre_min, true)]
        {
            let which = if of_demands { "LIKE" } else { "NOT LIKE" };
            let sql = format!("DELETE FROM tentatives WHERE debut < $1 AND cle {which} 'demande%'");
            let done =
                sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now - minutes * 60).execute(&self.pool).await?;
            tentatives += done.rows_affected();
        }
        sqlx::query("DELETE FROM connexions WHERE expire < $1").bind(now).execute(&self.pool).await?;
        let ensembles = self.forget_zone_sets(before(keep.ensembles_effaces_j)).await?;
        let courriels = self.forget_mails(before(keep.courriels_j)).await?;
        Ok(Purged {
            audit,
            sessions: sessions.rows_affected(),
            jetons: jetons.rows_affected(),
            tentatives,
            ensembles,
            courriels,
        })
    }
}
