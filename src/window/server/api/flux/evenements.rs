//! `/api/flux/evenements`: what happens to one dwelling, as its lessor tells it: added, corrected, withdrawn,
//! put back.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::http::StatusCode;

use crate::desk::flux::evenements::{VieLogement, checked, kept_event, lessor, registered, walked};
use crate::desk::leases::Choix;
use crate::desk::params::{Params, day};
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::flow::count::delay;
use crate::flow::event::{Etape, EvenementFlux};
use crate::flow::way::Walk;
use crate::reference::flux::flux;
use crate::server::app::Server;
use crate::server::auth::who::{Visitor, Who};
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::state::{self, EvenementsRecus, KeptEvent};

/// Vie d'un logement
///
/// Réservé au bailleur, sur son parc. Les événements retirés y sont aussi.
#[utoipa::path(
    get, path = "/api/flux/evenements", tag = "flux", operation_id = "flux_evenements",
    params(("logement" = String, Query, description = "Numéro national, ou numéro du bailleur")),
    responses(
        (status = OK, body = VieLogement),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn life(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<VieLogement>), Problem> {
    let siren = lessor(&visitor.person)?.to_owned();
    let logement = params.required("logement", "le numéro du logement")?.trim().to_owned();
    params.finish()?;
    let kept = server.state.flux_events_at(&siren, &logement).await?;
    let mut walk = Walk::default();
    for e in kept.iter().filter(|e| !e.withdrawn) {
        // What was kept in an order that is impossible now is shown all the same.
        let _ = walk.step(&e.event);
    }
    let last = walk.ways.last();
    let at = last.map_or(Etape::Occupe, |w| w.at);
    let today = day("jour", &state::day(state::now()))?;
    let asked_of = last.filter(|_| !matches!(at, Etape::Occupe | Etape::ALibre | Etape::Retire));
    let asked_of = asked_of.and_then(|w| w.offers.last()).map_or("", |o| o.to.as_str()).to_owned();
    let book = server.flux.open(&server.state).await?;
    let left = last.and_then(|w| {
        let d = crate::desk::flux::book::departement(&w.home.commune);
        let c = book.convention(&w.bailleur, d, &asked_of, crate::desk::flux::book::year(&w.opened))?;
        delay(w, today, c.days(&w.home.typologie, w.first_letting)).map(|d| d.left)
    });
    let soon = flux().map_err(|e| Problem::internal(&e))?.alerte_jours;
    let trace = Trace::new("flux_logement", logement.clone()).rows(kept.len(), false);
    let answer = VieLogement {
        etape: at,
        libelle: at.title(),
        attendus: at.next().map(|g| Choix { code: g.id().to_owned(), nom: g.title().to_owned() }).collect(),
        reservataire: asked_of,
        reste: left,
        alerte: match left {
            Some(n) if n < 0 => "retard",
            Some(n) if n <= soon => "bientot",
            _ => "",
        },
        situe: walk.is_placed(),
        rpls: registered(&app, &siren, &logement, today)?,
        evenements: kept.into_iter().map(kept_event).collect(),
        bailleur: siren,
        logement,
    };
    Ok((Extension(trace), Json(answer)))
}

/// Déclarer un événement
///
/// Réservé au bailleur, sur son parc. Idempotent : le même identifiant envoyé deux fois, avec le même
/// contenu, compte une fois. Un ordre impossible (un bail avant la CALEOL) est refusé et nommé. Avec
/// `remplace`, l'événement de cet identifiant est retiré au même moment : c'est une correction.
#[utoipa::path(
    post, path = "/api/flux/evenements", tag = "flux", operation_id = "flux_evenement", request_body = EvenementFlux,
    params(("remplace" = Option<String>, Query, description = "Identifiant de l'événement que celui-ci corrige")),
    responses(
        (status = OK, body = EvenementsRecus),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn add(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    mut params: Params,
    Body(asked): Body<EvenementFlux>,
) -> Result<(Extension<Trace>, Json<EvenementsRecus>), Problem> {
    let siren = lessor(&visitor.person)?;
    let instead = params.take("remplace");
    params.finish()?;
    let asked = checked(asked, siren)?;
    let former = server.state.flux_events_at(siren, &asked.logement).await?;
    if let Some(id) = instead.as_deref()
        && !former.iter().any(|k| k.event.id == *id && !k.withdrawn)
    {
        return Err(Problem::value(
            "remplace",
            id,
            "Ce logement n'a pas cet événement, ou il est déjà retiré.",
        ));
    }
    if !former.iter().any(|k| k.event.id == asked.id) {
        let stay = former.iter().filter(|k| !k.withdrawn && Some(k.event.id.as_str()) != instead.as_deref());
        let mut list: Vec<&EvenementFlux> = stay.map(|k| &k.event).chain([&asked]).collect();
        list.sort_by(|a, b| a.jour.cmp(&b.jour));
        walked(list).map_err(|why| Problem::value("genre", asked.genre.id(), why))?;
    }
    let told = server
        .state
        .add_flux_events(std::slice::from_ref(&asked), instead.as_deref(), &visitor.author(), state::now())
        .await?;
    let trace = Trace::new("flux_evenement", asked.id)
        .with("genre", asked.genre.id())
        .with("logement", asked.logement)
        .with("remplace", instead.unwrap_or_default())
        .with("nouveaux", told.nouveaux);
    Ok((Extension(trace), Json(told)))
}

/// Withdraws an event or puts it back, if what is left can follow.
async fn mark(
    server: &Server,
    visitor: &Visitor,
    mut params: Params,
    withdrawn: bool,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    let siren = lessor(&visitor.person)?;
    let logement = params.required("logement", "le numéro du logement")?;
    let id = params.required("id", "l'identifiant de l'événement")?;
    params.finish()?;
    let former = server.state.flux_events_at(siren, &logement).await?;
    if !former.iter().any(|k| k.event.id == id) {
        return Err(Problem::not_found("id", &id, "Ce logement n'a pas cet événement."));
    }
    let counts = |k: &&KeptEvent| if k.event.id == id { !withdrawn } else { !k.withdrawn };
    walked(former.iter().filter(counts).map(|k| &k.event)).map_err(|why| {
        let what = if withdrawn {
            "Sans cet événement, ce qui suit n'est plus possible"
        } else {
            "Il ne peut pas être rétabli"
        };
        Problem::value("id", &id, format!("{what} : {why}"))
    })?;
    server.state.mark_flux_event(siren, &id, withdrawn).await?;
    let action = if withdrawn { "flux_evenement_retire" } else { "flux_evenement_retabli" };
    Ok((StatusCode::NO_CONTENT, Extension(Trace::new(action, id).with("logement", logement))))
}

/// Retirer un événement
///
/// Déclaré par erreur, il ne compte plus ; il reste lisible et peut être rétabli. Refusé si ce qui le suit
/// n'est plus possible sans lui : retirez d'abord ce qui suit.
#[utoipa::path(
    delete, path = "/api/flux/evenements", tag = "flux", operation_id = "flux_evenement_retirer",
    params(
        ("logement" = String, Query, description = "Numéro du logement"),
        ("id" = String, Query, description = "Identifiant de l'événement"),
    ),
    responses(
        (status = NO_CONTENT, description = "Retiré"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn withdraw(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    params: Params,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    mark(&server, &visitor, params, true).await
}

/// Rétablir un événement
#[utoipa::path(
    post, path = "/api/flux/evenements/retablissement", tag = "flux", operation_id = "flux_evenement_retablir",
    params(
        ("logement" = String, Query, description = "Numéro du logement"),
        ("id" = String, Query, description = "Identifiant de l'événement"),
    ),
    responses(
        (status = NO_CONTENT, description = "Rétabli"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn restore(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    params: Params,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    mark(&server, &visitor, params, false).await
}
