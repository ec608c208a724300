//! `/api/admin/audit`: the audit trail, page by page, as a CSV file, and its verification.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::response::{IntoResponse, Response};

use utoipa::IntoParams;

use crate::desk::admin::audit::{FILE, PAGE, PageJournal, wanted, written};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::edge::problem::Document;
use crate::server::edge::saved::csv_headers;
use crate::state::audit::Verdict;

/// Filtres du journal (documentation de l'interface).
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are the documentation; `Params` reads the values")]
pub struct AuditParams {
    /// Identifiant d'un compte.
    pub compte: Option<String>,
    /// Identifiant d'un organisme.
    pub organisation: Option<String>,
    /// Une action : `connexion`, `refus`, `mesure`…
    pub action: Option<String>,
    /// Premier et dernier jour, AAAA-MM-JJ.
    pub du: Option<String>,
    pub au: Option<String>,
    /// Seulement les lignes avant ce rang (page suivante).
    pub avant: Option<i64>,
}

/// Journal d'audit
#[utoipa::path(
    get, path = "/api/admin/audit", tag = "administration", operation_id = "admin_audit", params(AuditParams),
    responses(
        (status = OK, body = PageJournal),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn page(
    FromState(server): FromState<Server>,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<PageJournal>), Problem> {
    let wanted = wanted(&mut params, PAGE)?;
    params.finish()?;
    let lignes = server.state.audit_lines(&wanted).await?;
    let full = i64::try_from(lignes.len()).is_ok_and(|n| n == PAGE);
    let suite = lignes.last().map(|l| l.rang).filter(|r| full && *r > 1);
    let trace = Trace::new("lecture_journal", "journal")
        .with("compte", wanted.compte)
        .with("organisation", wanted.organisation)
        .with("action", wanted.action)
        .with("du", wanted.du)
        .with("au", wanted.au)
        .rows(lignes.len(), false);
    Ok((Extension(trace), Json(PageJournal { lignes, suite })))
}

/// Journal d'audit en CSV
#[utoipa::path(
    get, path = "/api/admin/audit.csv", tag = "administration", operation_id = "admin_audit_csv",
    params(AuditParams),
    responses(
        (status = OK, body = String, content_type = "text/csv"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn csv(FromState(server): FromState<Server>, mut params: Params) -> Result<Response, Problem> {
    let wanted = wanted(&mut params, FILE)?;
    params.finish()?;
    let lines = server.state.audit_lines(&wanted).await?;
    let text = written(&lines).map_err(|e| Problem::internal(&e))?;
    let name = format!("mosaique-journal-{}.csv", crate::state::day(crate::state::now()));
    let headers = csv_headers(&name)?;
    let trace = Trace::new("export", "journal").rows(lines.len(), false);
    Ok((Extension(trace), headers, text).into_response())
}

/// Vérifier le journal
///
/// Relit toute la chaîne : une ligne retirée ou modifiée est nommée.
#[utoipa::path(
    get, path = "/api/admin/audit/verification", tag = "administration",
    operation_id = "admin_audit_verification",
    responses((status = OK, body = Verdict))
)]
pub async fn verify(FromState(server): FromState<Server>, params: Params) -> Result<Json<Verdict>, Problem> {
    params.finish()?;
    Ok(Json(server.state.verify_audit(None).await?))
}
