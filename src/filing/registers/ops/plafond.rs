//! The percentage of the PLUS ceiling of one household: category from its composition, then 100 × RFR ÷
//! ceiling.
//!
//! Source of the categories: arrêté of 29 July 1987, annex I. Persons at charge are the minors: an OPS file
//! does not tell adult children attached to the tax household from others.

use crate::reference::plafonds::{NoZone, Plafonds, UndeterminedYoung};

/// What is known of a household, for its category.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Household {
    pub persons: Option<u8>,
    /// Minors, counted as persons at charge.
    pub minors: Option<u8>,
    pub kind: Option<Kind>,
    /// Age in full years of the holder of the lease and of the partner.
    pub age_holder: Option<u8>,
    pub age_partner: Option<u8>,
    /// One of them holds the *carte mobilité inclusion* mention invalidité. Never read from a survey: a
    /// health datum.
    pub disabled: bool,
    /// The partner's age bracket (lowest and highest possible age), when only age bands are known.
    pub partner_between: Option<(u8, u8)>,
}

/// Type of household, in the order of the codes of `type_menage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Isole,
    Monoparent,
    CoupleSans,
    CoupleEnf,
    Autre,
}

impl Kind {
    /// From the code of `type_menage`, 1…5.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Isole, Self::Monoparent, Self::CoupleSans, Self::CoupleEnf, Self::Autre]
            .get(usize::from(code).wrapping_sub(1))
            .copied()
    }
}

/// Position of a household in the table: 1–6 = category, above 6 = category 6 and supplements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    Sure(u8),
    /// Two persons who may be a *jeune ménage*: the age of one of them is missing.
    MaybeYoung,
    /// The composition is not known well enough.
    Unknown,
}

/// Category of a household (arrêté of 29 July 1987, annex I). With a disabled person it is at least one above
/// the number of persons: alone, the second; two persons, the third. A child whose parents live apart counts
/// in both homes: the numbers as filed are taken as they are.
#[must_use]
pub fn rank(h: &Household, p: &Plafonds) -> Rank {
    match (h.disabled, h.persons, by_composition(h, p)) {
        (true, Some(persons), Rank::Sure(r)) if persons > 0 => Rank::Sure(r.max(persons.saturating_add(1))),
        (true, Some(2), Rank::MaybeYoung) => Rank::Sure(3),
        (_, _, rank) => rank,
    }
}

fn by_composition(h: &Household, p: &Plafonds) -> Rank {
    let Some(persons) = h.persons.or(match h.kind {
        Some(Kind::Isole) => Some(1),
        _ => None,
    }) else {
        return Rank::Unknown;
    };
    if persons == 0 {
        return Rank::Unknown;
    }
    if persons == 1 {
        return Rank::Sure(1);
    }
    let minors = h.minors.or(match h.kind {
        Some(Kind::CoupleSans) => Some(0),
        // Two adults: whoever the others are, the category is the number of persons.
        Some(Kind::CoupleEnf) => Some(persons.saturating_sub(2)),
        Some(Kind::Monoparent) => Some(persons - 1),
        _ => None,
    });
    let Some(minors) = minors else { return Rank::Unknown };
    if minors > 0 && persons.saturating_sub(minors) <= 1 {
        // One adult alone with d persons at charge ranks as d + 2.
        return Rank::Sure((persons - 1).saturating_add(2));
    }
    if persons == 2 && matches!(h.kind, None | Some(Kind::CoupleSans)) {
        return young(h, p.young_sum_max());
    }
    Rank::Sure(persons)
}

fn young(h: &Household, max: u16) -> Rank {
    let (low, high) = match (h.age_holder, h.age_partner, h.partner_between) {
        (Some(a), Some(b), _) => (u16::from(a) + u16::from(b), u16::from(a) + u16::from(b)),
        (Some(a), None, Some((l, t))) => (u16::from(a) + u16::from(l), u16::from(a) + u16::from(t)),
        // The partner of a couple is at least 16.
        (Some(a), None, None) => (u16::from(a) + 16, u16::MAX),
        _ => (0, u16::MAX),
    };
    if high <= max {
        Rank::Sure(3)
    } else if low > max {
        Rank::Sure(2)
    } else {
        Rank::MaybeYoung
    }
}

/// What came out of the computation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// Percent of the ceiling; `assumed` when category 2 was taken for want of an age.
    Percent { pct: f64, assumed: bool },
    /// No income: nothing to compute, nothing to say.
    NoIncome,
    /// The commune is missing or malformed.
    NoZone,
    /// Overseas ceilings are not in the tables.
    Overseas,
    /// No table for that year.
    NoTable,
    /// The category cannot be told.
    NoCategory,
}

/// 100 × RFR ÷ ceiling of 1 January of `year`. A negative RFR counts as 0; a missing one stays missing.
///
/// `category`: as filed (`cat_plafond`, 1–6), wins over the one from the composition.
#[must_use]
pub fn percent(
    p: &Plafonds,
    year: u16,
    depcom: Option<&str>,
    rfr: Option<i32>,
    category: Option<u8>,
    household: &Household,
) -> Outcome {
    let Some(rfr) = rfr else { return Outcome::NoIncome };
    let zone = match depcom.map(|d| p.zone(d)) {
        Some(Ok(z)) => z,
        Some(Err(NoZone::Overseas)) => return Outcome::Overseas,
        Some(Err(NoZone::NotACommune)) | None => return Outcome::NoZone,
    };
    let found = rank(household, p);
    let (rank, assumed) = match (category, found) {
        // Category 6 as filed covers larger households: their supplements come from the composition.
        (Some(6), Rank::Sure(r)) if r > 6 => (r, false),
        (Some(c), _) => (c, false),
        (None, Rank::Sure(r)) => (r, false),
        (None, Rank::MaybeYoung) => match p.young_undetermined() {
            UndeterminedYoung::Category2 => (2, true),
            UndeterminedYoung::NonCalcule => return Outcome::NoCategory,
        },
        (None, Rank::Unknown) => return Outcome::NoCategory,
    };
    match p.ceiling(year, zone, rank) {
        // Both are exact in f64, so a percentage that falls on a class break is exact.
        Some(c) => Outcome::Percent { pct: 100.0 * f64::from(rfr.max(0)) / f64::from(c), assumed },
        None => Outcome::NoTable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::plafonds::plafonds;

    fn p() -> &'static Plafonds {
        plafonds().expect("data/plafonds.toml")
    }

    fn couple(a: u8, b: u8) -> Household {
        Household {
            persons: Some(2),
            minors: Some(0),
            kind: Some(Kind::CoupleSans),
            age_holder: Some(a),
            age_partner: Some(b),
            disabled: false,
            partner_between: None,
        }
    }

    #[test]
    fn the_worked_example_gives_40_26_percent_and_class_40_to_60() {
        let got = percent(p(), 2025, Some("73065"), Some(15_000), None, &couple(28, 26));
        let Outcome::Percent { pct, assumed } = got else { panic!("{got:?}") };
        assert_eq!(format!("{pct:.2}"), "40.26");
        assert!((pct - 100.0 * 15_000.0 / 37_259.0).abs() < 1e-12);
        assert!(!assumed);
        assert_eq!(p().class(pct), 3);
    }

    #[test]
    fn one_disabled_person_alone_at_28000_euros_is_at_90_4_percent_and_not_at_120_7() {
        let alone = Household { persons: Some(1), ..Household::default() };
        let of = |h| match percent(p(), 2025, Some("73065"), Some(28_000), None, &h) {
            Outcome::Percent { pct, .. } => format!("{pct:.1}"),
            other => panic!("{other:?}"),
        };
        assert_eq!((of(alone), of(Household { disabled: true, ..alone })), ("120.7".into(), "90.4".into()));
        let two = Household { persons: Some(2), minors: Some(0), ..Household::default() };
        assert_eq!(rank(&Household { disabled: true, ..two }, p()), Rank::Sure(3));
        let mother = Household { minors: Some(1), ..two };
        assert_eq!(
            rank(&Household { disabled: true, ..mother }, p()),
            Rank::Sure(3),
            "the two are not added up"
        );
    }

    #[test]
    fn overseas_a_household_is_measured_by_the_lls() {
        let h = Household { persons: Some(1), ..Household::default() };
        let got = percent(p(), 2025, Some("97411"), Some(20_881), None, &h);
        assert_eq!(got, Outcome::Percent { pct: 100.0, assumed: false });
    }

    #[test]
    fn a_couple_of_55_years_is_young_and_of_56_is_not() {
        assert_eq!(rank(&couple(28, 27), p()), Rank::Sure(3));
        assert_eq!(rank(&couple(28, 28), p()), Rank::Sure(2));
        let alone = Household { age_partner: None, ..couple(28, 0) };
        assert_eq!(rank(&alone, p()), Rank::MaybeYoung);
        assert_eq!(rank(&Household { age_holder: Some(40), ..alone }, p()), Rank::Sure(2));
        let band = Household { partner_between: Some((18, 24)), ..alone };
        assert_eq!(rank(&band, p()), Rank::Sure(3));
        let band = Household { partner_between: Some((25, 39)), ..alone };
        assert_eq!(rank(&band, p()), Rank::MaybeYoung);
        let friends = Household { kind: Some(Kind::Autre), ..couple(20, 20) };
        assert_eq!(rank(&friends, p()), Rank::Sure(2));
    }

    #[test]
    fn an_adult_alone_ranks_one_above_the_number_of_persons() {
        for (persons, minors, kind, want) in [
            (1, Some(0), None, 1),
            (2, Some(1), Some(Kind::Monoparent), 3),
            (3, Some(2), None, 4),
            (5, Some(4), None, 6),
            (6, Some(5), None, 7),
            (3, None, Some(Kind::Monoparent), 4),
            // A mother with a minor and an adult child: three persons, no more.
            (3, Some(1), Some(Kind::Monoparent), 3),
            (4, Some(2), Some(Kind::CoupleEnf), 4),
            (4, None, Some(Kind::CoupleEnf), 4),
            (8, Some(6), Some(Kind::CoupleEnf), 8),
        ] {
            let h = Household { persons: Some(persons), minors, kind, ..Household::default() };
            assert_eq!(rank(&h, p()), Rank::Sure(want), "{h:?}");
        }
    }

    #[test]
    fn what_is_missing_stays_missing_and_a_negative_income_is_zero() {
        let h = couple(28, 26);
        assert_eq!(percent(p(), 2025, Some("73065"), None, None, &h), Outcome::NoIncome);
        assert_eq!(
            percent(p(), 2025, Some("73065"), Some(-400), None, &h),
            Outcome::Percent { pct: 0.0, assumed: false }
        );
        assert_eq!(percent(p(), 2025, Some("98735"), Some(1), None, &h), Outcome::Overseas);
        assert_eq!(percent(p(), 2025, None, Some(1), None, &h), Outcome::NoZone);
        assert_eq!(percent(p(), 2014, Some("73065"), Some(1), None, &h), Outcome::NoTable);
        let unknown = Household { persons: Some(3), ..Household::default() };
        assert_eq!(percent(p(), 2025, Some("73065"), Some(1), None, &unknown), Outcome::NoCategory);
    }

    #[test]
    fn an_income_on_a_class_break_is_in_the_class_that_it_opens() {
        // 37,584 is divisible by 8: 20 % of it is not whole, 25 % is; 46,250 × 0.2 would be. Take the
        // ceilings whose fifth is whole and check both sides of 20 %.
        for year in p().years() {
            for rank in 1..=6u8 {
                let c =
                    p().ceiling(year, crate::reference::plafonds::Zone::AutresRegions, rank).expect("table");
                if !c.is_multiple_of(5) {
                    continue;
                }
                let h = Household { persons: Some(1), ..Household::default() };
                let rfr = i32::try_from(c / 5).expect("small");
                for (rfr, class) in [(rfr, 2), (rfr - 1, 1)] {
                    let got = percent(p(), year, Some("73065"), Some(rfr), Some(rank), &h);
                    let Outcome::Percent { pct, .. } = got else { panic!("{got:?}") };
                    assert_eq!(p().class(pct), class, "{year} {rank} {rfr}");
                }
            }
        }
    }
}
