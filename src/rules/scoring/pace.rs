//! The pressure on an EPCI month by month or year by year: demands filed, those that wait at the end, leases.
//! Demands are those that the extract still holds.

use std::collections::{BTreeMap, BTreeSet};

use super::demands::Demands;
use crate::policy::facts::{Allocations, Transfer};

/// How long a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Month,
    Year,
}

/// One month or year. Counts are exact: who shows them rounds them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// `yyyymm` or `yyyy`.
    pub key: u32,
    /// Demands of which the first deposit falls in it.
    pub filed: u32,
    pub filed_new: u32,
    /// Demands that wait on its last day (that of the extract, in the last period).
    pub waiting: u32,
    pub waiting_new: u32,
    /// Leases signed in it.
    pub housed: u32,
    pub housed_new: u32,
}

/// The periods of the years that leases are known of, up to the extract; the demands of an EPCI once each.
#[must_use]
pub fn periods(all: &Demands, leases: &Allocations, epci: u32, step: Step) -> Vec<Period> {
    let key = |day: u32| match step {
        Step::Month => day / 100,
        Step::Year => day / 10_000,
    };
    let years: BTreeSet<u32> = leases
        .list
        .iter()
        .map(|a| a.bail / 10_000)
        .filter(|y| *y > 0 && *y <= all.extrait / 10_000)
        .collect();
    let mut out: BTreeMap<u32, Period> = BTreeMap::new();
    for year in years {
        let months: Vec<u32> = match step {
            Step::Month => (1..=12).map(|m| year * 100 + m).filter(|m| *m <= key(all.extrait)).collect(),
            Step::Year => vec![year],
        };
        out.extend(months.into_iter().map(|key| (key, Period { key, ..Period::default() })));
    }
    for row in (0..all.len()).filter(|r| all.asks_epci(*r, epci)) {
        let new = u32::from(!all.is_mutation(row));
        let begun = key(all.depot[row]);
        if let Some(p) = out.get_mut(&begun) {
            p.filed += 1;
            p.filed_new += new;
        }
        // A demand that ended on the last day of a period waits no more on it.
        let end = if all.waits(row) { u32::MAX } else { key(all.fin[row]) };
        for p in out.range_mut(begun..end).map(|(_, p)| p) {
            p.waiting += 1;
            p.waiting_new += new;
        }
    }
    let code = all.epcis.get(epci as usize).map_or("", |e| e.code.as_str());
    for a in &leases.list {
        let there = leases.epcis.get(a.epci as usize).is_some_and(|e| e.code == code);
        if let Some(p) = out.get_mut(&key(a.bail)).filter(|_| there) {
            p.housed += 1;
            p.housed_new += u32::from(a.transfer == Transfer::No);
        }
    }
    out.into_values().collect()
}

/// Demands for one lease: those that wait at the end of a year, for the leases of that year.
#[must_use]
pub fn ratio(waiting: u32, housed: u32) -> Option<f64> {
    (housed > 0).then(|| f64::from(waiting) / f64::from(housed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::facts::{Allocation, Named};
    use crate::policy::household::{Bound, Quartile};
    use crate::scoring::demands::{Commune, Unit};

    fn lease(bail: u32, transfer: Transfer) -> Allocation {
        Allocation {
            bail,
            commune: u32::MAX,
            departement: u32::MAX,
            bound: Bound::NotEstablished,
            bailleur: u32::MAX,
            reservataire: 0,
            qpv: None,
            quartile: Quartile::Unknown,
            transfer,
            ..Allocation::PLAIN
        }
    }

    /// Demands of one EPCI by (deposit, end, mutation), and leases by (day, transfer).
    fn world(list: &[(u32, u32, bool, usize)], leases: &[(u32, Transfer, usize)]) -> (Demands, Allocations) {
        let mut all = Demands {
            extrait: 20_241_231,
            communes: vec![Commune { code: "74010".into(), nom: String::new(), epci: 0 }],
            epcis: vec![Unit { code: "200066793".into(), nom: String::new() }],
            starts: vec![0],
            ..Demands::default()
        };
        for (depot, fin, mutation, n) in list {
            for _ in 0..*n {
                all.asked.push(0);
                all.starts.push(all.asked.len() as u32);
                all.depot.push(*depot);
                all.fin.push(*fin);
                all.statut.push(if *fin == 0 { 1 } else { 2 });
                all.motif_fin.push(0);
                all.mutation.push(if *mutation { 2 } else { 1 });
            }
        }
        let mut known = Allocations::default();
        known.epcis.push(Named { code: "200066793".into(), nom: String::new() });
        for (bail, transfer, n) in leases {
            for _ in 0..*n {
                known.list.push(lease(*bail, *transfer));
            }
        }
        (all, known)
    }

    /// The figures that the seed quotes: 31,300 demands and 5,000 allocations in Haute-Savoie make 6.26; the
    /// same page says « 5 », which is what is left once mutations are taken from both sides. In Savoie 13,000
    /// demands wait.
    #[test]
    fn haute_savoie_by_both_definitions() {
        let demands = [(20_200_101, 0, false, 22_000), (20_200_101, 0, true, 9_300)];
        let leases = [(20_240_601, Transfer::No, 4_400), (20_240_601, Transfer::External, 600)];
        let (all, known) = world(&demands, &leases);
        let told = periods(&all, &known, 0, Step::Year);
        let [p] = told[..] else { panic!("{told:?}") };
        assert_eq!((p.waiting, p.housed), (31_300, 5_000));
        assert_eq!(ratio(p.waiting, p.housed), Some(6.26));
        assert_eq!(ratio(p.waiting_new, p.housed_new), Some(5.0));
        let (savoie, none) = world(&[(20_230_101, 0, false, 13_000)], &[(20_240_101, Transfer::No, 1)]);
        assert_eq!(periods(&savoie, &none, 0, Step::Year)[0].waiting, 13_000);
        assert_eq!(ratio(13_000, 0), None, "without a lease there is no ratio");
    }

    #[test]
    fn a_demand_waits_from_its_deposit_to_the_end_of_the_month_before_its_own() {
        let demands = [
            (20_240_315, 20_240_510, false, 1),
            (20_240_401, 0, true, 1),
            (20_190_101, 20_230_101, false, 1),
        ];
        let (all, known) = world(&demands, &[(20_240_510, Transfer::No, 1)]);
        let told = periods(&all, &known, 0, Step::Month);
        assert_eq!(told.len(), 12);
        let of =
            |m: usize| (told[m - 1].filed, told[m - 1].waiting, told[m - 1].waiting_new, told[m - 1].housed);
        assert_eq!(
            [2, 3, 4, 5, 12].map(of),
            [(0, 0, 0, 0), (1, 1, 1, 0), (1, 2, 1, 0), (0, 1, 0, 1), (0, 1, 0, 0)]
        );
        assert_eq!(told[0].key, 202_401);
    }
}
