//! `/api/depots`: files that a bailleur deposits, from their reception to their acceptance.
//!
//! [`receive`] streams the file to a quarantine folder of the store; [`check`] reads it in the background as
//! an import does; [`rows`] shows what it found beside the rows and takes corrections; [`decide`] publishes
//! or withdraws. [`claims`] tells of dwellings that another deposit has too. [`templates`] are the files to
//! start from.

pub mod check;
pub mod claims;
pub mod decide;
pub mod receive;
pub mod rows;
pub mod templates;

use axum::Json;
use axum::extract::{Path, State as FromState};

use crate::desk::lessor::depots::{Depot, DetailDepot, detail, shown};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Mes dépôts
#[utoipa::path(
    get, path = "/api/depots", tag = "bailleur", operation_id = "depots", responses((status = OK,
    body = Vec<Depot>))
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    params: Params,
) -> Result<Json<Vec<Depot>>, Problem> {
    params.finish()?;
    let deposits = server.state.deposits(visitor.lessor()?).await?;
    Ok(Json(deposits.iter().map(|d| shown(d).0).collect()))
}

/// Un dépôt
///
/// Ce que son contrôle a trouvé, sa comparaison avec l'année d'avant et ce qui est en vigueur, son
/// historique.
#[utoipa::path(
    get, path = "/api/depots/{id}", tag = "bailleur", operation_id = "depot",
    params(("id" = String, Path, description = "Identifiant du dépôt")),
    responses(
        (status = OK, body = DetailDepot),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn one(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<DetailDepot>, Problem> {
    params.finish()?;
    Ok(Json(detail(&server.state, &app, visitor.lessor()?, &id).await?))
}
