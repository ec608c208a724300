//! What organisations say of DALO placements in QPV, and which placements are new to them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{State, StateError};

/// Where the talk about a placement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StatutPlacement)]
pub enum Stand {
    /// Nobody has said anything.
    AJustifier,
    Justifie,
    /// The State does not accept the reason: the bailleur may give another.
    Conteste,
}

impl Stand {
    fn id(self) -> &'static str {
        match self {
            Self::AJustifier => "a_justifier",
            Self::Justifie => "justifie",
            Self::Conteste => "conteste",
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
    pub statut: Stand,
    /// Code du motif ; vide pour une contestation.
    pub motif: String,
    pub commentaire: String,
}

/// Who says what.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    pub statut: Stand,
    pub motif: &'a str,
    pub commentaire: &'a str,
    pub compte: &'a str,
    pub auteur: &'a str,
    pub organisme: &'a str,
}

type Row = (String, i64, String, String, String, String, String);

impl State {
    /// Adds a word about a placement.
    ///
    /// # Errors
    /// Someone else spoke at the same moment, or the State contests what nobody justified.
    pub async fn say_of_dalo(&self, placement: &str, said: &Said<'_>, now: i64) -> Result<(), StateError> {
        let mut tx = self.write().await?;
        let last: Option<(i64, String)> = sqlx::query_as(
            "SELECT rang, statut FROM dalo_paroles WHERE placement = $1 ORDER BY rang DESC LIMIT 1",
        )
        .bind(placement)
        .fetch_optional(&mut *tx)
        .await?;
        if said.statut == Stand::Conteste && last.as_ref().is_none_or(|(_, s)| s != Stand::Justifie.id()) {
            return Err(StateError::Taken(
                "On ne conteste qu'une justification donnée, et une fois.".to_owned(),
            ));
        }
        sqlx::query(
            "INSERT INTO dalo_paroles (placement, rang, quand, compte, auteur, organisme, statut, motif, commentaire) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(placement)
        .bind(last.map_or(1, |(rank, _)| rank + 1))
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
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT placement, quand, auteur, organisme, statut, motif, commentaire FROM dalo_paroles ORDER \
                BY placement, rang",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut out: BTreeMap<String, Vec<Word>> = BTreeMap::new();
        for (placement, quand, auteur, organisme, statut, motif, commentaire) in rows {
            let statut = if statut == Stand::Conteste.id() { Stand::Conteste } else { Stand::Justifie };
            out.entry(placement).or_default().push(Word {
                quand,
                auteur,
                organisme,
                statut,
                motif,
                commentaire,
            });
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
