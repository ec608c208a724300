//! What is told of a file of events.

use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::flux::files::LigneRefusee;
use crate::state::EvenementsRecus;

/// Ce qu'un fichier d'événements fait, ou ferait.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportEvenementsFlux {
    pub lignes: usize,
    #[serde(flatten)]
    pub recus: EvenementsRecus,
    /// Faux pour un essai, et tant qu'une ligne est refusée : rien n'a changé.
    pub enregistre: bool,
    /// Colonnes que rien ne lit ici.
    pub ignorees: Vec<String>,
    pub erreurs: Vec<LigneRefusee>,
}
