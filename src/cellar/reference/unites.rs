//! `data/rules/unites.toml`: units of social-mix targets that are not EPCI (EPT, Ville de Paris), and who is
//! bound in Île-de-France.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

use super::reglages::held::Held;
use super::reglages::version;
use super::{ReferenceError, parse};

const FILE: &str = "rules/unites.toml";

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Genre {
    Ept,
    Ville,
}

/// A unit of targets within the Métropole du Grand Paris.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unite {
    pub code: String,
    pub nom: String,
    pub genre: Genre,
    /// Codes Insee, arrondissements of Paris included.
    pub communes: Vec<String>,
    /// Communes that others have absorbed.
    #[serde(default)]
    pub anciennes: Vec<String>,
}

/// Who is bound in the region that has one threshold, from a year on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Soumis {
    annee: u16,
    /// How many units are bound, where it is known.
    nombre: Option<usize>,
    /// Empty for a list that a store adds: its change has its own.
    #[serde(default)]
    source: String,
    region: BTreeSet<String>,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unites {
    #[serde(deserialize_with = "version")]
    pub version: String,
    pub texte: String,
    /// SIREN of the métropole that is no unit.
    pub remplace: String,
    departements_region: Vec<String>,
    #[serde(rename = "unite")]
    pub list: Vec<Unite>,
    soumis: Vec<Soumis>,
    /// Commune → place in `list`.
    #[serde(skip)]
    by_commune: BTreeMap<String, usize>,
}

pub(super) static DATA: Held<Unites> =
    Held::new(&[("rules/unites.toml", include_str!("../../../data/rules/unites.toml"))], |t| {
        Unites::read(t[0])
    });

impl Unites {
    /// The file in force: what the program holds, with the changes of the store ([`super::reglages`]).
    ///
    /// # Errors
    /// `data/rules/unites.toml` is malformed, or a commune is in two units.
    pub fn embedded() -> Result<&'static Self, ReferenceError> {
        DATA.get()
    }

    fn read(text: &str) -> Result<Self, ReferenceError> {
        let mut read: Self = parse(FILE, text)?;
        let mut years = BTreeSet::new();
        for s in &read.soumis {
            let fault = |message: String| Err(ReferenceError { file: FILE, message });
            if !years.insert(s.annee) {
                return fault(format!("soumis {} : deux listes pour une année", s.annee));
            }
            let listed = read.list.len() + s.region.len();
            if let Some(n) = s.nombre.filter(|n| *n < listed) {
                return fault(format!("soumis {} : {listed} unités, plus que les {n} de l'année", s.annee));
            }
        }
        for (i, unit) in read.list.iter().enumerate() {
            for commune in unit.communes.iter().chain(&unit.anciennes) {
                if read.by_commune.insert(commune.clone(), i).is_some() {
                    let message = format!("commune {commune} : dans deux unités");
                    return Err(ReferenceError { file: FILE, message });
                }
            }
        }
        Ok(read)
    }

    /// The unit of a commune; None where its EPCI is the unit.
    #[must_use]
    pub fn of_commune(&self, commune: &str) -> Option<&Unite> {
        self.by_commune.get(commune).map(|i| &self.list[*i])
    }

    /// A unit by its code.
    #[must_use]
    pub fn unit(&self, code: &str) -> Option<&Unite> {
        self.list.iter().find(|u| u.code == code)
    }

    /// Whether one threshold holds for the region of this commune (Île-de-France).
    #[must_use]
    pub fn in_region(&self, commune: &str) -> bool {
        commune.get(..2).is_some_and(|d| self.departements_region.iter().any(|r| r == d))
    }

    /// The list of a year: the latest that began by then, else the first.
    fn soumis(&self, year: u16) -> Option<&Soumis> {
        let begun = self.soumis.iter().filter(|s| s.annee <= year).max_by_key(|s| s.annee);
        begun.or_else(|| self.soumis.iter().min_by_key(|s| s.annee))
    }

    /// Whether a unit of the region is known to be bound by the 25 % and 50 % rules in a year.
    #[must_use]
    pub fn binds_in_region(&self, code: &str, year: u16) -> bool {
        self.unit(code).is_some() || self.soumis(year).is_some_and(|s| s.region.contains(code))
    }

    /// How many of the units of the region that are bound in a year are known.
    #[must_use]
    pub fn known_in_region(&self, year: u16) -> usize {
        self.list.len() + self.soumis(year).map_or(0, |s| s.region.len())
    }

    /// How many units of the region are bound in a year, where it is known, and where the list is from.
    #[must_use]
    pub fn region(&self, year: u16) -> (Option<usize>, &str) {
        self.soumis(year).map_or((None, ""), |s| (s.nombre, s.source.as_str()))
    }
}

/// The unit of targets of a commune, in place of the EPCI that a table or a contour gives.
#[must_use]
pub fn unit_of(commune: &str) -> Option<&'static Unite> {
    Unites::embedded().ok()?.of_commune(commune)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grand_paris_is_paris_and_eleven_ept_and_no_metropole() {
        let u = Unites::embedded().unwrap();
        let ept = u.list.iter().filter(|x| x.genre == Genre::Ept).count();
        assert_eq!((ept, u.list.len()), (11, 12));
        let communes: usize = u.list.iter().filter(|x| x.genre == Genre::Ept).map(|x| x.communes.len()).sum();
        assert_eq!(communes + 1, 130, "the métropole has 130 communes");
        assert!(u.unit(&u.remplace).is_none());
        assert_eq!(unit_of("75113").map(|x| x.code.as_str()), Some("75056"));
        assert_eq!(unit_of("93066").map(|x| x.nom.as_str()), Some("Plaine Commune"));
        assert_eq!(unit_of("93059").map(|x| x.nom.as_str()), Some("Plaine Commune"), "absorbed in 2025");
        assert!(unit_of("73065").is_none() && unit_of("77288").is_none());
    }

    #[test]
    fn who_is_bound_in_the_region_is_never_more_than_its_number() {
        let u = Unites::embedded().unwrap();
        assert_eq!((u.known_in_region(2024), u.region(2024).0), (33, Some(39)));
        assert!(u.region(2019).1.contains("RPLS 2019") && u.region(2026).1.contains("COG 2025"));
        let binds = |code| u.binds_in_region(code, 2024);
        assert!(binds("200057867") && binds("75056") && binds("200058519"));
        assert!(!binds("200054781") && !binds("249100157"));
        // By year: an EPCI has another code since it merged, and the number of 2019 was not found.
        assert_eq!((u.known_in_region(2019), u.region(2019).0), (33, None));
        let coulommiers = |year| ["200077055", "200090504"].map(|c| u.binds_in_region(c, year));
        assert_eq!((coulommiers(2018), coulommiers(2019)), ([true, false], [true, false]));
        assert_eq!((coulommiers(2020), coulommiers(2026)), ([false, true], [false, true]));
        assert!(u.in_region("92012") && !u.in_region("73065"));
    }
}
