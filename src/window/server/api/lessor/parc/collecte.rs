//! `GET /api/parc/collecte.txt`: a bailleur's own dwellings as the collection file of 64 fields that it may
//! deposit.

use axum::extract::Extension;
use axum::response::{IntoResponse, Response};

use crate::desk::error::DeskError;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::saved::saved;
use crate::stock::collecte;

/// Mon parc, en fichier de collecte
///
/// Les logements du dernier millésime au format de collecte du RPLS (64 champs sans en-tête, point-virgule,
/// UTF-8), avec les adresses corrigées sous leur bon nom. Il se dépose tel quel. Les champs que le serveur ne
/// garde pas (numéro de convention, dates de diagnostic…) sont vides, et ce format n'a pas de coordonnées.
#[utoipa::path(
    get, path = "/api/parc/collecte.txt", tag = "bailleur", operation_id = "parc_collecte",
    responses((status = OK, description = "Le fichier de collecte", body = String, content_type = "text/plain"))
)]
pub async fn file(Current(app): Current, Who(visitor): Who, params: Params) -> Result<Response, Problem> {
    params.finish()?;
    let siren = visitor.lessor()?.to_owned();
    let millesime = app.millesimes.last().ok_or_else(Problem::nothing_loaded)?.meta().millesime;
    let name = format!("collecte-{millesime}-{siren}.txt");
    let work = move || match app.by_lessor(millesime)? {
        Some(lessors) => Ok(collecte::file(&lessors, app.store(), &siren)?),
        // A server may have figures of a register that it has no file of any more.
        None => Ok::<_, DeskError>((0, Vec::new())),
    };
    let done = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?;
    let (n, bytes) = done.map_err(|e| Problem::internal(&e))?;
    let headers = saved("text/plain; charset=utf-8", &name)?;
    let trace = Trace::new("export", "fichier de collecte").with("format", "collecte").rows(n, false);
    Ok((Extension(trace), headers, bytes).into_response())
}
