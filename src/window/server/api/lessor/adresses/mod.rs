//! `/api/adresses`: addresses of a bailleur, those that are probably wrong first; candidates, what a move
//! would change, corrections.
//!
//! [`list`] ranks what `stock::review` doubts, or searches the whole stock; [`candidates`] proposes places;
//! [`corrections`] keeps decisions in the state store and asks for new figures; [`export`] gives them to the
//! bailleur's own system.

pub mod candidates;
pub mod corrections;
pub mod export;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as FromState};

use crate::desk::editions::App;
use crate::desk::lessor::adresses::{
    AdressesParams, CompteMotif, Consequences, Desk, ListeAdresses, id, motif, searched, shown,
};
use crate::desk::names::fold;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::desk::query::Asked;
use crate::desk::situation::{self, Situation};
use crate::reference::situation::situation as rules;
use crate::reference::survey::Survey;
use crate::server::app::Server;
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::problem::Document;
use crate::state::{Correction, StatutCorrection};
use crate::stock::places::{is_far, merged};
use crate::stock::review::{Address, Dwelling, Motif};
use crate::territory::grid;

impl Desk {
    pub async fn open(
        server: &Server,
        app: &Arc<App>,
        siren: &str,
        millesime: Option<u16>,
    ) -> Result<Self, Problem> {
        let loaded = Asked { millesime, ..Asked::default() }.resolve(app)?.loaded;
        let millesime = loaded.meta().millesime;
        let (held, owner) = (Arc::clone(app), siren.to_owned());
        let all = tokio::task::spawn_blocking(move || held.reviewed(millesime, &owner))
            .await
            .map_err(|e| Problem::internal(&e))?
            .map_err(|e| Problem::internal(&e))?;
        let settled = |c: &Correction| {
            c.des <= millesime && matches!(c.statut, StatutCorrection::Acceptee | StatutCorrection::Ecartee)
        };
        let settled: Vec<Correction> =
            server.state.corrections(siren).await?.into_iter().filter(settled).collect();
        let (one, whole): (Vec<_>, Vec<_>) = settled.iter().partition(|c| !c.ident_rep.is_empty());
        let names: BTreeSet<&str> = whole.iter().map(|c| c.adresse.as_str()).collect();
        let numbers: BTreeSet<&str> = one.iter().map(|c| c.ident_rep.as_str()).collect();
        // What was settled since figures were made is settled all the same.
        let open = |a: &Address| {
            let mut a = a.clone();
            a.logements
                .iter_mut()
                .filter(|l| numbers.contains(l.ident_rep.as_str()))
                .for_each(|l| l.motifs = 0);
            a.is_doubtful().then_some(a)
        };
        let doubts = all
            .iter()
            .filter(|a| a.is_doubtful() && !names.contains(a.adresse.as_str()))
            .filter_map(open)
            .collect();
        let moved = one.iter().filter(|c| c.statut == StatutCorrection::Acceptee);
        let apart = moved.map(|c| c.ident_rep.clone()).collect();
        Ok(Self { loaded, millesime, all, doubts, apart })
    }

    /// An address of the bailleur by its name in paths.
    pub fn find(&self, name: &str) -> Result<&Address, Problem> {
        let found = self.doubts.iter().chain(self.all.iter()).find(|d| id(d) == name);
        found.ok_or_else(|| Problem::not_found("id", name, "Cette adresse n'est pas dans votre parc."))
    }

    /// Dwellings of an address that a correction is about: those that are named, or all but those that have
    /// one of their own.
    pub fn chosen<'a>(&self, address: &'a Address, numbers: &[String]) -> Result<Vec<&'a Dwelling>, Problem> {
        if numbers.is_empty() {
            return Ok(address.logements.iter().filter(|l| !self.apart.contains(&l.ident_rep)).collect());
        }
        let named = |n: &String| {
            let found = address.logements.iter().find(|l| !n.is_empty() && l.ident_rep == *n);
            found.ok_or_else(|| {
                Problem::value(
                    "logements",
                    n,
                    "Ce numéro national n'est pas celui d'un logement de cette adresse.",
                )
            })
        };
        numbers.iter().collect::<BTreeSet<_>>().into_iter().map(named).collect()
    }

    /// Why a place cannot be that of an address; None if it can.
    pub fn refusal(&self, address: &Address, lon: f64, lat: f64) -> Result<Option<String>, Problem> {
        if address.libelle().is_empty() {
            // One point for all dwellings of a commune without an address would be worse than none.
            return Ok(Some(
                "Ces logements n'ont pas d'adresse : donnez-la dans le RPLS avant de les placer.".to_owned(),
            ));
        }
        let Some(communes) = self.loaded.zones.get("commune").map(|g| &g.layer) else { return Ok(None) };
        let tolerance =
            Survey::embedded().map_err(|e| Problem::internal(&e))?.localisation.tolerance_commune_m;
        let Some(zone) = communes.index_of(&merged(&address.depcom, Some(communes))) else { return Ok(None) };
        let far = is_far(communes, zone, lon, lat, tolerance);
        let tolerance = tolerance.max(communes.coarseness_m());
        Ok(far.then(|| {
            format!(
                "Ce point est à plus de {tolerance:.0} m de la commune déclarée ({}). Si c'est la commune \
                    qui est fausse, corrigez-la dans le RPLS.",
                communes.zones[zone as usize].nom
            )
        }))
    }

    fn situation(&self, lon: f64, lat: f64, quality: Option<u8>) -> Result<Situation, Problem> {
        let cell =
            grid::cells(&[[lon, lat]]).map_err(|e| Problem::internal(&e))?.into_iter().next().flatten();
        Ok(situation::locate(&self.loaded, rules(), [lon, lat], quality, cell))
    }
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
    let desk = Desk::open(&server, &app, siren, millesime).await?;
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
    let desk = Desk::open(&server, &app, siren, millesime).await?;
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
