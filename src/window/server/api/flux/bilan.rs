//! `GET /api/flux/bilan`: what a lessor owes each réservataire before 28 February (CCH R.441-5-1), and
//! freezing it.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::access;
use crate::desk::flux::bilan::{
    Arrete, ArreterBilan, BilanFlux, answer, as_frozen, frozen_lines, has_changed, lines, to_freeze,
    version_of, written,
};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::flow::count::balance;
use crate::server::api::flux::opened;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::csv_headers::csv_headers;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::state::{self, BilanArrete};

/// Bilan annuel d'un bailleur
///
/// Logements proposés et attribués à chaque réservataire, ventilés par typologie, financement, QPV, commune
/// et période de construction (CCH R.441-5-1). Les comptes de ménages DALO et du premier quartile suivent
/// le secret et ne sont pas ventilés.
#[utoipa::path(
    get, path = "/api/flux/bilan", tag = "flux", operation_id = "flux_bilan",
    params(
        ("annee" = Option<u16>, Query, description = "La dernière par défaut"),
        ("bailleur" = Option<String>, Query, description = "SIREN ; le premier que vous pouvez lire par défaut"),
        ("version" = Option<i64>, Query, description = "Une version arrêtée ; les chiffres du jour par défaut"),
    ),
    responses(
        (status = OK, body = BilanFlux),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn bilan(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<Value>), Problem> {
    let asked = (params.number("annee")?, params.take("bailleur"));
    let version = params.number("version")?;
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let mut found = answer(&book, &view, app.secrecy, asked)?;
    let kept = server.state.flux_bilans(&found.bailleur, found.annee).await?;
    found.arretes = kept.iter().map(Arrete::of).collect();
    found.change_depuis = kept.last().is_some_and(|last| has_changed(&found, &last.contenu, &view));
    let secret = found.lignes.iter().any(|l| l.dalo.is_none() || l.q1.is_none());
    let trace = Trace::new("flux_bilan", found.bailleur.clone())
        .with("annee", found.annee)
        .with("version", version)
        .rows(found.lignes.len(), secret);
    let told = match version {
        Some(v) => as_frozen(&kept, v, found, &view)?,
        None => serde_json::to_value(found).map_err(|e| Problem::internal(&e))?,
    };
    Ok((Extension(trace), Json(told)))
}

/// Bilan annuel d'un bailleur (CSV)
#[utoipa::path(
    get, path = "/api/flux/bilan.csv", tag = "flux", operation_id = "flux_bilan_csv",
    params(
        ("annee" = Option<u16>, Query, description = "La dernière par défaut"),
        ("bailleur" = Option<String>, Query, description = "SIREN ; le premier que vous pouvez lire par défaut"),
        ("version" = Option<i64>, Query, description = "Une version arrêtée ; les chiffres du jour par défaut"),
    ),
    responses((status = OK, body = String, content_type = "text/csv"))
)]
pub async fn csv(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<Response, Problem> {
    let asked = (params.number("annee")?, params.take("bailleur"));
    let version = params.number::<i64>("version")?;
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let found = answer(&book, &view, app.secrecy, asked)?;
    let (rows, of) = match version {
        None => (lines(found.annee, &balance(book.ways_of(&found.bailleur), found.annee)), String::new()),
        Some(v) => {
            let kept = server.state.flux_bilans(&found.bailleur, found.annee).await?;
            let one = version_of(&kept, v)?;
            (frozen_lines(one)?, format!("_v{v}_{}", Arrete::of(one).empreinte))
        }
    };
    let text = written(&rows, &view).map_err(|e| Problem::internal(&e))?;
    let headers = csv_headers(&format!("mosaique_flux_bilan_{}_{}{of}.csv", found.bailleur, found.annee))?;
    let trace = Trace::new("export", "flux_bilan")
        .with("annee", found.annee)
        .with("version", version)
        .rows(rows.len(), false);
    Ok((Extension(trace), headers, text).into_response())
}

/// Arrêter le bilan d'une année
///
/// Réservé au bailleur. Le bilan est gardé tel qu'il est ; une correction en fait une nouvelle version.
#[utoipa::path(
    post, path = "/api/flux/bilan", tag = "flux", operation_id = "flux_bilan_arreter", request_body = ArreterBilan,
    responses(
        (status = OK, body = Arrete),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn freeze(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<ArreterBilan>,
) -> Result<(Extension<Trace>, Json<Arrete>), Problem> {
    access::may(&visitor.person, "flux_evenements").map_err(Problem::forbidden)?;
    let siren = visitor.lessor()?.to_owned();
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let found = answer(&book, &view, app.secrecy, (Some(asked.annee), Some(siren.clone())))?;
    let before = server.state.flux_bilans(&siren, asked.annee).await?;
    let motif = asked.motif.trim().to_owned();
    if motif.is_empty() && !before.is_empty() {
        return Err(Problem::value(
            "motif",
            "",
            "Ce bilan est déjà arrêté : dites pourquoi vous le corrigez.",
        ));
    }
    let rows = lines(found.annee, &balance(book.ways_of(&found.bailleur), found.annee));
    let contenu = to_freeze(&found, &rows, &visitor.person.nom)?;
    let now = state::now();
    let version =
        server.state.freeze_flux((&siren, asked.annee), &contenu, &motif, &visitor.author(), now).await?;
    let trace = Trace::new("flux_bilan_arrete", siren).with("annee", asked.annee).with("version", version);
    let kept = BilanArrete {
        bailleur: found.bailleur,
        annee: asked.annee,
        version,
        motif,
        qui: visitor.author(),
        quand: now,
        contenu,
    };
    Ok((Extension(trace), Json(Arrete::of(&kept))))
}
