//! `POST /api/attributions/controle/csv`: a whole commission, one line a file; lines that cannot be read are
//! named, the others checked.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::response::{IntoResponse, Response};

use crate::desk::leases::controle::answer::Commission;
use crate::desk::leases::controle::csv::{check, written};
use crate::desk::leases::controle::level::Checks;
use crate::desk::leases::rates;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::CsvBody;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::saved::csv_headers;

/// Contrôler une commission entière
///
/// Le fichier a les colonnes du fichier des attributions (`data/schemas/attribution.schema.json`), et si l'on
/// veut `dossier`, `ident_int`, `lon`, `lat`, `qualite`, `quartile`, `revenu_uc`, `pct_plafond`,
/// `typologie_souhaitee`, `commune_souhaitee`. Le jour est celui du bail, sinon de la commission. Chaque
/// ligne est contrôlée contre les baux déjà signés ; `ensemble` dit l'effet de toutes à la fois. Une ligne
/// illisible est nommée avec sa colonne et sa règle, les autres sont contrôlées. Rien n'est gardé du fichier.
#[utoipa::path(
    post, path = "/api/attributions/controle/csv", tag = "mixite", operation_id = "controle_csv",
    params(("format" = Option<String>, Query, description = "`json` (par défaut), ou `csv` : une ligne par \
        dossier et par règle")),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = OK, content((Commission = "application/json"), (String = "text/csv"))),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn commission(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
    CsvBody(body): CsvBody,
) -> Result<Response, Problem> {
    let format = params.take("format").unwrap_or_else(|| "json".to_owned());
    params.finish()?;
    if !["json", "csv"].contains(&format.as_str()) {
        return Err(Problem::unknown("format", &format, ["json", "csv"]));
    }
    let rates = rates::rates(&server.state).await?;
    let work = move || {
        let checker = app.checker().map_err(|e| Problem::internal(&e))?;
        let mut checks = Checks::new(&checker, &rates, app.secrecy, &visitor.person)?;
        let found = check(&mut checks, &body)?;
        let secret = found.dossiers.iter().flat_map(|d| &d.regles).flat_map(|r| &r.effets).any(|e| e.secret);
        let trace = Trace::new("controle_commission", "")
            .with("lignes", found.lignes)
            .with("controlees", found.controlees)
            .with("contraires", found.contraires)
            .rows(found.controlees, secret);
        let answer = if format == "csv" {
            let bytes = written(&found).map_err(|e| Problem::internal(&e))?;
            (csv_headers("mosaique_controle-commission.csv")?, bytes).into_response()
        } else {
            Json(found).into_response()
        };
        Ok((Extension(trace), answer).into_response())
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
