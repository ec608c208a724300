//! The check of a deposit in the background, and `GET /api/depots/{id}/suivi`, which tells how it goes on.

use std::convert::Infallible;

use crate::desk::lessor::rows;
use crate::french::{counted, thousands};
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use tokio::sync::watch;
use tokio_stream::wrappers::ReceiverStream;

use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::registers::deposit::{self, Kind};
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::background::works::{Avancement, follow};
use crate::server::edge::problem::Document;
use crate::state::{self, Deposit, StatutDepot};
use crate::stock::waves::compare;
use crate::store::Store;

/// Checks a deposit that was noted as being checked; returns at once.
pub fn start(server: &Server, deposit: Deposit, compte: String) {
    let told = server.works.begin_check(&deposit.id);
    let server = server.clone();
    tokio::spawn(async move {
        let id = deposit.id.clone();
        let outcome = {
            let _place = server.works.place().await;
            check(&server, deposit, told).await
        };
        let (to, motif, detail) = match &outcome {
            Ok(summary) => (StatutDepot::Pret, String::new(), summary.clone()),
            Err(why) => (StatutDepot::Echec, why.clone(), why.clone()),
        };
        let noted = async {
            server.state.turn_deposit(&id, &[StatutDepot::Controle], to, &motif).await?;
            server.state.note_deposit(&id, &compte, "controle", &detail, state::now()).await
        };
        if let Err(e) = noted.await {
            tracing::error!("contrôle du dépôt {id} : {e}");
        }
        server.works.end_check(&id);
    });
}

/// Reads the file and keeps what was found; a sentence that sums it up, or why it cannot be read.
async fn check(server: &Server, deposit: Deposit, told: watch::Sender<Avancement>) -> Result<String, String> {
    let folder = server.works.quarantine(&deposit.id);
    let root = server.live.get().root().to_owned();
    let corrections = rows::corrections(&deposit);
    let id = deposit.id.clone();
    let work = move || -> Result<(String, String, String), String> {
        let kind = Kind {
            register: deposit.registre.clone(),
            year: deposit.annee,
            siren: deposit.siren.clone(),
            name: deposit.fichier,
        };
        let progress = |lus, total| told.send_modify(|a| (a.lus, a.total) = (lus, total));
        let report = deposit::check(&folder, &kind, &corrections, &progress)
            .map_err(|e| deposit::plain(&e.to_string(), &folder, &kind.name))?;
        let store = Store::open(&root).map_err(|e| e.to_string())?;
        let comparison = compare(&store, &kind.register, kind.year, &kind.siren, &folder.join("controle"))
            .map_err(|e| e.to_string())?;
        let json = |e: serde_json::Error| e.to_string();
        let summary = format!(
            "{} : {} gardées, {} signalées, {} rejetées",
            counted(report.lignes_lues, "ligne lue", "lignes lues"),
            thousands(report.lignes_gardees),
            thousands(report.lignes_avec_drapeau),
            thousands(report.lignes_rejetees)
        );
        Ok((
            serde_json::to_string(&report).map_err(json)?,
            serde_json::to_string(&comparison).map_err(json)?,
            summary,
        ))
    };
    let (report, comparison, summary) = tokio::task::spawn_blocking(work).await.map_err(|e| {
        tracing::error!("contrôle du dépôt {id} : {e}");
        "Le contrôle s'est arrêté sur une erreur du programme ; le journal du serveur en donne la cause."
            .to_owned()
    })??;
    server.state.checked_deposit(&id, &report, &comparison).await.map_err(|e| e.to_string())?;
    Ok(summary)
}

/// Suivre le contrôle d'un dépôt
///
/// Événements (text/event-stream) : octets lus et total, jusqu'à `fini`.
#[utoipa::path(
    get, path = "/api/depots/{id}/suivi", tag = "bailleur", operation_id = "depot_suivi",
    params(("id" = String, Path, description = "Identifiant du dépôt")),
    responses(
        (status = OK, body = Avancement, content_type = "text/event-stream"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn progress(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
    params: Params,
) -> Result<Sse<ReceiverStream<Result<Event, Infallible>>>, Problem> {
    params.finish()?;
    server.state.deposit(visitor.lessor()?, &id).await?;
    let over = || watch::Sender::new(Avancement { fini: true, ..Avancement::default() }).subscribe();
    Ok(follow(server.works.check(&id).unwrap_or_else(over), |a| a.fini))
}

/// Recommencer le contrôle d'un dépôt
///
/// Après un arrêt du serveur, ou quand les données en vigueur ont changé.
#[utoipa::path(
    post, path = "/api/depots/{id}/controle", tag = "bailleur", operation_id = "depot_controler",
    params(("id" = String, Path, description = "Identifiant du dépôt")),
    responses(
        (status = ACCEPTED, description = "Le contrôle commence"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn again(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    restart(&server, visitor.lessor()?, &id, &visitor.author()).await?;
    Ok((StatusCode::ACCEPTED, Extension(Trace::new("depot_controle", id))))
}

/// Checks a deposit anew, unless it is being checked here or has left the quarantine.
pub async fn restart(server: &Server, siren: &str, id: &str, compte: &str) -> Result<(), Problem> {
    let deposit = server.state.deposit(siren, id).await?;
    let running = server.works.check(id).is_some();
    let from = [StatutDepot::Pret, StatutDepot::Echec, StatutDepot::Controle];
    if running || !server.state.turn_deposit(id, &from, StatutDepot::Controle, "").await? {
        return Err(Problem::value("id", id, "Ce dépôt est en cours de contrôle, déjà accepté ou retiré."));
    }
    start(server, deposit, compte.to_owned());
    Ok(())
}
