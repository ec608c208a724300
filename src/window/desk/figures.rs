//! The figures of many zones of a scale, each as its sheet gives it: files and collections are made of it.

pub mod catalogue;
pub mod ensembles;
pub mod facettes;
pub mod fragilite;
pub mod segregation;
pub mod situation_csv;
pub mod valeurs;
pub mod zones_fichier;

use std::borrow::Cow;

use geo::BoundingRect;
use rayon::prelude::*;

use super::zones;
use crate::access::{self, Person};
use crate::cube::Layer;
use crate::desk::counter::{Counter, Desk};
use crate::desk::editions::{App, Loaded};
use crate::desk::fiche;
use crate::desk::mesure::Mesure;
use crate::desk::places::{self, Within};
use crate::desk::problem::Problem;
use crate::desk::query::{self, Asked};
use crate::disclosure::answer::stock_source;
use crate::mvt::shapes::cell_area;
use crate::publish::table::Described;
use crate::publish::{Place, Row, Table};
use crate::reference::access::{Class, access as access_data};
use crate::reference::indicators::Indicator;
use crate::reference::scales;
use crate::state;

/// What is asked of a scale.
#[derive(Debug, Clone)]
pub struct Question {
    pub echelle: String,
    /// The zone that all are in, `échelle:code`.
    pub dans: Option<String>,
    pub asked: Asked,
    /// None: all that the person may see somewhere.
    pub indicateurs: Option<Vec<String>>,
    /// Whether places are wanted.
    pub places: bool,
}

/// A question of a person, ready to be asked zone by zone.
pub struct Reading<'a> {
    app: &'a App,
    echelle: &'a str,
    desk: &'a Desk<'a>,
    counter: Counter<'a>,
    pub layer: Layer<'a>,
    /// The stock as filed, where the question is of the stock up to date: households are those of then.
    filed: Option<&'a Desk<'a>>,
    pub within: Option<Within<'a>>,
    pub indicators: Vec<&'static Indicator>,
    places: bool,
    /// Zones that the person may see, by number.
    pub zones: Vec<u32>,
}

/// Asks a question; `then` reads what it wants of the zones that are open.
///
/// # Errors
/// Something asked does not exist or is not open; or `then` fails.
pub fn read<T>(
    app: &App,
    person: &Person,
    question: &Question,
    then: impl FnOnce(&Reading<'_>) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let indicators = indicators(app, person, question.indicateurs.as_deref())?;
    let desk = Desk::new(app, person, question.asked.clone(), indicators.clone())?;
    let filed = match desk.loaded().meta().a_jour {
        None => None,
        Some(_) => {
            let asked = question.asked.clone().on_january_first();
            Problem::found(Desk::new(app, person, asked, indicators.clone()))?
        }
    };
    let loaded = desk.loaded();
    let layer = places::layer(loaded, "echelle", &question.echelle)?;
    let within = question.dans.as_deref().map(|d| Within::parse(loaded, d)).transpose()?;
    let counter = desk.counter(scales::scale(&question.echelle).acces)?;
    let mut list = places::zones_with_addresses(&layer, within.as_ref());
    list.retain(|z| counter.lists(&layer.addresses(*z), false));
    list.extend(zones::without_addresses(loaded, &layer, within.as_ref()));
    list.sort_unstable();
    then(&Reading {
        app,
        echelle: &question.echelle,
        desk: &desk,
        counter,
        layer,
        filed: filed.as_ref(),
        within,
        indicators,
        places: question.places,
        zones: list,
    })
}

/// Indicators by id, or all that the person may see somewhere.
fn indicators(
    app: &App,
    person: &Person,
    ids: Option<&[String]>,
) -> Result<Vec<&'static Indicator>, Problem> {
    let mut all = query::indicators(app, ids)?;
    if ids.is_none() && !access::sees_households(person) {
        all.retain(|i| !app.catalogue.describes_households(i));
    }
    Ok(all)
}

impl<'a> Reading<'a> {
    #[must_use]
    pub fn loaded(&self) -> &'a Loaded {
        self.desk.loaded()
    }

    #[must_use]
    pub fn class(&self) -> Class {
        scales::scale(self.echelle).acces
    }

    /// The question in words, for the audit trail.
    #[must_use]
    pub fn as_asked(&self) -> serde_json::Value {
        self.desk.whole.as_asked()
    }

    /// Dwellings of a zone, filter applied.
    #[must_use]
    pub fn dwellings(&self, zone: u32) -> u64 {
        let mask = self.counter.selection.mask.as_ref().map(|m| m.as_slice());
        self.loaded().dwellings(&self.layer, zone, mask)
    }

    /// What readers must know of the indicators.
    #[must_use]
    pub fn described(&self) -> Vec<Described> {
        let catalogue = self.app.catalogue;
        let filtered = !self.desk.whole.filter.is_empty();
        let one = |i: &&'static Indicator| {
            let households = catalogue.describes_households(i);
            Described {
                indicator: i,
                domaine: match i {
                    _ if households => "occupation",
                    i if access_data().restreint.touches(i) => "parc_restreint",
                    _ => "parc",
                },
                numerateur: catalogue.in_words(&i.numerateur),
                denominateur: i.denominateur.as_ref().map(|m| catalogue.in_words(m)),
                margin: households && (filtered || catalogue.crosses(i)),
            }
        };
        self.indicators.iter().map(one).collect()
    }

    /// Some zones with their figures, in this order.
    ///
    /// # Errors
    /// A zone is not open.
    pub fn rows(&self, zones: &[u32]) -> Result<Vec<Row<'a>>, Problem> {
        let filed = self.filed.map(|desk| (desk, desk.counter(self.class())));
        zones
            .par_iter()
            .map(|&zone| {
                let mut mesure = fiche::of_zone(&self.counter, self.echelle, &self.layer, zone)?;
                if let Some((desk, counter)) = &filed {
                    let code = self.layer.codes.get(zone as usize);
                    let then = counter
                        .as_ref()
                        .map_err(Problem::clone)
                        .and_then(|c| fiche::of_code(desk, c, self.echelle, code));
                    mesure = mesure.with_households(Problem::found(then)?, self.app.catalogue);
                }
                Ok(self.row(zone, mesure))
            })
            .collect()
    }

    fn row(&self, zone: u32, mesure: Mesure) -> Row<'a> {
        let Mesure { couverture, chiffres, avertissements, zone: named, .. } = mesure;
        Row {
            code: named.code.unwrap_or(named.id),
            nom: named.nom,
            parents: zones::parents(self.loaded(), &self.layer, zone),
            logements: couverture.logements,
            repondants: couverture.repondants,
            taux_reponse: couverture.taux_reponse,
            fiabilite: couverture.badge,
            logements_ecartes: couverture.logements_ecartes,
            figures: chiffres,
            avertissements,
            place: if self.places { self.place(zone) } else { None },
        }
    }

    /// Contour of a zone, or mean place of its addresses where its scale is one of points.
    #[must_use]
    pub fn place(&self, zone: u32) -> Option<Place<'a>> {
        let loaded = self.loaded();
        let code = self.layer.codes.get(zone as usize);
        if let Some(z) = loaded.zones.get(self.echelle).and_then(|g| g.layer.zone(code)) {
            return Some(Place::Area(Cow::Borrowed(&z.geometry)));
        }
        match scales::scale(self.echelle).genre {
            scales::Genre::Points => zones::of_addresses(loaded, &self.layer, zone).0.map(Place::Point),
            _ => cell_area(self.echelle, code).map(|area| Place::Area(Cow::Owned(area))),
        }
    }

    /// West, south, east, north of a zone; None if it is nowhere.
    #[must_use]
    pub fn bbox(&self, zone: u32) -> Option<[f64; 4]> {
        let code = self.layer.codes.get(zone as usize);
        let contour = self.loaded().zones.get(self.echelle).and_then(|g| g.layer.zone(code));
        if let Some(z) = contour.filter(|z| z.bbox[0] <= z.bbox[2]) {
            return Some(z.bbox);
        }
        match self.place(zone)? {
            Place::Point([x, y]) => Some([x, y, x, y]),
            Place::Area(area) => {
                let r = area.bounding_rect()?;
                Some([r.min().x, r.min().y, r.max().x, r.max().y])
            }
        }
    }

    /// These zones as a table.
    ///
    /// # Errors
    /// A zone is not open.
    pub fn table(&self, zones: &[u32]) -> Result<Table<'a>, Problem> {
        let meta = self.loaded().meta();
        let scale = scales::scale(self.echelle);
        let libelle = if scale.id == "*" { self.layer.meta.libelle.clone() } else { scale.libelle.clone() };
        let population = self.desk.whole.population;
        let (id, _, words) = query::POPULATIONS
            .into_iter()
            .find(|(_, p, _)| *p == population)
            .unwrap_or(query::POPULATIONS[0]);
        Ok(Table {
            echelle: (self.echelle.to_owned(), libelle),
            dans: self.within.as_ref().map(|w| (format!("{}:{}", w.layer.meta.id, w.code()), w.name())),
            millesime: meta.millesime,
            vague: self.filed.map_or(meta.vague, |d| d.loaded().meta().vague),
            parc: stock_source(meta),
            population: (id.to_owned(), words.to_owned()),
            filtres: self.filters(),
            jour: state::day(state::now()),
            indicators: self.described(),
            zones: self.zones.len(),
            rows: self.rows(zones)?,
            demonstration: self.app.demonstration,
        })
    }

    /// Filters in words.
    fn filters(&self) -> Vec<(String, String)> {
        let whole = &self.desk.whole;
        let cube = self.loaded().cube();
        let named = |name: &str, codes: &[String]| -> (String, String) {
            if name == "bailleur" {
                let all = cube.bailleurs();
                let of = |c: &String| {
                    all.iter().find(|(siren, _)| siren == c).map_or(c.clone(), |(s, n)| format!("{n} ({s})"))
                };
                return ("Bailleur".to_owned(), codes.iter().map(of).collect::<Vec<_>>().join(", "));
            }
            let general = query::BY_GENERATION.iter().find(|(n, _)| *n == name);
            let id = general.map_or(name.to_owned(), |(n, _)| format!("{n}{}", whole.generation));
            let attribute = self.app.catalogue.attribute(&id);
            let of = |c: &String| {
                let class = attribute.and_then(|a| a.classes.iter().find(|k| k.code == *c));
                class.map_or_else(|| c.clone(), |k| k.libelle.clone())
            };
            let label = attribute.map_or(name.to_owned(), |a| a.libelle.clone());
            (label, codes.iter().map(of).collect::<Vec<_>>().join(", "))
        };
        let mut out: Vec<_> = whole.filtres.iter().map(|(name, codes)| named(name, codes)).collect();
        if self.counter.narrowed() {
            out.push(("Parc".to_owned(), "celui de votre organisme seulement".to_owned()));
        }
        out
    }
}
