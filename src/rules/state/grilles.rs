//! Grids of cotation: drafts that change, adopted versions that do not.

use super::accounts::existing;
use super::{State, StateError, secrets};

/// A grid as it is kept; what it holds is the business of `scoring`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptGrid {
    pub id: String,
    /// SIREN of the EPCI or EPT.
    pub epci: String,
    pub genre: String,
    /// 0 for a draft; versions of an EPCI and kind count from 1.
    pub version: i64,
    /// Day from which it may be seen by all, `YYYY-MM-DD`; empty for a draft.
    pub visible: String,
    /// The grid, in JSON.
    pub grille: String,
    /// Account that wrote it last.
    pub auteur: String,
    pub modifie: i64,
    /// When it was adopted; 0 for a draft.
    pub adoptee: i64,
}

type Row = (String, String, String, i64, String, String, String, i64, i64);

const COLUMNS: &str = "id, epci, genre, version, visible, grille, auteur, modifie, adoptee";
const ADOPTED: &str =
    "Cette grille est adoptée : elle ne change plus. Enregistrez-la comme un nouveau brouillon.";

fn kept((id, epci, genre, version, visible, grille, auteur, modifie, adoptee): Row) -> KeptGrid {
    KeptGrid { id, epci, genre, version, visible, grille, auteur, modifie, adoptee }
}

impl State {
    /// Adds a draft; its identifier.
    ///
    /// # Errors
    /// The database fails.
    pub async fn add_grid(
        &self,
        epci: &str,
        genre: &str,
        grille: &str,
        by: &str,
        now: i64,
    ) -> Result<String, StateError> {
        let id = secrets::id()?;
        sqlx::query(
            "INSERT INTO grilles (id, epci, genre, statut, version, visible, grille, auteur, cree, modifie, adoptee) \
             VALUES ($1, $2, $3, 'brouillon', 0, '', $4, $5, $6, $6, 0)",
        )
        .bind(id.clone())
        .bind(epci.to_owned())
        .bind(genre.to_owned())
        .bind(grille.to_owned())
        .bind(by.to_owned())
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(id)
    }

    /// Replaces a draft.
    ///
    /// # Errors
    /// It does not exist, or is adopted.
    pub async fn change_grid(&self, kept: &KeptGrid) -> Result<(), StateError> {
        let done = sqlx::query(
            "UPDATE grilles SET epci = $1, genre = $2, grille = $3, auteur = $4, modifie = $5 \
             WHERE id = $6 AND statut = 'brouillon'",
        )
        .bind(kept.epci.clone())
        .bind(kept.genre.clone())
        .bind(kept.grille.clone())
        .bind(kept.auteur.clone())
        .bind(kept.modifie)
        .bind(kept.id.clone())
        .execute(&self.pool)
        .await?;
        match done.rows_affected() {
            0 if self.grid(&kept.id).await.is_ok() => Err(StateError::Taken(ADOPTED.to_owned())),
            n => existing(n, &kept.id),
        }
    }

    /// Adopts a draft, which is visible to all from a day on; its version.
    ///
    /// # Errors
    /// It does not exist, or is adopted already.
    pub async fn adopt_grid(&self, id: &str, visible: &str, by: &str, now: i64) -> Result<i64, StateError> {
        let mut tx = self.write().await?;
        let found: Option<(String, String, String)> =
            sqlx::query_as("SELECT epci, genre, statut FROM grilles WHERE id = $1")
                .bind(id.to_owned())
                .fetch_optional(&mut *tx)
                .await?;
        let (epci, genre, statut) = found.ok_or_else(|| StateError::Absent(id.to_owned()))?;
        if statut != "brouillon" {
            return Err(StateError::Taken(ADOPTED.to_owned()));
        }
        let (last,): (i64,) =
            sqlx::query_as("SELECT COALESCE(MAX(version), 0) FROM grilles WHERE epci = $1 AND genre = $2")
                .bind(epci)
                .bind(genre)
                .fetch_one(&mut *tx)
                .await?;
        sqlx::query(
            "UPDATE grilles SET statut = 'adoptee', version = $1, visible = $2, auteur = $3, adoptee = $4 \
             WHERE id = $5",
        )
        .bind(last + 1)
        .bind(visible.to_owned())
        .bind(by.to_owned())
        .bind(now)
        .bind(id.to_owned())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(last + 1)
    }

    /// Removes a draft.
    ///
    /// # Errors
    /// It does not exist, or is adopted.
    pub async fn remove_grid(&self, id: &str) -> Result<(), StateError> {
        let done = sqlx::query("DELETE FROM grilles WHERE id = $1 AND statut = 'brouillon'")
            .bind(id.to_owned())
            .execute(&self.pool)
            .await?;
        match done.rows_affected() {
            0 if self.grid(id).await.is_ok() => Err(StateError::Taken(ADOPTED.to_owned())),
            n => existing(n, id),
        }
    }

    /// One grid.
    ///
    /// # Errors
    /// It does not exist.
    pub async fn grid(&self, id: &str) -> Result<KeptGrid, StateError> {
        let all = self.grids().await?;
        all.into_iter().find(|g| g.id == id).ok_or_else(|| StateError::Absent(id.to_owned()))
    }

    /// All grids: by EPCI and kind, drafts last, the latest version first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn grids(&self) -> Result<Vec<KeptGrid>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM grilles ORDER BY epci, genre, version DESC, cree, id");
        let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(kept).collect())
    }
}
