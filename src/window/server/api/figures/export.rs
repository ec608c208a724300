//! `GET /api/export`: the figures of all zones of a scale, in one file.

use axum::extract::Extension;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::desk::export as desk;
use crate::desk::figures::Question;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::params::SharedParams;
use crate::server::edge::problem::Document;

/// Les chiffres de toutes les zones d'une échelle, en un fichier
///
/// Classeur (`xlsx`), CSV français (`csv`), GeoJSON (`geojson`) ou GeoPackage (`gpkg`) : les mêmes chiffres
/// que `/api/zones/{echelle}/{code}`, avec les mêmes droits et le même secret. À droite de chaque chiffre,
/// `…_statut` dit s'il est exact, arrondi, perturbé, secret ou absent ; un secret est vide, jamais 0.
#[utoipa::path(
    get, path = "/api/export", tag = "zones", operation_id = "export",
    params(
        ("echelle" = String, Query, description = "Échelle (`/api/catalogue` les liste)"),
        ("dans" = Option<String>, Query, description = "Zone parente, `échelle:code`"),
        ("format" = Option<String>, Query, description = "`xlsx` (par défaut), `csv`, `geojson` ou `gpkg`"),
        ("indicateurs" = Option<String>, Query, description = "Identifiants séparés par des virgules ; tous par défaut"),
        SharedParams,
    ),
    responses(
        (status = OK, description = "Le fichier ; son nom dit l'échelle, le territoire et les années", content(
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (String = "text/csv"),
            (Value = "application/geo+json"),
            (Vec<u8> = "application/geopackage+sqlite3"),
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
    let work = move || desk::file(&app, &visitor.person, &question, format);
    let file = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
    let named = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", file.name))
        .map_err(|e| Problem::internal(&e))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(format.media_type())),
        (header::CONTENT_DISPOSITION, named),
    ];
    Ok((file.trace.map(Extension), headers, file.bytes).into_response())
}
