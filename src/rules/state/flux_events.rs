//! Events of gestion en flux, as they are kept: received once, withdrawn and put back, read dwelling by
//! dwelling since a revision.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use sqlx::{Any, Executor, Transaction};
use tokio_stream::StreamExt;
use utoipa::ToSchema;

use super::{State, StateError};
use crate::flow::event::EvenementFlux;

/// What came of events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct EvenementsRecus {
    pub nouveaux: usize,
    /// Déjà reçus à l'identique : comptés une fois.
    pub connus: usize,
    /// Dont déjà reçus, puis retirés : ils ne comptent pas.
    pub retires: usize,
}

/// An event of one dwelling, whether it counts or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptEvent {
    pub event: EvenementFlux,
    pub withdrawn: bool,
    pub qui: String,
    /// Seconds since 1970.
    pub quand: i64,
}

const KNOWN: &str = "SELECT contenu, retire FROM flux_evenements WHERE bailleur = $1 AND id = $2";
const RANK: &str = "SELECT COALESCE(MAX(rang), 0) FROM flux_evenements WHERE bailleur = $1";
const INSERT: &str = "INSERT INTO flux_evenements (bailleur, id, logement, jour, rang, contenu, qui, cree, rev) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const MARK: &str = "UPDATE flux_evenements SET retire = $3, rev = $4 WHERE bailleur = $1 AND id = $2";
/// A row for each dwelling: a row for each event would cost more than what it says.
const DWELLINGS: &str = "SELECT string_agg(contenu, ',' ORDER BY jour, rang) FROM flux_evenements \
                         WHERE retire = 0 GROUP BY bailleur, logement ORDER BY bailleur, logement";
const EVENTS_OF: &str = "SELECT contenu FROM flux_evenements WHERE bailleur = $1 AND retire = 0 \
                         ORDER BY logement, jour, rang";
const EVENTS_AT: &str = "SELECT contenu, retire, qui, cree FROM flux_evenements \
                         WHERE bailleur = $1 AND logement = $2 ORDER BY jour, rang";
const OLD: &str =
    "SELECT DISTINCT bailleur, logement FROM flux_evenements WHERE jour < $1 ORDER BY bailleur, logement";
/// Not in order, nor each dwelling once: for that SQLite walks all events instead of the few by `rev`.
const CHANGED: &str = "SELECT bailleur, logement FROM flux_evenements WHERE rev > $1 LIMIT $2";

/// An event without what it does not say: a third of the text.
fn compact(e: &EvenementFlux) -> Result<String, StateError> {
    let mut value = serde_json::to_value(e)?;
    let says = |k: &str, v: &Value| {
        // « Not of the first quartile » is said; the others are no unless they are yes.
        !(v.is_null() || v == "" || (v == &Value::Bool(false) && k != "q1") || (k == "candidats" && v == 0))
    };
    if let Some(map) = value.as_object_mut() {
        if let Some(home) = map.get_mut("caracteristiques").and_then(Value::as_object_mut) {
            home.retain(|k, v| says(k, v));
        }
        map.retain(|k, v| says(k, v));
    }
    Ok(value.to_string())
}

/// The next revision: whoever reads it also sees what was written with it.
pub(super) async fn revise(tx: &mut Transaction<'static, Any>) -> Result<i64, StateError> {
    sqlx::query("UPDATE flux_revision SET n = n + 1").execute(&mut **tx).await?;
    let (n,): (i64,) = sqlx::query_as("SELECT n FROM flux_revision").fetch_one(&mut **tx).await?;
    Ok(n)
}

impl State {
    /// Number of times that anything of gestion en flux was changed.
    ///
    /// # Errors
    /// The database fails.
    pub async fn flux_revision(&self) -> Result<i64, StateError> {
        let (n,): (i64,) = sqlx::query_as("SELECT n FROM flux_revision").fetch_one(&self.pool).await?;
        Ok(n)
    }

    /// Dwellings (SIREN, number) whose events changed since a revision; None if more than so many events did,
    /// or if events were dropped.
    ///
    /// # Errors
    /// The database fails.
    pub async fn flux_changed(
        &self,
        since: i64,
        most: i64,
    ) -> Result<Option<BTreeSet<(String, String)>>, StateError> {
        let (dropped,): (i64,) =
            sqlx::query_as("SELECT oubli FROM flux_revision").fetch_one(&self.pool).await?;
        if since < dropped {
            return Ok(None);
        }
        let rows: Vec<(String, String)> =
            sqlx::query_as(CHANGED).bind(since).bind(most + 1).fetch_all(&self.pool).await?;
        Ok((rows.len() as i64 <= most).then(|| rows.into_iter().collect()))
    }

    /// Gives the events that count dwelling by dwelling, by lessor and number, in the order in which they
    /// happened.
    ///
    /// # Errors
    /// The database fails.
    pub async fn each_flux_dwelling(
        &self,
        mut each: impl FnMut(Vec<EvenementFlux>),
    ) -> Result<(), StateError> {
        let mut rows = sqlx::query_as::<_, (String,)>(DWELLINGS).fetch(&self.pool);
        while let Some(row) = rows.next().await {
            each(serde_json::from_str(&format!("[{}]", row?.0))?);
        }
        Ok(())
    }

    /// Events of a lessor that count, by dwelling, in the order in which they happened.
    ///
    /// # Errors
    /// The database fails.
    pub async fn flux_events(&self, bailleur: &str) -> Result<Vec<EvenementFlux>, StateError> {
        let rows: Vec<(String,)> =
            sqlx::query_as(EVENTS_OF).bind(bailleur.to_owned()).fetch_all(&self.pool).await?;
        rows.into_iter().map(|(text,)| Ok(serde_json::from_str(&text)?)).collect()
    }

    /// Events of one dwelling, those that were withdrawn too.
    ///
    /// # Errors
    /// The database fails.
    pub async fn flux_events_at(&self, bailleur: &str, logement: &str) -> Result<Vec<KeptEvent>, StateError> {
        events_at(&self.pool, bailleur, logement).await
    }

    /// Keeps events of one lessor, all or none. One that was received already, the same in all, counts once.
    /// `instead`: an event that the first one takes the place of, withdrawn at the same moment.
    ///
    /// # Errors
    /// An identifier was received already with another content; `instead` does not exist.
    pub async fn add_flux_events(
        &self,
        list: &[EvenementFlux],
        instead: Option<&str>,
        qui: &str,
        now: i64,
    ) -> Result<EvenementsRecus, StateError> {
        let mut told = EvenementsRecus::default();
        let Some(first) = list.first() else { return Ok(told) };
        let mut tx = self.write().await?;
        let rev = revise(&mut tx).await?;
        if let Some(id) = instead {
            marked(&mut tx, (&first.bailleur, id), true, rev).await?;
        }
        let (mut rank,): (i64,) =
            sqlx::query_as(RANK).bind(first.bailleur.clone()).fetch_one(&mut *tx).await?;
        for e in list {
            let known: Option<(String, i64)> = sqlx::query_as(KNOWN)
                .bind(e.bailleur.clone())
                .bind(e.id.clone())
                .fetch_optional(&mut *tx)
                .await?;
            if let Some((text, withdrawn)) = known {
                if serde_json::from_str::<EvenementFlux>(&text)? != *e {
                    return Err(StateError::Taken(format!(
                        "L'événement « {} » a déjà été reçu, avec un autre contenu : un identifiant ne sert qu'une fois.",
                        e.id
                    )));
                }
                told.connus += 1;
                told.retires += usize::from(withdrawn != 0);
                continue;
            }
            rank += 1;
            sqlx::query(INSERT)
                .bind(e.bailleur.clone())
                .bind(e.id.clone())
                .bind(e.logement.clone())
                .bind(e.jour.clone())
                .bind(rank)
                .bind(compact(e)?)
                .bind(qui.to_owned())
                .bind(now)
                .bind(rev)
                .execute(&mut *tx)
                .await?;
            told.nouveaux += 1;
        }
        tx.commit().await?;
        Ok(told)
    }

    /// Drops events of vacancies that ended before a day `YYYY-MM-DD`, and events before it that were
    /// withdrawn; how many, or how many it would be (`trial`). What a dwelling is stays with the first event
    /// that is left.
    ///
    /// # Errors
    /// The database fails.
    pub async fn forget_flux(&self, before: &str, trial: bool) -> Result<usize, StateError> {
        let mut tx = self.write().await?;
        let old: Vec<(String, String)> =
            sqlx::query_as(OLD).bind(before.to_owned()).fetch_all(&mut *tx).await?;
        let (mut gone, mut heirs) = (Vec::new(), Vec::new());
        for (bailleur, logement) in old {
            let events = events_at(&mut *tx, &bailleur, &logement).await?;
            let past = |k: &KeptEvent| k.event.jour.as_str() < before;
            let ended = events.iter().rposition(|k| past(k) && !k.withdrawn && k.event.genre.ends());
            let (mut home, mut heir) = (None, None);
            for (i, k) in events.iter().enumerate() {
                let e = &k.event;
                if past(k) && (k.withdrawn || ended.is_some_and(|last| i <= last)) {
                    gone.push((e.bailleur.clone(), e.id.clone()));
                    home = e.caracteristiques.clone().filter(|_| !k.withdrawn).or(home);
                } else if !k.withdrawn && heir.is_none() {
                    heir = Some(e);
                }
            }
            // What a former event said of the dwelling is said again by the first one that stays.
            if let (Some(home), Some(e)) = (home, heir)
                && e.caracteristiques.is_none()
            {
                heirs.push(EvenementFlux { caracteristiques: Some(home), ..e.clone() });
            }
        }
        if trial || gone.is_empty() {
            return Ok(gone.len());
        }
        let rev = revise(&mut tx).await?;
        for (bailleur, id) in &gone {
            let drop = "DELETE FROM flux_evenements WHERE bailleur = $1 AND id = $2";
            sqlx::query(drop).bind(bailleur.clone()).bind(id.clone()).execute(&mut *tx).await?;
        }
        for e in &heirs {
            let say = "UPDATE flux_evenements SET contenu = $3, rev = $4 WHERE bailleur = $1 AND id = $2";
            let (bailleur, id) = (e.bailleur.clone(), e.id.clone());
            sqlx::query(say).bind(bailleur).bind(id).bind(compact(e)?).bind(rev).execute(&mut *tx).await?;
        }
        sqlx::query("UPDATE flux_revision SET oubli = $1").bind(rev).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(gone.len())
    }

    /// Withdraws an event, or puts it back.
    ///
    /// # Errors
    /// There is no such event.
    pub async fn mark_flux_event(&self, bailleur: &str, id: &str, withdrawn: bool) -> Result<(), StateError> {
        let mut tx = self.write().await?;
        let rev = revise(&mut tx).await?;
        marked(&mut tx, (bailleur, id), withdrawn, rev).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Events of one dwelling in their order, those that were withdrawn too.
async fn events_at<'e>(
    database: impl Executor<'e, Database = Any>,
    bailleur: &str,
    logement: &str,
) -> Result<Vec<KeptEvent>, StateError> {
    let rows: Vec<(String, i64, String, i64)> = sqlx::query_as(EVENTS_AT)
        .bind(bailleur.to_owned())
        .bind(logement.to_owned())
        .fetch_all(database)
        .await?;
    rows.into_iter()
        .map(|(text, retire, qui, quand)| {
            Ok(KeptEvent { event: serde_json::from_str(&text)?, withdrawn: retire != 0, qui, quand })
        })
        .collect()
}

async fn marked(
    tx: &mut Transaction<'static, Any>,
    (bailleur, id): (&str, &str),
    withdrawn: bool,
    rev: i64,
) -> Result<(), StateError> {
    let done = sqlx::query(MARK)
        .bind(bailleur.to_owned())
        .bind(id.to_owned())
        .bind(i64::from(withdrawn))
        .bind(rev)
        .execute(&mut **tx)
        .await?;
    if done.rows_affected() == 0 {
        return Err(StateError::Absent(id.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::event::{GenreFlux, LogementFlux};

    #[test]
    fn an_event_is_the_same_once_it_was_kept() {
        let home = LogementFlux { commune: "73065".into(), etage: Some(0), ..LogementFlux::default() };
        for (q1, dalo, candidats) in [(None, false, 0), (Some(false), true, 3), (Some(true), false, 1)] {
            let e = EvenementFlux {
                id: "e".into(),
                bailleur: "300000006".into(),
                logement: "L".into(),
                jour: "2026-03-01".into(),
                genre: GenreFlux::Bail,
                reservataire: String::new(),
                contingent: String::new(),
                motif: String::new(),
                candidats,
                dalo,
                q1,
                mutation: "NON".into(),
                caracteristiques: dalo.then(|| home.clone()),
                partenariat: dalo,
                hors_flux: false,
            };
            let text = compact(&e).unwrap();
            assert!(text.len() < 210 && !text.contains("null"), "{text}");
            assert_eq!(serde_json::from_str::<EvenementFlux>(&text).unwrap(), e);
        }
    }
}
