//! `GET /api/facettes`: how many dwellings each choice of each filter would keep, given the other filters and
//! a territory.
//!
//! Dwellings of the register are public, owners aside: nothing here describes a household.

use axum::http::HeaderMap;
use axum::response::Response;

use crate::cube::bits::Bits;
use crate::desk::counter::Desk;
use crate::desk::figures::facettes::{Facettes, Kept, filtres};
use crate::desk::kept::{AnswerKey, Made};
use crate::desk::params::Params;
use crate::desk::places::Within;
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::reference::access::Class;
use crate::reference::scales;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::kept;
use crate::server::edge::params::SharedParams;
use crate::server::edge::problem::Document;

/// Comptes de logements par modalité des filtres
///
/// Chaque filtre est compté sous les autres filtres, jamais sous lui-même : ses modalités restent comparables
/// quand on en choisit une.
#[utoipa::path(
    get, path = "/api/facettes", tag = "zones", operation_id = "facettes",
    params(("dans" = Option<String>, Query, description = "Territoire, `échelle:code` ; tout par défaut"),
    SharedParams),
    responses(
        (status = OK, body = Facettes),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn facettes(
    Current(app): Current,
    Who(visitor): Who,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let dans = params.take("dans");
    let asked = Asked::take(&mut params, app.catalogue)?;
    params.finish()?;
    let work = move || {
        let desk = Desk::new(&app, &visitor.person, asked, Vec::new())?;
        let loaded = desk.loaded();
        let within = dans.as_deref().map(|d| Within::parse(loaded, d)).transpose()?;
        let (class, zone) = match &within {
            None => (Class::Large, loaded.everything()),
            Some(w) => (scales::scale(&w.layer.meta.id).acces, w.layer.addresses(w.zone)),
        };
        let counter = desk.counter(class)?;
        counter.opens(&zone)?;
        let key = AnswerKey {
            route: "facettes",
            cube: loaded.id.clone(),
            question: format!("{:?}", (&dans, &desk.whole.filter, &desk.whole.generation)),
            rights: desk.key(class),
        };
        let made = || {
            let starts = loaded.cube().starts();
            let rows: Vec<_> =
                zone.iter().map(|(s, e)| starts[s as usize] as usize..starts[e as usize] as usize).collect();
            let kept = Kept::new(loaded, &counter);
            let all = kept.but(None);
            Ok(Made::of(Facettes {
                millesime: loaded.meta().millesime,
                logements: rows.iter().map(|r| Bits(&all).count(r.clone())).sum(),
                filtres: filtres(&app, loaded, &kept, &rows, &|n| counter.tells_owner(&zone, n)),
            }))
        };
        kept::answer(&app.answers.get(key, made)?, class, &headers)
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
