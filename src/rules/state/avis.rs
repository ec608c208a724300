//! Mail notices: a queue that outlives the server, what was told already, and who wants none.

use super::{State, StateError, secrets};

/// A mail that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueMail {
    pub id: String,
    /// Where it goes: the address of the account now.
    pub courriel: String,
    /// `data/avis.toml` has its words.
    pub sujet: String,
    pub nombre: i64,
    /// Seconds since 1970, like all times here.
    pub cree: i64,
    /// Attempts so far.
    pub essais: i64,
    pub prochain: i64,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sending {
    Sent,
    /// To try again at a time.
    Later {
        why: String,
        at: i64,
    },
    GivenUp {
        why: String,
    },
}

/// A mail that never left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostMail {
    pub courriel: String,
    pub sujet: String,
    pub essais: i64,
    pub erreur: String,
    pub fin: i64,
}

/// What the queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Queued {
    pub en_attente: i64,
    /// Of those, which failed at least once.
    pub en_echec: i64,
    pub envoyes: i64,
    pub abandonnes: i64,
    pub dernier_envoi: Option<i64>,
}

/// Mails of one round.
const ROUND: i64 = 50;

impl State {
    /// Queues one mail an account about what awaits an organisation, if something of it was not told yet;
    /// the number of mails queued or brought up to date. `objets`: everything that awaits it, each by a name
    /// that no other has.
    ///
    /// # Errors
    /// The database fails; then nothing is told.
    pub async fn announce(
        &self,
        organisation: &str,
        sujet: &str,
        objets: &[String],
        comptes: &[String],
        now: i64,
    ) -> Result<usize, StateError> {
        let mut tx = self.write().await?;
        let mut fresh = 0;
        for objet in objets {
            let done = sqlx::query(
                "INSERT INTO avis_dits (organisation, objet, quand) VALUES ($1, $2, $3) ON CONFLICT (organisation, objet) \
                 DO NOTHING",
            )
            .bind(organisation)
            .bind(format!("{sujet} {objet}"))
            .bind(now)
            .execute(&mut *tx)
            .await?;
            fresh += done.rows_affected();
        }
        if fresh == 0 {
            return Ok(0);
        }
        let nombre = i64::try_from(objets.len()).unwrap_or(i64::MAX);
        for compte in comptes {
            // One that has not left yet says the new number: nobody gets two at once.
            let waiting = sqlx::query(
                "UPDATE courriels SET nombre = $3 WHERE compte = $1 AND sujet = $2 AND statut = 'attente'",
            )
            .bind(compte)
            .bind(sujet)
            .bind(nombre)
            .execute(&mut *tx)
            .await?;
            if waiting.rows_affected() > 0 {
                continue;
            }
            sqlx::query(
                "INSERT INTO courriels (id, compte, sujet, nombre, cree, essais, prochain, statut, erreur) \
                 VALUES ($1, $2, $3, $4, $5, 0, $6, 'attente', '')",
            )
            .bind(secrets::id()?)
            .bind(compte)
            .bind(sujet)
            .bind(nombre)
            .bind(now)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(comptes.len())
    }

    /// Mails whose time has come, the oldest first. Those of accounts that were closed, or want none any
    /// more, are taken out of the queue.
    ///
    /// # Errors
    /// The database fails.
    pub async fn due_mails(&self, now: i64) -> Result<Vec<DueMail>, StateError> {
        sqlx::query(
            "UPDATE courriels SET statut = 'annule', fin = $1 WHERE statut = 'attente' AND compte IN \
             (SELECT c.id FROM comptes c JOIN organisations o ON o.id = c.organisation \
              WHERE c.avis = 0 OR c.ferme IS NOT NULL OR o.ferme IS NOT NULL)",
        )
        .bind(now)
        .execute(&self.pool)
        .await?;
        let rows: Vec<(String, String, String, i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT m.id, c.courriel, m.sujet, m.nombre, m.cree, m.essais, m.prochain FROM courriels m \
             JOIN comptes c ON c.id = m.compte WHERE m.statut = 'attente' AND m.prochain <= $1 \
             ORDER BY m.cree, m.id LIMIT $2",
        )
        .bind(now)
        .bind(ROUND)
        .fetch_all(&self.pool)
        .await?;
        let one = |(id, courriel, sujet, nombre, cree, essais, prochain)| DueMail {
            id,
            courriel,
            sujet,
            nombre,
            cree,
            essais,
            prochain,
        };
        Ok(rows.into_iter().map(one).collect())
    }

    /// Takes a mail for this server until a time; false if another server, or a change, was first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn take_mail(&self, mail: &DueMail, until: i64) -> Result<bool, StateError> {
        let done = sqlx::query(
            "UPDATE courriels SET prochain = $3 WHERE id = $1 AND prochain = $2 AND statut = 'attente'",
        )
        .bind(&mail.id)
        .bind(mail.prochain)
        .bind(until)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes how an attempt ended.
    ///
    /// # Errors
    /// The database fails.
    pub async fn mail_tried(&self, id: &str, outcome: &Sending, now: i64) -> Result<(), StateError> {
        let (statut, erreur, prochain, fin) = match outcome {
            Sending::Sent => ("envoye", "", now, Some(now)),
            Sending::Later { why, at } => ("attente", why.as_str(), *at, None),
            Sending::GivenUp { why } => ("abandonne", why.as_str(), now, Some(now)),
        };
        sqlx::query(
            "UPDATE courriels SET statut = $2, erreur = $3, prochain = $4, fin = $5, essais = essais + 1 WHERE id = $1",
        )
        .bind(id)
        .bind(statut)
        .bind(erreur)
        .bind(prochain)
        .bind(fin)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// What the queue holds.
    ///
    /// # Errors
    /// The database fails.
    pub async fn queued_mails(&self) -> Result<Queued, StateError> {
        let rows: Vec<(String, i64, i64, Option<i64>)> = sqlx::query_as(
            "SELECT statut, COUNT(*), SUM(CASE WHEN essais > 0 THEN 1 ELSE 0 END), MAX(fin) FROM courriels GROUP BY statut",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut out = Queued::default();
        for (statut, n, tried, last) in rows {
            match statut.as_str() {
                "attente" => (out.en_attente, out.en_echec) = (n, tried),
                "envoye" => (out.envoyes, out.dernier_envoi) = (n, last),
                "abandonne" => out.abandonnes = n,
                _ => {}
            }
        }
        Ok(out)
    }

    /// Mails that were given up, the last first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn lost_mails(&self, most: i64) -> Result<Vec<LostMail>, StateError> {
        let rows: Vec<(String, String, i64, String, Option<i64>)> = sqlx::query_as(
            "SELECT c.courriel, m.sujet, m.essais, m.erreur, m.fin FROM courriels m JOIN comptes c ON c.id = m.compte \
             WHERE m.statut = 'abandonne' ORDER BY m.fin DESC, m.id LIMIT $1",
        )
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        let one = |(courriel, sujet, essais, erreur, fin): (_, _, _, _, Option<i64>)| LostMail {
            courriel,
            sujet,
            essais,
            erreur,
            fin: fin.unwrap_or(0),
        };
        Ok(rows.into_iter().map(one).collect())
    }

    /// Whether an account wants notices.
    ///
    /// # Errors
    /// The database fails, or the account does not exist.
    pub async fn wants_notices(&self, compte: &str) -> Result<bool, StateError> {
        let row: Option<(i64,)> = sqlx::query_as("SELECT avis FROM comptes WHERE id = $1")
            .bind(compte)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|(n,)| n != 0).ok_or_else(|| StateError::Absent(compte.to_owned()))
    }

    /// Accounts that want none.
    ///
    /// # Errors
    /// The database fails.
    pub async fn without_notices(&self) -> Result<Vec<String>, StateError> {
        let rows: Vec<(String,)> =
            sqlx::query_as("SELECT id FROM comptes WHERE avis = 0").fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|r| r.0).collect())
    }

    /// Turns the notices of an account on or off.
    ///
    /// # Errors
    /// The database fails.
    pub async fn want_notices(&self, compte: &str, wanted: bool) -> Result<(), StateError> {
        sqlx::query("UPDATE comptes SET avis = $2 WHERE id = $1")
            .bind(compte)
            .bind(i64::from(wanted))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Forgets mails that left, or never will, before a time.
    ///
    /// # Errors
    /// The database fails.
    pub(super) async fn forget_mails(&self, before: i64) -> Result<u64, StateError> {
        let done = sqlx::query("DELETE FROM courriels WHERE statut <> 'attente' AND fin < $1")
            .bind(before)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected())
    }
}
