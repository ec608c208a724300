//! What every question shares: which cube, which population, which dwellings.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cube::Filter;
use crate::desk::editions::{App, Loaded};
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::disclosure::answer::{Asker, View};
use crate::disclosure::publisher::Population;
use crate::reference::indicators::{Attribute, Catalogue, Indicator};

/// Populations: id and label.
pub const POPULATIONS: [(&str, Population, &str); 3] = [
    ("TOUS", Population::Tous, "Tous les ménages"),
    ("RECENTS", Population::Recents, "Emménagés récents"),
    ("ANCIENS", Population::Anciens, "Ménages en place (hors emménagés récents)"),
];
/// States of the stock: as filed on 1 January (the default), and with the events since.
pub const PARCS: [&str; 2] = ["janvier", "a_jour"];
/// Generations of QPV that the filter `qpv` can be about, the default first.
pub const GENERATIONS: [&str; 2] = ["2024", "2015"];
/// Filters that are one attribute a generation of QPV, and their names for readers.
pub const BY_GENERATION: [(&str, &str); 2] = [("qpv", "Quartier prioritaire"), ("bande", "Distance aux QPV")];
/// Code of dwellings whose class is not known, for any attribute.
pub const UNKNOWN: &str = "NC";

/// What was asked, before it is checked against what is loaded.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub millesime: Option<u16>,
    pub vague: Option<u16>,
    /// One of [`PARCS`].
    pub parc: Option<String>,
    pub population: Option<String>,
    pub generation: Option<String>,
    /// Filter → codes.
    pub filtres: BTreeMap<String, Vec<String>>,
}

/// A checked choice of cube, population and dwellings.
#[derive(Debug, Clone)]
pub struct Selection {
    pub loaded: Arc<Loaded>,
    pub population: Population,
    pub filter: Filter,
    /// The filters as they were asked.
    pub filtres: BTreeMap<String, Vec<String>>,
    /// Dwellings that the filter keeps (None: all).
    pub mask: Option<Arc<Vec<u64>>>,
    /// Generation of QPV of the filters that depend on it.
    pub generation: String,
}

/// Attributes offered as filters: never one that describes households.
pub fn filters(catalogue: &Catalogue) -> impl Iterator<Item = &Attribute> {
    catalogue.attributes.iter().filter(|a| a.filtre && !a.occupation)
}

impl Asked {
    /// Takes the shared parameters.
    ///
    /// # Errors
    /// A year is no number.
    pub fn take(params: &mut Params, catalogue: &'static Catalogue) -> Result<Self, Problem> {
        let mut asked = Self {
            millesime: params.number("millesime")?,
            vague: params.number("vague")?,
            parc: params.take("parc"),
            population: params.take("population"),
            generation: params.take("generation"),
            filtres: BTreeMap::new(),
        };
        let names = filters(catalogue)
            .map(|a| a.id.as_str())
            .chain(["bailleur"])
            .chain(BY_GENERATION.map(|(name, _)| name));
        for name in names {
            if let Some(codes) = params.list(name) {
                asked.filtres.insert(name.to_owned(), codes);
            }
        }
        Ok(asked)
    }

    /// Checks the choice.
    ///
    /// # Errors
    /// Something asked is not loaded or not known; the problem names it and lists what is.
    pub fn resolve(mut self, app: &App) -> Result<Selection, Problem> {
        let loaded = self.cube(app)?;
        let population = match &self.population {
            None => Population::Tous,
            Some(asked) => POPULATIONS
                .iter()
                .find(|(id, ..)| id == asked)
                .map(|(_, p, _)| *p)
                .ok_or_else(|| Problem::unknown("population", asked, POPULATIONS.map(|(id, ..)| id)))?,
        };
        let generation = self.generation.as_deref().unwrap_or(GENERATIONS[0]);
        if !GENERATIONS.contains(&generation) {
            return Err(Problem::unknown("generation", generation, GENERATIONS));
        }
        let generation = generation.to_owned();
        let by_generation = |name: &str| BY_GENERATION.iter().any(|(n, _)| *n == name);
        self.filtres.retain(|_, codes| !codes.is_empty());
        let mut filter = Filter::default();
        for (name, codes) in &mut self.filtres {
            codes.sort_unstable();
            codes.dedup();
            if name == "bailleur" {
                filter.bailleurs = bailleurs(&loaded, codes)?;
                continue;
            }
            let id = if by_generation(name) { format!("{name}{generation}") } else { name.clone() };
            let attribute = app
                .catalogue
                .attribute(&id)
                .filter(|a| by_generation(name) || (a.filtre && !a.occupation))
                .ok_or_else(|| {
                    let known = filters(app.catalogue)
                        .map(|a| a.id.as_str())
                        .chain(["bailleur"])
                        .chain(BY_GENERATION.map(|(n, _)| n));
                    Problem::unknown("filtres", name, known)
                })?;
            filter.classes.insert(id, classes(name, attribute, codes)?);
        }
        let mask = (!filter.is_empty()).then(|| loaded.mask(&filter));
        Ok(Selection { loaded, population, filter, filtres: self.filtres, mask, generation })
    }

    /// Whether the stock is asked for up to date.
    #[must_use]
    pub fn up_to_date(&self) -> bool {
        self.parc.as_deref() == Some(PARCS[1])
    }

    /// The same question of the stock as filed on 1 January.
    #[must_use]
    pub fn on_january_first(self) -> Self {
        Self { parc: None, ..self }
    }

    /// The cube asked for. Without events since the register, the stock as filed is up to date; a former one
    /// stays as it was filed, and the answer says so.
    fn cube(&self, app: &App) -> Result<Arc<Loaded>, Problem> {
        let parc = self.parc.as_deref().unwrap_or(PARCS[0]);
        if !PARCS.contains(&parc) {
            return Err(Problem::unknown("parc", parc, PARCS));
        }
        let filed = self.filed(app)?;
        let same = |now: &&Arc<Loaded>| self.up_to_date() && now.meta().millesime == filed.meta().millesime;
        Ok(app.a_jour.as_ref().filter(same).cloned().unwrap_or(filed))
    }

    fn filed(&self, app: &App) -> Result<Arc<Loaded>, Problem> {
        let all = &app.millesimes;
        if all.is_empty() {
            return Err(Problem::nothing_loaded());
        }
        if let Some(year) = self.millesime {
            let found = all.iter().find(|l| l.meta().millesime == year).ok_or_else(|| {
                Problem::unknown(
                    "millesime",
                    &year.to_string(),
                    all.iter().map(|l| l.meta().millesime.to_string()),
                )
            })?;
            return match self.vague {
                Some(w) if found.meta().vague != Some(w) => Err(Problem::value(
                    "vague",
                    &w.to_string(),
                    format!("La vague {w} n'est pas jointe au millésime {year} ; donnez l'un ou l'autre."),
                )),
                _ => Ok(Arc::clone(found)),
            };
        }
        let found = match self.vague {
            None => all.last(),
            Some(w) => all.iter().rev().find(|l| l.meta().vague == Some(w)),
        };
        found.map(Arc::clone).ok_or_else(|| {
            let known = all.iter().filter_map(|l| l.meta().vague).map(|w| w.to_string());
            Problem::unknown("vague", &self.vague.unwrap_or_default().to_string(), known)
        })
    }
}

/// Class numbers of codes, sorted.
fn classes(name: &str, attribute: &Attribute, codes: &[String]) -> Result<Vec<u8>, Problem> {
    let mut list = codes
        .iter()
        .map(|code| {
            let unknown = (code == UNKNOWN && attribute.class(UNKNOWN).is_none()).then_some(0);
            unknown.or_else(|| attribute.class(code)).ok_or_else(|| {
                Problem::unknown(
                    name,
                    code,
                    attribute.classes.iter().map(|c| c.code.as_str()).chain([UNKNOWN]),
                )
            })
        })
        .collect::<Result<Vec<u8>, _>>()?;
    list.sort_unstable();
    list.dedup();
    Ok(list)
}

/// Indices of bailleurs, sorted.
fn bailleurs(loaded: &Loaded, codes: &[String]) -> Result<Vec<u16>, Problem> {
    let all = loaded.cube().bailleurs();
    let mut list = codes
        .iter()
        .map(|code| {
            let place = all.iter().position(|(siren, _)| siren == code);
            place
                .and_then(|i| u16::try_from(i).ok())
                .ok_or_else(|| Problem::unknown("bailleur", code, all.iter().map(|(siren, _)| *siren)))
        })
        .collect::<Result<Vec<u16>, _>>()?;
    list.sort_unstable();
    list.dedup();
    Ok(list)
}

impl Selection {
    /// The question in words, for the audit trail.
    #[must_use]
    pub fn as_asked(&self) -> serde_json::Value {
        serde_json::json!({
            "millesime": self.loaded.meta().millesime, "a_jour": self.loaded.meta().a_jour, "population": self.population, "filtres": self.filtres,
        })
    }

    /// The question to ask of zones, for these indicators and these eyes.
    #[must_use]
    pub fn asker<'a>(&'a self, app: &'a App, view: View, indicators: &[&'static Indicator]) -> Asker<'a> {
        Asker::new(
            &self.loaded.publisher,
            app.catalogue,
            app.secrecy,
            app.perturbation,
            self.population,
            view,
            (&self.filter, self.mask.as_ref().map(|m| m.as_slice())),
            indicators,
        )
    }
}

/// Indicators by id, or all of them.
///
/// # Errors
/// One of them does not exist.
pub fn indicators(app: &App, ids: Option<&[String]>) -> Result<Vec<&'static Indicator>, Problem> {
    let all = &app.catalogue.indicators;
    let Some(ids) = ids else { return Ok(all.iter().collect()) };
    // Each once, in the order of the first time: a list costs what the catalogue has, however long it is.
    let mut seen = std::collections::BTreeSet::new();
    ids.iter()
        .filter(|id| seen.insert(id.as_str()))
        .map(|id| {
            app.catalogue
                .indicator(id)
                .ok_or_else(|| Problem::unknown("indicateur", id, all.iter().map(|i| i.id.as_str())))
        })
        .collect()
}
