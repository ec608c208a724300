//! `GET /api/flux/fiche`: the sheet of a commune — its rights, direct and delegated, what they give this
//! year, what was honoured, new rights, and the objective of the next year.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::response::{IntoResponse, Response};

use crate::desk::flux::fiche::{Asked, FicheCommune, answer, written};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::api::flux::opened;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::saved::csv_headers;

/// Fiche d'une commune
///
/// Droits directs et délégués, prévision de l'année en % et en nombre, logements honorés, droits nouveaux et
/// finissants, objectif de l'année suivante, bailleur par bailleur.
#[utoipa::path(
    get, path = "/api/flux/fiche", tag = "flux", operation_id = "flux_fiche",
    params(
        ("commune" = Option<String>, Query, description = "Code Insee ; celle qui a le plus de droits par défaut"),
        ("annee" = Option<u16>, Query, description = "La dernière par défaut"),
    ),
    responses(
        (status = OK, body = FicheCommune),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn fiche(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<FicheCommune>), Problem> {
    let asked = Asked { commune: params.take("commune"), annee: params.number("annee")? };
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let found = answer(&book, &view, &asked)?;
    let trace = Trace::new("flux_fiche", found.commune.clone()).with("annee", found.annee);
    Ok((Extension(trace), Json(found)))
}

/// Fiche d'une commune (CSV)
#[utoipa::path(
    get, path = "/api/flux/fiche.csv", tag = "flux", operation_id = "flux_fiche_csv",
    params(
        ("commune" = Option<String>, Query, description = "Code Insee ; celle qui a le plus de droits par défaut"),
        ("annee" = Option<u16>, Query, description = "La dernière par défaut"),
    ),
    responses((status = OK, body = String, content_type = "text/csv"))
)]
pub async fn csv(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<Response, Problem> {
    let asked = Asked { commune: params.take("commune"), annee: params.number("annee")? };
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let found = answer(&book, &view, &asked)?;
    let text = written(&found).map_err(|e| Problem::internal(&e))?;
    let headers = csv_headers(&format!("mosaique_flux_fiche_{}_{}.csv", found.commune, found.annee))?;
    let trace = Trace::new("export", "flux_fiche").with("annee", found.annee).rows(found.lignes.len(), false);
    Ok((Extension(trace), headers, text).into_response())
}
