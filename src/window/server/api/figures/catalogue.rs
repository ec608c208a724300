//! `GET /api/catalogue`: what is loaded, and what may be asked of it.

use axum::http::HeaderMap;
use axum::response::Response;

use crate::desk::figures::catalogue::{CatalogueOut, january, made};
use crate::desk::kept::{AnswerKey, Made};
use crate::desk::problem::Problem;
use crate::reference::access::Class;
use crate::server::api::site::textes;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::kept;

/// Ce qui est chargé
#[utoipa::path(
    get, path = "/api/catalogue", tag = "catalogue", operation_id = "catalogue",
    responses((status = OK, body = CatalogueOut))
)]
pub async fn catalogue(
    Current(app): Current,
    Who(visitor): Who,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let person = &visitor.person;
    // An organisation may write its statement anew at any time.
    let accessibilite = textes::conformity(app.root());
    let mut rights = String::new();
    for loaded in &app.millesimes {
        let desk = january(&app, loaded, person)?;
        for class in [Class::Large, Class::Zone, Class::Proche, Class::Fine] {
            rights.push_str(&desk.key(class));
        }
    }
    let key = AnswerKey {
        route: "catalogue",
        // All of a state of the store: answers are kept for one only.
        cube: "".into(),
        question: format!("{accessibilite} {}", person.compte.is_some()),
        rights,
    };
    let kept = app.answers.get(key, || made(&app, person, accessibilite).map(Made::of))?;
    kept::answer(&kept, Class::Large, &headers)
}
