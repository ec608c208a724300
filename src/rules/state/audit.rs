//! The audit trail: lines that are only added, each with the hash of the one before.
//!
//! The head row holds the last rank and hash; adding begins by updating it, which puts writers of all servers
//! in line. What is older than the retention leaves from the front: the head then keeps the hash that the
//! first kept line follows.

use serde::Serialize;
use utoipa::ToSchema;

use super::heads::Noted;
use super::{State, StateError};

/// What happened, before it has a place in the chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Milliseconds since 1970.
    pub quand: i64,
    pub compte: String,
    pub organisation: String,
    pub role: String,
    pub action: String,
    pub objet: String,
    /// JSON.
    pub parametres: String,
    /// Rows that left.
    pub lignes: i64,
    /// Whether secrecy withheld something.
    pub secret: bool,
    /// Keyed hash of the address of the network.
    pub ip: String,
    pub requete: String,
}

/// Une ligne du journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LigneJournal)]
pub struct Line {
    pub rang: i64,
    /// Millisecondes depuis 1970.
    pub quand: i64,
    /// Identifiant du compte ; vide pour le public.
    pub compte: String,
    pub organisation: String,
    pub role: String,
    pub action: String,
    pub objet: String,
    /// JSON.
    pub parametres: String,
    pub lignes: i64,
    pub secret: bool,
    /// Empreinte de l'adresse réseau.
    pub ip: String,
    pub requete: String,
    pub precedent: String,
    pub empreinte: String,
}

/// Which lines to list.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub compte: Option<String>,
    pub organisation: Option<String>,
    pub action: Option<String>,
    /// Milliseconds since 1970: from, and before.
    pub du: Option<i64>,
    pub au: Option<i64>,
    /// Only lines before this rank.
    pub avant: Option<i64>,
    pub limite: i64,
}

/// What a check of the whole trail found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = VerificationJournal)]
pub struct Verdict {
    pub lignes: i64,
    /// Premier rang gardé, et le dernier.
    pub premier: i64,
    pub dernier: i64,
    /// Empreinte de la dernière ligne : à noter ailleurs pour une vérification future.
    pub empreinte: String,
    /// Ce qui ne va pas ; nul si le journal est intact.
    pub faute: Option<String>,
    /// Têtes notées hors de la base, que le journal a toutes.
    pub tetes: usize,
    /// Ce qui ne peut plus être vérifié, si quelque chose ne peut plus l'être.
    pub inverifiable: Option<String>,
}

type Row =
    (String, String, String, String, String, String, String, String, String, String, i64, i64, i64, i64);

const PAGE: i64 = 5_000;

/// Hash of a line: all its fields, the rank and the hash before, as one JSON list.
fn hash(rang: i64, e: &Entry, precedent: &str) -> Result<String, StateError> {
    let fields = (
        rang,
        e.quand,
        (&e.compte, &e.organisation, &e.role, &e.action, &e.objet, &e.parametres),
        e.lignes,
        e.secret,
        (&e.ip, &e.requete),
        precedent,
    );
    Ok(blake3::hash(&serde_json::to_vec(&fields)?).to_hex().to_string())
}

fn line(r: Row) -> Line {
    Line {
        compte: r.0,
        organisation: r.1,
        role: r.2,
        action: r.3,
        objet: r.4,
        parametres: r.5,
        ip: r.6,
        requete: r.7,
        precedent: r.8,
        empreinte: r.9,
        rang: r.10,
        quand: r.11,
        lignes: r.12,
        secret: r.13 != 0,
    }
}

macro_rules! lines {
    ($rest:literal) => {
        concat!(
            "SELECT compte, organisation, role, action, objet, parametres, ip, requete, precedent, empreinte, rang, quand, lignes, secret \
             FROM audit ",
            $rest
        )
    };
}

impl Line {
    fn entry(&self) -> Entry {
        let l = self.clone();
        Entry {
            quand: l.quand,
            compte: l.compte,
            organisation: l.organisation,
            role: l.role,
            action: l.action,
            objet: l.objet,
            parametres: l.parametres,
            lignes: l.lignes,
            secret: l.secret,
            ip: l.ip,
            requete: l.requete,
        }
    }
}

impl State {
    /// Adds lines, all or none.
    ///
    /// # Errors
    /// The database fails: nothing was added.
    pub async fn audit(&self, entries: &[Entry]) -> Result<(), StateError> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut tx = self.write().await?;
        let n = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        let (last, mut before): (i64, String) =
            sqlx::query_as("UPDATE audit_tete SET rang = rang + $1 WHERE seul = 1 RETURNING rang, empreinte")
                .bind(n)
                .fetch_one(&mut *tx)
                .await?;
        for (rank, e) in (last - n + 1..).zip(entries) {
            let mark = hash(rank, e, &before)?;
            sqlx::query(
                "INSERT INTO audit (rang, quand, compte, organisation, role, action, objet, parametres, lignes, secret, ip, requete, \
                 precedent, empreinte) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            )
            .bind(rank)
            .bind(e.quand)
            .bind(&e.compte)
            .bind(&e.organisation)
            .bind(&e.role)
            .bind(&e.action)
            .bind(&e.objet)
            .bind(&e.parametres)
            .bind(e.lignes)
            .bind(i64::from(e.secret))
            .bind(&e.ip)
            .bind(&e.requete)
            .bind(&before)
            .bind(&mark)
            .execute(&mut *tx)
            .await?;
            before = mark;
        }
        sqlx::query("UPDATE audit_tete SET empreinte = $1 WHERE seul = 1")
            .bind(&before)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Lines, the last first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn audit_lines(&self, wanted: &Wanted) -> Result<Vec<Line>, StateError> {
        let text = |t: &Option<String>| t.clone().unwrap_or_default();
        let rows: Vec<Row> = sqlx::query_as(lines!(
            "WHERE ($1 = '' OR compte = $1) AND ($2 = '' OR organisation = $2) AND ($3 = '' OR action = $3) \
             AND quand >= $4 AND quand < $5 AND rang < $6 ORDER BY rang DESC LIMIT $7"
        ))
        .bind(text(&wanted.compte))
        .bind(text(&wanted.organisation))
        .bind(text(&wanted.action))
        .bind(wanted.du.unwrap_or(0))
        .bind(wanted.au.unwrap_or(i64::MAX))
        .bind(wanted.avant.unwrap_or(i64::MAX))
        .bind(wanted.limite)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(line).collect())
    }

    /// Reads the whole chain. `witness`: rank and hash of a line that was noted before.
    ///
    /// # Errors
    /// The database fails.
    pub async fn verify_audit(&self, witness: Option<(i64, &str)>) -> Result<Verdict, StateError> {
        // What is added meanwhile stands after the head as it is read here.
        let (last, head, anchor_rank, anchor): (i64, String, i64, String) =
            sqlx::query_as("SELECT rang, empreinte, ancre_rang, ancre FROM audit_tete WHERE seul = 1")
                .fetch_one(&self.pool)
                .await?;
        let mut verdict = Verdict {
            lignes: 0,
            premier: anchor_rank + 1,
            dernier: last,
            empreinte: head.clone(),
            faute: None,
            tetes: 0,
            inverifiable: None,
        };
        let noted = self.noted_heads()?;
        verdict.tetes = noted.as_ref().map_or(0, |n| n.heads.len());
        let (mut rank, mut before) = (anchor_rank, anchor.clone());
        let mut seen = witness.is_none_or(|(r, _)| r <= anchor_rank);
        let other = |r: i64, mark: &str| {
            let told = witness
                .into_iter()
                .chain(noted.iter().flat_map(|n| &n.heads).map(|h| (h.rang, &*h.empreinte)));
            told.into_iter().any(|(rang, empreinte)| rang == r && empreinte != mark)
        };
        verdict.faute = noted.as_ref().and_then(|n| n.before_reading(last));
        if verdict.faute.is_none() && anchor_rank > 0 && other(anchor_rank, &anchor) {
            verdict.faute = Some(format!(
                "la ligne {anchor_rank}, la dernière retirée, n'est pas celle qui avait été notée"
            ));
        }
        while verdict.faute.is_none() && rank < last {
            let page: Vec<Row> =
                sqlx::query_as(lines!("WHERE rang > $1 AND rang <= $2 ORDER BY rang LIMIT $3"))
                    .bind(rank)
                    .bind(last)
                    .bind(PAGE)
                    .fetch_all(&self.pool)
                    .await?;
            if page.is_empty() {
                verdict.faute = Some(format!("les lignes {} à {last} manquent", rank + 1));
            }
            for l in page.into_iter().map(line) {
                verdict.faute = if l.rang != rank + 1 {
                    Some(format!("la ligne {} manque", rank + 1))
                } else if l.precedent != before || hash(l.rang, &l.entry(), &before)? != l.empreinte {
                    Some(format!("la ligne {} a été modifiée", l.rang))
                } else if other(l.rang, &l.empreinte) {
                    Some(format!("la ligne {} n'est plus celle qui avait été notée", l.rang))
                } else {
                    None
                };
                if verdict.faute.is_some() {
                    break;
                }
                seen |= witness.is_some_and(|(r, _)| r == l.rang);
                verdict.lignes += 1;
                rank = l.rang;
                before = l.empreinte;
            }
        }
        if verdict.faute.is_none() && before != head {
            verdict.faute = Some("la dernière ligne n'est pas celle que le journal annonce".to_owned());
        }
        if verdict.faute.is_none() && !seen {
            verdict.faute = Some("la ligne qui avait été notée n'existe plus".to_owned());
        }
        verdict.inverifiable = noted.and_then(|n| n.unverifiable(anchor_rank, &anchor, witness, last));
        Ok(verdict)
    }

    /// Drops lines older than a time (milliseconds), from the front only.
    pub(super) async fn forget_audit(&self, before: i64) -> Result<u64, StateError> {
        let mut tx = self.write().await?;
        // Writers wait from here on.
        sqlx::query("UPDATE audit_tete SET rang = rang WHERE seul = 1").execute(&mut *tx).await?;
        let kept: Option<(i64,)> =
            sqlx::query_as("SELECT rang FROM audit WHERE quand >= $1 ORDER BY rang LIMIT 1")
                .bind(before)
                .fetch_optional(&mut *tx)
                .await?;
        let until = kept.map_or(i64::MAX, |k| k.0);
        let last: Option<(i64, String)> =
            sqlx::query_as("SELECT rang, empreinte FROM audit WHERE rang < $1 ORDER BY rang DESC LIMIT 1")
                .bind(until)
                .fetch_optional(&mut *tx)
                .await?;
        let mut dropped = 0;
        if let Some((rank, mark)) = last {
            // Before they go: a drop that nobody noted is told as one.
            self.note(rank, &mark, true)?;
            sqlx::query("UPDATE audit_tete SET ancre_rang = $1, ancre = $2 WHERE seul = 1")
                .bind(rank)
                .bind(mark)
                .execute(&mut *tx)
                .await?;
            dropped = sqlx::query("DELETE FROM audit WHERE rang <= $1")
                .bind(rank)
                .execute(&mut *tx)
                .await?
                .rows_affected();
        }
        tx.commit().await?;
        Ok(dropped)
    }
}

impl State {
    fn noted_heads(&self) -> Result<Option<Noted>, StateError> {
        self.heads.as_ref().map(|h| h.read().map_err(StateError::Heads)).transpose()
    }

    fn note(&self, rang: i64, empreinte: &str, ancre: bool) -> Result<bool, StateError> {
        let Some(heads) = &self.heads else { return Ok(false) };
        heads.note(rang, empreinte, super::now(), ancre).map_err(StateError::Heads)
    }

    /// Notes the last line of the trail outside of its database; rank and hash if they were not noted yet.
    ///
    /// # Errors
    /// The database or the disk fails.
    pub async fn note_head(&self) -> Result<Option<(i64, String)>, StateError> {
        let (rank, mark): (i64, String) =
            sqlx::query_as("SELECT rang, empreinte FROM audit_tete WHERE seul = 1")
                .fetch_one(&self.pool)
                .await?;
        Ok(self.note(rank, &mark, false)?.then_some((rank, mark)))
    }
}
