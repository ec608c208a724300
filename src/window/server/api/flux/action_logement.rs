//! `GET /api/flux/action-logement`: the three objectives of Action Logement Services beside what was done.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use serde::Serialize;
use utoipa::ToSchema;

use super::book::departement;
use super::opened;
use super::suivi::chosen;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::flow::convention::{Decompte, ObjectifsAl};
use crate::flow::employers::{ACTION_LOGEMENT, done};
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

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

/// Les trois objectifs d'Action Logement
///
/// Placements, logements mis à disposition, part de la gestion partenariale ; et ce qui est proposé hors du
/// flux. Une ligne par convention.
#[utoipa::path(
    get, path = "/api/flux/action-logement", tag = "flux", operation_id = "flux_action_logement",
    params(("annee" = Option<u16>, Query, description = "La dernière par défaut")),
    responses(
        (status = OK, body = ActionLogementFlux),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn action_logement(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<ActionLogementFlux>), Problem> {
    let year = params.number("annee")?;
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let annee = chosen(&book, year)?;
    let own = book.conventions.iter().map(|(_, c)| c).filter(|c| {
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
    let answer = ActionLogementFlux { annee, lignes: lignes.collect() };
    let trace = Trace::new("flux_action_logement", annee.to_string()).rows(answer.lignes.len(), false);
    Ok((Extension(trace), Json(answer)))
}
