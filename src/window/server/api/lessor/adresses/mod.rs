//! `/api/adresses`: addresses of a bailleur, those that are probably wrong first; candidates, what a move
//! would change, corrections.
//!
//! [`list`] ranks what `stock::review` doubts, or searches the whole stock; [`candidates`] proposes places;
//! [`corrections`] keeps decisions in the state store and asks for new figures; [`export`] gives them to the
//! bailleur's own system.

pub mod candidates;
pub mod corrections;
pub mod export;

use axum::Json;
use axum::extract::{Path, State as FromState};

use utoipa::IntoParams;

use crate::desk::lessor::adresses::{
    CompteMotif, Consequences, ListeAdresses, Worklist, motif, searched, shown,
};
use crate::desk::names::fold;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::situation;
use crate::reference::situation::situation as rules;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::stock::review::{Address, Motif};

/// Quelles adresses (documentation de l'interface).
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "its fields are the documentation; `Params` reads the values")]
pub struct AdressesParams {
    /// Millésime du RPLS ; par défaut le dernier.
    pub millesime: Option<u16>,
    /// Un motif.
    pub motif: Option<String>,
    /// Page : 100 adresses par défaut, 1 000 au plus.
    pub limite: Option<usize>,
    pub decalage: Option<usize>,
    /// Ce qui est cherché dans tout le parc, adresses sans défaut comprises : rue, commune, code postal ou
    /// numéro d'un logement.
    pub q: Option<String>,
}

/// Adresses à corriger
///
/// Celles de votre parc dont quelque chose ne va pas : qualité du point, commune, QPV, Base adresse
/// nationale, empilement, doublon. Avec `q`, celles de tout le parc qui répondent à la recherche.
#[utoipa::path(
    get, path = "/api/adresses", tag = "bailleur", operation_id = "adresses", params(AdressesParams),
    responses(
        (status = OK, body = ListeAdresses),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    mut params: Params,
) -> Result<Json<ListeAdresses>, Problem> {
    let siren = visitor.lessor()?;
    let millesime = params.number("millesime")?;
    let motif = params.take("motif").map(|m| motif(&m)).transpose()?;
    let limite = params.number::<usize>("limite")?.unwrap_or(100).clamp(1, 1_000);
    let decalage = params.number::<usize>("decalage")?.unwrap_or(0);
    let q = params.take("q").map(|q| fold(&q)).filter(|q| !q.is_empty());
    params.finish()?;
    let desk = Worklist::open(&server.state, &app, siren, millesime).await?;
    let count = |m: Motif| {
        let of = desk.doubts.iter().filter_map(|d| d.motifs().get(&m).copied());
        let (adresses, logements) = of.fold((0, 0), |(a, l), n| (a + 1, l + n));
        CompteMotif { id: m, adresses, logements }
    };
    let kept: Vec<&Address> = match &q {
        Some(q) => searched(&desk, q),
        None => desk.doubts.iter().filter(|d| motif.is_none_or(|m| d.motifs().contains_key(&m))).collect(),
    };
    Ok(Json(ListeAdresses {
        millesime: desk.millesime,
        millesimes: app.millesimes.iter().map(|l| l.meta().millesime).collect(),
        adresses_total: desk.doubts.len(),
        logements_total: desk.doubts.iter().map(Address::touched).sum(),
        total: kept.len(),
        motifs: Motif::ALL.into_iter().map(count).filter(|m| m.adresses > 0).collect(),
        adresses: kept.into_iter().skip(decalage).take(limite).map(shown).collect(),
    }))
}

/// Ce qu'un déplacement changerait
///
/// Commune, IRIS, QPV, carreau avant et après ; `refus` dit pourquoi un point ne peut pas être retenu.
#[utoipa::path(
    get, path = "/api/adresses/{id}/consequences", tag = "bailleur", operation_id = "adresse_consequences",
    params(
        ("id" = String, Path, description = "Identifiant de l'adresse"),
        ("lon" = f64, Query, description = "Longitude WGS 84"),
        ("lat" = f64, Query, description = "Latitude WGS 84"),
        ("logements" = Option<String>, Query, description = "Numéros nationaux, séparés par des virgules ; \
            par défaut toute l'adresse"),
        ("millesime" = Option<u16>, Query, description = "Millésime du RPLS ; par défaut le dernier"),
    ),
    responses(
        (status = OK, body = Consequences),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn consequences(
    FromState(server): FromState<Server>,
    Current(app): Current,
    Who(visitor): Who,
    Path(id): Path<String>,
    mut params: Params,
) -> Result<Json<Consequences>, Problem> {
    let siren = visitor.lessor()?;
    let millesime = params.number("millesime")?;
    let lon: f64 = params.number("lon")?.ok_or_else(|| Problem::missing("lon", "la longitude du point"))?;
    let lat: f64 = params.number("lat")?.ok_or_else(|| Problem::missing("lat", "la latitude du point"))?;
    let numbers = params.list("logements").unwrap_or_default();
    params.finish()?;
    situation::check([lon, lat])?;
    let desk = Worklist::open(&server.state, &app, siren, millesime).await?;
    let address = desk.find(&id)?;
    let chosen = desk.chosen(address, &numbers)?;
    let now = address.point_of(|l| chosen.iter().any(|c| std::ptr::eq(*c, l)));
    Ok(Json(Consequences {
        logements: chosen.len(),
        a_part: if numbers.is_empty() { address.logements.len() - chosen.len() } else { 0 },
        avant: now
            .map(|(x, y, q)| {
                desk.situation(x, y, Some(q).filter(|q| *q > 0 && rules().quality(*q).is_some()))
            })
            .transpose()?,
        apres: desk.situation(lon, lat, Some(11))?,
        distance_m: now.map(|(x, y, _)| crate::stock::review::metres((x, y), (lon, lat))),
        refus: desk.refusal(address, lon, lat)?,
    }))
}
