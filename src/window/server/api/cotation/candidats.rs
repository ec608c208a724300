//! `GET /api/cotation/candidats`: a bailleur's freed dwellings, and who would come first for one of them
//! under the grid in force.

use axum::Json;
use axum::extract::{Extension, State as FromState};

use crate::desk::cotation::candidats::{Candidats, LISTED, LogementsLibres, NOT_YOURS, answer, freed, told};
use crate::desk::cotation::demandes::base;
use crate::desk::cotation::grilles::{genre, grid_of};
use crate::desk::cotation::justificatifs::ticks;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Logements libres de votre parc
///
/// Réservé aux bailleurs : leurs logements vacants, et ceux dont le locataire a donné congé.
#[utoipa::path(
    get, path = "/api/cotation/logements", tag = "cotation", operation_id = "cotation_logements",
    responses(
        (status = OK, body = LogementsLibres),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn dwellings(
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
) -> Result<(Extension<Trace>, Json<LogementsLibres>), Problem> {
    params.finish()?;
    let work = move || {
        let checker = app.checker().map_err(|e| Problem::internal(&e))?;
        let found = freed(&checker, &visitor.person)?;
        let mut logements = found.iter().map(|(e, v)| told(&checker, e, v)).collect::<Result<Vec<_>, _>>()?;
        logements.sort_by(|a, b| {
            (&a.commune_nom, &a.adresse, &a.ident_rep).cmp(&(&b.commune_nom, &b.adresse, &b.ident_rep))
        });
        let total = logements.len();
        logements.truncate(LISTED);
        let trace = Trace::new("cotation_logements", "").rows(logements.len(), false);
        Ok((Extension(trace), Json(LogementsLibres { millesime: checker.parc.millesime, total, logements })))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

/// Candidats d'un logement qui se libère
///
/// Réservé au bailleur du logement. Les demandes qui nomment sa commune et sa typologie, et dont les
/// ressources ne dépassent pas le plafond de son financement, dans l'ordre de la grille en vigueur. C'est une
/// aide : la commission d'attribution décide.
#[utoipa::path(
    get, path = "/api/cotation/candidats", tag = "cotation", operation_id = "cotation_candidats",
    params(
        ("logement" = String, Query, description = "Numéro RPLS du logement"),
        ("genre" = Option<String>, Query, description = "`premiere` (par défaut) ou `mutation`"),
        ("base" = Option<String>, Query, description = "`provisoire` (par défaut) ou `definitive`"),
    ),
    responses(
        (status = OK, body = Candidats),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn candidates(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<Candidats>), Problem> {
    let ident = params.required("logement", "le numéro RPLS du logement")?;
    let kind = genre(params.take("genre").as_deref())?;
    let base = base(&mut params)?;
    params.finish()?;
    let place = {
        let (app, person, ident) = (app.clone(), visitor.person.clone(), ident.clone());
        let work = move || {
            let checker = app.checker().map_err(|e| Problem::internal(&e))?;
            let found = freed(&checker, &person)?.into_iter().find(|(_, v)| v.ident == ident);
            // Of a number that is nobody's and of one that is another's, a bailleur learns the same.
            let (epci, _) = found.ok_or_else(|| Problem::forbidden(NOT_YOURS))?;
            Ok::<_, Problem>(epci.to_owned())
        };
        tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??
    };
    let grille = grid_of(&server.state, &place, kind).await?;
    let ticks = ticks(&server.state, &place).await?;
    let work = move || {
        let found = answer(&app, &visitor.person, &ident, &grille, &ticks, base)?;
        let trace = Trace::new("cotation_candidats", ident.as_str())
            .with("genre", kind.id())
            .rows(found.candidats.len(), false);
        Ok((Extension(trace), Json(found)))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
