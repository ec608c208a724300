//! `GET /api/cotation/demandes`: demands in the order that the grid in force gives them, for who houses them.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::http::{HeaderName, HeaderValue};

use crate::desk::cotation::demandes::{DemandesCotees, answer, asked, scoring, traced, written};
use crate::desk::cotation::justificatifs::ticks;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::saved::csv_headers;

/// Demandes cotées
///
/// Les demandes en attente de votre territoire, dans l'ordre de la grille en vigueur. Le détail ne nomme
/// jamais un critère sensible.
#[utoipa::path(
    get, path = "/api/cotation/demandes", tag = "cotation", operation_id = "cotation_demandes",
    params(
        ("epci" = String, Query, description = "SIREN de l'EPCI"),
        ("genre" = Option<String>, Query, description = "`premiere` (par défaut) ou `mutation`"),
        ("base" = Option<String>, Query, description = "`provisoire` (par défaut) ou `definitive`"),
        ("commune" = Option<String>, Query, description = "Demandes qui nomment cette commune"),
        ("typologie" = Option<String>, Query, description = "Demandes de cette typologie (T1 à T6P)"),
        ("dalo" = Option<String>, Query, description = "`oui` : ménages reconnus DALO seulement"),
        ("anciennete" = Option<i32>, Query, description = "Mois d'attente, au moins"),
        ("page" = Option<usize>, Query, description = "Page de 50, à partir de 1"),
    ),
    responses(
        (status = OK, body = DemandesCotees),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<DemandesCotees>), Problem> {
    let asked = asked(&mut params)?;
    params.finish()?;
    if asked.page == 0 {
        return Err(Problem::value("page", "0", "Les pages commencent à 1."));
    }
    let grille = scoring(&server.state, &app, &visitor.person, &asked).await?;
    let ticks = ticks(&server.state, &asked.epci).await?;
    let work = move || {
        let found = answer(&app, &visitor.person, &grille, &asked, &ticks, Some(asked.page))?;
        Ok((Extension(traced("cotation_demandes", &asked, &found)), Json(found)))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

/// Demandes cotées en CSV
///
/// La même liste, entière.
#[utoipa::path(
    get, path = "/api/cotation/demandes.csv", tag = "cotation", operation_id = "cotation_demandes_csv",
    params(
        ("epci" = String, Query, description = "SIREN de l'EPCI"),
        ("genre" = Option<String>, Query, description = "`premiere` (par défaut) ou `mutation`"),
        ("base" = Option<String>, Query, description = "`provisoire` (par défaut) ou `definitive`"),
        ("commune" = Option<String>, Query, description = "Demandes qui nomment cette commune"),
        ("typologie" = Option<String>, Query, description = "Demandes de cette typologie (T1 à T6P)"),
        ("dalo" = Option<String>, Query, description = "`oui` : ménages reconnus DALO seulement"),
        ("anciennete" = Option<i32>, Query, description = "Mois d'attente, au moins"),
    ),
    responses(
        (status = OK, body = String, content_type = "text/csv"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn csv(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, [(HeaderName, HeaderValue); 2], Vec<u8>), Problem> {
    let asked = asked(&mut params)?;
    params.finish()?;
    let grille = scoring(&server.state, &app, &visitor.person, &asked).await?;
    let ticks = ticks(&server.state, &asked.epci).await?;
    let work = move || {
        let found = answer(&app, &visitor.person, &grille, &asked, &ticks, None)?;
        let bytes = written(&found).map_err(|e| Problem::internal(&e))?;
        let trace = traced("cotation_demandes_csv", &asked, &found);
        let headers = csv_headers(&format!("demandes-{}-{}-{}.csv", found.epci, asked.genre.id(), found.au))?;
        Ok((Extension(trace), headers, bytes))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
