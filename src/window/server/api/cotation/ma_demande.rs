//! `POST /api/ma-demande`: an applicant reads the note of their own demand, with no account: the unique
//! number and the birth date, in plain words, and nothing of anyone else.
//!
//! A number that is not known, a birth date that is not theirs and a demand that is read at a counter only
//! have one answer, and cost the same. Wrong answers are counted by number and by address. The journal never
//! has the number.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::arrival;
use crate::desk::cotation::ma_demande::{
    CLOSED, MaDemande, QuestionDemandeur, UNKNOWN, WAIT, answer, at_the_counter, read, readable,
};
use crate::desk::cotation::pression::all;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::registers::attributions::pseudonym;
use crate::registers::demandes::proof;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::state::{self, Lock};

/// Ma demande
///
/// Ouvert à tous, sans compte. Le numéro unique et la date de naissance donnent la note, son détail, le
/// rang et le délai d'attente. Un numéro inconnu, une date fausse et une demande qui ne se lit qu'au
/// guichet ont la même réponse.
#[utoipa::path(
    post, path = "/api/ma-demande", tag = "cotation", operation_id = "ma_demande",
    request_body = QuestionDemandeur,
    responses(
        (status = OK, body = MaDemande),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
        (status = TOO_MANY_REQUESTS, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn ask(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<QuestionDemandeur>,
) -> Result<Response, Problem> {
    let (nud, birth) = read(&asked)?;
    let demands = all(&app)?;
    let key = arrival::kept_key(app.store().root()).filter(|_| !demands.preuve.is_empty());
    let key = key.ok_or_else(|| Problem::not_found("numero", "", CLOSED))?;
    let pseudonym = pseudonym(&key, &nud);
    // Counted before it is looked at; the pseudonym stands for all spellings of a number.
    if let Err(throttled) =
        server.state.attempt_on(Lock::Demand, &pseudonym, &visitor.ip, state::now()).await?
    {
        let mut response = Problem::too_often(WAIT).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, throttled.wait.into());
        return Ok(response);
    }
    let found = {
        let demands = Arc::clone(&demands);
        let number = |hex: &str| u128::from_str_radix(hex, 16).unwrap_or(0);
        let (nud, proof) = (number(&pseudonym), number(&proof(&key, &pseudonym, birth)));
        let work = move || readable(&demands, nud, proof, at_the_counter);
        tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
    };
    let Some(row) = found else {
        let trace = Trace::new("ma_demande_refusee", "");
        return Ok((Extension(trace), Problem::not_found("numero", "", UNKNOWN)).into_response());
    };
    server.state.forgive_on(Lock::Demand, &pseudonym, &visitor.ip).await?;
    let out = answer(&server.state, app, demands, row).await?;
    let trace = Trace::new("ma_demande", "").rows(out.notes.len(), false);
    let mut response = (Extension(trace), Json(out)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
