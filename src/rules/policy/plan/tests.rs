//! Plans whose best answer is known, and the same plan however often it is asked.

use super::*;
use crate::policy::mix::{Known, concerns, counts};

fn dwelling(in_qpv: bool, rooms: u8, commune: u32) -> Dwelling {
    Dwelling { in_qpv, rooms, commune, reservataire: 8 }
}

fn household(quartile: Quartile, rooms: u8, commune: u32) -> Household {
    Household { quartile, dalo: false, priority: false, precarious: false, rooms, commune }
}

fn run(standings: &[Standing], dwellings: &[Dwelling], households: &[Household]) -> Plan {
    plan(
        Mix::embedded().unwrap(),
        PlanRules::embedded().unwrap(),
        standings,
        2026_06_01,
        dwellings,
        households,
    )
    .unwrap()
}

/// The first two rules: 25 % of the first quartile outside QPV, 50 % of the others inside.
fn from_nothing() -> Vec<Standing> {
    (0..2).map(nothing_yet).collect()
}

/// Nothing of the law's rate of a rule yet.
fn nothing_yet(rule: usize) -> Standing {
    Standing { rule, before: Score::default(), share: Mix::embedded().unwrap().rules[rule].cible }
}

#[test]
fn targets_are_met_by_who_stands_in_line_before_wishes_are() {
    // Outside: four dwellings; the only household of the first quartile asks for another commune.
    let dwellings = [dwelling(false, 3, 1); 4];
    let mut households = vec![household(Quartile::Other, 3, 1); 4];
    households.push(household(Quartile::First, 3, 2));
    let found = run(&from_nothing(), &dwellings, &households);
    assert!(found.optimal && found.vacant.is_empty());
    assert!(found.pairs.iter().any(|p| p.household == 4 && p.departures == [Departure::CommuneAutre]));
    assert_eq!(
        (found.targets[0].after.numerator, found.targets[0].after.denominator, found.targets[0].missing),
        (1, 4, 0)
    );
    assert!((found.objective - 5.0).abs() < 1e-6 && (found.bound - 5.0).abs() < 1e-6, "{found:?}");
}

#[test]
fn a_target_that_cannot_be_met_is_named_and_one_that_another_forbids_too() {
    // Nobody of the first quartile waits: 25 % of four dwellings outside QPV cannot be, and leaving them
    // empty is no answer.
    let others = vec![household(Quartile::Other, 3, 1); 8];
    let found = run(&from_nothing(), &[dwelling(false, 3, 1); 4], &others);
    assert_eq!(
        (found.pairs.len(), found.targets[0].missing, found.targets[0].reach),
        (4, 1, Reach::OutOfReach(1))
    );
    // One of the first quartile that is DALO, for one dwelling outside QPV and one of Action Logement in
    // QPV: either target alone could be met, not both.
    let one = Household { dalo: true, ..household(Quartile::First, 3, 1) };
    let reserved = Dwelling { reservataire: 3, ..dwelling(true, 3, 1) };
    let both = [nothing_yet(0), nothing_yet(2)];
    let found = run(&both, &[dwelling(false, 3, 1), reserved], &[one, household(Quartile::Other, 3, 1)]);
    let missed: Vec<(u32, Reach)> = found.targets.iter().map(|t| (t.missing, t.reach)).collect();
    assert!(missed.contains(&(1, Reach::Conflict(1))) && missed.contains(&(0, Reach::Met)), "{missed:?}");
    // So far 10 leases of which none counts: three are missing whatever is done.
    let behind = [Standing { before: Score { denominator: 10, ..Score::default() }, ..nothing_yet(0) }];
    let found = run(&behind, &[dwelling(false, 3, 1); 2], &others);
    assert_eq!((found.targets[0].missing, found.targets[0].reach), (3, Reach::OutOfReach(3)), "25 % of 12");
    // A convention that asks for 45 %.
    let more = [Standing { share: 0.45, ..behind[0] }];
    let found = run(&more, &[dwelling(false, 3, 1); 2], &others);
    assert_eq!((found.targets[0].missing, found.targets[0].share), (6, 0.45), "45 % of 12");
}

#[test]
fn nobody_is_given_a_dwelling_two_rooms_too_small_and_dalo_households_go_outside_qpv() {
    let dwellings = [dwelling(true, 3, 1), dwelling(false, 3, 1), dwelling(false, 1, 1)];
    let precarious = Household { dalo: true, precarious: true, ..household(Quartile::First, 3, 1) };
    let found = run(&[], &dwellings, &[precarious, household(Quartile::Other, 3, 1)]);
    assert_eq!(found.vacant, [2]);
    assert_eq!(found.pairs.iter().map(|p| (p.dwelling, p.household)).collect::<Vec<_>>(), [(0, 1), (1, 0)]);
}

/// Many dwellings and households of many kinds, drawn from a seed.
fn drawn(seed: u64, n: usize, m: usize) -> (Vec<Dwelling>, Vec<Household>) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let dwellings = (0..n)
        .map(|_| Dwelling {
            reservataire: rng.u8(1..9),
            ..dwelling(rng.u8(0..10) < 3, rng.u8(1..6), rng.u32(0..12))
        })
        .collect();
    let households = (0..m)
        .map(|_| {
            let dalo = rng.u8(0..100) < 4;
            let quartile = if rng.u8(0..4) == 0 { Quartile::First } else { Quartile::Other };
            let priority = dalo || rng.u8(0..5) == 0;
            let precarious = dalo && rng.bool();
            Household { dalo, priority, precarious, ..household(quartile, rng.u8(1..6), rng.u32(0..12)) }
        })
        .collect();
    (dwellings, households)
}

#[test]
fn the_same_file_gives_the_same_plan_however_often_and_leaves_no_dwelling_that_a_household_fits() {
    let (dwellings, households) = drawn(7, 600, 1_800);
    let standings: Vec<Standing> = (0..5).map(nothing_yet).collect();
    let first = run(&standings, &dwellings, &households);
    let housed: BTreeSet<usize> = first.pairs.iter().map(|p| p.household).collect();
    let waiting = || (0..households.len()).filter(|h| !housed.contains(h)).map(|h| &households[h]);
    for d in &first.vacant {
        assert!(
            !waiting().any(|h| fits(PlanRules::embedded().unwrap(), dwellings[*d].rooms, h.rooms)),
            "{d}"
        );
    }
    let gap = (first.objective - first.bound) / first.objective.max(1.0);
    assert!(gap < 0.02, "{} {}", first.objective, first.bound);
    for _ in 0..4 {
        let again = run(&standings, &dwellings, &households);
        assert_eq!(Plan { seconds: 0.0, ..again }, Plan { seconds: 0.0, ..first.clone() });
    }
}

#[test]
fn kinds_give_the_same_optimum_as_every_assignment_tried_one_by_one() {
    let mut rng = fastrand::Rng::with_seed(4);
    let (mix, rules) = (Mix::embedded().unwrap(), PlanRules::embedded().unwrap());
    for round in 0..40 {
        let dwellings: Vec<Dwelling> = (0..5)
            .map(|_| Dwelling {
                reservataire: rng.u8(1..4),
                ..dwelling(rng.bool(), rng.u8(2..4), rng.u32(0..2))
            })
            .collect();
        let households: Vec<Household> = (0..5)
            .map(|_| Household {
                dalo: rng.bool(),
                precarious: rng.bool(),
                priority: rng.bool(),
                ..household(
                    if rng.bool() { Quartile::First } else { Quartile::Other },
                    rng.u8(2..4),
                    rng.u32(0..2),
                )
            })
            .collect();
        let standings: Vec<Standing> = (0..3)
            .map(|rule| {
                let before =
                    Score { numerator: rng.u32(0..3), denominator: rng.u32(3..9), ..Score::default() };
                Standing { before, share: f64::from(rng.u8(20..60)) / 100.0, ..nothing_yet(rule) }
            })
            .collect();
        let found = plan(mix, rules, &standings, 2026_06_01, &dwellings, &households).unwrap();
        let best = all_tried(mix, rules, &standings, &dwellings, &households);
        assert!((found.objective - best).abs() < 1e-4, "round {round}: {} {best}", found.objective);
        assert!(found.optimal && found.bound <= found.objective + 1e-6);
    }
}

/// The least weight of all ways to give 5 dwellings to 5 households, some left empty.
fn all_tried(
    mix: &Mix,
    rules: &PlanRules,
    standings: &[Standing],
    dwellings: &[Dwelling],
    households: &[Household],
) -> f64 {
    fn go(
        i: usize,
        taken: &mut Vec<Option<usize>>,
        n: usize,
        households: usize,
        see: &mut impl FnMut(&[Option<usize>]),
    ) {
        if i == n {
            return see(taken);
        }
        for choice in std::iter::once(None).chain((0..households).map(Some)) {
            if choice.is_none() || !taken.contains(&choice) {
                taken.push(choice);
                go(i + 1, taken, n, households, see);
                taken.pop();
            }
        }
    }
    let mut best = f64::INFINITY;
    go(0, &mut Vec::new(), dwellings.len(), households.len(), &mut |choice| {
        let mut weight = 0.0;
        let mut scores: Vec<(f64, f64)> = standings
            .iter()
            .map(|s| (f64::from(s.before.numerator), f64::from(s.before.denominator)))
            .collect();
        for (d, h) in choice.iter().enumerate() {
            let Some(h) = h else {
                weight += rules.weight(Departure::Vacant);
                continue;
            };
            let Some(list) = departures(rules, &dwellings[d], &households[*h]) else { return };
            weight += list.iter().map(|x| rules.weight(*x)).sum::<f64>();
            let lease = lease(&dwellings[d], &households[*h], 2026_06_01);
            for (standing, s) in standings.iter().zip(&mut scores) {
                let rule = &mix.rules[standing.rule];
                if concerns(rule, &lease) != Known::No {
                    s.1 += 1.0;
                    s.0 += f64::from(u8::from(counts(rule, &lease) == Known::Yes));
                }
            }
        }
        for (standing, (n, d)) in standings.iter().zip(&scores) {
            let over = standing.share * d - n;
            let short = if mix.rules[standing.rule].sens == Sense::Minimum { over } else { -over };
            weight += rules.weight(Departure::Cible) * short.max(0.0);
        }
        best = best.min(weight);
    });
    best
}
