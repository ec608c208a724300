//! `/api/evenements`: deliveries, demolitions, sales, transfers, changes of use, entered or imported, listed
//! and undone.

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;

use crate::desk::lessor::events::{
    AWAITS, EvenementSuivi, EvenementsFaits, Ground, ListeEvenements, NouvelEvenement, Rapprochement, bring,
    checked, idents, reconciled,
};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::{Body, CsvBody};
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::receipts::Modification;
use crate::state::{self, Evenement};
use crate::stock::transfers::Transfers;

/// Événements de mon parc
///
/// Avec ce que le dernier RPLS dit de ceux qui le précèdent.
#[utoipa::path(
    get, path = "/api/evenements", tag = "bailleur", operation_id = "evenements", responses((status = OK,
    body = ListeEvenements))
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
) -> Result<Json<ListeEvenements>, Problem> {
    params.finish()?;
    let siren = visitor.lessor()?;
    let (year, own) = idents(&app, siren).await?;
    let all = server.state.events(None).await?;
    let in_force: Vec<_> = all.iter().filter(|e| e.annule.is_none()).map(Evenement::happening).collect();
    let transfers = Transfers::of(&in_force);
    let followed = |evenement: Evenement| {
        let (rapprochement, mut detail) = reconciled(&evenement, year, &own);
        if rapprochement == Rapprochement::AVenir && transfers.awaits(&evenement.happening()) {
            detail = Some(AWAITS.to_owned());
        }
        EvenementSuivi { evenement, rapprochement, detail }
    };
    let evenements: Vec<EvenementSuivi> =
        server.state.events(Some(siren)).await?.into_iter().map(followed).collect();
    let open =
        |e: &&EvenementSuivi| matches!(e.rapprochement, Rapprochement::Discordant | Rapprochement::AVerifier);
    Ok(Json(ListeEvenements {
        rpls_au: format!("{year}-01-01"),
        a_rapprocher: evenements.iter().filter(open).count(),
        evenements,
    }))
}

/// Enregistrer un événement
#[utoipa::path(
    post, path = "/api/evenements", tag = "bailleur", operation_id = "evenement_ajouter",
    request_body = NouvelEvenement,
    responses(
        (status = CREATED, body = EvenementsFaits),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn add(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<NouvelEvenement>,
) -> Result<(StatusCode, Extension<Trace>, Json<EvenementsFaits>), Problem> {
    let siren = visitor.lessor()?;
    let ground = Ground::of(&app, &server.state, siren).await?;
    let event = checked(&ground, asked, "")?;
    let trace = Trace::new("evenement", event.genre.id())
        .with("date", event.date.as_str())
        .with("commune", event.commune.as_str())
        .with("logements", event.logements);
    let ids = server.state.add_events(siren, &[event], "", &visitor.author(), state::now()).await?;
    let demande = server.works.changed();
    Ok((StatusCode::CREATED, Extension(trace), Json(EvenementsFaits { ids, lot: String::new(), demande })))
}

/// Importer des événements
///
/// CSV :
/// `genre;date;commune;adresse;qpv;logements;ident_rep;autre;commentaire;financement;pieces;dpe;surface` ;
/// numéros nationaux séparés par des espaces. Tous ou aucun.
#[utoipa::path(
    put, path = "/api/evenements", tag = "bailleur", operation_id = "evenements_importer",
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = CREATED, body = EvenementsFaits),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn import(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    CsvBody(bytes): CsvBody,
) -> Result<(StatusCode, Extension<Trace>, Json<EvenementsFaits>), Problem> {
    let (ids, lot, trace) = bring(&app, &server.state, visitor.lessor()?, &bytes, &visitor.author()).await?;
    let demande = server.works.changed();
    Ok((StatusCode::CREATED, Extension(trace), Json(EvenementsFaits { ids, lot, demande })))
}

/// Annuler un événement, ou un lot importé
#[utoipa::path(
    delete, path = "/api/evenements/{id}", tag = "bailleur", operation_id = "evenement_annuler",
    params(("id" = String, Path, description = "Identifiant de l'événement ou du lot")),
    responses(
        (status = OK, body = Modification),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn undo(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(Extension<Trace>, Json<Modification>), Problem> {
    let n = server.state.undo_events(visitor.lessor()?, &id, &visitor.author(), state::now()).await?;
    let trace = Trace::new("evenement_annule", id).with("evenements", n);
    Ok((Extension(trace), Json(Modification { demande: server.works.changed() })))
}
