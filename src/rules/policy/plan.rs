//! A proposed assignment of expected vacancies to waiting households, by mixed-integer optimisation (HiGHS).
//!
//! Dwellings that are alike, and households that are alike, are interchangeable: the unknowns are how many of
//! one kind go to the other, and the answer is the same as with one unknown a pair. Targets are soft: each
//! has a slack, so a plan always exists, and a slack above zero names a target that cannot be met. A plan
//! advises; it decides nothing.

use std::collections::BTreeMap;
use std::time::Instant;

use highs::{Col, HighsModelStatus, HighsSolutionStatus, RowProblem, Sense as Aim};

use super::facts::{Allocation, Quartile};
use super::mix::{Known, Score, concerns, counts};
use crate::reference::mix::{Mix, Sense};
use crate::reference::plan::{Departure, PlanRules};
use crate::territory::bands::Band;

/// A vacancy that is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dwelling {
    pub in_qpv: bool,
    /// Rooms, 1 to 6; 0 when not known.
    pub rooms: u8,
    /// Number of the commune; `u32::MAX` when not known.
    pub commune: u32,
    /// Code of `attributions.parquet`.
    pub reservataire: u8,
}

/// A household that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Household {
    pub quartile: Quartile,
    pub dalo: bool,
    pub priority: bool,
    pub precarious: bool,
    /// Rooms asked for; 0 when not known.
    pub rooms: u8,
    /// Number of the commune asked for; `u32::MAX` for any.
    pub commune: u32,
}

/// One dwelling for one household, by their places in the lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub dwelling: usize,
    pub household: usize,
    pub departures: Vec<Departure>,
}

/// A target before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Number of the rule in `data/rules/mix.toml`.
    pub rule: usize,
    pub before: Score,
    pub after: Score,
    /// Allocations that it misses, or exceeds by, after the plan.
    pub missing: u32,
    /// The same, at the least, if it were the only target: more than 0 when these vacancies and households
    /// cannot meet it at all.
    pub alone: Option<u32>,
}

/// A plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub pairs: Vec<Pair>,
    /// Dwellings that nobody is given.
    pub vacant: Vec<usize>,
    pub targets: Vec<Target>,
    /// Weight of all departures, and the least that the solver proved possible.
    pub objective: f64,
    pub bound: f64,
    /// Whether the plan is proved to be the best.
    pub optimal: bool,
    pub seconds: f64,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("le solveur n'a pas accepté le problème ({0})")]
    Solver(String),
    #[error("le solveur n'a trouvé aucun plan dans le temps donné")]
    Nothing,
}

/// A target to meet and where it stands before the plan.
pub type Standing = (usize, Score);

/// Finds the plan with the least departures. `day`: a day of the year that the leases are to be signed in,
/// `yyyymmdd`.
///
/// # Errors
/// The solver fails.
pub fn plan(
    mix: &Mix,
    rules: &PlanRules,
    standings: &[Standing],
    day: u32,
    dwellings: &[Dwelling],
    households: &[Household],
) -> Result<Plan, PlanError> {
    let begun = Instant::now();
    let kinds = Kinds::new(rules, dwellings, households);
    let solved = kinds.solve(mix, rules, standings, day, None)?;
    let mut targets = Vec::new();
    for (i, (rule, before)) in standings.iter().enumerate() {
        let mut after = *before;
        for (cell, n) in kinds.cells.iter().zip(&solved.flows) {
            let lease = lease(&kinds.dwellings[cell.dwelling].0, &kinds.households[cell.household].0, day);
            if concerns(&mix.rules[*rule], &lease) {
                let counted = counts(&mix.rules[*rule], &lease);
                after.denominator += n;
                after.numerator += if counted == Known::Yes { *n } else { 0 };
                after.unknown += if counted == Known::Unknown { *n } else { 0 };
            }
        }
        let missing = after.gap(mix.rules[*rule].sens, mix.rules[*rule].cible);
        let alone =
            if missing > 0 { Some(kinds.solve(mix, rules, standings, day, Some(i))?.slack(i)) } else { None };
        targets.push(Target { rule: *rule, before: *before, after, missing, alone });
    }
    let (pairs, vacant) = kinds.spread(&solved.flows, rules);
    Ok(Plan {
        pairs,
        vacant,
        targets,
        objective: solved.objective,
        bound: solved.bound,
        optimal: solved.optimal,
        seconds: begun.elapsed().as_secs_f64(),
    })
}

/// The lease that a household would sign for a dwelling, as rules look at it.
fn lease(d: &Dwelling, h: &Household, day: u32) -> Allocation {
    Allocation {
        bail: day,
        commune: d.commune,
        epci: u32::MAX,
        bailleur: u32::MAX,
        reservataire: d.reservataire,
        qpv: Some(if d.in_qpv { Band::Inside } else { Band::Beyond }),
        quartile: h.quartile,
        provisional: false,
        dalo: h.dalo,
        priority: h.priority,
        precarious: h.precarious,
        relocation: 1,
        transfer: false,
        first_letting: false,
    }
}

/// Code of `attributions.parquet`: the State's contingent for priority households.
const STATE_PRIORITY: u8 = 1;

/// Departures of a pair; None if it cannot be made at all.
fn departures(rules: &PlanRules, d: &Dwelling, h: &Household) -> Option<Vec<Departure>> {
    let mut out = Vec::new();
    if d.rooms > 0 && h.rooms > 0 {
        if d.rooms.abs_diff(h.rooms) > rules.ecart_pieces_max {
            return None;
        }
        match d.rooms.cmp(&h.rooms) {
            std::cmp::Ordering::Less => out.push(Departure::PieceDeMoins),
            std::cmp::Ordering::Greater => out.push(Departure::PieceDePlus),
            std::cmp::Ordering::Equal => {}
        }
    }
    if h.commune != u32::MAX && h.commune != d.commune {
        out.push(Departure::CommuneAutre);
    }
    if d.in_qpv && h.dalo && h.precarious {
        out.push(Departure::DaloPrecaireQpv);
    }
    if d.reservataire == STATE_PRIORITY && !h.dalo && !h.priority {
        out.push(Departure::EtatNonPrioritaire);
    }
    Some(out)
}

/// A kind of dwelling that a kind of household may be given.
struct Cell {
    dwelling: usize,
    household: usize,
    cost: f64,
}

/// Dwellings and households by kind, in a fixed order, with the places of each.
struct Kinds {
    dwellings: Vec<(Dwelling, Vec<usize>)>,
    households: Vec<(Household, Vec<usize>)>,
    cells: Vec<Cell>,
}

/// What the solver found.
struct Solved {
    flows: Vec<u32>,
    slacks: Vec<f64>,
    objective: f64,
    bound: f64,
    optimal: bool,
}

impl Solved {
    fn slack(&self, i: usize) -> u32 {
        // A missing half allocation is one allocation; the solver's own tolerance is none.
        (self.slacks[i] - 1e-6).ceil().max(0.0) as u32
    }
}

fn kinds<K: Ord + Copy>(all: &[K]) -> Vec<(K, Vec<usize>)> {
    let mut out: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    for (i, k) in all.iter().enumerate() {
        out.entry(*k).or_default().push(i);
    }
    out.into_iter().collect()
}

impl Kinds {
    fn new(rules: &PlanRules, dwellings: &[Dwelling], households: &[Household]) -> Self {
        let (dwellings, households) = (kinds(dwellings), kinds(households));
        let mut cells = Vec::new();
        for (i, (d, _)) in dwellings.iter().enumerate() {
            for (j, (h, _)) in households.iter().enumerate() {
                if let Some(list) = departures(rules, d, h) {
                    cells.push(Cell {
                        dwelling: i,
                        household: j,
                        cost: list.iter().map(|x| rules.weight(*x)).sum(),
                    });
                }
            }
        }
        Self { dwellings, households, cells }
    }

    /// Solves; `only`: with this target alone, whatever it asks of wishes and of the other targets.
    fn solve(
        &self,
        mix: &Mix,
        rules: &PlanRules,
        standings: &[Standing],
        day: u32,
        only: Option<usize>,
    ) -> Result<Solved, PlanError> {
        let free = only.is_some();
        let mut problem = RowProblem::default();
        let cells: Vec<Col> = self
            .cells
            .iter()
            .map(|c| {
                let most = self.dwellings[c.dwelling].1.len().min(self.households[c.household].1.len());
                // Alone, a fraction of a lease does: what it cannot meet, whole leases cannot either, and the
                // answer is quick.
                if free {
                    problem.add_column(0.0, 0.0..=most as f64)
                } else {
                    problem.add_integer_column(c.cost, 0.0..=most as f64)
                }
            })
            .collect();
        let empty = rules.weight(Departure::Vacant);
        let vacant: Vec<Col> =
            self.dwellings.iter().map(|(_, of)| problem.add_column(empty, 0.0..=of.len() as f64)).collect();
        let slacks: Vec<Col> = standings
            .iter()
            .enumerate()
            .map(|(i, _)| {
                problem.add_column(
                    if only.is_none_or(|o| o == i) { rules.weight(Departure::Cible) } else { 0.0 },
                    0.0..,
                )
            })
            .collect();
        let mut of_dwelling: Vec<Vec<(Col, f64)>> = vacant.iter().map(|v| vec![(*v, 1.0)]).collect();
        let mut of_household: Vec<Vec<(Col, f64)>> = vec![Vec::new(); self.households.len()];
        for (c, col) in self.cells.iter().zip(&cells) {
            of_dwelling[c.dwelling].push((*col, 1.0));
            of_household[c.household].push((*col, 1.0));
        }
        for (row, (_, of)) in of_dwelling.iter().zip(&self.dwellings) {
            let n = of.len() as f64;
            problem.add_row(n..=n, row);
        }
        for (row, (_, of)) in of_household.iter().zip(&self.households) {
            problem.add_row(..=of.len() as f64, row);
        }
        for (i, (rule, before)) in standings.iter().enumerate() {
            let rule = &mix.rules[*rule];
            let mut row: Vec<(Col, f64)> = Vec::new();
            for (c, col) in self.cells.iter().zip(&cells) {
                let lease = lease(&self.dwellings[c.dwelling].0, &self.households[c.household].0, day);
                if concerns(rule, &lease) {
                    let counted = f64::from(u8::from(counts(rule, &lease) == Known::Yes));
                    row.push((*col, counted - rule.cible));
                }
            }
            // numerator ≥ target × denominator − slack, or ≤ … + slack for a ceiling.
            let rest = rule.cible * f64::from(before.denominator) - f64::from(before.numerator);
            match rule.sens {
                Sense::Minimum => {
                    row.push((slacks[i], 1.0));
                    problem.add_row(rest.., &row);
                }
                Sense::Maximum => {
                    row.push((slacks[i], -1.0));
                    problem.add_row(..=rest, &row);
                }
            }
        }
        let fault = |e: &dyn std::fmt::Debug| PlanError::Solver(format!("{e:?}"));
        let mut model = problem.try_optimise(Aim::Minimise).map_err(|e| fault(&e))?;
        model.make_quiet();
        for (name, value) in [("time_limit", rules.duree_s), ("mip_rel_gap", 0.0), ("mip_abs_gap", 1e-6)] {
            model.try_set_option(name, value).map_err(|e| fault(&e))?;
        }
        let solved = model.try_solve().map_err(|e| fault(&e))?;
        if solved.primal_solution_status() != HighsSolutionStatus::Feasible {
            return Err(PlanError::Nothing);
        }
        let solution = solved.get_solution();
        let value = |c: &Col| solution.columns()[c.index()];
        let optimal = solved.status() == HighsModelStatus::Optimal;
        let objective = solved.objective_value();
        let bound = solved.double_info_value(c"mip_dual_bound").ok().filter(|b| b.is_finite());
        Ok(Solved {
            // Whole within the solver's tolerance.
            flows: cells.iter().map(|c| value(c).round().max(0.0) as u32).collect(),
            slacks: slacks.iter().map(value).collect(),
            objective,
            bound: bound.unwrap_or(if optimal { objective } else { 0.0 }),
            optimal,
        })
    }

    /// From kinds to dwellings and households, the first of each kind first.
    fn spread(&self, flows: &[u32], rules: &PlanRules) -> (Vec<Pair>, Vec<usize>) {
        let mut dwellings: Vec<_> = self.dwellings.iter().map(|(_, of)| of.iter().copied()).collect();
        let mut households: Vec<_> = self.households.iter().map(|(_, of)| of.iter().copied()).collect();
        let mut pairs = Vec::new();
        for (c, n) in self.cells.iter().zip(flows) {
            let list = departures(rules, &self.dwellings[c.dwelling].0, &self.households[c.household].0)
                .unwrap_or_default();
            for _ in 0..*n {
                if let (Some(dwelling), Some(household)) =
                    (dwellings[c.dwelling].next(), households[c.household].next())
                {
                    pairs.push(Pair { dwelling, household, departures: list.clone() });
                }
            }
        }
        pairs.sort_by_key(|p| p.dwelling);
        let mut vacant: Vec<usize> = dwellings.into_iter().flatten().collect();
        vacant.sort_unstable();
        (pairs, vacant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        vec![(0, Score::default()), (1, Score::default())]
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
        assert_eq!((found.pairs.len(), found.targets[0].missing, found.targets[0].alone), (4, 1, Some(1)));
        // One of the first quartile that is DALO, for one dwelling outside QPV and one of Action Logement in
        // QPV: either target alone could be met, not both.
        let one = Household { dalo: true, ..household(Quartile::First, 3, 1) };
        let reserved = Dwelling { reservataire: 3, ..dwelling(true, 3, 1) };
        let both = vec![(0, Score::default()), (2, Score::default())];
        let found = run(&both, &[dwelling(false, 3, 1), reserved], &[one, household(Quartile::Other, 3, 1)]);
        let missed: Vec<(u32, Option<u32>)> = found.targets.iter().map(|t| (t.missing, t.alone)).collect();
        assert!(missed.contains(&(1, Some(0))) && missed.contains(&(0, None)), "{missed:?}");
        // So far 10 leases of which none counts: three are missing whatever is done.
        let behind = [(0, Score { numerator: 0, denominator: 10, unknown: 0 })];
        let found = run(&behind, &[dwelling(false, 3, 1); 2], &others);
        assert_eq!((found.targets[0].missing, found.targets[0].alone), (3, Some(3)), "25 % of 12");
    }

    #[test]
    fn nobody_is_given_a_dwelling_two_rooms_too_small_and_dalo_households_go_outside_qpv() {
        let dwellings = [dwelling(true, 3, 1), dwelling(false, 3, 1), dwelling(false, 1, 1)];
        let precarious = Household { dalo: true, precarious: true, ..household(Quartile::First, 3, 1) };
        let found = run(&[], &dwellings, &[precarious, household(Quartile::Other, 3, 1)]);
        assert_eq!(found.vacant, [2]);
        assert_eq!(
            found.pairs.iter().map(|p| (p.dwelling, p.household)).collect::<Vec<_>>(),
            [(0, 1), (1, 0)]
        );
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
                .map(|r| (r, Score { numerator: rng.u32(0..3), denominator: rng.u32(3..9), unknown: 0 }))
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
            let mut scores: Vec<(f64, f64)> =
                standings.iter().map(|(_, s)| (f64::from(s.numerator), f64::from(s.denominator))).collect();
            for (d, h) in choice.iter().enumerate() {
                let Some(h) = h else {
                    weight += rules.weight(Departure::Vacant);
                    continue;
                };
                let Some(list) = departures(rules, &dwellings[d], &households[*h]) else { return };
                weight += list.iter().map(|x| rules.weight(*x)).sum::<f64>();
                let lease = lease(&dwellings[d], &households[*h], 2026_06_01);
                for ((r, _), s) in standings.iter().zip(&mut scores) {
                    if concerns(&mix.rules[*r], &lease) {
                        s.1 += 1.0;
                        s.0 += f64::from(u8::from(counts(&mix.rules[*r], &lease) == Known::Yes));
                    }
                }
            }
            for ((r, _), (n, d)) in standings.iter().zip(&scores) {
                let over = mix.rules[*r].cible * d - n;
                let short = if mix.rules[*r].sens == Sense::Minimum { over } else { -over };
                weight += rules.weight(Departure::Cible) * short.max(0.0);
            }
            best = best.min(weight);
        });
        best
    }
}
