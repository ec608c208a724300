//! The three objectives of Action Logement Services beside what was done.

use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::flux::book::{Book, departement};
use crate::desk::flux::suivi::chosen;
use crate::desk::flux::view::View;
use crate::desk::problem::Problem;
use crate::flow::convention::{Decompte, ObjectifsAl};
use crate::flow::employers::{ACTION_LOGEMENT, done};

/// Les objectifs d'Action Logement d'une année.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionLogementFlux {
    pub annee: u16,
    pub lignes: Vec<LigneAl>,
}

/// La convention d'un bailleur dans un département.
#[derive(Debug, Serialize, ToSchema)]
pub struct LigneAl {
    pub bailleur: String,
    pub bailleur_nom: String,
    pub departement: String,
    pub decompte: Decompte,
    /// Ce que la convention fixe ; nul : rien.
    pub objectifs: ObjectifsAl,
    pub placements: u32,
    /// Dont en gestion partenariale, où seul le bail compte.
    pub partenariat: u32,
    /// En % des placements ; nulle sans placement.
    pub part_partenariat: Option<f64>,
    /// Logements mis à disposition dans le flux.
    pub offres: u32,
    /// Logements proposés hors du flux.
    pub hors_flux: u32,
}

/// The objectives of each convention beside what was done.
///
/// # Errors
/// What is asked does not exist, or nothing is kept of it.
pub fn answer(book: &Book, view: &View, year: Option<u16>) -> Result<ActionLogementFlux, Problem> {
    let annee = chosen(book, year)?;
    let own = book.in_force(annee).filter(|c| {
        c.reservataire == ACTION_LOGEMENT && c.holds(annee) && view.opens(&c.bailleur, &c.departement)
    });
    let lignes = own.map(|c| {
        let here = book.ways_of(&c.bailleur).filter(|w| departement(&w.home.commune) == c.departement);
        let n = done(here, annee, c.decompte);
        let share = f64::from(n.partnership) / f64::from(n.placements) * 100.0;
        LigneAl {
            bailleur_nom: view.name(&c.bailleur),
            bailleur: c.bailleur.clone(),
            departement: c.departement.clone(),
            decompte: c.decompte,
            objectifs: c.action_logement,
            placements: n.placements,
            partenariat: n.partnership,
            part_partenariat: (n.placements > 0).then_some(share),
            offres: n.offers,
            hors_flux: n.out_of_flow,
        }
    });
    Ok(ActionLogementFlux { annee, lignes: lignes.collect() })
}
