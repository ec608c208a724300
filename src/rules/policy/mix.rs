//! Counting leases under the rules of social mix (domain §4.1–4.4).

use std::collections::BTreeMap;

use super::facts::{Allocation, Quartile};
use crate::disclosure::secondary;
use crate::reference::mix::{Criterion, Mix, Rule, Sense, Where};
use crate::reference::secrecy::Secrecy;
use crate::territory::bands::Band;

/// What is known of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    Yes,
    No,
    Unknown,
}

impl From<bool> for Known {
    fn from(b: bool) -> Self {
        if b { Self::Yes } else { Self::No }
    }
}

/// Codes of `attributions.parquet` (data/registers/attributions.toml).
const ANRU: u8 = 2;
const ORCOD: u8 = 3;
const STATE_PRIORITY: u8 = 1;
const STATE_AGENTS: u8 = 2;

/// Whether a criterion holds for a lease.
#[must_use]
pub fn holds(a: &Allocation, criterion: Criterion) -> Known {
    match criterion {
        Criterion::Q1 | Criterion::AutresQuartiles => match a.quartile {
            Quartile::Unknown => Known::Unknown,
            q => ((q == Quartile::First) == (criterion == Criterion::Q1)).into(),
        },
        Criterion::Anru => (a.relocation == ANRU).into(),
        Criterion::Orcod => (a.relocation == ORCOD).into(),
        Criterion::Relogement => (a.relocation >= ANRU).into(),
        Criterion::Dalo => a.dalo.into(),
        Criterion::Prioritaire => a.priority.into(),
        Criterion::Etat => (a.reservataire == STATE_PRIORITY).into(),
        Criterion::EtatAgents => (a.reservataire == STATE_AGENTS).into(),
        Criterion::Mutation => a.transfer.into(),
        Criterion::PremiereLocation => a.first_letting.into(),
    }
}

/// Whether a rule looks at a lease. A lease whose place is not known is looked at by no rule that asks for
/// it.
#[must_use]
pub fn concerns(rule: &Rule, a: &Allocation) -> bool {
    let in_place = match rule.lieu {
        Where::Partout => true,
        Where::Qpv => a.qpv == Some(Band::Inside),
        Where::HorsQpv => a.qpv.is_some_and(|b| b != Band::Inside),
    };
    in_place && concerns_anywhere(rule, a)
}

/// [`concerns`], wherever the dwelling is.
#[must_use]
pub fn concerns_anywhere(rule: &Rule, a: &Allocation) -> bool {
    a.bail >= rule.debut
        && rule.fin.is_none_or(|end| a.bail <= end)
        && (rule.of.is_empty() || rule.of.contains(&a.reservataire))
        && !rule.exclus.iter().any(|c| holds(a, *c) == Known::Yes)
}

/// Whether a lease that a rule looks at counts for it.
#[must_use]
pub fn counts(rule: &Rule, a: &Allocation) -> Known {
    let mut known = Known::No;
    for c in &rule.compte {
        match holds(a, *c) {
            Known::Yes => return Known::Yes,
            Known::Unknown => known = Known::Unknown,
            Known::No => {}
        }
    }
    known
}

/// Leases of one rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Score {
    /// Leases that count.
    pub numerator: u32,
    /// Leases that the rule looks at.
    pub denominator: u32,
    /// Of these, leases of which one cannot say: no income, or no threshold.
    pub unknown: u32,
}

impl Score {
    /// Counts one more lease.
    pub fn add(&mut self, known: Known) {
        self.denominator += 1;
        match known {
            Known::Yes => self.numerator += 1,
            Known::Unknown => self.unknown += 1,
            Known::No => {}
        }
    }

    /// Share of all leases, those of unknown income included (the default reading, domain §4.2).
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.denominator > 0).then(|| f64::from(self.numerator) / f64::from(self.denominator))
    }

    /// Share of the leases of known income.
    #[must_use]
    pub fn share_of_known(&self) -> Option<f64> {
        let known = self.denominator - self.unknown;
        (known > 0).then(|| f64::from(self.numerator) / f64::from(known))
    }

    /// Leases that are missing to reach a minimum, or too many above a maximum.
    #[must_use]
    pub fn gap(&self, sense: Sense, target: f64) -> u32 {
        // In whole hundredths of a percent: 0.25 × 640 is 160, not 160.00000000000003.
        let points = u64::from(self.denominator) * basis_points(target);
        match sense {
            Sense::Minimum => narrow(points.div_ceil(10_000)).saturating_sub(self.numerator),
            Sense::Maximum => self.numerator.saturating_sub(narrow(points / 10_000)),
        }
    }

    /// Share expected at the end of the year, if leases go on at the pace of its first `elapsed` (0 to 1),
    /// with an interval: what has been signed is certain, what remains is drawn from a beta-binomial law
    /// (Jeffreys prior on the leases so far).
    #[must_use]
    pub fn projected(&self, elapsed: f64, quantile: f64) -> Option<Projection> {
        if self.denominator == 0 || elapsed <= 0.0 || elapsed >= 1.0 {
            return None;
        }
        let (n, d) = (f64::from(self.numerator), f64::from(self.denominator));
        let total = (d / elapsed).round();
        let rest = total - d;
        let (a, b) = (n + 0.5, d - n + 0.5);
        let mean = rest * a / (a + b);
        let variance = rest * a * b * (a + b + rest) / ((a + b).powi(2) * (a + b + 1.0));
        let half = quantile * variance.sqrt();
        let share = |more: f64| ((n + more.clamp(0.0, rest)) / total).clamp(0.0, 1.0);
        Some(Projection {
            leases: total,
            share: share(mean),
            low: share(mean - half),
            high: share(mean + half),
        })
    }
}

/// Expected at 31 December.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Projection {
    pub leases: f64,
    pub share: f64,
    pub low: f64,
    pub high: f64,
}

fn basis_points(share: f64) -> u64 {
    // Shares are between 0 and 1: the cast is exact after rounding.
    (share * 10_000.0).round() as u64
}

fn narrow(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Scores of all rules, for one line of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub leases: u32,
    /// Leases whose dwelling could not be placed in or out of QPV.
    pub unplaced: u32,
    /// Leases judged by the threshold of a year before.
    pub provisional: u32,
    /// One a rule; None where it may not be shown.
    pub scores: Vec<Option<Score>>,
}

impl Line {
    fn new(rules: usize) -> Self {
        Self { leases: 0, unplaced: 0, provisional: 0, scores: vec![Some(Score::default()); rules] }
    }

    fn add(&mut self, mix: &Mix, a: &Allocation) {
        self.leases += 1;
        self.unplaced += u32::from(a.qpv.is_none());
        self.provisional += u32::from(a.provisional);
        for (rule, score) in mix.rules.iter().zip(&mut self.scores) {
            if concerns(rule, a)
                && let Some(score) = score
            {
                score.add(counts(rule, a));
            }
        }
    }
}

/// A year of leases: the whole, and one line for each value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<K: Ord> {
    pub whole: Line,
    pub lines: BTreeMap<K, Line>,
}

/// Counts leases under every rule, in all and by a key.
pub fn table<'a, K: Ord>(
    mix: &Mix,
    leases: impl Iterator<Item = &'a Allocation>,
    key: impl Fn(&Allocation) -> K,
) -> Table<K> {
    let rules = mix.rules.len();
    let mut out = Table { whole: Line::new(rules), lines: BTreeMap::new() };
    for a in leases {
        out.whole.add(mix, a);
        out.lines.entry(key(a)).or_insert_with(|| Line::new(rules)).add(mix, a);
    }
    out
}

impl<K: Ord> Table<K> {
    /// [`protect`] for each rule.
    pub fn protect(&mut self, secrecy: &Secrecy) {
        for rule in 0..self.whole.scores.len() {
            protect(
                &mut self.whole.scores[rule],
                &mut self.lines.values_mut().map(|l| &mut l.scores[rule]).collect::<Vec<_>>(),
                secrecy,
            );
        }
    }
}

/// Takes out what would tell of few households (domain §9.2 rules 1, 2 and 4): scores of fewer than `k`
/// leases, those where 1 to `c − 1` households count or do not, and, while a hidden line could be had from
/// the whole, the smallest of the others.
pub fn protect(whole: &mut Option<Score>, lines: &mut [&mut Option<Score>], secrecy: &Secrecy) {
    // A line that may not be shown for its numerator weighs as one of less than `k` leases.
    let children: Vec<u64> = lines
        .iter()
        .map(|s| {
            s.map_or(0, |s| {
                let n = u64::from(s.denominator);
                if is_safe(&s, secrecy) { n } else { n.min(u64::from(secrecy.k) - 1) }
            })
        })
        .collect();
    for (line, keep) in lines.iter_mut().zip(secondary::shown(&children, secrecy.k.into())) {
        if !keep {
            **line = None;
        }
    }
    *whole = whole.filter(|s| is_safe(s, secrecy));
}

fn is_safe(s: &Score, secrecy: &Secrecy) -> bool {
    let few = |n: u32| (1..secrecy.c_numerateur).contains(&n);
    s.denominator == 0
        || (s.denominator >= secrecy.k && !few(s.numerator) && !few(s.denominator - s.numerator))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(qpv: Band, quartile: Quartile, relocation: u8) -> Allocation {
        Allocation {
            bail: 2024_06_15,
            commune: 0,
            epci: 0,
            bailleur: 0,
            reservataire: 8,
            qpv: Some(qpv),
            quartile,
            provisional: false,
            dalo: false,
            priority: false,
            precarious: false,
            relocation,
            transfer: false,
            first_letting: false,
        }
    }

    fn score(leases: &[Allocation], rule: &str) -> (Score, &'static Rule) {
        let mix = Mix::embedded().unwrap();
        let i = mix.rules.iter().position(|r| r.id == rule).unwrap();
        (table(mix, leases.iter(), |_| ()).whole.scores[i].unwrap(), &mix.rules[i])
    }

    fn times(n: usize, a: Allocation) -> impl Iterator<Item = Allocation> {
        std::iter::repeat_n(a, n)
    }

    #[test]
    fn the_worked_example_of_the_25_percent_rule_misses_46_leases() {
        let leases: Vec<Allocation> = times(92, lease(Band::Beyond, Quartile::First, 1))
            .chain(times(4, lease(Band::Within(0), Quartile::First, 2)))
            .chain(times(18, lease(Band::Beyond, Quartile::Other, 2)))
            .chain(times(526, lease(Band::Beyond, Quartile::Other, 1)))
            .chain(times(50, lease(Band::Inside, Quartile::First, 1)))
            .collect();
        let (s, rule) = score(&leases, "hors_qpv_q1");
        assert_eq!((s.numerator, s.denominator), (114, 640));
        assert!((s.share().unwrap() - 0.178).abs() < 5e-4);
        assert_eq!(s.gap(rule.sens, rule.cible), 46);
    }

    #[test]
    fn the_worked_example_of_the_50_percent_rule_reads_both_ways() {
        let leases: Vec<Allocation> = times(118, lease(Band::Inside, Quartile::First, 1))
            .chain(times(87, lease(Band::Inside, Quartile::Other, 1)))
            .chain(times(5, lease(Band::Inside, Quartile::Unknown, 1)))
            .collect();
        let (s, rule) = score(&leases, "qpv_autres_quartiles");
        assert_eq!((s.numerator, s.denominator, s.unknown), (87, 210, 5));
        assert!(
            (s.share().unwrap() - 0.414).abs() < 5e-4 && (s.share_of_known().unwrap() - 0.424).abs() < 5e-4
        );
        assert_eq!(s.gap(rule.sens, rule.cible), 18);
    }

    #[test]
    fn a_relocated_household_counts_outside_qpv_even_without_an_income() {
        let (s, _) = score(&[lease(Band::Beyond, Quartile::Unknown, 3)], "hors_qpv_q1");
        assert_eq!((s.numerator, s.unknown), (1, 0));
        let (s, _) = score(&[lease(Band::Beyond, Quartile::Unknown, 4)], "hors_qpv_q1");
        assert_eq!((s.numerator, s.unknown), (0, 1), "habitat indigne is not in the list of the law");
    }

    #[test]
    fn a_lease_without_a_place_is_in_no_rule_of_qpv_and_is_counted() {
        let lost = Allocation { qpv: None, ..lease(Band::Beyond, Quartile::First, 1) };
        let mix = Mix::embedded().unwrap();
        let t = table(mix, [lost].iter(), |_| ());
        assert_eq!(t.whole.unplaced, 1);
        assert_eq!(
            score(&[lost], "hors_qpv_q1").0.denominator
                + score(&[lost], "qpv_autres_quartiles").0.denominator,
            0
        );
    }

    #[test]
    fn the_state_may_not_exceed_30_percent_of_the_flow_and_transfers_are_not_in_it() {
        let state = Allocation { reservataire: 1, ..lease(Band::Beyond, Quartile::Other, 1) };
        let moved = Allocation { transfer: true, ..lease(Band::Beyond, Quartile::Other, 1) };
        let leases: Vec<Allocation> = times(4, state)
            .chain(times(6, lease(Band::Beyond, Quartile::Other, 1)))
            .chain(times(20, moved))
            .collect();
        let (s, rule) = score(&leases, "etat_flux");
        assert_eq!((s.numerator, s.denominator, s.gap(rule.sens, rule.cible)), (4, 10, 1));
    }

    #[test]
    fn a_projection_keeps_what_is_signed_and_its_interval_closes_with_the_year() {
        let s = Score { numerator: 30, denominator: 100, unknown: 0 };
        let half = s.projected(0.5, 1.645).unwrap();
        assert!((half.leases - 200.0).abs() < 1e-9 && half.low < half.share && half.share < half.high);
        assert!((half.share - 0.30).abs() < 0.01 && half.low >= 0.15);
        let late = s.projected(0.95, 1.645).unwrap();
        assert!(late.high - late.low < half.high - half.low);
        assert_eq!(s.projected(1.0, 1.645), None);
    }

    #[test]
    fn few_households_are_hidden_and_so_is_what_would_tell_of_them() {
        let mut leases: Vec<Allocation> = Vec::new();
        for (bailleur, n) in [(0, 45), (1, 30), (2, 9), (3, 60)] {
            for i in 0..n {
                let quartile = if i % 3 == 0 { Quartile::First } else { Quartile::Other };
                leases.push(Allocation { bailleur, ..lease(Band::Beyond, quartile, 1) });
            }
        }
        let mix = Mix::embedded().unwrap();
        let mut t = table(mix, leases.iter(), |a| a.bailleur);
        t.protect(Secrecy::embedded().unwrap());
        let shown: Vec<bool> = t.lines.values().map(|l| l.scores[0].is_some()).collect();
        assert_eq!(shown, [true, false, false, true], "9 is secret and 30 with it");
        assert!(t.whole.scores[0].is_some());
    }
}
