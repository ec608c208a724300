//! `GET /api/indicateurs`: every indicator with its definition, which is also what is computed.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::state::Current;
use crate::reference::indicators::{Catalogue, Indicator};

/// Un indicateur et sa définition.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Indicateur)]
pub struct IndicatorOut {
    pub id: String,
    pub libelle: String,
    pub theme: String,
    /// `parc` (RPLS, public) ou `occupation` (OPS, secret statistique).
    pub domaine: &'static str,
    /// `%`, `€/m²`, `nombre`, `années`, `m²`…
    pub unite: String,
    /// Ce qui est compté, en mots.
    pub numerateur: String,
    /// À quoi on le rapporte, en mots ; nul pour un effectif.
    pub denominateur: Option<String>,
    pub definition: String,
    pub source: String,
    /// Texte ou répertoire de référence.
    pub reference: String,
    /// `fragilite` (élevé = fragile), `aisance` ou `neutre`.
    pub sens: String,
    /// Indicateurs d'un même groupe : répartition à lire ensemble.
    pub groupe: Option<String>,
}

impl IndicatorOut {
    fn new(catalogue: &Catalogue, i: &Indicator) -> Self {
        let occupancy = std::iter::once(&i.numerateur).chain(&i.denominateur).any(|m| catalogue.is_occupancy(m));
        Self {
            id: i.id.clone(),
            libelle: i.libelle.clone(),
            theme: i.theme.clone(),
            domaine: if occupancy { "occupation" } else { "parc" },
            unite: i.unite.clone(),
            numerateur: catalogue.in_words(&i.numerateur),
            denominateur: i.denominateur.as_ref().map(|m| catalogue.in_words(m)),
            definition: i.definition.clone(),
            source: i.source.clone(),
            reference: i.reference.clone(),
            sens: i.sens.clone(),
            groupe: i.groupe.clone(),
        }
    }
}

/// Indicateurs et définitions
#[utoipa::path(
    get, path = "/api/indicateurs", tag = "catalogue", operation_id = "indicateurs",
    responses((status = OK, body = Vec<IndicatorOut>))
)]
pub async fn indicateurs(Current(app): Current) -> Json<Vec<IndicatorOut>> {
    Json(app.catalogue.indicators.iter().map(|i| IndicatorOut::new(app.catalogue, i)).collect())
}
