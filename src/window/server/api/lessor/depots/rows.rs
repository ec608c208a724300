//! The rows of a deposit that have a finding, what the findings are, and their corrections.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use utoipa::IntoParams;

use crate::desk::lessor::rows::{
    CorrectionsDepot, Found, LigneDepot, LignesDepot, checked, contents, corrections, findings,
};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::french::counted;
use crate::publish::csv_file;
use crate::registers::mend::{self, Corrections};
use crate::server::api::lessor::depots::check;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::{Body, CsvBody};
use crate::server::edge::problem::Document;
use crate::server::edge::saved::csv_headers;
use crate::state;

/// Quelles lignes (documentation de l'interface).
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are the documentation; `Params` reads the values")]
pub struct LignesParams {
    /// `rejet` (par défaut) ou `drapeau`.
    pub niveau: Option<String>,
    /// Une règle.
    pub regle: Option<String>,
    /// Page : 50 lignes par défaut, 500 au plus.
    pub limite: Option<usize>,
    pub decalage: Option<usize>,
}

/// Lignes d'un dépôt qui ne vont pas
#[utoipa::path(
    get, path = "/api/depots/{id}/lignes", tag = "bailleur", operation_id = "depot_lignes",
    params(("id" = String, Path, description = "Identifiant du dépôt"), LignesParams),
    responses(
        (status = OK, body = LignesDepot),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
    mut params: Params,
) -> Result<Json<LignesDepot>, Problem> {
    let niveau = params.take("niveau").unwrap_or_else(|| "rejet".to_owned());
    let regle = params.take("regle");
    let limite = params.number::<usize>("limite")?.unwrap_or(50).clamp(1, 500);
    let decalage = params.number::<usize>("decalage")?.unwrap_or(0);
    params.finish()?;
    if !["rejet", "drapeau"].contains(&niveau.as_str()) {
        return Err(Problem::unknown("niveau", &niveau, ["rejet", "drapeau"]));
    }
    let deposit = checked(&server.state, visitor.lessor()?, &id).await?;
    let folder = server.works.quarantine(&id).join("controle");
    let corrected = corrections(&deposit);
    let read = move || -> Result<LignesDepot, csv::Error> {
        let found = findings(&folder, &niveau, regle.as_deref())?;
        let total = found.len();
        let page: Found = found.into_iter().skip(decalage).take(limite).collect();
        let (colonnes, mut rows) = contents(&folder, &page.keys().copied().collect())?;
        let lignes = page.into_iter().map(|(ligne, constats)| LigneDepot {
            valeurs: rows.remove(&ligne).unwrap_or_default(),
            corrigees: corrected.get(&ligne).map(|c| c.keys().cloned().collect()).unwrap_or_default(),
            ligne,
            constats,
        });
        Ok(LignesDepot { total, lignes: lignes.collect(), colonnes })
    };
    let answer = tokio::task::spawn_blocking(read).await.map_err(|e| Problem::internal(&e))?;
    Ok(Json(answer.map_err(|e| Problem::internal(&e))?))
}

/// Lignes rejetées d'un dépôt, en CSV
///
/// À corriger puis à redéposer seules : la colonne `ligne` les replace, `constat` dit ce qui ne va pas.
#[utoipa::path(
    get, path = "/api/depots/{id}/rejets.csv", tag = "bailleur", operation_id = "depot_rejets",
    params(("id" = String, Path, description = "Identifiant du dépôt")),
    responses(
        (status = OK, body = String, content_type = "text/csv"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn csv(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    checked(&server.state, visitor.lessor()?, &id).await?;
    let folder = server.works.quarantine(&id).join("controle");
    let read = move || -> Result<(usize, Vec<u8>), csv::Error> {
        let found = findings(&folder, "rejet", None)?;
        let (columns, rows) = contents(&folder, &found.keys().copied().collect())?;
        let mut out = csv::WriterBuilder::new()
            .delimiter(b';')
            .flexible(true)
            .from_writer(csv_file::MARK.as_bytes().to_vec());
        out.write_record(["ligne", "constat"].into_iter().chain(columns.iter().map(String::as_str)))?;
        for (line, cells) in &rows {
            let said: Vec<String> = found
                .get(line)
                .map(|l| l.iter().map(|f| format!("{} : {}", f.colonne, f.message)).collect())
                .unwrap_or_default();
            let head = [line.to_string(), said.join(" ")];
            out.write_record(head.iter().chain(cells))?;
        }
        Ok((rows.len(), csv_file::bytes(out)?))
    };
    let (n, text) = tokio::task::spawn_blocking(read)
        .await
        .map_err(|e| Problem::internal(&e))?
        .map_err(|e| Problem::internal(&e))?;
    let headers = csv_headers("lignes-a-corriger.csv")?;
    Ok((Extension(Trace::new("export", format!("rejets du dépôt {id}")).rows(n, false)), headers, text)
        .into_response())
}

/// Corriger des lignes d'un dépôt
///
/// Les cellules données remplacent celles du fichier ; le contrôle recommence. Une valeur nulle n'est pas
/// possible : donner un texte vide.
#[utoipa::path(
    post, path = "/api/depots/{id}/corrections", tag = "bailleur", operation_id = "depot_corriger",
    params(("id" = String, Path, description = "Identifiant du dépôt")), request_body = CorrectionsDepot,
    responses(
        (status = ACCEPTED, description = "Le contrôle recommence"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn correct(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
    Body(asked): Body<CorrectionsDepot>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    merge(&server, visitor.lessor()?, &id, &visitor.author(), asked.lignes).await
}

/// Redéposer des lignes corrigées
///
/// Un CSV qui a une colonne `ligne` et les colonnes à remplacer (le fichier des lignes rejetées, corrigé).
#[utoipa::path(
    put, path = "/api/depots/{id}/corrections", tag = "bailleur", operation_id = "depot_corriger_csv",
    params(("id" = String, Path, description = "Identifiant du dépôt")),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = ACCEPTED, description = "Le contrôle recommence"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn correct_csv(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
    CsvBody(bytes): CsvBody,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    let siren = visitor.lessor()?;
    checked(&server.state, siren, &id).await?;
    let path = server.works.quarantine(&id).join("lignes-corrigees.csv");
    let read = move || -> Result<Corrections, String> {
        std::fs::write(&path, &bytes).map_err(|e| e.to_string())?;
        mend::read(&path)
            .map_err(|e| e.to_string().replace(&path.display().to_string(), "lignes-corrigees.csv"))
    };
    let lines = tokio::task::spawn_blocking(read)
        .await
        .map_err(|e| Problem::internal(&e))?
        .map_err(|why| Problem::body(format!("{why}.")))?;
    merge(&server, siren, &id, &visitor.author(), lines).await
}

async fn merge(
    server: &Server,
    siren: &str,
    id: &str,
    compte: &str,
    lines: Corrections,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    let deposit = checked(&server.state, siren, id).await?;
    if lines.is_empty() {
        return Err(Problem::missing("lignes", "au moins une ligne corrigée"));
    }
    let folder = server.works.quarantine(id).join("controle");
    let columns = tokio::task::spawn_blocking(move || contents(&folder, &BTreeSet::new()))
        .await
        .map_err(|e| Problem::internal(&e))?
        .map_err(|e| Problem::internal(&e))?
        .0;
    mend::check(&lines, &columns).map_err(|e| Problem::body(format!("{e}.")))?;
    let mut all = corrections(&deposit);
    let n = lines.len();
    for (line, cells) in lines {
        all.entry(line).or_default().extend(cells);
    }
    let json = serde_json::to_string(&all).map_err(|e| Problem::internal(&e))?;
    server.state.correct_deposit(id, &json).await?;
    let done = counted(n as u64, "ligne corrigée", "lignes corrigées");
    server.state.note_deposit(id, compte, "correction", &done, state::now()).await?;
    check::restart(server, siren, id, compte).await?;
    Ok((StatusCode::ACCEPTED, Extension(Trace::new("depot_corrige", id).with("lignes", n))))
}
