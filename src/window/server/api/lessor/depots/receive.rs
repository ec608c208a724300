//! `POST /api/depots`: a file streamed to its quarantine folder, hashed on the way; its check begins at once.

use std::io::Write;
use std::path::Path;

use super::check;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, State as FromState};
use axum::http::StatusCode;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use utoipa::IntoParams;

use crate::desk::params::{Params, file_name};
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::reference::depots::Deposits;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::problem::Document;
use crate::server::edge::receipts::Cree;
use crate::state::{self, NewDeposit, State};

/// Ce qu'est le fichier (documentation de l'interface).
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are the documentation; `Params` reads the values")]
pub struct DepotParams {
    /// `rpls` ou `ops`.
    pub registre: String,
    /// Millésime du RPLS ou vague de l'OPS.
    pub annee: u16,
    /// Nom du fichier.
    pub fichier: String,
}

/// Years that a file may be of.
const YEARS: std::ops::RangeInclusive<u16> = 2009..=2100;

/// Déposer un fichier
///
/// RPLS ou OPS de votre organisme : CSV, classeur XLSX, zip ou gzip, tel quel dans le corps de la requête. Le
/// contrôle commence aussitôt ; rien ne change dans les chiffres avant l'acceptation.
#[utoipa::path(
    post, path = "/api/depots", tag = "bailleur", operation_id = "depot_deposer", params(DepotParams),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = CREATED, body = Cree),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = PAYLOAD_TOO_LARGE, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn receive(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    mut params: Params,
    body: Body,
) -> Result<(StatusCode, Extension<Trace>, Json<Cree>), Problem> {
    let siren = visitor.lessor()?.to_owned();
    let registre = params.required("registre", "rpls ou ops")?;
    let annee: u16 = params
        .number("annee")?
        .ok_or_else(|| Problem::missing("annee", "le millésime ou la vague, par exemple 2024"))?;
    let fichier = params.required("fichier", "le nom du fichier")?;
    params.finish()?;
    if !["rpls", "ops"].contains(&registre.as_str()) {
        return Err(Problem::unknown("registre", &registre, ["rpls", "ops"]));
    }
    if !YEARS.contains(&annee) {
        return Err(Problem::value(
            "annee",
            &annee.to_string(),
            "Une année a quatre chiffres, de 2009 à 2100.",
        ));
    }
    let fichier = file_name(&fichier, 120);
    let id = State::deposit_id()?;
    let folder = server.works.quarantine(&id);
    let limit = Deposits::embedded().map_err(|e| Problem::internal(&e))?.octets_max;
    make(&folder).map_err(|e| Problem::internal(&e))?;
    let stored = store(&folder.join("recu"), limit, body).await;
    let (octets, empreinte) = match stored {
        Ok(done) => done,
        Err(problem) => {
            // What came of it is of no use.
            let _ = std::fs::remove_dir_all(&folder);
            return Err(problem);
        }
    };
    let new = NewDeposit {
        id: &id,
        registre: &registre,
        annee,
        siren: &siren,
        fichier: &fichier,
        octets,
        empreinte: &empreinte,
    };
    server.state.add_deposit(&new, &visitor.author(), state::now()).await?;
    let deposit = server.state.deposit(&siren, &id).await?;
    check::start(&server, deposit, visitor.author());
    let trace = Trace::new("depot", id.clone())
        .with("registre", registre)
        .with("annee", annee)
        .with("fichier", fichier)
        .with("empreinte", empreinte);
    Ok((StatusCode::CREATED, Extension(trace), Json(Cree { id })))
}

fn make(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Streams a body to a new file, `limit` bytes at the most; its size and hash. Chunks wait for the disk, so
/// memory stays bounded.
pub(in crate::server) async fn store(path: &Path, limit: u64, body: Body) -> Result<(u64, String), Problem> {
    let path = path.to_owned();
    let (sender, mut chunks) = mpsc::channel::<Bytes>(16);
    let writing = tokio::task::spawn_blocking(move || -> std::io::Result<(u64, String)> {
        let mut file = std::fs::File::create(path)?;
        let (mut hasher, mut n) = (blake3::Hasher::new(), 0u64);
        while let Some(chunk) = chunks.blocking_recv() {
            hasher.update(&chunk);
            n += chunk.len() as u64;
            file.write_all(&chunk)?;
        }
        file.sync_all()?;
        Ok((n, hasher.finalize().to_hex().to_string()))
    });
    let (mut stream, mut n) = (body.into_data_stream(), 0u64);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk
            .map_err(|_| Problem::body("L'envoi du fichier s'est interrompu avant la fin : recommencez."))?;
        n += chunk.len() as u64;
        if n > limit {
            return Err(Problem::too_large(usize::try_from(limit).unwrap_or(usize::MAX)));
        }
        if sender.send(chunk).await.is_err() {
            break;
        }
    }
    drop(sender);
    let written = writing.await.map_err(|e| Problem::internal(&e))?.map_err(|e| Problem::internal(&e))?;
    if written.0 == 0 {
        return Err(Problem::body("Le fichier est vide."));
    }
    Ok(written)
}
