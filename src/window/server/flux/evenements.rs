//! `/api/flux/evenements`: what a lessor tells of its dwellings, one by one or by a file.

use axum::Json;
use axum::extract::{Extension, State as FromState};
use serde::Serialize;
use utoipa::ToSchema;

use super::files::{self, LigneRefusee, in_order, known_holder};
use crate::access;
use crate::flow::event::{EvenementFlux, GenreFlux};
use crate::flow::way::Walk;
use crate::server::app::Server;
use crate::server::auth::trail::Trace;
use crate::server::auth::who::Who;
use crate::server::params::{Body, CsvBody, Params, day};
use crate::server::problem::{Document, Problem};
use crate::state::{self, EvenementsRecus};

/// Ce qu'un fichier d'événements fait, ou ferait.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportEvenementsFlux {
    pub lignes: usize,
    #[serde(flatten)]
    pub recus: EvenementsRecus,
    /// Faux pour un essai, et tant qu'une ligne est refusée : rien n'a changé.
    pub enregistre: bool,
    pub erreurs: Vec<LigneRefusee>,
}

/// Déclarer un événement
///
/// Réservé au bailleur, sur son parc. Idempotent : le même identifiant envoyé deux fois, avec le même
/// contenu, compte une fois. Un ordre impossible (un bail avant la CALEOL) est refusé et nommé.
#[utoipa::path(
    post, path = "/api/flux/evenements", tag = "flux", operation_id = "flux_evenement", request_body = EvenementFlux,
    responses(
        (status = OK, body = EvenementsRecus),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
        (status = CONFLICT, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn add(
    FromState(server): FromState<Server>,
    Who(visitor): Who,
    Body(asked): Body<EvenementFlux>,
) -> Result<(Extension<Trace>, Json<EvenementsRecus>), Problem> {
    access::may(&visitor.person, "flux_evenements").map_err(Problem::forbidden)?;
    let siren = visitor.lessor()?;
    if asked.bailleur != siren {
        return Err(Problem::forbidden("Un bailleur ne déclare que les événements de son parc."));
    }
    for (champ, text) in [("id", &asked.id), ("logement", &asked.logement)] {
        if text.trim().is_empty() || text.len() > 100 {
            return Err(Problem::value(champ, text, "Attendu : de 1 à 100 signes."));
        }
    }
    let asked = EvenementFlux { jour: day("jour", &asked.jour)?.to_string(), ..asked };
    if asked.genre == GenreFlux::Oriente {
        known_holder(&asked.reservataire)
            .map_err(|why| Problem::value("reservataire", &asked.reservataire, why))?;
    }
    let former = server.state.flux_events(Some(siren), Some(&asked.logement)).await?;
    if !former.iter().any(|e| e.id == asked.id) {
        let mut list: Vec<&EvenementFlux> = former.iter().chain([&asked]).collect();
        list.sort_by(|a, b| a.jour.cmp(&b.jour));
        let mut walk = Walk::default();
        for e in list {
            walk.step(e).map_err(|why| Problem::value("genre", asked.genre.id(), why.to_string()))?;
        }
    }
    let told =
        server.state.add_flux_events(std::slice::from_ref(&asked), &visitor.author(), state::now()).await?;
    let trace = Trace::new("flux_evenement", asked.id)
        .with("genre", asked.genre.id())
        .with("logement", asked.logement)
        .with("nouveaux", told.nouveaux);
    Ok((Extension(trace), Json(told)))
}

/// Importer des événements
///
/// Réservé au bailleur. CSV aux colonnes
/// `id;logement;jour;genre;reservataire;contingent;motif;candidats;dalo;q1;
/// mutation;commune;typologie;financement;qpv;periode;etage`. Une seule ligne refusée refuse le fichier.
/// Avec `essai=true`, rien n'est gardé.
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
    for (ligne, e) in read.rows.iter().filter(|(_, e)| e.bailleur != siren) {
        read.refused.push(LigneRefusee {
            ligne: *ligne,
            colonne: "bailleur",
            valeur: e.bailleur.clone(),
            regle: "F08",
            message: "Un bailleur ne déclare que les événements de son parc.".to_owned(),
        });
    }
    let former = server.state.flux_events(Some(&siren), None).await?;
    read.refused.extend(in_order(&read.rows, &former));
    let mut answer = ImportEvenementsFlux {
        lignes: read.rows.len() + read.refused.len(),
        recus: EvenementsRecus::default(),
        enregistre: false,
        erreurs: read.refused,
    };
    let mut traces = Vec::new();
    if answer.erreurs.is_empty() {
        let list: Vec<EvenementFlux> = read.rows.into_iter().map(|r| r.1).collect();
        answer.lignes = list.len();
        if trial {
            let known = list.iter().filter(|e| former.iter().any(|f| f.id == e.id)).count();
            answer.recus = EvenementsRecus { nouveaux: list.len() - known, connus: known };
        } else {
            answer.recus = server.state.add_flux_events(&list, &visitor.author(), state::now()).await?;
            answer.enregistre = true;
            traces.push(Trace::new("flux_evenements_importes", siren).rows(answer.recus.nouveaux, false));
        }
    }
    Ok((Extension(traces), Json(answer)))
}
