//! `/api/objectifs`: the rates that conventions intercommunales d'attribution set, read by all who have an
//! account, written by the EPCI.

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;

use crate::desk::leases::objectifs::{
    ObjectifListe, Objectifs, RegleObjectif, Titles, checked, may_write, own, trace,
};
use crate::desk::leases::rates::rate;
use crate::desk::leases::{percent, reservataires};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::reference::mix::Mix;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::receipts::Cree;
use crate::state::{self, Objectif, TauxCia};

/// Objectifs des conventions d'attribution
///
/// Une convention intercommunale d'attribution (CIA) peut fixer un taux plus élevé que celui de la loi, pour
/// tout l'EPCI ou une commune, un bailleur, un réservataire. Le plus précis s'applique, et `/api/mixite` le
/// nomme.
#[utoipa::path(
    get, path = "/api/objectifs", tag = "mixite", operation_id = "objectifs",
    responses((status = OK, body = Objectifs))
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
) -> Result<Json<Objectifs>, Problem> {
    params.finish()?;
    let all = server.state.objectifs().await?;
    let work = move || {
        let mix = Mix::embedded().map_err(|e| Problem::internal(&e))?;
        let names = Titles::of(&app);
        let named = |o: Objectif| {
            Ok(ObjectifListe {
                epci_nom: names.zone("epci", &o.taux.epci)?,
                commune_nom: o.taux.commune.as_deref().map(|c| names.zone("commune", c)).transpose()?,
                bailleur_nom: o.taux.bailleur.as_deref().map(|b| names.lessor(b)),
                derogatoire: mix.rule(&o.taux.regle).is_some_and(|r| rate(o.clone()).is_below(r)),
                objectif: o,
            })
        };
        let objectifs = all.into_iter().map(named).collect::<Result<_, Problem>>()?;
        Ok(Json(Objectifs {
            version: &mix.version,
            modifiable: own(&visitor.person).map(str::to_owned),
            objectifs,
            regles: mix
                .rules
                .iter()
                .filter_map(|r| {
                    Some(RegleObjectif {
                        id: &r.id,
                        libelle: &r.libelle,
                        article: &r.article,
                        cible: percent(r.cible),
                        baisse_approuvee: r.cia? == crate::reference::mix::Cia::HausseOuBaisseApprouvee,
                    })
                })
                .collect(),
            reservataires: reservataires()
                .iter()
                .map(|v| crate::desk::leases::Choix { code: v.id.clone(), nom: v.libelle.clone() })
                .collect(),
        }))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

/// Fixer un taux
///
/// Réservé à l'EPCI. Un taux inférieur à celui de la loi n'est admis que là où elle le permet (50 % en QPV),
/// avec la date de l'accord du préfet ; il est alors signalé partout où il s'applique.
#[utoipa::path(
    post, path = "/api/objectifs", tag = "mixite", operation_id = "objectif_ajouter", request_body = TauxCia,
    responses(
        (status = CREATED, body = Cree),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn add(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<TauxCia>,
) -> Result<(StatusCode, Extension<Trace>, Json<Cree>), Problem> {
    let work = move || checked(&app, &visitor.person, asked);
    let taux = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
    let id = server.state.add_objectif(&taux, state::now()).await?;
    let trace = trace("objectif_fixe", &id, &taux);
    Ok((StatusCode::CREATED, Extension(trace), Json(Cree { id })))
}

/// Modifier un taux, ou y mettre fin
///
/// Réservé à l'EPCI. Tout le taux est remplacé ; `au` y met fin.
#[utoipa::path(
    put, path = "/api/objectifs/{id}", tag = "mixite", operation_id = "objectif_modifier",
    params(("id" = String, Path, description = "Identifiant du taux")), request_body = TauxCia,
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
    Current(app): Current,
    Who(visitor): Who,
    Path(id): Path<String>,
    Body(asked): Body<TauxCia>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    let person = visitor.person.clone();
    let work = move || checked(&app, &person, asked);
    let taux = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
    may_write(&visitor.person, &server.state.objectif(&id).await?.taux.epci)?;
    server.state.change_objectif(&id, &taux).await?;
    let trace = trace("objectif_modifie", &id, &taux);
    Ok((StatusCode::NO_CONTENT, Extension(trace)))
}
