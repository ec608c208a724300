//! The note of demands under a grid, in columns, and the detail of one.

use std::ops::Range;

use super::facts::Facts;
use super::grid::{Cumul, Grille, Placed};
use crate::reference::scoring::Criteria;

/// What counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// As declared.
    Provisional,
    /// Criteria that ask for evidence count once it was checked.
    Definitive,
}

/// Demands that are scored at once: what is known of them stays in the cache while all lines pass.
const BLOCK: usize = 1024;

/// Notes of all demands of `facts`, in their order. A refusal may make a note negative: it then stands behind
/// all others, as the grid says.
#[must_use]
pub fn notes(facts: &Facts, grid: &Grille, criteria: &Criteria, basis: Basis) -> Vec<i32> {
    let placed = grid.placed(criteria);
    let (grouped, alone): (Vec<&Placed<'_>>, Vec<&Placed<'_>>) =
        placed.iter().partition(|p| group_of(grid, p).is_some());
    let mut total = vec![0i32; facts.len()];
    let mut sum = [0i32; BLOCK];
    for (n, total) in total.chunks_mut(BLOCK).enumerate() {
        let rows = n * BLOCK..n * BLOCK + total.len();
        for line in &alone {
            add(facts, rows.clone(), line, basis, total, |t, points| *t += points);
        }
        for group in &grid.groupes {
            let sum = &mut sum[..total.len()];
            sum.fill(0);
            for line in grouped.iter().filter(|p| p.ligne.groupe.as_deref() == Some(&group.id)) {
                let rows = rows.clone();
                match group.cumul {
                    Cumul::Somme => add(facts, rows, line, basis, sum, |s, points| *s += points),
                    Cumul::Maximum => add(facts, rows, line, basis, sum, |s, points| *s = points.max(*s)),
                }
            }
            let most = group.plafond.unwrap_or(i32::MAX);
            for (t, s) in total.iter_mut().zip(sum) {
                *t += (*s).min(most);
            }
        }
        if let Some(r) = grid.refus {
            for (t, past) in total.iter_mut().zip(&facts.refused[rows]) {
                *t -= if *past < r.mois { r.points } else { 0 };
            }
        }
    }
    total
}

fn group_of<'g>(grid: &'g Grille, line: &Placed<'_>) -> Option<&'g super::grid::Groupe> {
    let id = line.ligne.groupe.as_deref()?;
    grid.groupes.iter().find(|g| g.id == id)
}

/// Gives the points of a line to each demand of some rows; `out` has one value a row.
fn add(
    facts: &Facts,
    rows: Range<usize>,
    line: &Placed<'_>,
    basis: Basis,
    out: &mut [i32],
    give: impl Fn(&mut i32, i32),
) {
    let checked = basis == Basis::Definitive && line.ligne.preuve;
    // Half of the bits, then one of them: a shift of 128 bits takes five times as long.
    let (upper, place) = (line.place >= 64, line.place % 64);
    let bit = |mask: u128| ((if upper { (mask >> 64) as u64 } else { mask as u64 }) >> place & 1) as i32;
    let (met, proven) = (&facts.met[rows.clone()], &facts.proven[rows.clone()]);
    let measure = line.mesure.and_then(|m| facts.measures.get(&m)).and_then(|list| list.get(rows));
    match measure {
        Some(list) if !line.ligne.tranches.is_empty() || line.ligne.progression.is_some() => {
            for (out, (value, proven)) in out.iter_mut().zip(list.iter().zip(proven)) {
                give(out, if checked { bit(*proven) } else { 1 } * measured(line, *value));
            }
        }
        _ => {
            let points = line.ligne.points;
            if checked {
                let both = met.iter().zip(proven);
                out.iter_mut().zip(both).for_each(|(out, (m, p))| give(out, points * bit(m & p)));
            } else {
                out.iter_mut().zip(met).for_each(|(out, m)| give(out, points * bit(*m)));
            }
        }
    }
}

/// Points of a value; a value that is not known (NaN) gives none.
fn measured(line: &Placed<'_>, value: f64) -> i32 {
    if let Some(p) = line.ligne.progression {
        let steps = (value / p.pas).floor();
        if steps.is_nan() || steps <= 0.0 {
            return 0;
        }
        #[allow(clippy::cast_possible_truncation)]
        return (steps * f64::from(p.points)).min(f64::from(p.plafond)) as i32;
    }
    let holds = |t: &&super::grid::Tranche| {
        value >= t.de.unwrap_or(f64::NEG_INFINITY) && value < t.avant.unwrap_or(f64::INFINITY)
    };
    line.ligne.tranches.iter().find(holds).map_or(0, |t| t.points)
}

/// Why one criterion counts or not in a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Counts,
    /// Another one of its group gives more.
    GroupGivesMore,
    /// Declared; the evidence is missing.
    NoEvidence,
}

/// One criterion in the detail of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub code: String,
    /// What it would give by itself.
    pub points: i32,
    pub reason: Reason,
}

/// The detail of the demand at `i`: criteria that are met, what a refusal takes, and the note.
#[must_use]
pub fn detail(facts: &Facts, i: usize, grid: &Grille, criteria: &Criteria, basis: Basis) -> Detail {
    let one = Facts {
        rows: vec![facts.rows[i]],
        met: vec![facts.met[i]],
        proven: vec![facts.proven[i]],
        measures: facts.measures.iter().map(|(c, list)| (*c, vec![list[i]])).collect(),
        refused: vec![facts.refused[i]],
    };
    let points = |line: &Placed<'_>, basis| {
        let mut got = [0];
        add(&one, 0..1, line, basis, &mut got, |t, p| *t = p);
        got[0]
    };
    let placed = grid.placed(criteria);
    let mut parts: Vec<Part> = Vec::new();
    for line in &placed {
        let (declared, counted) = (points(line, Basis::Provisional), points(line, basis));
        if declared == 0 {
            continue;
        }
        let reason = match group_of(grid, line).filter(|g| g.cumul == Cumul::Maximum) {
            _ if counted == 0 => Reason::NoEvidence,
            Some(g) => {
                let of_group = placed.iter().filter(|p| p.ligne.groupe.as_deref() == Some(&g.id));
                // Of two that give as much, the first of the grid counts.
                let best = of_group.rev().max_by_key(|p| points(p, basis));
                let mine = best.is_none_or(|b| b.ligne.code == line.ligne.code);
                if mine { Reason::Counts } else { Reason::GroupGivesMore }
            }
            None => Reason::Counts,
        };
        parts.push(Part { code: line.ligne.code.clone(), points: declared, reason });
    }
    let refusal = grid.refus.filter(|r| one.refused[0] < r.mois).map_or(0, |r| r.points);
    Detail { parts, refusal, note: notes(&one, grid, criteria, basis)[0] }
}

/// A note and what makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    pub parts: Vec<Part>,
    /// Points taken away after a refusal.
    pub refusal: i32,
    /// Caps of groups are in it, and in no part.
    pub note: i32,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::reference::scoring::{Champ, criteria};
    use crate::scoring::grid::{Genre, Groupe, Ligne, Progression, Refus, Tranche};

    fn line(code: &str, points: i32, group: Option<&str>) -> Ligne {
        Ligne {
            code: code.into(),
            libelle: None,
            points,
            groupe: group.map(Into::into),
            preuve: false,
            tranches: vec![],
            progression: None,
        }
    }

    fn group(id: &str, cumul: Cumul, plafond: Option<i32>) -> Groupe {
        Groupe { id: id.into(), libelle: id.into(), cumul, plafond }
    }

    fn grid(groupes: Vec<Groupe>, criteres: Vec<Ligne>, refus: Option<Refus>) -> Grille {
        Grille { nom: "x".into(), epci: "2".into(), genre: Genre::Premiere, groupes, criteres, refus }
    }

    /// One demand that meets these criteria.
    fn facts(met: &[&str], proven: &[&str], measures: &[(Champ, f64)], refused: u32) -> Facts {
        let c = criteria().unwrap();
        let bits = |list: &[&str]| list.iter().fold(0u128, |b, code| b | 1 << c.place(code).unwrap());
        let all = c.liste.iter().filter_map(|c| c.mesure).map(|m| (m, vec![f64::NAN]));
        let mut by: BTreeMap<Champ, Vec<f64>> = all.collect();
        by.extend(measures.iter().map(|(m, v)| (*m, vec![*v])));
        Facts {
            rows: vec![0],
            met: vec![bits(met)],
            proven: vec![bits(proven)],
            measures: by,
            refused: vec![refused],
        }
    }

    fn note(f: &Facts, g: &Grille, basis: Basis) -> i32 {
        notes(f, g, criteria().unwrap(), basis)[0]
    }

    #[test]
    fn the_worked_example_gives_50_and_a_flat_sum_90() {
        // Group {hosted by a third 40, hotel 60} highest, effort 50–70 % 20, 31 months 20, refusal −50.
        let tranche = |de, avant| Tranche { de: Some(de), avant: Some(avant), points: 20 };
        let effort = Ligne { tranches: vec![tranche(50.0, 70.0)], ..line("C28", 0, None) };
        let months = Ligne { tranches: vec![tranche(24.0, 36.0)], ..line("C57", 0, None) };
        let lines =
            vec![line("C17", 40, Some("logement")), line("C20", 60, Some("logement")), effort, months];
        let refus = Some(Refus { points: 50, mois: 12 });
        let f = facts(&["C17", "C20"], &[], &[(Champ::Effort, 55.0), (Champ::Anciennete, 31.0)], 3);
        let highest = grid(vec![group("logement", Cumul::Maximum, None)], lines.clone(), refus);
        assert_eq!(note(&f, &highest, Basis::Provisional), 50);
        let flat = grid(vec![group("logement", Cumul::Somme, None)], lines.clone(), refus);
        assert_eq!(note(&f, &flat, Basis::Provisional), 90);
        let capped = grid(vec![group("logement", Cumul::Somme, Some(70))], lines, refus);
        assert_eq!(note(&f, &capped, Basis::Provisional), 60);
        let d = detail(&f, 0, &highest, criteria().unwrap(), Basis::Provisional);
        let told: Vec<_> = d.parts.iter().map(|p| (p.code.as_str(), p.points, p.reason)).collect();
        assert_eq!(
            told,
            [
                ("C17", 40, Reason::GroupGivesMore),
                ("C20", 60, Reason::Counts),
                ("C28", 20, Reason::Counts),
                ("C57", 20, Reason::Counts)
            ]
        );
        assert_eq!((d.refusal, d.note), (50, 50));
    }

    #[test]
    fn a_tranche_holds_its_first_value_and_not_its_last() {
        let cut = Ligne {
            tranches: vec![
                Tranche { de: None, avant: Some(33.0), points: 1 },
                Tranche { de: Some(33.0), avant: Some(50.0), points: 2 },
                Tranche { de: Some(70.0), avant: None, points: 3 },
            ],
            ..line("C28", 0, None)
        };
        let g = grid(vec![], vec![cut], None);
        let of = |v| note(&facts(&[], &[], &[(Champ::Effort, v)], u32::MAX), &g, Basis::Provisional);
        assert_eq!(
            [-5.0, 32.999, 33.0, 49.999, 50.0, 69.999, 70.0, 1e9, f64::NAN].map(of),
            [1, 1, 2, 2, 0, 0, 3, 3, 0]
        );
    }

    #[test]
    fn seniority_counts_whole_steps_up_to_its_cap() {
        let years = Progression { pas: 12.0, points: 5, plafond: 12 };
        let g = grid(vec![], vec![Ligne { progression: Some(years), ..line("C57", 0, None) }], None);
        let of = |v| note(&facts(&[], &[], &[(Champ::Anciennete, v)], u32::MAX), &g, Basis::Provisional);
        assert_eq!([0.0, 11.0, 12.0, 23.0, 24.0, 36.0, -3.0, f64::NAN].map(of), [0, 0, 5, 5, 10, 12, 0, 0]);
    }

    #[test]
    fn what_asks_for_evidence_counts_in_the_definitive_note_once_it_is_checked() {
        let g =
            grid(vec![], vec![Ligne { preuve: true, ..line("C18", 30, None) }, line("C17", 5, None)], None);
        let declared = facts(&["C18", "C17"], &[], &[], u32::MAX);
        let checked = facts(&["C18", "C17"], &["C18"], &[], u32::MAX);
        let only_proven = facts(&["C17"], &["C18"], &[], u32::MAX);
        assert_eq!(note(&declared, &g, Basis::Provisional), 35);
        assert_eq!(note(&declared, &g, Basis::Definitive), 5);
        assert_eq!(note(&checked, &g, Basis::Definitive), 35);
        assert_eq!(note(&only_proven, &g, Basis::Definitive), 5, "evidence of what is not declared");
        let d = detail(&declared, 0, &g, criteria().unwrap(), Basis::Definitive);
        assert_eq!(d.parts[0].reason, Reason::NoEvidence);
    }

    #[test]
    fn a_refusal_costs_until_its_duration_is_over() {
        let g = grid(vec![], vec![line("C17", 5, None)], Some(Refus { points: 8, mois: 12 }));
        let of = |past| note(&facts(&["C17"], &[], &[], past), &g, Basis::Provisional);
        assert_eq!([0, 11, 12, u32::MAX].map(of), [-3, -3, 5, 5]);
    }
}
