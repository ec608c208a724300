//! `/api/cotation/grilles`: the grids of an EPCI, from draft to adopted, and the catalogue of criteria.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;

use crate::desk::cotation::grilles::{
    Adoptee, Adoption, CritereCatalogue, GrilleListe, Grilles, in_force, keep, may_read, may_write, own,
    parsed,
};
use crate::desk::cotation::open_epcis;
use crate::desk::cotation::pression::{TerritoireCote, all, catalogue};
use crate::desk::params::{Params, day};
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::scoring::grid::Grille;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::receipts::Cree;
use crate::state;

/// Grilles de cotation
///
/// Le catalogue des critères et les grilles : celles de votre EPCI, brouillons compris, et celles des autres
/// qui sont adoptées et visibles.
#[utoipa::path(
    get, path = "/api/cotation/grilles", tag = "cotation", operation_id = "grilles",
    responses((status = OK, body = Grilles))
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
) -> Result<(Extension<Trace>, Json<Grilles>), Problem> {
    params.finish()?;
    let criteria = catalogue()?;
    let today = state::day(state::now());
    let mut grilles = Vec::new();
    let all_kept = server.state.grids().await?;
    // The latest version comes first.
    let (mut current, mut scored) = (BTreeSet::new(), BTreeSet::new());
    for g in all_kept.iter().filter(|g| in_force(g, &today)) {
        if scored.insert((g.epci.clone(), g.genre.clone())) {
            current.insert(g.id.clone());
        }
    }
    for kept in all_kept {
        if !may_read(&app, &visitor.person, &kept, &today) {
            continue;
        }
        let grille = parsed(&kept)?;
        let draft = kept.version == 0;
        grilles.push(GrilleListe {
            constats: grille.checks(criteria),
            en_vigueur: current.contains(&kept.id),
            modifiable: draft && own(&visitor.person) == Some(kept.epci.as_str()),
            version: (!draft).then_some(kept.version),
            visible: (!draft).then_some(kept.visible),
            adoptee: (!draft).then(|| state::day(kept.adoptee)),
            id: kept.id,
            grille,
        });
    }
    let criteres = criteria
        .liste
        .iter()
        .map(|c| CritereCatalogue {
            code: &c.code,
            libelle: &c.libelle,
            famille: &c.famille,
            article: c.article.as_deref(),
            obligatoire: c.of_l441_1(),
            sensible: c.sensible,
            preuve: c.preuve.as_deref(),
            saisi: c.saisi,
            mesure: c.mesure,
        })
        .collect();
    let trace = Trace::new("grilles", "").rows(grilles.len(), false);
    let territoires = all(&app).map(|demands| {
        let open = open_epcis(&demands, &visitor.person).into_iter().map(|n| &demands.epcis[n as usize]);
        open.map(|e| TerritoireCote { code: e.code.clone(), nom: e.nom.clone() }).collect()
    });
    // Without demands a grid can be written all the same.
    let territoires = territoires.unwrap_or_default();
    let modifiable = own(&visitor.person).map(str::to_owned);
    Ok((
        Extension(trace),
        Json(Grilles { modifiable, territoires, version: &criteria.version, criteres, grilles }),
    ))
}

/// Enregistrer un brouillon de grille
///
/// Réservé à l'EPCI. Un brouillon peut être incomplet ; ce qui empêche de l'adopter est dit dans la liste.
#[utoipa::path(
    post, path = "/api/cotation/grilles", tag = "cotation", operation_id = "grille_ajouter",
    request_body = Grille,
    responses(
        (status = CREATED, body = Cree),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn add(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Body(grille): Body<Grille>,
) -> Result<(StatusCode, Extension<Trace>, Json<Cree>), Problem> {
    may_write(&visitor.person, &grille.epci)?;
    let id = keep(&server.state, &visitor.author(), &grille).await?;
    let trace = Trace::new("grille_ajoutee", &id).with("epci", grille.epci.as_str());
    Ok((StatusCode::CREATED, Extension(trace), Json(Cree { id })))
}

/// Modifier un brouillon
///
/// Réservé à l'EPCI. Une grille adoptée ne change plus : la suivante est un nouveau brouillon.
#[utoipa::path(
    put, path = "/api/cotation/grilles/{id}", tag = "cotation", operation_id = "grille_modifier",
    params(("id" = String, Path, description = "Identifiant de la grille")), request_body = Grille,
    responses(
        (status = NO_CONTENT, description = "Modifié"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn change(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
    Body(grille): Body<Grille>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    may_write(&visitor.person, &grille.epci)?;
    let mut kept = server.state.grid(&id).await?;
    may_write(&visitor.person, &kept.epci)?;
    kept.grille = serde_json::to_string(&grille).map_err(|e| Problem::internal(&e))?;
    (kept.epci, kept.genre) = (grille.epci.clone(), grille.genre.id().to_owned());
    (kept.auteur, kept.modifie) = (visitor.author(), state::now());
    server.state.change_grid(&kept).await?;
    let trace = Trace::new("grille_modifiee", &id).with("epci", grille.epci.as_str());
    Ok((StatusCode::NO_CONTENT, Extension(trace)))
}

/// Effacer un brouillon
///
/// Réservé à l'EPCI.
#[utoipa::path(
    delete, path = "/api/cotation/grilles/{id}", tag = "cotation", operation_id = "grille_effacer",
    params(("id" = String, Path, description = "Identifiant de la grille")),
    responses(
        (status = NO_CONTENT, description = "Effacé"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn erase(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    may_write(&visitor.person, &server.state.grid(&id).await?.epci)?;
    server.state.remove_grid(&id).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Trace::new("grille_effacee", &id))))
}

/// Adopter une grille
///
/// Réservé à l'EPCI. Une grille adoptée reçoit un numéro de version et ne change plus ; elle est visible de
/// tous au jour dit. Il lui faut un critère de l'article L.441-1 au moins (CCH L.441-2-8).
#[utoipa::path(
    post, path = "/api/cotation/grilles/{id}/adoption", tag = "cotation", operation_id = "grille_adopter",
    params(("id" = String, Path, description = "Identifiant de la grille")), request_body = Adoption,
    responses(
        (status = OK, body = Adoptee),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn adopt(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
    Body(asked): Body<Adoption>,
) -> Result<(Extension<Trace>, Json<Adoptee>), Problem> {
    let kept = server.state.grid(&id).await?;
    may_write(&visitor.person, &kept.epci)?;
    let grille = parsed(&kept)?;
    if let Some(c) = grille.checks(catalogue()?).into_iter().find(|c| c.bloquant) {
        let place = c.ou.unwrap_or_default();
        return Err(Problem::value("grille", &place, c.message));
    }
    let now = state::now();
    let visible = match asked.visible.as_deref().map(str::trim).filter(|d| !d.is_empty()) {
        Some(text) => day("visible", text)?.to_string(),
        None => state::day(now),
    };
    if visible < state::day(now) {
        return Err(Problem::value("visible", &visible, "Une grille ne devient pas visible dans le passé."));
    }
    let version = server.state.adopt_grid(&id, &visible, &visitor.author(), now).await?;
    let trace = Trace::new("grille_adoptee", &id)
        .with("epci", kept.epci.as_str())
        .with("version", version)
        .with("visible", visible.as_str());
    Ok((Extension(trace), Json(Adoptee { version, visible })))
}
