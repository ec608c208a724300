//! `PUT /api/objectifs`: the rates of a convention by a file, all or none, with a look at what it would
//! change before it does.

use axum::Json;
use axum::extract::{Extension, State as FromState};

use crate::desk::leases::objectifs_csv::{ImportObjectifs, read};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::CsvBody;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::state;

/// Importer des taux
///
/// Réservé à l'EPCI. CSV (`;`, `,` ou tabulation ; UTF-8 ou Windows-1252) aux colonnes de
/// `/api/modeles/objectif_cia.csv`. Une seule ligne refusée refuse tout le fichier : `erreurs` dit laquelle,
/// sa colonne et sa règle. Une ligne dont la convention fixe déjà le taux le remplace. Avec `essai=true`,
/// rien n'est gardé.
#[utoipa::path(
    put, path = "/api/objectifs", tag = "mixite", operation_id = "objectifs_importer",
    params(("essai" = Option<bool>, Query, description = "Dire ce que le fichier ferait, sans rien changer")),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = OK, body = ImportObjectifs),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn import(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
    CsvBody(body): CsvBody,
) -> Result<(Extension<Vec<Trace>>, Json<ImportObjectifs>), Problem> {
    let trial = params.take("essai").is_some_and(|e| e == "true");
    params.finish()?;
    let known = server.state.objectifs().await?;
    let person = visitor.person.clone();
    let work = move || read(&app, &person, &known, &body);
    let (mut answer, list) = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
    let mut traces = Vec::new();
    if !trial && answer.erreurs.is_empty() {
        server.state.put_objectifs(&list, state::now()).await?;
        answer.enregistre = true;
        traces.push(
            Trace::new("objectifs_importes", list.first().map_or_else(String::new, |(_, t)| t.cia.clone()))
                .with("nouveaux", answer.nouveaux)
                .with("remplaces", answer.remplaces)
                .with(
                    "taux",
                    serde_json::to_value(list.iter().map(|l| &l.1).collect::<Vec<_>>()).unwrap_or_default(),
                )
                .rows(list.len(), false),
        );
    }
    Ok((Extension(traces), Json(answer)))
}
