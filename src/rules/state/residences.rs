//! Residences as bailleurs decide them, the flags that they put on them and the notes of their managers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::accounts::existing;
use super::{State, StateError, secrets};
use crate::stock::edits::Home;

/// Une opération sur des résidences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OperationResidence {
    pub id: String,
    /// `renommee`, `fusion`, `scission` ou `fichier`.
    pub genre: String,
    pub detail: Lignee,
    pub qui: String,
    /// Secondes depuis 1970.
    pub quand: i64,
    pub annulee: bool,
}

/// De quelles résidences viennent celles d'une opération.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lignee {
    pub avant: Vec<ResidenceNommee>,
    pub apres: Vec<ResidenceNommee>,
    pub adresses: usize,
}

impl Lignee {
    /// « Réunies : BELLE-RIVE 3, BELLE-RIVE 4 → BELLE-RIVE SUD ».
    fn told(&self, genre: &str) -> String {
        let names = |list: &[ResidenceNommee]| {
            let mut names: Vec<&str> = list.iter().take(5).map(|r| r.nom.as_str()).collect();
            if list.len() > names.len() {
                names.push("…");
            }
            names.join(", ")
        };
        let what = match genre {
            "renommee" => "Renommée",
            "fusion" => "Réunies",
            "scission" => "Divisée",
            _ => "Fichier de résidences",
        };
        format!("« {what} : {} → {} »", names(&self.avant), names(&self.apres))
    }
}

/// Une résidence, par son code et son nom.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct ResidenceNommee {
    pub code: String,
    pub nom: String,
}

/// Une résidence signalée comme sensible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Signalement {
    pub id: String,
    pub siren: String,
    pub residence: String,
    pub nom: String,
    pub commune: String,
    pub motif: String,
    /// Premier et dernier jour, AAAA-MM-JJ ; `au` vide : sans terme.
    pub du: String,
    pub au: String,
    /// Vrai : les collectivités et services de l'État du territoire le voient.
    pub partage: bool,
    pub qui: String,
    /// Secondes depuis 1970.
    pub quand: i64,
    pub leve: Option<i64>,
}

/// A flag to put.
#[derive(Debug, Clone)]
pub struct NewFlag<'a> {
    pub siren: &'a str,
    pub residence: &'a str,
    pub nom: &'a str,
    pub commune: &'a str,
    pub motif: &'a str,
    pub du: &'a str,
    pub au: &'a str,
    pub partage: bool,
}

/// Les notes données un jour à une résidence, de 1 (mauvais) à 5 (bon).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NoteResidence {
    pub residence: String,
    pub nom: String,
    /// État technique.
    pub technique: u8,
    /// Climat social.
    pub climat: u8,
    pub attractivite: u8,
    pub commentaire: String,
    pub qui: String,
    /// Secondes depuis 1970.
    pub quand: i64,
}

/// Notes to keep.
#[derive(Debug, Clone, Copy)]
pub struct NewNote<'a> {
    pub siren: &'a str,
    pub residence: &'a str,
    pub nom: &'a str,
    pub technique: u8,
    pub climat: u8,
    pub attractivite: u8,
    pub commentaire: &'a str,
}

impl State {
    /// Keeps an operation on residences; `homes` are the addresses that it moves.
    ///
    /// # Errors
    /// The database fails.
    pub async fn add_residence_operation(
        &self,
        siren: &str,
        genre: &str,
        detail: &Lignee,
        homes: &[Home],
        compte: &str,
        now: i64,
    ) -> Result<String, StateError> {
        let id = secrets::id()?;
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO residence_operations (id, rang, siren, genre, detail, compte, quand) \
             SELECT $1, COALESCE(MAX(rang), 0) + 1, $2, $3, $4, $5, $6 FROM residence_operations",
        )
        .bind(&id)
        .bind(siren)
        .bind(genre)
        .bind(serde_json::to_string(detail)?)
        .bind(compte)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        for home in homes {
            sqlx::query(
                "INSERT INTO residence_adresses (operation, adresse, code, libelle) VALUES ($1, $2, $3, $4)",
            )
            .bind(&id)
            .bind(&home.adresse)
            .bind(&home.code)
            .bind(&home.libelle)
            .execute(&mut *tx)
            .await
            .map_err(|e| {
                StateError::from(e).taken(format!("L'adresse « {} » est donnée deux fois.", home.adresse))
            })?;
        }
        tx.commit().await?;
        Ok(id)
    }

    /// Undoes an operation, if none in force stands on it.
    ///
    /// # Errors
    /// The bailleur has none of this name; [`StateError::Taken`]: it is undone already, or a later operation
    /// in force puts one of its addresses elsewhere, so that undoing would change nothing there.
    pub async fn undo_residence_operation(&self, siren: &str, id: &str, now: i64) -> Result<(), StateError> {
        let mut tx = self.write().await?;
        let known: Option<(i64, Option<i64>)> =
            sqlx::query_as("SELECT rang, annulee FROM residence_operations WHERE id = $1 AND siren = $2")
                .bind(id)
                .bind(siren)
                .fetch_optional(&mut *tx)
                .await?;
        let (rang, undone) = known.ok_or_else(|| StateError::Absent(id.to_owned()))?;
        if undone.is_some() {
            return Err(StateError::Taken("Cette opération est déjà annulée.".to_owned()));
        }
        let above: Option<(String, String)> = sqlx::query_as(
            "SELECT o.genre, o.detail FROM residence_operations o WHERE o.siren = $1 AND o.annulee IS NULL AND o.rang > $2 \
             AND EXISTS (SELECT 1 FROM residence_adresses a JOIN residence_adresses b ON b.adresse = a.adresse \
             WHERE a.operation = $3 AND b.operation = o.id) ORDER BY o.rang DESC LIMIT 1",
        )
        .bind(siren)
        .bind(rang)
        .bind(id)
        .fetch_optional(&mut *tx)
        .await?;
        if let Some((genre, detail)) = above {
            let detail: Lignee = serde_json::from_str(&detail)?;
            return Err(StateError::Taken(format!(
                "Annulez d'abord l'opération plus récente qui a repris ces adresses : {}.",
                detail.told(&genre)
            )));
        }
        sqlx::query("UPDATE residence_operations SET annulee = $2 WHERE id = $1")
            .bind(id)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// One operation of a bailleur.
    ///
    /// # Errors
    /// It has none of this name.
    pub async fn residence_operation(&self, siren: &str, id: &str) -> Result<OperationResidence, StateError> {
        let all = self.residence_operations(siren).await?;
        all.into_iter().find(|o| o.id == id).ok_or_else(|| StateError::Absent(id.to_owned()))
    }

    /// Operations of a bailleur, the last first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn residence_operations(&self, siren: &str) -> Result<Vec<OperationResidence>, StateError> {
        type Row = (String, String, String, String, i64, Option<i64>);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT o.id, o.genre, o.detail, COALESCE(c.nom, o.compte), o.quand, o.annulee FROM residence_operations o \
             LEFT JOIN comptes c ON c.id = o.compte WHERE o.siren = $1 ORDER BY o.rang DESC",
        )
        .bind(siren)
        .fetch_all(&self.pool)
        .await?;
        let operation =
            |(id, genre, detail, qui, quand, undone): Row| -> Result<OperationResidence, StateError> {
                Ok(OperationResidence {
                    id,
                    genre,
                    detail: serde_json::from_str(&detail)?,
                    qui,
                    quand,
                    annulee: undone.is_some(),
                })
            };
        rows.into_iter().map(operation).collect()
    }

    /// The residence of each address that a bailleur decided, by the last operation in force.
    ///
    /// # Errors
    /// The database fails.
    pub async fn homes_in_force(&self) -> Result<Vec<Home>, StateError> {
        let rows: Vec<(String, String, String, String)> = sqlx::query_as(
            "SELECT o.siren, a.adresse, a.code, a.libelle FROM residence_adresses a JOIN residence_operations o ON o.id = a.operation \
             WHERE o.annulee IS NULL ORDER BY o.rang",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut last: BTreeMap<(String, String), Home> = BTreeMap::new();
        for (siren, adresse, code, libelle) in rows {
            last.insert((siren.clone(), adresse.clone()), Home { siren, adresse, code, libelle });
        }
        Ok(last.into_values().collect())
    }

    /// Flags a residence.
    ///
    /// # Errors
    /// The database fails.
    pub async fn add_flag(&self, new: &NewFlag<'_>, compte: &str, now: i64) -> Result<String, StateError> {
        let id = secrets::id()?;
        sqlx::query(
            "INSERT INTO signalements (id, siren, residence, nom, commune, motif, du, au, partage, compte, quand) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(&id)
        .bind(new.siren)
        .bind(new.residence)
        .bind(new.nom)
        .bind(new.commune)
        .bind(new.motif)
        .bind(new.du)
        .bind(new.au)
        .bind(i64::from(new.partage))
        .bind(compte)
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(id)
    }

    /// Lifts a flag, or puts it back.
    ///
    /// # Errors
    /// The bailleur has none of this name.
    pub async fn lift_flag(
        &self,
        siren: &str,
        id: &str,
        compte: &str,
        lifted: Option<i64>,
    ) -> Result<(), StateError> {
        let done =
            sqlx::query("UPDATE signalements SET leve = $3, leve_compte = $4 WHERE id = $1 AND siren = $2")
                .bind(id)
                .bind(siren)
                .bind(lifted)
                .bind(compte)
                .execute(&self.pool)
                .await?;
        existing(done.rows_affected(), id)
    }

    /// Flags, the last first: all of one bailleur, or those that bailleurs share.
    ///
    /// # Errors
    /// The database fails.
    pub async fn flags(&self, siren: Option<&str>) -> Result<Vec<Signalement>, StateError> {
        type Row =
            (String, String, String, String, String, String, String, String, i64, String, i64, Option<i64>);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT s.id, s.siren, s.residence, s.nom, s.commune, s.motif, s.du, s.au, s.partage, COALESCE(c.nom, s.compte), s.quand, s.leve \
             FROM signalements s LEFT JOIN comptes c ON c.id = s.compte \
             WHERE s.siren = $1 OR ($1 = '' AND s.partage = 1) ORDER BY s.quand DESC, s.id",
        )
        .bind(siren.unwrap_or(""))
        .fetch_all(&self.pool)
        .await?;
        let flag = |r: Row| Signalement {
            id: r.0,
            siren: r.1,
            residence: r.2,
            nom: r.3,
            commune: r.4,
            motif: r.5,
            du: r.6,
            au: r.7,
            partage: r.8 != 0,
            qui: r.9,
            quand: r.10,
            leve: r.11,
        };
        Ok(rows.into_iter().map(flag).collect())
    }

    /// Keeps notes of a residence; those before stay in its history.
    ///
    /// # Errors
    /// The database fails.
    pub async fn add_note(&self, new: &NewNote<'_>, compte: &str, now: i64) -> Result<(), StateError> {
        let mut tx = self.write().await?;
        // Of two within a second, the later one is the one that stands.
        let (last,): (Option<i64>,) =
            sqlx::query_as("SELECT MAX(quand) FROM notes_residences WHERE siren = $1 AND residence = $2")
                .bind(new.siren)
                .bind(new.residence)
                .fetch_one(&mut *tx)
                .await?;
        let now = last.map_or(now, |last| now.max(last + 1));
        sqlx::query(
            "INSERT INTO notes_residences (id, siren, residence, nom, technique, climat, attractivite, commentaire, compte, quand) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(secrets::id()?)
        .bind(new.siren)
        .bind(new.residence)
        .bind(new.nom)
        .bind(i64::from(new.technique))
        .bind(i64::from(new.climat))
        .bind(i64::from(new.attractivite))
        .bind(new.commentaire)
        .bind(compte)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Notes of a bailleur's residences, the last first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn notes(&self, siren: &str) -> Result<Vec<NoteResidence>, StateError> {
        type Row = (String, String, i64, i64, i64, String, String, i64);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT n.residence, n.nom, n.technique, n.climat, n.attractivite, n.commentaire, COALESCE(c.nom, n.compte), n.quand \
             FROM notes_residences n LEFT JOIN comptes c ON c.id = n.compte WHERE n.siren = $1 ORDER BY \
             n.quand DESC, n.id",
        )
        .bind(siren)
        .fetch_all(&self.pool)
        .await?;
        let small = |n: i64| u8::try_from(n).unwrap_or(0);
        let note = |(residence, nom, t, c, a, commentaire, qui, quand): Row| NoteResidence {
            residence,
            nom,
            technique: small(t),
            climat: small(c),
            attractivite: small(a),
            commentaire,
            qui,
            quand,
        };
        Ok(rows.into_iter().map(note).collect())
    }
}
