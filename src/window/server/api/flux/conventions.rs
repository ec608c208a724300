//! `/api/flux/conventions`: conventions of gestion en flux, one by one or by a file, and their versions.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::http::StatusCode;
use axum::response::Response;

use crate::access;
use crate::desk::flux::conventions::{ConventionListee, ConventionsFlux, VersionConvention, lists, visible};
use crate::desk::flux::files::known_holder;
use crate::desk::flux::registre::{GardeFlux, ImportFlux};
use crate::desk::flux::view::title;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::flow::convention::ConventionFlux;
use crate::server::api::flux::{opened, registre};
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::{Body, CsvBody};
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::state::{self, Versioned};

/// Conventions, droits et assiettes de gestion en flux
#[utoipa::path(
    get, path = "/api/flux/conventions", tag = "flux", operation_id = "flux_conventions",
    responses((status = OK, body = ConventionsFlux))
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
) -> Result<Json<ConventionsFlux>, Problem> {
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let conventions =
        book.conventions.iter().filter(|(_, c)| visible(&view, c)).map(|(v, c)| ConventionListee {
            version: *v,
            bailleur_nom: view.name(&c.bailleur),
            reservataire_nom: title(&view, &c.reservataire),
            fin: c.ends().map(|d| d.to_string()),
            convention: c.clone(),
        });
    let assiettes = book.bases.iter().filter(|b| view.opens(&b.bailleur, &b.departement));
    Ok(Json(ConventionsFlux {
        modifiable: access::may(&visitor.person, "flux_conventions").is_ok(),
        conventions: conventions.collect(),
        droits: book.rights.iter().filter(|d| view.right(d)).cloned().collect(),
        assiettes: assiettes.cloned().collect(),
        listes: lists(&app, &view)?,
    }))
}

/// Conventions de gestion en flux (CSV)
///
/// Les colonnes sont celles du fichier à importer.
#[utoipa::path(
    get, path = "/api/flux/conventions.csv", tag = "flux", operation_id = "flux_conventions_csv",
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
    registre::csv(book.conventions.iter().map(|(_, c)| c).filter(|c| visible(&view, c)).collect())
}

/// Versions d'une convention
///
/// La première d'abord : ce que chaque avenant a changé.
#[utoipa::path(
    get, path = "/api/flux/conventions/versions", tag = "flux", operation_id = "flux_convention_versions",
    params(
        ("bailleur" = String, Query, description = "SIREN"),
        ("departement" = String, Query, description = "Code du département"),
        ("reservataire" = String, Query, description = "Code du réservataire"),
    ),
    responses(
        (status = OK, body = [VersionConvention]),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn versions(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<Json<Vec<VersionConvention>>, Problem> {
    let bailleur = params.required("bailleur", "le SIREN du bailleur")?;
    let departement = params.required("departement", "le code du département")?;
    let reservataire = params.required("reservataire", "le code du réservataire")?;
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let found =
        book.conventions.iter().map(|(_, c)| c).filter(|c| visible(&view, c)).find(|c| {
            c.bailleur == bailleur && c.departement == departement && c.reservataire == reservataire
        });
    let found = found.ok_or_else(|| {
        Problem::not_found(
            "reservataire",
            &reservataire,
            "Cette convention n'est pas de celles que vous pouvez lire.",
        )
    })?;
    let list = server.state.flux_versions::<ConventionFlux>(&Versioned::key(found)).await?;
    let each = list.into_iter().map(|v| VersionConvention {
        version: v.version,
        jour: state::day(v.quand),
        convention: v.contenu,
    });
    Ok(Json(each.collect()))
}

/// Enregistrer une convention
///
/// Une convention qui existe (même bailleur, réservataire et département) a une nouvelle version : un
/// avenant dit dans `avenant` ce qu'il change, une dénonciation donne son jour (`denoncee`) et s'applique
/// encore deux mois, une saisie par erreur est `retiree`.
#[utoipa::path(
    post, path = "/api/flux/conventions", tag = "flux", operation_id = "flux_convention", request_body = ConventionFlux,
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
    Body(asked): Body<ConventionFlux>,
) -> Result<(StatusCode, Extension<Trace>, Json<GardeFlux>), Problem> {
    let known = known_holder(&asked.reservataire).map_err(|why| ("reservataire", why));
    let check = known.and_then(|()| asked.check());
    registre::put((&server, &app), &visitor, asked, check).await
}

/// Importer des conventions
///
/// CSV aux colonnes de `/api/flux/conventions.csv`. Une seule ligne refusée refuse le fichier ; avec
/// `essai=true`, rien n'est gardé.
#[utoipa::path(
    put, path = "/api/flux/conventions", tag = "flux", operation_id = "flux_conventions_importer",
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
    registre::import::<ConventionFlux>((&server, &app), &visitor, params, &body).await
}
