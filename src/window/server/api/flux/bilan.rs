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
use crate::desk::flux::bilan_pdf;
use crate::desk::flux::book::Book;
use crate::desk::flux::view::View;
use crate::desk::paper::Asker;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::flow::count::balance;
use crate::reference::secrecy::Secrecy;
use crate::server::api::flux::opened;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::saved::{csv_headers, pdf_headers};
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
    params: Params,
) -> Result<(Extension<Trace>, Json<Value>), Problem> {
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let read = read(&server, app.secrecy, (&book, &view), params).await?;
    Ok((Extension(read.trace("flux_bilan", read.bailleur.clone())), Json(read.told)))
}

/// A balance sheet as the page is told it.
struct Read {
    told: Value,
    bailleur: String,
    annee: u16,
    version: Option<i64>,
    /// Lines, and whether secrecy withheld a count.
    lignes: usize,
    secret: bool,
    /// Imprint of the version that is shown.
    empreinte: Option<String>,
}

impl Read {
    fn trace(&self, action: &'static str, objet: impl Into<String>) -> Trace {
        Trace::new(action, objet)
            .with("annee", self.annee)
            .with("version", self.version)
            .rows(self.lignes, self.secret)
    }
}

async fn read(
    server: &Server,
    secrecy: &Secrecy,
    (book, view): (&Book, &View),
    mut params: Params,
) -> Result<Read, Problem> {
    let asked = (params.number("annee")?, params.take("bailleur"));
    let version = params.number("version")?;
    params.finish()?;
    let mut found = answer(book, view, secrecy, asked)?;
    let kept = server.state.flux_bilans(&found.bailleur, found.annee).await?;
    found.arretes = kept.iter().map(Arrete::of).collect();
    found.change_depuis = kept.last().is_some_and(|last| has_changed(&found, &last.contenu, view));
    let (bailleur, annee, lignes) = (found.bailleur.clone(), found.annee, found.lignes.len());
    let secret = found.lignes.iter().any(|l| l.dalo.is_none() || l.q1.is_none());
    let shown = found.arretes.iter().find(|a| Some(a.version) == version);
    let empreinte = shown.map(|a| a.empreinte.clone());
    let told = match version {
        Some(v) => as_frozen(&kept, v, found, view)?,
        None => serde_json::to_value(found).map_err(|e| Problem::internal(&e))?,
    };
    Ok(Read { told, bailleur, annee, version, lignes, secret, empreinte })
}

/// Bilan annuel d'un bailleur (PDF)
///
/// Les chiffres de `/api/flux/bilan`, en un PDF accessible (PDF/UA-1, archivable : PDF/A-2a) à remettre aux
/// réservataires, à l'EPCI et au préfet. Une version arrêtée y dit qui l'a arrêtée, quand, et son empreinte,
/// qui est aussi dans le nom du fichier.
#[utoipa::path(
    get, path = "/api/flux/bilan.pdf", tag = "flux", operation_id = "flux_bilan_pdf",
    params(
        ("annee" = Option<u16>, Query, description = "La dernière par défaut", example = 2024),
        ("bailleur" = Option<String>, Query, description = "SIREN ; le premier que vous pouvez lire par défaut", example = "300000000"),
        ("version" = Option<i64>, Query, description = "Une version arrêtée ; les chiffres du jour par défaut", example = 1),
    ),
    responses(
        (
            status = OK, description = "Le bilan", content_type = "application/pdf", body = String,
            headers(("content-disposition" = String,
                description = "Le nom du fichier : `mosaique_flux_bilan_300000000_2024_v1_9f86d081884c7d65.pdf`, avec la version et l'empreinte ; `…_2024_au-2025-02-12.pdf` pour les chiffres d'un jour")),
            example = json!("%PDF-1.7")
        ),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn pdf(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
) -> Result<Response, Problem> {
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let read = read(&server, app.secrecy, (&book, &view), params).await?;
    let asker = Asker::new(&app, &visitor.person);
    let frozen = read.version.zip(read.empreinte.as_deref());
    let headers = pdf_headers(&bilan_pdf::name(&read.bailleur, read.annee, frozen, &asker.jour))?;
    let trace = read.trace("export", "flux_bilan").with("format", "pdf");
    let contingent = view.contingent.is_some();
    let work = move || bilan_pdf::paper(&read.told, contingent, &asker);
    let bytes = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
    Ok((Extension(trace), headers, bytes).into_response())
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
    let told = book.known(&siren, asked.annee, &state::day(state::now()));
    if rows.is_empty() && told.day.is_none() {
        return Err(Problem::conflict(format!(
            "Aucun événement n'est reçu de vous pour {} : il n'y a pas de bilan à arrêter. Importez d'abord les événements de \
             l'année.",
            asked.annee
        )));
    }
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
