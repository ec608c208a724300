//! Counting leases under the rules of social mix (domain §4.1–4.4).

use std::collections::BTreeMap;

use super::facts::{Allocation, Transfer};
use super::household::{Bound, Quartile};
use crate::disclosure::secondary;
use crate::reference::mix::{Criterion, Mix, Nature, Niveau, Rule, Sense, Where};
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
        Criterion::NonPrioritaire => (!a.dalo && !a.priority).into(),
        Criterion::Etat => (a.reservataire == STATE_PRIORITY).into(),
        Criterion::EtatAgents => (a.reservataire == STATE_AGENTS).into(),
        Criterion::MutationInterne => match a.transfer {
            Transfer::Internal => Known::Yes,
            Transfer::Unknown => Known::Unknown,
            Transfer::No | Transfer::External => Known::No,
        },
        Criterion::PremiereLocation => a.first_letting.into(),
    }
}

/// Whether a rule looks at a lease; unknown: it is read both ways. A lease whose place is not known is looked
/// at by no rule that asks for it.
#[must_use]
pub fn concerns(rule: &Rule, a: &Allocation) -> Known {
    let in_place = match rule.lieu {
        Where::Partout => true,
        Where::Qpv => a.qpv == Some(Band::Inside),
        Where::HorsQpv => a.qpv.is_some_and(|b| b != Band::Inside),
    };
    if in_place { concerns_anywhere(rule, a) } else { Known::No }
}

/// [`concerns`], wherever the dwelling is.
#[must_use]
pub fn concerns_anywhere(rule: &Rule, a: &Allocation) -> Known {
    let day = if a.bail > 0 { a.bail } else { a.caleol };
    let looked = day >= rule.debut
        && rule.fin.is_none_or(|end| day <= end)
        && (rule.of.is_empty() || rule.of.contains(&a.reservataire))
        && !(rule.soumis && a.bound == Bound::No);
    if !looked {
        return Known::No;
    }
    let left_out = rule.exclus.iter().map(|c| holds(a, *c));
    left_out.fold(Known::Yes, |known, out| match (known, out) {
        (Known::No, _) | (_, Known::Yes) => Known::No,
        (_, Known::Unknown) => Known::Unknown,
        (known, Known::No) => known,
    })
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
    /// Of the denominator, leases that the rule may not look at (mutations of unknown kind), and those of
    /// them that count.
    pub doubtful: u32,
    pub doubtful_counting: u32,
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

    /// Counts one more lease that the rule may not look at.
    fn add_doubtful(&mut self, known: Known) {
        self.add(known);
        self.doubtful += 1;
        self.doubtful_counting += u32::from(known == Known::Yes);
    }

    /// Counts a lease that a rule looks at, or may look at.
    pub fn look(&mut self, rule: &Rule, a: &Allocation) {
        match concerns(rule, a) {
            Known::Yes => self.add(counts(rule, a)),
            Known::Unknown => self.add_doubtful(counts(rule, a)),
            Known::No => {}
        }
    }

    /// The other reading: without the leases that the rule may not look at. None where there are none.
    #[must_use]
    pub fn without_doubtful(&self) -> Option<Self> {
        (self.doubtful > 0).then(|| Self {
            numerator: self.numerator - self.doubtful_counting,
            denominator: self.denominator - self.doubtful,
            unknown: self.unknown,
            ..Self::default()
        })
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

    /// Leases that a cap still admits.
    #[must_use]
    pub fn below(&self, cap: f64) -> u32 {
        let points = u64::from(self.denominator) * basis_points(cap);
        narrow(points / 10_000).saturating_sub(self.numerator)
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
    /// Leases of units that are not bound by the rules that bind some only, and of units of which one cannot
    /// say.
    pub not_bound: u32,
    pub not_established: u32,
    /// Leases where all of the territory is a QPV.
    pub whole_qpv: u32,
    /// One a rule; None where it may not be shown.
    pub scores: Vec<Option<Score>>,
}

/// What may be said of a rule on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EtatRegle)]
pub enum Standing {
    /// Its share is judged.
    Applicable,
    /// No unit of the line is bound by it: no gauge, no verdict.
    NonSoumis,
    /// Not known of some units of the line whether they are bound: no verdict.
    NonEtabli,
    /// Nothing of the line can be looked at: all of the territory is a QPV.
    SansObjet,
    /// Judged by bailleur and département only.
    AutreNiveau,
    /// A part of a city, which is looked at only: judged on the whole of it.
    VilleEntiere,
    /// A clause that holds unless a convention says otherwise: no verdict.
    ClauseParDefaut,
    /// A finding: no text sets a share.
    Constat,
}

/// What may be said of a rule on a line. `level`: of the line.
#[must_use]
pub fn standing(rule: &Rule, line: &Line, level: Niveau) -> Standing {
    if rule.soumis && line.leases > 0 && line.not_bound == line.leases {
        return Standing::NonSoumis;
    }
    if rule.lieu == Where::HorsQpv && line.leases > 0 && line.whole_qpv == line.leases {
        return Standing::SansObjet;
    }
    if rule.soumis && line.not_established > 0 {
        return Standing::NonEtabli;
    }
    match rule.nature {
        Nature::Constat => Standing::Constat,
        Nature::ClauseParDefaut => Standing::ClauseParDefaut,
        Nature::Objectif if rule.niveau != Niveau::Tous && rule.niveau != level => Standing::AutreNiveau,
        Nature::Objectif => Standing::Applicable,
    }
}

impl Line {
    fn new(rules: usize) -> Self {
        Self {
            leases: 0,
            unplaced: 0,
            provisional: 0,
            not_bound: 0,
            not_established: 0,
            whole_qpv: 0,
            scores: vec![Some(Score::default()); rules],
        }
    }

    fn add(&mut self, mix: &Mix, a: &Allocation) {
        self.leases += 1;
        self.unplaced += u32::from(a.qpv.is_none());
        self.provisional += u32::from(a.provisional);
        self.not_bound += u32::from(a.bound == Bound::No);
        self.not_established += u32::from(a.bound == Bound::NotEstablished);
        self.whole_qpv += u32::from(a.whole);
        for (rule, score) in mix.rules.iter().zip(&mut self.scores) {
            if let Some(score) = score {
                score.look(rule, a);
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

/// Whether a score tells of no few households.
#[must_use]
pub fn is_safe(s: &Score, secrecy: &Secrecy) -> bool {
    let few = |n: u32| (1..secrecy.c_numerateur).contains(&n);
    s.denominator == 0
        || (s.denominator >= secrecy.k && !few(s.numerator) && !few(s.denominator - s.numerator))
}

#[cfg(test)]
mod tests;
