//! Flags and notes of residences.

use serde::Deserialize;
use utoipa::ToSchema;

/// Une résidence à signaler.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NouveauSignalement {
    /// Code de la résidence.
    pub residence: String,
    pub motif: String,
    /// Premier et dernier jour, AAAA-MM-JJ ; `au` vide : sans terme.
    pub du: String,
    #[serde(default)]
    pub au: String,
    /// Vrai : les collectivités et services de l'État du territoire le voient.
    #[serde(default)]
    pub partage: bool,
}
