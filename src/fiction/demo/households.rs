//! Who lives in a dwelling: drawn from the dwelling and the lease, so that the same lease is the same
//! household.

use crate::reference::demo::Menages;

use super::dice::{Dice, mix};
use super::ground::{Block, Dwelling, Ground, YEARS};
use super::stock::{Financing, financing, january};

/// Activity of an adult, in the words of the survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    Stable,
    Precaire,
    SansEmploi,
    Retraite,
    Etudiant,
    AutreInactif,
}

impl Activity {
    #[must_use]
    pub fn word(self) -> &'static str {
        ["STABLE", "PRECAIRE", "SANS_EMPLOI", "RETRAITE", "ETUDIANT", "AUTRE_INACTIF"][self as usize]
    }
}

/// Words of the type of household.
pub const TYPES: [&str; 5] = ["ISOLE", "MONOPARENT", "COUPLE_SANS", "COUPLE_ENF", "AUTRE"];

/// A household at a survey or at the signature of a lease.
#[derive(Debug, Clone)]
pub struct Household {
    /// Index in [`TYPES`].
    pub kind: usize,
    /// Ages of all persons: holder first, then partner or other adults, then children.
    pub ages: Vec<u8>,
    pub has_partner: bool,
    /// Activity of persons of 18 and more, in the order of `ages`.
    pub activities: Vec<Activity>,
    /// €/year.
    pub rfr: i32,
    /// % of the PLUS ceiling, exact for `rfr`.
    pub pct: f64,
    /// 0 APL, 1 AL, 2 none.
    pub aid: usize,
    /// Months since year 0.
    pub entered: i32,
    pub recent: bool,
}

impl Household {
    #[must_use]
    pub fn minors(&self) -> usize {
        self.ages.iter().filter(|a| **a < 18).count()
    }

    /// Persons by age: 0–17, 18–24, 25–39, 40–59, 60–64, 65–74, 75 and more.
    #[must_use]
    pub fn brackets(&self) -> [u8; 7] {
        let mut out = [0; 7];
        for a in &self.ages {
            out[match a {
                0..=17 => 0,
                18..=24 => 1,
                25..=39 => 2,
                40..=59 => 3,
                60..=64 => 4,
                65..=74 => 5,
                _ => 6,
            }] += 1;
        }
        out
    }

    /// Category of the ceilings, 1 to 6, and persons beyond six.
    #[must_use]
    pub fn category(&self) -> (usize, usize) {
        category(&self.ages, self.has_partner)
    }
}

/// Category of the ceilings (arrêté du 29 juillet 1987, annexe): two persons without dependant whose ages add
/// to 55 at most are a young household (category 3), as is one person with one dependant.
fn category(ages: &[u8], has_partner: bool) -> (usize, usize) {
    let minors = ages.iter().filter(|a| **a < 18).count();
    match (ages.len(), minors) {
        (0 | 1, _) => (1, 0),
        (2, 0) if has_partner && u16::from(ages[0]) + u16::from(ages[1]) <= 55 => (3, 0),
        (2, 0) => (2, 0),
        (2, _) => (3, 0),
        (n, _) => (n.min(6), n.saturating_sub(6)),
    }
}

/// Ceiling in €/year for these persons in a wave.
#[must_use]
pub fn ceiling(f: &Menages, year: i32, (category, more): (usize, usize)) -> f64 {
    let table = f.plafonds.iter().rev().find(|p| i32::from(p.annee) <= year).unwrap_or(&f.plafonds[0]);
    table.valeurs[category - 1] + table.valeurs[6] * more as f64
}

/// The household of a dwelling whose lease began in month `entered`, as surveyed on 1 January `year`
/// (or at the signature when the lease is later).
#[must_use]
pub fn household(ground: &Ground, block: &Block, dwelling: &Dwelling, entered: i32, year: i32) -> Household {
    let f = &ground.data.figures.menages;
    let r = &block.residences[dwelling.residence];
    let place = &block.places[dwelling.place];
    let qpv = place.qpv2024.is_some() || place.qpv2015.is_some();
    let mut d = Dice::new(mix(ground.seed, dwelling.ident), entered as u64);
    let stayed = f64::from((january(year) - entered).max(0)) / 12.0;
    let recent = stayed <= 2.0;

    let mut weights = f.types[usize::from(dwelling.rooms.clamp(1, 5)) - 1];
    if qpv {
        weights[1] *= 1.15;
        weights[3] *= 1.2;
    }
    if recent {
        weights[1] *= 1.2;
    }
    if r.kind == 'E' {
        weights = [95.0, 0.0, 5.0, 0.0, 0.0];
    }
    let kind = d.weighted(&weights);

    let family = kind == 1 || kind == 3;
    let at_entry = match (r.kind, family) {
        ('E', _) => d.between(18.0, 25.0),
        (_, true) => (35.0 + 8.5 * d.normal()).clamp(19.0, 57.0),
        (_, false) => (47.0 + 17.0 * d.normal()).clamp(18.0, 86.0),
    };
    let age = (at_entry + stayed).min(98.0) as u8;
    let mut ages = vec![age];
    let has_partner = kind == 2 || kind == 3;
    if has_partner {
        ages.push((f64::from(age) + 4.0 * d.normal()).clamp(18.0, 99.0) as u8);
    }
    if kind == 4 {
        for _ in 0..d.int(1, 2) {
            ages.push(d.int(20, 75) as u8);
        }
    }
    if family {
        let n = 1 + d.weighted(&[44.0, 33.0, 16.0, 7.0 + f64::from(dwelling.rooms)]);
        for _ in 0..n {
            // A child born when the holder was about 29; grown children who left are replaced by the
            // youngest.
            let child = f64::from(age) - (29.0 + 5.0 * d.normal()).clamp(17.0, 44.0);
            ages.push(if child < 0.0 {
                d.int(0, 3) as u8
            } else if child > 26.0 {
                d.int(14, 24) as u8
            } else {
                child as u8
            });
        }
    }
    let mut without_job = f.sans_emploi + if qpv { f.surcroit_qpv } else { 0.0 } + 0.25 * r.effect;
    if recent {
        without_job += 0.04;
    }
    let adults = ages.len() - if family { ages.len() - 1 - usize::from(has_partner) } else { 0 };
    let activities: Vec<Activity> = ages
        .iter()
        .enumerate()
        .filter(|(_, a)| **a >= 18)
        .map(|(i, a)| {
            let student = if r.kind == 'E' {
                0.85
            } else if i >= adults && *a < 25 {
                0.5
            } else {
                0.01
            };
            match *a {
                65.. => Activity::Retraite,
                61..=64 if d.chance(0.55) => Activity::Retraite,
                _ if d.chance(student) => Activity::Etudiant,
                _ => {
                    let young = if *a < 25 { 1.5 } else { 1.0 };
                    let w = (without_job * young).clamp(0.04, 0.7);
                    [Activity::SansEmploi, Activity::Precaire, Activity::AutreInactif, Activity::Stable]
                        [d.weighted(&[w, 0.13, 0.09, (0.78 - w).max(0.08)])]
                }
            }
        })
        .collect();

    let holder = activities.first().copied().unwrap_or(Activity::AutreInactif);
    let earners = activities.iter().filter(|a| matches!(a, Activity::Stable)).count();
    let mut log = f.mediane.ln() - r.effect
        + if qpv { f.effet_qpv } else { 0.0 }
        + if recent { f.effet_recent } else { 0.0 }
        + if age >= 65 { f.effet_age65 } else { 0.0 }
        + if kind == 1 { f.effet_monoparent } else { 0.0 }
        + match financing(dwelling.finan) {
            Financing::Plai => f.effet_plai,
            Financing::Pls | Financing::Pli => f.effet_pls,
            _ => 0.0,
        };
    log += match holder {
        Activity::Stable => 0.28,
        Activity::SansEmploi => -0.42,
        Activity::AutreInactif => -0.22,
        _ => 0.0,
    } + if earners > 1 { 0.12 } else { 0.0 };
    let mut lowest =
        f.tres_bas + if qpv { f.tres_bas_qpv } else { 0.0 } + if recent { f.tres_bas_recent } else { 0.0 };
    lowest *= match holder {
        Activity::SansEmploi | Activity::Etudiant => 2.0,
        Activity::Stable | Activity::Retraite => 0.45,
        _ => 1.2,
    };
    let pct = if d.chance(lowest) {
        d.between(2.0, 20.0)
    } else {
        (log + f.etalement * d.normal()).exp().clamp(4.0, 185.0)
    };
    // Income moves a little from one wave to the next; what drew the household does not.
    let wave = YEARS.iter().position(|y| *y >= year).unwrap_or(1) as u64;
    let mut later = Dice::new(mix(ground.seed, dwelling.ident), entered as u64 ^ ((wave + 1) << 40));
    let pct = pct * (0.05 * later.normal()).exp();
    let top = ceiling(f, year, category(&ages, has_partner));
    let rfr = (pct * top / 100.0).round();
    let pct = 100.0 * rfr / top;
    let helped = match pct {
        ..20.0 => 0.82,
        20.0..40.0 => 0.80,
        40.0..60.0 => 0.52,
        60.0..80.0 => 0.17,
        _ => 0.02,
    };
    let aid = if later.chance(helped) { usize::from(later.chance(0.06)) } else { 2 };
    Household { kind, ages, has_partner, activities, rfr: rfr as i32, pct, aid, entered, recent }
}
