//! `GET /api/mixite`: a year of leases under the rules of social mix, in all and line by line; DALO
//! households and QPV.

use axum::Json;
use axum::extract::{Extension, State as FromState};

use crate::desk::leases::counted::answer;
use crate::desk::leases::mixite::{Asked, Mixite};
use crate::desk::leases::{Open, rates};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;

/// Objectifs de mixité : où en est une année de baux
///
/// Les 25 % hors QPV et les 50 % en QPV (là où l'EPCI y est soumis), les 25 % DALO et prioritaires par
/// réservataire, la part de l'État (30 % au plus, dont 5 % au plus pour ses agents, par bailleur et par
/// département) : pour l'ensemble et ligne par ligne. Les QPV sont ceux de la génération en vigueur le jour
/// du bail. Un score de moins de 11 baux, ou qui ne tient qu'à un ou deux ménages, est secret.
#[utoipa::path(
    get, path = "/api/mixite", tag = "mixite", operation_id = "mixite",
    params(
        ("annee" = Option<u16>, Query, description = "Année des baux ; la dernière par défaut"),
        ("par" = Option<String>, Query, description = "Lignes : `bailleur` (par défaut), `commune`, `arrondissement` \
            (de Paris, Lyon et Marseille : une vue, sans verdict), `epci`, `reservataire`, `mois`, \
            `bailleur_departement`"),
        ("epci" = Option<String>, Query, description = "Un EPCI seulement"),
        ("commune" = Option<String>, Query, description = "Une commune seulement"),
        ("bailleur" = Option<String>, Query, description = "Un bailleur seulement (SIREN)"),
    ),
    responses(
        (status = OK, body = Mixite),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn mixite(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<(Extension<Trace>, Json<Mixite>), Problem> {
    let asked = Asked {
        year: params.number("annee")?,
        by: params.take("par"),
        epci: params.take("epci"),
        commune: params.take("commune"),
        bailleur: params.take("bailleur"),
    };
    params.finish()?;
    let rates = rates::rates(&server.state).await?;
    let work = move || {
        let all = app.allocations().map_err(|e| Problem::internal(&e))?;
        let open = Open::new(&all, &visitor.person)?;
        let found = answer(&all, &asked, &open, &rates, app.secrecy)?;
        let trace = Trace::new("mixite", found.annee.to_string())
            .with("par", found.par.as_str())
            .with("epci", asked.epci)
            .with("commune", asked.commune)
            .with("bailleur", asked.bailleur)
            .rows(found.lignes.len(), found.lignes.iter().flat_map(|l| &l.scores).any(|s| s.secret));
        Ok((Extension(trace), Json(found)))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}
