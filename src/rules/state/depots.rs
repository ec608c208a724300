//! Deposits of bailleurs: where each stands, and its history with who and when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::accounts::existing;
use super::{State, StateError, secrets};

/// Où en est un dépôt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatutDepot {
    /// Reçu, son contrôle est en cours.
    Controle,
    /// Contrôlé : à accepter, corriger ou retirer.
    Pret,
    /// Le fichier n'a pas pu être lu ; `motif` dit pourquoi.
    Echec,
    /// En vigueur.
    Accepte,
    /// Un dépôt accepté depuis l'a remplacé.
    Remplace,
    Retire,
}

impl StatutDepot {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Controle, "controle"),
        (Self::Pret, "pret"),
        (Self::Echec, "echec"),
        (Self::Accepte, "accepte"),
        (Self::Remplace, "remplace"),
        (Self::Retire, "retire"),
    ];

    /// As kept in the database.
    #[must_use]
    pub fn id(self) -> &'static str {
        Self::ALL.iter().find(|(s, _)| *s == self).map_or("", |(_, id)| id)
    }

    fn parse(id: &str) -> Self {
        Self::ALL.iter().find(|(_, i)| *i == id).map_or(Self::Echec, |(s, _)| *s)
    }
}

/// A deposit. `rapport` and `comparaison` are JSON, empty before the first check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deposit {
    pub id: String,
    /// `rpls` or `ops`.
    pub registre: String,
    pub annee: u16,
    pub siren: String,
    pub fichier: String,
    pub octets: u64,
    /// BLAKE3 of the file as it came.
    pub empreinte: String,
    pub statut: StatutDepot,
    pub motif: String,
    pub rapport: String,
    pub comparaison: String,
    /// Line → column → value, JSON.
    pub corrections: String,
    /// Seconds since 1970.
    pub cree: i64,
}

/// A deposit to note.
#[derive(Debug, Clone, Copy)]
pub struct NewDeposit<'a> {
    pub id: &'a str,
    pub registre: &'a str,
    pub annee: u16,
    pub siren: &'a str,
    pub fichier: &'a str,
    pub octets: u64,
    pub empreinte: &'a str,
}

/// Ce qui a été fait d'un dépôt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GesteDepot {
    /// Secondes depuis 1970.
    pub quand: i64,
    /// Nom de la personne.
    pub qui: String,
    /// `depot`, `controle`, `correction`, `acceptation`, `remplacement`, `retrait`.
    pub geste: String,
    pub detail: String,
}

type Row = (String, String, i64, String, String, i64, String, String, String, String, String, String, i64);

fn deposit(r: Row) -> Deposit {
    Deposit {
        id: r.0,
        registre: r.1,
        annee: u16::try_from(r.2).unwrap_or(0),
        siren: r.3,
        fichier: r.4,
        octets: u64::try_from(r.5).unwrap_or(0),
        empreinte: r.6,
        statut: StatutDepot::parse(&r.7),
        motif: r.8,
        rapport: r.9,
        comparaison: r.10,
        corrections: r.11,
        cree: r.12,
    }
}

macro_rules! deposits {
    ($rest:literal) => {
        concat!(
            "SELECT id, registre, annee, siren, fichier, octets, empreinte, statut, motif, rapport, comparaison, corrections, cree \
             FROM depots ",
            $rest
        )
    };
}

impl State {
    /// A name for a deposit to come.
    ///
    /// # Errors
    /// The machine gives no random bytes.
    pub fn deposit_id() -> Result<String, StateError> {
        secrets::id()
    }

    /// Notes a file that was received; it is to be checked.
    ///
    /// # Errors
    /// The database fails.
    pub async fn add_deposit(&self, new: &NewDeposit<'_>, compte: &str, now: i64) -> Result<(), StateError> {
        sqlx::query(
            "INSERT INTO depots (id, registre, annee, siren, fichier, octets, empreinte, statut, motif, rapport, comparaison, corrections, \
             cree) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', '', '', $9)",
        )
        .bind(new.id)
        .bind(new.registre)
        .bind(i64::from(new.annee))
        .bind(new.siren)
        .bind(new.fichier)
        .bind(i64::try_from(new.octets).unwrap_or(i64::MAX))
        .bind(new.empreinte)
        .bind(StatutDepot::Controle.id())
        .bind(now)
        .execute(&self.pool)
        .await?;
        self.note_deposit(new.id, compte, "depot", new.fichier, now).await
    }

    /// Adds to the history of a deposit.
    ///
    /// # Errors
    /// The database fails.
    pub async fn note_deposit(
        &self,
        id: &str,
        compte: &str,
        geste: &str,
        detail: &str,
        now: i64,
    ) -> Result<(), StateError> {
        sqlx::query(
            "INSERT INTO depot_gestes (depot, rang, quand, compte, geste, detail) \
             SELECT $1, COALESCE(MAX(rang), 0) + 1, $2, $3, $4, $5 FROM depot_gestes WHERE depot = $1",
        )
        .bind(id)
        .bind(now)
        .bind(compte)
        .bind(geste)
        .bind(detail)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Changes where a deposit stands, if it stands where it is believed to; whether it did.
    ///
    /// # Errors
    /// The database fails.
    pub async fn turn_deposit(
        &self,
        id: &str,
        from: &[StatutDepot],
        to: StatutDepot,
        motif: &str,
    ) -> Result<bool, StateError> {
        let mut turned = 0;
        for from in from {
            turned += sqlx::query("UPDATE depots SET statut = $3, motif = $4 WHERE id = $1 AND statut = $2")
                .bind(id)
                .bind(from.id())
                .bind(to.id())
                .bind(motif)
                .execute(&self.pool)
                .await?
                .rows_affected();
            if turned > 0 {
                break;
            }
        }
        Ok(turned > 0)
    }

    /// Keeps what a check found.
    ///
    /// # Errors
    /// The database fails.
    pub async fn checked_deposit(
        &self,
        id: &str,
        rapport: &str,
        comparaison: &str,
    ) -> Result<(), StateError> {
        let done = sqlx::query("UPDATE depots SET rapport = $2, comparaison = $3 WHERE id = $1")
            .bind(id)
            .bind(rapport)
            .bind(comparaison)
            .execute(&self.pool)
            .await?;
        existing(done.rows_affected(), id)
    }

    /// Keeps the corrections of a deposit (JSON).
    ///
    /// # Errors
    /// The database fails.
    pub async fn correct_deposit(&self, id: &str, corrections: &str) -> Result<(), StateError> {
        let done = sqlx::query("UPDATE depots SET corrections = $2 WHERE id = $1")
            .bind(id)
            .bind(corrections)
            .execute(&self.pool)
            .await?;
        existing(done.rows_affected(), id)
    }

    /// One deposit of a bailleur.
    ///
    /// # Errors
    /// It does not exist, or is another's.
    pub async fn deposit(&self, siren: &str, id: &str) -> Result<Deposit, StateError> {
        let row: Option<Row> = sqlx::query_as(deposits!("WHERE id = $1 AND siren = $2"))
            .bind(id)
            .bind(siren)
            .fetch_optional(&self.pool)
            .await?;
        row.map(deposit).ok_or_else(|| StateError::Absent(id.to_owned()))
    }

    /// Deposits of a bailleur, the last first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn deposits(&self, siren: &str) -> Result<Vec<Deposit>, StateError> {
        let rows: Vec<Row> = sqlx::query_as(deposits!("WHERE siren = $1 ORDER BY cree DESC, id LIMIT 500"))
            .bind(siren)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(deposit).collect())
    }

    /// Deposits of all that wait for their check or acceptance, or could not be read, each with when
    /// something was last done with it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn pending_deposits(&self) -> Result<Vec<(Deposit, i64)>, StateError> {
        let rows: Vec<Row> =
            sqlx::query_as(deposits!("WHERE statut IN ('controle', 'pret', 'echec') ORDER BY cree, id"))
                .fetch_all(&self.pool)
                .await?;
        let last: Vec<(String, i64)> =
            sqlx::query_as("SELECT depot, MAX(quand) FROM depot_gestes GROUP BY depot")
                .fetch_all(&self.pool)
                .await?;
        let last: BTreeMap<String, i64> = last.into_iter().collect();
        let dated = |r: Row| {
            let d = deposit(r);
            let when = last.get(&d.id).copied().unwrap_or(d.cree);
            (d, when)
        };
        Ok(rows.into_iter().map(dated).collect())
    }

    /// Deposits that are said to be in force, of every bailleur.
    ///
    /// # Errors
    /// The database fails.
    pub async fn accepted_deposits(&self) -> Result<Vec<Deposit>, StateError> {
        let rows: Vec<Row> = sqlx::query_as(deposits!("WHERE statut = 'accepte' ORDER BY cree, id"))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(deposit).collect())
    }

    /// When each deposit in force was accepted, and by whom: register, year, SIREN, seconds since 1970, name.
    ///
    /// # Errors
    /// The database fails.
    pub async fn acceptances(&self) -> Result<Vec<(String, i64, String, i64, String)>, StateError> {
        Ok(sqlx::query_as(
            "SELECT d.registre, d.annee, d.siren, g.quand, COALESCE(c.nom, g.compte) FROM depots d \
             JOIN depot_gestes g ON g.depot = d.id LEFT JOIN comptes c ON c.id = g.compte \
             WHERE d.statut = 'accepte' AND g.geste = 'acceptation' ORDER BY g.quand, g.rang",
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// History of a deposit, the first thing first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn deposit_history(&self, id: &str) -> Result<Vec<GesteDepot>, StateError> {
        let rows: Vec<(i64, String, String, String)> = sqlx::query_as(
            "SELECT g.quand, COALESCE(c.nom, g.compte), g.geste, g.detail FROM depot_gestes g LEFT JOIN comptes c ON c.id = g.compte \
             WHERE g.depot = $1 ORDER BY g.rang",
        )
        .bind(id)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(quand, qui, geste, detail)| GesteDepot { quand, qui, geste, detail })
            .collect())
    }
}
