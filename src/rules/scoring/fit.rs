//! Whether a household that waits may rent a given dwelling: the typology that it asks for, and its resources
//! against the ceiling of the dwelling's financing (CCH R.331-12, R.441-1).

use super::demands::Demands;
use crate::policy::ceiling::{Ceiling, Size, ceiling};
use crate::policy::dossier::percentage;
use crate::reference::controle::Ceilings;

/// What is known of the resources of a household against a ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resources {
    /// Under it, whatever the category of the household.
    Admitted,
    /// Over it, whatever its category.
    Over,
    /// The fiscal income, the category or the ceiling is not known well enough.
    ToCheck,
}

/// Code of the list `typologie` of a dwelling with so many rooms; 0 where that is not known.
#[must_use]
pub fn typologie(rooms: u8) -> u8 {
    rooms.min(6)
}

/// It asks for a dwelling of this typology.
#[must_use]
pub fn asks_for(all: &Demands, row: usize, typologie: u8) -> bool {
    typologie > 0 && all.typologies[row] >> (typologie - 1) & 1 == 1
}

/// Its resources against the ceiling of a class of the attribute `financement` (from 1) in a commune, for a
/// lease of this year.
#[must_use]
pub fn resources(
    all: &Demands,
    row: usize,
    rules: &Ceilings,
    financing: u8,
    commune: &str,
    year: u16,
) -> Resources {
    let some = |n: u8, none: u8| Some(n).filter(|n| *n != none);
    let size = Size {
        category: some(all.categorie[row], 0),
        persons: some(all.personnes[row], 255),
        under_14: some(all.moins14[row], 255),
        // A handicap is no proof of the card that raises the category.
        disabled: false,
    };
    #[allow(clippy::cast_possible_truncation)]
    let income = Some(all.rfr[row]).filter(|v| v.is_finite()).map(|v| v.round() as i32);
    let (Some(income), Some(limit)) = (income, ceiling(rules, financing, &size, commune)) else {
        return Resources::ToCheck;
    };
    let ranks = size.ranks();
    let raised = u8::from(all.handicap[row] && size.category.is_none());
    let low = percentage(income, *ranks.start(), commune, year);
    let high = percentage(income, ranks.end().saturating_add(raised), commune, year);
    match (low, high) {
        // The fewer the persons, the lower the ceiling: the first reading is the strictest.
        (Some(strict), Some(mild)) => judged(strict, mild, limit),
        _ => Resources::ToCheck,
    }
}

fn judged(strict: f64, mild: f64, limit: Ceiling) -> Resources {
    if strict <= limit.least {
        Resources::Admitted
    } else if mild > limit.most {
        Resources::Over
    } else {
        Resources::ToCheck
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::controle::Controle;

    /// One demand of a person alone with this income, in a commune of the other regions.
    fn one(rfr: f64, persons: u8, handicap: bool) -> Demands {
        Demands {
            rfr: vec![rfr],
            categorie: vec![0],
            personnes: vec![persons],
            moins14: vec![0],
            handicap: vec![handicap],
            typologies: vec![0b110],
            ..Demands::default()
        }
    }

    #[test]
    fn the_typology_is_one_of_those_asked_for() {
        let d = one(0.0, 1, false);
        assert_eq!([0, 1, 2, 3, 4].map(|t| asks_for(&d, 0, t)), [false, false, true, true, false]);
        assert_eq!([0, 1, 5, 6, 9].map(typologie), [0, 1, 5, 6, 6]);
    }

    #[test]
    fn resources_are_judged_at_the_border_of_the_ceiling() {
        let rules = &Controle::embedded().unwrap().plafond;
        // PLUS, one person, other regions, 2025: 23,201 € (100 %).
        let plus = |d: &Demands| resources(d, 0, rules, 2, "73065", 2025);
        let border = (1..60_000).rev().find(|e| percentage(*e, 1, "73065", 2025).unwrap() <= 100.0).unwrap();
        assert_eq!(plus(&one(f64::from(border), 1, false)), Resources::Admitted);
        assert_eq!(plus(&one(f64::from(border + 1), 1, false)), Resources::Over);
        assert_eq!(
            plus(&one(f64::from(border + 1), 1, true)),
            Resources::ToCheck,
            "one category up, with the card"
        );
        assert_eq!(plus(&one(f64::NAN, 1, false)), Resources::ToCheck);
        assert_eq!(plus(&one(100.0, 255, false)), Resources::Admitted, "whatever the household");
    }
}
