//! What conventions, rights and bases have in common: written one by one, or by a file that is kept whole or
//! not at all; every version is kept.

use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{self, Person};
use crate::desk::flux::files::LigneRefusee;
use crate::desk::flux::view::View;
use crate::desk::problem::Problem;

/// Ce qu'un fichier fait, ou ferait.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportFlux {
    pub lignes: usize,
    /// Versions nouvelles ; les lignes inchangées n'en font pas.
    pub versions: usize,
    /// Faux pour un essai, et tant qu'une ligne est refusée : rien n'a changé.
    pub enregistre: bool,
    /// Colonnes que rien ne lit ici.
    pub ignorees: Vec<String>,
    pub erreurs: Vec<LigneRefusee>,
}

/// Ce qui vient d'être gardé.
#[derive(Debug, Serialize, ToSchema)]
pub struct GardeFlux {
    /// 0 : c'était déjà ainsi.
    pub versions: usize,
}

/// Whether a person may write what is of a lessor in a département: the lessor its own, collectivités and the
/// State in their territory.
pub fn may_write(person: &Person, view: &View, (bailleur, departement): (&str, &str)) -> Result<(), Problem> {
    access::may(person, "flux_conventions").map_err(Problem::forbidden)?;
    if view.opens(bailleur, departement) {
        return Ok(());
    }
    Err(Problem::forbidden("Ce n'est ni de votre territoire ni de votre parc."))
}
