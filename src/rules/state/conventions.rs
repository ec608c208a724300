//! Conventions: who may see which scale of which territory, from a day to another.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::accounts::existing;
use super::{State, StateError, secrets};
use crate::access::{Agreement, Place};
use crate::reference::access::{Class, Donnees};

/// Une convention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Convention {
    pub id: String,
    pub titre: String,
    /// Zones, `échelle:code`.
    pub territoire: Vec<String>,
    pub classes: Vec<Class>,
    pub donnees: Vec<Donnees>,
    /// Premier et dernier jour, AAAA-MM-JJ.
    pub du: String,
    pub au: String,
    /// Organismes qu'elle nomme.
    pub parties: Vec<Partie>,
}

/// Un organisme que nomme une convention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Partie {
    pub id: String,
    pub nom: String,
}

/// What a convention is made of; checked by who asks.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NouvelleConvention)]
pub struct NewConvention {
    pub titre: String,
    /// Zones, `échelle:code`.
    pub territoire: Vec<String>,
    pub classes: Vec<Class>,
    pub donnees: Vec<Donnees>,
    /// Premier et dernier jour, AAAA-MM-JJ.
    pub du: String,
    pub au: String,
    /// Identifiants d'organismes.
    pub parties: Vec<String>,
}

impl State {
    /// Adds a convention; its identifier.
    ///
    /// # Errors
    /// A party does not exist.
    pub async fn add_convention(&self, new: &NewConvention, now: i64) -> Result<String, StateError> {
        let id = secrets::id()?;
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO conventions (id, titre, territoire, classes, donnees, du, au, cree) VALUES ($1, $2, \
                $3, $4, $5, $6, $7, $8)",
        )
        .bind(&id)
        .bind(&new.titre)
        .bind(serde_json::to_string(&new.territoire)?)
        .bind(serde_json::to_string(&new.classes)?)
        .bind(serde_json::to_string(&new.donnees)?)
        .bind(&new.du)
        .bind(&new.au)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        for party in &new.parties {
            let done = sqlx::query(
                "INSERT INTO convention_parties (convention, organisation) SELECT $1, id FROM organisations \
                    WHERE id = $2",
            )
            .bind(&id)
            .bind(party)
            .execute(&mut *tx)
            .await
            .map_err(|e| {
                StateError::from(e).taken(format!("L'organisme « {party} » est nommé deux fois."))
            })?;
            existing(done.rows_affected(), party)?;
        }
        tx.commit().await?;
        Ok(id)
    }

    /// Ends a convention on a day.
    ///
    /// # Errors
    /// It does not exist.
    pub async fn end_convention(&self, id: &str, last_day: &str) -> Result<(), StateError> {
        let done = sqlx::query("UPDATE conventions SET au = $2 WHERE id = $1")
            .bind(id)
            .bind(last_day)
            .execute(&self.pool)
            .await?;
        existing(done.rows_affected(), id)
    }

    /// Conventions, the last to end first: of one organisation, or all.
    ///
    /// # Errors
    /// The database fails.
    pub async fn conventions(&self, organisation: Option<&str>) -> Result<Vec<Convention>, StateError> {
        type Row = (String, String, String, String, String, String, String);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, titre, territoire, classes, donnees, du, au FROM conventions v WHERE $1 = '' OR EXISTS \
             (SELECT 1 FROM convention_parties p WHERE p.convention = v.id AND p.organisation = $1) ORDER BY \
             au DESC, titre",
        )
        .bind(organisation.unwrap_or(""))
        .fetch_all(&self.pool)
        .await?;
        let parties: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT p.convention, o.id, o.nom FROM convention_parties p JOIN organisations o ON o.id = \
                p.organisation ORDER BY o.nom",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(id, titre, territoire, classes, donnees, du, au)| {
                let named = parties.iter().filter(|p| p.0 == id);
                Ok(Convention {
                    titre,
                    territoire: serde_json::from_str(&territoire)?,
                    classes: serde_json::from_str(&classes)?,
                    donnees: serde_json::from_str(&donnees)?,
                    du,
                    au,
                    parties: named.map(|p| Partie { id: p.1.clone(), nom: p.2.clone() }).collect(),
                    id,
                })
            })
            .collect()
    }

    /// What the conventions in force on a day give to an organisation.
    pub(super) async fn agreements(
        &self,
        organisation: &str,
        today: &str,
    ) -> Result<Vec<Agreement>, StateError> {
        let rows: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT v.territoire, v.classes, v.donnees FROM conventions v JOIN convention_parties p ON p.convention = v.id \
             WHERE p.organisation = $1 AND v.du <= $2 AND v.au >= $2 ORDER BY v.id",
        )
        .bind(organisation)
        .bind(today)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(territoire, classes, donnees)| {
                let places: Vec<String> = serde_json::from_str(&territoire)?;
                Ok(Agreement {
                    territoire: places.iter().filter_map(|p| Place::parse(p)).collect(),
                    classes: serde_json::from_str(&classes)?,
                    donnees: serde_json::from_str(&donnees)?,
                })
            })
            .collect()
    }
}
