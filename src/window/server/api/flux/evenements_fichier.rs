//! `/api/flux/evenements` as a file: what a lessor's system writes, and the same file back.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use axum::response::{IntoResponse, Response};

use crate::access;
use crate::desk::flux::evenements_fichier::ImportEvenementsFlux;
use crate::desk::flux::files::{self, LigneRefusee, in_order};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::flow::event::EvenementFlux;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::body::CsvBody;
use crate::server::edge::problem::Document;
use crate::server::edge::saved::csv_headers;
use crate::state::{self, EvenementsRecus};

/// Événements de votre parc (CSV)
///
/// Réservé au bailleur. Ceux qui comptent, dans l'ordre ; le fichier peut être importé à nouveau.
#[utoipa::path(
    get, path = "/api/flux/evenements.csv", tag = "flux", operation_id = "flux_evenements_csv",
    responses(
        (status = OK, body = String, content_type = "text/csv"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn csv(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    params: Params,
) -> Result<Response, Problem> {
    access::may(&visitor.person, "flux_evenements").map_err(Problem::forbidden)?;
    let siren = visitor.lessor()?;
    params.finish()?;
    let list = server.state.flux_events(siren).await?;
    let text = files::events_written(&list).map_err(|e| Problem::internal(&e))?;
    let headers = csv_headers(&format!("mosaique_flux_evenements_{siren}.csv"))?;
    let trace = Trace::new("export", "flux_evenements").rows(list.len(), false);
    Ok((Extension(trace), headers, text).into_response())
}

/// Importer des événements
///
/// Réservé au bailleur. CSV aux colonnes du modèle `/api/modeles/flux_evenement.csv`. Une seule ligne
/// refusée refuse le fichier. Avec `essai=true`, rien n'est gardé.
#[utoipa::path(
    put, path = "/api/flux/evenements", tag = "flux", operation_id = "flux_evenements_importer",
    params(("essai" = Option<bool>, Query, description = "Dire ce que le fichier ferait, sans rien changer")),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = OK, body = ImportEvenementsFlux),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn import(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    mut params: Params,
    CsvBody(body): CsvBody,
) -> Result<(Extension<Vec<Trace>>, Json<ImportEvenementsFlux>), Problem> {
    let trial = params.take("essai").is_some_and(|e| e == "true");
    params.finish()?;
    access::may(&visitor.person, "flux_evenements").map_err(Problem::forbidden)?;
    let siren = visitor.lessor()?.to_owned();
    let mut read = files::events(&body, Some(&siren))?;
    let today = state::day(state::now());
    for (ligne, e) in &read.rows {
        let told = |colonne, valeur: &str, regle, message: &str| LigneRefusee {
            ligne: *ligne,
            colonne,
            valeur: valeur.to_owned(),
            regle,
            message: message.to_owned(),
        };
        if e.bailleur != siren {
            let why = "Un bailleur ne déclare que les événements de son parc.";
            read.refused.push(told("bailleur", &e.bailleur, "F08", why));
        }
        if e.jour > today {
            read.refused.push(told("jour", &e.jour, "F04", "Ce jour n'est pas encore venu."));
        }
    }
    let former = server.state.flux_events(&siren).await?;
    read.refused.extend(in_order(&read.rows, &former));
    read.refused.sort_by_key(|r| r.ligne);
    let mut answer = ImportEvenementsFlux {
        lignes: read.rows.len(),
        recus: EvenementsRecus::default(),
        enregistre: false,
        ignorees: read.ignored,
        erreurs: read.refused,
    };
    let mut traces = Vec::new();
    if answer.erreurs.is_empty() {
        let list: Vec<EvenementFlux> = read.rows.into_iter().map(|r| r.1).collect();
        if trial {
            let kept: std::collections::BTreeSet<&str> = former.iter().map(|f| f.id.as_str()).collect();
            let known = list.iter().filter(|e| kept.contains(e.id.as_str())).count();
            answer.recus = EvenementsRecus { nouveaux: list.len() - known, connus: known, retires: 0 };
        } else {
            answer.recus = server.state.add_flux_events(&list, None, &visitor.author(), state::now()).await?;
            answer.enregistre = true;
            traces.push(Trace::new("flux_evenements_importes", siren).rows(answer.recus.nouveaux, false));
        }
    }
    Ok((Extension(traces), Json(answer)))
}
