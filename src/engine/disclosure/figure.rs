//! From sums to one figure: the rate, and the rules of secrecy that decide what is said of it (domain §9.2).

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::reference::indicators::{Catalogue, Indicator};
use crate::reference::secrecy::Secrecy;

/// One figure. A secret one has neither value nor counts.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Figure {
    /// Identifiant de l'indicateur (`/api/indicateurs` donne sa définition).
    pub indicateur: &'static str,
    /// Valeur, arrondie à `decimales`.
    pub valeur: Option<f64>,
    pub unite: &'static str,
    pub decimales: u8,
    /// Dans l'unité de la valeur : la valeur est `numerateur` rapporté à `denominateur` (une part, en %).
    #[serde(serialize_with = "plainly")]
    pub numerateur: Option<f64>,
    pub denominateur: Option<u64>,
    /// Ménages répondants décrits (indicateurs d'occupation).
    pub repondants: Option<u64>,
    pub taux_reponse: Option<f64>,
    /// Fiabilité, de A à D, d'après le taux de réponse.
    pub badge: Option<char>,
    pub secret: bool,
    /// Pourquoi la valeur manque, ou n'est donnée qu'arrondie.
    pub motif: Option<String>,
    /// Vrai si la valeur est arrondie à 5 points ou repose sur des adresses localisées à la rue près.
    pub approximatif: bool,
    /// Sous un filtre ou un croisement : demi-largeur de l'intervalle à 95 % que laisse la perturbation des
    /// effectifs, dans l'unité de la valeur. Nul : le chiffre est exact.
    pub incertitude: Option<f64>,
    /// Logements de la zone, filtre appliqué, que ce chiffre ne compte pas (indicateurs d'occupation).
    pub logements_ecartes: Option<u64>,
    /// Source et millésime.
    pub source: String,
}

/// Writes a count as a whole number, though some numerators are not.
fn plainly<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    match value {
        None => to.serialize_none(),
        Some(v) if v.fract() == 0.0 && v.abs() < 9e15 => to.serialize_i64(*v as i64),
        Some(v) => to.serialize_f64(*v),
    }
}

/// Numerators of many figures, written as those of each.
///
/// # Errors
/// Those of the format.
pub fn all_plainly<S: Serializer>(values: &[Option<f64>], to: S) -> Result<S::Ok, S::Error> {
    struct One<'a>(&'a Option<f64>);
    impl Serialize for One<'_> {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            plainly(self.0, to)
        }
    }
    to.collect_seq(values.iter().map(One))
}

impl Figure {
    /// A figure of households that the person who asks may not see.
    #[must_use]
    pub fn withheld(indicator: &'static Indicator, why: &str) -> Self {
        Self {
            indicateur: &indicator.id,
            valeur: None,
            unite: &indicator.unite,
            decimales: 0,
            numerateur: None,
            denominateur: None,
            repondants: None,
            taux_reponse: None,
            badge: None,
            secret: true,
            motif: Some(why.to_owned()),
            approximatif: false,
            incertitude: None,
            logements_ecartes: None,
            source: String::new(),
        }
    }
}

/// What a figure about households stands on.
#[derive(Debug, Clone, Copy)]
pub struct Basis {
    /// Responding households described.
    pub households: u64,
    /// Households asked in the same place, and those that answered.
    pub asked: u64,
    pub answered: u64,
    /// Whether the zone is narrower than a commune.
    pub fine: bool,
    /// Whether rules that only the true counts can tell are met: at least `k` households before they were
    /// moved, of others than the person who asks.
    pub enough: bool,
}

impl Basis {
    /// Response rate, if anyone was asked.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        (self.asked > 0).then(|| self.answered as f64 / self.asked as f64)
    }
}

/// Rounds to a number of decimals.
#[must_use]
pub fn rounded(value: f64, decimals: u8) -> f64 {
    let p = 10f64.powi(i32::from(decimals));
    (value * p).round() / p
}

/// Makes the figure of an indicator from its sums. `basis` is None for figures of dwellings, which are
/// public.
#[must_use]
pub fn figure(
    catalogue: &Catalogue,
    secrecy: &Secrecy,
    indicator: &'static Indicator,
    numerator: u64,
    denominator: Option<u64>,
    basis: Option<Basis>,
    source: String,
) -> Figure {
    let percent = indicator.unite == "%";
    let base = denominator.unwrap_or(numerator);
    let decimals = indicator.decimales.unwrap_or(u8::from(percent && base >= u64::from(secrecy.n_decimale)));
    let rate = basis.and_then(|b| b.rate());
    let mut figure = Figure {
        indicateur: &indicator.id,
        valeur: None,
        unite: &indicator.unite,
        decimales: decimals,
        // Rents are summed in cents, durations in months.
        numerateur: Some(rounded(numerator as f64 * indicator.facteur, 2)),
        denominateur: denominator,
        repondants: basis.map(|b| b.households),
        taux_reponse: rate.map(|r| rounded(r, 3)),
        badge: rate.map(|r| secrecy.badge(r)),
        secret: false,
        motif: None,
        approximatif: false,
        incertitude: None,
        logements_ecartes: None,
        source,
    };
    if let Some(b) = basis {
        let household_base = || {
            let of = indicator.denominateur.as_ref();
            of.is_none_or(|m| m.somme == "menages" || !catalogue.is_occupancy(m))
        };
        let reason = if !b.enough || b.households < u64::from(secrecy.k) {
            Some(format!("moins de {} ménages répondants", secrecy.k))
        } else if base < u64::from(secrecy.k) && (base > 0 || household_base()) {
            Some(format!("moins de {} réponses à cette question", secrecy.k))
        } else if b.fine && figure.badge == Some('D') {
            Some("taux de réponse trop faible pour une zone plus fine que la commune".to_owned())
        } else if percent && hides_nobody(numerator, base, secrecy) {
            Some(format!(
                "tous les ménages, ou aucun, sont concernés parmi moins de {} ménages",
                secrecy.k2_attribut
            ))
        } else {
            None
        };
        if let Some(reason) = reason {
            return Figure {
                numerateur: None,
                denominateur: None,
                repondants: None,
                taux_reponse: None,
                badge: None,
                secret: true,
                motif: Some(reason),
                ..figure
            };
        }
    }
    let Some(value) = value(indicator, numerator, denominator, percent) else {
        figure.motif = Some("aucune donnée".to_owned());
        return figure;
    };
    let few = u64::from(secrecy.c_numerateur);
    let rare = |n: u64| (1..few).contains(&n);
    if basis.is_some() && percent && (rare(numerator) || base >= numerator && rare(base - numerator)) {
        figure.valeur = Some((value / 5.0).round() * 5.0);
        figure.decimales = 0;
        figure.numerateur = None;
        figure.approximatif = true;
        figure.motif = Some("effectif très faible : taux arrondi à 5 points".to_owned());
    } else {
        figure.valeur = Some(rounded(value, decimals));
    }
    figure
}

fn value(indicator: &Indicator, numerator: u64, denominator: Option<u64>, percent: bool) -> Option<f64> {
    let scale = indicator.facteur * if percent { 100.0 } else { 1.0 };
    match denominator {
        None => Some(numerator as f64 * scale),
        Some(0) => None,
        Some(d) => Some(numerator as f64 / d as f64 * scale),
    }
}

/// 0 % or 100 % of few households says something of each of them.
fn hides_nobody(numerator: u64, base: u64, secrecy: &Secrecy) -> bool {
    base < u64::from(secrecy.k2_attribut) && (numerator == 0 || numerator == base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(numerator: u64, denominator: u64, households: u64) -> Figure {
        let c = Catalogue::embedded().unwrap();
        let basis =
            Basis { households, asked: households + 2, answered: households, fine: true, enough: true };
        figure(
            c,
            Secrecy::embedded().unwrap(),
            c.indicator("I02").unwrap(),
            numerator,
            Some(denominator),
            Some(basis),
            String::new(),
        )
    }

    #[test]
    fn no_figure_and_no_count_for_fewer_than_11_households() {
        let f = rate(5, 10, 10);
        assert!(f.secret);
        assert_eq!((f.valeur, f.numerateur, f.denominateur, f.repondants), (None, None, None, None));
        assert!(!rate(5, 11, 11).secret);
    }

    #[test]
    fn eleven_households_with_ten_answers_are_secret_too() {
        assert!(rate(5, 10, 12).secret);
    }

    #[test]
    fn a_numerator_of_one_or_two_is_only_said_to_the_nearest_5_points() {
        let f = rate(2, 30, 30);
        assert_eq!((f.valeur, f.numerateur, f.approximatif), (Some(5.0), None, true));
        let f = rate(29, 30, 30);
        assert_eq!((f.valeur, f.numerateur, f.approximatif), (Some(95.0), None, true));
    }

    #[test]
    fn all_or_none_of_fewer_than_20_households_is_secret() {
        assert!(rate(0, 15, 15).secret);
        assert!(rate(15, 15, 15).secret);
        assert_eq!(rate(0, 20, 20).valeur, Some(0.0));
    }

    #[test]
    fn one_decimal_from_100_households_on() {
        assert_eq!(rate(33, 99, 99).valeur, Some(33.0));
        assert_eq!(rate(334, 1000, 1000).valeur, Some(33.4));
    }
}
