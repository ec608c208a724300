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

/// Who is bound in the region that has one threshold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Soumis {
    departements_region: Vec<String>,
    nombre_region: usize,
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
    #[serde(rename = "unite")]
    pub list: Vec<Unite>,
    soumis: Soumis,
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
        commune.get(..2).is_some_and(|d| self.soumis.departements_region.iter().any(|r| r == d))
    }

    /// Whether a unit of the region is known to be bound by the 25 % and 50 % rules.
    #[must_use]
    pub fn binds_in_region(&self, code: &str) -> bool {
        self.unit(code).is_some() || self.soumis.region.contains(code)
    }

    /// How many of the units of the region that are bound are known.
    #[must_use]
    pub fn known_in_region(&self) -> usize {
        self.list.len() + self.soumis.region.len()
    }

    /// How many units of the region are bound, and where that is said.
    #[must_use]
    pub fn region(&self) -> (usize, &str) {
        (self.soumis.nombre_region, &self.soumis.source)
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
        assert_eq!((u.known_in_region(), u.region().0), (33, 39));
        assert!(
            u.binds_in_region("200057867") && u.binds_in_region("75056") && u.binds_in_region("200058519")
        );
        assert!(!u.binds_in_region("200054781") && !u.binds_in_region("249100157"));
        assert!(u.in_region("92012") && !u.in_region("73065"));
    }
}
