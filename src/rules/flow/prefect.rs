//! The State's share of a year's flow: 30 % that prefects tend towards, and the two clauses that hold unless
//! a convention says otherwise (CCH R.441-5-2, II): uniform in each commune, and not below 30 % outside QPV.

use std::collections::BTreeMap;

use super::convention::{Decompte, is_state};
use super::count::TroisComptes;
use super::way::Way;

/// Dwellings that counted in the flow, and how many of them for the State.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    pub all: u32,
    pub state: u32,
}

impl Counted {
    /// Share of the State, 0 to 1; None without a dwelling.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        (self.all > 0).then(|| f64::from(self.state) / f64::from(self.all))
    }

    /// Dwellings that the State lacks to have a share of them: as many as it may have without passing it.
    #[must_use]
    pub fn missing(self, share: f64) -> u32 {
        ((f64::from(self.all) * share + 1e-9).floor() as u32).saturating_sub(self.state)
    }

    /// Dwellings that the State lacks to have a share of them at least: a share that is a floor is reached,
    /// not approached.
    #[must_use]
    pub fn short_of(self, share: f64) -> u32 {
        ((f64::from(self.all) * share - 1e-9).ceil() as u32).saturating_sub(self.state)
    }

    fn add(&mut self, n: u32, state: bool) {
        self.all += n;
        self.state += if state { n } else { 0 };
    }
}

/// A year of a lessor in a département.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateShare {
    pub whole: Counted,
    pub inside: Counted,
    pub outside: Counted,
    pub communes: BTreeMap<String, Counted>,
}

/// Counts what was attributed in a year, as the State's convention counts.
#[must_use]
pub fn state_share<'a>(ways: impl IntoIterator<Item = &'a Way>, year: u16, decompte: Decompte) -> StateShare {
    let mut out = StateShare::default();
    for w in ways {
        let n = TroisComptes::of_way(w, year).of(decompte);
        let Some(offer) = w.imputed().filter(|_| n > 0) else { continue };
        let state = is_state(&offer.to);
        out.whole.add(n, state);
        if w.home.qpv.is_empty() { &mut out.outside } else { &mut out.inside }.add(n, state);
        out.communes.entry(w.home.commune.clone()).or_default().add(n, state);
    }
    out
}

/// Probability that chance alone gives the State as few or as many dwellings of a commune, if each is the
/// State's with this probability (binomial, two-sided: twice the smaller tail).
#[must_use]
pub fn by_chance(counted: Counted, share: f64) -> f64 {
    let (n, k) = (counted.all, counted.state);
    if n == 0 || !(0.0..1.0).contains(&share) || share == 0.0 {
        return 1.0;
    }
    // In logarithms: (1 − share)ⁿ underflows for a few thousand dwellings.
    let odds = (share / (1.0 - share)).ln();
    let mut log = f64::from(n) * (1.0 - share).ln();
    let (mut low, mut high) = (0.0, 0.0);
    for i in 0..=n {
        let p = log.exp();
        low += if i <= k { p } else { 0.0 };
        high += if i >= k { p } else { 0.0 };
        log += (f64::from(n - i) / f64::from(i + 1)).ln() + odds;
    }
    (2.0 * f64::min(low, high)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::super::event::GenreFlux as G;
    use super::super::fair::stand_out;
    use super::super::way::{tests::events, ways};
    use super::*;

    #[test]
    fn the_share_is_counted_in_and_out_of_qpv_and_what_is_missing_is_told() {
        let mut list = Vec::new();
        for i in 0..20 {
            let who = if i < 5 { "ETAT_PRIO" } else { "EPCI" };
            let mut e = events(
                &format!("L{i}"),
                &[
                    ("01-05", G::Preavis, ""),
                    ("01-10", G::Oriente, who),
                    ("01-12", G::Accepte, ""),
                    ("02-01", G::Candidats, ""),
                    ("02-10", G::Caleol, ""),
                    ("03-01", G::Bail, ""),
                ],
            );
            let qpv = if !(4..=15).contains(&i) { "QN07301M" } else { "" };
            e[0].caracteristiques =
                Some(super::super::event::LogementFlux { qpv: qpv.into(), ..Default::default() });
            list.extend(e);
        }
        let s = state_share(&ways(&list), 2024, Decompte::Bail);
        assert_eq!(s.whole, Counted { all: 20, state: 5 });
        assert_eq!((s.inside, s.outside), (Counted { all: 8, state: 4 }, Counted { all: 12, state: 1 }));
        // 30 % of 20 are 6; of the 12 outside, 3.6: 3 at most, and the State has one.
        assert_eq!((s.whole.missing(0.30), s.outside.missing(0.30)), (1, 2));
        assert_eq!(state_share(&ways(&list), 2023, Decompte::Bail).whole, Counted::default());
    }

    /// CCH R.441-5-2, II: unless a convention says otherwise the State's share is uniform in each commune. An
    /// arrondissement is its city here.
    #[test]
    fn the_states_share_is_uniform_in_each_commune_unless_it_is_told_where_it_is_not() {
        let year = |of: &[(&str, u32, u32)]| {
            let mut list = Vec::new();
            for (commune, all, state) in of {
                for i in 0..*all {
                    let who = if i < *state { "ETAT_PRIO" } else { "EPCI" };
                    let way = [
                        ("01-05", G::Preavis, ""),
                        ("01-10", G::Oriente, who),
                        ("01-12", G::Accepte, ""),
                        ("02-01", G::Candidats, ""),
                        ("02-10", G::Caleol, ""),
                        ("03-01", G::Bail, ""),
                    ];
                    let mut e = events(&format!("{commune}-{i}"), &way);
                    let home = super::super::event::LogementFlux {
                        commune: (*commune).into(),
                        ..Default::default()
                    };
                    e[0].caracteristiques = Some(home);
                    list.extend(e);
                }
            }
            state_share(&ways(&list), 2024, Decompte::Bail)
        };
        let told = |s: &StateShare| {
            let share = s.whole.share().unwrap();
            let p: Vec<f64> = s.communes.values().map(|c| by_chance(*c, share)).collect();
            stand_out(&p, 0.05)
        };
        let even = year(&[("73065", 40, 12), ("73008", 40, 13), ("75112", 20, 6), ("75113", 20, 5)]);
        assert_eq!(even.communes.keys().map(String::as_str).collect::<Vec<_>>(), ["73008", "73065", "75056"]);
        assert_eq!(even.communes["75056"], Counted { all: 40, state: 11 });
        assert_eq!(told(&even), [false, false, false]);
        // As many in all, but not where they are.
        let uneven = year(&[("73065", 40, 2), ("73008", 40, 23), ("75112", 40, 11)]);
        assert_eq!(uneven.whole, even.whole);
        assert_eq!(told(&uneven), [true, true, false], "73008 has too many, 73065 too few");
    }

    #[test]
    fn few_dwellings_of_a_commune_tell_nothing() {
        let p = |all, state| by_chance(Counted { all, state }, 0.30);
        assert!((p(3, 0) - 2.0 * 0.343).abs() < 1e-9);
        assert!((p(10, 0) - 2.0 * 0.7f64.powi(10)).abs() < 1e-9);
        assert!(p(40, 3) < 0.01 && p(40, 12) > 0.9 && p(40_000, 12_000) > 0.9);
        assert!((by_chance(Counted::default(), 0.3) - 1.0).abs() < 1e-9);
    }
}
