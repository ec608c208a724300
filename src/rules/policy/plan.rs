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

use highs::{Col, HighsModelStatus, HighsSolutionStatus, Model, RowProblem, Sense as Toward};

use super::facts::{Allocation, Transfer};
use super::household::{Bound, Quartile};
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

/// What is to be made small.
enum Aim<'a> {
    /// All departures.
    Departures,
    /// What these targets miss, whatever it asks of wishes and of the other targets.
    Targets(&'a dyn Fn(usize) -> bool),
}

/// What the solver found.
struct Solved {
    /// Of each cell; whole numbers where they were asked for.
    values: Vec<f64>,
    flows: Vec<u32>,
    slacks: Vec<f64>,
    objective: f64,
    bound: f64,
}

struct Problem<'a> {
    mix: &'a Mix,
    rules: &'a PlanRules,
    standings: &'a [Standing],
    day: u32,
    kinds: &'a Kinds,
}

impl Problem<'_> {
    /// A plan in whole leases and the weight that none can be below.
    fn best(&self) -> Result<(Solved, f64), PlanError> {
        let none = vec![0; self.kinds.cells.len()];
        let relaxed = self.solve(&Aim::Departures, &none, false)?;
        if self.kinds.cells.len() <= self.rules.travail.colonnes_exactes {
            let whole = self.solve(&Aim::Departures, &none, true)?;
            let bound = whole.bound.max(relaxed.objective);
            return Ok((whole, bound));
        }
        // What is whole stays; the few fractions that targets make are settled in whole leases.
        let done: Vec<u32> = relaxed.values.iter().map(|v| (v + 1e-6).floor().max(0.0) as u32).collect();
        let mut rest = self.solve(&Aim::Departures, &done, true)?;
        for (flow, already) in rest.flows.iter_mut().zip(&done) {
            *flow += already;
        }
        Ok((rest, relaxed.objective))
    }

    /// The least that some targets miss in all, whatever it costs elsewhere: by whole leases where the
    /// problem is small, else by fractions, since what these cannot meet, whole leases cannot either.
    fn least(&self, of: impl Fn(usize) -> bool) -> Result<u32, PlanError> {
        let cells = self.kinds.cells.len();
        let whole = cells <= self.rules.travail.colonnes_exactes;
        let found = self.solve(&Aim::Targets(&of), &vec![0; cells], whole)?;
        let short: f64 = found.slacks.iter().enumerate().filter(|(i, _)| of(*i)).map(|(_, s)| s).sum();
        // A missing half allocation is one allocation; the solver's own tolerance is none.
        Ok((short - 1e-6).ceil().max(0.0) as u32)
    }

    /// Solves with what `done` gives of each cell already; `whole`: in whole leases.
    fn solve(&self, aim: &Aim<'_>, done: &[u32], whole: bool) -> Result<Solved, PlanError> {
        let (k, rules) = (self.kinds, self.rules);
        let mut dwellings: Vec<u32> = k.dwellings.iter().map(|(_, of)| narrow(of.len())).collect();
        let mut households: Vec<u32> = k.households.iter().map(|(_, of)| narrow(of.len())).collect();
        let mut pooled = vec![0_u32; k.pools.len()];
        for (c, n) in k.cells.iter().zip(done) {
            dwellings[c.dwelling] = dwellings[c.dwelling].saturating_sub(*n);
            match c.from {
                Source::Kind(j) => households[j] = households[j].saturating_sub(*n),
                Source::Pool(p) => pooled[p] += n,
            }
        }
        let mut problem = RowProblem::default();
        let cells: Vec<Col> = k
            .cells
            .iter()
            .map(|c| {
                let cost = if matches!(aim, Aim::Departures) { c.cost } else { 0.0 };
                let stock = match c.from {
                    Source::Kind(j) => households[j],
                    Source::Pool(p) => k.pools[p].iter().map(|j| households[*j]).sum(),
                };
                let most = f64::from(dwellings[c.dwelling].min(stock));
                if whole && most > 0.0 {
                    problem.add_integer_column(cost, 0.0..=most)
                } else {
                    problem.add_column(cost, 0.0..=most)
                }
            })
            .collect();
        let links: Vec<Vec<Col>> = k
            .pools
            .iter()
            .map(|of| of.iter().map(|j| problem.add_column(0.0, 0.0..=f64::from(households[*j]))).collect())
            .collect();
        let empty = rules.weight(Departure::Vacant);
        let vacant: Vec<Col> =
            dwellings.iter().map(|n| problem.add_column(empty, 0.0..=f64::from(*n))).collect();
        let slacks: Vec<Col> = (0..self.standings.len())
            .map(|i| {
                let counted = match aim {
                    Aim::Departures => true,
                    Aim::Targets(of) => of(i),
                };
                problem.add_column(if counted { rules.weight(Departure::Cible) } else { 0.0 }, 0.0..)
            })
            .collect();
        let mut of_dwelling: Vec<Vec<(Col, f64)>> = vacant.iter().map(|v| vec![(*v, 1.0)]).collect();
        let mut of_household: Vec<Vec<(Col, f64)>> = vec![Vec::new(); households.len()];
        let mut of_pool: Vec<Vec<(Col, f64)>> =
            links.iter().map(|l| l.iter().map(|c| (*c, -1.0)).collect()).collect();
        for (of, cols) in k.pools.iter().zip(&links) {
            for (j, col) in of.iter().zip(cols) {
                of_household[*j].push((*col, 1.0));
            }
        }
        for (c, col) in k.cells.iter().zip(&cells) {
            of_dwelling[c.dwelling].push((*col, 1.0));
            match c.from {
                Source::Kind(j) => of_household[j].push((*col, 1.0)),
                Source::Pool(p) => of_pool[p].push((*col, 1.0)),
            }
        }
        for (row, n) in of_dwelling.iter().zip(&dwellings) {
            problem.add_row(f64::from(*n)..=f64::from(*n), row);
        }
        for (row, n) in of_household.iter().zip(&households) {
            problem.add_row(..=f64::from(*n), row);
        }
        for (row, n) in of_pool.iter().zip(&pooled) {
            problem.add_row(..=-f64::from(*n), row);
        }
        for (i, Standing { rule, before, share }) in self.standings.iter().enumerate() {
            let rule = &self.mix.rules[*rule];
            let mut row: Vec<(Col, f64)> = Vec::new();
            // numerator ≥ target × denominator − slack, or ≤ … + slack for a ceiling.
            let mut rest = share * f64::from(before.denominator) - f64::from(before.numerator);
            for ((c, col), n) in k.cells.iter().zip(&cells).zip(done) {
                let lease = lease(&k.dwellings[c.dwelling].0, &c.household, self.day);
                if concerns(rule, &lease) != Known::No {
                    let gain = f64::from(u8::from(counts(rule, &lease) == Known::Yes)) - share;
                    row.push((*col, gain));
                    rest -= gain * f64::from(*n);
                }
            }
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
        let mut model = problem.try_optimise(Toward::Minimise).map_err(|e| fault(&e))?;
        model.make_quiet();
        self.bound_work(&mut model).map_err(|e| fault(&e))?;
        let solved = model.try_solve().map_err(|e| fault(&e))?;
        let optimal = solved.status() == HighsModelStatus::Optimal;
        // A linear problem that is not solved to its end proves nothing.
        if solved.primal_solution_status() != HighsSolutionStatus::Feasible || !(whole || optimal) {
            let sum = |of: &[u32]| of.iter().map(|n| *n as usize).sum();
            return Err(PlanError::Work(sum(&dwellings), sum(&households)));
        }
        let solution = solved.get_solution();
        let value = |c: &Col| solution.columns()[c.index()];
        let objective = solved.objective_value();
        let bound = solved.double_info_value(c"mip_dual_bound").ok().filter(|b| whole && b.is_finite());
        let values: Vec<f64> = cells.iter().map(value).collect();
        Ok(Solved {
            // Whole within the solver's tolerance.
            flows: values.iter().map(|v| v.round().max(0.0) as u32).collect(),
            values,
            slacks: slacks.iter().map(value).collect(),
            objective,
            bound: bound.unwrap_or(if optimal { objective } else { 0.0 }),
        })
    }

    /// One thread, a fixed seed, and no clock: the same problem ends at the same place.
    fn bound_work(&self, model: &mut Model) -> Result<(), highs::TrySetOptionError> {
        let work = &self.rules.travail;
        for (name, value) in [
            ("threads", 1),
            ("random_seed", work.graine),
            ("simplex_iteration_limit", work.iterations_max),
            ("mip_max_nodes", work.noeuds_max),
        ] {
            model.try_set_option(name, value)?;
        }
        model.try_set_option("parallel", "off")?;
        for (name, value) in [("mip_rel_gap", 0.0), ("mip_abs_gap", 1e-6)] {
            model.try_set_option(name, value)?;
        }
        Ok(())
    }
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
