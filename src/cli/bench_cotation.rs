//! `mosaique bench-cotation`: what scoring demands takes, without HTTP, as JSON for `benches/cotation.py`.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde_json::{Value, json};

use super::bench::cpu;
use super::out::say;
use super::{Failure, StoreArgs};
use crate::reference::mix::Mix;
use crate::reference::scoring::{Criteria, criteria};
use crate::scoring::demands::{Demands, load};
use crate::scoring::effect;
use crate::scoring::facts::{Facts, Territory};
use crate::scoring::grid::Grille;
use crate::scoring::note::{Basis, notes};
use crate::store::Store;

/// Arguments of `bench-cotation`.
#[derive(Debug, Args)]
pub struct ScoringArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Grille à appliquer (JSON)
    #[arg(long)]
    grille: PathBuf,
    /// Grille à lui comparer (JSON)
    #[arg(long)]
    autre: PathBuf,
    /// Nombre de demandes à noter : celles du magasin, répétées
    #[arg(long, default_value_t = 1_000_000)]
    demandes: usize,
    /// Nombre de demandes de la simulation
    #[arg(long, default_value_t = 100_000)]
    simulees: usize,
    /// Où écrire les faits et les notes des demandes du magasin, pour les pairs (CSV)
    #[arg(long)]
    table: Option<PathBuf>,
}

/// Runs `bench-cotation`: everything on one thread.
///
/// # Errors
/// The store or a grid cannot be read.
pub fn run(args: &ScoringArgs) -> Result<(), Failure> {
    let (criteria, mix) = (criteria()?, Mix::embedded()?);
    let before = memory();
    let store = Store::open(&args.store.data)?;
    let (all, charge) = timed(|| load(&store));
    let all = all?;
    let held = memory();
    let (grid, other) = (read(&args.grille)?, read(&args.autre)?);
    let epci =
        all.epci(&grid.epci).ok_or_else(|| format!("aucune demande ne connaît l'EPCI {}", grid.epci))?;
    let on = Territory::new(&all, epci, mix);
    let rows =
        |n: usize| -> Vec<u32> { (0..n).filter_map(|i| u32::try_from(i % all.len().max(1)).ok()).collect() };
    if let Some(path) = &args.table {
        table(path, &Facts::of(&all, rows(all.len()), on, criteria, mix), &grid, criteria)?;
    }
    let (facts, predicates) = timed(|| Facts::of(&all, rows(args.demandes), on, criteria, mix));
    let (given, scoring) = timed(|| notes(&facts, &grid, criteria, Basis::Definitive));
    let sum: i64 = given.iter().map(|n| i64::from(*n)).sum();
    let simulation = simulated(&all, rows(args.simulees), on, (&grid, &other))?;
    say!(
        "{}",
        json!({
            "demandes": facts.len(),
            "criteres": grid.criteres.len(),
            "du_magasin": {"demandes": all.len(), "mo": held - before},
            "charge": charge,
            "faits": predicates,
            "notes": scoring,
            "somme": sum,
            "simulation": simulation,
        })
    );
    Ok(())
}

/// What a change of a slider costs: facts, notes under both grids, places, moves by kind of household, τ.
fn simulated(
    all: &Demands,
    rows: Vec<u32>,
    on: Territory,
    (before, after): (&Grille, &Grille),
) -> Result<Value, Failure> {
    let (criteria, mix) = (criteria()?, Mix::embedded()?);
    let n = rows.len();
    let (facts, mut told) = timed(|| Facts::of(all, rows, on, criteria, mix));
    let ((tau, kinds), again) = timed(|| {
        let was = notes(&facts, before, criteria, Basis::Provisional);
        let is = notes(&facts, after, criteria, Basis::Provisional);
        let (a, b) = (effect::places(&was), effect::places(&is));
        let moves: Vec<_> = effect::cuts(all, &facts.rows, on, mix)
            .iter()
            .flat_map(|cut| effect::moves(cut, &a, &b, criteria.regles.mouvement_min * n as f64))
            .collect();
        (effect::kendall(&was, &is), moves.len())
    });
    told = json!({"demandes": n, "faits": told, "classement": again, "tau": tau, "genres": kinds});
    Ok(told)
}

fn read(path: &PathBuf) -> Result<Grille, Failure> {
    Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
}

/// What was made, with its seconds.
fn timed<T>(work: impl FnOnce() -> T) -> (T, Value) {
    let (start, cpu0) = (Instant::now(), cpu());
    let made = work();
    (made, json!({"wall": start.elapsed().as_secs_f64(), "cpu": cpu() - cpu0}))
}

/// Resident memory of this process, in megabytes.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok()).map_or(f64::NAN, |kb| kb / 1000.0)
}

/// A row a demand: each criterion met (`C01`) and proven (`P_C01`) as 0 or 1, each measure (`M_C28`), months
/// since a refusal, and the note.
fn table(path: &PathBuf, facts: &Facts, grid: &Grille, criteria: &Criteria) -> Result<(), Failure> {
    let given = notes(facts, grid, criteria, Basis::Definitive);
    let codes: Vec<&str> = criteria.liste.iter().map(|c| c.code.as_str()).collect();
    let measured: Vec<(&str, &Vec<f64>)> = criteria
        .liste
        .iter()
        .filter_map(|c| Some((c.code.as_str(), facts.measures.get(&c.mesure?)?)))
        .collect();
    let mut w = csv::Writer::from_path(path)?;
    let head = codes.iter().map(|c| (*c).to_owned());
    let head = head.chain(codes.iter().map(|c| format!("P_{c}")));
    let head = head.chain(measured.iter().map(|(c, _)| format!("M_{c}")));
    w.write_record(head.chain(["refus".to_owned(), "note".to_owned()]))?;
    let bits = |mask: u128| (0..codes.len()).map(move |place| (mask >> place & 1).to_string());
    for (i, note) in given.iter().enumerate() {
        let numbers = measured.iter().map(|(_, list)| list.get(i).filter(|v| !v.is_nan()));
        let numbers = numbers.map(|v| v.map(f64::to_string).unwrap_or_default());
        let row = bits(facts.met[i]).chain(bits(facts.proven[i])).chain(numbers);
        w.write_record(row.chain([facts.refused[i].to_string(), note.to_string()]))?;
    }
    w.flush()?;
    Ok(())
}
