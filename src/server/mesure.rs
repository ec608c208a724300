//! `POST /api/mesure`: figures of zones that are drawn or listed.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Extension;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::trail::Trace;
use super::auth::visitor::Who;
use super::desk::{Counter, Desk};
use super::geometry;
use super::params::Body;
use super::places;
use super::problem::{Document, Problem};
use super::query::{self, Asked};
use super::state::{App, Current, Loaded};
use crate::access::Person;
use crate::cube::region::Region;
use crate::cube::runs::Runs;
use crate::disclosure::answer::{Answer, Coverage, stock_source};
use crate::disclosure::figure::Figure;
use crate::disclosure::publisher::Population;
use crate::reference::access::Class;
use crate::reference::indicators::{Catalogue, Indicator};
use crate::reference::scales;
use crate::reference::zonage::{self, ZoneLimits};

/// Ce qui est demandé.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandeMesure {
    pub zones: Vec<ZoneDemandee>,
    /// Millésime du RPLS ; par défaut le dernier.
    pub millesime: Option<u16>,
    /// Vague OPS : choisit le millésime auquel elle est jointe.
    pub vague: Option<u16>,
    /// `janvier` (par défaut) ou `a_jour` : avec les événements du parc depuis.
    pub parc: Option<String>,
    /// `TOUS` (par défaut), `RECENTS` ou `ANCIENS`.
    pub population: Option<String>,
    /// Génération de QPV du filtre `qpv`.
    pub generation: Option<String>,
    /// Filtre → codes.
    #[serde(default)]
    pub filtres: BTreeMap<String, Vec<String>>,
    /// Indicateurs voulus ; tous par défaut.
    pub indicateurs: Option<Vec<String>>,
}

/// Une zone dessinée (`geometrie`) ou listée (`codes`).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneDemandee {
    /// Repris dans la réponse.
    pub id: Option<String>,
    pub nom: Option<String>,
    /// GeoJSON en degrés WGS 84 : Polygon ou MultiPolygon, Feature ou FeatureCollection qui en contient.
    #[schema(value_type = Option<BTreeMap<String, serde_json::Value>>)]
    pub geometrie: Option<serde_json::Value>,
    /// Zones à réunir.
    pub codes: Option<Vec<CodeDeZone>>,
}

/// Une zone par son code.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeDeZone {
    pub echelle: String,
    pub code: String,
}

/// La zone mesurée.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ZoneMesuree {
    pub id: String,
    pub nom: String,
    pub echelle: Option<String>,
    pub code: Option<String>,
}

/// Les chiffres d'une zone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Mesure {
    pub zone: ZoneMesuree,
    pub millesime: u16,
    pub vague: Option<u16>,
    /// Source et date des chiffres du parc.
    pub parc: String,
    pub population: Population,
    /// Filtre → codes, tels que demandés.
    pub filtres: BTreeMap<String, Vec<String>>,
    pub couverture: Coverage,
    pub chiffres: Vec<Figure>,
    pub avertissements: Vec<String>,
}

impl Mesure {
    #[must_use]
    pub fn new(zone: ZoneMesuree, counter: &Counter<'_>, answer: Answer) -> Self {
        let mut avertissements = answer.avertissements;
        if counter.narrowed() {
            avertissements.insert(0, "Ces chiffres portent sur le parc de votre organisme seulement.".to_owned());
        }
        Self {
            zone,
            millesime: answer.millesime,
            vague: answer.vague,
            parc: stock_source(counter.selection.loaded.meta()),
            population: answer.population,
            filtres: counter.selection.filtres.clone(),
            couverture: answer.couverture,
            chiffres: answer.chiffres,
            avertissements,
        }
    }

    /// The stock as it is now, with the households of the survey, who are those of 1 January: their figures and what these stand on.
    /// `filed`: the same zone on 1 January; None if it was not there.
    #[must_use]
    fn with_households(mut self, filed: Option<Self>, catalogue: &Catalogue) -> Self {
        let households = |id: &str| catalogue.indicator(id).filter(|i| catalogue.describes_households(i));
        let Some(filed) = filed else {
            let why = format!("Personne n'y a été enquêté : ces logements sont arrivés après le 1er janvier {}.", self.millesime);
            for f in &mut self.chiffres {
                if let Some(i) = households(&f.indicateur) {
                    *f = Figure::withheld(i, &why);
                }
            }
            return self;
        };
        self.vague = filed.vague;
        for (mine, theirs) in self.chiffres.iter_mut().zip(filed.chiffres) {
            if households(&mine.indicateur).is_some() {
                *mine = theirs;
            }
        }
        let Coverage { repondants, menages_interroges, taux_reponse, badge, logements_ecartes, motifs, .. } = filed.couverture;
        self.couverture =
            Coverage { repondants, menages_interroges, taux_reponse, badge, logements_ecartes, motifs, ..self.couverture };
        let more: Vec<String> = filed.avertissements.into_iter().filter(|a| !self.avertissements.contains(a)).collect();
        self.avertissements.extend(more);
        self.avertissements
            .push("Parc à jour des événements ; les ménages restent ceux de l'enquête, au 1er janvier.".to_owned());
        self
    }

    /// The line of the audit trail.
    #[must_use]
    pub fn trace(&self, question: &serde_json::Value) -> Trace {
        let object = match (&self.zone.echelle, &self.zone.code) {
            (Some(scale), Some(code)) => format!("{scale}:{code}"),
            _ => self.zone.nom.clone(),
        };
        Trace::new("mesure", object)
            .with("question", question.clone())
            .with("adresses", self.couverture.adresses)
            .rows(self.chiffres.len(), self.chiffres.iter().any(|f| f.secret))
    }
}

/// Les mesures, dans l'ordre des zones demandées.
#[derive(Debug, Serialize, ToSchema)]
pub struct Mesures {
    pub mesures: Vec<Mesure>,
}

/// Chiffres de zones dessinées ou listées
///
/// Un logement compte dans la zone qui contient le point de son adresse. Les chiffres d'occupation portent sur les groupes
/// d'adresses entièrement dans la zone ; `couverture` dit combien de logements sont écartés et pourquoi.
#[utoipa::path(
    post, path = "/api/mesure", tag = "zones", operation_id = "mesure", request_body = DemandeMesure,
    responses(
        (status = OK, body = Mesures),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = PAYLOAD_TOO_LARGE, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn mesure(
    Current(app): Current,
    Who(visitor): Who,
    Body(asked): Body<DemandeMesure>,
) -> Result<(Extension<Vec<Trace>>, Json<Mesures>), Problem> {
    let work = move || {
        let limits = zonage::limits();
        let n = asked.zones.len();
        if n == 0 || n > limits.zones_max {
            let detail = format!("Une demande porte sur 1 à {} zones, or elle en a {n}.", limits.zones_max);
            return Err(Problem::value("zones", &n.to_string(), detail));
        }
        let indicators = query::indicators(&app, asked.indicateurs.as_deref())?;
        let choice = Asked {
            millesime: asked.millesime,
            vague: asked.vague,
            parc: asked.parc,
            population: asked.population,
            generation: asked.generation,
            filtres: asked.filtres,
        };
        let desk = Desk::new(&app, &visitor.person, choice.clone(), indicators.clone())?;
        let loaded = desk.loaded();
        let found = asked
            .zones
            .par_iter()
            .enumerate()
            .map(|(i, zone)| find(loaded, i, zone.clone(), limits))
            .collect::<Result<Vec<Found>, Problem>>()?;
        let mut mesures = measured(&desk, &found)?;
        if loaded.meta().a_jour.is_some() {
            let desk = Desk::new(&app, &visitor.person, choice.as_filed(), indicators)?;
            let filed = |zone: &ZoneDemandee| match find(desk.loaded(), 0, zone.clone(), limits) {
                Ok(found) => measured(&desk, &[found]).map(|mut m| m.pop()),
                Err(_) => Ok(None),
            };
            let filed = asked.zones.iter().map(filed).collect::<Result<Vec<Option<Mesure>>, Problem>>()?;
            mesures = mesures.into_iter().zip(filed).map(|(m, filed)| m.with_households(filed, app.catalogue)).collect();
        }
        let narrow = mesures.iter().zip(&found).filter(|(_, f)| f.class != Class::Large);
        let question = desk.whole.as_asked();
        let traces = narrow.map(|(m, _)| m.trace(&question)).collect();
        for (i, words) in overlaps(&found) {
            mesures[i].avertissements.push(words);
        }
        Ok((Extension(traces), Json(Mesures { mesures })))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

/// What a desk answers of zones.
fn measured(desk: &Desk<'_>, found: &[Found]) -> Result<Vec<Mesure>, Problem> {
    let mut counters = BTreeMap::new();
    for f in found {
        if let std::collections::btree_map::Entry::Vacant(e) = counters.entry(f.class) {
            e.insert(desk.counter(f.class)?);
        }
    }
    let one = |f: &Found| {
        let counter = &counters[&f.class];
        let cut = if f.class == Class::Zone { counter.cut(&f.runs) } else { None };
        let (runs, said) = cut.map_or((None, None), |(runs, said)| (Some(runs), Some(said)));
        let answer = counter.answer(f.zone.echelle.as_deref(), runs.as_ref().unwrap_or(&f.runs))?;
        let mut mesure = Mesure::new(f.zone.clone(), counter, answer);
        mesure.avertissements.extend(said);
        Ok(mesure)
    };
    found.par_iter().map(one).collect()
}

/// A zone of a scale, of the desk's question.
///
/// # Errors
/// The scale or the code does not exist, or is not open.
fn of_scale(desk: &Desk<'_>, echelle: &str, code: &str) -> Result<Mesure, Problem> {
    let layer = places::layer(desk.loaded(), "echelle", echelle).map_err(Problem::in_path)?;
    let zone = layer.zone(code).ok_or_else(|| {
        Problem::not_found("code", code, format!("Aucune zone de l'échelle « {echelle} » n'a le code « {code} »."))
    })?;
    let counter = desk.counter(scales::scale(echelle).acces)?;
    let answer = counter.answer(Some(echelle), &layer.addresses(zone))?;
    let named = ZoneMesuree {
        id: format!("{echelle}:{code}"),
        nom: places::title(&layer, zone),
        echelle: Some(echelle.to_owned()),
        code: Some(code.to_owned()),
    };
    Ok(Mesure::new(named, &counter, answer))
}

/// The figures of one zone of a scale, and what was asked.
///
/// # Errors
/// The question or the zone does not exist, or is not open.
pub fn sheet(
    app: &App,
    person: &Person,
    asked: Asked,
    indicators: Vec<&'static Indicator>,
    (echelle, code): (&str, &str),
) -> Result<(Mesure, serde_json::Value), Problem> {
    let desk = Desk::new(app, person, asked.clone(), indicators.clone())?;
    let mut mesure = of_scale(&desk, echelle, code)?;
    if desk.loaded().meta().a_jour.is_some() {
        let filed = Desk::new(app, person, asked.as_filed(), indicators)?;
        mesure = mesure.with_households(of_scale(&filed, echelle, code).ok(), app.catalogue);
    }
    Ok((mesure, desk.whole.as_asked()))
}

/// A zone and its addresses.
struct Found {
    zone: ZoneMesuree,
    runs: Runs,
    /// Of the narrowest zone in it.
    class: Class,
}

fn find(loaded: &Loaded, i: usize, zone: ZoneDemandee, limits: &ZoneLimits) -> Result<Found, Problem> {
    let id = zone.id.unwrap_or_else(|| format!("z{}", i + 1));
    let at = |field: &str| format!("zones[{i}].{field}");
    match (zone.geometrie, zone.codes) {
        (Some(geometry), None) => {
            let areas = geometry::areas(&at("geometrie"), geometry, limits)?;
            let runs: Vec<Runs> = areas.iter().map(|a| loaded.cube().inside(&Region::new(a))).collect();
            let nom = zone.nom.unwrap_or_else(|| "Zone dessinée".to_owned());
            let runs = Runs::union(&runs.iter().collect::<Vec<_>>());
            Ok(Found { zone: ZoneMesuree { id, nom, echelle: None, code: None }, runs, class: Class::Zone })
        }
        (None, Some(codes)) => listed(loaded, &at("codes"), id, zone.nom, &codes, limits),
        (None, None) => Err(Problem::missing(&at("geometrie"), "une zone a une « geometrie » ou une liste de « codes »")),
        (Some(_), Some(_)) => {
            Err(Problem::value(&at("codes"), &id, "Une zone a une « geometrie » ou une liste de « codes », pas les deux."))
        }
    }
}

fn listed(
    loaded: &Loaded,
    champ: &str,
    id: String,
    nom: Option<String>,
    codes: &[CodeDeZone],
    limits: &ZoneLimits,
) -> Result<Found, Problem> {
    if codes.is_empty() || codes.len() > limits.codes_max {
        let detail = format!("Une liste a de 1 à {} codes, or celle-ci en a {}.", limits.codes_max, codes.len());
        return Err(Problem::value(champ, &codes.len().to_string(), detail));
    }
    let mut runs = Vec::with_capacity(codes.len());
    let mut name = None;
    let mut class = Class::Large;
    for (j, CodeDeZone { echelle, code }) in codes.iter().enumerate() {
        let layer = places::layer(loaded, &format!("{champ}[{j}].echelle"), echelle)?;
        let zone = layer.zone(code).ok_or_else(|| {
            let detail = format!("Aucune zone de l'échelle « {echelle} » n'a le code « {code} ».");
            Problem::value(&format!("{champ}[{j}].code"), code, detail)
        })?;
        runs.extend(layer.runs_of(zone));
        class = class.min(scales::scale(echelle).acces);
        name.get_or_insert_with(|| places::title(&layer, zone));
    }
    // One code alone is that zone, whichever way it is asked.
    let (echelle, code, name) = match codes {
        [one] => (Some(one.echelle.clone()), Some(one.code.clone()), name.unwrap_or_default()),
        _ => (None, None, format!("{} zones réunies", codes.len())),
    };
    Ok(Found { zone: ZoneMesuree { id, nom: nom.unwrap_or(name), echelle, code }, runs: Runs::new(runs), class })
}

/// Zones of one request that share addresses: a sentence for each of them.
fn overlaps(found: &[Found]) -> Vec<(usize, String)> {
    // Sorted by the first address: a zone can only meet those that start before its last one.
    let mut events: Vec<(u32, u32, usize)> =
        found.iter().enumerate().flat_map(|(i, f)| f.runs.iter().map(move |(s, e)| (s, e, i))).collect();
    events.sort_unstable();
    let mut shared: Vec<Option<usize>> = vec![None; found.len()];
    let mut open: Option<(u32, usize)> = None;
    for (s, e, i) in events {
        if let Some((end, other)) = open
            && s < end
            && other != i
        {
            shared[i].get_or_insert(other);
            shared[other].get_or_insert(i);
        }
        if open.is_none_or(|(end, _)| e > end) {
            open = Some((e, i));
        }
    }
    let sentence = |other: usize| {
        format!("Cette zone a des adresses en commun avec « {} » : leurs effectifs ne s'additionnent pas.", found[other].zone.nom)
    };
    shared.into_iter().enumerate().filter_map(|(i, other)| other.map(|o| (i, sentence(o)))).collect()
}
