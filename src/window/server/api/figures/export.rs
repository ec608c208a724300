//! `GET /api/export`: the figures of all zones of a scale, in one file.

use std::fs::File;
use std::io::Read;

use axum::body::Body;
use axum::extract::Extension;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::sync::mpsc::Sender;
use tokio_stream::wrappers::ReceiverStream;

use crate::desk::export::{self as desk, Content};
use crate::desk::figures::Question;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::params::SharedParams;
use crate::server::edge::problem::Document;
use crate::server::edge::saved::saved;

/// Bytes of a part of a long file, and parts that may wait to be sent.
const PART: usize = 64 << 10;
const AHEAD: usize = 8;

/// Les chiffres de toutes les zones d'une échelle, en un fichier
///
/// Classeur (`xlsx`), CSV français (`csv`, ou `datapackage` : zip avec sa description), GeoJSON (`geojson`),
/// GeoPackage (`gpkg`), GeoParquet 1.1 (`parquet`), FlatGeobuf (`fgb`) ou tuiles PMTiles (`pmtiles`) : les
/// mêmes chiffres que `/api/zones/{echelle}/{code}`, avec les mêmes droits et le même secret. À droite de
/// chaque chiffre, `…_statut` dit s'il est exact, arrondi, perturbé, secret ou absent ; un secret est vide,
/// jamais 0. `csv` et `parquet` n'ont pas de limite de taille.
#[utoipa::path(
    get, path = "/api/export", tag = "zones", operation_id = "export",
    params(
        ("echelle" = String, Query, description = "Échelle (`/api/catalogue` les liste)"),
        ("dans" = Option<String>, Query, description = "Zone parente, `échelle:code`"),
        ("format" = Option<String>, Query, description = "`xlsx` (par défaut), `csv`, `datapackage`, `geojson`, `gpkg`, `parquet`, `fgb` ou `pmtiles`"),
        ("indicateurs" = Option<String>, Query, description = "Identifiants séparés par des virgules ; tous par défaut"),
        SharedParams,
    ),
    responses(
        (status = OK, description = "Le fichier ; son nom dit l'échelle, le territoire et les années", content(
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (String = "text/csv"),
            (Value = "application/geo+json"),
            (Vec<u8> = "application/geopackage+sqlite3"),
            (Vec<u8> = "application/vnd.apache.parquet"),
            (Vec<u8> = "application/flatgeobuf"),
            (Vec<u8> = "application/vnd.pmtiles"),
            (Vec<u8> = "application/zip"),
        )),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn export(
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<Response, Problem> {
    let echelle = params.required("echelle", "l'échelle dont on veut les zones")?;
    let dans = params.take("dans");
    let format = desk::format(params.take("format").as_deref().unwrap_or("xlsx"))?;
    let indicateurs = params.list("indicateurs");
    let asked = Asked::take(&mut params, app.catalogue)?;
    params.finish()?;
    let question = Question { echelle, dans, asked, indicateurs, places: format.is_map() };
    let work = move || desk::file(&app, &visitor.person, &question, format, &|_, _| ());
    let file = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
    let headers = saved(format.media_type(), &file.name)?;
    let length = file.content.size().map_err(|e| Problem::internal(&e))?;
    let length = [(header::CONTENT_LENGTH, HeaderValue::from(length))];
    Ok((file.trace.map(Extension), headers, length, body(file.content)).into_response())
}

/// What is long goes out as it is read.
pub(super) fn body(content: Content) -> Body {
    match content {
        Content::Bytes(bytes) => bytes.into(),
        Content::Long(file) => {
            let (send, parts) = tokio::sync::mpsc::channel(AHEAD);
            tokio::spawn(sent(file, send));
            Body::from_stream(ReceiverStream::new(parts))
        }
    }
}

/// Reads a file part by part; ends with it, with a fault, or when who asked has left. No thread waits for a
/// slow reader.
async fn sent(mut file: File, to: Sender<std::io::Result<Bytes>>) {
    loop {
        let read = tokio::task::spawn_blocking(move || {
            let mut part = Vec::with_capacity(PART);
            let read = (&mut file).take(PART as u64).read_to_end(&mut part);
            (file, read.map(|_| Bytes::from(part)))
        });
        let Ok((back, part)) = read.await else { return };
        file = back;
        let last = part.as_ref().map_or(true, Bytes::is_empty);
        if part.as_ref().is_ok_and(Bytes::is_empty) || to.send(part).await.is_err() || last {
            return;
        }
    }
}
