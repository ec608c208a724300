//! `data/communes.toml` and `data/passage.csv`: the commune in force of a code that is no more.

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::reglages::held::Held;
use super::{ReferenceError, parse};

const FILE: &str = "communes.toml";
const PASSAGE: &str = include_str!("../../../data/passage.csv");

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
    villes: Vec<String>,
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
    match successor(depcom).filter(|new| !DATA.known().rules.villes.iter().any(|city| city == new)) {
        Some(new) => Cow::Owned(format!("{new}:{rest}")),
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
    fn a_key_follows_a_merger_and_keeps_an_arrondissement() {
        assert_eq!(key_in_force("74093:12:-:RUE DES LILAS"), "74010:12:-:RUE DES LILAS");
        assert_eq!(key_in_force("75112:12:-:RUE DES LILAS"), "75112:12:-:RUE DES LILAS");
        assert_eq!(key_in_force("73065:0:-:"), "73065:0:-:");
    }
}
