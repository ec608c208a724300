//! Which target holds for a line of a table: the law's, or the rate that a CIA sets for its territory (domain
//! §4.6).

use std::collections::BTreeSet;

use crate::reference::mix::{Cia, Rule, Sense};

/// A rate that a convention intercommunale d'attribution sets, for a whole EPCI or a part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    pub id: String,
    pub rule: String,
    pub epci: String,
    /// None: all communes.
    pub commune: Option<String>,
    /// SIREN; None: all bailleurs.
    pub bailleur: Option<String>,
    /// Code of `attributions.parquet`; None: all réservataires.
    pub reservataire: Option<u8>,
    /// First and last year of leases.
    pub first: u16,
    pub last: Option<u16>,
    /// Between 0 and 1.
    pub share: f64,
    /// Name of the convention, and the day when it was signed.
    pub cia: String,
    pub signed: String,
    /// Day of the prefect's approval of a rate below the law's.
    pub approved: Option<String>,
}

/// What a line is about: None where it is not limited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scope<'a> {
    pub year: u16,
    pub epci: Option<&'a str>,
    pub commune: Option<&'a str>,
    pub bailleur: Option<&'a str>,
    pub reservataire: Option<u8>,
}

/// A target, and the rate of a CIA that it comes from; None: the law's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target<'a> {
    pub share: f64,
    pub rate: Option<&'a Rate>,
}

impl Rate {
    /// Whether it is below what the law asks.
    #[must_use]
    pub fn is_below(&self, rule: &Rule) -> bool {
        rule.sens == Sense::Minimum && self.share < rule.cible
    }

    fn holds(&self, rule: &Rule, scope: &Scope<'_>) -> bool {
        let same = |own: Option<&str>, line: Option<&str>| own.is_none_or(|own| line == Some(own));
        scope.epci == Some(self.epci.as_str())
            && (self.first..=self.last.unwrap_or(u16::MAX)).contains(&scope.year)
            && same(self.commune.as_deref(), scope.commune)
            && same(self.bailleur.as_deref(), scope.bailleur)
            // A rule that looks at the leases of one réservataire alone asks the same of every line.
            && self.reservataire.is_none_or(|own| scope.reservataire == Some(own) || rule.of == [own])
    }

    /// How near it is to a line: a rate for a bailleur goes before one for a commune, then one for a
    /// réservataire.
    fn precision(&self) -> (u8, bool, bool) {
        let parts = [self.bailleur.is_some(), self.commune.is_some(), self.reservataire.is_some()];
        (parts.iter().map(|p| u8::from(*p)).sum(), parts[0], parts[1])
    }
}

/// The target of a line: of the CIA's rates that hold for it the most precise one, the last signed of equals;
/// else the law's.
#[must_use]
pub fn target<'a>(rule: &Rule, rates: &'a [Rate], scope: &Scope<'_>) -> Target<'a> {
    let rate = rates
        .iter()
        .filter(|r| r.rule == rule.id && r.holds(rule, scope))
        .max_by(|a, b| a.precision().cmp(&b.precision()).then_with(|| a.signed.cmp(&b.signed)));
    Target { share: rate.map_or(rule.cible, |r| r.share), rate }
}

/// Whether CIAs of some of these EPCI set another rate than the law's in a year: a whole that reaches over
/// them is judged by no single rate.
#[must_use]
pub fn others(rule: &Rule, rates: &[Rate], year: u16, epcis: &BTreeSet<&str>) -> bool {
    rates.iter().any(|r| {
        r.rule == rule.id
            && (r.first..=r.last.unwrap_or(u16::MAX)).contains(&year)
            && epcis.contains(r.epci.as_str())
            && (r.share - rule.cible).abs() > f64::EPSILON
    })
}

/// Why a CIA may not set a rate (between 0 and 1); None if it may.
#[must_use]
pub fn refusal(rule: &Rule, share: f64, approved: bool) -> Option<String> {
    let law = (rule.cible * 1000.0).round() / 10.0;
    let Some(cia) = rule.cia else {
        return Some(format!(
            "« {} » : une convention ne fixe pas d'autre taux que celui de la loi.",
            rule.libelle
        ));
    };
    match cia {
        _ if share >= rule.cible => None,
        Cia::Hausse => Some(format!(
            "« {} » : le taux d'une convention ne peut pas être inférieur à celui de la loi ({law} %).",
            rule.libelle
        )),
        Cia::HausseOuBaisseApprouvee if approved => None,
        Cia::HausseOuBaisseApprouvee => Some(format!(
            "« {} » : un taux inférieur à celui de la loi ({law} %) demande l'accord du préfet ; donnez-en \
                la date.",
            rule.libelle
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::mix::Mix;

    fn rate(id: &str, share: f64, commune: Option<&str>, bailleur: Option<&str>) -> Rate {
        Rate {
            id: id.into(),
            rule: "hors_qpv_q1".into(),
            epci: "200000001".into(),
            commune: commune.map(Into::into),
            bailleur: bailleur.map(Into::into),
            reservataire: None,
            first: 2024,
            last: Some(2026),
            share,
            cia: "CIA".into(),
            signed: "2023-06-01".into(),
            approved: None,
        }
    }

    fn chosen(rates: &[Rate], scope: Scope<'_>) -> String {
        let rule = Mix::embedded().unwrap().rule("hors_qpv_q1").unwrap();
        target(rule, rates, &scope).rate.map_or_else(|| "loi".to_owned(), |r| r.id.clone())
    }

    #[test]
    fn a_whole_over_an_epci_with_a_rate_of_its_own_has_no_single_rate() {
        let rule = Mix::embedded().unwrap().rule("hors_qpv_q1").unwrap();
        let (two, other) =
            (BTreeSet::from(["200000001", "200000002"]), BTreeSet::from(["200000002", "200000003"]));
        let rates = [rate("a", 0.30, None, None)];
        assert!(others(rule, &rates, 2025, &two) && !others(rule, &rates, 2025, &other));
        assert!(!others(rule, &rates, 2027, &two), "it ended");
        assert!(!others(rule, &[rate("a", rule.cible, None, None)], 2025, &two), "the law's own rate");
    }

    #[test]
    fn the_most_precise_rate_holds_and_only_where_and_when_it_was_set() {
        let rates = [
            rate("epci", 0.28, None, None),
            rate("commune", 0.30, Some("73901"), None),
            rate("bailleur", 0.32, None, Some("3")),
        ];
        let epci = Scope { year: 2024, epci: Some("200000001"), ..Scope::default() };
        assert_eq!(chosen(&rates, epci), "epci");
        assert_eq!(chosen(&rates, Scope { commune: Some("73901"), ..epci }), "commune");
        assert_eq!(chosen(&rates, Scope { commune: Some("73902"), ..epci }), "epci");
        assert_eq!(chosen(&rates, Scope { commune: Some("73901"), bailleur: Some("3"), ..epci }), "bailleur");
        assert_eq!(chosen(&rates, Scope { year: 2023, ..epci }), "loi");
        assert_eq!(chosen(&rates, Scope { year: 2027, ..epci }), "loi");
        assert_eq!(chosen(&rates, Scope { epci: Some("200000002"), ..epci }), "loi");
        assert_eq!(
            chosen(&rates, Scope { epci: None, ..epci }),
            "loi",
            "a line over several EPCI keeps the law's"
        );
    }

    #[test]
    fn of_two_equals_the_last_signed_holds() {
        let later = Rate { signed: "2025-01-01".into(), ..rate("avenant", 0.35, None, None) };
        let rates = [later, rate("epci", 0.28, None, None)];
        assert_eq!(
            chosen(&rates, Scope { year: 2025, epci: Some("200000001"), ..Scope::default() }),
            "avenant"
        );
    }

    #[test]
    fn a_rate_below_the_law_is_refused_but_for_the_50_percent_with_the_prefects_approval() {
        let rule = |id| Mix::embedded().unwrap().rule(id).unwrap();
        assert!(refusal(rule("hors_qpv_q1"), 0.30, false).is_none());
        assert!(refusal(rule("hors_qpv_q1"), 0.24, true).is_some_and(|w| w.contains("25 %")));
        assert!(refusal(rule("qpv_autres_quartiles"), 0.40, false).is_some_and(|w| w.contains("préfet")));
        assert!(refusal(rule("qpv_autres_quartiles"), 0.40, true).is_none());
        assert!(refusal(rule("etat_flux"), 0.35, true).is_some());
    }
}
