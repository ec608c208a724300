//! A grid as a spreadsheet reads it: a line a criterion or a tranche, out and in.

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::{HeaderName, HeaderValue, StatusCode};

use crate::desk::cotation::grilles::{genre, keep, may_write, readable};
use crate::desk::cotation::grilles_csv::{read, written};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::CsvBody;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::receipts::Cree;
use crate::server::edge::saved::csv_headers;

/// Une grille en CSV
///
/// Une ligne par critère, et une de plus par tranche ; la ligne `REFUS` est le malus.
#[utoipa::path(
    get, path = "/api/cotation/grilles/{id}/csv", tag = "cotation", operation_id = "grille_csv",
    params(("id" = String, Path, description = "Identifiant de la grille")),
    responses(
        (status = OK, body = String, content_type = "text/csv"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn export(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(Extension<Trace>, [(HeaderName, HeaderValue); 2], Vec<u8>), Problem> {
    let (kept, grille) = readable(&server.state, &app, &visitor.person, &id).await?;
    let bytes = written(&grille).map_err(|e| Problem::internal(&e))?;
    let headers = csv_headers(&format!("grille-{}-{}.csv", kept.epci, kept.genre))?;
    Ok((Extension(Trace::new("grille_csv", &id)), headers, bytes))
}

/// Importer un brouillon de grille en CSV
///
/// Réservé à l'EPCI. Colonnes de l'export ; `code` et `points` suffisent. Une valeur illisible refuse le
/// fichier, avec sa ligne et sa colonne.
#[utoipa::path(
    put, path = "/api/cotation/grilles", tag = "cotation", operation_id = "grille_importer",
    params(
        ("epci" = String, Query, description = "SIREN de l'EPCI"),
        ("genre" = Option<String>, Query, description = "`premiere` (par défaut) ou `mutation`"),
    ),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = CREATED, body = Cree),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn import(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    mut params: Params,
    CsvBody(body): CsvBody,
) -> Result<(StatusCode, Extension<Trace>, Json<Cree>), Problem> {
    let epci = params.required("epci", "le SIREN de l'EPCI")?;
    let kind = genre(params.take("genre").as_deref())?;
    params.finish()?;
    may_write(&visitor.person, &epci)?;
    let grille = read(&body, &epci, kind)?;
    let id = keep(&server.state, &visitor.author(), &grille).await?;
    let trace = Trace::new("grille_importee", &id).with("epci", epci).rows(grille.criteres.len(), false);
    Ok((StatusCode::CREATED, Extension(trace), Json(Cree { id })))
}
