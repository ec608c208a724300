//! `GET /api/territoires/comparables`: territories whose stock is like that of one of them.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::response::Response;

use crate::access::Person;
use crate::desk::comparables::{self, Comparables};
use crate::desk::kept::AnswerKey;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::reference::access::Class;
use crate::reference::comparables::alike;
use crate::server::edge::current::Current;
use crate::server::edge::kept;
use crate::server::edge::problem::Document;

/// Territoires dont le parc ressemble à celui d'un autre
///
/// Distance standardisée sur quelques mesures du parc (`data/rules/comparables.toml`) telles que le public
/// les voit : la réponse est la même pour tous, et aucun chiffre de ménages n'y entre.
#[utoipa::path(
    get, path = "/api/territoires/comparables", tag = "zones", operation_id = "territoires_comparables",
    params(
        ("echelle" = String, Query, description = "`commune`, `arrondissement`, `epci`, `qpv2024` ou `qpv2015`"),
        ("code" = String, Query, description = "Code du territoire"),
        ("nombre" = Option<usize>, Query, description = "Nombre de territoires proches : 8 par défaut, 50 au \
            plus"),
        ("millesime" = Option<u16>, Query, description = "Millésime du RPLS ; par défaut le dernier"),
    ),
    responses(
        (status = OK, body = Comparables),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn comparables(
    Current(app): Current,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let echelle = params.required("echelle", "l'échelle du territoire")?;
    let code = params.required("code", "le code du territoire")?;
    let most: Option<usize> = params.number("nombre")?;
    let millesime = params.number("millesime")?;
    params.finish()?;
    let rules = alike();
    let most = most.unwrap_or(rules.proches);
    if most == 0 || most > rules.proches_max {
        let detail = format!("« nombre » va de 1 à {}.", rules.proches_max);
        return Err(Problem::value("nombre", &most.to_string(), detail));
    }
    let work = move || {
        let public = Person::default();
        let desk = comparables::desk(&app, &public, millesime)?;
        let (layer, zone) = comparables::subject(&desk, &echelle, &code)?;
        let key = AnswerKey {
            route: "territoires_comparables",
            cube: Arc::clone(&desk.loaded().id),
            question: format!("{echelle} {code} {most}"),
            rights: String::new(),
        };
        let known = app.answers.get(key, || comparables::comparables(&desk, &layer, zone, most))?;
        kept::answer(&known, Class::Large, &headers)
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
