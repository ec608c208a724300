//! `GET /api/valeurs/{echelle}`: one indicator for all zones of a scale, in columns, for the map.

use axum::extract::{Extension, Path};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use crate::desk::counter::Desk;
use crate::desk::figures::valeurs::{Shown, Valeurs, compute, reference_class};
use crate::desk::kept::{AnswerKey, Made};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::query::{self, Asked};
use crate::desk::trace::Trace;
use crate::reference::access::Class;
use crate::reference::scales;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::kept;
use crate::server::edge::params::SharedParams;
use crate::server::edge::problem::Document;

/// Un indicateur pour toutes les zones
#[utoipa::path(
    get, path = "/api/valeurs/{echelle}", tag = "zones", operation_id = "valeurs",
    params(
        ("echelle" = String, Path, description = "Échelle"),
        ("indicateur" = String, Query, description = "Identifiant de l'indicateur"),
        ("dans" = Option<String>, Query, description = "Zone parente, `échelle:code`"),
        SharedParams,
    ),
    responses(
        (status = OK, body = Valeurs),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn valeurs(
    Current(app): Current,
    Who(visitor): Who,
    Path(echelle): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let id = params.required("indicateur", "l'identifiant de l'indicateur à montrer")?;
    let dans = params.take("dans");
    let asked = Asked::take(&mut params, app.catalogue)?;
    params.finish()?;
    let [indicator] = query::indicators(&app, Some(std::slice::from_ref(&id)))?[..] else {
        return Err(Problem::internal(&"un indicateur attendu"));
    };
    // What households say is of the day of the survey, whatever happened to the stock since.
    let asked = if app.catalogue.describes_households(indicator) { asked.on_january_first() } else { asked };
    let work = move || {
        let desk = Desk::new(&app, &visitor.person, asked, vec![indicator])?;
        let class = scales::scale(&echelle).acces;
        let key = AnswerKey {
            route: "valeurs",
            cube: desk.loaded().id.clone(),
            question: format!("{:?}", (&echelle, &id, desk.whole.population, &desk.whole.filter, &dans)),
            // The figure of the zone around is of another class.
            rights: format!("{} {}", desk.key(class), desk.key(reference_class(dans.as_deref()))),
        };
        let shown = Shown { scale: &echelle, within: dans.as_deref(), indicator };
        let known = app.answers.get(key, || {
            let answer = compute(&app, &desk, class, shown)?;
            let (lignes, secret) = (answer.codes.len(), answer.secret.contains(&true));
            Ok(Made { answer, objet: String::new(), lignes, secret })
        })?;
        let trace = (class != Class::Large).then(|| {
            Trace::new("carte", echelle.as_str())
                .with("indicateur", id.as_str())
                .with("dans", dans.clone())
                .with("question", desk.whole.as_asked())
                .rows(known.lignes, known.secret)
        });
        Ok((trace.map(Extension), kept::answer(&known, class, &headers)?).into_response())
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
