//! Views that a person keeps by a name: the address of a page with its choices, never a figure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{State, StateError};
use crate::reference::comptes::comptes;

/// Une vue gardée.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VueGardee {
    pub nom: String,
    /// Chemin de la page, avec ses choix.
    pub adresse: String,
    /// Jour où elle a été gardée, AAAA-MM-JJ.
    pub jour: String,
}

impl State {
    /// Views of an account, the last kept first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn views(&self, compte: &str) -> Result<Vec<VueGardee>, StateError> {
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT nom, adresse, jour FROM vues WHERE compte = $1 ORDER BY quand DESC, nom")
                .bind(compte)
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.into_iter().map(|(nom, adresse, jour)| VueGardee { nom, adresse, jour }).collect())
    }

    /// Keeps a view; one of the same name is replaced. `now`: milliseconds since 1970, the order of the list.
    ///
    /// # Errors
    /// There is no room for another one, or the database fails.
    pub async fn keep_view(&self, compte: &str, view: &VueGardee, now: i64) -> Result<(), StateError> {
        let most = comptes().vues.par_compte_max;
        let mut tx = self.write().await?;
        let (others,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM vues WHERE compte = $1 AND nom <> $2")
            .bind(compte)
            .bind(&view.nom)
            .fetch_one(&mut *tx)
            .await?;
        if others >= most {
            return Err(StateError::Taken(format!("{most} vues sont déjà gardées : supprimez-en une.")));
        }
        sqlx::query(
            "INSERT INTO vues (compte, nom, adresse, jour, quand) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (compte, nom) DO UPDATE SET adresse = $3, jour = $4, quand = $5",
        )
        .bind(compte)
        .bind(&view.nom)
        .bind(&view.adresse)
        .bind(&view.jour)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Drops a view; whether there was one.
    ///
    /// # Errors
    /// The database fails.
    pub async fn drop_view(&self, compte: &str, nom: &str) -> Result<bool, StateError> {
        let done = sqlx::query("DELETE FROM vues WHERE compte = $1 AND nom = $2")
            .bind(compte)
            .bind(nom)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }
}
