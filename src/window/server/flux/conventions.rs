//! `/api/flux/conventions`: conventions of gestion en flux, one by one or by a file.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::files::{self, CONVENTIONS, LigneRefusee, known_holder};
use super::opened;
use super::view::{View, title};
use crate::access::{self, Person};
use crate::flow::convention::ConventionFlux;
use crate::flow::rights::Droit;
use crate::server::app::Server;
use crate::server::auth::trail::Trace;
use crate::server::auth::who::Who;
use crate::server::csv_file;
use crate::server::params::{Body, CsvBody, Params, day};
use crate::server::problem::{Document, Problem};
use crate::server::state::Current;
use crate::state;

/// Les conventions que vous pouvez lire.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConventionsFlux {
    /// Vous pouvez en enregistrer.
    pub modifiable: bool,
    pub conventions: Vec<ConventionListee>,
    /// Droits de réservation, programme par programme (état des lieux).
    pub droits: Vec<Droit>,
}

/// Une convention, sa version et les noms de ses signataires.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConventionListee {
    pub version: i64,
    pub bailleur_nom: String,
    pub reservataire_nom: String,
    #[serde(flatten)]
    pub convention: ConventionFlux,
}

/// Ce qu'un fichier de conventions fait, ou ferait.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportConventionsFlux {
    pub lignes: usize,
    /// Versions nouvelles ; les lignes inchangées n'en font pas.
    pub versions: usize,
    /// Faux pour un essai, et tant qu'une ligne est refusée : rien n'a changé.
    pub enregistre: bool,
    pub erreurs: Vec<LigneRefusee>,
}

fn visible(view: &View, c: &ConventionFlux) -> bool {
    view.opens(&c.bailleur, &c.departement) && view.holds(&c.reservataire)
}

/// Whether a person may write a convention: the lessor its own, collectivités and the State in their
/// territory.
fn may_write(person: &Person, view: &View, c: &ConventionFlux) -> Result<(), Problem> {
    access::may(person, "flux_conventions").map_err(Problem::forbidden)?;
    if view.opens(&c.bailleur, &c.departement) {
        return Ok(());
    }
    Err(Problem::forbidden("Cette convention n'est pas de votre territoire ou de votre parc."))
}

/// Conventions de gestion en flux
#[utoipa::path(
    get, path = "/api/flux/conventions", tag = "flux", operation_id = "flux_conventions",
    responses((status = OK, body = ConventionsFlux))
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
) -> Result<Json<ConventionsFlux>, Problem> {
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let conventions =
        book.conventions.iter().filter(|(_, c)| visible(&view, c)).map(|(v, c)| ConventionListee {
            version: *v,
            bailleur_nom: view.name(&c.bailleur),
            reservataire_nom: title(&view, &c.reservataire),
            convention: c.clone(),
        });
    let droits = book.rights.iter().filter(|d| {
        view.opens(&d.bailleur, &d.departement)
            && view.holds(&d.reservataire)
            && view.communes.as_ref().is_none_or(|c| c.contains(&d.commune))
    });
    Ok(Json(ConventionsFlux {
        modifiable: access::may(&visitor.person, "flux_conventions").is_ok(),
        conventions: conventions.collect(),
        droits: droits.cloned().collect(),
    }))
}

/// Conventions de gestion en flux (CSV)
///
/// Les colonnes sont celles du fichier à importer.
#[utoipa::path(
    get, path = "/api/flux/conventions.csv", tag = "flux", operation_id = "flux_conventions_csv",
    responses((status = OK, body = String, content_type = "text/csv"))
)]
pub async fn csv(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    let (book, view) = opened(&server, &app, &visitor.person).await?;
    let list: Vec<&ConventionFlux> =
        book.conventions.iter().map(|(_, c)| c).filter(|c| visible(&view, c)).collect();
    let text = written(&list).map_err(|e| Problem::internal(&e))?;
    let headers = csv_file::headers("mosaique_flux_conventions.csv")?;
    let trace = Trace::new("export", "flux_conventions").rows(list.len(), false);
    Ok((Extension(trace), headers, text).into_response())
}

/// A word of an enumeration, as files write it.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn written(list: &[&ConventionFlux]) -> Result<Vec<u8>, csv::Error> {
    let mut w = csv_file::writer();
    w.write_record(CONVENTIONS)?;
    let some = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
    for c in list {
        w.write_record([
            c.bailleur.clone(),
            c.reservataire.clone(),
            c.departement.clone(),
            csv_file::inert(&c.document),
            word(&c.statut),
            c.signee.clone().unwrap_or_default(),
            c.du.to_string(),
            some(c.au.map(u32::from)),
            word(&c.decompte),
            c.part.to_string().replace('.', ","),
            c.minimum.to_string(),
            some(c.maximum),
            c.delai.to_string(),
            c.delai_neuf.to_string(),
            word(&c.echeance),
            word(&c.gestion),
            u8::from(c.garantie).to_string(),
            String::new(),
        ])?;
    }
    csv_file::bytes(w)
}

/// Enregistrer une convention
///
/// Une convention qui existe (même bailleur, réservataire et département) a une nouvelle version.
#[utoipa::path(
    post, path = "/api/flux/conventions", tag = "flux", operation_id = "flux_convention", request_body = ConventionFlux,
    responses(
        (status = NO_CONTENT, description = "Enregistrée"),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn put(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<ConventionFlux>,
) -> Result<(axum::http::StatusCode, Extension<Trace>), Problem> {
    let (_, view) = opened(&server, &app, &visitor.person).await?;
    may_write(&visitor.person, &view, &asked)?;
    if asked.bailleur.len() != 9 || !asked.bailleur.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Problem::value("bailleur", &asked.bailleur, "Un SIREN a neuf chiffres."));
    }
    known_holder(&asked.reservataire)
        .map_err(|why| Problem::value("reservataire", &asked.reservataire, why))?;
    if !(0.0..=100.0).contains(&asked.part) {
        return Err(Problem::value(
            "part",
            &asked.part.to_string(),
            "Une part est un pourcentage, de 0 à 100.",
        ));
    }
    if asked.maximum.is_some_and(|m| m < asked.minimum) {
        return Err(Problem::value("maximum", "", "Le maximum est sous le minimum."));
    }
    if let Some(d) = &asked.signee {
        day("signee", d)?;
    }
    let made = server.state.put_flux(std::slice::from_ref(&asked), &visitor.author(), state::now()).await?;
    let trace = Trace::new("flux_convention", asked.key()).with("part", asked.part).with("versions", made);
    Ok((axum::http::StatusCode::NO_CONTENT, Extension(trace)))
}

/// Importer des conventions
///
/// CSV aux colonnes de `/api/flux/conventions.csv`. Une seule ligne refusée refuse le fichier ; avec
/// `essai=true`, rien n'est gardé.
#[utoipa::path(
    put, path = "/api/flux/conventions", tag = "flux", operation_id = "flux_conventions_importer",
    params(("essai" = Option<bool>, Query, description = "Dire ce que le fichier ferait, sans rien changer")),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = OK, body = ImportConventionsFlux),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn import(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
    CsvBody(body): CsvBody,
) -> Result<(Extension<Vec<Trace>>, Json<ImportConventionsFlux>), Problem> {
    let trial = params.take("essai").is_some_and(|e| e == "true");
    params.finish()?;
    let (_, view) = opened(&server, &app, &visitor.person).await?;
    let mut read = files::conventions(&body)?;
    for (ligne, c) in &read.rows {
        if let Err(why) = may_write(&visitor.person, &view, c) {
            read.refused.push(LigneRefusee {
                ligne: *ligne,
                colonne: "bailleur",
                valeur: c.bailleur.clone(),
                regle: "F08",
                message: why.detail,
            });
        }
    }
    let mut answer = ImportConventionsFlux {
        lignes: read.rows.len(),
        versions: 0,
        enregistre: false,
        erreurs: read.refused,
    };
    let mut traces = Vec::new();
    if answer.erreurs.is_empty() && !trial {
        let list: Vec<ConventionFlux> = read.rows.into_iter().map(|r| r.1).collect();
        answer.versions = server.state.put_flux(&list, &visitor.author(), state::now()).await?;
        answer.enregistre = true;
        traces.push(Trace::new("flux_conventions_importees", "fichier").rows(answer.versions, false));
    }
    Ok((Extension(traces), Json(answer)))
}
