//! `/api/flux/droits`: rights of reservation (état des lieux), one by one or by a file.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::http::StatusCode;
use axum::response::Response;

use crate::desk::flux::files::known_holder;
use crate::desk::flux::registre::{GardeFlux, ImportFlux};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::flow::rights::Droit;
use crate::server::api::flux::{opened, registre};
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::{Body, CsvBody};
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Droits de réservation (CSV)
///
/// Les colonnes sont celles du fichier à importer.
#[utoipa::path(
    get, path = "/api/flux/droits.csv", tag = "flux", operation_id = "flux_droits_csv",
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
    registre::csv(book.rights.iter().filter(|d| view.right(d)).collect())
}

/// Enregistrer un droit de réservation
///
/// Un droit qui existe (même bailleur, même identifiant) a une nouvelle version ; une saisie par erreur est
/// `retire`.
#[utoipa::path(
    post, path = "/api/flux/droits", tag = "flux", operation_id = "flux_droit", request_body = Droit,
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
    Body(asked): Body<Droit>,
) -> Result<(StatusCode, Extension<Trace>, Json<GardeFlux>), Problem> {
    let holder = known_holder(&asked.reservataire).map_err(|why| ("reservataire", why));
    let delegate = match asked.delegataire.as_str() {
        "" => Ok(()),
        to => known_holder(to).map_err(|why| ("delegataire", why)),
    };
    let check = holder.and(delegate).and_then(|()| asked.check());
    registre::put((&server, &app), &visitor, asked, check).await
}

/// Importer un état des lieux
///
/// CSV aux colonnes de `/api/flux/droits.csv`. Une seule ligne refusée refuse le fichier ; avec
/// `essai=true`, rien n'est gardé.
#[utoipa::path(
    put, path = "/api/flux/droits", tag = "flux", operation_id = "flux_droits_importer",
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
    registre::import::<Droit>((&server, &app), &visitor, params, &body).await
}
