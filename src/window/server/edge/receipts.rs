//! What is answered to who made or changed something.

use serde::Serialize;
use utoipa::ToSchema;

/// Ce qui vient d'être créé.
#[derive(Debug, Serialize, ToSchema)]
pub struct Cree {
    pub id: String,
}

/// Ce que les chiffres vont montrer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Modification {
    /// Numéro de la modification, que `/api/travaux` dit faite quand les chiffres la montrent.
    pub demande: u64,
}
