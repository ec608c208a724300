//! `/api/admin/conventions`.

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::Place;
use crate::desk::params::{Params, day, name};
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::receipts::Cree;
use crate::state::{self, Convention, NewConvention};

/// Ce qui change d'une convention.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModificationConvention {
    /// Dernier jour, AAAA-MM-JJ.
    pub au: String,
}

fn some<T>(champ: &str, list: &[T], what: &str) -> Result<(), Problem> {
    if list.is_empty() { Err(Problem::missing(champ, what)) } else { Ok(()) }
}

/// Conventions
#[utoipa::path(
    get, path = "/api/admin/conventions", tag = "administration", operation_id = "admin_conventions",
    responses((status = OK, body = Vec<Convention>))
)]
pub async fn list(
    FromState(server): FromState<Server>,
    params: Params,
) -> Result<Json<Vec<Convention>>, Problem> {
    params.finish()?;
    Ok(Json(server.state.conventions(None).await?))
}

/// Ajouter une convention
///
/// Ses zones doivent exister dans le dernier millésime : une convention sur un code mal copié n'ouvrirait
/// rien.
#[utoipa::path(
    post, path = "/api/admin/conventions", tag = "administration", operation_id = "admin_convention_ajouter",
    request_body = NewConvention,
    responses(
        (status = CREATED, body = Cree),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn add(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Body(asked): Body<NewConvention>,
) -> Result<(StatusCode, Extension<Trace>, Json<Cree>), Problem> {
    let asked = NewConvention { titre: name("titre", &asked.titre)?.to_owned(), ..asked };
    some("territoire", &asked.territoire, "au moins une zone, échelle:code")?;
    some("classes", &asked.classes, "au moins une classe d'échelles")?;
    some("donnees", &asked.donnees, "au moins un jeu de données")?;
    some("parties", &asked.parties, "au moins un organisme")?;
    let (from, to) = (day("du", &asked.du)?, day("au", &asked.au)?);
    if from > to {
        return Err(Problem::value("au", &asked.au, "Une convention finit après son premier jour."));
    }
    let loaded = app.millesimes.last().ok_or_else(Problem::nothing_loaded)?;
    for (i, text) in asked.territoire.iter().enumerate() {
        let champ = format!("territoire[{i}]");
        let place = Place::parse(text).ok_or_else(|| {
            Problem::value(&champ, text, "Une zone s'écrit échelle:code, par exemple epci:200000001.")
        })?;
        let layer = crate::desk::places::layer(loaded, &champ, &place.echelle)?;
        if layer.zone(&place.code).is_none() {
            return Err(Problem::value(
                &champ,
                text,
                format!("Aucune zone de l'échelle « {} » n'a le code « {} ».", place.echelle, place.code),
            ));
        }
    }
    // As jiff writes them, so that days compare as text.
    let asked = NewConvention { du: from.to_string(), au: to.to_string(), ..asked };
    let id = server.state.add_convention(&asked, state::now()).await?;
    let trace = Trace::new("convention_creee", id.clone())
        .with("titre", asked.titre.as_str())
        .with("territoire", asked.territoire.clone())
        .with("du", asked.du.as_str())
        .with("au", asked.au.as_str())
        .with("parties", asked.parties.clone());
    Ok((StatusCode::CREATED, Extension(trace), Json(Cree { id })))
}

/// Changer la fin d'une convention
#[utoipa::path(
    patch, path = "/api/admin/conventions/{id}", tag = "administration",
    operation_id = "admin_convention_modifier",
    params(("id" = String, Path, description = "Identifiant de la convention")),
    request_body = ModificationConvention,
    responses(
        (status = NO_CONTENT, description = "Modifiée"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn change(
    FromState(server): FromState<Server>,
    Path(id): Path<String>,
    Body(asked): Body<ModificationConvention>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    let last = day("au", &asked.au)?.to_string();
    server.state.end_convention(&id, &last).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Trace::new("convention_modifiee", id).with("au", last))))
}
