//! `GET /api/indicateurs`: every indicator with its definition, which is also what is computed.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access;
use crate::reference::indicators::{Catalogue, Indicator};
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;

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
        let occupancy = catalogue.describes_households(i);
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
///
/// Ceux qui décrivent des ménages ne sont donnés qu'à qui peut en voir quelque part.
#[utoipa::path(
    get, path = "/api/indicateurs", tag = "catalogue", operation_id = "indicateurs",
    responses((status = OK, body = Vec<IndicatorOut>))
)]
pub async fn indicateurs(Current(app): Current, Who(visitor): Who) -> Json<Vec<IndicatorOut>> {
    let households = access::sees_households(&visitor.person);
    let shown =
        app.catalogue.indicators.iter().filter(|i| households || !app.catalogue.describes_households(i));
    Json(shown.map(|i| IndicatorOut::new(app.catalogue, i)).collect())
}
