//! The door of the interface: whether this person may call this operation, and what is written down of it.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State as FromState};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::operations::{Asked, Operations};
use super::who::{Visitor, Way, Who};
use crate::access::{self, Person};
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::reference::access::{Level, access as data};
use crate::server::app::Server;
use crate::state::audit::Entry;

/// What the door knows: the server, and which operation each route is.
#[derive(Debug, Clone)]
pub struct Door {
    server: Server,
    operations: Arc<Operations>,
}

impl Door {
    #[must_use]
    pub fn new(server: Server, operations: Operations) -> Self {
        Self { server, operations: Arc::new(operations) }
    }
}

/// Lets a request through to its handler, or refuses it. An answer that leaves a trace leaves only once it is
/// written.
pub async fn guard(FromState(door): FromState<Door>, mut request: Request, next: Next) -> Response {
    let server = door.server;
    let Some(path) = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned()) else {
        return next.run(request).await;
    };
    let operation = match door.operations.find(&path, request.method()) {
        Asked::Operation(id) => id.to_owned(),
        Asked::NoMethod => return next.run(request).await,
        Asked::Unknown => {
            return Problem::forbidden("Cette adresse n'est ouverte à personne.").into_response();
        }
    };
    let Some(Who(visitor)) = request.extensions().get::<Who>().cloned() else {
        return Problem::internal(&"une requête sans visiteur").into_response();
    };
    let visitor = limited(visitor, &operation);
    request.extensions_mut().insert(Who(Arc::clone(&visitor)));
    let query = request.uri().query().unwrap_or("").to_owned();
    let at = request.uri().path().to_owned();
    let refused = refusal(&visitor, &operation, request.method(), request.headers());
    let changes = changes(request.method());
    let work = async move {
        let begun = Instant::now();
        let response = match refused {
            Some(problem) => problem.into_response(),
            None => match server.load.enter(&operation).await {
                Ok(_places) => next.run(request).await,
                Err(busy) => busy.into_response(),
            },
        };
        let mut response = traced(&server, &visitor, &operation, (&at, &query), response).await;
        keep_private(&visitor, response.headers_mut());
        server.metrics.answered(&operation, response.status().as_u16(), begun.elapsed());
        response
    };
    if !changes {
        return work.await;
    }
    // What changes something goes to its end, line in the trail included, even if who asked does not wait.
    tokio::spawn(work).await.unwrap_or_else(|e| Problem::internal(&e).into_response())
}

/// Writes down what an answer left as traces, before it leaves.
async fn traced(
    server: &Server,
    visitor: &Visitor,
    operation: &str,
    (path, query): (&str, &str),
    mut response: Response,
) -> Response {
    let traces: Vec<Trace> = match response.extensions_mut().remove::<Vec<Trace>>() {
        Some(traces) => traces,
        None => response.extensions_mut().remove::<Trace>().into_iter().collect(),
    };
    let refused = visitor.person.compte.is_some() && matches!(response.status().as_u16(), 401 | 403);
    let mut entries: Vec<Entry> = traces.into_iter().map(|t| t.entry(visitor)).collect();
    if refused && entries.is_empty() {
        let trace = Trace::new("refus", operation).with("chemin", path).with("requete", query);
        entries.push(trace.entry(visitor));
    }
    if entries.is_empty() {
        return response;
    }
    // An answer that must leave a trace does not leave without it.
    if !server.pulse.beats() {
        return Problem::down(&"le journal ne peut pas s'écrire").into_response();
    }
    if let Err(e) = server.trail.write(entries).await {
        return Problem::down(&e).into_response();
    }
    response
}

/// What was answered to a person is theirs: no cache on the way may keep it, and none may give it to another.
fn keep_private(visitor: &Visitor, headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("authorization, cookie"));
    if visitor.person.compte.is_some() && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
}

/// Who has a one-time password is the public until it is changed.
fn limited(visitor: Arc<Visitor>, operation: &str) -> Arc<Visitor> {
    let temporary = matches!(visitor.way, Way::Session { provisoire: true, .. });
    if temporary && operation != "session" && !operation.starts_with("session_") {
        return Arc::new(Visitor { person: Person::default(), ..(*visitor).clone() });
    }
    visitor
}

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}

/// Why a request does not reach its handler.
fn refusal(visitor: &Visitor, operation: &str, method: &Method, headers: &HeaderMap) -> Option<Problem> {
    let changes = changes(method);
    // A page of another site may make a browser send a request, with its cookies.
    if changes && headers.get("sec-fetch-site").is_some_and(|v| v == "cross-site") {
        return Some(Problem::forbidden("Cette requête vient d'un autre site."));
    }
    if !access::may_call(&visitor.person, operation) {
        return Some(match (&visitor.way, access::level(operation)) {
            (Way::Session { provisoire: true, .. }, _) => Problem::forbidden(
                "Choisissez d'abord votre mot de passe : celui que vous avez reçu ne sert qu'une fois.",
            ),
            (Way::Public, Some(_)) => Problem::sign_in(),
            (_, Some(Level::Administrateur)) => {
                Problem::forbidden("Cette page est réservée à l'administration du service.")
            }
            (_, Some(Level::Gestionnaire)) => Problem::forbidden(
                "Seuls les gestionnaires de votre organisme peuvent faire cela : demandez à l'un d'eux.",
            ),
            _ => Problem::forbidden("Votre compte n'ouvre pas cette adresse."),
        });
    }
    if let Some(why) = access::refusal(&visitor.person, operation) {
        return Some(Problem::forbidden(why));
    }
    let named = |list: &[String]| list.iter().any(|o| o == operation);
    match &visitor.way {
        Way::Session { csrf, .. } if changes => {
            let given = headers.get("x-csrf-token").and_then(|v| v.to_str().ok()).unwrap_or("");
            // Both are random and compared by their hashes: how long it takes tells nothing.
            let same = blake3::hash(given.as_bytes()) == blake3::hash(csrf.as_bytes());
            // Signing in anew replaces the session: what opens it is the password.
            (!same && operation != "session_ouvrir").then(|| {
                Problem::forbidden(
                    "Cette requête ne vient pas d'une page ouverte dans votre session : rechargez la page.",
                )
            })
        }
        Way::Token { .. } if named(&data().par_session) => {
            Some(Problem::forbidden("Cette action se fait dans une session ouverte, pas avec un jeton."))
        }
        Way::Token { writes: false } if changes && !named(&data().lectures) => {
            Some(Problem::forbidden("Ce jeton ne permet que de lire."))
        }
        _ => None,
    }
}
