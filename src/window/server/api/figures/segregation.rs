//! `GET /api/segregation`: how unevenly a group of households is spread over the units of each EPCI, wave by
//! wave.
//!
//! An index is made only of counts that secrecy lets out for each unit (IRIS by default), whoever asks: it is
//! a function of figures that may be shown, so no difference of two indices tells more than they do. Location
//! quotients are figures of the units themselves, and follow the rights of the person at that scale.

use axum::extract::Extension;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::desk::counter::Desk;
use crate::desk::figures::segregation::{DEFAULT, Segregation, UNITS, found, group};
use crate::desk::kept::AnswerKey;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::desk::trace::Trace;
use crate::reference::access::Class;
use crate::reference::scales;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::kept;
use crate::server::edge::problem::Document;

/// Ségrégation : dissimilarité, isolement, entropie, quotients de localisation
///
/// Par EPCI et par vague, sur les seules unités dont les effectifs sont publiables. Un indice a besoin d'au
/// moins 5 unités et est arrondi à 4 décimales.
#[utoipa::path(
    get, path = "/api/segregation", tag = "zones", operation_id = "segregation",
    params(
        ("indicateur" = Option<String>, Query, description = "Le groupe : un taux de ménages ; `I02` (moins \
            de 40 % des plafonds) par défaut"),
        ("echelle" = Option<String>, Query,
        description = "Unités : `iris` (par défaut) ou une autre échelle"),
        ("epci" = Option<String>, Query, description = "Un EPCI seulement, avec le quotient de chaque unité"),
        ("vague" = Option<u16>, Query, description = "Une vague seulement"),
        ("population" = Option<String>, Query, description = "`TOUS` (par défaut), `RECENTS` ou `ANCIENS`"),
    ),
    responses(
        (status = OK, body = Segregation),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn segregation(
    Current(app): Current,
    Who(visitor): Who,
    headers: HeaderMap,
    mut params: Params,
) -> Result<(Extension<Trace>, Response), Problem> {
    let indicator = params.take("indicateur").unwrap_or_else(|| DEFAULT.to_owned());
    let scale = params.take("echelle").unwrap_or_else(|| UNITS.to_owned());
    let epci = params.take("epci");
    let vague: Option<u16> = params.number("vague")?;
    let population = params.take("population");
    params.finish()?;
    let work = move || {
        let indicator = group(&app, &indicator)?;
        let waves: Vec<u16> = match vague {
            Some(w) => vec![w],
            None => app.millesimes.iter().filter_map(|l| l.meta().vague).collect(),
        };
        if waves.is_empty() {
            return Err(Problem::nothing_loaded());
        }
        let desks: Vec<(u16, Desk<'_>)> = waves
            .into_iter()
            .map(|wave| {
                let asked = Asked { vague: Some(wave), population: population.clone(), ..Asked::default() };
                Ok((wave, Desk::new(&app, &visitor.person, asked, vec![indicator])?))
            })
            .collect::<Result<_, Problem>>()?;
        let near = scales::scale(&scale).acces;
        let rights = |(_, desk): &(u16, Desk<'_>)| format!("{} {}", desk.key(Class::Large), desk.key(near));
        let key = AnswerKey {
            route: "segregation",
            cube: desks.iter().map(|(_, d)| &*d.loaded().id).collect::<Vec<_>>().join(" ").into(),
            question: format!("{:?}", (&indicator.id, &scale, &epci, &population, vague)),
            rights: desks.iter().map(rights).collect(),
        };
        let kept = app.answers.get(key, || found(&app, &desks, indicator, &scale, epci.as_deref()))?;
        let trace = Trace::new("segregation", indicator.id.as_str())
            .with("echelle", scale.as_str())
            .with("epci", epci)
            .rows(kept.lignes, kept.secret);
        Ok((Extension(trace), kept::answer(&kept, near, &headers)?))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
