//! The rates of conventions intercommunales d'attribution, as rules read them and as answers name them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::leases::reservataires;
use crate::policy::objectifs::Rate;
use crate::reference::mix::Rule;
use crate::state::{Objectif, State, StateError};

/// Le taux d'une convention, tel qu'il s'applique.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ObjectifCia {
    pub id: String,
    /// Nom de la convention.
    pub cia: String,
    /// Date de signature.
    pub signee: String,
    /// Inférieur à ce que la loi demande, avec l'accord du préfet.
    pub derogatoire: bool,
    /// Date de l'accord du préfet.
    pub approbation: Option<String>,
}

impl ObjectifCia {
    #[must_use]
    pub fn new(rule: &Rule, rate: &Rate) -> Self {
        Self {
            id: rate.id.clone(),
            cia: rate.cia.clone(),
            signee: rate.signed.clone(),
            derogatoire: rate.is_below(rule),
            approbation: rate.approved.clone(),
        }
    }
}

/// The rates of the state store, as `policy` reads them.
///
/// # Errors
/// The database fails.
pub async fn rates(state: &State) -> Result<Vec<Rate>, StateError> {
    Ok(state.objectifs().await?.into_iter().map(rate).collect())
}

/// One rate of the state store.
#[must_use]
pub fn rate(o: Objectif) -> Rate {
    let t = o.taux;
    let code = |id: String| reservataires().iter().find(|v| v.id == id).map_or(u8::MAX, |v| v.code);
    Rate {
        id: o.id,
        rule: t.regle,
        epci: t.epci,
        commune: t.commune,
        bailleur: t.bailleur,
        reservataire: t.reservataire.map(code),
        first: t.du,
        last: t.au,
        share: t.taux / 100.0,
        cia: t.cia,
        signed: t.signee,
        approved: t.approbation,
    }
}
