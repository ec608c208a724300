//! `/api/adresses`: addresses of a bailleur that are probably wrong, candidates, what a move would change, corrections.
//!
//! [`list`] ranks the doubts of `stock::review`; [`candidates`] proposes places; [`corrections`] keeps decisions in the state store and
//! asks for new figures; [`export`] gives them to the bailleur's own system.

pub mod candidates;
pub mod corrections;
pub mod export;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as FromState};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::auth::visitor::Who;
use super::depots::lessor;
use super::params::Params;
use super::problem::{Document, Problem};
use super::query::Asked;
use super::router::Server;
use super::situation::{self, Situation};
use super::state::{App, Current, Loaded};
use crate::reference::situation::situation as rules;
use crate::reference::survey::Survey;
use crate::state::{Correction, StatutCorrection};
use crate::stock::places::{is_far, merged};
use crate::stock::review::{Doubt, Motif};
use crate::stock::table::hash;
use crate::territory::grid;

/// Les adresses à corriger d'un bailleur.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListeAdresses {
    pub millesime: u16,
    pub millesimes: Vec<u16>,
    /// Adresses et logements qui ont un motif, avant filtre et pagination.
    pub adresses_total: usize,
    pub logements_total: usize,
    /// Adresses que le filtre garde.
    pub total: usize,
    pub motifs: Vec<CompteMotif>,
    /// Les adresses de plus de logements d'abord.
    pub adresses: Vec<AdresseACorriger>,
}

/// Un motif et ce qu'il touche.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompteMotif {
    pub id: Motif,
    pub adresses: usize,
    pub logements: u64,
}

/// Une adresse à corriger.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdresseACorriger {
    pub id: String,
    pub libelle: String,
    pub codepostal: String,
    pub commune: String,
    /// Code Insee.
    pub depcom: String,
    /// Logements de l'adresse, et ceux qui ont un motif.
    pub logements: usize,
    pub touches: usize,
    /// Motif → nombre de logements.
    pub motifs: BTreeMap<Motif, u64>,
    /// Point de la plupart de ses logements ; nuls sans point.
    pub lon: Option<f64>,
    pub lat: Option<f64>,
    pub qualite: Option<u8>,
    /// La Base adresse nationale a une adresse de même nom.
    pub ban: bool,
}

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
}

/// Ce qu'un déplacement changerait.
#[derive(Debug, Serialize, ToSchema)]
pub struct Consequences {
    pub logements: usize,
    pub avant: Option<Situation>,
    pub apres: Situation,
    /// Mètres entre les deux points.
    pub distance_m: Option<f64>,
    /// Pourquoi ce point ne peut pas être retenu.
    pub refus: Option<String>,
}

/// The name of an address in paths.
#[must_use]
pub fn id(doubt: &Doubt) -> String {
    format!("{:016x}", hash(&format!("{}|{}", doubt.siren, doubt.adresse)))
}

/// A cube and the doubts of a bailleur about it that nobody has settled yet.
pub(super) struct Desk {
    pub loaded: Arc<Loaded>,
    pub millesime: u16,
    pub doubts: Vec<Doubt>,
}

impl Desk {
    pub async fn open(server: &Server, app: &Arc<App>, siren: &str, millesime: Option<u16>) -> Result<Self, Problem> {
        let loaded = Asked { millesime, ..Asked::default() }.resolve(app)?.loaded;
        let millesime = loaded.meta().millesime;
        let (held, owner) = (Arc::clone(app), siren.to_owned());
        let doubts = tokio::task::spawn_blocking(move || held.doubts(millesime, &owner))
            .await
            .map_err(|e| Problem::internal(&e))?
            .map_err(|e| Problem::internal(&e))?;
        let settled =
            |c: &Correction| c.des <= millesime && matches!(c.statut, StatutCorrection::Acceptee | StatutCorrection::Ecartee);
        let settled: Vec<Correction> = server.state.corrections(siren).await?.into_iter().filter(settled).collect();
        let open = |d: &&Doubt| !settled.iter().any(|c| c.ident_rep.is_empty() && c.adresse == d.adresse);
        let doubts = doubts.iter().filter(open).cloned().collect();
        Ok(Self { loaded, millesime, doubts })
    }

    pub fn find(&self, name: &str) -> Result<&Doubt, Problem> {
        self.doubts.iter().find(|d| id(d) == name).ok_or_else(|| {
            Problem::not_found("id", name, "Cette adresse n'est pas, ou n'est plus, parmi celles à corriger de votre parc.")
        })
    }

    /// Why a place cannot be that of an address; None if it can.
    pub fn refusal(&self, doubt: &Doubt, lon: f64, lat: f64) -> Result<Option<String>, Problem> {
        if doubt.libelle().is_empty() {
            // One point for all dwellings of a commune without an address would be worse than none.
            return Ok(Some("Ces logements n'ont pas d'adresse : donnez-la dans le RPLS avant de les placer.".to_owned()));
        }
        let Some(communes) = self.loaded.zones.get("commune").map(|g| &g.layer) else { return Ok(None) };
        let tolerance = Survey::embedded().map_err(|e| Problem::internal(&e))?.localisation.tolerance_commune_m;
        let Some(zone) = communes.index_of(&merged(&doubt.depcom, Some(communes))) else { return Ok(None) };
        let far = is_far(communes, zone, lon, lat, tolerance);
        Ok(far.then(|| {
            format!(
                "Ce point est à plus de {tolerance:.0} m de la commune déclarée ({}). Si c'est la commune qui est fausse, corrigez-la dans le RPLS.",
                communes.zones[zone as usize].nom
            )
        }))
    }

    fn situation(&self, lon: f64, lat: f64, quality: Option<u8>) -> Result<Situation, Problem> {
        let cell = grid::cells(&[[lon, lat]]).map_err(|e| Problem::internal(&e))?.into_iter().next().flatten();
        Ok(situation::locate(&self.loaded, rules(), [lon, lat], quality, cell))
    }
}

fn shown(d: &Doubt) -> AdresseACorriger {
    let point = d.point();
    AdresseACorriger {
        id: id(d),
        libelle: d.libelle(),
        codepostal: d.codepostal.clone(),
        commune: d.libcom.clone(),
        depcom: d.depcom.clone(),
        logements: d.logements.len(),
        touches: d.touched(),
        motifs: d.motifs(),
        lon: point.map(|p| p.0),
        lat: point.map(|p| p.1),
        qualite: point.map(|p| p.2),
        ban: d.ban.is_some(),
    }
}

/// Adresses à corriger
///
/// Celles de votre parc dont quelque chose ne va pas : qualité du point, commune, QPV, Base adresse nationale, empilement, doublon.
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
    let siren = lessor(&visitor)?;
    let millesime = params.number("millesime")?;
    let motif = params.take("motif").map(|m| motif(&m)).transpose()?;
    let limite = params.number::<usize>("limite")?.unwrap_or(100).clamp(1, 1_000);
    let decalage = params.number::<usize>("decalage")?.unwrap_or(0);
    params.finish()?;
    let desk = Desk::open(&server, &app, siren, millesime).await?;
    let count = |m: Motif| {
        let of = desk.doubts.iter().filter_map(|d| d.motifs().get(&m).copied());
        let (adresses, logements) = of.fold((0, 0), |(a, l), n| (a + 1, l + n));
        CompteMotif { id: m, adresses, logements }
    };
    let kept: Vec<&Doubt> = desk.doubts.iter().filter(|d| motif.is_none_or(|m| d.motifs().contains_key(&m))).collect();
    Ok(Json(ListeAdresses {
        millesime: desk.millesime,
        millesimes: app.millesimes.iter().map(|l| l.meta().millesime).collect(),
        adresses_total: desk.doubts.len(),
        logements_total: desk.doubts.iter().map(Doubt::touched).sum(),
        total: kept.len(),
        motifs: Motif::ALL.into_iter().map(count).filter(|m| m.adresses > 0).collect(),
        adresses: kept.into_iter().skip(decalage).take(limite).map(shown).collect(),
    }))
}

/// A motif by its name in the interface.
fn motif(name: &str) -> Result<Motif, Problem> {
    let id = |m: Motif| serde_json::to_value(m).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    Motif::ALL.into_iter().find(|m| id(*m) == name).ok_or_else(|| Problem::unknown("motif", name, Motif::ALL.map(id)))
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
    let siren = lessor(&visitor)?;
    let millesime = params.number("millesime")?;
    let lon: f64 = params.number("lon")?.ok_or_else(|| Problem::missing("lon", "la longitude du point"))?;
    let lat: f64 = params.number("lat")?.ok_or_else(|| Problem::missing("lat", "la latitude du point"))?;
    params.finish()?;
    situation::check([lon, lat])?;
    let desk = Desk::open(&server, &app, siren, millesime).await?;
    let doubt = desk.find(&id)?;
    let now = doubt.point();
    Ok(Json(Consequences {
        logements: doubt.logements.len(),
        avant: now
            .map(|(x, y, q)| desk.situation(x, y, Some(q).filter(|q| *q > 0 && rules().quality(*q).is_some())))
            .transpose()?,
        apres: desk.situation(lon, lat, Some(11))?,
        distance_m: now.map(|(x, y, _)| crate::stock::review::metres((x, y), (lon, lat))),
        refus: desk.refusal(doubt, lon, lat)?,
    }))
}
