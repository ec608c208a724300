//! Evidence that agents ticked by hand, demand by demand: who, when, and what was taken back.

use super::accounts::existing;
use super::{State, StateError, secrets};

/// One tick, in force or taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    pub id: String,
    /// Territory whose grid asks for the evidence.
    pub epci: String,
    /// Pseudonym of the unique number.
    pub nud: String,
    pub critere: String,
    /// Account that ticked, and its organisation by name, as it was then.
    pub par: String,
    pub organisme: String,
    pub le: i64,
    pub retire_par: String,
    /// 0 while it is in force.
    pub retire_le: i64,
}

type Row = (String, String, String, String, String, String, i64, String, i64);

const COLUMNS: &str = "id, epci, nud, critere, par, organisme, le, retire_par, retire_le";
const ALREADY: &str = "Ce justificatif est déjà coché pour cette demande.";

fn tick((id, epci, nud, critere, par, organisme, le, retire_par, retire_le): Row) -> Tick {
    Tick { id, epci, nud, critere, par, organisme, le, retire_par, retire_le }
}

impl State {
    /// Ticks evidence; its identifier. `t.id` and what takes it back are not looked at.
    ///
    /// # Errors
    /// It is ticked already, or the database fails.
    pub async fn tick(&self, t: &Tick) -> Result<String, StateError> {
        let id = secrets::id()?;
        let mut tx = self.write().await?;
        let (there,): (i64,) = sqlx::query_as(
            "SELECT COUNT(*) FROM justificatifs WHERE epci = $1 AND nud = $2 AND critere = $3 AND retire_le = 0",
        )
        .bind(t.epci.clone())
        .bind(t.nud.clone())
        .bind(t.critere.clone())
        .fetch_one(&mut *tx)
        .await?;
        if there > 0 {
            return Err(StateError::Taken(ALREADY.to_owned()));
        }
        sqlx::query(
            "INSERT INTO justificatifs (id, epci, nud, critere, par, organisme, le, retire_par, retire_le) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, '', 0)",
        )
        .bind(id.clone())
        .bind(t.epci.clone())
        .bind(t.nud.clone())
        .bind(t.critere.clone())
        .bind(t.par.clone())
        .bind(t.organisme.clone())
        .bind(t.le)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Takes a tick back: it stays in the history.
    ///
    /// # Errors
    /// It does not exist, or was taken back already.
    pub async fn untick(&self, id: &str, by: &str, now: i64) -> Result<(), StateError> {
        let done = sqlx::query(
            "UPDATE justificatifs SET retire_par = $1, retire_le = $2 WHERE id = $3 AND retire_le = 0",
        )
        .bind(by.to_owned())
        .bind(now)
        .bind(id.to_owned())
        .execute(&self.pool)
        .await?;
        existing(done.rows_affected(), id)
    }

    /// All ticks of a territory, the oldest first; those in force only, or with what was taken back.
    ///
    /// # Errors
    /// The database fails.
    pub async fn ticks(&self, epci: &str, history: bool) -> Result<Vec<Tick>, StateError> {
        let also = if history { "" } else { " AND retire_le = 0" };
        let sql = format!("SELECT {COLUMNS} FROM justificatifs WHERE epci = $1{also} ORDER BY le, id");
        let rows: Vec<Row> =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(epci.to_owned()).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(tick).collect())
    }

    /// One tick.
    ///
    /// # Errors
    /// It does not exist.
    pub async fn one_tick(&self, id: &str) -> Result<Tick, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM justificatifs WHERE id = $1");
        let row: Option<Row> =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.to_owned()).fetch_optional(&self.pool).await?;
        row.map(tick).ok_or_else(|| StateError::Absent(id.to_owned()))
    }
}
