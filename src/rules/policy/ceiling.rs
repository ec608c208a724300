//! The highest resources that the financing of a dwelling admits, for the household that would live there.
//!
//! All in % of the PLUS ceiling of the household's category (of the LLS overseas), the unit of `pct_plafond`.
//! The PLAI has a table of its own, whose ratio to the PLUS depends on the category and the zone: where the
//! category is not known, the ceiling lies between two figures.

use std::ops::RangeInclusive;

use crate::reference::controle::Ceilings;
use crate::reference::indicators::Catalogue;
use crate::reference::plafonds::{Zone, plafonds};
use crate::registers::ops::plafond::{Household, Rank, rank};

/// Rank of a household beyond the six categories: each further person adds a supplement.
pub(super) const FURTHER: u8 = 7;

/// Who asks, as far as ceilings depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Category of household as filed, 1 to 6.
    pub category: Option<u8>,
    pub persons: Option<u8>,
    pub under_14: Option<u8>,
    /// One of them holds the *carte mobilité inclusion* mention invalidité.
    pub disabled: bool,
}

impl Size {
    /// The rank of the household, where it is sure.
    #[must_use]
    pub fn rank(&self) -> Option<u8> {
        let ranks = self.ranks();
        (ranks.start() == ranks.end()).then(|| *ranks.start())
    }

    /// Ranks that the household may have: 1 to 6, beyond one a person; up to [`FURTHER`] if nothing is said.
    #[must_use]
    pub fn ranks(&self) -> RangeInclusive<u8> {
        if let Some(c) = self.category {
            // Category 6 covers larger households: each further person adds its supplement.
            let beyond = self.persons.filter(|p| c == 6 && *p > 6);
            let rank = beyond.unwrap_or(c);
            return rank..=rank;
        }
        let Some(persons) = self.persons else { return 1..=FURTHER };
        // All the others are children: one adult alone with persons at charge.
        let alone = persons > 1 && self.under_14.is_some_and(|u| u + 1 == persons);
        let household = Household {
            persons: Some(persons),
            minors: alone.then(|| persons - 1),
            disabled: self.disabled,
            ..Household::default()
        };
        let Ok(table) = plafonds() else { return 1..=FURTHER };
        let sure = match rank(&household, table) {
            Rank::Sure(r) => Some(r),
            Rank::MaybeYoung | Rank::Unknown => None,
        };
        let (low, high) = match sure {
            Some(r) => (r, r),
            None if self.disabled => (persons.saturating_add(1), persons.saturating_add(1)),
            // An adult alone with persons at charge, or a young couple, ranks one above the number of
            // persons.
            None => (persons, persons.saturating_add(1)),
        };
        low..=high
    }
}

/// A ceiling that is one figure, or lies between two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ceiling {
    pub least: f64,
    pub most: f64,
}

impl Ceiling {
    const fn one(pct: f64) -> Self {
        Self { least: pct, most: pct }
    }
}

/// The ceiling of a class of the attribute `financement` (from 1) for a household in a commune; None where no
/// text that was found sets one.
#[must_use]
pub fn ceiling(rules: &Ceilings, financing: u8, size: &Size, commune: &str) -> Option<Ceiling> {
    let classes = &Catalogue::embedded().ok()?.attribute("financement")?.classes;
    let code = classes.get(usize::from(financing).checked_sub(1)?)?.code.as_str();
    let table = plafonds().ok()?;
    let zone = table.zone(commune).ok();
    if code == rules.par_categorie {
        let ratios = size.ranks().map(|r| table.plai(zone.unwrap_or(Zone::AutresRegions), r));
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for pct in ratios {
            (least, most) = (least.min(pct), most.max(pct));
        }
        return (most > 0.0).then_some(Ceiling { least, most });
    }
    if zone == Some(Zone::OutreMer) && rules.non_etabli_outre_mer.iter().any(|c| c == code) {
        return None;
    }
    rules.parts.get(code).copied().map(Ceiling::one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::controle::Controle;

    fn of(code: &str, size: Size, commune: &str) -> Option<Ceiling> {
        let classes = &Catalogue::embedded().unwrap().attribute("financement").unwrap().classes;
        let class = classes.iter().position(|c| c.code == code).unwrap();
        ceiling(&Controle::embedded().unwrap().plafond, u8::try_from(class + 1).unwrap(), &size, commune)
    }

    #[test]
    fn category_six_has_the_supplements_of_larger_households() {
        let of = |c, persons| Size { category: Some(c), persons, ..Size::default() }.rank();
        assert_eq!(
            [of(6, Some(8)), of(6, Some(5)), of(6, None), of(3, Some(8))],
            [Some(8), Some(6), Some(6), Some(3)]
        );
    }

    fn category(c: u8) -> Size {
        Size { category: Some(c), ..Size::default() }
    }

    #[test]
    fn the_plai_admits_55_percent_of_the_plus_for_one_person_and_60_for_two() {
        let plai = |c, commune| of("PLAI", category(c), commune).unwrap().most;
        assert_eq!([1, 2, 3, 5, 6].map(|c| plai(c, "73065")), [55.0, 60.0, 60.0, 55.0, 55.0]);
        assert!((plai(4, "73065") - 55.3).abs() < 1e-9 && (plai(4, "75113") - 55.0).abs() < 1e-9);
        // Of the LLS, which is 0.9 of the PLUS: the LLTS is 0.675 of it.
        assert!((plai(1, "97411") - 75.0).abs() < 1e-9 && (plai(2, "97411") - 75.0).abs() < 1e-9);
    }

    #[test]
    fn a_ceiling_lies_between_two_where_the_category_is_not_known() {
        let persons = |n| Size { persons: Some(n), ..Size::default() };
        assert_eq!(of("PLAI", persons(1), "73065"), Some(Ceiling::one(55.0)));
        assert_eq!(of("PLAI", persons(2), "73065"), Some(Ceiling::one(60.0)), "category 2 or 3");
        assert_eq!(of("PLAI", persons(3), "73065").map(|c| (c.least, c.most)), Some((55.3, 60.0)));
        assert_eq!(of("PLAI", Size::default(), "73065"), Some(Ceiling { least: 55.0, most: 60.0 }));
        assert_eq!(of("PLUS", Size::default(), "73065"), Some(Ceiling::one(100.0)));
    }

    #[test]
    fn a_disabled_person_alone_is_of_the_second_category() {
        let alone = Size { persons: Some(1), ..Size::default() };
        assert_eq!((alone.rank(), Size { disabled: true, ..alone }.rank()), (Some(1), Some(2)));
        let two = Size { persons: Some(2), ..Size::default() };
        assert_eq!((two.rank(), Size { disabled: true, ..two }.rank()), (None, Some(3)));
        let mother = Size { under_14: Some(1), ..two };
        assert_eq!(
            (mother.rank(), Size { disabled: true, ..mother }.rank()),
            (Some(3), Some(3)),
            "not added up"
        );
    }

    #[test]
    fn a_pls_overseas_has_no_ceiling_that_was_found() {
        assert_eq!(of("PLS", category(1), "97411"), None);
        assert_eq!(of("PLS", category(1), "73065"), Some(Ceiling::one(130.0)));
        assert_eq!(of("PLUS", category(1), "97411"), Some(Ceiling::one(100.0)), "LLS");
    }
}
