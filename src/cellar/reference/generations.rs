//! `data/generations.toml`: which generation of QPV is in force on a day, by département; the only clock.

use serde::Deserialize;

use super::reglages::held::Held;
use super::{ReferenceError, parse};

const FILE: &str = "generations.toml";

/// When a generation begins in some départements.
#[derive(Debug, Clone, Deserialize)]
struct Elsewhere {
    departements: Vec<String>,
    debut: u32,
}

/// A generation of QPV contours.
#[derive(Debug, Clone, Deserialize)]
struct Generation {
    annee: u16,
    /// First day, yyyymmdd.
    debut: u32,
    #[serde(default)]
    ailleurs: Vec<Elsewhere>,
}

impl Generation {
    fn begins(&self, departement: &str) -> u32 {
        let own = self.ailleurs.iter().find(|e| e.departements.iter().any(|d| d == departement));
        own.map_or(self.debut, |e| e.debut)
    }
}

/// A département that is a QPV as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Whole {
    pub departement: String,
    /// First day, yyyymmdd.
    pub debut: u32,
    /// First day when it is no longer.
    pub fin: u32,
    /// How to say it: « tout le département de Mayotte ».
    pub libelle: String,
    /// The text that says so.
    pub source: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Calendar {
    generation: Vec<Generation>,
    entier: Vec<Whole>,
}

/// The QPV in force on a day in a département.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce {
    /// 2015 or 2024.
    pub generation: u16,
    /// Set when all of the département is a QPV: every place in it is « dedans », contours or not.
    pub whole: Option<&'static Whole>,
}

impl InForce {
    /// The layer of its contours: `qpv2015`, `qpv2024`.
    #[must_use]
    pub fn layer(self) -> String {
        format!("qpv{}", self.generation)
    }
}

/// The QPV in force on a day (yyyymmdd) in a département (`73`, `2A`, `974`). Before the first generation it
/// is the first: there is no other to compare with.
///
/// ```
/// use mosaique_cellar::reference::generations::in_force;
/// assert_eq!(in_force(20_240_601, "73").generation, 2024);
/// assert_eq!(in_force(20_240_601, "974").generation, 2015);
/// ```
#[must_use]
pub fn in_force(day: u32, departement: &str) -> InForce {
    let data = DATA.known();
    let begun = data.generation.iter().rev().find(|g| g.begins(departement) <= day);
    // `check` proves that there is a first one.
    let generation = begun.unwrap_or(&data.generation[0]).annee;
    let whole = data.entier.iter().find(|w| w.departement == departement && w.debut <= day && day < w.fin);
    InForce { generation, whole }
}

/// [`in_force`] for the département of a commune.
#[must_use]
pub fn in_force_at(day: u32, depcom: &str) -> InForce {
    in_force(day, departement(depcom))
}

/// The QPV in force on 1 January of a millésime, in the département of a commune.
#[must_use]
pub fn of_millesime(millesime: u16, depcom: &str) -> InForce {
    in_force_at(u32::from(millesime) * 10_000 + 101, depcom)
}

/// Years of the generations, growing.
pub fn years() -> impl DoubleEndedIterator<Item = u16> {
    DATA.known().generation.iter().map(|g| g.annee)
}

/// Département of a commune: two characters, three overseas.
#[must_use]
pub fn departement(depcom: &str) -> &str {
    let long = depcom.starts_with("97") || depcom.starts_with("98");
    depcom.get(..if long { 3 } else { 2 }).unwrap_or(depcom)
}

fn check(data: &Calendar) -> Result<(), String> {
    if data.generation.is_empty()
        || !data.generation.is_sorted_by(|a, b| a.annee < b.annee && a.debut < b.debut)
    {
        return Err("generations must grow, and there must be one".to_owned());
    }
    let days = data
        .generation
        .iter()
        .flat_map(|g| std::iter::once(g.debut).chain(g.ailleurs.iter().map(|e| e.debut)));
    if let Some(day) = days
        .chain(data.entier.iter().flat_map(|w| [w.debut, w.fin]))
        .find(|d| crate::days::civil(*d).is_none())
    {
        return Err(format!("{day} is no day"));
    }
    Ok(())
}

/// Reads and checks the file.
fn load(text: &str) -> Result<Calendar, ReferenceError> {
    let data: Calendar = parse(FILE, text)?;
    check(&data).map_err(|message| ReferenceError { file: FILE, message })?;
    Ok(data)
}

pub(super) static DATA: Held<Calendar> =
    Held::new(&[(FILE, include_str!("../../../data/generations.toml"))], |t| load(t[0]));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_territory_has_its_own_first_day() {
        DATA.get().unwrap();
        let year = |day, departement| in_force(day, departement).generation;
        assert_eq!((year(20_231_231, "73"), year(20_240_101, "73")), (2015, 2024));
        for overseas in ["971", "972", "973", "974", "976", "978"] {
            assert_eq!((year(20_241_231, overseas), year(20_250_101, overseas)), (2015, 2024), "{overseas}");
        }
        assert_eq!(year(20_130_101, "73"), 2015, "before the first, the first");
        assert_eq!(
            (of_millesime(2024, "97411").generation, of_millesime(2024, "2A004").generation),
            (2015, 2024)
        );
        assert_eq!(of_millesime(2025, "97411").layer(), "qpv2024");
    }

    #[test]
    fn mayotte_is_a_qpv_as_a_whole_between_two_days() {
        let whole = |day, departement| in_force(day, departement).whole.is_some();
        assert_eq!((whole(20_250_811, "976"), whole(20_250_813, "976")), (false, true));
        assert_eq!((whole(20_291_231, "976"), whole(20_300_101, "976")), (true, false));
        assert!(!whole(20_260_101, "974"));
        assert_eq!(
            in_force_at(20_260_101, "97611").whole.map(|w| w.libelle.as_str()),
            Some("tout le département de Mayotte")
        );
    }
}
