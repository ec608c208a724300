//! What of a question is the same for every zone that it is asked of, found once: which measures each figure
//! is made from, and of what it is. A country of residences asks it half a million times.

use std::collections::BTreeMap;

use super::cells::Estimate;
use super::publisher::Publisher;
use crate::reference::access::access;
use crate::reference::indicators::{Catalogue, Indicator, Measure};

/// What is asked of every zone.
#[derive(Debug)]
pub(super) struct Plan {
    pub indicators: Vec<Asked>,
    /// Measures summed over all dwellings of the zone.
    pub of_dwellings: Vec<usize>,
    /// What is summed over its households, by what it is about; about no answer in particular first.
    pub about: Vec<About>,
    /// Households and those asked.
    pub of_response: Vec<usize>,
    pub numbers: Numbers,
}

impl Plan {
    pub fn new(publisher: &Publisher, catalogue: &Catalogue, indicators: &[&'static Indicator]) -> Self {
        let (of_households, of_stock): (Vec<&Indicator>, Vec<&Indicator>) =
            indicators.iter().copied().partition(|i| catalogue.describes_households(i));
        let about_of = |i: &Indicator| (publisher.item(catalogue, i), catalogue.crosses(i));
        let mut items: BTreeMap<(usize, bool), Vec<&Indicator>> = BTreeMap::from([((0, false), vec![])]);
        for i in of_households {
            items.entry(about_of(i)).or_default().push(i);
        }
        let places: Vec<(usize, bool)> = items.keys().copied().collect();
        let quantity = households().somme;
        let asked = |&indicator: &&'static Indicator| Asked {
            indicator,
            numerator: catalogue.measure_index(&indicator.numerateur),
            denominator: indicator.denominateur.as_ref().map(|m| catalogue.measure_index(m)),
            of_answers: indicator
                .denominateur
                .as_ref()
                .is_some_and(|m| catalogue.is_occupancy(m) && m.somme == quantity),
            of: if !catalogue.describes_households(indicator) {
                Of::Stock { restricted: access().restreint.touches(indicator) }
            } else if indicator.denominateur.as_ref().is_some_and(|m| !catalogue.is_occupancy(m)) {
                Of::Response
            } else {
                Of::Households(places.binary_search(&about_of(indicator)).unwrap_or_default())
            },
        };
        let all = [households(), asked_households()];
        let about = |((item, crossed), list): (_, Vec<&Indicator>)| About {
            item,
            crossed,
            measures: measures(catalogue, &list, &all),
        };
        Self {
            of_dwellings: measures(catalogue, &of_stock, &[dwellings()]),
            about: items.into_iter().map(about).collect(),
            of_response: measures(catalogue, &[], &all),
            indicators: indicators.iter().map(asked).collect(),
            numbers: Numbers {
                dwellings: catalogue.measure_index(&dwellings()),
                households: catalogue.measure_index(&households()),
                asked: catalogue.measure_index(&asked_households()),
            },
        }
    }
}

/// Numbers of the measures that answers are made with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    pub dwellings: Option<usize>,
    pub households: Option<usize>,
    pub asked: Option<usize>,
}

/// Measures of households that are about the same item.
#[derive(Debug)]
pub(super) struct About {
    pub item: usize,
    /// Whether they cross what households say with what their dwelling is.
    pub crossed: bool,
    pub measures: Vec<usize>,
}

/// An indicator, with what is the same of it whatever the zone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub indicator: &'static Indicator,
    /// Numbers of the measure that it counts, and of that which it is divided by.
    pub numerator: Option<usize>,
    pub denominator: Option<Option<usize>>,
    /// Whether what it is divided by counts responding households.
    pub of_answers: bool,
    pub of: Of,
}

/// What an indicator is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Dwellings; whether of columns of the register that are not open to all.
    Stock { restricted: bool },
    /// Households, by its place in `about`.
    Households(usize),
    /// Answers compared with questions: without a filter, a property of the place.
    Response,
}

impl Asked {
    pub fn describes_households(&self) -> bool {
        !matches!(self.of, Of::Stock { .. })
    }
}

/// Sums that figures are made from: those of some measures, by their numbers in the catalogue, growing.
#[derive(Debug)]
pub(super) struct Sums<'a> {
    pub measures: &'a [usize],
    pub values: Vec<Estimate>,
}

impl Sums<'_> {
    pub fn exact(measures: &[usize], values: Vec<u64>) -> Sums<'_> {
        Sums { measures, values: values.into_iter().map(exact).collect() }
    }

    /// Of nobody.
    pub const fn nothing() -> Sums<'static> {
        Sums { measures: &[], values: Vec::new() }
    }

    /// The sum of a measure; nothing, of one that was not summed.
    pub fn of(&self, measure: Option<usize>) -> Estimate {
        let place = measure.and_then(|m| self.measures.binary_search(&m).ok());
        place.map_or(Estimate::default(), |at| self.values[at])
    }
}

pub(super) fn exact(n: u64) -> Estimate {
    Estimate { said: n, variance: 0.0, held: n }
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
pub fn asked_households() -> Measure {
    measure("interroges")
}

/// Numbers of the measures that indicators need, with some more.
pub(super) fn measures(catalogue: &Catalogue, indicators: &[&Indicator], more: &[Measure]) -> Vec<usize> {
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
