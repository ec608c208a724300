//! `POST /api/attributions/controle`: an allocation checked before it is made (CALEOL), alone or with a whole
//! commission.
//!
//! [`asked`] reads a candidate file, from JSON or from a line of [`csv`]; [`desk`] checks it as far as the
//! person's rights go, by the pure rules of `policy::check`; [`ailleurs`] finds where else; [`answer`] is
//! what leaves.

use axum::Json;
use axum::extract::{Extension, State as FromState};

use crate::desk::leases::controle::answer::Controle;
use crate::desk::leases::controle::asked::DemandeControle;
use crate::desk::leases::controle::level::Checks;
use crate::desk::leases::controle::question::{refused, whole};
use crate::desk::leases::rates;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::api::leases::rpems;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

pub mod csv;
pub mod listes;

/// Contrôler une attribution avant qu'elle ne soit faite
///
/// Chaque règle donne un verdict, une phrase qui dit pourquoi avec les chiffres utilisés, et l'effet sur
/// l'objectif de l'intercommunalité, de la commune, du bailleur et du réservataire, sous le même secret que
/// `/api/mixite`. `ailleurs` classe les logements qui conviennent au ménage hors QPV,
/// `ailleurs_hors_enjeu` ceux hors des résidences à enjeu. Un bailleur
/// contrôle les logements de son parc ; une collectivité ou l'État, ceux de son territoire ; Action Logement,
/// ceux de son contingent. Rien n'est gardé de la demande.
#[utoipa::path(
    post, path = "/api/attributions/controle", tag = "mixite", operation_id = "controle",
    request_body = DemandeControle,
    responses(
        (status = OK, body = Controle),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn controle(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
    Body(asked): Body<DemandeControle>,
) -> Result<(Extension<Trace>, Json<Controle>), Problem> {
    params.finish()?;
    let rates = rates::rates(&server.state).await?;
    // Who may not read the list is answered without it.
    let files = rpems::read(&server, &visitor.person, None).await.unwrap_or_default();
    let work = move || {
        let checker = app.checker().map_err(|e| Problem::internal(&e))?;
        let mut checks = Checks::new(&checker, &rates, app.secrecy, &visitor.person)?;
        let last = checks.last_day();
        let dossier = asked.read(last).map_err(refused)?;
        let done = checks.check(&dossier).map_err(refused)?;
        let answer = whole(&app, &visitor.person, &checks, &dossier, &done, &files);
        let secret = answer.regles.iter().flat_map(|r| &r.effets).any(|e| e.secret);
        let trace = Trace::new("controle", answer.logement.commune.as_str())
            .with("date", answer.date.as_str())
            .with("bailleur", answer.logement.bailleur.clone())
            .with("residence", answer.residence.as_ref().and_then(|r| r.zone.code.clone()))
            .with("verdict", serde_json::to_value(answer.verdict).unwrap_or_default())
            .rows(1, secret);
        Ok((Extension(trace), Json(answer)))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
