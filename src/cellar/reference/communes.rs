//! `data/communes.toml` and `data/passage.csv`: the commune in force of a code that is no more.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::reglages::held::Held;
use super::{ReferenceError, parse};

const FILE: &str = "communes.toml";
const PASSAGE: &str = include_str!("../../../data/passage.csv");

/// A city whose arrondissements have codes of their own.
#[derive(Debug, Clone, Deserialize)]
pub struct City {
    pub commune: String,
    pub nom: String,
    /// Code of the first arrondissement; the others follow.
    premier: u32,
    nombre: u32,
    /// Postcode of the first arrondissement; the others follow.
    postal: u32,
    /// Other postcodes, and their arrondissement.
    #[serde(default)]
    postaux: BTreeMap<String, String>,
}

impl City {
    /// Codes of its arrondissements, the first first.
    pub fn arrondissements(&self) -> impl Iterator<Item = String> {
        (self.premier..self.premier + self.nombre).map(|code| format!("{code:05}"))
    }

    /// Rank of an arrondissement, from 1.
    fn rank(&self, code: &str) -> Option<u32> {
        let rank = code.parse::<u32>().ok()?.checked_sub(self.premier)?;
        (code.len() == 5 && rank < self.nombre).then_some(rank + 1)
    }
}

/// A commune that became several.
#[derive(Debug, Clone, Deserialize)]
struct Split {
    commune: String,
    /// yyyymmdd.
    depuis: u32,
    communes: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Rules {
    /// Day of the COG that the table leads to, yyyymmdd.
    cog: u32,
    ville: Vec<City>,
    retablies: Vec<Split>,
}

#[derive(Debug)]
pub(super) struct Passage {
    rules: Rules,
    new_of: FxHashMap<&'static str, &'static str>,
}

/// The commune that a former commune, or an arrondissement of Paris, Lyon or Marseille, is part of today;
/// None for a commune that is in force or that no table knows.
#[must_use]
pub fn successor(depcom: &str) -> Option<&'static str> {
    DATA.known().new_of.get(depcom).copied()
}

/// Whether two codes were one commune at some time: one was merged into the other, both into a third, or one
/// was given back by the other.
#[must_use]
pub fn related(a: &str, b: &str) -> bool {
    group(a) == group(b)
}

/// One code for all communes that were one at some time.
#[must_use]
pub fn group(depcom: &str) -> &str {
    let now = successor(depcom).unwrap_or(depcom);
    let split = DATA.known().rules.retablies.iter().find(|s| s.communes.iter().any(|c| c == now));
    split.map_or(now, |s| s.commune.as_str())
}

/// An address key (`74093:12:-:RUE DES LILAS`) under the commune in force. Arrondissements stay: a street
/// name may stand in several.
#[must_use]
pub fn key_in_force(key: &str) -> Cow<'_, str> {
    let Some((depcom, rest)) = key.split_once(':') else { return Cow::Borrowed(key) };
    match successor(depcom).filter(|new| !DATA.known().rules.ville.iter().any(|city| city.commune == *new)) {
        Some(new) => Cow::Owned(format!("{new}:{rest}")),
        None => Cow::Borrowed(key),
    }
}

/// Cities that have arrondissements.
#[must_use]
pub fn cities() -> &'static [City] {
    &DATA.known().rules.ville
}

/// Whether a code is that of a city with arrondissements, not of one of these.
#[must_use]
pub fn is_city(commune: &str) -> bool {
    cities().iter().any(|c| c.commune == commune)
}

/// The city of an arrondissement of Paris, Lyon or Marseille.
///
/// ```
/// use mosaique_cellar::reference::communes::{arrondissement_name, city_of};
/// assert_eq!(city_of("75112").map(|c| c.commune.as_str()), Some("75056"));
/// assert_eq!(arrondissement_name("69381").as_deref(), Some("Lyon 1er arrondissement"));
/// ```
#[must_use]
pub fn city_of(arrondissement: &str) -> Option<&'static City> {
    cities().iter().find(|c| c.rank(arrondissement).is_some())
}

/// Name of an arrondissement: « Paris 12e arrondissement ».
#[must_use]
pub fn arrondissement_name(code: &str) -> Option<String> {
    let city = city_of(code)?;
    let rank = city.rank(code)?;
    Some(format!("{} {rank}{} arrondissement", city.nom, if rank == 1 { "er" } else { "e" }))
}

/// The arrondissement that a postcode of a city names: 75012 is 75112.
#[must_use]
pub fn arrondissement_of_postcode(commune: &str, postcode: &str) -> Option<String> {
    let city = cities().iter().find(|c| c.commune == commune)?;
    let followed = || {
        let rank = postcode.parse::<u32>().ok()?.checked_sub(city.postal)?;
        (postcode.len() == 5 && rank < city.nombre).then(|| format!("{:05}", city.premier + rank))
    };
    city.postaux.get(postcode).cloned().or_else(followed)
}

/// An address key under its city, for a file that has the city's code and another the arrondissement's.
#[must_use]
pub fn key_of_city(key: &str) -> Cow<'_, str> {
    match key.split_once(':') {
        Some((depcom, rest)) => match city_of(depcom) {
            Some(city) => Cow::Owned(format!("{}:{rest}", city.commune)),
            None => Cow::Borrowed(key),
        },
        None => Cow::Borrowed(key),
    }
}

fn load(text: &str) -> Result<Passage, ReferenceError> {
    let rules: Rules = parse(FILE, text)?;
    let fault = |message: String| ReferenceError { file: FILE, message };
    for day in std::iter::once(rules.cog).chain(rules.retablies.iter().map(|s| s.depuis)) {
        crate::days::civil(day).ok_or_else(|| fault(format!("{day} is no day")))?;
    }
    let mut new_of = FxHashMap::default();
    for line in PASSAGE.lines().skip(1) {
        let (old, new) = line.split_once(';').ok_or_else(|| fault(format!("passage.csv: « {line} »")))?;
        if old.len() != 5 || new.len() != 5 || old == new || new_of.insert(old, new).is_some() {
            return Err(fault(format!("passage.csv: « {line} »")));
        }
    }
    if let Some((old, new)) = new_of.iter().find(|(_, new)| new_of.contains_key(*new)) {
        return Err(fault(format!("passage.csv: {old} leads to {new}, which leads on")));
    }
    for city in &rules.ville {
        let lost = |code: &String| new_of.get(code.as_str()) != Some(&city.commune.as_str());
        if let Some(code) = city.arrondissements().chain(city.postaux.values().cloned()).find(lost) {
            return Err(fault(format!("{code} does not lead to {} in passage.csv", city.commune)));
        }
    }
    Ok(Passage { rules, new_of })
}

pub(super) static DATA: Held<Passage> =
    Held::new(&[(FILE, include_str!("../../../data/communes.toml"))], |t| load(t[0]));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_former_commune_leads_to_the_one_in_force_and_no_further() {
        DATA.get().unwrap();
        assert_eq!((successor("93059"), successor("74093")), (Some("93066"), Some("74010")));
        assert_eq!(
            (successor("13203"), successor("69383"), successor("75112")),
            (Some("13055"), Some("69123"), Some("75056"))
        );
        assert_eq!((successor("74010"), successor("15031"), successor("00000")), (None, None, None));
    }

    #[test]
    fn communes_are_related_by_a_merger_or_a_split() {
        assert!(related("74093", "74010") && related("74010", "74093") && related("74093", "74011"));
        assert!(related("15141", "15031"), "given back in 2025");
        assert!(!related("73065", "73008"));
    }

    #[test]
    fn arrondissements_have_codes_names_and_postcodes() {
        let all: Vec<usize> = cities().iter().map(|c| c.arrondissements().count()).collect();
        assert_eq!(all, [20, 9, 16]);
        let name = |code| arrondissement_name(code);
        assert_eq!(name("75101").as_deref(), Some("Paris 1er arrondissement"));
        assert_eq!(name("13216").as_deref(), Some("Marseille 16e arrondissement"));
        assert_eq!((name("75056"), name("75121"), name("13217"), name("69380")), (None, None, None, None));
        let post = |commune, postcode| arrondissement_of_postcode(commune, postcode);
        assert_eq!(post("75056", "75012").as_deref(), Some("75112"));
        assert_eq!(post("75056", "75116").as_deref(), Some("75116"));
        assert_eq!(post("69123", "69009").as_deref(), Some("69389"));
        assert_eq!(
            (post("69123", "69100"), post("75056", "75021"), post("73065", "73000")),
            (None, None, None)
        );
        assert_eq!(key_of_city("75112:12:-:RUE DES LILAS"), "75056:12:-:RUE DES LILAS");
        assert_eq!(key_of_city("73065:12:-:RUE DES LILAS"), "73065:12:-:RUE DES LILAS");
    }

    #[test]
    fn a_key_follows_a_merger_and_keeps_an_arrondissement() {
        assert_eq!(key_in_force("74093:12:-:RUE DES LILAS"), "74010:12:-:RUE DES LILAS");
        assert_eq!(key_in_force("75112:12:-:RUE DES LILAS"), "75112:12:-:RUE DES LILAS");
        assert_eq!(key_in_force("73065:0:-:"), "73065:0:-:");
    }
}
