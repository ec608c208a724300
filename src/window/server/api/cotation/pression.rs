//! `GET /api/cotation/pression`: demands that wait, dwellings allocated, their ratio and the waiting time, by
//! commune or EPCI.

use axum::Json;
use axum::extract::Extension;

use crate::desk::cotation::pression::{Pression, SCALES, answer};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Pression de la demande
///
/// Demandes en attente, attributions de l'année de l'extraction et leur rapport, selon les deux
/// définitions (avec et sans les mutations), et le délai d'attente, par commune, par EPCI ou, dans un
/// EPCI, par typologie (la plus petite que la demande nomme), par quartile de ressources (celui du
/// territoire ; pour un bail, celui de l'attribution), par mois ou par année : les demandes
/// déposées, celles qui attendent au dernier jour et les baux, à cinq près, d'après ce que l'extraction
/// garde. Un effectif de 1 à 10 n'est jamais donné, ni ce qui le ferait retrouver.
#[utoipa::path(
    get, path = "/api/cotation/pression", tag = "cotation", operation_id = "cotation_pression",
    params(
        ("par" = Option<String>, Query, description = "Lignes : `epci` (par défaut), `commune`, `typologie`, `quartile`, `mois` ou `annee`"),
        ("epci" = Option<String>, Query, description = "SIREN d'un EPCI : ses communes, ses typologies, ses quartiles, ses mois"),
    ),
    responses(
        (status = OK, body = Pression),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn pression(
    Current(app): Current,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<Pression>), Problem> {
    let by = params.take("par").unwrap_or_else(|| SCALES[0].to_owned());
    let epci = params.take("epci");
    params.finish()?;
    if !SCALES.contains(&by.as_str()) {
        return Err(Problem::unknown("par", &by, SCALES));
    }
    let work = move || answer(&app, by, epci.as_deref());
    let found = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
    let secret = found.lignes.iter().any(|l| l.demandes.is_none() || l.attributions.is_none());
    let trace = Trace::new("cotation_pression", found.au.clone())
        .with("par", found.par.as_str())
        .rows(found.lignes.len(), secret);
    Ok((Extension(trace), Json(found)))
}
