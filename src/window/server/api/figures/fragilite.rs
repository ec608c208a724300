//! `GET /api/residences/fragilite`: residences of an EPCI, read component by component. It proposes; people
//! decide (`rpems`).
//!
//! Everything is computed from the figures that the person would be shown one by one: what they may not see,
//! and what secrecy withholds, takes no part, not even in a mean or a rank. Alerts compare with the value of
//! the EPCI, which is the same for all.

use axum::extract::Extension;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::desk::counter::Desk;
use crate::desk::figures::fragilite::{Fragilite, answer};
use crate::desk::kept::{AnswerKey, Made};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::desk::trace::Trace;
use crate::reference::access::Class;
use crate::reference::fragilite::Alert;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::kept;
use crate::server::edge::problem::Document;

/// Résidences d'un EPCI, lues composante par composante
///
/// Nombre d'alertes (défaut), score et centile à poids paramétrables, sensibilité du rang aux poids. Une
/// résidence de moins de 20 ménages répondants, ou de moins de 50 % de réponses, n'est pas classée. C'est une
/// proposition : la qualité de résidence à enjeu prioritaire de mixité sociale est décidée par le bailleur et
/// l'EPCI (`/api/rpems`).
#[utoipa::path(
    get, path = "/api/residences/fragilite", tag = "mixite", operation_id = "fragilite",
    params(
        ("epci" = Option<String>, Query, description = "EPCI ; par défaut le plus grand de ceux qui vous \
            sont ouverts"),
        ("millesime" = Option<u16>, Query, description = "Millésime du RPLS ; par défaut le dernier"),
        ("vague" = Option<u16>, Query, description = "Vague OPS"),
        ("alertes" = Option<String>, Query, description = "Ce qui est une alerte : `ratio` (par défaut), plus de 1,2 fois la valeur de l'EPCI ; `points`, plus de 5 points au-dessus ; `wilson`, la borne basse de l'intervalle de Wilson au-dessus"),
    ),
    responses(
        (status = OK, body = Fragilite),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn fragilite(
    Current(app): Current,
    Who(visitor): Who,
    headers: HeaderMap,
    mut params: Params,
) -> Result<(Extension<Trace>, Response), Problem> {
    let epci = params.take("epci");
    let alert = match params.take("alertes") {
        None => Alert::default(),
        Some(name) => Alert::named(&name).ok_or_else(|| Problem::unknown("alertes", &name, Alert::ALL))?,
    };
    let asked =
        Asked { millesime: params.number("millesime")?, vague: params.number("vague")?, ..Asked::default() };
    params.finish()?;
    let work = move || {
        let desk = Desk::new(&app, &visitor.person, asked.clone(), Vec::new())?;
        let loaded = desk.loaded();
        let key = AnswerKey {
            route: "fragilite",
            cube: loaded.id.clone(),
            question: format!("{:?}", (&epci, alert)),
            rights: format!("{} {}", desk.key(Class::Fine), desk.key(Class::Large)),
        };
        let kept = app.answers.get(key, || {
            let answer = answer(&app, &visitor.person, &asked, epci.as_deref(), alert)?;
            let secret = answer.residences.iter().any(|r| r.valeurs.contains(&None));
            let objet = answer.epci.code.clone();
            Ok(Made { objet, lignes: answer.residences.len(), secret, answer })
        })?;
        let trace = Trace::new("fragilite", &*kept.objet)
            .with("millesime", loaded.meta().millesime)
            .rows(kept.lignes, kept.secret);
        Ok((Extension(trace), kept::answer(&kept, Class::Fine, &headers)?))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
