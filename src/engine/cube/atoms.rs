//! Atoms: the smallest sets of neighbouring addresses that a published figure may be made of.
//!
//! An atom holds at least `k` responding households, and tells one or two bailleurs of none or at least `k`
//! tenants of others where its commune allows it ([`coalition`]). Atoms are cut inside residences, else
//! inside blocks (IRIS × QPV), else inside communes; only communes of fewer than `k` respondents are taken
//! together with others ([`partition::group`]). So a commune that may have a figure has an exact one. What
//! each item of the survey, each population and each viewer needs besides is made of whole atoms, when it is
//! asked (`disclosure::publisher`).
//!
//! Parts of the stock are the same for what the register keeps from the public (rents, owners, leases): at
//! least `k` dwellings, of two owners at least.

use std::collections::BTreeMap;

use super::bits::Bits;
use super::coalition::{self, Told};
use super::partition::{self, Owned, Partition, Tally, Unit, Zones};

/// Households over dwellings, and whose tenants they are.
#[derive(Debug, Clone, Copy)]
pub struct Households<'a> {
    pub counted: Bits<'a>,
    pub owners: &'a [u16],
    /// First dwelling of each address rank.
    pub starts: &'a [u32],
}

impl Households<'_> {
    fn rows(&self, (start, end): (u32, u32)) -> std::ops::Range<usize> {
        self.starts[start as usize] as usize..self.starts[end as usize] as usize
    }

    /// Each address by itself.
    fn units(&self, zones: &[Zones]) -> Vec<Unit<u32>> {
        units(self.starts, zones, |rows| u32::try_from(self.counted.count(rows)).unwrap_or(u32::MAX))
    }

    fn told(&self, part: &Unit<u32>) -> Told {
        let mut of: BTreeMap<u16, u32> = BTreeMap::new();
        for run in part.runs() {
            self.counted.each(self.rows(run), |row| *of.entry(self.owners[row]).or_default() += 1);
        }
        Told::All(of)
    }
}

/// Cuts atoms of households.
#[must_use]
pub fn cut(households: Households<'_>, zones: &[Zones], k: u32) -> Partition {
    let (parts, out) = partition::group(households.units(zones), k);
    let parts = coalition::mend(parts, zones, |part| households.told(part), k);
    Partition::new(&parts, &out, u32::try_from(zones.len()).unwrap_or(u32::MAX))
}

/// Cuts atoms of some households only, where a commune has enough of them: the addresses of each.
#[must_use]
pub fn cut_in_communes(households: Households<'_>, zones: &[Zones], k: u32) -> Vec<Vec<(u32, u32)>> {
    let parts = partition::group_in_communes(households.units(zones), k);
    let parts = coalition::mend(parts, zones, |part| households.told(part), k);
    let done = parts.into_iter().filter(|u| u.tally > 0 && !households.told(u).exposes(k));
    let mut atoms: Vec<Vec<(u32, u32)>> =
        done.map(|u| std::iter::once((u.start, u.end)).chain(u.more).collect()).collect();
    atoms.iter_mut().for_each(|runs| runs.sort_unstable());
    atoms.sort_unstable();
    atoms
}

/// Cuts parts of the stock: `registered` are the dwellings that count, `owners` their bailleurs.
#[must_use]
pub fn stock(registered: Bits<'_>, owners: &[u16], starts: &[u32], zones: &[Zones], k: u32) -> Partition {
    let units = units(starts, zones, |rows| {
        let mut of = Owned::default();
        registered
            .each(rows, |row| of.add(&Owned { dwellings: 1, owner: Some(owners[row]), several: false }));
        of
    });
    let (parts, out) = partition::group(units, k);
    Partition::new(&parts, &out, u32::try_from(zones.len()).unwrap_or(u32::MAX))
}

/// Each address by itself.
fn units<T: Tally>(
    starts: &[u32],
    zones: &[Zones],
    tally: impl Fn(std::ops::Range<usize>) -> T,
) -> Vec<Unit<T>> {
    let n = u32::try_from(zones.len()).unwrap_or(u32::MAX);
    (0..n)
        .map(|a| Unit {
            start: a,
            end: a + 1,
            more: Vec::new(),
            zones: zones[a as usize],
            tally: tally(starts[a as usize] as usize..starts[a as usize + 1] as usize),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cube::bits::from_fn;
    use crate::cube::partition::OUT;

    const K: u32 = 11;

    /// A random territory: addresses with 0 to 8 dwellings, in nested zones; every fourth commune is tiny and
    /// has some addresses without a place, after all others.
    fn territory(seed: u64) -> (Vec<u32>, Vec<u64>, Vec<Zones>) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut located: Vec<Zones> = Vec::new();
        let (mut block, mut residence) = (0, 0);
        for commune in 0..40u32 {
            for _ in 0..if commune % 4 == 3 { rng.u32(1..3) } else { rng.u32(3..120) } {
                block += u32::from(rng.u8(0..30) == 0);
                residence += u32::from(rng.u8(0..5) == 0);
                located.push([commune / 20, commune / 10, commune, block, residence]);
            }
            block += 1;
            residence += 1;
        }
        let mut zones = located.clone();
        for commune in (0..40u32).filter(|c| c % 3 == 0) {
            for _ in 0..rng.u32(1..4) {
                residence += 1;
                zones.push([commune / 20, commune / 10, commune, block, residence]);
            }
            block += 1;
        }
        let mut starts = vec![0];
        for _ in &zones {
            starts.push(starts[starts.len() - 1] + rng.u32(0..9));
        }
        let respondents = from_fn(starts[zones.len()] as usize, |_| rng.u8(0..10) < 8);
        (starts, respondents, zones)
    }

    /// Tenants of one bailleur.
    fn of_one<'a>(respondents: &'a [u64], starts: &'a [u32]) -> Households<'a> {
        Households { counted: Bits(respondents), owners: &[0; 20_000], starts }
    }

    fn households(starts: &[u32], respondents: &[u64], runs: &[(u32, u32)]) -> u32 {
        let of = |&(s, e): &(u32, u32)| {
            Bits(respondents).count(starts[s as usize] as usize..starts[e as usize] as usize)
        };
        u32::try_from(runs.iter().map(of).sum::<u64>()).unwrap()
    }

    #[test]
    fn every_atom_holds_k_respondents_and_each_address_is_in_one_piece() {
        for seed in 0..20 {
            let (starts, respondents, zones) = territory(seed);
            let cut = cut(of_one(&respondents, &starts), &zones, K);
            let runs = cut.runs();
            assert!(runs.len() > 100, "seed {seed}: the cut stays fine");
            for atom in &runs {
                let n = households(&starts, &respondents, atom);
                assert!(n == 0 || n >= K, "seed {seed}: an atom of {n}");
            }
            assert!(cut.starts.windows(2).all(|p| p[0] < p[1]));
            assert_eq!((cut.starts[0], cut.starts[cut.starts.len() - 1]), (0, zones.len() as u32));
        }
    }

    #[test]
    fn a_commune_that_may_have_a_figure_is_made_of_whole_atoms() {
        for seed in 0..20 {
            let (starts, respondents, zones) = territory(seed);
            let cut = cut(of_one(&respondents, &starts), &zones, K);
            for commune in 0..40u32 {
                let own: Vec<(u32, u32)> = (0..zones.len() as u32)
                    .filter(|a| zones[*a as usize][2] == commune)
                    .map(|a| (a, a + 1))
                    .collect();
                if households(&starts, &respondents, &own) < K {
                    continue;
                }
                for atom in cut.runs() {
                    let inside =
                        |(s, e): &(u32, u32)| (*s..*e).filter(|a| zones[*a as usize][2] == commune).count();
                    let (held, all): (usize, usize) =
                        (atom.iter().map(inside).sum(), atom.iter().map(|(s, e)| (e - s) as usize).sum());
                    assert!(held == 0 || held == all, "seed {seed}: an atom crosses the border of {commune}");
                }
            }
        }
    }

    #[test]
    fn what_is_left_out_is_less_than_k_in_all() {
        let zones: Vec<Zones> = (0..3).map(|c| [0, 0, c, c, c]).collect();
        let respondents = from_fn(9, |_| true);
        let cut = cut(of_one(&respondents, &[0, 3, 6, 9]), &zones, K);
        assert_eq!(cut.parts, [OUT; 1]);
    }

    #[test]
    fn the_worked_example_9_households_join_a_neighbour_inside_the_commune() {
        // Domain §13: children of 45, 30, 9 and 60 households (here four blocks of one address each).
        let zones: Vec<Zones> = (0..4).map(|b| [0, 0, 0, b, b]).collect();
        let respondents = from_fn(144, |_| true);
        let cut = cut(of_one(&respondents, &[0, 45, 75, 84, 144]), &zones, K);
        // The 9 cannot be had by difference: they stand in one atom with a neighbour.
        assert_eq!(cut.starts, [0, 1, 2, 4]);
    }

    #[test]
    fn two_small_communes_of_an_epci_stand_in_one_atom_and_their_neighbour_stays_exact() {
        // Communes of 6, 40 and 7 households: the 40 are not touched.
        let zones: Vec<Zones> = (0..3).map(|c| [0, 0, c, c, c]).collect();
        let respondents = from_fn(53, |_| true);
        let cut = cut(of_one(&respondents, &[0, 6, 46, 53]), &zones, K);
        assert_eq!((cut.starts, cut.parts), (vec![0, 1, 2, 3], vec![0, 1, 0]));
    }

    #[test]
    fn an_atom_tells_no_two_bailleurs_of_few_tenants_of_others_where_the_commune_allows() {
        let (mut told, mut inevitable) = (0, 0);
        for seed in 0..20 {
            let (starts, respondents, zones) = territory(seed);
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut owners = Vec::new();
            // A residence has one bailleur, some have dwellings of another.
            for (a, zones) in zones.iter().enumerate() {
                for _ in starts[a]..starts[a + 1] {
                    owners.push(if rng.u8(0..20) == 0 { rng.u16(0..5) } else { (zones[4] % 4) as u16 });
                }
            }
            let of = Households { counted: Bits(&respondents), owners: &owners, starts: &starts };
            let cut = cut(of, &zones, K);
            let by = |runs: &[(u32, u32)]| {
                let mut of: BTreeMap<u16, u32> = BTreeMap::new();
                for (s, e) in runs {
                    let rows = starts[*s as usize] as usize..starts[*e as usize] as usize;
                    Bits(&respondents).each(rows, |row| *of.entry(owners[row]).or_default() += 1);
                }
                of
            };
            // By plain counting: all of them, minus those of every one and two bailleurs.
            let few = |of: &BTreeMap<u16, u32>| {
                let all: u32 = of.values().sum();
                let left = |a: u16, b: u16| {
                    all - of.get(&a).unwrap_or(&0) - if a == b { 0 } else { *of.get(&b).unwrap_or(&0) }
                };
                (0..5).any(|a| (0..5).any(|b| (1..K).contains(&left(a, b))))
            };
            for atom in cut.runs() {
                if !few(&by(&atom)) {
                    told += 1;
                    continue;
                }
                let commune = zones[atom[0].0 as usize][..3].to_vec();
                let all: Vec<(u32, u32)> = (0..zones.len() as u32)
                    .filter(|a| zones[*a as usize][..3] == commune[..])
                    .map(|a| (a, a + 1))
                    .collect();
                let pooled = atom.iter().any(|(s, _)| zones[*s as usize][..3] != commune[..]);
                assert!(pooled || few(&by(&all)), "seed {seed}: the commune {commune:?} allowed it");
                inevitable += 1;
            }
        }
        println!("{told} atoms tell nobody of few others; {inevitable} cannot, by their commune");
        assert!(told > 2_000 && inevitable > 0);
    }

    #[test]
    fn a_part_of_the_stock_has_two_owners() {
        let zones: Vec<Zones> = (0..4).map(|b| [0, 0, 0, b, b]).collect();
        let all = from_fn(60, |_| true);
        let owners: Vec<u16> = (0..60).map(|d| u16::from(d >= 40)).collect();
        let cut = stock(Bits(&all), &owners, &[0, 20, 40, 50, 60], &zones, K);
        // Three buildings of one owner and the first of the other go together; what is left joins them.
        assert_eq!(cut.runs().len(), 1);
    }
}
