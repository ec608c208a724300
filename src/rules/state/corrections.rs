//! Corrections of addresses: who moved what, when, and what is in force.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{State, StateError, secrets};
use crate::stock::edits::PointFix;

/// Où est une adresse, et comment elle se nomme.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LieuAdresse)]
pub struct Lieu {
    /// Degrés WGS84 ; nuls pour une adresse sans point.
    pub lon: Option<f64>,
    pub lat: Option<f64>,
    pub libelle: String,
    /// Clé de l'adresse sous son bon nom ; vide si le nom ne change pas.
    #[serde(default)]
    pub cle: String,
    /// Qualité du point : 11 au numéro, 12 dans la voie.
    #[serde(default)]
    pub qualite: u8,
    /// Identifiant de la Base adresse nationale, s'il en vient.
    #[serde(default)]
    pub ban: String,
    /// Score de ce candidat, de 0 à 1.
    #[serde(default)]
    pub score: Option<f64>,
}

/// Ce qu'il est advenu d'une correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatutCorrection {
    /// En vigueur.
    Acceptee,
    /// Le point présent est juste : l'adresse n'est plus à corriger.
    Ecartee,
    Annulee,
    Remplacee,
}

impl StatutCorrection {
    fn id(self) -> &'static str {
        match self {
            Self::Acceptee => "acceptee",
            Self::Ecartee => "ecartee",
            Self::Annulee => "annulee",
            Self::Remplacee => "remplacee",
        }
    }

    fn parse(id: &str) -> Self {
        [Self::Acceptee, Self::Ecartee, Self::Remplacee]
            .into_iter()
            .find(|s| s.id() == id)
            .unwrap_or(Self::Annulee)
    }
}

/// Une correction d'adresse.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = CorrectionAdresse)]
pub struct Correction {
    pub id: String,
    /// Clé de l'adresse telle que déposée ; vide si un seul logement est visé.
    pub adresse: String,
    pub ident_rep: String,
    /// Premier millésime où elle s'applique.
    pub des: u16,
    pub avant: Lieu,
    pub apres: Lieu,
    /// `MANUEL`, `BAN` ou `LOT`.
    pub methode: String,
    pub statut: StatutCorrection,
    pub commentaire: String,
    pub logements: u64,
    /// Corrections acceptées ensemble ; vide sinon.
    pub lot: String,
    /// Nom de la personne.
    pub qui: String,
    /// Secondes depuis 1970.
    pub quand: i64,
    pub fin: Option<i64>,
}

/// A correction to keep.
#[derive(Debug, Clone)]
pub struct NewCorrection {
    pub siren: String,
    pub adresse: String,
    pub ident_rep: String,
    pub des: u16,
    pub avant: Lieu,
    pub apres: Lieu,
    pub methode: &'static str,
    pub statut: StatutCorrection,
    pub commentaire: String,
    pub logements: u64,
    pub lot: String,
}

type Row = (
    String,
    String,
    String,
    i64,
    String,
    String,
    String,
    String,
    String,
    i64,
    String,
    String,
    i64,
    Option<i64>,
);

fn correction(r: Row) -> Result<Correction, StateError> {
    Ok(Correction {
        id: r.0,
        adresse: r.1,
        ident_rep: r.2,
        des: u16::try_from(r.3).unwrap_or(0),
        avant: serde_json::from_str(&r.4)?,
        apres: serde_json::from_str(&r.5)?,
        methode: r.6,
        statut: StatutCorrection::parse(&r.7),
        commentaire: r.8,
        logements: u64::try_from(r.9).unwrap_or(0),
        lot: r.10,
        qui: r.11,
        quand: r.12,
        fin: r.13,
    })
}

impl State {
    /// Keeps corrections, all or none; each takes the place of the one in force for the same dwellings and
    /// millésime.
    ///
    /// # Errors
    /// The database fails.
    pub async fn add_corrections(
        &self,
        list: &[NewCorrection],
        compte: &str,
        now: i64,
    ) -> Result<Vec<String>, StateError> {
        let mut tx = self.write().await?;
        let mut ids = Vec::with_capacity(list.len());
        for new in list {
            let id = secrets::id()?;
            let former: Option<(String,)> = sqlx::query_as(
                "SELECT id FROM corrections WHERE siren = $1 AND adresse = $2 AND ident_rep = $3 AND des = $4 \
                 AND statut IN ('acceptee', 'ecartee')",
            )
            .bind(&new.siren)
            .bind(&new.adresse)
            .bind(&new.ident_rep)
            .bind(i64::from(new.des))
            .fetch_optional(&mut *tx)
            .await?;
            let former = former.map(|f| f.0).unwrap_or_default();
            sqlx::query(
                "UPDATE corrections SET statut = 'remplacee', fin = $2, fin_compte = $3 WHERE id = $1",
            )
            .bind(&former)
            .bind(now)
            .bind(compte)
            .execute(&mut *tx)
            .await?;
            sqlx::query(
                "INSERT INTO corrections (id, siren, adresse, ident_rep, des, avant, apres, methode, statut, commentaire, logements, lot, \
                 remplace, compte, quand) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
                 $14, $15)",
            )
            .bind(&id)
            .bind(&new.siren)
            .bind(&new.adresse)
            .bind(&new.ident_rep)
            .bind(i64::from(new.des))
            .bind(serde_json::to_string(&new.avant)?)
            .bind(serde_json::to_string(&new.apres)?)
            .bind(new.methode)
            .bind(new.statut.id())
            .bind(&new.commentaire)
            .bind(i64::try_from(new.logements).unwrap_or(i64::MAX))
            .bind(&new.lot)
            .bind(&former)
            .bind(compte)
            .bind(now)
            .execute(&mut *tx)
            .await?;
            ids.push(id);
        }
        tx.commit().await?;
        Ok(ids)
    }

    /// Undoes a correction of a bailleur, or all those of a lot; what they had taken the place of is in force
    /// again. How many.
    ///
    /// # Errors
    /// There is none in force under this name.
    pub async fn undo_corrections(
        &self,
        siren: &str,
        name: &str,
        compte: &str,
        now: i64,
    ) -> Result<usize, StateError> {
        let mut tx = self.write().await?;
        let undone: Vec<(String, String)> = sqlx::query_as(
            "SELECT id, remplace FROM corrections WHERE siren = $1 AND (id = $2 OR lot = $2) AND statut IN \
                ('acceptee', 'ecartee')",
        )
        .bind(siren)
        .bind(name)
        .fetch_all(&mut *tx)
        .await?;
        if undone.is_empty() || name.is_empty() {
            return Err(StateError::Absent(name.to_owned()));
        }
        for (id, former) in &undone {
            sqlx::query("UPDATE corrections SET statut = 'annulee', fin = $2, fin_compte = $3 WHERE id = $1")
                .bind(id)
                .bind(now)
                .bind(compte)
                .execute(&mut *tx)
                .await?;
            // A dismissal has the methode ECART; any other was in force as a place.
            sqlx::query(
                "UPDATE corrections SET statut = CASE methode WHEN 'ECART' THEN 'ecartee' ELSE 'acceptee' END, fin = NULL, fin_compte = NULL \
                 WHERE id = $1 AND statut = 'remplacee'",
            )
            .bind(former)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(undone.len())
    }

    /// Corrections of a bailleur, the last first; all, undone ones included.
    ///
    /// # Errors
    /// The database fails.
    pub async fn corrections(&self, siren: &str) -> Result<Vec<Correction>, StateError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT r.id, r.adresse, r.ident_rep, r.des, r.avant, r.apres, r.methode, r.statut, r.commentaire, r.logements, r.lot, \
             COALESCE(c.nom, r.compte), r.quand, r.fin FROM corrections r LEFT JOIN comptes c ON c.id = \
             r.compte \
             WHERE r.siren = $1 ORDER BY r.quand DESC, r.id",
        )
        .bind(siren)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(correction).collect()
    }

    /// Points that bailleurs moved, as builds apply them.
    ///
    /// # Errors
    /// The database fails.
    pub async fn points_in_force(&self) -> Result<Vec<PointFix>, StateError> {
        let rows: Vec<(String, String, String, i64, String)> = sqlx::query_as(
            "SELECT siren, adresse, ident_rep, des, apres FROM corrections WHERE statut = 'acceptee' ORDER \
                BY siren, adresse, ident_rep, des",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut out = Vec::with_capacity(rows.len());
        for (siren, adresse, ident_rep, des, apres) in rows {
            let place: Lieu = serde_json::from_str(&apres)?;
            let (Some(lon), Some(lat)) = (place.lon, place.lat) else { continue };
            let des = u16::try_from(des).unwrap_or(0);
            out.push(PointFix {
                siren,
                adresse,
                ident_rep,
                des,
                lon,
                lat,
                qualite: place.qualite,
                cle: place.cle,
            });
        }
        Ok(out)
    }
}
