//! `GET /api/modeles`: empty files to start from, their Table Schema and CSVW; and `GET /api/travaux`.

use std::convert::Infallible;

use axum::extract::{Path, State as FromState};
use axum::http::HeaderValue;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use tokio_stream::wrappers::ReceiverStream;

use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::templates::{SCHEMAS, described, example};
use crate::server::app::Server;
use crate::server::background::works::{Travaux, follow};
use crate::server::edge::problem::Document;
use crate::server::edge::saved::csv_headers;

/// What may follow the name of a template.
const KINDS: [&str; 3] = ["csv", "schema.json", "csv-metadata.json"];

/// Modèle de fichier
///
/// `ops_reponse.csv`, `rpls_logement.csv`, `objectif_cia.csv`, `flux_evenement.csv`… : un en-tête et une
/// ligne d'exemple.
/// `….schema.json` : leur schéma (Table Schema) ; `….csv-metadata.json` : le même en CSVW.
#[utoipa::path(
    get, path = "/api/modeles/{nom}", tag = "bailleur", operation_id = "modele",
    params(("nom" = String, Path, description = "ops_reponse, rpls_logement, objectif_cia, flux_convention, flux_droit, \
        flux_assiette ou flux_evenement, suivi de .csv, .schema.json ou .csv-metadata.json")),
    responses(
        (status = OK, body = String, content_type = "text/csv"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn template(Path(nom): Path<String>, params: Params) -> Result<Response, Problem> {
    params.finish()?;
    let known = || SCHEMAS.iter().flat_map(|(n, _)| KINDS.map(|kind| format!("{n}.{kind}")));
    let absent = || Problem::unknown("nom", &nom, known()).in_path();
    let (stem, kind) = nom.split_once('.').ok_or_else(absent)?;
    let (_, schema) = SCHEMAS.iter().find(|(n, _)| *n == stem).ok_or_else(absent)?;
    let mut headers = csv_headers(&nom)?;
    let text = match kind {
        "schema.json" => {
            headers[0].1 = HeaderValue::from_static("application/json");
            (*schema).to_owned()
        }
        "csv-metadata.json" => {
            headers[0].1 = HeaderValue::from_static("application/csvm+json");
            described(stem, schema).map_err(|e| Problem::internal(&e))?
        }
        "csv" => example(schema).map_err(|e| Problem::internal(&e))?,
        _ => return Err(absent()),
    };
    Ok((headers, text).into_response())
}

/// Suivre la mise à jour des chiffres
///
/// Événements (text/event-stream) jusqu'à ce que les chiffres montrent la dernière modification demandée.
#[utoipa::path(
    get, path = "/api/travaux", tag = "bailleur", operation_id = "travaux",
    responses((status = OK, body = Travaux, content_type = "text/event-stream"))
)]
pub async fn figures(
    FromState(server): FromState<Server>,
    params: Params,
) -> Result<Sse<ReceiverStream<Result<Event, Infallible>>>, Problem> {
    params.finish()?;
    Ok(follow(server.works.figures(), |t| !t.en_cours))
}
