//! Gestion en flux, as it is kept: conventions, rights and yearly bases with their versions, frozen balance
//! sheets. Events are in `flux_events`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{State, StateError};
use crate::flow::convention::ConventionFlux;
use crate::flow::rights::Droit;
use crate::flow::year::Assiette;

/// What is kept by versions: the table of it, and what makes one of it the only one of its kind.
pub trait Versioned: Serialize + DeserializeOwned + PartialEq {
    const LATEST: &'static str;
    const EVERY: &'static str;
    const HIGHEST: &'static str;
    const HISTORY: &'static str;
    const INSERT: &'static str;
    fn key(&self) -> String;
}

macro_rules! versioned {
    ($kind:ty, $table:literal, $key:expr) => {
        impl Versioned for $kind {
            const LATEST: &'static str = concat!(
                "SELECT a.version, a.contenu FROM ",
                $table,
                " a WHERE a.version = (SELECT MAX(b.version) FROM ",
                $table,
                " b WHERE b.cle = a.cle) ORDER BY a.cle"
            );
            const EVERY: &'static str = concat!("SELECT contenu FROM ", $table, " ORDER BY cle, version");
            const HIGHEST: &'static str = concat!(
                "SELECT version, contenu FROM ",
                $table,
                " WHERE cle = $1 ORDER BY version DESC LIMIT 1"
            );
            const HISTORY: &'static str = concat!(
                "SELECT version, contenu, qui, cree FROM ",
                $table,
                " WHERE cle = $1 ORDER BY version"
            );
            const INSERT: &'static str = concat!(
                "INSERT INTO ",
                $table,
                " (cle, version, contenu, qui, cree) VALUES ($1, $2, $3, $4, $5)"
            );
            fn key(&self) -> String {
                $key(self)
            }
        }
    };
}

versioned!(ConventionFlux, "flux_conventions", ConventionFlux::key);
versioned!(Droit, "flux_droits", |d: &Droit| format!("{}-{}", d.bailleur, d.id));
versioned!(Assiette, "flux_assiettes", |a: &Assiette| format!(
    "{}-{}-{}-{}",
    a.bailleur, a.departement, a.commune, a.annee
));

/// One version of what is kept by versions.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionFlux<T> {
    pub version: i64,
    pub qui: String,
    /// Seconds since 1970.
    pub quand: i64,
    pub contenu: T,
}

/// Un bilan arrêté.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BilanArrete {
    pub bailleur: String,
    pub annee: u16,
    /// 1, puis une de plus à chaque correction.
    pub version: i64,
    /// Pourquoi il a été corrigé ; vide pour le premier.
    pub motif: String,
    pub qui: String,
    /// Secondes depuis 1970.
    pub quand: i64,
    /// Le bilan, tel qu'il était ce jour-là.
    #[schema(value_type = Object)]
    pub contenu: serde_json::Value,
}

const BILANS: &str = "SELECT bailleur, annee, version, motif, qui, cree, contenu FROM flux_bilans \
                      WHERE bailleur = $1 AND annee = $2 ORDER BY version";

impl State {
    /// What is in force, by key.
    ///
    /// # Errors
    /// The database fails.
    pub async fn flux<T: Versioned>(&self) -> Result<Vec<(i64, T)>, StateError> {
        let rows: Vec<(i64, String)> = sqlx::query_as(T::LATEST).fetch_all(&self.pool).await?;
        rows.into_iter().map(|(v, text)| Ok((v, serde_json::from_str(&text)?))).collect()
    }

    /// Every version of all, those of one after the other, the first first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn flux_every<T: Versioned>(&self) -> Result<Vec<T>, StateError> {
        let rows: Vec<(String,)> = sqlx::query_as(T::EVERY).fetch_all(&self.pool).await?;
        rows.into_iter().map(|(text,)| Ok(serde_json::from_str(&text)?)).collect()
    }

    /// Keeps new versions, all or none; what is in force as it stands makes no version. How many were made.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_flux<T: Versioned>(&self, list: &[T], qui: &str, now: i64) -> Result<usize, StateError> {
        let mut made = 0;
        let mut tx = self.write().await?;
        for one in list {
            let key = one.key();
            let former: Option<(i64, String)> =
                sqlx::query_as(T::HIGHEST).bind(key.clone()).fetch_optional(&mut *tx).await?;
            let same =
                former.as_ref().is_some_and(|(_, t)| serde_json::from_str::<T>(t).is_ok_and(|t| t == *one));
            if same {
                continue;
            }
            let version = former.map_or(0, |(v, _)| v) + 1;
            sqlx::query(T::INSERT)
                .bind(key)
                .bind(version)
                .bind(serde_json::to_string(one)?)
                .bind(qui.to_owned())
                .bind(now)
                .execute(&mut *tx)
                .await?;
            made += 1;
        }
        if made > 0 {
            super::flux_events::revise(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(made)
    }

    /// Every version of one, the first first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn flux_versions<T: Versioned>(&self, key: &str) -> Result<Vec<VersionFlux<T>>, StateError> {
        let rows: Vec<(i64, String, String, i64)> =
            sqlx::query_as(T::HISTORY).bind(key.to_owned()).fetch_all(&self.pool).await?;
        rows.into_iter()
            .map(|(version, text, qui, quand)| {
                Ok(VersionFlux { version, qui, quand, contenu: serde_json::from_str(&text)? })
            })
            .collect()
    }

    /// Freezes a balance sheet; its version.
    ///
    /// # Errors
    /// The database fails, or another version was frozen at the same moment.
    pub async fn freeze_flux(
        &self,
        (bailleur, annee): (&str, u16),
        contenu: &serde_json::Value,
        motif: &str,
        qui: &str,
        now: i64,
    ) -> Result<i64, StateError> {
        let mut tx = self.write().await?;
        let (last,): (i64,) = sqlx::query_as(
            "SELECT COALESCE(MAX(version), 0) FROM flux_bilans WHERE bailleur = $1 AND annee = $2",
        )
        .bind(bailleur.to_owned())
        .bind(i64::from(annee))
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO flux_bilans (bailleur, annee, version, contenu, motif, qui, cree) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(bailleur.to_owned())
        .bind(i64::from(annee))
        .bind(last + 1)
        .bind(contenu.to_string())
        .bind(motif.to_owned())
        .bind(qui.to_owned())
        .bind(now)
        .execute(&mut *tx)
        .await
        .map_err(|e| StateError::from(e).taken("Ce bilan vient d'être arrêté par quelqu'un d'autre."))?;
        tx.commit().await?;
        Ok(last + 1)
    }

    /// Versions of the balance sheet of a lessor and a year that were frozen, the first one first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn flux_bilans(&self, bailleur: &str, annee: u16) -> Result<Vec<BilanArrete>, StateError> {
        type Row = (String, i64, i64, String, String, i64, String);
        let rows: Vec<Row> = sqlx::query_as(BILANS)
            .bind(bailleur.to_owned())
            .bind(i64::from(annee))
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter()
            .map(|(bailleur, annee, version, motif, qui, quand, text)| {
                let annee = u16::try_from(annee).unwrap_or(0);
                Ok(BilanArrete {
                    bailleur,
                    annee,
                    version,
                    motif,
                    qui,
                    quand,
                    contenu: serde_json::from_str(&text)?,
                })
            })
            .collect()
    }
}
