//! How long demands waited: the mean of those that were housed, which the law shows and is biased low, and
//! the median with those that still wait (Kaplan–Meier).

use super::demands::{ACTIVE, Demands, HOUSED, days_between};

/// Days of a month, on average over the Gregorian calendar.
const MONTH: f64 = 30.436_875;

/// One waiting: so many days, and whether it ended with a dwelling. Others are censored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spell {
    pub days: u32,
    pub housed: bool,
}

/// Waiting times of some demands, in months.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wait {
    /// Demands that were housed in the period.
    pub housed: u32,
    /// Mean of theirs.
    pub mean: f64,
    /// Demands that the median rests on: housed at any time, waiting, or closed for another reason.
    pub of: u32,
    /// None while fewer than half are housed.
    pub median: Option<f64>,
}

/// The spell of a demand; None where its dates give none.
#[must_use]
pub fn spell(all: &Demands, row: usize) -> Option<Spell> {
    let end = if all.statut[row] == ACTIVE { all.extrait } else { all.fin[row] };
    let days = u32::try_from(days_between(all.depot[row], end)?).ok()?;
    Some(Spell { days, housed: all.statut[row] != ACTIVE && all.motif_fin[row] == HOUSED })
}

/// Waiting times of demands (`rows`); the mean is that of demands housed from `since` on (`yyyymmdd`). None
/// if none was.
#[must_use]
pub fn wait(all: &Demands, rows: impl IntoIterator<Item = usize>, since: u32) -> Option<Wait> {
    let (mut spells, mut sum, mut housed) = (Vec::new(), 0.0, 0u32);
    for row in rows {
        let Some(s) = spell(all, row) else { continue };
        if s.housed && all.fin[row] >= since {
            sum += f64::from(s.days);
            housed += 1;
        }
        spells.push(s);
    }
    if housed == 0 {
        return None;
    }
    let of = u32::try_from(spells.len()).unwrap_or(u32::MAX);
    let median = median(&mut spells).map(|d| f64::from(d) / MONTH);
    Some(Wait { housed, mean: sum / f64::from(housed) / MONTH, of, median })
}

/// Kaplan–Meier median, in days: the first day when half or fewer are still waiting.
#[must_use]
pub fn median(spells: &mut [Spell]) -> Option<u32> {
    spells.sort_unstable_by_key(|s| s.days);
    let (mut at_risk, mut survival) = (spells.len(), 1.0f64);
    for day in spells.chunk_by(|a, b| a.days == b.days) {
        let events = day.iter().filter(|s| s.housed).count();
        if events > 0 {
            survival *= 1.0 - events as f64 / at_risk as f64;
            if survival <= 0.5 + 1e-12 {
                return Some(day[0].days);
            }
        }
        // Who is censored on a day was at risk on that day.
        at_risk -= day.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spells(list: &[(u32, bool)]) -> Vec<Spell> {
        list.iter().map(|(days, housed)| Spell { days: *days, housed: *housed }).collect()
    }

    #[test]
    fn without_censoring_it_is_the_median() {
        assert_eq!(median(&mut spells(&[(10, true), (20, true), (30, true), (40, true)])), Some(20));
        assert_eq!(median(&mut spells(&[(10, true), (20, true), (30, true)])), Some(20));
    }

    #[test]
    fn those_who_wait_push_the_median_up() {
        // By hand: 1 − 1/6 = .833 at 6, .625 at 13 (4 at risk), .3125 at 22 (2 at risk).
        let list = [(6, true), (9, false), (13, true), (13, false), (22, true), (30, false)];
        assert_eq!(median(&mut spells(&list)), Some(22));
        assert_eq!(median(&mut spells(&[(6, true), (9, false), (13, false)])), None, "two thirds wait on");
        assert_eq!(median(&mut []), None);
    }

    #[test]
    fn the_mean_is_that_of_the_housed_of_the_period() {
        let all = Demands {
            extrait: 20_241_231,
            depot: vec![20_230_101, 20_240_101, 20_240_101, 20_200_101],
            fin: vec![20_240_101, 20_240_131, 0, 20_201_231],
            statut: vec![2, 2, 1, 2],
            motif_fin: vec![1, 1, 0, 1],
            ..Demands::default()
        };
        let w = wait(&all, 0..4, 20_230_101).expect("housed");
        assert_eq!((w.housed, w.of), (2, 4));
        assert!((w.mean - (365.0 + 30.0) / 2.0 / MONTH).abs() < 1e-12);
        assert_eq!(w.median, Some(365.0 / MONTH));
        assert_eq!(wait(&all, [2], 0), None);
    }
}
