//! `GET /api/portraits/{echelle}/{code}`, `POST /api/portraits` and `GET /api/portraits`: portraits on paper,
//! of a zone, of a drawn zone, of all zones of a territory.

use axum::extract::{Extension, Path};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::export;
use crate::desk::mesure::ZoneDemandee;
use crate::desk::params::Params;
use crate::desk::portrait::{Every, Paper, Question, Subject, archive, edition, paper};
use crate::desk::problem::Problem;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::saved::{pdf_headers, saved};

/// Le portrait d'une zone, en PDF
///
/// Un PDF accessible (PDF/UA-1, archivable : PDF/A-2a) : chiffres clés face aux territoires qui l'entourent,
/// ressources, quartiers prioritaires, parc, évolution, demande, cartes. Les chiffres, les droits et le
/// secret sont ceux de `/api/zones/{echelle}/{code}`. L'édition `restreinte` est celle de vos droits,
/// résidences comprises ; l'édition `publique` ne dit que ce que le site montre sans compte : elle n'a ni
/// résidence, ni chiffre de ménages.
#[utoipa::path(
    get, path = "/api/portraits/{echelle}/{code}", tag = "zones", operation_id = "portrait",
    params(
        ("echelle" = String, Path, description = "Échelle (`/api/catalogue` les liste)"),
        ("code" = String, Path, description = "Code de la zone"),
        ("edition" = Option<String>, Query, description = "`restreinte` (par défaut avec un compte) ou `publique`"),
        ("vague" = Option<u16>, Query, description = "Vague OPS ; par défaut la dernière"),
        ("millesime" = Option<u16>, Query, description = "Millésime du RPLS ; par défaut le dernier"),
        ("parc" = Option<String>, Query, description = "`janvier` (par défaut) ou `a_jour`"),
    ),
    responses(
        (status = OK, description = "Le portrait", body = Vec<u8>, content_type = "application/pdf"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn one(
    Current(app): Current,
    Who(visitor): Who,
    Path((echelle, code)): Path<(String, String)>,
    mut params: Params,
) -> Result<Response, Problem> {
    let edition = edition(&visitor.person, params.take("edition").as_deref())?;
    let question = Question {
        subject: Subject::Zone(echelle, code),
        vague: params.number("vague")?,
        millesime: params.number("millesime")?,
        parc: params.take("parc"),
        edition,
    };
    params.finish()?;
    let work = move || paper(&app, &visitor.person, &question);
    answer(tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??)
}

/// La zone dont on veut le portrait.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandePortrait {
    pub zone: ZoneDemandee,
    /// `restreinte` (par défaut avec un compte) ou `publique`.
    pub edition: Option<String>,
    /// Vague OPS ; par défaut la dernière.
    pub vague: Option<u16>,
    /// Millésime du RPLS ; par défaut le dernier.
    pub millesime: Option<u16>,
    /// `janvier` (par défaut) ou `a_jour`.
    pub parc: Option<String>,
}

/// Le portrait d'une zone dessinée ou listée, en PDF
///
/// Comme `/api/portraits/{echelle}/{code}`, d'une zone que l'on dessine (`geometrie`) ou que l'on compose
/// (`codes`).
#[utoipa::path(
    post, path = "/api/portraits", tag = "zones", operation_id = "portrait_zone", request_body = DemandePortrait,
    responses(
        (status = OK, description = "Le portrait", body = Vec<u8>, content_type = "application/pdf"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = PAYLOAD_TOO_LARGE, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn drawn(
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<DemandePortrait>,
) -> Result<Response, Problem> {
    let edition = edition(&visitor.person, asked.edition.as_deref())?;
    let question = Question {
        subject: Subject::Drawn(Box::new(asked.zone)),
        vague: asked.vague,
        millesime: asked.millesime,
        parc: asked.parc,
        edition,
    };
    let work = move || paper(&app, &visitor.person, &question);
    answer(tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??)
}

/// Les portraits de toutes les zones d'un territoire, en un fichier
///
/// Une archive ZIP d'un PDF par zone de l'échelle qui a un logement : ainsi toutes les communes d'un EPCI
/// (`echelle=commune&dans=epci:200000001`). Comme `/api/portraits/{echelle}/{code}` pour chacune.
#[utoipa::path(
    get, path = "/api/portraits", tag = "zones", operation_id = "portraits",
    params(
        ("echelle" = String, Query, description = "Échelle des zones, une par portrait"),
        ("dans" = Option<String>, Query, description = "Territoire, `échelle:code`"),
        ("edition" = Option<String>, Query, description = "`restreinte` (par défaut) ou `publique`"),
        ("vague" = Option<u16>, Query, description = "Vague OPS ; par défaut la dernière"),
        ("millesime" = Option<u16>, Query, description = "Millésime du RPLS ; par défaut le dernier"),
        ("parc" = Option<String>, Query, description = "`janvier` (par défaut) ou `a_jour`"),
    ),
    responses(
        (status = OK, description = "L'archive", body = Vec<u8>, content_type = "application/zip"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn all(Current(app): Current, Who(visitor): Who, mut params: Params) -> Result<Response, Problem> {
    let every = Every {
        echelle: params.required("echelle", "l'échelle dont on veut les portraits")?,
        dans: params.take("dans"),
        edition: edition(&visitor.person, params.take("edition").as_deref())?,
        vague: params.number("vague")?,
        millesime: params.number("millesime")?,
        parc: params.take("parc"),
    };
    params.finish()?;
    let work = move || archive(&app, &visitor.person, &every, &|_, _| ());
    let file = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
    let length = file.content.size().map_err(|e| Problem::internal(&e))?;
    let headers = saved("application/zip", &file.name)?;
    let length = [(header::CONTENT_LENGTH, HeaderValue::from(length))];
    Ok((file.trace.map(Extension), headers, length, export::body(file.content)).into_response())
}

fn answer(paper: Paper) -> Result<Response, Problem> {
    let headers = pdf_headers(&paper.name)?;
    Ok((Extension(paper.trace), headers, paper.bytes).into_response())
}
