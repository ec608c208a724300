//! The answer for a zone: its figures, what they stand on, and what was left out and why.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::figure::{Basis, Figure, figure};
use super::publisher::{LedgerError, Population, Publisher};
use crate::cube::bits::Bits;
use crate::cube::build::Meta;
use crate::cube::runs::Runs;
use crate::cube::{Filter, Rows};
use crate::days;
use crate::reference::indicators::{Catalogue, Indicator, Measure};
use crate::reference::secrecy::Secrecy;

/// What is asked of a zone.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub zone: &'a Runs,
    pub population: Population,
    pub filter: &'a Filter,
    pub indicators: &'a [&'a Indicator],
    /// Whether the zone is narrower than a commune.
    pub fine: bool,
}

/// Dwellings of the zone that no occupancy figure counts, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LeftOut {
    pub motif: &'static str,
    pub libelle: &'static str,
    pub logements: u64,
}

/// What the figures of a zone cover.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Coverage {
    pub adresses: u64,
    pub residences: u64,
    /// Logements de la zone, filtre appliqué.
    pub logements: u64,
    /// Ménages répondants décrits par les chiffres d'occupation ; nul si secret.
    pub repondants: Option<u64>,
    /// Logements occupés interrogés dans la partie décrite.
    pub menages_interroges: Option<u64>,
    pub taux_reponse: Option<f64>,
    pub badge: Option<char>,
    /// Logements de la zone que les chiffres d'occupation ne comptent pas.
    pub logements_ecartes: u64,
    pub motifs: Vec<LeftOut>,
    /// Logements comptés sans point : mal localisés, dans une commune que la zone couvre en entier.
    pub logements_sans_point: u64,
    /// Adresses localisées à la rue près seulement.
    pub adresses_approximatives: u64,
}

/// Figures of one zone.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Answer {
    pub millesime: u16,
    pub vague: Option<u16>,
    pub population: Population,
    pub couverture: Coverage,
    pub chiffres: Vec<Figure>,
    pub avertissements: Vec<String>,
}

/// Sums that figures are made from, by measure.
type Sums = BTreeMap<usize, u64>;

/// Answers a question about one zone.
///
/// # Errors
/// A sub-population asked for the first time cannot be written in the ledger.
pub fn answer(
    publisher: &Publisher,
    catalogue: &Catalogue,
    secrecy: &Secrecy,
    question: &Question<'_>,
) -> Result<Answer, LedgerError> {
    let mask = (!question.filter.is_empty()).then(|| publisher.cube().mask(question.filter));
    Asker::new(
        publisher,
        catalogue,
        secrecy,
        question.population,
        question.filter,
        mask.as_deref(),
        question.indicators,
    )
    .answer(question.zone, question.fine)
}

/// What is the same for every zone that one question is asked of, found once: a map asks it of thousands.
#[derive(Debug)]
pub struct Asker<'a> {
    publisher: &'a Publisher,
    catalogue: &'a Catalogue,
    secrecy: &'a Secrecy,
    population: Population,
    filter: &'a Filter,
    /// Dwellings that the filter keeps (None: all).
    mask: Option<&'a [u64]>,
    indicators: Vec<Asked<'a>>,
    /// Measures summed over all dwellings of the zone, and over the part that may be described.
    of_dwellings: Vec<usize>,
    of_households: Vec<usize>,
}

/// An indicator, whether it describes households, and whether its item took part in cutting atoms.
#[derive(Debug, Clone, Copy)]
struct Asked<'a> {
    indicator: &'a Indicator,
    occupancy: bool,
    item_safe: bool,
}

impl<'a> Asker<'a> {
    /// `mask`: what [`crate::cube::Cube::mask`] gives for the filter, None for an empty one.
    #[must_use]
    pub fn new(
        publisher: &'a Publisher,
        catalogue: &'a Catalogue,
        secrecy: &'a Secrecy,
        population: Population,
        filter: &'a Filter,
        mask: Option<&'a [u64]>,
        indicators: &[&'a Indicator],
    ) -> Self {
        let items = crate::cube::atoms::items(catalogue);
        let item_safe = |m: &Measure| {
            let known_only = items.iter().find(|i| i.conditions == m.conditions);
            known_only.and_then(|i| catalogue.measure_index(i)).is_none_or(|i| publisher.cuts_by(i))
        };
        let indicators: Vec<Asked<'a>> = indicators
            .iter()
            .map(|&indicator| Asked {
                indicator,
                occupancy: catalogue.describes_households(indicator),
                item_safe: indicator.denominateur.as_ref().is_none_or(item_safe),
            })
            .collect();
        let list = |occupancy: bool| -> Vec<&Indicator> {
            indicators.iter().filter(|a| a.occupancy == occupancy).map(|a| a.indicator).collect()
        };
        Self {
            publisher,
            catalogue,
            secrecy,
            population,
            filter,
            mask,
            of_dwellings: measures(catalogue, &list(false), &[dwellings()]),
            of_households: measures(catalogue, &list(true), &[dwellings(), households(), asked()]),
            indicators,
        }
    }

    /// Answers for one zone with its dwellings only: what describes households is withheld for a reason, and
    /// not even computed.
    #[must_use]
    pub fn without_households(&self, zone: &Runs, why: &str) -> Answer {
        let (catalogue, cube) = (self.catalogue, self.publisher.cube());
        let meta = cube.meta();
        let rows = self.mask.map_or(Rows::All, |m| Rows::Mask(Bits(m)));
        let sums = zip(&self.of_dwellings, cube.sum(zone, &self.of_dwellings, rows));
        let source = stock_source(meta);
        let figures = self.indicators.iter().map(|a| {
            if a.occupancy {
                return Figure::withheld(a.indicator, why);
            }
            let n = value(catalogue, &sums, &a.indicator.numerateur);
            let d = a.indicator.denominateur.as_ref().map(|m| value(catalogue, &sums, m));
            figure(catalogue, self.secrecy, a.indicator, n, d, None, source.clone())
        });
        let chiffres = figures.collect();
        let mut warnings = approximate_places(cube.approximate(zone));
        if self.indicators.iter().any(|a| a.occupancy) {
            warnings.push(format!("Occupation non montrée. {why}"));
        }
        Answer {
            millesime: meta.millesime,
            vague: meta.vague,
            population: self.population,
            couverture: Coverage {
                adresses: zone.len(),
                residences: cube.residences(zone),
                logements: value(catalogue, &sums, &dwellings()),
                repondants: None,
                menages_interroges: None,
                taux_reponse: None,
                badge: None,
                logements_ecartes: 0,
                motifs: Vec::new(),
                logements_sans_point: self.without_point(zone, rows),
                adresses_approximatives: cube.approximate(zone),
            },
            chiffres,
            avertissements: warnings,
        }
    }

    /// Dwellings of a zone that have no usable place.
    fn without_point(&self, zone: &Runs, rows: Rows<'_>) -> u64 {
        let cube = self.publisher.cube();
        let meta = cube.meta();
        let unlocated = Runs::new(vec![(narrow(meta.localisees), narrow(meta.adresses))]);
        self.catalogue
            .measure_index(&dwellings())
            .map_or(0, |i| cube.sum(&zone.intersection(&unlocated), &[i], rows).iter().sum())
    }

    /// Answers for one zone; `fine`: it is narrower than a commune.
    ///
    /// # Errors
    /// A sub-population asked for the first time cannot be written in the ledger.
    pub fn answer(&self, zone: &Runs, fine: bool) -> Result<Answer, LedgerError> {
        let (publisher, catalogue, secrecy) = (self.publisher, self.catalogue, self.secrecy);
        let cube = publisher.cube();
        let meta = cube.meta();
        let rows = self.mask.map_or(Rows::All, |m| Rows::Mask(Bits(m)));
        let dwellings_sums = zip(&self.of_dwellings, cube.sum(zone, &self.of_dwellings, rows));
        let total = value(catalogue, &dwellings_sums, &dwellings());

        let (described, release) = publisher.publishable(zone, self.population, self.filter)?;
        let list = &self.of_households;
        let sums = match (&release, self.population) {
            (None, _) => zip(list, cube.sum(&described, list, Rows::All)),
            (Some(_), Population::Recents) if self.filter.is_empty() => {
                zip(list, cube.sum(&described, list, Rows::Recent))
            }
            (Some(r), _) => zip(list, cube.sum(&described, list, Rows::Mask(Bits(&r.rows)))),
        };
        // Response is a property of the place, not of the sub-population.
        let place = zip(list, cube.sum(&described, list, rows));
        let described_dwellings = value(catalogue, &place, &dwellings());
        let households_n = value(catalogue, &sums, &households());
        let basis = Basis {
            households: households_n,
            asked: value(catalogue, &place, &asked()),
            answered: value(catalogue, &place, &households()),
            fine,
            item_safe: true,
        };

        let source = |occupancy: bool| match (occupancy, meta.vague) {
            (true, Some(w)) => format!("OPS {w} × RPLS {}", meta.millesime),
            _ => stock_source(meta),
        };
        let figures = self
            .indicators
            .iter()
            .map(|&Asked { indicator: i, occupancy, item_safe }| {
                if !occupancy {
                    let n = value(catalogue, &dwellings_sums, &i.numerateur);
                    let d = i.denominateur.as_ref().map(|m| value(catalogue, &dwellings_sums, m));
                    return figure(catalogue, secrecy, i, n, d, None, source(false));
                }
                // The response rate compares households with dwellings asked: a property of the place.
                let of_place = i.denominateur.as_ref().is_some_and(|m| !catalogue.is_occupancy(m));
                let from = if of_place { &place } else { &sums };
                let n = value(catalogue, from, &i.numerateur);
                let d = i.denominateur.as_ref().map(|m| value(catalogue, from, m));
                figure(catalogue, secrecy, i, n, d, Some(Basis { item_safe, ..basis }), source(true))
            })
            .collect();

        let visible = households_n >= u64::from(secrecy.k);
        let rate = basis.rate().filter(|_| visible);
        let approximate = cube.approximate(zone);
        let mut warnings = approximate_places(approximate);
        if meta.vague.is_none() && meta.a_jour.is_none() && self.indicators.iter().any(|a| a.occupancy) {
            warnings.push(format!("Aucune vague OPS n'est jointe au millésime {}.", meta.millesime));
        }
        let left = total.saturating_sub(described_dwellings);
        Ok(Answer {
            millesime: meta.millesime,
            vague: meta.vague,
            population: self.population,
            couverture: Coverage {
                adresses: zone.len(),
                residences: cube.residences(zone),
                logements: total,
                repondants: visible.then_some(households_n),
                menages_interroges: visible.then_some(basis.asked),
                taux_reponse: rate.map(|r| (r * 1000.0).round() / 1000.0),
                badge: rate.map(|r| secrecy.badge(r)),
                logements_ecartes: left,
                motifs: if left > 0 && meta.vague.is_some() {
                    vec![LeftOut {
                        motif: "bordure",
                        libelle: "adresses solidaires de voisines hors de la zone, ou trop peu de ménages \
                            (secret statistique)",
                        logements: left,
                    }]
                } else {
                    Vec::new()
                },
                logements_sans_point: self.without_point(zone, rows),
                adresses_approximatives: approximate,
            },
            chiffres: figures,
            avertissements: warnings,
        })
    }
}

/// Where figures of dwellings come from, and of which day they are.
#[must_use]
pub fn stock_source(meta: &Meta) -> String {
    match &meta.a_jour {
        Some(day) => format!("RPLS {} à jour des événements au {}", meta.millesime, days::french(day)),
        None => format!("RPLS au 1er janvier {}", meta.millesime),
    }
}

/// A warning if some addresses are located by their street only.
fn approximate_places(n: u64) -> Vec<String> {
    match n {
        0 => Vec::new(),
        1 => vec!["Une adresse de la zone est localisée à la rue près seulement (qualité 12).".to_owned()],
        _ => vec![format!("{n} adresses de la zone sont localisées à la rue près seulement (qualité 12).")],
    }
}

fn measure(quantity: &str) -> Measure {
    Measure { somme: quantity.to_owned(), conditions: BTreeMap::new() }
}

/// All dwellings.
#[must_use]
pub fn dwellings() -> Measure {
    measure("logements")
}

/// Responding households.
#[must_use]
pub fn households() -> Measure {
    measure("menages")
}

/// Occupied dwellings that were asked.
#[must_use]
pub fn asked() -> Measure {
    measure("interroges")
}

/// Numbers of the measures that indicators need, with some more.
fn measures(catalogue: &Catalogue, indicators: &[&Indicator], more: &[Measure]) -> Vec<usize> {
    let mut list: Vec<usize> = indicators
        .iter()
        .flat_map(|i| std::iter::once(&i.numerateur).chain(&i.denominateur))
        .chain(more)
        .filter_map(|m| catalogue.measure_index(m))
        .collect();
    list.sort_unstable();
    list.dedup();
    list
}

fn zip(list: &[usize], sums: Vec<u64>) -> Sums {
    list.iter().copied().zip(sums).collect()
}

fn value(catalogue: &Catalogue, sums: &Sums, m: &Measure) -> u64 {
    catalogue.measure_index(m).and_then(|i| sums.get(&i)).copied().unwrap_or(0)
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
