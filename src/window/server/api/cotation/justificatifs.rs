//! `/api/cotation/justificatifs`: evidence that agents tick by hand, with who and when; it counts in the
//! definitive note, is taken back without being erased, and never names a sensitive criterion.

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;

use crate::desk::cotation::justificatifs::{
    Justificatif, JustificatifRecu, Justificatifs, REFERENCE, named, opened,
};
use crate::desk::cotation::pression::{all, catalogue};
use crate::desk::cotation::window;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::receipts::Cree;
use crate::state::{self, Tick};

/// Justificatifs d'une demande
///
/// Ce que la grille en vigueur demande de prouver, et ce qui a été coché ici, par qui et quand.
#[utoipa::path(
    get, path = "/api/cotation/demandes/{reference}/justificatifs", tag = "cotation",
    operation_id = "cotation_justificatifs",
    params(
        ("reference" = String, Path, description = "Référence de la demande, comme la liste la donne"),
        ("epci" = String, Query, description = "SIREN de l'EPCI"),
    ),
    responses(
        (status = OK, body = Justificatifs),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Path(reference): Path<String>,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<Justificatifs>), Problem> {
    let epci = params.required("epci", "le SIREN de l'EPCI")?;
    params.finish()?;
    let (nud, demandes) = opened(&server.state, &app, &visitor.person, (&epci, &reference)).await?;
    let criteria = catalogue()?;
    let some = |text: String| Some(text).filter(|t| !t.is_empty());
    let mut coches: Vec<Justificatif> = server
        .state
        .ticks(&epci, true)
        .await?
        .into_iter()
        .filter(|t| t.nud == nud)
        .map(|t| Justificatif {
            libelle: criteria.critere(&t.critere).map_or_else(|| t.critere.clone(), |c| c.libelle.clone()),
            id: t.id,
            critere: t.critere,
            par: t.par,
            organisme: t.organisme,
            le: state::day(t.le),
            retire_par: some(t.retire_par),
            retire_le: (t.retire_le > 0).then(|| state::day(t.retire_le)),
        })
        .collect();
    coches.reverse();
    let trace =
        Trace::new("cotation_justificatifs", reference.as_str()).with("epci", epci).rows(coches.len(), false);
    Ok((Extension(trace), Json(Justificatifs { reference, demandes, coches })))
}

/// Cocher un justificatif
///
/// Réservé à l'EPCI et aux communes, pour les demandes qui leur sont ouvertes. La preuve compte aussitôt
/// dans la note définitive. Un critère sensible ne se coche pas ici : l'historique le nommerait.
#[utoipa::path(
    post, path = "/api/cotation/demandes/{reference}/justificatifs", tag = "cotation",
    operation_id = "cotation_justifier", request_body = JustificatifRecu,
    params(("reference" = String, Path, description = "Référence de la demande, comme la liste la donne")),
    responses(
        (status = CREATED, body = Cree),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn add(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Path(reference): Path<String>,
    Body(given): Body<JustificatifRecu>,
) -> Result<(StatusCode, Extension<Trace>, Json<Cree>), Problem> {
    let (nud, open) = opened(&server.state, &app, &visitor.person, (&given.epci, &reference)).await?;
    let Some(line) = open.iter().find(|p| p.critere == given.critere) else {
        return Err(Problem::unknown("critere", &given.critere, open.iter().map(|p| p.critere.as_str())));
    };
    if line.au_sne {
        return Err(Problem::conflict("L'extraction du SNE dit déjà cette preuve faite : elle compte."));
    }
    let organisation = visitor.person.organisation.as_ref();
    let tick = Tick {
        id: String::new(),
        epci: given.epci.clone(),
        nud,
        critere: given.critere.clone(),
        par: visitor.person.nom.clone(),
        organisme: organisation.map(|o| o.nom.clone()).unwrap_or_default(),
        le: state::now(),
        retire_par: String::new(),
        retire_le: 0,
    };
    let id = server.state.tick(&tick).await?;
    let trace =
        Trace::new("cotation_justifie", reference).with("epci", given.epci).with("critere", given.critere);
    Ok((StatusCode::CREATED, Extension(trace), Json(Cree { id })))
}

/// Retirer un justificatif coché
///
/// Il ne compte plus et reste dans l'historique, avec qui l'a retiré et quand.
#[utoipa::path(
    delete, path = "/api/cotation/justificatifs/{id}", tag = "cotation", operation_id = "cotation_injustifier",
    params(("id" = String, Path, description = "Identifiant du justificatif")),
    responses(
        (status = NO_CONTENT, description = "Retiré"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn undo(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    let t = server.state.one_tick(&id).await?;
    let demands = all(&app)?;
    let on = window(&demands, &visitor.person, &t.epci)?;
    named(&demands, on, &t.nud[..REFERENCE])?;
    server.state.untick(&id, &visitor.person.nom, state::now()).await?;
    let trace = Trace::new("cotation_injustifie", &t.nud[..REFERENCE])
        .with("epci", t.epci.as_str())
        .with("critere", t.critere.as_str());
    Ok((StatusCode::NO_CONTENT, Extension(trace)))
}
