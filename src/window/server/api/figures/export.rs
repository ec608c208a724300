//! `GET /api/export`: the figures of all zones of a scale, in one file.

use axum::extract::Extension;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::desk::figures::{self, Question};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::desk::trace::Trace;
use crate::publish::{Format, Place, name};
use crate::reference::access::Class;
use crate::reference::publication::publication;
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
    let format = params.take("format").unwrap_or_else(|| "xlsx".to_owned());
    let format = Format::of(&format)
        .ok_or_else(|| Problem::unknown("format", &format, Format::ALL.map(|(id, _)| id)))?;
    let indicateurs = params.list("indicateurs");
    let asked = Asked::take(&mut params, app.catalogue)?;
    params.finish()?;
    let question = Question { echelle, dans, asked, indicateurs, places: format.is_map() };
    let work = move || {
        figures::read(&app, &visitor.person, &question, |reading| {
            bounded(reading.zones.len(), reading.indicators.len())?;
            let table = reading.table(&reading.zones)?;
            let drawn = table.rows.iter().any(|r| matches!(r.place, Some(Place::Area(_) | Place::Point(_))));
            if format.is_map() && !drawn {
                let detail = "Cette échelle n'a pas de contours ici : demandez « xlsx » ou « csv ».";
                return Err(Problem::value("format", format.extension(), detail));
            }
            let bytes = format.write(&table).map_err(|e| Problem::internal(&e))?;
            let secret = table.rows.iter().flat_map(|r| &r.figures).any(|f| f.secret);
            let trace = (reading.class() != Class::Large).then(|| {
                Trace::new("export", question.echelle.as_str())
                    .with("dans", question.dans.clone())
                    .with("format", format.extension())
                    .with("question", reading.as_asked())
                    .rows(table.rows.len(), secret)
            });
            let named = format!("attachment; filename=\"{}\"", name::of(&table, format));
            let named = HeaderValue::from_str(&named).map_err(|e| Problem::internal(&e))?;
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static(format.media_type())),
                (header::CONTENT_DISPOSITION, named),
            ];
            Ok((trace.map(Extension), headers, bytes).into_response())
        })
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

/// What one file may hold.
fn bounded(zones: usize, indicators: usize) -> Result<(), Problem> {
    let most = publication().fichier.chiffres_max;
    if zones * indicators <= most {
        return Ok(());
    }
    let detail = format!(
        "Le fichier aurait {zones} zones et {indicators} indicateurs, soit {} chiffres ; {most} au plus : donnez un territoire \
            (« dans ») ou moins d'indicateurs.",
        zones * indicators
    );
    Err(Problem::value("dans", &zones.to_string(), detail))
}
