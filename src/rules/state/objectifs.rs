//! Rates that conventions intercommunales d'attribution (CIA) set, for an EPCI or a part of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::accounts::existing;
use super::{State, StateError, secrets};

/// Un taux fixé par une convention intercommunale d'attribution.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TauxCia {
    /// Règle de `/api/mixite` (`hors_qpv_q1`…).
    pub regle: String,
    /// SIREN de l'EPCI.
    pub epci: String,
    /// Code Insee ; nul : toutes les communes.
    pub commune: Option<String>,
    /// SIREN ; nul : tous les bailleurs.
    pub bailleur: Option<String>,
    /// Code du réservataire ; nul : tous.
    pub reservataire: Option<String>,
    /// Première année de baux.
    pub du: u16,
    /// Dernière année de baux ; nulle : sans fin.
    pub au: Option<u16>,
    /// Taux à atteindre, en %.
    pub taux: f64,
    /// Nom de la convention ou de l'avenant.
    pub cia: String,
    /// Date de signature, AAAA-MM-JJ.
    pub signee: String,
    /// Date de l'accord du préfet à un taux inférieur à celui de la loi, AAAA-MM-JJ.
    pub approbation: Option<String>,
}

/// Un taux et son identifiant.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Objectif {
    pub id: String,
    #[serde(flatten)]
    pub taux: TauxCia,
}

const COLUMNS: &str = "regle, epci, commune, bailleur, reservataire, du, au, taux, cia, signee, approbation";
const INSERT: &str = "INSERT INTO objectifs (regle, epci, commune, bailleur, reservataire, du, au, taux, cia, signee, approbation, id, cree) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
const UPDATE: &str = "UPDATE objectifs SET regle = $1, epci = $2, commune = $3, bailleur = $4, reservataire = $5, du = $6, au = $7, \
                      taux = $8, cia = $9, signee = $10, approbation = $11 WHERE id = $12";
const TAKEN: &str = "Cette convention fixe déjà un taux pour cette règle, ce territoire et cette première \
    année : modifiez-le.";

type Query = sqlx::query::Query<'static, sqlx::Any, sqlx::any::AnyArguments>;

/// Binds the columns of a rate, in the order of [`COLUMNS`].
fn bound(query: Query, t: &TauxCia) -> Query {
    let text = |v: &Option<String>| v.clone().unwrap_or_default();
    query
        .bind(t.regle.clone())
        .bind(t.epci.clone())
        .bind(text(&t.commune))
        .bind(text(&t.bailleur))
        .bind(text(&t.reservataire))
        .bind(i64::from(t.du))
        .bind(i64::from(t.au.unwrap_or(0)))
        // Rates are checked to be from 0 to 100: exact after rounding.
        .bind((t.taux * 100.0).round() as i64)
        .bind(t.cia.clone())
        .bind(t.signee.clone())
        .bind(text(&t.approbation))
}

impl State {
    /// Adds a rate; its identifier.
    ///
    /// # Errors
    /// The convention sets it already.
    pub async fn add_objectif(&self, taux: &TauxCia, now: i64) -> Result<String, StateError> {
        let id = secrets::id()?;
        let done = bound(sqlx::query(INSERT), taux).bind(id.clone()).bind(now).execute(&self.pool).await;
        done.map_err(|e| StateError::from(e).taken(TAKEN))?;
        Ok(id)
    }

    /// Replaces a rate.
    ///
    /// # Errors
    /// It does not exist, or the convention sets the new one already.
    pub async fn change_objectif(&self, id: &str, taux: &TauxCia) -> Result<(), StateError> {
        let done = bound(sqlx::query(UPDATE), taux).bind(id.to_owned()).execute(&self.pool).await;
        existing(done.map_err(|e| StateError::from(e).taken(TAKEN))?.rows_affected(), id)
    }

    /// Keeps rates, all or none; those with an identifier take the place of the rate that has it.
    ///
    /// # Errors
    /// One that was to be replaced is gone, or the convention sets a new one already.
    pub async fn put_objectifs(
        &self,
        list: &[(Option<String>, TauxCia)],
        now: i64,
    ) -> Result<(), StateError> {
        let mut tx = self.write().await?;
        for (id, taux) in list {
            let query = match id {
                Some(id) => bound(sqlx::query(UPDATE), taux).bind(id.clone()),
                None => bound(sqlx::query(INSERT), taux).bind(secrets::id()?).bind(now),
            };
            let done = query.execute(&mut *tx).await.map_err(|e| StateError::from(e).taken(TAKEN))?;
            existing(done.rows_affected(), id.as_deref().unwrap_or_default())?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// One rate.
    ///
    /// # Errors
    /// It does not exist.
    pub async fn objectif(&self, id: &str) -> Result<Objectif, StateError> {
        let all = self.objectifs().await?;
        all.into_iter().find(|o| o.id == id).ok_or_else(|| StateError::Absent(id.to_owned()))
    }

    /// All rates, by EPCI and rule, the widest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn objectifs(&self) -> Result<Vec<Objectif>, StateError> {
        type Row = (String, String, String, String, String, String, i64, i64, i64, String, String, String);
        let sql = format!(
            "SELECT id, {COLUMNS} FROM objectifs ORDER BY epci, regle, commune, bailleur, reservataire, du, \
                signee"
        );
        let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        let some = |text: String| Some(text).filter(|t| !t.is_empty());
        let year = |n: i64| u16::try_from(n).unwrap_or(u16::MAX);
        Ok(rows
            .into_iter()
            .map(
                |(
                    id,
                    regle,
                    epci,
                    commune,
                    bailleur,
                    reservataire,
                    du,
                    au,
                    taux,
                    cia,
                    signee,
                    approbation,
                )| Objectif {
                    id,
                    taux: TauxCia {
                        regle,
                        epci,
                        commune: some(commune),
                        bailleur: some(bailleur),
                        reservataire: some(reservataire),
                        du: year(du),
                        au: Some(year(au)).filter(|y| *y != 0),
                        taux: taux as f64 / 100.0,
                        cia,
                        signee,
                        approbation: some(approbation),
                    },
                },
            )
            .collect())
    }
}
