//! `GET /api/depots/revendications`: dwellings that two bailleurs file under one national number.
//!
//! Nothing tells from the files who is right: the first by SIREN counts, so that figures are the same
//! whatever was deposited first, and both are told.

use axum::Json;
use axum::extract::State as FromState;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::stock::parts::{Claim, Parts};
use crate::stock::places::label;

/// Un logement de votre dépôt qu'un autre bailleur dépose aussi.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogementRevendique {
    pub ident_rep: String,
    /// Votre numéro.
    pub ident_int: String,
    /// L'adresse que vous déposez.
    pub adresse: String,
    pub codepostal: String,
    pub commune: String,
    /// Les autres bailleurs qui le déposent.
    pub autres: Vec<BailleurNomme>,
    /// Celui chez qui il compte : le premier par son SIREN.
    pub compte_chez: BailleurNomme,
    /// Il compte chez vous.
    pub a_vous: bool,
}

/// Un bailleur.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BailleurNomme {
    pub siren: String,
    pub nom: String,
}

/// Logements revendiqués par deux bailleurs
///
/// Un numéro national que votre dépôt accepté et celui d'un autre bailleur portent la même année. Il n'est
/// compté qu'une fois ; celui à qui il n'est plus le retire de son fichier, ou déclare son transfert.
#[utoipa::path(
    get, path = "/api/depots/revendications", tag = "bailleur", operation_id = "depots_revendications",
    params(("millesime" = Option<u16>, Query, description = "Millésime du RPLS ; par défaut le dernier")),
    responses(
        (status = OK, body = Vec<LogementRevendique>),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<Json<Vec<LogementRevendique>>, Problem> {
    let siren = visitor.lessor()?.to_owned();
    let millesime = params.number("millesime")?;
    params.finish()?;
    let names = server.state.organisations().await?;
    let loaded = Asked { millesime, ..Asked::default() }.resolve(&app)?.loaded;
    let work = move || {
        let parts = Parts::of(app.store(), "rpls", loaded.meta().millesime);
        let claims =
            parts.map_or_else(|| Ok(Vec::new()), |p| p.claims(&siren)).map_err(|e| Problem::internal(&e))?;
        let cube = loaded.cube();
        let known = cube.bailleurs();
        let named = |siren: &str| {
            // A bailleur all of whose dwellings count elsewhere is not in the cube; its account has its name.
            let filed =
                known.iter().find(|(s, n)| *s == siren && !n.is_empty()).map(|(_, n)| (*n).to_owned());
            let account = || names.iter().find(|o| o.code == siren).map(|o| o.nom.clone());
            BailleurNomme {
                siren: siren.to_owned(),
                nom: filed.or_else(account).unwrap_or_else(|| siren.to_owned()),
            }
        };
        let shown = |c: Claim| LogementRevendique {
            adresse: label(&c.adresse),
            ident_rep: c.ident_rep,
            ident_int: c.ident_int,
            codepostal: c.codepostal,
            commune: c.libcom,
            autres: c.others.iter().map(|s| named(s)).collect(),
            a_vous: c.keeper == siren,
            compte_chez: named(&c.keeper),
        };
        Ok(Json(claims.into_iter().map(shown).collect()))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
