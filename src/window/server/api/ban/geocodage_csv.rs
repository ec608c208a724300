//! `POST /search/csv`, `POST /reverse/csv`: a file of addresses or of points goes out with answers, as the
//! BAN API does.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::{FromRequest, Request, State as FromState};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa::ToSchema;

use crate::desk::editions::App;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::geocode::Geocoder;
use crate::geocode::table::{self, Options, TableError};
use crate::reference::geocodage::geocodage;
use crate::server::api::ban::geocodage_distant::Remote;
use crate::server::edge::body::BODY_LIMIT;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::saved::csv_headers;

/// Le fichier et ce qu'on en demande, en `multipart/form-data`.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "its fields are the documentation; `read` reads the values")]
pub struct FormulaireCsv {
    /// Fichier CSV (UTF-8 ou Windows-1252), avec une ligne de titres.
    #[schema(format = Binary, content_media_type = "text/csv")]
    pub data: String,
    /// Colonnes qui composent l'adresse, dans l'ordre ; toutes par défaut (recherche par texte seulement).
    pub columns: Option<Vec<String>>,
    /// Colonne du code postal, du code Insee ou du type que les réponses doivent avoir.
    pub postcode: Option<String>,
    pub citycode: Option<String>,
    pub r#type: Option<String>,
    /// Colonnes de la latitude et de la longitude.
    pub lat: Option<String>,
    pub lon: Option<String>,
    /// Colonnes de résultat à ajouter ; toutes par défaut.
    pub result_columns: Option<Vec<String>>,
    /// Séparateur ; reconnu s'il n'est pas dit.
    pub delimiter: Option<String>,
    /// Ignoré : l'encodage est reconnu.
    pub encoding: Option<String>,
    /// `true` : commencer par la marque que les tableurs reconnaissent.
    pub with_bom: Option<String>,
}

impl From<TableError> for Problem {
    fn from(e: TableError) -> Self {
        let mut text = e.to_string();
        if let Some(first) = text.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Self::body(format!("{text}."))
    }
}

/// Reads the form: the file's name, its bytes, and what is asked of it.
async fn read(form: Result<Multipart, MultipartRejection>) -> Result<(String, Bytes, Options), Problem> {
    let mut form = form.map_err(|_| Problem::media_type("multipart/form-data"))?;
    let fault = |e: axum::extract::multipart::MultipartError| match e.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(BODY_LIMIT),
        _ => Problem::body("Le formulaire est illisible ou s'est interrompu avant la fin."),
    };
    let (mut data, mut options) = (None, Options::default());
    while let Some(field) = form.next_field().await.map_err(fault)? {
        let name = field.name().unwrap_or("").to_owned();
        if name == "data" {
            let file = field.file_name().unwrap_or("adresses.csv").to_owned();
            data = Some((file, field.bytes().await.map_err(fault)?));
            continue;
        }
        let value = field.text().await.map_err(fault)?;
        let some = Some(value.clone()).filter(|v| !v.is_empty());
        match name.as_str() {
            "columns" => options.columns.extend(some),
            "result_columns" => options.result_columns.extend(some),
            "postcode" => options.postcode = some,
            "citycode" => options.citycode = some,
            "type" => options.kind = some,
            "lat" => options.lat = some,
            "lon" => options.lon = some,
            "with_bom" => options.with_bom = matches!(value.as_str(), "1" | "true" | "True"),
            "delimiter" => match value.as_bytes() {
                [] => {}
                [one] => options.delimiter = Some(*one),
                _ => {
                    return Err(Problem::value(
                        "delimiter",
                        &value,
                        "Le séparateur est un seul caractère, par exemple « ; ».",
                    ));
                }
            },
            "encoding" | "index" | "indexes" => {}
            other => {
                let known = [
                    "data",
                    "columns",
                    "postcode",
                    "citycode",
                    "type",
                    "lat",
                    "lon",
                    "result_columns",
                    "delimiter",
                    "encoding",
                    "with_bom",
                ];
                return Err(Problem::unknown("champ", other, known));
            }
        }
    }
    let (file, bytes) = data.ok_or_else(|| Problem::missing("data", "le fichier CSV"))?;
    Ok((file, bytes, options))
}

type Work = fn(&Geocoder, &[u8], &Options, usize) -> Result<(Vec<u8>, usize), TableError>;

async fn convert(
    app: Arc<App>,
    form: Result<Multipart, MultipartRejection>,
    action: &'static str,
    work: Work,
) -> Result<Response, Problem> {
    let (file, bytes, options) = read(form).await?;
    let task = move || -> Result<(Vec<u8>, usize), Problem> {
        let geocoder = app.geocoder()?;
        Ok(work(&geocoder, &bytes, &options, geocodage().limites.lignes)?)
    };
    let (csv, rows) = tokio::task::spawn_blocking(task).await.map_err(|e| Problem::internal(&e))??;
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let stem: String = file.trim_end_matches(".csv").chars().filter(plain).collect();
    let headers = csv_headers(&format!("{stem}.geocoded.csv"))?;
    Ok((Extension(Trace::new(action, "").rows(rows, false)), headers, csv).into_response())
}

/// Géocoder un fichier d'adresses
///
/// Compatible avec l'API BAN (`/search/csv`) : le même fichier revient avec les colonnes `latitude`,
/// `longitude`, `result_label`, `result_score`, … ; `result_status` vaut `ok`, `not-found` ou `skipped`. Au
/// plus 100 000 lignes et 10 Mo.
#[utoipa::path(
    post, path = "/search/csv", tag = "adresses", operation_id = "adresses_chercher",
    request_body(content = FormulaireCsv, content_type = "multipart/form-data"),
    responses(
        (status = OK, body = String, content_type = "text/csv"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = PAYLOAD_TOO_LARGE, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn search(
    Current(app): Current,
    FromState(remote): FromState<Option<Remote>>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    run(app, remote, headers, request, "search/csv", "adresses_chercher", table::search).await
}

/// Trouver les adresses d'un fichier de points
///
/// Compatible avec l'API BAN (`/reverse/csv`) : colonnes `latitude` et `longitude` (ou `lat` et `lon`) ; les
/// colonnes `result_latitude`, `result_longitude`, `result_distance`, `result_label`, … sont ajoutées.
#[utoipa::path(
    post, path = "/reverse/csv", tag = "adresses", operation_id = "adresses_situer",
    request_body(content = FormulaireCsv, content_type = "multipart/form-data"),
    responses(
        (status = OK, body = String, content_type = "text/csv"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = PAYLOAD_TOO_LARGE, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn reverse(
    Current(app): Current,
    FromState(remote): FromState<Option<Remote>>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    run(app, remote, headers, request, "reverse/csv", "adresses_situer", table::reverse).await
}

async fn run(
    app: Arc<App>,
    remote: Option<Remote>,
    headers: HeaderMap,
    request: Request,
    path: &str,
    action: &'static str,
    work: Work,
) -> Result<Response, Problem> {
    if let Some(remote) = remote {
        let kind = headers
            .get(header::CONTENT_TYPE)
            .cloned()
            .ok_or_else(|| Problem::media_type("multipart/form-data"))?;
        let body = Bytes::from_request(request, &()).await.map_err(|_| Problem::too_large(BODY_LIMIT))?;
        return remote.csv(path, &kind, body).await;
    }
    let form = Multipart::from_request(request, &()).await;
    convert(app, form, action, work).await
}
