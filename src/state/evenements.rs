//! Events of the stock: deliveries, demolitions, sales, transfers, changes of use, as bailleurs enter them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{State, StateError, secrets};

/// Ce qui arrive au parc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GenreEvenement {
    /// Mise en service.
    MiseEnService,
    Demolition,
    /// Vente hors du parc social.
    Vente,
    /// Cession à un autre bailleur.
    Cession,
    /// Acquisition auprès d'un autre bailleur.
    Acquisition,
    /// Changement d'usage : le logement n'est plus loué comme logement social.
    ChangementUsage,
}

impl GenreEvenement {
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::MiseEnService, "mise_en_service"),
        (Self::Demolition, "demolition"),
        (Self::Vente, "vente"),
        (Self::Cession, "cession"),
        (Self::Acquisition, "acquisition"),
        (Self::ChangementUsage, "changement_usage"),
    ];

    #[must_use]
    pub fn id(self) -> &'static str {
        Self::ALL.iter().find(|(g, _)| *g == self).map_or("", |(_, id)| id)
    }

    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, i)| *i == id).map(|(g, _)| *g)
    }

    /// What it does to the bailleur's number of dwellings: 1 adds them, −1 takes them out.
    #[must_use]
    pub fn sign(self) -> i64 {
        match self {
            Self::MiseEnService | Self::Acquisition => 1,
            Self::Demolition | Self::Vente | Self::Cession | Self::ChangementUsage => -1,
        }
    }
}

/// Un événement du parc.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Evenement {
    pub id: String,
    pub siren: String,
    pub genre: GenreEvenement,
    /// AAAA-MM-JJ.
    pub date: String,
    /// Code Insee.
    pub commune: String,
    pub adresse: String,
    /// Code du QPV de 2024 ; vide hors QPV ou si le lieu n'est pas connu.
    pub qpv: String,
    pub logements: u64,
    /// Numéros nationaux, s'ils sont connus.
    pub ident_rep: Vec<String>,
    /// SIREN de l'autre bailleur, ou nouvel usage.
    pub autre: String,
    pub commentaire: String,
    /// Événements importés ensemble ; vide sinon.
    pub lot: String,
    pub qui: String,
    /// Secondes depuis 1970.
    pub quand: i64,
    pub annule: Option<i64>,
}

/// An event to keep.
#[derive(Debug, Clone)]
pub struct NewEvent {
    pub genre: GenreEvenement,
    pub date: String,
    pub commune: String,
    pub adresse: String,
    pub qpv: String,
    pub logements: u64,
    pub ident_rep: Vec<String>,
    pub autre: String,
    pub commentaire: String,
}

type Row =
    (String, String, String, String, String, String, String, i64, String, String, String, String, String, i64, Option<i64>);

impl State {
    /// Keeps events, all or none.
    ///
    /// # Errors
    /// The database fails.
    pub async fn add_events(
        &self,
        siren: &str,
        list: &[NewEvent],
        lot: &str,
        compte: &str,
        now: i64,
    ) -> Result<Vec<String>, StateError> {
        let mut tx = self.pool.begin().await?;
        let mut ids = Vec::with_capacity(list.len());
        for new in list {
            let id = secrets::id()?;
            sqlx::query(
                "INSERT INTO evenements (id, siren, genre, date, commune, adresse, qpv, logements, logements_ids, autre, commentaire, lot, \
                 compte, quand) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            )
            .bind(&id)
            .bind(siren)
            .bind(new.genre.id())
            .bind(&new.date)
            .bind(&new.commune)
            .bind(&new.adresse)
            .bind(&new.qpv)
            .bind(i64::try_from(new.logements).unwrap_or(i64::MAX))
            .bind(serde_json::to_string(&new.ident_rep)?)
            .bind(&new.autre)
            .bind(&new.commentaire)
            .bind(lot)
            .bind(compte)
            .bind(now)
            .execute(&mut *tx)
            .await?;
            ids.push(id);
        }
        tx.commit().await?;
        Ok(ids)
    }

    /// Undoes an event of a bailleur, or those imported together; how many.
    ///
    /// # Errors
    /// There is none of this name.
    pub async fn undo_events(&self, siren: &str, name: &str, compte: &str, now: i64) -> Result<u64, StateError> {
        let done = sqlx::query(
            "UPDATE evenements SET annule = $3, annule_compte = $4 WHERE siren = $1 AND (id = $2 OR lot = $2) AND annule IS NULL",
        )
        .bind(siren)
        .bind(name)
        .bind(now)
        .bind(compte)
        .execute(&self.pool)
        .await?;
        if done.rows_affected() == 0 { Err(StateError::Absent(name.to_owned())) } else { Ok(done.rows_affected()) }
    }

    /// Events of one bailleur, or of all; the latest first, undone ones included.
    ///
    /// # Errors
    /// The database fails.
    pub async fn events(&self, siren: Option<&str>) -> Result<Vec<Evenement>, StateError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT e.id, e.siren, e.genre, e.date, e.commune, e.adresse, e.qpv, e.logements, e.logements_ids, e.autre, e.commentaire, \
             e.lot, COALESCE(c.nom, e.compte), e.quand, e.annule FROM evenements e LEFT JOIN comptes c ON c.id = e.compte \
             WHERE $1 = '' OR e.siren = $1 ORDER BY e.date DESC, e.quand DESC, e.id",
        )
        .bind(siren.unwrap_or(""))
        .fetch_all(&self.pool)
        .await?;
        let event = |r: Row| -> Result<Evenement, StateError> {
            Ok(Evenement {
                id: r.0,
                siren: r.1,
                genre: GenreEvenement::parse(&r.2).ok_or_else(|| StateError::Absent(r.2.clone()))?,
                date: r.3,
                commune: r.4,
                adresse: r.5,
                qpv: r.6,
                logements: u64::try_from(r.7).unwrap_or(0),
                ident_rep: serde_json::from_str(&r.8)?,
                autre: r.9,
                commentaire: r.10,
                lot: r.11,
                qui: r.12,
                quand: r.13,
                annule: r.14,
            })
        };
        rows.into_iter().map(event).collect()
    }
}
