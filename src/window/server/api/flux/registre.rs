//! What conventions, rights and bases have in common: written one by one, or by a file that is kept whole or
//! not at all; every version is kept.

use axum::Json;
use axum::extract::Extension;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::desk::editions::App;
use crate::desk::flux::files::{self, Filed, LigneRefusee};
use crate::desk::flux::registre::{GardeFlux, ImportFlux, may_write};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::api::flux::opened;
use crate::server::app::Server;
use crate::server::auth::who::Visitor;
use crate::server::edge::saved::csv_headers;
use crate::{access, state};

/// Keeps one, as a new version if anything changed.
pub async fn put<T: Filed + Sync>(
    (server, app): (&Server, &App),
    visitor: &Visitor,
    asked: T,
    check: Result<(), (&'static str, String)>,
) -> Result<(StatusCode, Extension<Trace>, Json<GardeFlux>), Problem> {
    let (_, view) = opened(server, app, &visitor.person).await?;
    may_write(&visitor.person, &view, asked.place())?;
    check.map_err(|(field, why)| Problem::value(field, "", why))?;
    let versions =
        server.state.put_flux(std::slice::from_ref(&asked), &visitor.author(), state::now()).await?;
    let trace =
        Trace::new("flux_enregistre", asked.key()).with("registre", T::NAME).with("versions", versions);
    Ok((StatusCode::OK, Extension(trace), Json(GardeFlux { versions })))
}

/// Keeps a file of them, or says what it would do.
pub async fn import<T: Filed + Sync>(
    (server, app): (&Server, &App),
    visitor: &Visitor,
    mut params: Params,
    body: &[u8],
) -> Result<(Extension<Vec<Trace>>, Json<ImportFlux>), Problem> {
    let trial = params.take("essai").is_some_and(|e| e == "true");
    params.finish()?;
    access::may(&visitor.person, "flux_conventions").map_err(Problem::forbidden)?;
    let (_, view) = opened(server, app, &visitor.person).await?;
    let mut read = files::lines::<T>(body)?;
    for (ligne, one) in &read.rows {
        if let Err(why) = may_write(&visitor.person, &view, one.place()) {
            read.refused.push(LigneRefusee {
                ligne: *ligne,
                colonne: "bailleur",
                valeur: one.place().0.to_owned(),
                regle: "F08",
                message: why.detail,
            });
        }
    }
    read.refused.sort_by_key(|r| r.ligne);
    let mut answer = ImportFlux {
        lignes: read.rows.len(),
        versions: 0,
        enregistre: false,
        ignorees: read.ignored,
        erreurs: read.refused,
    };
    let mut traces = Vec::new();
    if answer.erreurs.is_empty() && !trial {
        let list: Vec<T> = read.rows.into_iter().map(|r| r.1).collect();
        answer.versions = server.state.put_flux(&list, &visitor.author(), state::now()).await?;
        answer.enregistre = true;
        traces.push(Trace::new("flux_importe", T::NAME).rows(answer.versions, false));
    }
    Ok((Extension(traces), Json(answer)))
}

/// A file that [`import`] reads.
pub fn csv<'a, T: Filed + 'a>(list: Vec<&'a T>) -> Result<Response, Problem> {
    let rows = list.len();
    let text = files::written(list).map_err(|e| Problem::internal(&e))?;
    let headers = csv_headers(&format!("mosaique_flux_{}.csv", T::NAME))?;
    let trace = Trace::new("export", format!("flux_{}", T::NAME)).rows(rows, false);
    Ok((Extension(trace), headers, text).into_response())
}
