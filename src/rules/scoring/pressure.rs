//! The pressure on a territory: demands that wait, dwellings that were allocated in the year, their ratio. A
//! demand counts once in an EPCI and in each commune that it names.

use std::collections::BTreeMap;

use super::demands::{Demands, NONE};
use super::facts::{Territory, quartile};
use super::wait::{self, Wait};
use crate::policy::facts::{Allocation, Allocations, Mark, Transfer};
use crate::policy::household::Quartile;
use crate::reference::mix::Mix;

/// Where lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    Commune,
    Epci,
}

/// One territory. Counts are None where secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Number of the commune or of the EPCI.
    pub zone: u32,
    /// Demands that name it.
    pub named: Option<u32>,
    /// Demands of which it is the first choice.
    pub first: Option<u32>,
    /// Of `named`, those that are no mutation.
    pub named_new: Option<u32>,
    /// Leases of the year.
    pub housed: Option<u32>,
    /// Of those, leases that are no mutation.
    pub housed_new: Option<u32>,
    pub wait: Option<Wait>,
    /// Too few were housed here: the waiting time is that of the EPCI.
    pub wait_of_epci: bool,
}

impl Line {
    /// Demands for one allocation, mutations counted on both sides.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        ratio(self.named, self.housed)
    }

    /// The same without mutations on either side.
    #[must_use]
    pub fn ratio_new(&self) -> Option<f64> {
        ratio(self.named_new, self.housed_new)
    }
}

fn ratio(above: Option<u32>, below: Option<u32>) -> Option<f64> {
    let (above, below) = (above?, below?);
    (below > 0).then(|| f64::from(above) / f64::from(below))
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    named: u32,
    first: u32,
    named_new: u32,
    housed: u32,
    housed_new: u32,
}

/// Counts of all territories of a scale, under secrecy: no count of 1 to k−1, nor the difference of two
/// counts that stand side by side, can be read.
#[must_use]
pub fn lines(all: &Demands, leases: &Allocations, year: u16, scale: Scale, since: u32, k: u32) -> Vec<Line> {
    let zone_of = |commune: u32| match scale {
        Scale::Commune => commune,
        Scale::Epci => all.epci_of(commune),
    };
    let mut by: BTreeMap<u32, Counts> = BTreeMap::new();
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let mut of_epci: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let mut zones: Vec<u32> = Vec::new();
    for row in 0..all.len() {
        distinct(&mut zones, all.asks(row).iter().map(|c| zone_of(*c)));
        for (rank, zone) in zones.iter().enumerate() {
            members.entry(*zone).or_default().push(row as u32);
            if all.waits(row) {
                let c = by.entry(*zone).or_default();
                c.named += 1;
                c.named_new += u32::from(!all.is_mutation(row));
                c.first += u32::from(rank == 0);
            }
        }
        if scale == Scale::Commune {
            distinct(&mut zones, all.asks(row).iter().map(|c| all.epci_of(*c)));
            for zone in &zones {
                of_epci.entry(*zone).or_default().push(row as u32);
            }
        }
    }
    let epci_totals = totals(all);
    let code_of: BTreeMap<&str, u32> = match scale {
        Scale::Commune => all.communes.iter().map(|c| c.code.as_str()).zip(0..).collect(),
        Scale::Epci => all.epcis.iter().map(|e| e.code.as_str()).zip(0..).collect(),
    };
    for a in leases.list.iter().filter(|a| a.year() == year) {
        let named = match scale {
            Scale::Commune => leases.communes.get(a.commune as usize),
            Scale::Epci => leases.epcis.get(a.epci as usize),
        };
        let Some(zone) = named.and_then(|n| code_of.get(n.code.as_str())) else { continue };
        let c = by.entry(*zone).or_default();
        c.housed += 1;
        c.housed_new += u32::from(a.transfer == Transfer::No);
    }
    by.remove(&NONE);
    let list: Vec<(u32, Counts)> = by.into_iter().collect();
    let parent = |zone: u32| match scale {
        Scale::Commune => all.epci_of(zone),
        Scale::Epci => NONE,
    };
    let parents: Vec<u32> = list.iter().map(|(z, _)| parent(*z)).collect();
    let few = |n: u32| n > 0 && n < k;
    let named: Vec<bool> = list
        .iter()
        .zip(&parents)
        .map(|((_, c), p)| {
            // Demands of the EPCI that do not name this commune are few too.
            let rest = epci_totals.get(p).map_or(0, |t| t.saturating_sub(c.named));
            few(c.named) || few(rest)
        })
        .collect();
    let summed = |count: fn(&Counts) -> u32, also: &dyn Fn(usize, &Counts) -> bool| {
        let values: Vec<u32> = list.iter().map(|(_, c)| count(c)).collect();
        let mut hidden: Vec<bool> =
            list.iter().enumerate().map(|(i, (_, c))| few(count(c)) || also(i, c)).collect();
        protect(&values, &parents, k, &mut hidden);
        hidden
    };
    let first = summed(|c| c.first, &|i, c| !named[i] && few(c.named - c.first));
    let housed = summed(|c| c.housed, &|_, _| false);
    let housed_new = summed(|c| c.housed_new, &|i, c| !housed[i] && few(c.housed - c.housed_new));
    let waits = |zone: &u32, of: &BTreeMap<u32, Vec<u32>>| {
        let rows = of.get(zone).into_iter().flatten().map(|r| *r as usize);
        wait::wait(all, rows, since).filter(|w| w.housed >= k)
    };
    // Waiting times of an EPCI are worked out once, if one of its communes needs them.
    let mut wider: BTreeMap<u32, Option<Wait>> = BTreeMap::new();
    let mut out = Vec::new();
    for (i, (zone, c)) in list.iter().enumerate() {
        let own = waits(zone, &members);
        let of_epci_instead = own.is_none() && scale == Scale::Commune;
        let wait = if of_epci_instead {
            *wider.entry(parents[i]).or_insert_with(|| waits(&parents[i], &of_epci))
        } else {
            own
        };
        let shown = |n: u32, hidden: bool| (!hidden).then_some(n);
        out.push(Line {
            zone: *zone,
            named: shown(c.named, named[i]),
            first: shown(c.first, first[i]),
            named_new: shown(c.named_new, named[i] || few(c.named_new) || few(c.named - c.named_new)),
            housed: shown(c.housed, housed[i]),
            housed_new: shown(c.housed_new, housed_new[i]),
            wait_of_epci: of_epci_instead && wait.is_some(),
            wait,
        });
    }
    out
}

/// What the demands and leases of an EPCI are parted by.
#[derive(Debug, Clone, Copy)]
pub enum Parts<'m> {
    /// The smallest typology that a demand asks for, and that of the dwelling of a lease: the code of the
    /// list `typologie`, 0 where it is not said.
    Typologie,
    /// The quartile of incomes on the territory: 1 the first, 2 the others, 0 not known.
    Quartile(Territory, &'m Mix),
    /// Whether it is the first: 1 yes, 2 no or not known.
    First(Territory, &'m Mix),
}

impl Parts<'_> {
    fn of_demand(self, all: &Demands, row: usize) -> u32 {
        match self {
            Self::Typologie => u32::from(all.typologie(row)),
            Self::Quartile(on, mix) => number(quartile(all, row, on, mix)),
            Self::First(on, mix) => first(quartile(all, row, on, mix)),
        }
    }

    fn of_lease(self, lease: &Allocation, mark: &Mark) -> u32 {
        match self {
            Self::Typologie => u32::from(mark.typologie),
            Self::Quartile(..) => number(lease.quartile),
            Self::First(..) => first(lease.quartile),
        }
    }
}

fn first(q: Quartile) -> u32 {
    if q == Quartile::First { 1 } else { 2 }
}

fn number(q: Quartile) -> u32 {
    match q {
        Quartile::Unknown => 0,
        Quartile::First => 1,
        Quartile::Other => 2,
    }
}

/// Counts of an EPCI by parts, under secrecy; `zone` is the number of the part. Each demand is in one line,
/// and the lines add up to those of the EPCI.
#[must_use]
pub fn parts(
    all: &Demands,
    leases: &Allocations,
    by: Parts<'_>,
    year: u16,
    epci: u32,
    since: u32,
    k: u32,
) -> Vec<Line> {
    let parted = by;
    let mut by: BTreeMap<u32, (Counts, Vec<usize>)> = BTreeMap::new();
    for row in (0..all.len()).filter(|r| all.asks_epci(*r, epci)) {
        let (c, members) = by.entry(parted.of_demand(all, row)).or_default();
        members.push(row);
        if all.waits(row) {
            c.named += 1;
            c.named_new += u32::from(!all.is_mutation(row));
        }
    }
    let code = all.epcis.get(epci as usize).map_or("", |e| e.code.as_str());
    for (a, mark) in leases.list.iter().zip(&leases.marks).filter(|(a, _)| a.year() == year) {
        if leases.epcis.get(a.epci as usize).is_some_and(|e| e.code == code) {
            let (c, _) = by.entry(parted.of_lease(a, mark)).or_default();
            c.housed += 1;
            c.housed_new += u32::from(a.transfer == Transfer::No);
        }
    }
    let list: Vec<(u32, (Counts, Vec<usize>))> = by.into_iter().collect();
    let few = |n: u32| n > 0 && n < k;
    // Lines add up to the EPCI's own, whichever count is looked at.
    let hide = |count: fn(&Counts) -> u32, also: &dyn Fn(usize, &Counts) -> bool| {
        let values: Vec<u32> = list.iter().map(|(_, (c, _))| count(c)).collect();
        let mut hidden: Vec<bool> =
            list.iter().enumerate().map(|(i, (_, (c, _)))| few(count(c)) || also(i, c)).collect();
        protect(&values, &vec![0; values.len()], k, &mut hidden);
        hidden
    };
    let named = hide(|c| c.named, &|_, _| false);
    let named_new = hide(|c| c.named_new, &|i, c| named[i] || few(c.named - c.named_new));
    let housed = hide(|c| c.housed, &|_, _| false);
    let housed_new = hide(|c| c.housed_new, &|i, c| housed[i] || few(c.housed - c.housed_new));
    let whole = wait::wait(all, list.iter().flat_map(|(_, (_, m))| m.iter().copied()), since);
    let lines = list.iter().enumerate().map(|(i, (zone, (c, members)))| {
        let own = wait::wait(all, members.iter().copied(), since).filter(|w| w.housed >= k);
        let wait = own.or(whole.filter(|w| w.housed >= k));
        let shown = |n: u32, hidden: bool| (!hidden).then_some(n);
        Line {
            zone: *zone,
            named: shown(c.named, named[i]),
            first: None,
            named_new: shown(c.named_new, named_new[i]),
            housed: shown(c.housed, housed[i]),
            housed_new: shown(c.housed_new, housed_new[i]),
            wait_of_epci: own.is_none() && wait.is_some(),
            wait,
        }
    });
    lines.collect()
}

/// Waiting demands of each EPCI, each once.
fn totals(all: &Demands) -> BTreeMap<u32, u32> {
    let mut out: BTreeMap<u32, u32> = BTreeMap::new();
    let mut zones = Vec::new();
    for row in (0..all.len()).filter(|r| all.waits(*r)) {
        distinct(&mut zones, all.asks(row).iter().map(|c| all.epci_of(*c)));
        zones.iter().for_each(|z| *out.entry(*z).or_default() += 1);
    }
    out.remove(&NONE);
    out
}

fn distinct(into: &mut Vec<u32>, of: impl Iterator<Item = u32>) {
    into.clear();
    of.for_each(|z| {
        if !into.contains(&z) {
            into.push(z);
        }
    });
}

/// Hides more of the parts that add up to a known sum, the smallest first, until what is hidden of each sum
/// is of two parts at least and of `k` at least.
pub fn protect(values: &[u32], sums: &[u32], k: u32, hidden: &mut [bool]) {
    let mut groups: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    sums.iter().enumerate().for_each(|(i, s)| groups.entry(*s).or_default().push(i));
    for group in groups.values_mut() {
        group.sort_by_key(|i| values[*i]);
        loop {
            let gone: Vec<u32> = group.iter().filter(|i| hidden[**i]).map(|i| values[*i]).collect();
            let safe = gone.is_empty()
                || (gone.iter().filter(|v| **v > 0).count() >= 2 && gone.iter().sum::<u32>() >= k);
            let next = group.iter().find(|i| !hidden[**i] && values[**i] > 0);
            match next {
                Some(i) if !safe => hidden[*i] = true,
                _ => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::demands::{Commune, Unit};

    /// Demands by (communes asked, mutation); all wait. Communes 0 and 1 are of EPCI 0, 2 of EPCI 1.
    fn demands(list: &[(&[u32], usize)]) -> Demands {
        let commune = |code: &str, epci| Commune { code: code.into(), nom: code.into(), epci };
        let unit = |code: &str| Unit { code: code.into(), nom: code.into() };
        let mut all = Demands {
            extrait: 20_241_231,
            communes: vec![commune("73001", 0), commune("73002", 0), commune("73003", 1)],
            epcis: vec![unit("1"), unit("2")],
            starts: vec![0],
            ..Demands::default()
        };
        for (asked, n) in list {
            for _ in 0..*n {
                all.asked.extend(*asked);
                all.starts.push(all.asked.len() as u32);
                all.depot.push(20_240_101);
                all.fin.push(0);
                all.statut.push(1);
                all.motif_fin.push(0);
                all.mutation.push(1);
            }
        }
        all
    }

    fn at(all: &Demands, scale: Scale) -> Vec<(u32, Option<u32>, Option<u32>)> {
        let leases = Allocations::default();
        lines(all, &leases, 2024, scale, 20_230_101, 11).iter().map(|l| (l.zone, l.named, l.first)).collect()
    }

    #[test]
    fn a_demand_counts_once_in_an_epci_and_in_each_commune_that_it_names() {
        let all = demands(&[(&[0, 1], 30), (&[1, 0, 2], 20), (&[2], 40)]);
        assert_eq!(
            at(&all, Scale::Commune),
            [(0, Some(50), Some(30)), (1, Some(50), Some(20)), (2, Some(60), Some(40))]
        );
        assert_eq!(at(&all, Scale::Epci), [(0, Some(50), Some(50)), (1, Some(60), Some(40))]);
    }

    #[test]
    fn a_small_count_is_not_given_nor_what_would_give_it_back() {
        // 5 name commune 1 only: 50 − 45 of the EPCI would tell them.
        let all = demands(&[(&[0], 45), (&[1], 5)]);
        assert_eq!(at(&all, Scale::Commune), [(0, None, None), (1, None, None)]);
        assert_eq!(at(&all, Scale::Epci), [(0, Some(50), Some(50))]);
    }

    #[test]
    fn typologies_of_an_epci_add_up_to_it_and_hide_their_small_ones() {
        let mut all = demands(&[(&[0], 60), (&[1, 2], 50), (&[2], 30)]);
        // Of the 110 of EPCI 0, 100 ask for a T2, 4 for a T3, six for a T1.
        all.typologies = (0..140)
            .map(|i| {
                if i < 100 {
                    0b110
                } else if i < 104 {
                    0b100
                } else {
                    1
                }
            })
            .collect();
        let told: Vec<_> = parts(&all, &Allocations::default(), Parts::Typologie, 2024, 0, 20_230_101, 11)
            .iter()
            .map(|l| (l.zone, l.named))
            .collect();
        // 6 and 4 make 10, which is few: the third goes too.
        assert_eq!(told, [(1, None), (2, None), (3, None)]);
        all.typologies[104..110].fill(0b110);
        all.typologies[90..100].fill(0b1000);
        let told = parts(&all, &Allocations::default(), Parts::Typologie, 2024, 0, 20_230_101, 11);
        assert_eq!(
            told.iter().map(|l| (l.zone, l.named)).collect::<Vec<_>>(),
            [(2, Some(96)), (3, None), (4, None)]
        );
    }

    #[test]
    fn hidden_parts_of_a_sum_are_two_at_least_and_eleven_at_least() {
        let hide = |values: &[u32]| {
            let mut hidden: Vec<bool> = values.iter().map(|v| *v > 0 && *v < 11).collect();
            protect(values, &vec![0; values.len()], 11, &mut hidden);
            hidden
        };
        assert_eq!(hide(&[20, 30, 40]), [false, false, false]);
        assert_eq!(hide(&[5, 30, 40]), [true, true, false]);
        assert_eq!(hide(&[5, 5, 40, 50]), [true, true, true, false], "10 in all is a small count");
        assert_eq!(hide(&[6, 5, 40]), [true, true, false]);
        assert_eq!(hide(&[0, 5, 40]), [false, true, true]);
    }
}
