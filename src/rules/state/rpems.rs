//! Residences à enjeu prioritaire de mixité sociale: what people proposed and decided, which no figure ever
//! changes.
//!
//! A file follows one residence of one bailleur. It changes only by an event, and an event only follows from
//! where the file stands; two decisions at once cannot both pass.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{State, StateError, secrets};
use crate::access::Place;
use crate::reference::fragilite::Decision;

/// Where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Statut {
    /// The EPCI has to decide.
    Proposee,
    /// On the list until `fin`.
    Validee,
    /// On the list, and the bailleur asks for three more years.
    Renouvellement,
    Refusee,
    Retiree,
    Levee,
}

const ALL: [Statut; 6] = [
    Statut::Proposee,
    Statut::Validee,
    Statut::Renouvellement,
    Statut::Refusee,
    Statut::Retiree,
    Statut::Levee,
];

impl Statut {
    fn id(self) -> &'static str {
        match self {
            Self::Proposee => "proposee",
            Self::Validee => "validee",
            Self::Renouvellement => "renouvellement",
            Self::Refusee => "refusee",
            Self::Retiree => "retiree",
            Self::Levee => "levee",
        }
    }

    fn parse(id: &str) -> Option<Self> {
        ALL.into_iter().find(|s| s.id() == id)
    }

    /// Whether a residence that stands so is on the list, while its dates run.
    #[must_use]
    pub fn on_the_list(self) -> bool {
        matches!(self, Self::Validee | Self::Renouvellement)
    }

    /// Where a decision leads from here; None if it cannot be taken.
    #[must_use]
    pub fn after(self, decision: Decision) -> Option<Self> {
        match (self, decision) {
            (Self::Refusee | Self::Retiree | Self::Levee, Decision::Proposer) => Some(Self::Proposee),
            (Self::Proposee | Self::Renouvellement, Decision::Valider) => Some(Self::Validee),
            (Self::Proposee, Decision::Refuser) => Some(Self::Refusee),
            (Self::Proposee, Decision::Retirer) => Some(Self::Retiree),
            (Self::Validee, Decision::Renouveler) => Some(Self::Renouvellement),
            // A renewal that is refused or taken back leaves the present term as it is.
            (Self::Renouvellement, Decision::Refuser | Decision::Retirer) => Some(Self::Validee),
            (Self::Validee | Self::Renouvellement, Decision::Lever) => Some(Self::Levee),
            _ => None,
        }
    }
}

/// Un événement de l'histoire d'une résidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EvenementRpems)]
pub struct Event {
    /// Secondes depuis 1970.
    pub quand: i64,
    pub auteur: String,
    pub organisme: String,
    pub decision: String,
    /// Code du motif.
    pub motif: String,
    pub commentaire: String,
    /// Dates de la qualité après l'événement, AAAA-MM-JJ ; vides s'il n'y en a pas.
    pub debut: String,
    pub fin: String,
}

/// Le dossier d'une résidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DossierRpems)]
pub struct File {
    pub id: String,
    pub residence: String,
    pub nom: String,
    /// SIREN.
    pub bailleur: String,
    pub bailleur_nom: String,
    pub commune: String,
    pub epci: String,
    pub departement: String,
    pub statut: Statut,
    /// AAAA-MM-JJ ; vides avant la validation.
    pub debut: String,
    pub fin: String,
    /// Nombre d'événements : à répéter avec une décision, pour ne pas décider de ce qui vient de changer.
    pub rang: i64,
    pub historique: Vec<Event>,
}

/// A residence to propose.
#[derive(Debug, Clone)]
pub struct NewFile {
    pub residence: String,
    pub nom: String,
    pub bailleur: String,
    pub bailleur_nom: String,
    pub commune: String,
    pub epci: String,
    pub departement: String,
}

/// Who decides, and what they say.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    pub decision: Decision,
    pub motif: &'a str,
    pub commentaire: &'a str,
    pub compte: &'a str,
    pub auteur: &'a str,
    pub organisme: &'a str,
    /// The dates of the quality after it; None: those that the file has.
    pub dates: Option<(&'a str, &'a str)>,
}

/// Which files.
#[derive(Debug, Clone, Default)]
pub struct Whose {
    /// Of this bailleur only (SIREN).
    pub bailleur: Option<String>,
    /// In one of these zones only: `epci`, `commune`, `departement`.
    pub zones: Option<Vec<Place>>,
}

impl Whose {
    #[must_use]
    pub fn holds(&self, f: &File) -> bool {
        let zone = |p: &Place| match p.echelle.as_str() {
            "epci" => f.epci == p.code,
            "commune" => f.commune == p.code,
            "departement" => f.departement == p.code,
            _ => false,
        };
        self.bailleur.as_ref().is_none_or(|b| *b == f.bailleur)
            && self.zones.as_ref().is_none_or(|z| z.iter().any(zone))
    }
}

type Row = (String, String, String, String, String, String, String, String, String, String, String, i64);
type EventRow = (String, i64, String, String, String, String, String, String, String);

const MEANWHILE: &str = "Ce dossier vient de changer : rechargez la page avant de décider.";

impl State {
    /// Proposes a residence: a new file, or the next event of one that was refused, taken back or lifted.
    ///
    /// # Errors
    /// The residence is proposed or on the list already.
    pub async fn propose_rpems(&self, new: &NewFile, act: &Act<'_>, now: i64) -> Result<String, StateError> {
        let known: Option<(String, i64)> =
            sqlx::query_as("SELECT id, rang FROM rpems WHERE residence = $1 AND bailleur = $2")
                .bind(&new.residence)
                .bind(&new.bailleur)
                .fetch_optional(&self.pool)
                .await?;
        if let Some((id, rang)) = known {
            self.decide_rpems(&id, rang, act, now).await?;
            return Ok(id);
        }
        let id = secrets::id()?;
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO rpems (id, residence, nom, bailleur, bailleur_nom, commune, epci, departement, statut, debut, fin, rang, cree) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '', 1, $10)",
        )
        .bind(&id)
        .bind(&new.residence)
        .bind(&new.nom)
        .bind(&new.bailleur)
        .bind(&new.bailleur_nom)
        .bind(&new.commune)
        .bind(&new.epci)
        .bind(&new.departement)
        .bind(Statut::Proposee.id())
        .bind(now)
        .execute(&mut *tx)
        .await
        .map_err(|e| StateError::from(e).taken(MEANWHILE))?;
        event(&mut tx, &id, 1, act, ("", ""), now).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Adds a decision to a file that stands at event `rang`.
    ///
    /// # Errors
    /// The file does not exist, has changed since, or the decision does not follow from where it stands.
    pub async fn decide_rpems(&self, id: &str, rang: i64, act: &Act<'_>, now: i64) -> Result<(), StateError> {
        let mut tx = self.write().await?;
        // Writing first: on either database who comes second waits, then finds another rank.
        let moved = sqlx::query("UPDATE rpems SET rang = rang + 1 WHERE id = $1 AND rang = $2")
            .bind(id)
            .bind(rang)
            .execute(&mut *tx)
            .await?
            .rows_affected();
        let row: Option<(String, String, String)> =
            sqlx::query_as("SELECT statut, debut, fin FROM rpems WHERE id = $1")
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?;
        let (statut, debut, fin) = row.ok_or_else(|| StateError::Absent(id.to_owned()))?;
        if moved == 0 {
            return Err(StateError::Taken(MEANWHILE.to_owned()));
        }
        let next = Statut::parse(&statut).and_then(|s| s.after(act.decision)).ok_or_else(|| {
            StateError::Taken(format!(
                "Dans son état présent (« {statut} »), on ne peut pas « {} » cette résidence.",
                act.decision.id()
            ))
        })?;
        let (debut, fin) = act.dates.unwrap_or((&debut, &fin));
        sqlx::query("UPDATE rpems SET statut = $2, debut = $3, fin = $4 WHERE id = $1")
            .bind(id)
            .bind(next.id())
            .bind(debut)
            .bind(fin)
            .execute(&mut *tx)
            .await?;
        event(&mut tx, id, rang + 1, act, (debut, fin), now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Files with their events, by name.
    ///
    /// # Errors
    /// The database fails.
    pub async fn rpems(&self, whose: &Whose) -> Result<Vec<File>, StateError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, residence, nom, bailleur, bailleur_nom, commune, epci, departement, statut, debut, fin, rang FROM rpems \
             WHERE $1 = '' OR bailleur = $1 ORDER BY nom, id",
        )
        .bind(whose.bailleur.as_deref().unwrap_or(""))
        .fetch_all(&self.pool)
        .await?;
        let events: Vec<EventRow> = sqlx::query_as(
            "SELECT dossier, quand, auteur, organisme, decision, motif, commentaire, debut, fin FROM \
                rpems_evenements ORDER BY dossier, rang",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut past: BTreeMap<String, Vec<Event>> = BTreeMap::new();
        for (dossier, quand, auteur, organisme, decision, motif, commentaire, debut, fin) in events {
            past.entry(dossier).or_default().push(Event {
                quand,
                auteur,
                organisme,
                decision,
                motif,
                commentaire,
                debut,
                fin,
            });
        }
        let files = rows.into_iter().filter_map(|row| {
            let (
                id,
                residence,
                nom,
                bailleur,
                bailleur_nom,
                commune,
                epci,
                departement,
                statut,
                debut,
                fin,
                rang,
            ) = row;
            let historique = past.remove(&id).unwrap_or_default();
            let statut = Statut::parse(&statut)?;
            Some(File {
                id,
                residence,
                nom,
                bailleur,
                bailleur_nom,
                commune,
                epci,
                departement,
                statut,
                debut,
                fin,
                rang,
                historique,
            })
        });
        Ok(files.filter(|f| whose.holds(f)).collect())
    }
}

async fn event(
    tx: &mut sqlx::Transaction<'_, sqlx::Any>,
    id: &str,
    rang: i64,
    act: &Act<'_>,
    (debut, fin): (&str, &str),
    now: i64,
) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO rpems_evenements (dossier, rang, quand, compte, auteur, organisme, decision, motif, commentaire, debut, fin) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(id)
    .bind(rang)
    .bind(now)
    .bind(act.compte)
    .bind(act.auteur)
    .bind(act.organisme)
    .bind(act.decision.id())
    .bind(act.motif)
    .bind(act.commentaire)
    .bind(debut)
    .bind(fin)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
