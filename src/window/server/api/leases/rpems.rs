//! `/api/rpems`: the list of residences à enjeu prioritaire de mixité sociale. The bailleur proposes for its
//! own stock, the EPCI validates or refuses, the State reads (domain §9.3); nothing enters the list by
//! itself.

use axum::Json;
use axum::extract::{Extension, Path, State as FromState};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::access::{self, Person};
use crate::desk::leases::rpems::{
    DecisionRpems, DossierVu, ListeRpems, MotifRpems, PropositionRpems, act, dates, in_force, inside,
    may_decide, residence, rules, theirs, whose, words, written,
};
use crate::desk::leases::rpems_pdf::paper;
use crate::desk::paper::Asker;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::reference::fragilite::Decision;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::Body;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::server::edge::receipts::Cree;
use crate::server::edge::saved::{csv_headers, pdf_headers};
use crate::state::rpems::File;
use crate::state::{self, day};

/// Liste des résidences à enjeu prioritaire de mixité sociale
///
/// Propositions et décisions, avec leur histoire. Une commune ne lit que ce qui a été validé.
#[utoipa::path(
    get, path = "/api/rpems", tag = "mixite", operation_id = "rpems",
    params(("epci" = Option<String>, Query, description = "Un EPCI seulement")),
    responses(
        (status = OK, body = ListeRpems),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<ListeRpems>), Problem> {
    let epci = params.take("epci");
    params.finish()?;
    let rules = rules()?;
    let today = day(state::now());
    let files = read(&server, &visitor.person, epci.as_deref()).await?;
    let dossiers: Vec<DossierVu> = files
        .into_iter()
        .map(|f| DossierVu {
            decisions: theirs(&visitor.person, &f),
            en_vigueur: in_force(&f, &today),
            logements: inside(&app, &f).map(|i| i.logements),
            dossier: f,
        })
        .collect();
    let trace = Trace::new("rpems", epci.unwrap_or_default()).rows(dossiers.len(), false);
    let list = ListeRpems {
        article: &rules.article,
        duree_ans: rules.duree_ans,
        motifs: rules
            .reasons
            .iter()
            .map(|r| MotifRpems { id: &r.id, libelle: &r.libelle, decisions: &r.decisions })
            .collect(),
        peut_proposer: access::may(&visitor.person, "rpems_proposer").is_ok(),
        dossiers,
    };
    Ok((Extension(trace), Json(list)))
}

/// Liste à annexer à la convention intercommunale d'attribution (CSV)
///
/// Les seules résidences dont la qualité est en vigueur aujourd'hui, par bailleur.
#[utoipa::path(
    get, path = "/api/rpems.csv", tag = "mixite", operation_id = "rpems_csv",
    params(("epci" = Option<String>, Query, description = "Un EPCI seulement")),
    responses(
        (status = OK, body = String, content_type = "text/csv"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn csv(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<Response, Problem> {
    let (epci, files, today) = annexed(&server, &visitor.person, &mut params).await?;
    params.finish()?;
    let text = written(&app, &files, rules()?).map_err(|e| Problem::internal(&e))?;
    let headers = csv_headers(&annex_name(epci.as_deref(), &today, "csv"))?;
    let trace = Trace::new("export", "rpems").with("epci", epci).rows(files.len(), false);
    Ok((Extension(trace), headers, text).into_response())
}

/// What is annexed to a convention today, by bailleur: the EPCI that is asked for, residences, the day.
async fn annexed(
    server: &Server,
    person: &Person,
    params: &mut Params,
) -> Result<(Option<String>, Vec<File>, String), Problem> {
    let epci = params.take("epci");
    let today = day(state::now());
    let mut files = read(server, person, epci.as_deref()).await?;
    files.retain(|f| in_force(f, &today));
    files.sort_by(|a, b| (&a.bailleur_nom, &a.nom, &a.id).cmp(&(&b.bailleur_nom, &b.nom, &b.id)));
    Ok((epci, files, today))
}

fn annex_name(epci: Option<&str>, today: &str, ending: &str) -> String {
    let place = epci.filter(|c| c.chars().all(|c| c.is_ascii_alphanumeric())).unwrap_or("tous");
    format!("mosaique_rpems_annexe-cia_{place}_{today}.{ending}")
}

/// Liste à annexer à la convention intercommunale d'attribution (PDF)
///
/// Comme le CSV, en un PDF accessible (PDF/UA-1, archivable : PDF/A-2a) : les seules résidences dont la
/// qualité est en vigueur aujourd'hui, par bailleur.
#[utoipa::path(
    get, path = "/api/rpems.pdf", tag = "mixite", operation_id = "rpems_pdf",
    params(("epci" = Option<String>, Query, description = "Un EPCI seulement", example = "200000001")),
    responses(
        (
            status = OK, description = "L'annexe", content_type = "application/pdf", body = String,
            headers(("content-disposition" = String,
                description = "Le nom du fichier : `mosaique_rpems_annexe-cia_200000001_2025-02-12.pdf`")),
            example = json!("%PDF-1.7")
        ),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn pdf(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<Response, Problem> {
    let (epci, files, today) = annexed(&server, &visitor.person, &mut params).await?;
    params.finish()?;
    let headers = pdf_headers(&annex_name(epci.as_deref(), &today, "pdf"))?;
    let trace = Trace::new("export", "rpems")
        .with("epci", epci.clone())
        .with("format", "pdf")
        .rows(files.len(), false);
    let asker = Asker::new(&app, &visitor.person);
    let work = move || paper(&app, &files, epci.as_deref(), rules()?, &asker);
    let bytes = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))??;
    Ok((Extension(trace), headers, bytes).into_response())
}

/// Proposer une résidence (bailleur, sur son parc)
#[utoipa::path(
    post, path = "/api/rpems", tag = "mixite", operation_id = "rpems_proposer",
    request_body = PropositionRpems,
    responses(
        (status = CREATED, body = Cree),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn propose(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<PropositionRpems>,
) -> Result<(StatusCode, Extension<Trace>, Json<Cree>), Problem> {
    let org = visitor.organisation()?;
    let (motif, comment) = words(Decision::Proposer, &asked.motif, &asked.commentaire)?;
    let new = residence(&app, org, &asked.residence)?;
    let act = act(&visitor.person, org, Decision::Proposer, motif, &comment, None);
    let id = server.state.propose_rpems(&new, &act, state::now()).await?;
    let trace =
        Trace::new("rpems_proposer", id.clone()).with("residence", asked.residence).with("motif", motif);
    Ok((StatusCode::CREATED, Extension(trace), Json(Cree { id })))
}

/// Décider d'un dossier
///
/// Le bailleur retire, renouvelle ou propose à nouveau ; l'EPCI valide (la qualité dure trois ans), refuse ou
/// lève, avec un motif.
#[utoipa::path(
    post, path = "/api/rpems/{id}/decisions", tag = "mixite", operation_id = "rpems_decider",
    params(("id" = String, Path, description = "Identifiant du dossier")), request_body = DecisionRpems,
    responses(
        (status = NO_CONTENT, description = "Décision prise"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn decide(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Path(id): Path<String>,
    Body(asked): Body<DecisionRpems>,
) -> Result<(StatusCode, Extension<Trace>), Problem> {
    let files = read(&server, &visitor.person, None).await?;
    let file = files.into_iter().find(|f| f.id == id).ok_or_else(|| {
        Problem::not_found("id", &id, "Ce dossier n'existe pas, ou n'est pas ouvert à votre organisme.")
    })?;
    let org = visitor.organisation()?;
    may_decide(&visitor.person, asked.decision, &file)?;
    let (motif, comment) = words(asked.decision, &asked.motif, &asked.commentaire)?;
    let dates = dates(&asked, &file)?;
    let both = dates.as_ref().map(|(from, to)| (from.as_str(), to.as_str()));
    let act = act(&visitor.person, org, asked.decision, motif, &comment, both);
    server.state.decide_rpems(&id, asked.rang, &act, state::now()).await?;
    let (from, to) = dates.unwrap_or_default();
    let trace = Trace::new("rpems_decider", id)
        .with("decision", asked.decision.id())
        .with("residence", file.residence)
        .with("motif", motif)
        .with("debut", from)
        .with("fin", to);
    Ok((StatusCode::NO_CONTENT, Extension(trace)))
}

/// Files that a person may read.
///
/// # Errors
/// They may read none; the problem says why.
pub async fn read(server: &Server, person: &Person, epci: Option<&str>) -> Result<Vec<File>, Problem> {
    let mut files = server.state.rpems(&whose(person)?).await?;
    // What is only proposed is between the bailleur, the EPCI and the State.
    files.retain(|f| {
        epci.is_none_or(|e| f.epci == e)
            && (access::may(person, "rpems_lire_propositions").is_ok() || f.statut.on_the_list())
    });
    Ok(files)
}
