//! `POST /api/situation`: a CSV file comes in, the same file goes out with the places added as columns.

use axum::response::{IntoResponse, Response};

use crate::desk::figures::situation_csv::convert;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::reference::situation::situation as rules;
use crate::server::edge::body::CsvBody;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::saved::csv_headers;

/// Situation d'un fichier de points
///
/// Corps CSV (`;`, `,` ou tabulation, UTF-8 ou Windows-1252) avec une ligne de titres : colonnes `lon` et
/// `lat`, ou `x`, `y` et `epsg` (2154 par défaut) ; `qualite` facultative ; toute autre colonne est gardée.
/// La réponse est le même fichier, en UTF-8, avec des colonnes ajoutées ; `situation_erreur` dit pourquoi une
/// ligne n'a pas de réponse.
#[utoipa::path(
    post, path = "/api/situation", tag = "situation", operation_id = "situations",
    params(("epsg" = Option<u16>, Query, description = "Système de `x` et `y` quand le fichier n'a pas de \
        colonne `epsg`"),
           ("millesime" = Option<u16>, Query, description = "Millésime du RPLS ; par défaut le dernier")),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = OK, body = String, content_type = "text/csv"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = PAYLOAD_TOO_LARGE, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn situations(
    Current(app): Current,
    mut params: Params,
    CsvBody(body): CsvBody,
) -> Result<Response, Problem> {
    let epsg = params.number::<u16>("epsg")?.unwrap_or(rules().epsg_defaut);
    let millesime = params.number("millesime")?;
    params.finish()?;
    let loaded = Asked { millesime, ..Asked::default() }.resolve(&app)?.loaded;
    let answer = tokio::task::spawn_blocking(move || convert(&loaded, &body, epsg))
        .await
        .map_err(|e| Problem::internal(&e))??;
    Ok((csv_headers("situation.csv")?, answer).into_response())
}
