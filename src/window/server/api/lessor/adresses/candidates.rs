//! Places that an address could be at.

use axum::Json;
use axum::extract::{Path, State as FromState};

use crate::desk::lessor::adresses::Worklist;
use crate::desk::lessor::candidates::{CandidatsAdresse, LogementAdresse, of};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::stock::review::{Dwelling, Motif};

/// Candidats pour une adresse
#[utoipa::path(
    get, path = "/api/adresses/{id}/candidats", tag = "bailleur", operation_id = "adresse_candidats",
    params(
        ("id" = String, Path, description = "Identifiant de l'adresse"),
        ("millesime" = Option<u16>, Query, description = "Millésime du RPLS ; par défaut le dernier"),
    ),
    responses(
        (status = OK, body = CandidatsAdresse),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Path(id): Path<String>,
    mut params: Params,
) -> Result<Json<CandidatsAdresse>, Problem> {
    let siren = visitor.lessor()?;
    let millesime = params.number("millesime")?;
    params.finish()?;
    let desk = Worklist::open(&server.state, &app, siren, millesime).await?;
    let address = desk.find(&id)?;
    let dwelling = |l: &Dwelling| LogementAdresse {
        ident_rep: l.ident_rep.clone(),
        ident_int: l.ident_int.clone(),
        complement: l.complement.clone(),
        pieces: l.pieces,
        surface: l.surface,
        motifs: Motif::of(l.motifs).collect(),
        qualite: l.qualite,
        lon: Some(l.lon).filter(|v| v.is_finite()),
        lat: Some(l.lat).filter(|v| v.is_finite()),
        corrige: l.corrige,
    };
    Ok(Json(CandidatsAdresse {
        candidats: of(&app, address),
        logements: address.logements.iter().map(dwelling).collect(),
    }))
}
