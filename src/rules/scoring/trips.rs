//! Where those who wait live, and the communes of an EPCI that they name: origins and destinations.

use std::collections::BTreeMap;

use super::demands::{Demands, NONE};
use super::pressure::protect;

/// Where a household lives when it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A commune of the EPCI, by its number.
    Here(u32),
    /// Another EPCI.
    Epci(u32),
    /// A commune of no EPCI that is known here.
    Elsewhere,
    Unknown,
}

/// Waiting demands from one place to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trip {
    pub from: Origin,
    /// Number of a commune of the EPCI; None: the EPCI, where each demand counts once.
    pub to: Option<u32>,
    pub demands: u32,
}

/// Trips of the demands that wait and name an EPCI. Those of 1 to k−1 demands are left out, and the smallest
/// others to the same place, until those that are left out are k at least: what the place is asked for is
/// told elsewhere.
#[must_use]
pub fn trips(all: &Demands, epci: u32, k: u32) -> Vec<Trip> {
    let mut counts: BTreeMap<(Option<u32>, Origin), u32> = BTreeMap::new();
    let mut seen: Vec<u32> = Vec::new();
    for row in (0..all.len()).filter(|r| all.waits(*r) && all.asks_epci(*r, epci)) {
        let from = origin(all, row, epci);
        *counts.entry((None, from)).or_default() += 1;
        seen.clear();
        for commune in all.asks(row).iter().filter(|c| all.epci_of(**c) == epci) {
            if !seen.contains(commune) {
                seen.push(*commune);
                *counts.entry((Some(*commune), from)).or_default() += 1;
            }
        }
    }
    let values: Vec<u32> = counts.values().copied().collect();
    let mut hidden: Vec<bool> = values.iter().map(|n| *n < k).collect();
    // Numbers of communes stay below that of none.
    let places: Vec<u32> = counts.keys().map(|(to, _)| to.unwrap_or(NONE)).collect();
    protect(&values, &places, k, &mut hidden);
    let shown = counts.into_iter().zip(hidden).filter(|(_, hidden)| !hidden);
    shown.map(|(((to, from), demands), _)| Trip { from, to, demands }).collect()
}

fn origin(all: &Demands, row: usize, epci: u32) -> Origin {
    match all.actuel.get(row).copied().unwrap_or(NONE) {
        NONE => Origin::Unknown,
        commune => match all.epci_of(commune) {
            NONE => Origin::Elsewhere,
            e if e == epci => Origin::Here(commune),
            e => Origin::Epci(e),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::demands::{ACTIVE, Commune, Unit};

    /// Waiting demands by (commune lived in, communes asked, how many). Communes 0 and 1 are of EPCI 0, 2 of
    /// EPCI 1.
    fn demands(list: &[(u32, &[u32], usize)]) -> Demands {
        let commune = |code: &str, epci| Commune { code: code.into(), nom: code.into(), epci };
        let unit = |code: &str| Unit { code: code.into(), nom: code.into() };
        let mut all = Demands {
            communes: vec![commune("73001", 0), commune("73002", 0), commune("73003", 1)],
            epcis: vec![unit("1"), unit("2")],
            starts: vec![0],
            ..Demands::default()
        };
        for (home, asked, n) in list {
            for _ in 0..*n {
                all.asked.extend(*asked);
                all.starts.push(all.asked.len() as u32);
                all.statut.push(ACTIVE);
                all.depot.push(20_240_101);
                all.actuel.push(*home);
            }
        }
        all
    }

    #[test]
    fn a_demand_goes_once_to_the_epci_and_to_each_commune_that_it_names() {
        let all = demands(&[(0, &[0, 1], 30), (2, &[1, 1, 2], 20), (NONE, &[1], 12)]);
        let trip = |from, to, demands| Trip { from, to, demands };
        assert_eq!(
            trips(&all, 0, 11),
            [
                trip(Origin::Here(0), None, 30),
                trip(Origin::Epci(1), None, 20),
                trip(Origin::Unknown, None, 12),
                trip(Origin::Here(0), Some(0), 30),
                trip(Origin::Here(0), Some(1), 30),
                trip(Origin::Epci(1), Some(1), 20),
                trip(Origin::Unknown, Some(1), 12),
            ]
        );
    }

    #[test]
    fn a_few_are_left_out_with_enough_others() {
        // 4 of the other EPCI: told with the 15 that come from commune 1, 19 in all.
        let all = demands(&[(0, &[0], 40), (1, &[0], 15), (2, &[0], 4)]);
        let shown = trips(&all, 0, 11);
        assert!(shown.iter().all(|t| t.from == Origin::Here(0) && t.demands == 40), "{shown:?}");
        assert_eq!(shown.len(), 2);
    }
}
