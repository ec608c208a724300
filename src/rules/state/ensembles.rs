//! Sets of zones that people keep and share (domain §12): geometry only, never a figure, so that who opens
//! one sees what their own rights show.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::accounts::existing;
use super::{State, StateError, day, secrets};
use crate::reference::comptes::comptes;

/// Qui voit un ensemble : son auteur, son organisme, ou aussi les organismes d'une même convention en
/// vigueur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Visibilite {
    Prive,
    Org,
    Partenaires,
}

impl Visibilite {
    /// As it is kept.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Prive => "PRIVE",
            Self::Org => "ORG",
            Self::Partenaires => "PARTENAIRES",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "ORG" => Self::Org,
            "PARTENAIRES" => Self::Partenaires,
            // What is not known is shown to nobody else.
            _ => Self::Prive,
        }
    }
}

/// Un ensemble de zones, sans ses contours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Ensemble)]
pub struct ZoneSet {
    pub id: String,
    pub nom: String,
    /// Organisme à qui il est.
    pub organisme: String,
    pub auteur: String,
    pub visibilite: Visibilite,
    /// Millésime du RPLS et vague OPS sur lesquels il a été tracé.
    pub millesime: i64,
    pub vague: Option<i64>,
    /// Nombre de zones.
    pub zones: i64,
    /// Augmente à chaque modification.
    pub version: i64,
    /// Secondes depuis 1970.
    pub cree: i64,
    pub modifie: i64,
    /// Vrai si la personne qui demande peut le modifier et l'effacer.
    pub modifiable: bool,
    /// Vrai s'il est effacé et peut encore être restauré.
    pub efface: bool,
}

/// What a set is made of; checked by who asks.
#[derive(Debug, Clone)]
pub struct NewZoneSet<'a> {
    pub nom: &'a str,
    pub visibilite: Visibilite,
    pub millesime: u16,
    pub vague: Option<u16>,
    /// Number of zones in `zones`.
    pub n: usize,
    /// JSON.
    pub zones: &'a str,
}

/// What changes of a set.
#[derive(Debug, Clone, Copy, Default)]
pub struct ZoneSetChange<'a> {
    pub nom: Option<&'a str>,
    pub visibilite: Option<Visibilite>,
    /// Number of zones, and the zones as JSON.
    pub zones: Option<(usize, &'a str)>,
    /// The version that the change was made on.
    pub version: i64,
}

/// Who asks: account, organisation, whether they manage it.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    pub compte: &'a str,
    pub organisation: &'a str,
    pub gestionnaire: bool,
}

/// Sets that an account (`$1`) of an organisation (`$2`) may see on a day (`$3`); erased ones are for who may
/// restore them (the author, and who manages the organisation: `$4` = 1).
const SEEN: &str = "(e.auteur = $1 OR (e.organisation = $2 AND e.visibilite <> 'PRIVE' AND (e.efface IS NULL OR $4 = 1)) \
    OR (e.efface IS NULL AND e.visibilite = 'PARTENAIRES' AND EXISTS (SELECT 1 FROM conventions v \
        JOIN convention_parties a ON a.convention = v.id JOIN convention_parties b ON b.convention = v.id \
        WHERE a.organisation = e.organisation AND b.organisation = $2 AND v.du <= $3 AND v.au >= $3)))";
const COLUMNS: &str = "e.id, e.nom, o.nom, c.nom, e.visibilite, e.millesime, e.vague, e.n, e.version, e.cree, e.modifie, e.efface, \
    e.auteur, e.organisation";
const FROM: &str =
    "FROM ensembles e JOIN organisations o ON o.id = e.organisation JOIN comptes c ON c.id = e.auteur";

type Row = (
    String,
    String,
    String,
    String,
    String,
    i64,
    Option<i64>,
    i64,
    i64,
    i64,
    i64,
    Option<i64>,
    String,
    String,
);

fn set(row: Row, asker: Asker<'_>) -> ZoneSet {
    let (
        id,
        nom,
        organisme,
        auteur,
        seen_by,
        millesime,
        vague,
        zones,
        version,
        cree,
        modifie,
        erased,
        author,
        organisation,
    ) = row;
    let visibilite = Visibilite::parse(&seen_by);
    let shared = visibilite != Visibilite::Prive && organisation == asker.organisation;
    ZoneSet {
        id,
        nom,
        organisme,
        auteur,
        visibilite,
        millesime,
        vague,
        zones,
        version,
        cree,
        modifie,
        modifiable: author == asker.compte || (shared && asker.gestionnaire),
        efface: erased.is_some(),
    }
}

impl State {
    /// Keeps a set; its identifier.
    ///
    /// # Errors
    /// The organisation has as many as it may.
    pub async fn add_zone_set(
        &self,
        asker: Asker<'_>,
        new: &NewZoneSet<'_>,
        now: i64,
    ) -> Result<String, StateError> {
        let most = comptes().ensembles.par_organisme_max;
        let (kept,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM ensembles WHERE organisation = $1")
            .bind(asker.organisation)
            .fetch_one(&self.pool)
            .await?;
        if kept >= most {
            return Err(StateError::Taken(format!(
                "Un organisme garde {most} ensembles au plus : effacez-en un, puis attendez sa purge."
            )));
        }
        let id = secrets::id()?;
        sqlx::query(
            "INSERT INTO ensembles (id, nom, organisation, auteur, visibilite, millesime, vague, n, zones, version, cree, modifie) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $10)",
        )
        .bind(&id)
        .bind(new.nom)
        .bind(asker.organisation)
        .bind(asker.compte)
        .bind(new.visibilite.id())
        .bind(i64::from(new.millesime))
        .bind(new.vague.map(i64::from))
        .bind(i64::try_from(new.n).unwrap_or(i64::MAX))
        .bind(new.zones)
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(id)
    }

    /// Sets that a person may see, the last changed first; of those that were erased, the ones that they may
    /// restore.
    ///
    /// # Errors
    /// The database fails.
    pub async fn zone_sets(&self, asker: Asker<'_>, now: i64) -> Result<Vec<ZoneSet>, StateError> {
        let sql = format!("SELECT {COLUMNS} {FROM} WHERE {SEEN} ORDER BY e.modifie DESC, e.id");
        let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(asker.compte)
            .bind(asker.organisation)
            .bind(day(now))
            .bind(i64::from(asker.gestionnaire))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|r| set(r, asker)).collect())
    }

    /// One set and its zones as JSON.
    ///
    /// # Errors
    /// The person may see no such set.
    pub async fn zone_set(
        &self,
        asker: Asker<'_>,
        id: &str,
        now: i64,
    ) -> Result<(ZoneSet, String), StateError> {
        let sql = format!("SELECT {COLUMNS} {FROM} WHERE {SEEN} AND e.id = $5");
        let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(asker.compte)
            .bind(asker.organisation)
            .bind(day(now))
            .bind(i64::from(asker.gestionnaire))
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        let found = row.map(|r| set(r, asker)).ok_or_else(|| StateError::Absent(id.to_owned()))?;
        let (zones,): (String,) = sqlx::query_as("SELECT zones FROM ensembles WHERE id = $1")
            .bind(id)
            .fetch_one(&self.pool)
            .await?;
        Ok((found, zones))
    }

    /// Changes a set.
    ///
    /// # Errors
    /// The person may change no such set, or someone changed it since the version that they saw.
    pub async fn change_zone_set(
        &self,
        asker: Asker<'_>,
        id: &str,
        change: ZoneSetChange<'_>,
        now: i64,
    ) -> Result<(), StateError> {
        self.own_zone_set(asker, id, now).await?;
        let (n, zones) = change.zones.unzip();
        let done = sqlx::query(
            "UPDATE ensembles SET nom = COALESCE($3, nom), visibilite = COALESCE($4, visibilite), n = COALESCE($5, n), \
             zones = COALESCE($6, zones), version = version + 1, modifie = $7 WHERE id = $1 AND version = $2 \
             AND efface IS NULL",
        )
        .bind(id)
        .bind(change.version)
        .bind(change.nom)
        .bind(change.visibilite.map(Visibilite::id))
        .bind(n.map(|n| i64::try_from(n).unwrap_or(i64::MAX)))
        .bind(zones)
        .bind(now)
        .execute(&self.pool)
        .await?;
        if done.rows_affected() == 0 {
            return Err(StateError::Taken(
                "Cet ensemble a été modifié ou effacé entre-temps : ouvrez-le de nouveau, puis recommencez."
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Erases a set, or restores it (`erased` = false).
    ///
    /// # Errors
    /// The person may change no such set.
    pub async fn erase_zone_set(
        &self,
        asker: Asker<'_>,
        id: &str,
        erased: bool,
        now: i64,
    ) -> Result<(), StateError> {
        self.own_zone_set(asker, id, now).await?;
        let done = sqlx::query("UPDATE ensembles SET efface = $2 WHERE id = $1")
            .bind(id)
            .bind(erased.then_some(now))
            .execute(&self.pool)
            .await?;
        existing(done.rows_affected(), id)
    }

    /// A set that the person may change. Whether another one exists is not told.
    async fn own_zone_set(&self, asker: Asker<'_>, id: &str, now: i64) -> Result<(), StateError> {
        let (set, _) = self.zone_set(asker, id, now).await?;
        if set.modifiable { Ok(()) } else { Err(StateError::Absent(id.to_owned())) }
    }

    /// Drops what was erased before a time.
    pub(super) async fn forget_zone_sets(&self, before: i64) -> Result<u64, StateError> {
        let done =
            sqlx::query("DELETE FROM ensembles WHERE efface < $1").bind(before).execute(&self.pool).await?;
        Ok(done.rows_affected())
    }
}
