//! `/api/vues`: the views that I keep by a name, found again wherever I sign in.

use axum::Json;
use axum::extract::State as FromState;
use axum::http::StatusCode;

use super::who::Who;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::reference::comptes::comptes;
use crate::server::app::Server;
use crate::server::edge::body::Body;
use crate::server::edge::problem::Document;
use crate::state::VueGardee;

/// Mes vues gardées
#[utoipa::path(
    get, path = "/api/vues", tag = "compte", operation_id = "vues",
    responses(
        (status = OK, body = Vec<VueGardee>),
        (status = UNAUTHORIZED, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    params: Params,
) -> Result<Json<Vec<VueGardee>>, Problem> {
    params.finish()?;
    Ok(Json(server.state.views(visitor.account()?).await?))
}

/// Garder une vue ; celle du même nom est remplacée
#[utoipa::path(
    put, path = "/api/vues", tag = "compte", operation_id = "vue_garder", request_body = VueGardee,
    responses(
        (status = NO_CONTENT, description = "Gardée"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn keep(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Body(asked): Body<VueGardee>,
) -> Result<StatusCode, Problem> {
    let (limits, account) = (&comptes().vues, visitor.account()?);
    let view = VueGardee { nom: asked.nom.trim().to_owned(), ..asked };
    let n = view.nom.chars().count();
    if n == 0 || n > limits.nom_max {
        let detail = format!("Le nom d'une vue a de 1 à {} caractères.", limits.nom_max);
        return Err(Problem::value("nom", &view.nom, detail));
    }
    // A page of this server, and of no other one.
    let here =
        view.adresse.starts_with('/') && !view.adresse.starts_with("//") && !view.adresse.contains('\\');
    if !here || view.adresse.chars().any(char::is_control) {
        return Err(Problem::value("adresse", &view.adresse, "L'adresse d'une vue commence par « / »."));
    }
    if view.adresse.len() > limits.adresse_max {
        let detail = format!(
            "L'adresse de cette page est trop longue pour être gardée ({} octets au plus) : partagez plutôt ses zones \
             par un ensemble.",
            limits.adresse_max
        );
        return Err(Problem::value("adresse", &view.adresse, detail));
    }
    let dated = view.jour.len() == 10 && view.jour.parse::<jiff::civil::Date>().is_ok();
    if !dated {
        return Err(Problem::value("jour", &view.jour, "Le jour s'écrit AAAA-MM-JJ."));
    }
    server.state.keep_view(account, &view, jiff::Timestamp::now().as_millisecond()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Supprimer une vue
#[utoipa::path(
    delete, path = "/api/vues", tag = "compte", operation_id = "vue_supprimer",
    params(("nom" = String, Query, description = "Nom de la vue")),
    responses(
        (status = NO_CONTENT, description = "Supprimée"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn erase(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    mut params: Params,
) -> Result<StatusCode, Problem> {
    let nom = params.required("nom", "le nom de la vue")?;
    params.finish()?;
    if !server.state.drop_view(visitor.account()?, &nom).await? {
        return Err(Problem::not_found("nom", &nom, "Aucune de vos vues n'a ce nom."));
    }
    Ok(StatusCode::NO_CONTENT)
}
