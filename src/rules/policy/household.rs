//! The law for one household, derived once: quartile, DALO, priority, precariousness.
//!
//! A lease of a register, a candidate file and a demand that waits say the same things of a household; what
//! the rules make of them is here and nowhere else.

use std::collections::{BTreeSet, HashMap};

use crate::reference::mix::{Compare, Mix, ZeroIncome};
use crate::reference::seuils::{Seuils, Typed};
use crate::reference::unites::Unites;
use crate::stock::StockError;
use crate::stock::table::Table;
use crate::store::Store;

/// Whether the household is of the first quartile of its EPCI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quartile {
    First,
    Other,
    /// No income, or no threshold.
    Unknown,
}

/// What a file says of a household. Codes are those of `attributions.parquet`, 0 where nothing is said.
#[derive(Debug, Clone, Copy)]
pub struct Said {
    /// € a year and consumption unit; NaN when not declared.
    pub revenu_uc: f64,
    /// 1 to 4, when it is known without the income.
    pub quartile: Option<u8>,
    pub statut_dalo: u8,
    pub accord: u8,
    /// A public of L.441-1 is named.
    pub prioritaire: bool,
    pub activite: u8,
}

/// What the law makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    pub quartile: Quartile,
    /// Recognised « prioritaire et urgent » (CCH L.441-2-3).
    pub dalo: bool,
    /// Priority of L.441-1, or a collective agreement.
    pub priority: bool,
    /// DALO household in a precarious situation, see `data/rules/mix.toml`.
    pub precarious: bool,
}

impl Said {
    /// The status of the household under a threshold of the first quartile.
    #[must_use]
    pub fn status(&self, threshold: Option<Threshold>, mix: &Mix) -> Status {
        let quartile = match self.quartile {
            Some(1) => Quartile::First,
            Some(_) => Quartile::Other,
            None => quartile(self.revenu_uc, threshold, mix),
        };
        let dalo = mix.dalo.statut.contains(&self.statut_dalo);
        let unstable = self.activite != 0 && !mix.dalo.stable.contains(&self.activite);
        Status {
            quartile,
            dalo,
            priority: self.prioritaire || mix.dalo.accord.contains(&self.accord),
            precarious: dalo && (quartile == Quartile::First || unstable),
        }
    }
}

/// Quartile of an income (€ a year and consumption unit; NaN when it is not known).
fn quartile(income: f64, threshold: Option<Threshold>, mix: &Mix) -> Quartile {
    let Some(threshold) = threshold else { return Quartile::Unknown };
    if income.is_nan() || (income == 0.0 && mix.options.q1_revenu_nul == ZeroIncome::Inconnu) {
        return Quartile::Unknown;
    }
    let first = match mix.options.q1_compare {
        Compare::Inferieur => income < threshold.euros,
        Compare::InferieurOuEgal => income <= threshold.euros,
    };
    if first { Quartile::First } else { Quartile::Other }
}

/// A threshold of the first quartile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// € a year and consumption unit.
    pub euros: f64,
    /// Year of the arrêté: a year before that of the lease, the threshold is provisional.
    pub year: u16,
    pub provisional: bool,
}

/// Whether a territory is held to the 25 % and 50 % rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    Yes,
    /// The arrêté of the year does not list it.
    No,
    /// No arrêté is loaded that would tell, or it is in Île-de-France and on no list that was found.
    NotEstablished,
}

/// Thresholds of the yearly arrêtés.
#[derive(Debug, Clone, Default)]
pub struct Thresholds {
    /// (EPCI, year) → € a year and consumption unit.
    by: HashMap<(String, u16), f64>,
    /// Years with a threshold of one EPCI at least.
    years: BTreeSet<u16>,
    /// Those that an administrator typed in (`data/rules/seuils.toml`): they do not make a list.
    typed: BTreeSet<(String, u16)>,
}

/// Code of the single threshold of Île-de-France (data/registers/thresholds.toml).
const REGION: &str = "R11";

impl Thresholds {
    /// From (EPCI, year, € a year and consumption unit).
    #[must_use]
    pub fn new(rows: impl IntoIterator<Item = (String, u16, f64)>) -> Self {
        let mut out = Self::default();
        for (epci, year, euros) in rows {
            if epci != REGION {
                out.years.insert(year);
            }
            out.by.insert((epci, year), euros);
        }
        out
    }

    /// Puts thresholds that were typed in before those of the arrêtés.
    #[must_use]
    pub fn corrected(mut self, typed: &[Typed]) -> Self {
        for t in typed {
            self.typed.insert((t.epci.clone(), t.annee));
            self.by.insert((t.epci.clone(), t.annee), t.eur_uc);
        }
        self
    }

    /// Those of the store, with those that are typed in.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn load(store: &Store) -> Result<Self, StockError> {
        let mut rows = Vec::new();
        for d in store.manifest().of_register("thresholds") {
            let t = Table::read(&store.folder(d).join("seuils.parquet"), &["epci", "annee", "eur_uc"])?;
            let (epci, year, euros) = (t.texts("epci")?, t.u16s("annee")?, t.f64s("eur_uc")?);
            rows.extend((0..t.rows()).map(|i| (epci.get(i).to_owned(), year[i], euros[i])));
        }
        Ok(Self::new(rows).corrected(&Seuils::embedded()?.all))
    }

    /// The threshold that leases of a year are judged by: that of the year, else of a year before
    /// (`seuil_recul_annees`). In Île-de-France one holds for the region.
    #[must_use]
    pub fn of(&self, epci: &str, commune: &str, year: u16, mix: &Mix) -> Option<Threshold> {
        let region = Unites::embedded().is_ok_and(|u| u.in_region(commune));
        (0..=mix.options.seuil_recul_annees).find_map(|back| {
            let year = year.checked_sub(back)?;
            let of = |code: &str| self.by.get(&(code.to_owned(), year)).copied();
            let euros = if region { of(REGION).or_else(|| of(epci)) } else { of(epci) }?;
            Some(Threshold { euros, year, provisional: back > 0 })
        })
    }

    /// Whether a unit is held to the rules that bind some EPCI only: whether the arrêté of the year (before
    /// it is loaded, that of the year before) lists it; in Île-de-France, whether `data/rules/unites.toml`
    /// does.
    #[must_use]
    pub fn binds(&self, epci: &str, commune: &str, year: u16, mix: &Mix) -> Bound {
        let applied = (0..=mix.options.seuil_recul_annees)
            .filter_map(|back| year.checked_sub(back))
            .find(|y| self.years.contains(y));
        let typed = (0..=mix.options.seuil_recul_annees)
            .filter_map(|back| year.checked_sub(back))
            .any(|y| self.typed.contains(&(epci.to_owned(), y)));
        let named = applied.is_some_and(|y| self.by.contains_key(&(epci.to_owned(), y)));
        let listed = !epci.is_empty() && (named || typed);
        if listed {
            return Bound::Yes;
        }
        match Unites::embedded() {
            Ok(u) if u.in_region(commune) && u.binds_in_region(epci, year) => Bound::Yes,
            Ok(u) if u.in_region(commune) => Bound::NotEstablished,
            _ if epci.is_empty() || applied.is_none() => Bound::NotEstablished,
            _ => Bound::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix() -> &'static Mix {
        Mix::embedded().unwrap()
    }

    fn said(revenu_uc: f64) -> Said {
        Said { revenu_uc, quartile: None, statut_dalo: 0, accord: 0, prioritaire: false, activite: 0 }
    }

    fn thresholds() -> Thresholds {
        let row = |epci: &str, year, euros| (epci.to_owned(), year, euros);
        Thresholds::new([
            row("200000001", 2024, 9_130.0),
            row("200000001", 2025, 9_400.0),
            row("200000002", 2024, 8_700.0),
            row("R11", 2024, 10_200.0),
        ])
    }

    #[test]
    fn the_first_quartile_is_strictly_below_its_threshold() {
        let t = thresholds().of("200000001", "73001", 2024, mix());
        let of = |income| said(income).status(t, mix()).quartile;
        assert_eq!(
            [of(9_129.99), of(9_130.0), of(9_130.01), of(f64::NAN)],
            [Quartile::First, Quartile::Other, Quartile::Other, Quartile::Unknown],
            "« inférieur à un montant » : a household at the threshold is not of the first quartile"
        );
        let mut wide = mix().clone();
        wide.options.q1_compare = Compare::InferieurOuEgal;
        assert_eq!(
            said(9_130.0).status(t, &wide).quartile,
            Quartile::First,
            "the option of data/rules/mix.toml"
        );
    }

    #[test]
    fn a_quartile_that_is_known_otherwise_goes_before_the_income() {
        let t = thresholds().of("200000001", "73001", 2024, mix());
        assert_eq!(Said { quartile: Some(3), ..said(10.0) }.status(t, mix()).quartile, Quartile::Other);
        assert_eq!(
            Said { quartile: Some(1), ..said(f64::NAN) }.status(None, mix()).quartile,
            Quartile::First
        );
    }

    #[test]
    fn a_dalo_household_is_precarious_without_a_stable_activity_or_in_the_first_quartile() {
        let t = thresholds().of("200000001", "73001", 2024, mix());
        let dalo = Said { statut_dalo: mix().dalo.statut[0], ..said(20_000.0) };
        let precarious =
            |activite, income| Said { activite, revenu_uc: income, ..dalo }.status(t, mix()).precarious;
        let stable = mix().dalo.stable[0];
        assert_eq!(
            [
                precarious(stable, 20_000.0),
                precarious(4, 20_000.0),
                precarious(stable, 5_000.0),
                precarious(0, 20_000.0)
            ],
            [false, true, true, false]
        );
        assert!(!Said { activite: 4, ..said(5_000.0) }.status(t, mix()).precarious, "not DALO");
    }

    #[test]
    fn a_threshold_of_the_year_before_is_provisional_and_older_ones_are_none() {
        let all = thresholds();
        assert_eq!(
            all.of("200000002", "73001", 2025, mix()),
            Some(Threshold { euros: 8_700.0, year: 2024, provisional: true })
        );
        assert_eq!(all.of("200000002", "73001", 2026, mix()), None);
        assert_eq!(
            all.of("200057867", "93066", 2024, mix()).map(|t| t.euros),
            Some(10_200.0),
            "one for the region"
        );
    }

    #[test]
    fn a_threshold_that_is_typed_in_goes_before_the_arrete_and_unbinds_nobody() {
        let typed = |epci: &str, annee, eur_uc| Typed { epci: epci.into(), annee, eur_uc };
        let all =
            thresholds().corrected(&[typed("200000001", 2025, 9_500.0), typed("200000009", 2026, 9_000.0)]);
        let of = |epci, year| all.of(epci, "73001", year, mix()).map(|t| t.euros);
        assert_eq!(of("200000001", 2025), Some(9_500.0));
        assert_eq!(of("200000001", 2024), Some(9_130.0), "another year keeps its own");
        assert_eq!(all.binds("200000009", "73001", 2026, mix()), Bound::Yes);
        assert_eq!(
            all.binds("200000001", "73001", 2026, mix()),
            Bound::Yes,
            "one threshold of 2026 is not the list of 2026: that of 2025 still holds"
        );
    }

    #[test]
    fn an_epci_that_the_arrete_of_the_year_does_not_list_is_not_bound() {
        let all = thresholds();
        let of = |epci, commune, year| all.binds(epci, commune, year, mix());
        assert_eq!(of("200000001", "73001", 2024), Bound::Yes);
        assert_eq!(of("200000003", "73001", 2024), Bound::No, "out of the list");
        assert_eq!(of("200000002", "73001", 2025), Bound::No, "the list of 2025 is loaded and leaves it out");
        assert_eq!(of("200000001", "73001", 2026), Bound::Yes, "that of 2025, until that of 2026 is there");
        assert_eq!(of("200000001", "73001", 2022), Bound::NotEstablished, "no list of 2022 nor of 2021");
        assert_eq!(of("", "73001", 2024), Bound::NotEstablished);
        assert_eq!(of("75056", "75113", 2024), Bound::Yes);
        assert_eq!(of("200057867", "93066", 2030), Bound::Yes, "an EPT, whatever is loaded");
        assert_eq!(of("200058519", "78551", 2024), Bound::Yes, "a communauté d'agglomération of the region");
        assert_eq!(of("249100157", "91405", 2024), Bound::NotEstablished, "on no list that was found");
        assert_eq!(Thresholds::default().binds("200000001", "73001", 2024, mix()), Bound::NotEstablished);
    }
}
