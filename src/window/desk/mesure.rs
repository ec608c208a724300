//! Figures of zones that are drawn or listed: what `POST /api/mesure` and `mosaique measure` ask.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::editions::{App, Loaded};
use crate::access::Person;
use crate::cube::region::Region;
use crate::cube::runs::Runs;
use crate::desk::counter::{Counter, Desk};
use crate::desk::problem::Problem;
use crate::desk::query::{self, Asked};
use crate::desk::trace::Trace;
use crate::desk::{geometry, places};
use crate::disclosure::answer::{Answer, Coverage, stock_source};
use crate::disclosure::figure::Figure;
use crate::disclosure::publisher::Population;
use crate::french::{counted, thousands};
use crate::reference::access::Class;
use crate::reference::indicators::Catalogue;
use crate::reference::scales;
use crate::reference::zonage::{self, ZoneLimits};
use crate::registers::zones::effort::Effort;

/// Ce qui est demandé.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
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
    /// Commune, EPCI ou département dont on veut aussi le reste, hors de toutes les zones.
    pub territoire: Option<CodeDeZone>,
    /// Vrai : une zone qui ne peut être mesurée est dans `refusees` et n'empêche pas les autres. Faux, par
    /// défaut : elle fait échouer la demande.
    #[serde(default)]
    pub partiel: bool,
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

/// Said where the survey holds fewer households than half of the dwellings that it could: its rate of
/// answers, and the letter made of it, are of those households alone.
fn thin(c: &Coverage) -> Option<String> {
    let (asked, dwellings) = (c.menages_interroges?, c.logements.saturating_sub(c.logements_ecartes));
    (2 * asked < dwellings).then(|| {
        format!(
            "L'enquête ne porte ici que sur {} pour {} : ses chiffres et leur fiabilité ne valent que pour eux.",
            counted(asked, "logement occupé", "logements occupés"),
            counted(dwellings, "logement", "logements")
        )
    })
}

impl Mesure {
    #[must_use]
    pub fn new(zone: ZoneMesuree, counter: &Counter<'_>, answer: Answer) -> Self {
        let mut avertissements = answer.avertissements;
        if counter.narrowed() {
            avertissements
                .insert(0, "Ces chiffres portent sur le parc de votre organisme seulement.".to_owned());
        }
        avertissements.extend(thin(&answer.couverture));
        if let (Some(scale), Some(code)) = (&zone.echelle, &zone.code) {
            let loaded = &counter.selection.loaded;
            let name = |commune: &str| places::name_of(loaded, "commune", commune);
            avertissements.extend(loaded.meta().gap(scale, code, name));
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
    /// Zones qui n'ont pu être mesurées, si la demande est `partiel`.
    pub refusees: Vec<ZoneRefusee>,
    /// Ce qui est dans le `territoire` demandé et hors des zones mesurées.
    pub reste: Option<Mesure>,
}

/// Une zone qui n'a pu être mesurée.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ZoneRefusee {
    pub id: String,
    pub nom: String,
    /// Champ de la demande en cause.
    pub champ: Option<String>,
    /// Ce qui ne va pas et que faire, en une phrase.
    pub detail: String,
}

/// Figures of zones that are drawn or listed, and what the audit trail says of them.
///
/// # Errors
/// The question names something that does not exist, asks too much, or is not open to the person.
pub fn mesures(app: &App, person: &Person, asked: DemandeMesure) -> Result<(Vec<Trace>, Mesures), Problem> {
    let limits = zonage::limits();
    let n = asked.zones.len();
    if n == 0 || n > limits.zones_max {
        let [most, found] = [limits.zones_max, n].map(|n| thousands(n as u64));
        let detail = format!("Une demande porte sur 1 à {most} zones, or elle en a {found}.");
        return Err(Problem::value("zones", &n.to_string(), detail));
    }
    let indicators = query::indicators(app, asked.indicateurs.as_deref())?;
    bounded(&asked.zones, indicators.len(), limits)?;
    let choice = Asked {
        millesime: asked.millesime,
        vague: asked.vague,
        parc: asked.parc.clone(),
        population: asked.population.clone(),
        generation: asked.generation.clone(),
        filtres: asked.filtres.clone(),
    };
    let desk = Desk::new(app, person, choice.clone(), indicators.clone())?;
    let loaded = desk.loaded();
    let mut outcome = measured(&desk, &asked, limits)?;
    if loaded.meta().a_jour.is_some() {
        // A residence or an address that is not found as filed was not there yet.
        let asked = DemandeMesure { partiel: true, ..asked };
        let filed = Desk::new(app, person, choice.on_january_first(), indicators)
            .and_then(|desk| measured(&desk, &asked, limits));
        outcome = outcome.with_households_of(Problem::found(filed)?.unwrap_or_default(), app.catalogue);
    }
    let Outcome { done, refusees, reste } = outcome;
    let question = desk.whole.as_asked();
    let narrow = done.iter().filter(|m| m.found.class != Class::Large).map(|m| &m.mesure);
    let traces = narrow.chain(&reste).map(|m| m.trace(&question)).collect();
    let (mut mesures, found): (Vec<Mesure>, Vec<Found>) =
        done.into_iter().map(|m| (m.mesure, m.found)).unzip();
    for (i, words) in overlaps(&found) {
        mesures[i].avertissements.push(words);
    }
    Ok((traces, Mesures { mesures, refusees, reste }))
}

/// What a request may hold, counted before any of it is done.
fn bounded(zones: &[ZoneDemandee], indicators: usize, limits: &ZoneLimits) -> Result<(), Problem> {
    let figures = zones.len() * indicators;
    if figures > limits.chiffres_max {
        let detail = format!(
            "La demande porte sur {} zones et {indicators} indicateurs, soit {} chiffres ; {} au plus : \
                demandez-la en plusieurs fois.",
            thousands(zones.len() as u64),
            thousands(figures as u64),
            thousands(limits.chiffres_max as u64)
        );
        return Err(Problem::value("indicateurs", &indicators.to_string(), detail));
    }
    for (i, zone) in zones.iter().enumerate() {
        for (field, text) in [("id", &zone.id), ("nom", &zone.nom)] {
            let n = text.as_ref().map_or(0, |t| t.chars().count());
            if n > limits.nom_max {
                let detail = format!("Le texte a {n} caractères ; {} au plus.", limits.nom_max);
                return Err(Problem::value(&format!("zones[{i}].{field}"), &n.to_string(), detail));
            }
        }
    }
    let vertices: usize = zones.iter().filter_map(|z| z.geometrie.as_ref()).map(geometry::vertices).sum();
    if vertices > limits.sommets_demande_max {
        let detail = format!(
            "Les zones de la demande ont {} sommets en tout ; {} au plus : simplifiez-les ou \
                demandez-les en plusieurs fois.",
            thousands(vertices as u64),
            thousands(limits.sommets_demande_max as u64)
        );
        return Err(Problem::value("zones", &vertices.to_string(), detail));
    }
    Ok(())
}

/// Does something with each item, in order. Handing one or two to other threads costs more than they do.
fn each<T: Send, R: Send>(list: Vec<T>, f: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    if list.len() < 3 { list.into_iter().map(f).collect() } else { list.into_par_iter().map(f).collect() }
}

/// A zone with its figures, and its place in the request.
struct Measured {
    at: usize,
    found: Found,
    mesure: Mesure,
}

/// What a request of zones is answered.
#[derive(Default)]
struct Outcome {
    done: Vec<Measured>,
    refusees: Vec<ZoneRefusee>,
    reste: Option<Mesure>,
}

impl Outcome {
    /// The same of the stock as it is now, with the households of the zones as filed.
    fn with_households_of(self, filed: Self, catalogue: &'static Catalogue) -> Self {
        let mut of: BTreeMap<usize, Mesure> = filed.done.into_iter().map(|m| (m.at, m.mesure)).collect();
        let join =
            |m: Measured| Measured { mesure: m.mesure.with_households(of.remove(&m.at), catalogue), ..m };
        let done = self.done.into_iter().map(join).collect();
        Self { done, reste: self.reste.map(|r| r.with_households(filed.reste, catalogue)), ..self }
    }
}

/// What a desk answers of zones.
fn measured(desk: &Desk<'_>, asked: &DemandeMesure, limits: &ZoneLimits) -> Result<Outcome, Problem> {
    let loaded = desk.loaded();
    let effort = geometry::effort(limits);
    let zones: Vec<(usize, &ZoneDemandee)> = asked.zones.iter().enumerate().collect();
    let found: Vec<Result<Found, Problem>> = each(zones, |(i, zone)| find(loaded, i, zone, limits, &effort));
    let whole = asked.territoire.as_ref().map(|t| territory(loaded, t)).transpose()?;
    let mut counters: Counters<'_> = BTreeMap::new();
    let classes = found.iter().flatten().flat_map(|f| f.parts.iter().map(|p| p.0).chain([f.class]));
    for class in classes.chain(whole.as_ref().map(|_| Class::Zone)) {
        counters.entry(class).or_insert_with(|| desk.counter(class));
    }
    let found: Vec<(usize, Result<Found, Problem>)> = found.into_iter().enumerate().collect();
    let measured: Vec<Result<Measured, Problem>> = each(found, |(at, found)| {
        let found = found?;
        Ok(Measured { at, mesure: measure(&counters, &found)?, found })
    });
    let (mut done, mut refusees) = (Vec::new(), Vec::new());
    for (measured, (i, zone)) in measured.into_iter().zip(asked.zones.iter().enumerate()) {
        match measured {
            Ok(m) => done.push(m),
            // Of a request none of whose zones can be measured there is nothing but this to tell.
            Err(problem) if !asked.partiel || asked.zones.len() == refusees.len() + 1 => return Err(problem),
            Err(Problem { champ, detail, .. }) => {
                refusees.push(ZoneRefusee { id: id_of(zone, i), nom: name_of(zone), champ, detail });
            }
        }
    }
    let rest = whole.map(|whole| {
        let inside: Vec<&Runs> = done.iter().map(|m| &m.found.runs).collect();
        let runs = whole.runs.minus(&Runs::union(&inside));
        let mut mesure = measure(&counters, &Found { runs, class: Class::Zone, ..whole })?;
        if !refusees.is_empty() {
            let list: Vec<String> = refusees.iter().map(|z| format!("« {} »", z.nom)).collect();
            mesure.avertissements.push(format!(
                "Zones qui n'ont pu être mesurées, et ne sont donc pas retirées : {}.",
                list.join(", ")
            ));
        }
        Ok::<Mesure, Problem>(mesure)
    });
    Ok(Outcome { reste: rest.transpose()?, done, refusees })
}

/// What is asked of the desk, by class of scale.
type Counters<'a> = BTreeMap<Class, Result<Counter<'a>, Problem>>;

/// Figures of a zone; of one that is drawn, of the part that is open; of zones put together, of those whose
/// households are open by themselves, so that no union tells of one that is not.
fn measure(counters: &Counters<'_>, found: &Found) -> Result<Mesure, Problem> {
    let of = |class: Class| counters[&class].as_ref().map_err(Problem::clone);
    let counter = of(found.class)?;
    let mut closed: Vec<&str> = Vec::new();
    let mut open: Vec<&Runs> = Vec::new();
    for (class, runs) in &found.parts {
        match of(*class)?.withheld(runs) {
            Some(why) => closed.push(why),
            None => open.push(runs),
        }
    }
    if let Some(why) = closed.first().filter(|_| !open.is_empty()) {
        let answer = counter.answer_in_part(&found.runs, &Runs::union(&open))?;
        let mut mesure = Mesure::new(found.zone.clone(), counter, answer);
        mesure.avertissements.push(format!(
            "Les ménages de {} zone(s) sur {} ne sont pas comptés. {why}",
            thousands(closed.len() as u64),
            thousands(found.parts.len() as u64)
        ));
        return Ok(mesure);
    }
    let cut = if found.class == Class::Zone { counter.cut(&found.runs) } else { None };
    let (runs, said) = cut.map_or((None, None), |(runs, said)| (Some(runs), Some(said)));
    let runs = runs.as_ref().unwrap_or(&found.runs);
    let answer = match closed.first() {
        Some(why) => counter.answer_without(runs, why)?,
        None if !open.is_empty() => counter.answer_in_part(runs, runs)?,
        None => counter.answer(found.zone.echelle.as_deref(), runs)?,
    };
    let mut mesure = Mesure::new(found.zone.clone(), counter, answer);
    mesure.avertissements.extend(said);
    Ok(mesure)
}

fn id_of(zone: &ZoneDemandee, i: usize) -> String {
    zone.id.clone().unwrap_or_else(|| format!("z{}", i + 1))
}

fn name_of(zone: &ZoneDemandee) -> String {
    zone.nom.clone().unwrap_or_else(|| "Zone dessinée".to_owned())
}

/// The territory whose rest is asked: a wide one, for the rest of a narrow zone would be told by what is
/// taken out of it.
fn territory(loaded: &Loaded, asked: &CodeDeZone) -> Result<Found, Problem> {
    let layer = places::layer(loaded, "territoire.echelle", &asked.echelle)?;
    if scales::scale(&asked.echelle).acces != Class::Large {
        let detail = "Le reste se demande pour une commune, un EPCI ou un département.";
        return Err(Problem::value("territoire.echelle", &asked.echelle, detail));
    }
    let zone = places::zone(&layer, "territoire.code", &asked.code)?;
    let nom = format!("Hors zones, {}", layer.title(zone));
    let runs = Runs::new(layer.runs_of(zone).collect());
    Ok(Found {
        zone: ZoneMesuree { id: "hors_zones".to_owned(), nom, echelle: None, code: None },
        runs,
        class: Class::Large,
        parts: Vec::new(),
    })
}

/// A zone and its addresses.
struct Found {
    zone: ZoneMesuree,
    runs: Runs,
    /// Of the narrowest zone in it.
    class: Class,
    /// The zones that it is made of, if they are several.
    parts: Vec<(Class, Runs)>,
}

fn find(
    loaded: &Loaded,
    i: usize,
    zone: &ZoneDemandee,
    limits: &ZoneLimits,
    effort: &Effort,
) -> Result<Found, Problem> {
    let (id, drawn) = (id_of(zone, i), name_of(zone));
    let at = |field: &str| format!("zones[{i}].{field}");
    match (&zone.geometrie, &zone.codes) {
        (Some(geometry), None) => {
            let areas = geometry::areas(&at("geometrie"), geometry, limits, effort)?;
            let runs: Vec<Runs> = areas.iter().map(|a| loaded.cube().inside(&Region::new(a))).collect();
            let runs = Runs::union(&runs.iter().collect::<Vec<_>>());
            Ok(Found {
                zone: ZoneMesuree { id, nom: drawn, echelle: None, code: None },
                runs,
                class: Class::Zone,
                parts: Vec::new(),
            })
        }
        (None, Some(codes)) => listed(loaded, &at("codes"), id, zone.nom.clone(), codes, limits),
        (None, None) => {
            Err(Problem::missing(&at("geometrie"), "une zone a une « geometrie » ou une liste de « codes »"))
        }
        (Some(_), Some(_)) => Err(Problem::value(
            &at("codes"),
            &id,
            "Une zone a une « geometrie » ou une liste de « codes », pas les deux.",
        )),
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
        let [most, found] = [limits.codes_max, codes.len()].map(|n| thousands(n as u64));
        let detail = format!("Une liste a de 1 à {most} codes, or celle-ci en a {found}.");
        return Err(Problem::value(champ, &codes.len().to_string(), detail));
    }
    let mut parts = Vec::with_capacity(codes.len());
    let mut name = None;
    for (j, CodeDeZone { echelle, code }) in codes.iter().enumerate() {
        let layer = places::layer(loaded, &format!("{champ}[{j}].echelle"), echelle)?;
        let zone = places::zone(&layer, &format!("{champ}[{j}].code"), code)?;
        parts.push((scales::scale(echelle).acces, layer.addresses(zone)));
        name.get_or_insert_with(|| layer.title(zone));
    }
    // One code alone is that zone, whichever way it is asked.
    let (echelle, code, name) = match codes {
        [one] => (Some(one.echelle.clone()), Some(one.code.clone()), name.unwrap_or_default()),
        _ => (None, None, format!("{} zones réunies", thousands(codes.len() as u64))),
    };
    let runs = Runs::union(&parts.iter().map(|(_, runs)| runs).collect::<Vec<_>>());
    let class = parts.iter().map(|(class, _)| *class).min().unwrap_or(Class::Large);
    if parts.len() == 1 {
        parts.clear();
    }
    Ok(Found { zone: ZoneMesuree { id, nom: nom.unwrap_or(name), echelle, code }, runs, class, parts })
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
        format!(
            "Cette zone a des adresses en commun avec « {} » : leurs effectifs ne s'additionnent pas.",
            found[other].zone.nom
        )
    };
    shared.into_iter().enumerate().filter_map(|(i, other)| other.map(|o| (i, sentence(o)))).collect()
}
