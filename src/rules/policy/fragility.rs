//! How fragile a residence is, component by component, among those it is compared with (domain §4.8).
//!
//! Three readings of the same figures: a count of alerts against the EPCI (the default: simple, and the same
//! for whoever looks), a weighted score of standard deviations, a weighted mean of percentiles. None of them
//! decides anything.

use crate::reference::fragilite::{Alert, Fragility, Sensitivity};

/// What is known of a residence.
#[derive(Debug, Clone, PartialEq)]
pub struct Residence {
    /// One a component, in % or points; None where it may not be shown.
    pub values: Vec<Option<f64>>,
    /// What each share is of, for its bound; None for a difference of shares.
    pub bases: Vec<Option<u64>>,
    pub dwellings: f64,
    /// Whether enough of its households answered: one that is not classed is compared with nothing.
    pub classed: bool,
}

/// Where a component stands among classed residences, weighted by dwellings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub mean: f64,
    pub deviation: f64,
}

/// The reading of one residence.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// One a component: standard deviations above the mean, held within the limits of the rules.
    pub z: Vec<Option<f64>>,
    /// One a component: whether it is in alert; None where it, or the value of the EPCI, is not known.
    pub alerts: Vec<Option<bool>>,
    pub count: usize,
    /// Weighted mean of `z` over the known components.
    pub score: Option<f64>,
    /// Weighted mean of percentiles (0 to 100) over the known components.
    pub percentile: Option<f64>,
    /// Place by score, 1 = the most fragile.
    pub rank: Option<u32>,
    /// The same under other weights.
    pub stability: Option<Stability>,
}

/// How a rank holds when weights change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stability {
    pub low: u32,
    pub high: u32,
    /// Share of the draws in which the residence is among the first.
    pub among_first: f64,
}

/// Reads residences, in their order; None for those that are not classed. `territory`: values of the EPCI.
#[must_use]
pub fn read(
    rules: &Fragility,
    alert: Alert,
    residences: &[Residence],
    territory: &[Option<f64>],
) -> (Vec<Option<Spread>>, Vec<Option<Reading>>) {
    let classed: Vec<&Residence> = residences.iter().filter(|r| r.classed).collect();
    let weights: Vec<f64> = rules.components.iter().map(|c| c.poids).collect();
    let spreads: Vec<Option<Spread>> = (0..weights.len()).map(|j| spread(&classed, j)).collect();
    let ladders: Vec<Ladder> = (0..weights.len()).map(|j| Ladder::new(&classed, j)).collect();
    let z: Vec<Vec<Option<f64>>> = classed
        .iter()
        .map(|r| r.values.iter().zip(&spreads).map(|(v, s)| standard(v.zip(*s), rules.z_max)).collect())
        .collect();
    let scores: Vec<Option<f64>> = z.iter().map(|z| mean(z, &weights)).collect();
    let ranks = ranked(&scores);
    let stability = stability(&rules.sensibilite, &z, &weights);
    let mut readings = (0..classed.len()).map(|i| {
        let values = &classed[i].values;
        let alerts: Vec<Option<bool>> = values
            .iter()
            .zip(territory)
            .zip(&classed[i].bases)
            .map(|((v, t), base)| alerts_at(rules, alert, (*v)?, (*t)?, *base))
            .collect();
        let percentiles: Vec<Option<f64>> =
            values.iter().zip(&ladders).map(|(v, l)| v.map(|v| l.percentile(v))).collect();
        Reading {
            count: alerts.iter().filter(|a| **a == Some(true)).count(),
            alerts,
            z: z[i].clone(),
            score: scores[i],
            percentile: mean(&percentiles, &weights),
            rank: ranks[i],
            stability: stability[i],
        }
    });
    let all = residences.iter().map(|r| if r.classed { readings.next() } else { None }).collect();
    (spreads, all)
}

/// Whether a value (in % or points) is an alert beside that of the EPCI; None where the reading cannot say.
fn alerts_at(rules: &Fragility, alert: Alert, value: f64, epci: f64, base: Option<u64>) -> Option<bool> {
    Some(match alert {
        Alert::Ratio => value > rules.alerte_ratio * epci.max(0.0),
        Alert::Points => value > epci.max(0.0) + rules.alerte_points,
        Alert::Wilson => 100.0 * wilson_low(value / 100.0, base? as f64, rules.alerte_quantile) > epci,
    })
}

/// Lower bound of Wilson's interval of a share observed on `n`.
fn wilson_low(share: f64, n: f64, z: f64) -> f64 {
    if n <= 0.0 {
        return 0.0;
    }
    let square = z * z / n;
    let middle = share + square / 2.0;
    let half = z * (share * (1.0 - share) / n + square / (4.0 * n)).max(0.0).sqrt();
    ((middle - half) / (1.0 + square)).max(0.0)
}

fn spread(classed: &[&Residence], j: usize) -> Option<Spread> {
    let known = || classed.iter().filter_map(|r| r.values[j].map(|v| (v, r.dwellings)));
    let weight: f64 = known().map(|(_, w)| w).sum();
    if weight <= 0.0 {
        return None;
    }
    let mean = known().map(|(v, w)| v * w).sum::<f64>() / weight;
    let variance = known().map(|(v, w)| w * (v - mean).powi(2)).sum::<f64>() / weight;
    Some(Spread { mean, deviation: variance.sqrt() })
}

fn standard(known: Option<(f64, Spread)>, limit: f64) -> Option<f64> {
    let (v, s) = known?;
    // Where all are alike, nobody is above.
    Some(if s.deviation > 0.0 { ((v - s.mean) / s.deviation).clamp(-limit, limit) } else { 0.0 })
}

/// Weighted mean of what is known.
fn mean(values: &[Option<f64>], weights: &[f64]) -> Option<f64> {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (v, w) in values.iter().zip(weights) {
        if let Some(v) = v {
            sum += v * w;
            weight += w;
        }
    }
    (weight > 0.0).then(|| sum / weight)
}

/// Values of one component in growing order, with the dwellings that they stand for.
struct Ladder {
    steps: Vec<(f64, f64)>,
    total: f64,
}

impl Ladder {
    fn new(classed: &[&Residence], j: usize) -> Self {
        let mut steps: Vec<(f64, f64)> =
            classed.iter().filter_map(|r| r.values[j].map(|v| (v, r.dwellings))).collect();
        steps.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let total = steps.iter().map(|(_, w)| w).sum();
        Self { steps, total }
    }

    /// Share (in %) of dwellings below a value, half of those at it.
    fn percentile(&self, v: f64) -> f64 {
        let below = self.steps.partition_point(|(s, _)| *s < v);
        let to = self.steps.partition_point(|(s, _)| *s <= v);
        let weight = |s: &[(f64, f64)]| s.iter().map(|(_, w)| w).sum::<f64>();
        100.0 * (weight(&self.steps[..below]) + weight(&self.steps[below..to]) / 2.0) / self.total
    }
}

/// Places by falling score, 1 first; the order of the list between equals.
fn ranked(scores: &[Option<f64>]) -> Vec<Option<u32>> {
    let mut order: Vec<usize> = (0..scores.len()).filter(|i| scores[*i].is_some()).collect();
    order.sort_by(|a, b| scores[*b].unwrap_or(f64::MIN).total_cmp(&scores[*a].unwrap_or(f64::MIN)));
    let mut ranks = vec![None; scores.len()];
    for (rank, i) in (1..).zip(order) {
        ranks[i] = Some(rank);
    }
    ranks
}

/// Ranks again under drawn weights.
fn stability(rules: &Sensitivity, z: &[Vec<Option<f64>>], weights: &[f64]) -> Vec<Option<Stability>> {
    let mut ranks: Vec<Vec<u32>> = vec![Vec::new(); z.len()];
    let mut draws = Draws(rules.graine);
    for _ in 0..rules.tirages {
        let drawn: Vec<f64> =
            weights.iter().map(|w| w * (1.0 + rules.amplitude * (2.0 * draws.unit() - 1.0))).collect();
        let scores: Vec<Option<f64>> = z.iter().map(|z| mean(z, &drawn)).collect();
        for (list, rank) in ranks.iter_mut().zip(ranked(&scores)) {
            list.extend(rank);
        }
    }
    let tail = (1.0 - rules.niveau) / 2.0;
    ranks
        .into_iter()
        .map(|mut list| {
            list.sort_unstable();
            let last = list.len().checked_sub(1)?;
            // Whole places: the cast drops nothing that matters.
            let at = |q: f64| list[(q * last as f64).round() as usize];
            let first = list.partition_point(|r| *r <= rules.tete);
            Some(Stability {
                low: at(tail),
                high: at(1.0 - tail),
                among_first: first as f64 / list.len() as f64,
            })
        })
        .collect()
}

/// SplitMix64: the same draws for the same seed, here and in the script that checks them.
struct Draws(u64);

impl Draws {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn residence(first: f64, dwellings: f64) -> Residence {
        Residence {
            values: vec![Some(first), Some(50.0), None, Some(20.0), Some(30.0), None],
            bases: vec![Some(100); 6],
            dwellings,
            classed: true,
        }
    }

    fn rules() -> &'static Fragility {
        Fragility::embedded().unwrap()
    }

    const EPCI: [Option<f64>; 6] = [Some(30.0), Some(50.0), Some(20.0), Some(20.0), Some(20.0), Some(-2.0)];

    #[test]
    fn means_and_deviations_weigh_dwellings() {
        let (spreads, read) =
            read(rules(), Alert::Ratio, &[residence(20.0, 300.0), residence(60.0, 100.0)], &EPCI);
        // By hand: mean 30, variance (300 × 100 + 100 × 900) / 400 = 300.
        let s = spreads[0].unwrap();
        assert!((s.mean - 30.0).abs() < 1e-12 && (s.deviation - 300f64.sqrt()).abs() < 1e-12);
        let r = read[1].as_ref().unwrap();
        assert!((r.z[0].unwrap() - 30.0 / 300f64.sqrt()).abs() < 1e-12);
        assert_eq!((r.z[1], r.z[2]), (Some(0.0), None), "all alike; not known");
        // Known weights: 0.30 + 0.15 + 0.10 + 0.10.
        assert!((r.score.unwrap() - 0.30 * r.z[0].unwrap() / 0.65).abs() < 1e-12);
        // Percentiles: 87.5 for the first component (300 below, 100 at it), 50 for the three others.
        assert!((r.percentile.unwrap() - (0.30 * 87.5 + 0.35 * 50.0) / 0.65).abs() < 1e-12);
        assert_eq!((r.rank, read[0].as_ref().unwrap().rank), (Some(1), Some(2)));
    }

    #[test]
    fn an_alert_is_a_fifth_above_the_epci_and_a_negative_gap_asks_for_a_positive_one() {
        let mut a = residence(36.0, 10.0);
        a.values[5] = Some(-1.0);
        let mut b = residence(36.1, 10.0);
        b.values[5] = Some(1.0);
        let (_, read) = read(rules(), Alert::Ratio, &[a, b], &EPCI);
        let alerts = |i: usize| read[i].as_ref().unwrap().alerts.clone();
        assert_eq!(
            alerts(0),
            [Some(false), Some(false), None, Some(false), Some(true), Some(false)],
            "36 is not above 1.2 × 30"
        );
        assert_eq!(alerts(1), [Some(true), Some(false), None, Some(false), Some(true), Some(true)]);
        assert_eq!(read[1].as_ref().unwrap().count, 3);
    }

    #[test]
    fn an_alert_by_points_or_by_a_lower_bound_is_neither_blind_nor_jumpy() {
        // Wilson (1927): 40 of 100 at 1.645, from 0.3231 on.
        assert!((wilson_low(0.40, 100.0, 1.645) - 0.3231).abs() < 5e-5);
        let of = |alert, value, epci, n| alerts_at(rules(), alert, value, epci, Some(n)).unwrap();
        assert_eq!(
            (of(Alert::Ratio, 75.0, 65.0, 200), of(Alert::Wilson, 75.0, 65.0, 200)),
            (false, true),
            "blind"
        );
        assert_eq!((of(Alert::Ratio, 6.0, 4.0, 25), of(Alert::Wilson, 6.0, 4.0, 25)), (true, false), "jumpy");
        assert_eq!((of(Alert::Points, 35.0, 30.0, 25), of(Alert::Points, 35.1, 30.0, 25)), (false, true));
        assert_eq!(alerts_at(rules(), Alert::Wilson, 5.0, 1.0, None), None, "a difference has no bound here");
    }

    #[test]
    fn a_residence_that_is_not_classed_is_read_and_compared_with_nowhere() {
        let few = Residence { classed: false, ..residence(100.0, 1_000.0) };
        let (spreads, read) =
            read(rules(), Alert::Ratio, &[few, residence(20.0, 10.0), residence(20.0, 10.0)], &EPCI);
        assert!(read[0].is_none() && read[1].is_some());
        assert_eq!(spreads[0], Some(Spread { mean: 20.0, deviation: 0.0 }));
    }

    #[test]
    fn a_rank_that_no_weight_can_change_is_sure_and_another_is_not() {
        let worst =
            Residence { values: vec![Some(90.0); 6], bases: vec![None; 6], dwellings: 10.0, classed: true };
        let mut all: Vec<Residence> = (0..30).map(|i| residence(20.0 + f64::from(i % 7), 10.0)).collect();
        // Poor with few families, and the reverse: which comes first depends on the weights.
        let mixed = |first: f64, families: f64| Residence {
            values: vec![Some(first), Some(50.0), None, Some(families), Some(families), None],
            bases: vec![None; 6],
            dwellings: 10.0,
            classed: true,
        };
        all.extend([worst, mixed(30.0, 55.0), mixed(60.0, 20.0)]);
        let (_, read) = read(rules(), Alert::Ratio, &all, &EPCI);
        let s = |i: usize| read[i].as_ref().unwrap().stability.unwrap();
        assert_eq!((s(30).low, s(30).high), (1, 1));
        assert!((s(30).among_first - 1.0).abs() < 1e-12);
        assert!((0..33).any(|i| s(i).low < s(i).high));
        let first: f64 = (0..33).map(|i| s(i).among_first).sum();
        assert!((first - 10.0).abs() < 1e-9, "each draw has ten first places: {first}");
    }

    #[test]
    fn draws_are_those_of_the_published_generator() {
        // First outputs of SplitMix64 for the seed 1234567, as its authors list them: 6457827717110365317,
        // 3203168211198807973.
        let mut d = Draws(1_234_567);
        let whole = |x: u64| (x >> 11) as f64 / (1_u64 << 53) as f64;
        assert_eq!(
            (d.unit(), d.unit()),
            (whole(6_457_827_717_110_365_317), whole(3_203_168_211_198_807_973))
        );
    }
}
