//! Atoms: the smallest sets of neighbouring addresses that a published figure may be made of.
//!
//! An atom holds at least `k` responding households. Atoms are cut inside residences, else inside blocks
//! (IRIS × QPV), else inside communes; only communes of fewer than `k` respondents are taken together with
//! others ([`partition::group`]). So a commune that may have a figure has an exact one. What each item of the
//! survey, each population and each viewer needs besides is made of whole atoms, when it is asked
//! (`disclosure::publisher`).
//!
//! Parts of the stock are the same for what the register keeps from the public (rents, owners, leases): at
//! least `k` dwellings, of two owners at least.

use super::bits::Bits;
use super::partition::{self, Owned, Partition, Tally, Unit, Zones};

/// Cuts atoms: `respondents` over dwellings, `starts` the first dwelling of each address rank.
#[must_use]
pub fn cut(respondents: Bits<'_>, starts: &[u32], zones: &[Zones], k: u32) -> Partition {
    cut_by(starts, zones, k, |rows| u32::try_from(respondents.count(rows)).unwrap_or(u32::MAX))
}

/// Cuts atoms of some households only, where a commune has enough of them: the addresses of each.
#[must_use]
pub fn cut_in_communes(counted: Bits<'_>, starts: &[u32], zones: &[Zones], k: u32) -> Vec<Vec<(u32, u32)>> {
    let units = units(starts, zones, |rows| u32::try_from(counted.count(rows)).unwrap_or(u32::MAX));
    let done = partition::group_in_communes(units, k).into_iter().filter(|u| u.tally > 0);
    let mut atoms: Vec<Vec<(u32, u32)>> =
        done.map(|u| std::iter::once((u.start, u.end)).chain(u.more).collect()).collect();
    atoms.iter_mut().for_each(|runs| runs.sort_unstable());
    atoms.sort_unstable();
    atoms
}

/// Cuts parts of the stock: `registered` are the dwellings that count, `owners` their bailleurs.
#[must_use]
pub fn stock(registered: Bits<'_>, owners: &[u16], starts: &[u32], zones: &[Zones], k: u32) -> Partition {
    cut_by(starts, zones, k, |rows| {
        let mut of = Owned::default();
        registered
            .each(rows, |row| of.add(&Owned { dwellings: 1, owner: Some(owners[row]), several: false }));
        of
    })
}

fn cut_by<T: Tally>(
    starts: &[u32],
    zones: &[Zones],
    k: u32,
    tally: impl Fn(std::ops::Range<usize>) -> T,
) -> Partition {
    let (parts, out) = partition::group(units(starts, zones, tally), k);
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
            let cut = cut(Bits(&respondents), &starts, &zones, K);
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
            let cut = cut(Bits(&respondents), &starts, &zones, K);
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
        let cut = cut(Bits(&respondents), &[0, 3, 6, 9], &zones, K);
        assert_eq!(cut.parts, [OUT; 1]);
    }

    #[test]
    fn the_worked_example_9_households_join_a_neighbour_inside_the_commune() {
        // Domain §13: children of 45, 30, 9 and 60 households (here four blocks of one address each).
        let zones: Vec<Zones> = (0..4).map(|b| [0, 0, 0, b, b]).collect();
        let respondents = from_fn(144, |_| true);
        let cut = cut(Bits(&respondents), &[0, 45, 75, 84, 144], &zones, K);
        // The 9 cannot be had by difference: they stand in one atom with a neighbour.
        assert_eq!(cut.starts, [0, 1, 2, 4]);
    }

    #[test]
    fn two_small_communes_of_an_epci_stand_in_one_atom_and_their_neighbour_stays_exact() {
        // Communes of 6, 40 and 7 households: the 40 are not touched.
        let zones: Vec<Zones> = (0..3).map(|c| [0, 0, c, c, c]).collect();
        let respondents = from_fn(53, |_| true);
        let cut = cut(Bits(&respondents), &[0, 6, 46, 53], &zones, K);
        assert_eq!((cut.starts, cut.parts), (vec![0, 1, 2, 3], vec![0, 1, 0]));
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
