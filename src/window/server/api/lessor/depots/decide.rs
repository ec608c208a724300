//! Accepting and withdrawing a deposit: the only moments when it changes what the store holds.

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};

use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::french::counted;
use crate::registers::report::Report;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::problem::Document;
use crate::server::edge::receipts::Modification;
use crate::state::{self, Deposit, StatutDepot};
use crate::stock::parts::{deposit_key, deposit_register};

/// Accepter un dépôt
///
/// Ses lignes prennent la place de celles du bailleur pour cette année ; les chiffres sont refaits aussitôt.
#[utoipa::path(
    post, path = "/api/depots/{id}/acceptation", tag = "bailleur", operation_id = "depot_accepter",
    params(("id" = String, Path, description = "Identifiant du dépôt")),
    responses(
        (status = OK, body = Modification),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn accept(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(Extension<Trace>, Json<Modification>), Problem> {
    let (siren, compte) = (visitor.lessor()?, visitor.author());
    let deposit = server.state.deposit(siren, &id).await?;
    let report: Report = serde_json::from_str(&deposit.rapport).map_err(|_| not_ready(&id))?;
    if report.lignes_gardees == 0 {
        return Err(Problem::value(
            "id",
            &id,
            "Aucune ligne de ce dépôt n'est gardée : il n'y a rien à accepter.",
        ));
    }
    if !server.state.turn_deposit(&id, &[StatutDepot::Pret], StatutDepot::Accepte, "").await? {
        return Err(not_ready(&id));
    }
    let counts = (report.lignes_gardees, report.lignes_rejetees);
    if let Err(problem) = publish(&server, &id, report).await {
        server.state.turn_deposit(&id, &[StatutDepot::Accepte], StatutDepot::Pret, "").await?;
        return Err(problem);
    }
    let now = state::now();
    let same = |d: &&Deposit| d.id != id && d.registre == deposit.registre && d.annee == deposit.annee;
    for former in server.state.deposits(siren).await?.iter().filter(same) {
        if server.state.turn_deposit(&former.id, &[StatutDepot::Accepte], StatutDepot::Remplace, "").await? {
            server.state.note_deposit(&former.id, &compte, "remplacement", &deposit.fichier, now).await?;
        }
    }
    server
        .state
        .note_deposit(
            &id,
            &compte,
            "acceptation",
            &counted(counts.0, "ligne en vigueur", "lignes en vigueur"),
            now,
        )
        .await?;
    forget(&server, &id);
    let trace = Trace::new("depot_accepte", id)
        .with("registre", deposit.registre)
        .with("annee", deposit.annee)
        .with("empreinte", deposit.empreinte)
        .with("gardees", counts.0)
        .with("rejetees", counts.1);
    Ok((Extension(trace), Json(Modification { demande: server.works.changed() })))
}

fn not_ready(id: &str) -> Problem {
    Problem::value(
        "id",
        id,
        "Ce dépôt n'est pas prêt : attendez la fin de son contrôle, ou voyez pourquoi il a échoué.",
    )
}

/// Moves the checked tables into the store.
async fn publish(server: &Server, id: &str, report: Report) -> Result<(), Problem> {
    let (works, from) = (server.works.clone(), server.works.quarantine(id).join("controle"));
    let work = move || -> Result<(), String> {
        let mut writer = works.writer().map_err(|e| e.to_string())?;
        let folder = writer.temporary().map_err(|e| e.to_string())?;
        for entry in std::fs::read_dir(&from).map_err(|e| e.to_string())? {
            let entry = entry.map_err(|e| e.to_string())?;
            // Rows as they came stay out of the store.
            if entry.file_name() != "lignes.csv" {
                std::fs::copy(entry.path(), folder.path().join(entry.file_name()))
                    .map_err(|e| e.to_string())?;
            }
        }
        writer.publish(folder, report).map_err(|e| e.to_string())?;
        Ok(())
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Problem::internal(&e))?
        .map_err(|e| Problem::internal(&e))
}

/// Retirer un dépôt
///
/// Avant son acceptation, il disparaît. Après, les lignes d'avant (fichier général) reprennent leur place et
/// les chiffres sont refaits.
#[utoipa::path(
    delete, path = "/api/depots/{id}", tag = "bailleur", operation_id = "depot_retirer",
    params(("id" = String, Path, description = "Identifiant du dépôt")),
    responses(
        (status = OK, body = Modification),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn withdraw(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
) -> Result<(Extension<Trace>, Json<Modification>), Problem> {
    let siren = visitor.lessor()?;
    let deposit = server.state.deposit(siren, &id).await?;
    if server.works.check(&id).is_some() {
        return Err(Problem::value("id", &id, "Attendez la fin du contrôle."));
    }
    let mut demande = 0;
    if deposit.statut == StatutDepot::Accepte {
        let works = server.works.clone();
        let (register, key) = (deposit_register(&deposit.registre), deposit_key(deposit.annee, siren));
        let work = move || works.writer().and_then(|mut w| w.withdraw(&register, &key));
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|e| Problem::internal(&e))?
            .map_err(|e| Problem::internal(&e))?;
        demande = server.works.changed();
    }
    let from = [StatutDepot::Controle, StatutDepot::Pret, StatutDepot::Echec, StatutDepot::Accepte];
    if !server.state.turn_deposit(&id, &from, StatutDepot::Retire, "").await? {
        return Err(Problem::value("id", &id, "Ce dépôt a déjà été remplacé ou retiré."));
    }
    server.state.note_deposit(&id, &visitor.author(), "retrait", "", state::now()).await?;
    forget(&server, &id);
    let trace =
        Trace::new("depot_retire", id).with("registre", deposit.registre).with("annee", deposit.annee);
    Ok((Extension(trace), Json(Modification { demande })))
}

/// What was deposited is not kept longer than it serves.
fn forget(server: &Server, id: &str) {
    if let Err(e) = std::fs::remove_dir_all(server.works.quarantine(id)) {
        tracing::warn!("quarantaine du dépôt {id} : {e}");
    }
}
