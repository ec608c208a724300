//! The plan as a linear problem, solved by HiGHS: columns are leases of a kind of dwelling to a kind of
//! household, rows what there is of each and what each target asks.

use highs::{Col, HighsModelStatus, HighsSolutionStatus, Model, RowProblem, Sense as Toward};

use super::{Kinds, PlanError, Source, Standing, lease, narrow};
use crate::policy::mix::{Known, concerns, counts};
use crate::reference::mix::{Mix, Sense};
use crate::reference::plan::{Departure, PlanRules};

/// What is to be made small.
pub(super) enum Aim<'a> {
    /// All departures.
    Departures,
    /// What these targets miss, whatever it asks of wishes and of the other targets.
    Targets(&'a dyn Fn(usize) -> bool),
}

/// What the solver found.
pub(super) struct Solved {
    /// Of each cell; whole numbers where they were asked for.
    values: Vec<f64>,
    pub flows: Vec<u32>,
    pub slacks: Vec<f64>,
    objective: f64,
    bound: f64,
}

pub(super) struct Problem<'a> {
    pub mix: &'a Mix,
    pub rules: &'a PlanRules,
    pub standings: &'a [Standing],
    pub day: u32,
    pub kinds: &'a Kinds,
}

impl Problem<'_> {
    /// A plan in whole leases and the weight that none can be below.
    pub fn best(&self) -> Result<(Solved, f64), PlanError> {
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
    pub fn least(&self, of: impl Fn(usize) -> bool) -> Result<u32, PlanError> {
        let cells = self.kinds.cells.len();
        let whole = cells <= self.rules.travail.colonnes_exactes;
        let found = self.solve(&Aim::Targets(&of), &vec![0; cells], whole)?;
        let short: f64 = found.slacks.iter().enumerate().filter(|(i, _)| of(*i)).map(|(_, s)| s).sum();
        // A missing half allocation is one allocation; the solver's own tolerance is none.
        Ok((short - 1e-6).ceil().max(0.0) as u32)
    }

    /// Solves with what `done` gives of each cell already; `whole`: in whole leases.
    pub fn solve(&self, aim: &Aim<'_>, done: &[u32], whole: bool) -> Result<Solved, PlanError> {
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
                let cost = if counted { rules.weight(Departure::Cible) } else { 0.0 };
                // Leases are whole, and so is what a target misses.
                if whole { problem.add_integer_column(cost, 0.0..) } else { problem.add_column(cost, 0.0..) }
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
