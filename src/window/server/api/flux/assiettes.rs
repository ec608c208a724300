//! `/api/flux/assiettes`: what the flow of a year is calculated from, one by one or by a file.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::http::StatusCode;
use axum::response::Response;

use crate::desk::flux::registre::{GardeFlux, ImportFlux};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::flow::year::Assiette;
use crate::server::api::flux::{opened, registre};
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::{Body, CsvBody};
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Assiettes du flux (CSV)
///
/// Les colonnes sont celles du fichier à importer.
#[utoipa::path(
    get, path = "/api/flux/assiettes.csv", tag = "flux", operation_id = "flux_assiettes_csv",
    responses((status = OK, body = String, content_type = "text/csv"))
)]
pub async fn csv(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    registre::csv(book.bases.iter().filter(|b| view.opens(&b.bailleur, &b.departement)).collect())
}

/// Enregistrer l'assiette d'une année
///
/// Stock, relocations ou taux déclaré, logements hors du flux par motif. Celle qui existe (même bailleur,
/// département, commune et année) a une nouvelle version.
#[utoipa::path(
    post, path = "/api/flux/assiettes", tag = "flux", operation_id = "flux_assiette", request_body = Assiette,
    responses(
        (status = OK, body = GardeFlux),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn put(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<Assiette>,
) -> Result<(StatusCode, Extension<Trace>, Json<GardeFlux>), Problem> {
    let check = asked.check();
    registre::put((&server, &app), &visitor, asked, check).await
}

/// Importer des assiettes
///
/// CSV aux colonnes de `/api/flux/assiettes.csv`. Une seule ligne refusée refuse le fichier ; avec
/// `essai=true`, rien n'est gardé.
#[utoipa::path(
    put, path = "/api/flux/assiettes", tag = "flux", operation_id = "flux_assiettes_importer",
    params(("essai" = Option<bool>, Query, description = "Dire ce que le fichier ferait, sans rien changer")),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = OK, body = ImportFlux),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn import(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
    CsvBody(body): CsvBody,
) -> Result<(Extension<Vec<Trace>>, Json<ImportFlux>), Problem> {
    registre::import::<Assiette>((&server, &app), &visitor, params, &body).await
}
