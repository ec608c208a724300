//! Events of the stock: deliveries, demolitions, sales, transfers, changes of use, as bailleurs enter them.

use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use utoipa::ToSchema;

use super::{Lieu, State, StateError, secrets};
use crate::stock::events::{Effect, Happening};

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
    /// Congé reçu d'un locataire : le logement sera libre ce jour-là.
    Conge,
}

impl GenreEvenement {
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::MiseEnService, "mise_en_service"),
        (Self::Demolition, "demolition"),
        (Self::Vente, "vente"),
        (Self::Cession, "cession"),
        (Self::Acquisition, "acquisition"),
        (Self::ChangementUsage, "changement_usage"),
        (Self::Conge, "conge"),
    ];

    #[must_use]
    pub fn id(self) -> &'static str {
        Self::ALL.iter().find(|(g, _)| *g == self).map_or("", |(_, id)| id)
    }

    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, i)| *i == id).map(|(g, _)| *g)
    }

    /// What it does to the bailleur's number of dwellings: 1 adds them, −1 takes them out, 0 leaves them.
    #[must_use]
    pub fn sign(self) -> i64 {
        match self {
            Self::MiseEnService | Self::Acquisition => 1,
            Self::Demolition | Self::Vente | Self::Cession | Self::ChangementUsage => -1,
            Self::Conge => 0,
        }
    }
}

/// Ce que sont les logements d'une mise en service ou d'une acquisition ; rien de ce qui n'est pas connu.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Caracteristiques {
    /// PLAI, PLUS… (codes du filtre `financement`).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub financement: String,
    /// Nombre de pièces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pieces: Option<u8>,
    /// Étiquette énergie, de A à G.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub dpe: String,
    /// Surface habitable d'un logement, m².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surface: Option<u16>,
}

/// Un événement du parc.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
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
    pub caracteristiques: Caracteristiques,
    /// Où sont les logements, si l'adresse a été trouvée.
    pub lieu: Option<Lieu>,
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
    pub caracteristiques: Caracteristiques,
    pub lieu: Option<Lieu>,
}

impl From<Evenement> for NewEvent {
    fn from(e: Evenement) -> Self {
        Self {
            genre: e.genre,
            date: e.date,
            commune: e.commune,
            adresse: e.adresse,
            qpv: e.qpv,
            logements: e.logements,
            ident_rep: e.ident_rep,
            autre: e.autre,
            commentaire: e.commentaire,
            caracteristiques: e.caracteristiques,
            lieu: e.lieu,
        }
    }
}

/// An event from its row, whose columns are more than a tuple may have.
fn event(r: &AnyRow) -> Result<Evenement, StateError> {
    let text = |name: &str| r.try_get::<String, _>(name);
    let genre = text("genre")?;
    Ok(Evenement {
        id: text("id")?,
        siren: text("siren")?,
        genre: GenreEvenement::parse(&genre).ok_or(StateError::Absent(genre))?,
        date: text("date")?,
        commune: text("commune")?,
        adresse: text("adresse")?,
        qpv: text("qpv")?,
        logements: u64::try_from(r.try_get::<i64, _>("logements")?).unwrap_or(0),
        ident_rep: serde_json::from_str(&text("logements_ids")?)?,
        autre: text("autre")?,
        commentaire: text("commentaire")?,
        caracteristiques: serde_json::from_str(&text("caracteristiques")?)?,
        lieu: serde_json::from_str(&text("lieu")?)?,
        lot: text("lot")?,
        qui: text("qui")?,
        quand: r.try_get("quand")?,
        annule: r.try_get("annule")?,
    })
}

impl Evenement {
    /// What it does to the stock.
    #[must_use]
    pub fn happening(&self) -> Happening {
        let to_bailleur = self.autre.len() == 9 && self.autre.bytes().all(|b| b.is_ascii_digit());
        let effet = match self.genre {
            g if g.sign() > 0 => Effect::Entree,
            GenreEvenement::Cession if to_bailleur => Effect::Cession,
            GenreEvenement::Conge => Effect::Conge,
            _ => Effect::Sortie,
        };
        let built = self.genre == GenreEvenement::MiseEnService;
        let year = self.date.get(..4).and_then(|y| y.parse().ok()).filter(|_| built);
        let (lieu, c) = (self.lieu.as_ref(), &self.caracteristiques);
        Happening {
            date: self.date.clone(),
            siren: self.siren.clone(),
            effet,
            autre: if to_bailleur { self.autre.clone() } else { String::new() },
            commune: self.commune.clone(),
            adresse: if self.adresse.is_empty() {
                String::new()
            } else {
                crate::address::key(&self.commune, "", "", "", &self.adresse, "").key
            },
            logements: u32::try_from(self.logements).unwrap_or(u32::MAX),
            ident_rep: self.ident_rep.join(" "),
            lon: lieu.and_then(|l| l.lon),
            lat: lieu.and_then(|l| l.lat),
            qualite: lieu.map_or(0, |l| l.qualite),
            annee: year.unwrap_or(0),
            financement: c.financement.clone(),
            pieces: c.pieces.unwrap_or(0),
            dpe: c.dpe.clone(),
            surface: c.surface.unwrap_or(0),
        }
    }
}

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
        let mut tx = self.write().await?;
        let mut ids = Vec::with_capacity(list.len());
        for new in list {
            let id = secrets::id()?;
            sqlx::query(
                "INSERT INTO evenements (id, siren, genre, date, commune, adresse, qpv, logements, logements_ids, autre, commentaire, lot, \
                 compte, quand, caracteristiques, lieu) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
                 $11, $12, $13, $14, $15, $16)",
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
            .bind(serde_json::to_string(&new.caracteristiques)?)
            .bind(serde_json::to_string(&new.lieu)?)
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
    pub async fn undo_events(
        &self,
        siren: &str,
        name: &str,
        compte: &str,
        now: i64,
    ) -> Result<u64, StateError> {
        let done = sqlx::query(
            "UPDATE evenements SET annule = $3, annule_compte = $4 WHERE siren = $1 AND (id = $2 OR lot = \
                $2) AND annule IS NULL",
        )
        .bind(siren)
        .bind(name)
        .bind(now)
        .bind(compte)
        .execute(&self.pool)
        .await?;
        if done.rows_affected() == 0 {
            Err(StateError::Absent(name.to_owned()))
        } else {
            Ok(done.rows_affected())
        }
    }

    /// Events of one bailleur, or of all; the latest first, undone ones included.
    ///
    /// # Errors
    /// The database fails.
    pub async fn events(&self, siren: Option<&str>) -> Result<Vec<Evenement>, StateError> {
        let rows = sqlx::query(
            "SELECT e.id, e.siren, e.genre, e.date, e.commune, e.adresse, e.qpv, e.logements, e.logements_ids, e.autre, e.commentaire, \
             e.caracteristiques, e.lieu, e.lot, COALESCE(c.nom, e.compte) AS qui, e.quand, e.annule \
             FROM evenements e LEFT JOIN comptes c ON c.id = e.compte \
             WHERE $1 = '' OR e.siren = $1 ORDER BY e.date DESC, e.quand DESC, e.id",
        )
        .bind(siren.unwrap_or(""))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(event).collect()
    }

    /// What events in force do to the stock.
    ///
    /// # Errors
    /// The database fails.
    pub async fn happenings(&self) -> Result<Vec<Happening>, StateError> {
        let all = self.events(None).await?;
        Ok(all.iter().filter(|e| e.annule.is_none()).map(Evenement::happening).collect())
    }
}
