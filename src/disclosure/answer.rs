//! The answer for a zone: its figures, what they stand on, and what was left out and why.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::figure::{Basis, Figure, figure};
use super::publisher::{LedgerError, Population, Publisher};
use crate::cube::bits::Bits;
use crate::cube::runs::Runs;
use crate::cube::{Filter, Rows};
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
    let cube = publisher.cube();
    let meta = cube.meta();
    let whole_mask = (!question.filter.is_empty()).then(|| cube.mask(question.filter));
    let rows = whole_mask.as_ref().map_or(Rows::All, |m| Rows::Mask(Bits(m)));

    let is_occupancy = |i: &Indicator| {
        std::iter::once(&i.numerateur).chain(&i.denominateur).any(|m| catalogue.is_occupancy(m))
    };
    let (about_households, about_dwellings): (Vec<&Indicator>, Vec<&Indicator>) =
        question.indicators.iter().partition(|i| is_occupancy(i));

    let dwellings_sums = {
        let list = measures(catalogue, &about_dwellings, &[dwellings()]);
        zip(&list, cube.sum(question.zone, &list, rows))
    };
    let total = value(catalogue, &dwellings_sums, &dwellings());

    let (described, release) = publisher.publishable(question.zone, question.population, question.filter)?;
    let list = measures(catalogue, &about_households, &[dwellings(), households(), asked()]);
    let sums = match (&release, question.population) {
        (None, _) => zip(&list, cube.sum(&described, &list, Rows::All)),
        (Some(_), Population::Recents) if question.filter.is_empty() => {
            zip(&list, cube.sum(&described, &list, Rows::Recent))
        }
        (Some(r), _) => zip(&list, cube.sum(&described, &list, Rows::Mask(Bits(&r.rows)))),
    };
    // Response is a property of the place, not of the sub-population.
    let place = zip(&list, cube.sum(&described, &list, rows));
    let described_dwellings = value(catalogue, &place, &dwellings());
    let households_n = value(catalogue, &sums, &households());
    let basis = Basis {
        households: households_n,
        asked: value(catalogue, &place, &asked()),
        answered: value(catalogue, &place, &households()),
        fine: question.fine,
        item_safe: true,
    };

    let source = |occupancy: bool| match (occupancy, meta.vague) {
        (true, Some(w)) => format!("OPS {w} × RPLS {}", meta.millesime),
        _ => format!("RPLS au 1er janvier {}", meta.millesime),
    };
    let figures = question
        .indicators
        .iter()
        .map(|i| {
            if !is_occupancy(i) {
                let n = value(catalogue, &dwellings_sums, &i.numerateur);
                let d = i.denominateur.as_ref().map(|m| value(catalogue, &dwellings_sums, m));
                return figure(catalogue, secrecy, i, n, d, None, source(false));
            }
            // The response rate compares households with dwellings asked: a property of the place.
            let of_place = i.denominateur.as_ref().is_some_and(|m| !catalogue.is_occupancy(m));
            let from = if of_place { &place } else { &sums };
            let n = value(catalogue, from, &i.numerateur);
            let d = i.denominateur.as_ref().map(|m| value(catalogue, from, m));
            let item_safe = i.denominateur.as_ref().is_none_or(|m| item_is_safe(publisher, catalogue, m));
            figure(catalogue, secrecy, i, n, d, Some(Basis { item_safe, ..basis }), source(true))
        })
        .collect();

    let visible = households_n >= u64::from(secrecy.k);
    let rate = basis.rate().filter(|_| visible);
    let mut warnings = Vec::new();
    let approximate = cube.approximate(question.zone);
    if approximate > 0 {
        warnings.push(format!(
            "{approximate} adresse(s) de la zone sont localisées à la rue près seulement (qualité 12)."
        ));
    }
    if meta.vague.is_none() && !about_households.is_empty() {
        warnings.push(format!("Aucune vague OPS n'est jointe au millésime {}.", meta.millesime));
    }
    let left = total.saturating_sub(described_dwellings);
    Ok(Answer {
        millesime: meta.millesime,
        vague: meta.vague,
        population: question.population,
        couverture: Coverage {
            adresses: question.zone.len(),
            residences: cube.residences(question.zone),
            logements: total,
            repondants: visible.then_some(households_n),
            menages_interroges: visible.then_some(basis.asked),
            taux_reponse: rate.map(|r| (r * 1000.0).round() / 1000.0),
            badge: rate.map(|r| secrecy.badge(r)),
            logements_ecartes: left,
            motifs: if left > 0 && meta.vague.is_some() {
                vec![LeftOut {
                    motif: "bordure",
                    libelle: "adresses solidaires de voisines hors de la zone, ou trop peu de ménages (secret statistique)",
                    logements: left,
                }]
            } else {
                Vec::new()
            },
            adresses_approximatives: approximate,
        },
        chiffres: figures,
        avertissements: warnings,
    })
}

/// Whether the households that the denominator counts were protected when atoms were cut.
fn item_is_safe(publisher: &Publisher, catalogue: &Catalogue, denominator: &Measure) -> bool {
    let known_only = crate::cube::atoms::items(catalogue)
        .into_iter()
        .find(|i| i.conditions == denominator.conditions)
        .and_then(|i| catalogue.measure_index(&i));
    known_only.is_none_or(|i| publisher.cuts_by(i))
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
