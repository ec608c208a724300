//! What organisations say of DALO placements in QPV, and which placements are new to them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::{State, StateError};

/// Where the talk about a placement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StatutPlacement)]
pub enum Stand {
    /// Nobody has answered.
    AJustifier,
    Justifie,
    /// The State does not accept the reason: who answers may give another.
    Conteste,
    /// The State accepts the reason.
    Accepte,
}

/// What is said of a placement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DitPlacement)]
pub enum Saying {
    Justifie,
    Conteste,
    Accepte,
    /// An answer is asked for again: it changes nothing of where the talk stands.
    Relance,
}

impl Saying {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Justifie, "justifie"),
        (Self::Conteste, "conteste"),
        (Self::Accepte, "accepte"),
        (Self::Relance, "relance"),
    ];

    fn id(self) -> &'static str {
        Self::ALL.iter().find(|(s, _)| *s == self).map_or("", |(_, id)| id)
    }

    fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, i)| *i == id).map(|(s, _)| *s)
    }
}

impl Stand {
    /// Where what was said leaves a placement.
    #[must_use]
    pub fn after(words: &[Word]) -> Self {
        let last = words.iter().rev().find(|w| w.statut != Saying::Relance);
        match last.map(|w| w.statut) {
            None | Some(Saying::Relance) => Self::AJustifier,
            Some(Saying::Justifie) => Self::Justifie,
            Some(Saying::Conteste) => Self::Conteste,
            Some(Saying::Accepte) => Self::Accepte,
        }
    }

    /// Why something cannot be said now; None if it can.
    fn refuses(self, saying: Saying) -> Option<&'static str> {
        let answered = matches!(self, Self::Justifie | Self::Accepte);
        match saying {
            Saying::Conteste if !answered => Some("On ne conteste qu'une justification donnée, et une fois."),
            Saying::Accepte if self != Self::Justifie => {
                Some("On n'accepte qu'une justification donnée, et une fois.")
            }
            Saying::Justifie if self == Self::Accepte => Some("Cette justification est déjà acceptée."),
            Saying::Relance if answered => Some("Une réponse a été donnée : il n'y a personne à relancer."),
            _ => None,
        }
    }
}

/// Une parole sur un placement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ParolePlacement)]
pub struct Word {
    /// Secondes depuis 1970.
    pub quand: i64,
    pub auteur: String,
    pub organisme: String,
    /// Ce qui est dit.
    pub statut: Saying,
    /// Code du motif ; vide hors d'une justification.
    pub motif: String,
    pub commentaire: String,
}

/// Who says what.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    pub statut: Saying,
    pub motif: &'a str,
    pub commentaire: &'a str,
    pub compte: &'a str,
    pub auteur: &'a str,
    pub organisme: &'a str,
}

type Row = (String, i64, String, String, String, String, String);

const SAID: &str = "SELECT placement, quand, auteur, organisme, statut, motif, commentaire FROM dalo_paroles \
                    ORDER BY placement, rang";
const SAID_OF_ONE: &str = "SELECT placement, quand, auteur, organisme, statut, motif, commentaire \
                           FROM dalo_paroles WHERE placement = $1 ORDER BY rang";

/// A word with its placement; None if a later program wrote it.
fn word((placement, quand, auteur, organisme, statut, motif, commentaire): Row) -> Option<(String, Word)> {
    let statut = Saying::parse(&statut)?;
    Some((placement, Word { quand, auteur, organisme, statut, motif, commentaire }))
}

impl State {
    /// Adds a word about a placement. `again`: seconds before somebody is reminded once more.
    ///
    /// # Errors
    /// Someone else spoke at the same moment, or it cannot be said where the talk stands.
    pub async fn say_of_dalo(
        &self,
        placement: &str,
        said: &Said<'_>,
        now: i64,
        again: i64,
    ) -> Result<(), StateError> {
        let mut tx = self.write().await?;
        let rows: Vec<Row> = sqlx::query_as(SAID_OF_ONE).bind(placement).fetch_all(&mut *tx).await?;
        let words: Vec<Word> = rows.into_iter().filter_map(|r| word(r).map(|(_, w)| w)).collect();
        if let Some(why) = Stand::after(&words).refuses(said.statut) {
            return Err(StateError::Taken(why.to_owned()));
        }
        let reminded = words.iter().rev().find(|w| w.statut == Saying::Relance);
        if said.statut == Saying::Relance && reminded.is_some_and(|w| now - w.quand < again) {
            return Err(StateError::Taken(
                "Une relance vient d'être envoyée : laissez le temps de répondre.".to_owned(),
            ));
        }
        let rank = i64::try_from(words.len()).unwrap_or(i64::MAX) + 1;
        sqlx::query(
            "INSERT INTO dalo_paroles (placement, rang, quand, compte, auteur, organisme, statut, motif, commentaire) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(placement)
        .bind(rank)
        .bind(now)
        .bind(said.compte)
        .bind(said.auteur)
        .bind(said.organisme)
        .bind(said.statut.id())
        .bind(said.motif)
        .bind(said.commentaire)
        .execute(&mut *tx)
        .await
        .map_err(|e| StateError::from(e).taken("Ce placement vient de changer : rechargez la page."))?;
        tx.commit().await?;
        Ok(())
    }

    /// Everything that was said, by placement, the first word first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn said_of_dalo(&self) -> Result<BTreeMap<String, Vec<Word>>, StateError> {
        let rows: Vec<Row> = sqlx::query_as(SAID).fetch_all(&self.pool).await?;
        let mut out: BTreeMap<String, Vec<Word>> = BTreeMap::new();
        for (placement, word) in rows.into_iter().filter_map(word) {
            out.entry(placement).or_default().push(word);
        }
        Ok(out)
    }

    /// Erases comments made before a time, or with `trial` counts them only; what was decided and why stays.
    ///
    /// # Errors
    /// The database fails.
    pub async fn forget_dalo_comments(&self, before: i64, trial: bool) -> Result<u64, StateError> {
        if trial {
            let (n,): (i64,) =
                sqlx::query_as("SELECT COUNT(*) FROM dalo_paroles WHERE quand < $1 AND commentaire <> ''")
                    .bind(before)
                    .fetch_one(&self.pool)
                    .await?;
            return Ok(u64::try_from(n).unwrap_or(0));
        }
        let done =
            sqlx::query("UPDATE dalo_paroles SET commentaire = '' WHERE quand < $1 AND commentaire <> ''")
                .bind(before)
                .execute(&self.pool)
                .await?;
        Ok(done.rows_affected())
    }

    /// Gives new names to placements: what was said of the first of each pair is of the second, of which
    /// nothing is known yet.
    ///
    /// # Errors
    /// The database fails.
    pub async fn rename_dalo(&self, pairs: &[(&str, &str)]) -> Result<(), StateError> {
        let known = self.known_dalo().await?;
        let due: Vec<&(&str, &str)> =
            pairs.iter().filter(|(old, new)| known.contains(*old) && !known.contains(*new)).collect();
        if due.is_empty() {
            return Ok(());
        }
        let mut tx = self.write().await?;
        for (old, new) in due {
            for table in [
                "UPDATE dalo_paroles SET placement = $2 WHERE placement = $1",
                "UPDATE dalo_placements SET placement = $2 WHERE placement = $1",
            ] {
                sqlx::query(table).bind(*old).bind(*new).execute(&mut *tx).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Placements that were ever to justify.
    ///
    /// # Errors
    /// The database fails.
    pub async fn known_dalo(&self) -> Result<BTreeSet<String>, StateError> {
        let rows: Vec<(String,)> =
            sqlx::query_as("SELECT placement FROM dalo_placements").fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|(placement,)| placement).collect())
    }

    /// When each placement was first seen; those never seen are, now.
    ///
    /// # Errors
    /// The database fails.
    pub async fn see_dalo(
        &self,
        placements: &[String],
        now: i64,
    ) -> Result<BTreeMap<String, i64>, StateError> {
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT placement, vu FROM dalo_placements").fetch_all(&self.pool).await?;
        let mut seen: BTreeMap<String, i64> = rows.into_iter().collect();
        let new: Vec<&String> = placements.iter().filter(|p| !seen.contains_key(*p)).collect();
        if !new.is_empty() {
            let mut tx = self.write().await?;
            for placement in &new {
                sqlx::query(
                    "INSERT INTO dalo_placements (placement, vu) VALUES ($1, $2) ON CONFLICT \
                    (placement) DO NOTHING",
                )
                .bind(*placement)
                .bind(now)
                .execute(&mut *tx)
                .await?;
            }
            tx.commit().await?;
            seen.extend(new.into_iter().map(|p| (p.clone(), now)));
        }
        Ok(placements.iter().filter_map(|p| seen.remove_entry(p)).collect())
    }

    /// When an organisation last looked at the list; None if it never did.
    ///
    /// # Errors
    /// The database fails.
    pub async fn dalo_visit(&self, organisation: &str) -> Result<Option<i64>, StateError> {
        let row: Option<(i64,)> = sqlx::query_as("SELECT quand FROM dalo_visites WHERE organisation = $1")
            .bind(organisation)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|r| r.0))
    }

    /// An organisation looks at the list.
    ///
    /// # Errors
    /// The database fails.
    pub async fn visit_dalo(&self, organisation: &str, now: i64) -> Result<(), StateError> {
        sqlx::query(
            "INSERT INTO dalo_visites (organisation, quand) VALUES ($1, $2) ON CONFLICT (organisation) DO \
                UPDATE SET quand = excluded.quand",
        )
        .bind(organisation)
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// What a lease is called outside of the store: the same in each answer, and nothing of the file that it
    /// came from.
    #[must_use]
    pub fn pseudonym(&self, of: &[u64]) -> String {
        let bytes: Vec<u8> = of.iter().flat_map(|n| n.to_le_bytes()).collect();
        blake3::keyed_hash(&self.pepper, &bytes).to_hex()[..16].to_owned()
    }
}
