//! A proposed assignment of expected vacancies to waiting households, by linear and integer optimisation
//! (HiGHS).
//!
//! Dwellings that are alike, and households that are alike, are interchangeable: the unknowns are how many of
//! one kind go to the other, and the answer is the same as with one unknown a pair. A household that is given
//! another commune than the one it asks for passes through a pool of its like, whatever commune they ask for.
//!
//! Work is bounded by counts (iterations, nodes, columns), never by the clock, on one thread with a fixed
//! seed: the same file gives the same plan. The linear problem is solved first; it gives the bound, and a
//! plan whose few fractions are settled by a small integer problem. A problem small enough is solved whole.
//!
//! Targets are soft: each has a slack, so a plan always exists. That two of them exclude each other is said
//! only when the linear problem proves it. A plan advises; it decides nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::facts::{Allocation, Transfer};
use super::household::{Bound, Quartile};
use super::mix::Score;
use crate::reference::mix::{Mix, Sense};
use crate::reference::plan::{Departure, PlanRules};
use crate::territory::bands::Band;

mod problem;

use problem::Problem;

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

/// Why a target is missed, as far as it is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Met,
    /// These vacancies and households cannot meet it, even if it were the only target; the least that misses.
    OutOfReach(u32),
    /// It could be met alone, and it is proved that all targets cannot be met together; the least that misses
    /// of all of them.
    Conflict(u32),
    /// Not proved impossible: what it would cost in departures, or whole leases, weighs more.
    Traded,
}

/// A target before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Number of the rule in `data/rules/mix.toml`.
    pub rule: usize,
    /// Share to reach, from 0 to 1.
    pub share: f64,
    pub before: Score,
    pub after: Score,
    /// Allocations that it misses, or exceeds by, after the plan.
    pub missing: u32,
    pub reach: Reach,
}

/// A plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub pairs: Vec<Pair>,
    /// Dwellings that nobody is given.
    pub vacant: Vec<usize>,
    /// Of these, dwellings that no household of the list fits; all households that fit the others are housed.
    pub unfit: usize,
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
    #[error("le travail permis n'a pas suffi : {0} logements et {1} ménages ; demandez moins de mois")]
    Work(usize, usize),
}

/// A target to meet and where it stands before the plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Number of the rule in `data/rules/mix.toml`.
    pub rule: usize,
    pub before: Score,
    /// Share to reach, from 0 to 1: the law's, or that of the convention intercommunale d'attribution.
    pub share: f64,
}

/// Finds the plan with the least departures. `day`: a day of the year that the leases are to be signed in,
/// `yyyymmdd`.
///
/// # Errors
/// The solver fails, or the work that is permitted does not do.
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
    let problem = Problem { mix, rules, standings, day, kinds: &kinds };
    let (solved, bound) = problem.best()?;
    let (pairs, vacant) = kinds.spread(&solved.flows, rules);
    let mut scores: Vec<Score> = standings.iter().map(|s| s.before).collect();
    for p in &pairs {
        let lease = lease(&dwellings[p.dwelling], &households[p.household], day);
        for (standing, score) in standings.iter().zip(&mut scores) {
            score.look(&mix.rules[standing.rule], &lease);
        }
    }
    let gap = |i: usize| scores[i].gap(mix.rules[standings[i].rule].sens, standings[i].share);
    let missed: Vec<usize> = (0..standings.len()).filter(|i| gap(*i) > 0).collect();
    let together = if missed.is_empty() { 0 } else { problem.least(|_| true)? };
    let mut targets = Vec::new();
    for (i, Standing { rule, before, share }) in standings.iter().enumerate() {
        let missing = gap(i);
        let reach = if missing == 0 {
            Reach::Met
        } else {
            match (problem.least(|other| other == i)?, together) {
                (0, 0) => Reach::Traded,
                (0, all) => Reach::Conflict(all),
                (alone, _) => Reach::OutOfReach(alone),
            }
        };
        targets.push(Target {
            rule: *rule,
            share: *share,
            before: *before,
            after: scores[i],
            missing,
            reach,
        });
    }
    let objective = weight(rules, mix, &pairs, &vacant, standings, &scores);
    let sizes: BTreeSet<u8> = households.iter().map(|h| h.rooms).collect();
    let unfit = vacant
        .iter()
        .filter(|d| !sizes.iter().any(|rooms| fits(rules, dwellings[**d].rooms, *rooms)))
        .count();
    Ok(Plan {
        pairs,
        vacant,
        unfit,
        targets,
        objective,
        bound: bound.min(objective),
        optimal: objective - bound < 1e-4,
        seconds: begun.elapsed().as_secs_f64(),
    })
}

/// What the departures of a plan weigh.
fn weight(
    rules: &PlanRules,
    mix: &Mix,
    pairs: &[Pair],
    vacant: &[usize],
    standings: &[Standing],
    scores: &[Score],
) -> f64 {
    let wishes: f64 = pairs.iter().flat_map(|p| &p.departures).map(|d| rules.weight(*d)).sum();
    let empty = rules.weight(Departure::Vacant) * vacant.len() as f64;
    let short = standings.iter().zip(scores).map(|(standing, s)| {
        let rule = &mix.rules[standing.rule];
        let over = standing.share * f64::from(s.denominator) - f64::from(s.numerator);
        if rule.sens == Sense::Minimum { over.max(0.0) } else { (-over).max(0.0) }
    });
    wishes + empty + rules.weight(Departure::Cible) * short.sum::<f64>()
}

/// The lease that a household would sign for a dwelling, as rules look at it.
fn lease(d: &Dwelling, h: &Household, day: u32) -> Allocation {
    Allocation {
        bail: day,
        caleol: day,
        commune: d.commune,
        arrondissement: u32::MAX,
        departement: u32::MAX,
        epci: u32::MAX,
        bound: Bound::Yes,
        bailleur: u32::MAX,
        reservataire: d.reservataire,
        qpv: Some(if d.in_qpv { Band::Inside } else { Band::Beyond }),
        whole: false,
        quartile: h.quartile,
        provisional: false,
        dalo: h.dalo,
        priority: h.priority,
        precarious: h.precarious,
        relocation: 1,
        transfer: Transfer::No,
        first_letting: false,
    }
}

/// Code of `attributions.parquet`: the State's contingent for priority households.
const STATE_PRIORITY: u8 = 1;

/// Whether a household may be given a dwelling at all.
fn fits(rules: &PlanRules, rooms: u8, asked: u8) -> bool {
    rooms == 0 || asked == 0 || rooms.abs_diff(asked) <= rules.ecart_pieces_max
}

/// Departures of a pair; None if it cannot be made at all.
fn departures(rules: &PlanRules, d: &Dwelling, h: &Household) -> Option<Vec<Departure>> {
    if !fits(rules, d.rooms, h.rooms) {
        return None;
    }
    let mut out = Vec::new();
    if d.rooms > 0 && h.rooms > 0 {
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

/// Whom a cell takes its households from.
#[derive(Clone, Copy)]
enum Source {
    /// A kind of household that asks for this commune, or for any.
    Kind(usize),
    /// Households alike but for the commune that they ask for.
    Pool(usize),
}

/// A kind of dwelling that some households may be given.
struct Cell {
    dwelling: usize,
    from: Source,
    cost: f64,
    /// The household, as rules look at it.
    household: Household,
}

/// Dwellings and households by kind, in a fixed order, with the places of each.
struct Kinds {
    dwellings: Vec<(Dwelling, Vec<usize>)>,
    households: Vec<(Household, Vec<usize>)>,
    /// Of each pool, its kinds of households.
    pools: Vec<Vec<usize>>,
    cells: Vec<Cell>,
}

fn kinds<K: Ord + Copy>(all: &[K]) -> Vec<(K, Vec<usize>)> {
    let mut out: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    for (i, k) in all.iter().enumerate() {
        out.entry(*k).or_default().push(i);
    }
    out.into_iter().collect()
}

/// A commune that no household asks for and no dwelling is in: a pool's.
const ELSEWHERE: u32 = u32::MAX - 1;

impl Kinds {
    fn new(rules: &PlanRules, dwellings: &[Dwelling], households: &[Household]) -> Self {
        let (dwellings, households) = (kinds(dwellings), kinds(households));
        let mut pools: BTreeMap<Household, Vec<usize>> = BTreeMap::new();
        let mut by_commune: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (j, (h, _)) in households.iter().enumerate() {
            by_commune.entry(h.commune).or_default().push(j);
            if h.commune != u32::MAX {
                pools.entry(Household { commune: ELSEWHERE, ..*h }).or_default().push(j);
            }
        }
        let mut cells = Vec::new();
        for (i, (d, _)) in dwellings.iter().enumerate() {
            let mut communes = vec![d.commune, u32::MAX];
            communes.dedup();
            let kinds = communes.iter().filter_map(|c| by_commune.get(c)).flatten();
            let direct = kinds.map(|j| (Source::Kind(*j), households[*j].0));
            let pooled = pools.keys().enumerate().map(|(p, h)| (Source::Pool(p), *h));
            for (from, household) in direct.chain(pooled) {
                if let Some(list) = departures(rules, d, &household) {
                    let cost = list.iter().map(|x| rules.weight(*x)).sum();
                    cells.push(Cell { dwelling: i, from, cost, household });
                }
            }
        }
        Self { dwellings, households, pools: pools.into_values().collect(), cells }
    }

    /// From kinds to dwellings and households, the first of each kind first; then every dwelling that is left
    /// and that a household fits, with the household of the least departures.
    fn spread(&self, flows: &[u32], rules: &PlanRules) -> (Vec<Pair>, Vec<usize>) {
        let mut hands = Hands {
            kinds: self,
            rules,
            dwellings: self.dwellings.iter().map(|(_, of)| of.iter()).collect(),
            households: self.households.iter().map(|(_, of)| of.iter()).collect(),
            pairs: Vec::new(),
        };
        // Those who get the commune that they ask for first: pools take what is left.
        for pooled in [false, true] {
            for (c, n) in self.cells.iter().zip(flows) {
                let of: &[usize] = match &c.from {
                    Source::Kind(j) if !pooled => std::slice::from_ref(j),
                    Source::Pool(p) if pooled => &self.pools[*p],
                    _ => continue,
                };
                for _ in 0..*n {
                    let _ = of.iter().any(|j| hands.give(c.dwelling, *j));
                }
            }
        }
        for i in 0..self.dwellings.len() {
            hands.fill(i);
        }
        let mut vacant: Vec<usize> = hands.dwellings.into_iter().flatten().copied().collect();
        vacant.sort_unstable();
        let mut pairs = hands.pairs;
        pairs.sort_by_key(|p| p.dwelling);
        (pairs, vacant)
    }
}

/// Dwellings and households that are not given yet, by kind.
struct Hands<'a> {
    kinds: &'a Kinds,
    rules: &'a PlanRules,
    dwellings: Vec<std::slice::Iter<'a, usize>>,
    households: Vec<std::slice::Iter<'a, usize>>,
    pairs: Vec<Pair>,
}

impl Hands<'_> {
    /// Gives a dwelling of one kind to a household of another; false where one is missing.
    fn give(&mut self, i: usize, j: usize) -> bool {
        if self.dwellings[i].len() == 0 || self.households[j].len() == 0 {
            return false;
        }
        let (d, h) = (&self.kinds.dwellings[i].0, &self.kinds.households[j].0);
        let Some(list) = departures(self.rules, d, h) else { return false };
        if let (Some(dwelling), Some(household)) = (self.dwellings[i].next(), self.households[j].next()) {
            self.pairs.push(Pair { dwelling: *dwelling, household: *household, departures: list });
        }
        true
    }

    /// Gives the dwellings of a kind that are left, the least departures first.
    fn fill(&mut self, i: usize) {
        if self.dwellings[i].len() == 0 {
            return;
        }
        let mut order: Vec<(f64, usize)> = (0..self.households.len())
            .filter(|j| self.households[*j].len() > 0)
            .filter_map(|j| {
                let (d, h) = (&self.kinds.dwellings[i].0, &self.kinds.households[j].0);
                let list = departures(self.rules, d, h)?;
                Some((list.iter().map(|x| self.rules.weight(*x)).sum(), j))
            })
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (_, j) in order {
            while self.give(i, j) {}
        }
    }
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
